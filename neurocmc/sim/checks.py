"""Turns arrays that people hand in into whole numbers in range, or into faults with a name.

Each function appends what it finds to `faults` and returns an array of the wanted shape in any case, so that one call
of the emulator reports everything that is wrong at once.
"""

from typing import Any

import numpy as np
from scipy import sparse

from neurocmc.common.arrays import Bool, Int
from neurocmc.common.errors import Problem
from neurocmc.sim.arithmetic import KEEP_BITS

RULE_BOUNDS = {
    "spike_delay_ticks": (1, 64),
    "weight_shift": (0, 31),
    "threshold_shift": (0, 31),
    "decay_bits": (1, KEEP_BITS),
    "decay_u_offset": (0, 1),
    "current_bits": (2, 31),
    "voltage_bits": (2, 32),
}  # that the emulator's 32-bit registers can keep
ROUND = "give whole numbers: round them with np.rint first"
IN_RANGE = "bring it into this range"


def whole_numbers(value: Any, where: str, faults: list[Problem]) -> Int | None:
    """Returns `value` as int64, or None and a fault: not numbers, not finite, not whole, or beyond 64 bits."""
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        faults.append(Problem("not-whole-numbers", where, "it holds something that is not a number", ROUND))
        return None
    with np.errstate(invalid="ignore"):
        whole = array.astype(np.int64)
        wrong = (whole != array) | ((array >= 0) != (whole >= 0))
    if wrong.any():
        first = _at(wrong)
        faults.append(
            Problem(
                "not-whole-numbers", _entry(where, first), f"{array[first]} is not a whole number of 64 bits", ROUND
            )
        )
        return None
    return whole


def check_columns(
    owner: object, names: tuple[str, ...], where: str, cure: str, faults: list[Problem]
) -> dict[str, Int]:
    """Returns the fields of those names, as many whole numbers each as the first; leaves out what is wrong."""
    length = np.size(getattr(owner, names[0]))
    sound: dict[str, Int] = {}
    for name in names:
        whole = whole_numbers(getattr(owner, name), f"{where}.{name}", faults)
        if whole is not None and whole.shape != (length,):
            what = f"shape {whole.shape}, {names[0]} has {length} entries"
            faults.append(Problem("array-shape", f"{where}.{name}", what, cure))
        elif whole is not None:
            sound[name] = whole
    return sound


def shape_of(value: Any) -> tuple[int, ...]:
    """Returns the shape of an array, of a sparse matrix or of nested lists; that of ragged lists is ()."""
    if sparse.issparse(value):
        return tuple(value.shape)
    try:
        return np.shape(value)
    except ValueError:
        return ()


def register(
    value: Any, where: str, length: int, bounds: tuple[int, int], faults: list[Problem], cure: str = IN_RANGE
) -> Int:
    """Returns (length,) values of a register that holds `bounds`; one number stands for all."""
    whole = whole_numbers(value, where, faults)
    if whole is None:
        return np.zeros(length, dtype=np.int64)
    if whole.ndim and whole.shape != (length,):
        what = f"shape {whole.shape}, the network has {length} compartments"
        faults.append(Problem("array-shape", where, what, "give one number, or one for each compartment"))
        return np.zeros(length, dtype=np.int64)
    check_range(whole, where, bounds, faults, cure)
    return np.broadcast_to(whole, (length,)).copy()


def check_range(
    values: Int, where: str, bounds: tuple[int, int], faults: list[Problem], cure: str = IN_RANGE
) -> None:
    """Adds a fault that names the first of `values` that is out of bounds, and how many are."""
    low, high = bounds
    wrong: Bool = np.asarray((values < low) | (values > high))
    if wrong.any():
        first, others = _at(wrong), int(wrong.sum()) - 1
        more = f" ({others:,} more like it)" if others else ""
        faults.append(
            Problem(
                "number-out-of-range", _entry(where, first), f"{values[first]} is not in {low} to {high}{more}", cure
            )
        )


def _at(wrong: Bool) -> tuple[int, ...]:
    return tuple(int(index) for index in np.argwhere(wrong)[0])


def _entry(where: str, index: tuple[int, ...]) -> str:
    return f"{where}[{', '.join(map(str, index))}]" if index else where
