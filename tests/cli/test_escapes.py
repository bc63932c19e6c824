"""Names, labels and paths are data: what a terminal would obey is shown, on every way out."""

import json
from pathlib import Path

import pytest
import yaml

from neurocmc.cli.output import bar, say, say_json, show, stages, tell
from neurocmc.common.errors import InputError, Problem
from neurocmc.report.layout import cell, line, plain_table
from tests.cli.running import CIRCUIT, Run, run, run_process
from tests.cli.test_failures import failing

NASTY = "\x1b]0;title\x07\x1b[31mred\x9b2J\x7f\u202eevil\u2066\u200f"
LINES = "a\nb\rc\u2028d\x85e\x0bf"
SHOWN = "\\x1b]0;title\\x07\\x1b[31mred\\x9b2J\\x7f\\u202eevil\\u2066\\u200f"
LABELS = [NASTY, LINES, '"><img src=x onerror=alert(1)>', "\\"]


def odd(text: str) -> set[str]:
    """Characters that do not print, ends of lines apart."""
    return {character for character in text if not character.isprintable() and character != "\n"}


@pytest.fixture(scope="module")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with labels that a terminal would obey."""
    data = yaml.safe_load(CIRCUIT.read_text())
    data["readouts"]["winner"]["labels"] = LABELS
    path = tmp_path_factory.mktemp("circuit") / "c.yaml"
    path.write_text(json.dumps(data))
    return path


@pytest.fixture(scope="module")
def compiled(circuit: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    build = tmp_path_factory.mktemp("compiled") / "build"
    return build, run("compile", circuit, "--target", "loihi1", "--neurons", "16", "-o", build)


def test_inspect_shows_labels_and_json_keeps_them(circuit: Path) -> None:
    shown = run("inspect", circuit)
    assert shown.code == 0, shown.err
    assert odd(shown.out + shown.err) == set()
    assert SHOWN in shown.out
    told = run("inspect", circuit, "--json")
    assert odd(told.out) == set()
    assert json.loads(told.out)["readouts"][0]["labels"] == LABELS


def test_all_that_is_written_of_it_is_shown(compiled: tuple[Path, Run]) -> None:
    build, shown = compiled
    assert shown.code == 0, shown.err
    assert odd(shown.out + shown.err) == set()
    texts = [path for path in build.rglob("*") if path.suffix in (".txt", ".html", ".md", ".py", ".csv")]
    assert {path.suffix for path in texts} == {".txt", ".html", ".md", ".py"}
    for path in texts:
        assert odd(path.read_text()) == set(), path
    level = (build / "ir" / "10-rate.txt").read_text()
    assert SHOWN in level
    assert "a\\nb\\rc\\u2028d\\x85e\\x0bf" in level
    assert " \\\\\n" in level  # one backslash is shown as two: no two labels look the same
    assert "<img src=x" not in (build / "report.html").read_text()


def test_what_was_decided_is_shown(compiled: tuple[Path, Run], tmp_path: Path) -> None:
    arguments = ("simulate", compiled[0], "--on", "rate", "-o", tmp_path / "o.npz")
    shown = run(*arguments)
    assert shown.code == 0, shown.err
    assert odd(shown.out + shown.err) == set()
    assert "winner decided: a\\nb\\rc" in shown.out
    assert json.loads(run(*arguments, "--json").out)["decisions"][0]["chosen"] == [LINES]


def test_paths_are_shown(tmp_path: Path) -> None:
    folder = tmp_path / NASTY
    folder.mkdir()
    (folder / "c.yaml").write_text(CIRCUIT.read_text().replace("size: 4", "sizes: 4"))
    shown = run("inspect", folder / "c.yaml")
    assert shown.code == 2
    assert odd(shown.out + shown.err) == set()
    assert f"{tmp_path}/{SHOWN}/c.yaml:" in shown.err
    told = run("inspect", folder / "c.yaml", "--json")
    assert odd(told.out) == set()
    assert json.loads(told.out)["error"]["problems"][0]["where"].startswith(str(folder))


@pytest.mark.parametrize(
    "arguments",
    [
        (NASTY,),
        ("inspect", "a", NASTY),
        ("inspect", f"--{NASTY}"),
        ("simulate", "a", "--on", NASTY, "-o", "b"),
        ("compile", "a", "--target", NASTY, "-o", "b", "--neurons", NASTY),
        ("targets", NASTY),
        ("demo", NASTY),
    ],
)
def test_what_was_typed_is_shown(arguments: tuple[str, ...]) -> None:
    shown = run(*arguments)
    assert shown.code == 2
    assert odd(shown.out + shown.err) == set()


def test_failures_are_shown() -> None:
    shown = failing(InputError(Problem("field-wrong", NASTY, f"holds {NASTY} and {LINES}", f"take {NASTY} out")))
    assert odd(shown.err) == set()
    assert shown.err.count("\\u202eevil") == 3
    assert odd(failing(KeyError(NASTY)).err) == set()
    assert odd(failing(OSError(28, NASTY, LINES)).err) == set()
    assert odd(str(InputError(Problem("field-wrong", NASTY, LINES, NASTY)))) == set()


def test_every_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    say(NASTY + LINES)
    tell(NASTY + LINES)
    table = plain_table(NASTY, ("!a", "b"))
    table.add_row(NASTY, cell(LINES))
    show(table, line(NASTY))
    say_json({NASTY: [LINES]})
    with bar(NASTY) as advance:
        advance(NASTY, 0.5, LINES)
    with stages(LINES) as told:
        told(NASTY, 0.5)
    captured = capsys.readouterr()
    assert odd(captured.out + captured.err) == set()
    assert len(captured.err.splitlines()) == 3


def test_the_traceback_of_a_defect_is_shown(tmp_path: Path) -> None:
    code = f"raise RuntimeError({NASTY!r})"
    (tmp_path / "sitecustomize.py").write_text(
        f"import neurocmc.pipeline.model as m\ndef load(*_):\n    {code}\nm.load = load\n"
    )
    shown = run_process("--debug", "inspect", "a.pt", PYTHONPATH=f"{tmp_path}:{Path.cwd()}")
    assert shown.code == 3
    assert "Traceback" in shown.err
    assert odd(shown.err) == set()
