"""--quiet shows what is wrong and the paths, --verbose more; without a terminal nothing controls one."""

from pathlib import Path

import pytest

from tests.cli.running import CIRCUIT, run, run_process


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quiet") / "build"
    shown = run("compile", CIRCUIT, "--target", "loihi1", "--neurons", "32", "--no-figures", "-o", folder, "--quiet")
    assert shown.out.splitlines() == [f"artifact: {folder}", f"report:   {folder / 'report.html'}"]
    assert shown.err == ""
    return folder


def test_a_verification_without_a_miss_prints_its_files(build: Path) -> None:
    shown = run("verify", build, "--no-figures", "-q")
    assert shown.out.splitlines() == [f"edges:  {build / 'verify.json'}", f"report: {build / 'report.html'}"]


def test_a_budget_that_is_missed_is_shown_alone(build: Path) -> None:
    shown = run("verify", build, "--no-figures", "-q", "--limit", "rate ~ emulator: NRMSE of rates=0.001%")
    assert shown.code == 1
    rows = [line for line in shown.out.splitlines() if " miss" in line]
    assert len(rows) == 1
    assert " pass" not in shown.out
    assert "certificate" not in shown.out


def test_a_simulation_prints_its_file(build: Path, tmp_path: Path) -> None:
    shown = run("simulate", build, "--on", "emulator", "-o", tmp_path / "out.npz", "-q")
    assert shown.out == f"recording: {tmp_path / 'out.npz'}\n"


def test_what_was_asked_to_be_listed_stays() -> None:
    assert run("targets", "-q").out == run("targets").out
    assert run("inspect", CIRCUIT, "-q").out.startswith(run("inspect", CIRCUIT).out.partition("certificate")[0])


def test_verbose_tells_each_state_of_the_certificate() -> None:
    plain, verbose = (run("inspect", CIRCUIT, *more).out for more in ((), ("-v",)))
    assert "  excite: 4 states; smallest slack" in plain
    assert "each state with its margins: --json, or -v" in plain
    assert sum(line.startswith("  excite[") for line in verbose.splitlines()) == 4


def test_nothing_that_is_piped_controls_a_terminal_or_ends_in_spaces(build: Path, tmp_path: Path) -> None:
    for arguments in (
        ("targets",),
        ("models",),
        ("targets", "loihi1"),
        ("inspect", CIRCUIT),
        ("budget", build),
        ("simulate", build, "--on", "emulator", "-o", tmp_path / "out.npz"),
    ):
        for width in ("60", "80", "120"):
            shown = run_process(*arguments, COLUMNS=width)
            assert shown.code == 0
            for line in (shown.out + shown.err).splitlines():
                assert line.isprintable(), line
                assert line == line.rstrip()
