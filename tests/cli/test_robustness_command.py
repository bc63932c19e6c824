"""`robustness`: a table, four files, JSON where it is asked for, and options that cannot be told before any work."""

import json
from pathlib import Path

import pytest

from tests.cli.running import CIRCUIT, run


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("robustness") / "build"
    shown = run("compile", CIRCUIT, "--target", "loihi1", "--neurons", "16", "--no-figures", "-o", folder)
    assert shown.code == 0, shown.err
    return folder


def test_a_circuit_on_faulty_chips_is_tabled_and_drawn(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ("--kinds", "dead,weight", "--levels", "0.1,1", "--seeds", "2", "--stimulus", "switch")
    shown = run("robustness", build, "-o", out, *asked)
    assert shown.code == 0, shown.err
    assert {path.name for path in out.iterdir()} == {"trials.csv", "table.csv", "table.md", "robustness.png"}
    assert "four-unit-swta on faulty chips, 2 seeds, 95 % confidence" in shown.out
    rows = [line.split("  ") for line in shown.out.splitlines() if "dead neurons" in line]
    assert "100.0 % (34.2 to 100.0)" in rows[1][-1]  # all neurons dead: two seeds of two
    assert [line for line in shown.err.splitlines() if "weight 10 %" in line]
    told = json.loads(run("robustness", build, "-o", out, *asked, "--json").out)
    assert [(cell["kind"], cell["level"]) for cell in told["cells"]] == [
        ("none", 0.0),
        ("weight", 0.1),
        ("weight", 1.0),
        ("dead", 0.1),
        ("dead", 1.0),
    ]
    assert told["cells"][-1]["error"]["value"] == 1.0
    assert told["cells"][0]["held_s"] is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("--kinds", "dead,rust"), "there is no fault 'rust'"),
        (("--levels", "0.1,lots"), "'lots' is not a number"),
        (("--levels", "7"), "[number-out-of-range]"),
        (("--seeds", "0"), "got 0"),
        (("--levels", ","), "[option-empty]"),
        (("--kinds", ","), "[option-empty]"),
        (("--stimulus", "nonsense"), "no stimulus 'nonsense'"),
    ],
)
def test_what_cannot_be_measured_is_exit_2_and_writes_nothing(
    build: Path, tmp_path: Path, asked: tuple[str, ...], told: str
) -> None:
    shown = run("robustness", build, "-o", tmp_path / "out", *asked)
    assert shown.code == 2
    assert told in shown.err
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(build: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    shown = run("robustness", build, "-o", tmp_path / "out")
    assert shown.code == 2
    assert "[not-a-folder]" in shown.err
    assert (tmp_path / "out").read_text() == "mine"


def test_a_chip_of_another_kind_has_faults_of_its_own(tmp_path: Path) -> None:
    built = tmp_path / "build"
    shown = run("compile", CIRCUIT, "--target", "truenorth", "--neurons", "8", "--no-figures", "-o", built)
    assert shown.code == 0, shown.err
    shown = run("robustness", built, "--kinds", "synapse", "-o", tmp_path / "out")
    assert shown.code == 2
    assert "[fault-unfit-for-target]" in shown.err
    assert "kinds are: threshold, weight, dropped, added" in " ".join(shown.err.split())
    assert not (tmp_path / "out").exists()
    asked = ("--kinds", "cores,added", "--levels", "0.5", "--seeds", "1", "--samples", "1", "--workers", "1")
    shown = run("robustness", built, "-o", tmp_path / "out", *asked)
    assert shown.code == 0, shown.err
    assert "dead cores" in shown.out
    assert "synapses that should not be" in shown.out
