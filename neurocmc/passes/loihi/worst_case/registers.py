"""Finds where registers come to rest, and moves what floats compute outward to whole numbers."""

import numpy as np

from neurocmc.common.arrays import Float, Int

INT32 = 1 << 31  # sums pass through signed integers of 32 bits
FOR_EVER = 1e30  # ticks that a current without decay remembers
BEYOND = 1 << 40  # larger than any register: currents beyond it need not be told apart


def settled(arriving: Int, lost: Int | np.int64, decay_bits: int) -> Int:
    """Where registers that lose lost / 2^decay_bits a tick, and gain `arriving`, come to rest.

    At rest |u| - floor(|u| keep) = size, which is ceil(|u| lost / full) = size: the smallest such |u|. What is far
    beyond every register, as where nothing is lost, is BEYOND.
    """
    size = np.minimum(np.abs(arriving), 1 << (62 - decay_bits))
    rest = np.where(lost > 0, ((size - 1) << decay_bits) // np.maximum(lost, 1) + 1, BEYOND)
    return np.where(size > 0, np.sign(arriving) * rest, 0)


def outward(value: Float) -> Int:
    """Returns bounds computed in floats, moved outward to whole numbers by more than their rounding."""
    within = np.abs(value) < BEYOND
    spare = np.where(within, np.abs(value) * 1e-9, 0.0)
    bound = np.where(within, value, np.where(np.isnan(value), 0.0, np.sign(value) * BEYOND))
    return np.where(value >= 0, np.floor(bound + spare), np.ceil(bound - spare)).astype(np.int64)
