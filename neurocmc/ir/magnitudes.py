"""Bounds the numbers of a circuit: far beyond any circuit, and products of a few of them still far from overflow.

Whatever the door (a YAML file has bounds of its own, within these), a number that double precision can hold but not
calculate with is refused where it stands, not found as an infinity at the end of a calculation.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem

LARGEST = 1e12
SMALLEST = 1e-12  # of what must be above 0: gains, time constants

Numbers = tuple[str, str, "Float | float", bool]  # place, what they are called, the numbers, whether all are above 0


def magnitude_problems(numbers: Iterable[Numbers]) -> Iterator[Problem]:
    """The first number of each that is out of bounds; what is not finite is for others to tell."""
    for where, called, values, positive in numbers:
        flat = np.ravel(values)
        size = np.abs(flat)
        wrong = np.isfinite(flat) & ((size > LARGEST) | (positive & (size > 0) & (size < SMALLEST)))
        if wrong.any():
            bounds = f"{SMALLEST:g} to {LARGEST:g}" if positive else f"-{LARGEST:g} to {LARGEST:g}"
            what = f"{called} is {flat[wrong][0]:g}, numbers of a circuit lie within {bounds}"
            yield Problem(where, what, "choose other units, or repair the value")
