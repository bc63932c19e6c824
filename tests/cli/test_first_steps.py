"""What a newcomer types first: models, new, doctor; names not quite right; -q, -v, -V wherever they stand."""

import json
import shutil
from pathlib import Path

import pytest

from neurocmc.pipeline.bundled import bundled
from neurocmc.pipeline.starts import START
from neurocmc.targets import load_target
from tests.cli.running import CIRCUIT, run, run_process


def test_models_are_listed_by_kind_and_shown_by_name() -> None:
    text = run("models").out
    for entry in bundled():
        assert f"\n{entry.name} " in text
    shown = run("models", "swta-digits").out
    assert shown.startswith("# swta-digits\n")
    assert "next: neurocmc compile swta-digits --target loihi1 -o build\n" in shown
    told = json.loads(run("models", "--json").out)["models"]
    assert [row["name"] for row in told] == [entry.name for entry in bundled()]
    assert run("models", "swta").code == 2


@pytest.mark.parametrize("kind", START)
def test_a_start_is_read_by_the_command_that_comes_next(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    told = json.loads(run("new", kind, "-o", path, "--json").out)
    assert told["file"] == str(path)
    assert path.read_text().startswith("# ")
    command = told["next"][0].split()
    assert command[0] == "neurocmc"
    if kind == "recipe":  # training takes long; it is read by a study's plan as well
        from neurocmc.common.strict_yaml import load_document

        assert load_document(path).data["family"] == "swta"
        return
    assert run(*command[1:]).code == 0
    if kind == "target":
        assert load_target(str(path)).name == "mine"


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine: 1\n")
    shown = run("new", "circuit", "-o", path)
    assert shown.code == 2
    assert "[file-exists]" in shown.err
    assert path.read_text() == "mine: 1\n"


def test_the_doctor_finds_what_is_there_and_says_what_brings_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(run("doctor", "--json").out)
    found = {row["name"]: row for row in told["findings"]}
    assert told["works"] is True
    assert found["numpy"]["found"] == __import__("numpy").__version__
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", "")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    shown = run("doctor")
    assert shown.code == 0
    assert "Lava: run `make lava` in a checkout" in shown.out
    assert "gcc: install gcc\n" in shown.out


def test_the_doctor_leaves_with_2_where_what_is_needed_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurocmc.pipeline.doctor._version", lambda name: "–" if name == "numba" else "1.0")
    shown = run("doctor")
    assert shown.code == 2
    assert "numba: pip install numba\n" in shown.out
    assert shown.out.endswith("something required is missing\n")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("compil", "x"), "'compile'"),
        (("simulate", "x", "--on", "emulatr", "-o", "a.npz"), "'emulator'"),
        (("compile", "swta-digts", "--target", "loihi1", "-o", "x"), "swta-digits?"),
        (("compile", "swta-digits", "--target", "lohi1", "-o", "x"), "loihi1"),
        (("demo", "up-sate"), "up-state?"),
        (("train", "cmc-v", "-o", "m.pt"), "cmc-v1?"),
    ],
)
def test_a_name_that_is_not_quite_right_is_answered_with_the_one_that_is(
    arguments: tuple[str, ...], meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run(*arguments)
    assert shown.code == 2
    assert meant in shown.err
    assert list(tmp_path.iterdir()) == []


def test_quiet_and_verbose_stand_anywhere_on_the_line(tmp_path: Path) -> None:
    compiling = ("compile", CIRCUIT, "--target", "loihi1", "--neurons", "4", "--no-figures", "-o", tmp_path / "out")
    plain = run_process(*compiling)
    assert "compile: gain-match\n" in plain.err
    assert run_process(*compiling, "-q").err == ""
    assert run_process("-q", *compiling).err == ""
    timed = run_process(*compiling, "--verbose").err.splitlines()
    assert all(line.startswith("compile: ") and line.endswith(" s") for line in timed)
    assert [line.split(": ")[1] for line in timed][-1] == "report"
    assert run("-V").out == run("--version").out
