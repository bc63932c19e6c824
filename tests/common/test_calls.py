"""Python calls check their arguments, and what they refuse is said in Python's words."""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import typer.main

import neurocmc
from neurocmc.cli.main import app
from neurocmc.common.calls import python_call, spoken
from neurocmc.common.errors import InfeasibleError, InputError, Problem
from tests.cli.running import CIRCUIT

# What only the command line has: how it prints, and files for which Python has functions of their own.
FLAGS_ALONE = {"--json", "--output", "--config", "--input", "--ticks", "--seed"}


@python_call
def called(
    path: str | Path,
    size: int | None = None,
    share: float = 0.5,
    names: Sequence[str] = (),
    kind: Literal["one", "two"] = "one",
    told: Callable[[str], None] | None = None,
    strict: bool = False,
) -> tuple[Any, ...]:
    """Give back what was taken, or refuse as the parts of the compiler do."""
    if size == 13:
        raise InfeasibleError(
            Problem("tick-unfit", "--tick-ms", "0.5 ms", "use --neurons 4 or fewer (--code threshold)")
        )
    return path, size, share, names, kind, told, strict


unchecked: Any = called  # for what a type checker would not let pass


def test_arguments_of_the_right_kind_are_taken_and_numbers_of_numpy_are_pythons() -> None:
    assert called("a") == ("a", None, 0.5, (), "one", None, False)
    assert called(Path("a"), 3, 1, ["x"], "two", print, strict=True) == (
        Path("a"),
        3,
        1.0,
        ["x"],
        "two",
        print,
        True,
    )
    taken = unchecked("a", size=np.int64(4), share=np.float32(0.25))
    assert taken[1:3] == (4, 0.25)
    assert [type(value) for value in taken[1:3]] == [int, float]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": 3}, "path: got 3, of type int [argument-type]\n    cure: give a str or a path"),
        ({"path": None}, "path: got None [argument-type]\n    cure: give a str or a path"),
        ({"size": "8"}, "size: got '8', of type str [argument-type]\n    cure: give an int or None"),
        ({"size": 8.0}, "size: got 8.0, of type float [argument-type]\n    cure: give an int or None"),
        ({"size": True}, "size: got True, of type bool [argument-type]\n    cure: give an int or None"),
        ({"share": "x"}, "share: got 'x', of type str [argument-type]\n    cure: give a number"),
        ({"names": "abc"}, "names: got 'abc', of type str [argument-type]\n    cure: give a list of str"),
        ({"names": ["a", 1]}, "names: got ['a', 1], of type list [argument-type]\n    cure: give a list of str"),
        ({"kind": "three"}, "kind: got 'three', of type str [argument-type]\n    cure: give one of 'one', 'two'"),
        ({"told": 1}, "told: got 1, of type int [argument-type]\n    cure: give a function or None"),
        ({"strict": 1}, "strict: got 1, of type int [argument-type]\n    cure: give True or False"),
    ],
)
def test_an_argument_of_another_kind_is_named_with_what_was_given(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        unchecked(**{"path": "a", **given})
    assert str(refused.value) == said


def test_all_wrong_arguments_are_named_at_once() -> None:
    with pytest.raises(InputError) as refused:
        unchecked("a", size="8", kind=2)
    assert [problem.where for problem in refused.value.problems] == ["size", "kind"]


def test_refusals_of_the_body_keep_their_class_and_name_arguments() -> None:
    with pytest.raises(InfeasibleError) as refused:
        called("a", size=13)
    assert str(refused.value) == 'tick_s: 0.5 ms [tick-unfit]\n    cure: use neurons=4 or fewer (code="threshold")'


@pytest.mark.parametrize(
    ("flags", "python"),
    [
        ("use more neurons (--neurons), so that", "use more neurons (neurons), so that"),
        (
            "use --on emulator, or compile for a chip (--target loihi1)",
            'use on="emulator", or compile for a chip (target="loihi1")',
        ),
        ("compile again without --no-source", "compile again without source=False"),
        ("choose --tick-ms 0.5", "choose tick_s=0.0005"),
        ("give it more (--time-limit), or fewer (--samples)", "give it more (time_limit_s), or fewer (samples)"),
        ("give a directory made by `neurocmc compile`", "give a directory made by `neurocmc.compile`"),
        ("a - b -- c", "a - b -- c"),
    ],
)
def test_flags_become_arguments(flags: str, python: str) -> None:
    assert spoken(Problem("x-y", "x", "y", flags)).cure == python


@pytest.mark.parametrize("command", ["compile", "simulate", "verify"])
def test_every_flag_has_an_argument(command: str) -> None:
    signature = inspect.signature(getattr(neurocmc, command))
    click: Any = typer.main.get_command(app)
    flags = [name for option in click.commands[command].params for name in (*option.opts, *option.secondary_opts)]
    shared = [flag for flag in flags if flag.startswith("--") and flag not in FLAGS_ALONE]
    assert len(shared) > 3
    for flag in shared:
        argument = spoken(Problem("x-y", "x", "y", flag)).cure.partition("=")[0]
        assert argument in signature.parameters, flag


@pytest.mark.parametrize(
    ("call", "arguments", "where"),
    [
        ("compile", {"neurons": "8"}, "neurons"),
        ("compile", {"neurons": 0}, "neurons"),
        ("compile", {"target": None}, "target"),
        ("compile", {"tick_s": 0.0}, "tick_s"),
        ("simulate", {"on": "paper"}, "on"),
        ("verify", {"limits": ["x"]}, "limits"),
        ("budget", {}, "artifact"),
        ("load", {}, "path"),
    ],
)
def test_the_functions_of_the_package_are_such_calls(
    call: str, arguments: dict[str, Any], where: str, tmp_path: Path, compiled: Path
) -> None:
    given = {"compile": CIRCUIT, "simulate": compiled, "verify": compiled}.get(call, 3)
    more = {"out": tmp_path / "out"} if call == "compile" else {}
    with pytest.raises(InputError) as refused:
        getattr(neurocmc, call)(given, **more, **arguments)
    assert [problem.where for problem in refused.value.problems] == [where]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled") / "out"
    neurons: Any = np.int64(4)
    neurocmc.compile(CIRCUIT, out=folder, neurons=neurons)
    return folder
