"""Checks arguments of calls from Python against the signature, and names arguments instead of flags in refusals.

The parts of the compiler are shared with the command line, whose words they use: "--tick-ms: 0 ms is not a time".
"""

import collections.abc
import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from neurocmc.common.errors import NeurocmcError, Problem, raise_input_problems

# Flag -> argument, where it is not the flag's own words with underscores.
_ARGUMENTS: Mapping[str, str] = {
    "--allow-lost-states": "allow_lost_states=True",
    "--dt": "dt_s",
    "--duration": "duration_s",
    "--limit": "limits",
    "--no-figures": "figures=False",
    "--no-source": "source=False",
    "--time-limit": "time_limit_s",
    "--tick-ms": "tick_s",
}
_WORDS = (
    "--code",
    "--on",
    "--reset",
    "--target",
    "--weights",
)  # flags whose values are words; those of others are numbers, if any
_FLAG = re.compile(r"(--[a-z][a-z-]*[a-z])(?: ([a-z0-9]+(?:\.\d+)?))?")
_COMMAND = re.compile(r"`neurocmc (compile|simulate|verify|budget)`")


P = ParamSpec("P")
R = TypeVar("R")


def python_call(function: Callable[P, R]) -> Callable[P, R]:
    """Returns `function` with its arguments checked: InputError names every one that is not as annotated.

    Whole numbers and reals of numpy are taken as Python's. What the body refuses is said in Python's words.
    """
    signature = inspect.signature(function)

    @cache
    def hints() -> dict[str, Any]:
        return get_type_hints(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(*args, **kwargs)
        faults: list[Problem] = []
        for name, value in given.arguments.items():
            kinds = _kinds(hints()[name])
            for kind in kinds:
                if (taken := _taken(value, kind)) is not _NOT:
                    given.arguments[name] = taken
                    break
            else:
                what = f"got {_shown(value)}"
                faults.append(
                    Problem("argument-type", name, what, f"give {' or '.join(dict.fromkeys(map(_named, kinds)))}")
                )
        raise_input_problems(faults)
        try:
            return function(*given.args, **given.kwargs)
        except NeurocmcError as error:
            raise type(error)(spoken(problem) for problem in error.problems) from None

    return call


_NOT = object()


def _kinds(hint: Any) -> tuple[Any, ...]:
    """The members of a union, or the one kind that a parameter takes."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _taken(value: Any, kind: Any) -> Any:
    """`value` as one of `kind`, or _NOT."""
    if kind is Any:
        return value
    origin = get_origin(kind)
    if origin is Literal:
        choices = get_args(kind)  # texts, or whole numbers
        plain = int(value) if _is_number(value, Integral) else value
        return plain if any(type(plain) is type(choice) and plain == choice for choice in choices) else _NOT
    if origin is Sequence:
        return value if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value) else _NOT
    if origin is Mapping:
        return _numbered(value)
    if origin is tuple:
        member = get_args(kind)[0]
        return tuple(value) if isinstance(value, list | tuple) and all(isinstance(v, member) for v in value) else _NOT
    if origin is collections.abc.Callable:
        return value if callable(value) else _NOT
    if kind is Path:
        return Path(value) if isinstance(value, os.PathLike) else _NOT
    if kind is int:
        return int(value) if _is_number(value, Integral) else _NOT
    if kind is float:
        return float(value) if _is_number(value, Real) else _NOT
    return value if isinstance(value, kind) else _NOT


def _numbered(value: Any) -> Any:
    """A mapping of names to whole numbers, or _NOT."""
    if not isinstance(value, Mapping):
        return _NOT
    entries: dict[Any, Any] = dict(value)
    if not all(isinstance(name, str) and _is_number(number, Integral) for name, number in entries.items()):
        return _NOT
    return {name: int(number) for name, number in entries.items()}


def _is_number(value: object, kind: type) -> bool:
    """True and False are whole numbers to Python, and to nobody who asks for so many neurons."""
    return isinstance(value, kind) and not isinstance(value, bool)


def _named(kind: Any) -> str:
    """A kind in words."""
    origin = get_origin(kind)
    if origin is Literal:
        return f"one of {', '.join(map(repr, get_args(kind)))}"
    named = {int: "an int", float: "a number", bool: "True or False", str: "a str", Path: "a path", NoneType: "None"}
    if origin is Sequence:
        return "a list of str"
    if origin is Mapping:
        return "a dict of names and whole numbers"
    if origin is tuple:
        return f"a tuple of {get_args(kind)[0].__name__}"
    if origin is collections.abc.Callable:
        return "a function"
    return named.get(kind) or f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}"


def _shown(value: Any) -> str:
    if value is None:
        return "None"
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'}, of type {type(value).__name__}"


def spoken(problem: Problem) -> Problem:
    """Returns a problem in the words of a Python call."""
    return Problem(problem.id, *(_in_python(text) for text in (problem.where, problem.what, problem.cure)))


def _in_python(text: str) -> str:
    return _COMMAND.sub(r"`neurocmc.\1`", _FLAG.sub(_argument, text))


def _argument(found: re.Match[str]) -> str:
    flag, value = found.groups(default="")
    name = _ARGUMENTS.get(flag, flag[2:].replace("-", "_"))
    if value and flag in _WORDS:
        return f'{name}="{value}"'
    if value[:1].isdigit():
        return f"{name}={float(value) / 1e3:g}" if flag == "--tick-ms" else f"{name}={value}"
    return f"{name} {value}".rstrip()
