"""Defines what a measure of a study is, knows those that there are, and checks what they return.

Another distribution adds one by an entry point of the group `neurocmc.measures`; a study may name one in a file of
its own as well (`plugins`). `docs/campaigns.md` writes one from nothing.
"""

import inspect
import re
from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, Protocol

from pydantic import Field

from neurocmc.common.errors import InputError, NeurocmcError, Problem
from neurocmc.pipeline.study.made import Made
from neurocmc.pipeline.study.plugins import Kind, PlugIn, broken, function_of, loaded

Value = float | int | bool | str
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
ColumnName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]
LONGEST = 1000  # characters of a text in a table

MEASURES = Kind(
    called="measure",
    group="neurocmc.measures",
    built_in={
        "training": "neurocmc.pipeline.study.own_measures:training",
        "circuit": "neurocmc.pipeline.study.own_measures:circuit",
        "chip": "neurocmc.pipeline.study.own_measures:chip",
        "budget": "neurocmc.pipeline.study.own_measures:budget",
    },
)


class Measure(Protocol):
    """A function that measures a circuit; what a study says beside its name are arguments by name.

    Example:
        >>> def heard(made, limit=0.0):
        ...     circuit = made.model().circuit
        ...     return {"weights": sum(int((abs(p.weight) > limit).sum()) for p in circuit.projections)}
    """

    def __call__(self, made: Made, **options: Any) -> Mapping[str, Value]:
        """Measures one circuit: the same circuit and options, the same values.

        Args:
            made: The circuit.
            options: What the study says beside the name of the measure.

        Returns:
            Columns of the run's row: names of small letters, digits and `_`, with finite numbers, truths or texts.

        Raises:
            InputError: Where this circuit cannot be measured; its row says so.
        """
        ...


def check_options(plug: PlugIn, options: Mapping[str, Any]) -> None:
    """Raises InputError where a measure has no such arguments, or lacks some."""
    measure = function_of(plug, MEASURES, "measures")
    try:
        inspect.signature(measure).bind(None, **options)
    except (TypeError, ValueError) as error:
        cure = "write its arguments under `with:`, by the names that the function has"
        raise InputError(Problem("measure-options", f"measure {plug.name}", f"{error}", cure)) from None


def taken(name: str, place: str, sha256: str, made: Made, options: Mapping[str, Any]) -> dict[str, Value]:
    """Measures a circuit. Raises InputError where the measure refuses it, fails, or returns what is no row."""
    measure = loaded(place, sha256, MEASURES.called)
    try:
        values = measure(made, **options)
    except (NeurocmcError, MemoryError):
        raise
    except Exception as error:
        if name in MEASURES.built_in:
            raise
        raise InputError(broken(f"measure {name}", f"failed on run {made.name}", error)) from error
    return _columns(name, values)


def _columns(name: str, values: Any) -> dict[str, Value]:
    """The values as plain ones, in the order of their names. Raises InputError for what no table holds."""
    if not isinstance(values, Mapping):
        raise InputError(_wrong(name, f"returned a {type(values).__name__}", "return a dict of names and values"))
    columns: dict[str, Value] = {}
    for column, value in sorted(dict[Any, Any](values).items(), key=lambda pair: str(pair[0])):
        if not isinstance(column, str) or not _NAME.fullmatch(column):
            cure = "begin with a small letter; then small letters, digits and _ may stand, at most 64"
            raise InputError(_wrong(name, f"returned a column {column!r}", cure))
        plain = value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
        if _fits(plain):
            columns[column] = plain
        else:
            shown = repr(plain)[:60]
            raise InputError(_wrong(name, f"{column} is {shown}", "return finite numbers, truths or short texts"))
    return columns


def _fits(value: Any) -> bool:
    """Whether a table holds such a value."""
    match value:
        case bool() | int():
            return True
        case float():
            return isfinite(value)
        case str():
            return len(value) <= LONGEST
        case _:
            return False


def _wrong(name: str, what: str, cure: str) -> Problem:
    return Problem("measure-wrong", f"measure {name}", what, cure)
