"""Computes as Loihi does in compiled loops: the decay that rounds toward zero, 32-bit sums, the current's fold.

All loops share it. The interpreters that are spelled out have `sim.loihi.registers` instead, so that one checks the
other.
"""

from typing import Any

import numpy as np

from neurocmc.common.jit import jit

KEEP_BITS = 16  # of the factor in `decayed`: the two parts of its product fit 32 bits


@jit(nogil=True, inline="always")
def toward_zero(value: Any, keep: int, shift: int) -> Any:
    """Returns value * keep / 2^shift, rounded toward zero, as the chip's decay does."""
    kept = (abs(value) * keep) >> shift
    return kept if value >= 0 else -kept


@jit(nogil=True, inline="always")
def decayed(value: Any, keep: Any) -> Any:
    """Returns value * keep / 2^KEEP_BITS, rounded toward zero, of int32 and uint32, without a branch.

    In two parts, |value| = high 2^16 + low: the high part's product has no remainder and the low part's fits 32 bits,
    so that vector instructions work on 32 bits throughout. A factor of fewer bits is the same one shifted left.
    """
    sign = np.int32(value >> 31)
    size = np.uint32((value ^ sign) - sign)
    high, low = np.uint32(size >> np.uint32(KEEP_BITS)), np.uint32(size & np.uint32((1 << KEEP_BITS) - 1))
    kept = np.int32(np.uint32(high * keep) + np.uint32(np.uint32(low * keep) >> np.uint32(KEEP_BITS)))
    return np.int32((kept ^ sign) - sign)


@jit(nogil=True, inline="always")
def wrap32(value: int) -> int:
    """Returns the low 32 bits of a sum, read as a signed integer."""
    return ((value + 2147483648) & 4294967295) - 2147483648


@jit(nogil=True, inline="always")
def fold(value: int, half: int) -> int:
    """Wraps once a current that left its register: above half it comes in from below, and the reverse."""
    if value > half:
        return value - 2 * half
    return value + 2 * half if value <= -half else value


@jit(nogil=True, inline="always")
def jump(current: Any, high: Any, low: Any) -> Any:
    """Returns what `fold` takes off an int32 current that left `low` to `high`, without a branch."""
    whole = np.int32(high - low)
    down = whole if current > high else np.int32(0)
    up = whole if current <= low else np.int32(0)
    return np.int32(down - up)


@jit(nogil=True)
def copy(values: Any, into: Any) -> None:
    """Copies element by element: an assignment to a slice would have numba compile an error text for seconds."""
    for i in range(values.size):
        into[i] = values[i]
