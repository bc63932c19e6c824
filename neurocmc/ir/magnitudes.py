"""Bounds the numbers of a circuit: far beyond any circuit, and products of a few of them still far from overflow.

However it came in (a YAML file has bounds of its own, within these), a number that double precision can hold but not
calculate with is refused where it stands, not found as an infinity at the end of a calculation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import cast

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem
from neurocmc.common.matrices import Matrix, is_sparse, values

LARGEST = 1e12
SMALLEST = 1e-12  # of what must be above 0: gains, time constants
LARGEST_STORED = 1e15  # of any level
_WITHOUT_END = ("saturation", "top")

Numbers = tuple[str, str, "Float | float", bool]  # place, what they are called, the numbers, whether all are above 0


def magnitude_problems(numbers: Iterable[Numbers]) -> Iterator[Problem]:
    """Yields the first number of each that is out of bounds; what is not finite is for others to tell."""
    for where, called, given, positive in numbers:
        flat = np.ravel(given)
        size = np.abs(flat)
        wrong = np.isfinite(flat) & ((size > LARGEST) | (positive & (size > 0) & (size < SMALLEST)))
        if wrong.any():
            bounds = f"{SMALLEST:g} to {LARGEST:g}" if positive else f"-{LARGEST:g} to {LARGEST:g}"
            what = f"{called} is {flat[wrong][0]:g}, numbers of a circuit lie within {bounds}"
            yield Problem("magnitude-out-of-range", where, what, "choose other units, or repair the value")


def stored_problems(level: object) -> Iterator[Problem]:
    """Yields every number of a level that was read, by its path, that is infinite, or as good.

    Verifiers look at numbers that mean something to them; this is for all others, wherever they stand. Infinite may
    be what limits a transfer, and nothing else.
    """
    for path, numbers in _floats(level, ""):
        if path.rsplit("/", 1)[-1] in _WITHOUT_END and numbers == np.inf:
            continue
        wrong = ~(np.abs(numbers) <= LARGEST_STORED)
        if path.endswith("/floor") and isinstance(numbers, np.ndarray):
            wrong &= numbers != -np.inf  # of neurons whose voltage has no lower end
        if wrong.any():
            yield Problem(
                "magnitude-out-of-range",
                path,
                f"holds {np.asarray(numbers)[wrong][0]:g}, no number of a level",
                "compile again",
            )


def _floats(value: object, path: str) -> Iterator[tuple[str, "Float | float"]]:
    if isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        yield path, value
    elif is_sparse(value):
        yield from _floats(values(cast("Matrix", value)), path)
    elif isinstance(value, tuple):
        for index, entry in enumerate(cast("tuple[object, ...]", value)):
            yield from _floats(entry, f"{path}/{getattr(entry, 'name', index)}")
    elif is_dataclass(value):
        for field in fields(value):
            yield from _floats(getattr(value, field.name), f"{path}/{field.name}".lstrip("/"))
