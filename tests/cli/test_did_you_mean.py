"""Every name that a user can give is compared with those that are known: one letter too few is told the whole."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest

from neurocmc.cli.main import command
from neurocmc.common.names import did_you_mean, nearest_name
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from tests.cli.running import run


def choices_of(parameter: Any) -> list[str]:
    """The values of the enumeration that an option or argument is one of."""
    kinds = (parameter.type_descriptor.annotation, *get_args(parameter.type_descriptor.annotation))
    found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, StrEnum)]
    return [value.value for kind in found for value in kind]


def choices() -> Iterator[tuple[str, str, str]]:
    """Command, option or argument, and a choice of it that is long enough to be mistyped."""
    for name, each in command().commands.items():
        for parameter in each.params:
            for value in choices_of(parameter):
                if len(value) > 3:
                    option = next((flag for flag in parameter.opts if flag.startswith("--")), "")
                    yield name, option, value


CHOICES = list(choices())


def test_options_with_choices_were_found() -> None:
    assert {option for _, option, _ in CHOICES} >= {"", "--code", "--on", "--codegen", "--axons", "--steps"}


@pytest.mark.parametrize(("name", "option", "value"), CHOICES, ids=lambda value: str(value) or "argument")
def test_every_choice_is_suggested(name: str, option: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    typed = value[:-2] + value[-1]  # the last letter but one is left out
    others = {other for each, flag, other in CHOICES if (each, flag) == (name, option)}
    needed = [] if option else _arguments_before(name)
    shown = run(name, *needed, *([option] if option else []), typed)
    assert shown.code == 2
    near = did_you_mean(typed, others).strip()
    assert near
    assert near[1:] in " ".join(shown.err.replace("│", " ").split())
    assert "Value error" not in shown.err


def _arguments_before(name: str) -> list[str]:
    """Something for the arguments of a command before the one that has choices."""
    found: list[str] = []
    for parameter in command().commands[name].params:
        if parameter.param_type_name == "argument":
            if choices_of(parameter):
                break
            found.append("x")
    return found


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("named") / "build"
    compile_model("examples/circuit.yaml", "loihi1", folder, CompileOptions(neurons=8, figures=False))
    return folder


NAMED: list[tuple[list[Any], str]] = [
    (["compile", "swta-digit", "--target", "loihi1", "-o", "{out}"], "swta-digits"),
    (["inspect", "two-stat"], "two-state"),
    (["models", "workin-memory"], "working-memory"),
    (["train", "cmc-v1v3-fashon", "-o", "{out}"], "cmc-v1v3-fashion"),
    (["compile", "examples/circuit.yaml", "--target", "truenort", "-o", "{out}"], "truenorth"),
    (["targets", "neurocore"], "neurocorex"),
    (["compile", "examples/circuit.yaml", "--target", "loihi1", "--calibrate", "swich", "-o", "{out}"], "switch"),
    (["compile", "digits-snntorch", "--target", "loihi1", "--semantics", "nors", "-o", "{out}"], "norse"),
    (["compile", "digits-snntorch", "--target", "loihi1", "--reset", "subtrac", "-o", "{out}"], "subtract"),
    (["demo", "digit"], "digits"),
    (["export", "{build}", "--to", "brian", "-o", "{out}"], "brian2"),
    (["simulate", "{build}", "--on", "emulator", "--stimulus", "swich", "-o", "{out}.npz"], "switch"),
    (["show", "{build}", "spiking", "inhibt"], "inhibit"),
    (["robustness", "{build}", "--kinds", "weigt", "-o", "{out}"], "weight"),
]


@pytest.mark.parametrize(
    ("arguments", "meant"), NAMED, ids=[arguments[0] + " " + meant for arguments, meant in NAMED]
)
def test_other_names_are_suggested(arguments: list[str], meant: str, build: Path, tmp_path: Path) -> None:
    shown = run(*(text.format(out=tmp_path / "out", build=build) for text in arguments))
    assert shown.code == 2
    assert f"did you mean {meant}?" in shown.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("nam: a\n", "name"),
        ("name: a\npopulatons: {}\n", "populations"),
        ("name: a\ndt_ms: 1\npopulations:\n  a: {sise: 2}\n", "size"),
        ("name: a\ndt_ms: 1\npopulations:\n  a: {size: 2, transfer: rellu}\n", "relu"),
    ],
)
def test_keys_and_choices_of_a_circuit_are_suggested(text: str, meant: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    shown = run("inspect", str(tmp_path / "mine.yaml"))
    assert shown.code == 2
    assert f"did you mean {meant}?" in shown.err


@pytest.mark.parametrize(
    ("command_name", "text", "meant"),
    [
        ("sweep", "nme: s\nmodel: examples/circuit.yaml\n", "name"),
        ("study", "nme: s\nrecipe: swta-digits\n", "name"),
        ("train", "family: swta\ntraning: {}\n", "training"),
        ("train", "name: s\nfamily: swtaa\n", "swta"),
    ],
)
def test_keys_of_other_files_are_suggested(command_name: str, text: str, meant: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    shown = run(command_name, str(tmp_path / "mine.yaml"), "-o", str(tmp_path / "out"))
    assert shown.code == 2
    assert f"did you mean {meant}?" in shown.err


def test_what_is_near_nothing_is_told_the_list() -> None:
    assert did_you_mean("qqqq", ["emulator"]) == ""
    assert nearest_name("qqqq", ["emulator", "brian2"]) == "known names: brian2, emulator"
