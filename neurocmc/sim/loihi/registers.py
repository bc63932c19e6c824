"""Computes as Loihi does on arrays, in plain numpy: the decay, the shift, and the ends of each register.

It is written to be read. The interpreters that are spelled out and the bounds of the worst case share it. The
compiled loops have an arithmetic of their own (`sim.loihi.arithmetic`): the two are held against each other by tests,
so that neither may be made of the other.
"""

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int


def decay(register: Int, keep: Int | int, bits: int) -> Int:
    """Returns register * keep / 2**bits, rounded toward zero."""
    return np.sign(register) * ((np.abs(register) * keep) >> bits)


def wrap_int32(value: Int) -> Int:
    """Returns what is left of `value` in a 32-bit two's complement register."""
    return value.astype(np.int64).astype(np.int32).astype(np.int64)


def shift(value: NDArray[np.int64], exponent: int) -> Int:
    """Returns value * 2**exponent, rounded down where the exponent is negative."""
    return value << exponent if exponent >= 0 else value >> -exponent


def fold(current: Int, bits: int) -> Int:
    """Returns the chip's overflow of the current: beyond half its range it jumps by the whole range, once.

    The interval kept is (-2**(bits-1), 2**(bits-1)]: its upper end, unlike two's complement, belongs to it. What lies
    further out than one range stays out of it after the jump, as in Lava.
    """
    half = 1 << (bits - 1)
    return current - 2 * half * (current > half) + 2 * half * (current <= -half)


def saturate(voltage: Int, bits: int) -> Int:
    """Returns `voltage` held within +-(2**(bits-1) - 1)."""
    limit = (1 << (bits - 1)) - 1
    return np.clip(voltage, -limit, limit)
