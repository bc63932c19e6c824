"""Lays sums of weights out for `sim.masked`, which adds them for 64 trials at once.

A *cell* is a sum. Its entries are bytes; a weight that no byte holds stands in several entries. A cell's entries are
cut into *pieces* whose sums 16 bits surely hold, and filled up with weights of 0 until their number suits the loop.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurocmc.common.arrays import Int, row_starts
from neurocmc.sim.masked import TOGETHER

LOWEST_BYTE, HIGHEST_BYTE = -128, 127
LARGEST_GROUPS, LARGEST_SUM = 256, (1 << 15) - 1  # of a piece, so that 16 bits hold what the loop sums


class Entries(NamedTuple):
    """Entries by piece, pieces by cell."""

    together: int  # entries that the loop sums as bytes
    source: NDArray[Any]  # (entries,) of unsigned type
    weight: NDArray[np.int8]  # (entries,)
    piece: Int  # (pieces + 1,) first entry of each
    cell: Int  # (cells + 1,) first piece of each


def entries_of(source: NDArray[Any], weight: NDArray[Any], sizes: Int, dtype: DTypeLike) -> Entries:
    """Returns the sums of (entries,) weights, of which the first `sizes[0]` are those of the first cell, and so on.

    `dtype` is an unsigned type that holds every source.
    """
    source, weight, sizes = _in_bytes(source, weight, sizes)
    largest = int(np.abs(weight).max(initial=1))
    together = next((count for count in TOGETHER if count * largest <= HIGHEST_BYTE), 1)
    longest = min(LARGEST_GROUPS, LARGEST_SUM // (largest * together)) * together
    cell = row_starts(-(-sizes // longest))
    owner = np.repeat(np.arange(sizes.size), np.diff(cell))  # of each piece
    length = np.minimum(sizes[owner] - (np.arange(owner.size) - cell[owner]) * longest, longest)
    piece = row_starts(-(-length // together) * together)
    padded, weights = np.zeros(piece[-1], dtype=dtype), np.zeros(piece[-1], dtype=np.int8)
    place = np.repeat(piece[:-1] - row_starts(length)[:-1], length) + np.arange(source.size)
    padded[place], weights[place] = source, weight
    return Entries(together, padded, weights, piece, cell)


def _in_bytes(source: NDArray[Any], weight: NDArray[Any], sizes: Int) -> tuple[NDArray[Any], NDArray[Any], Int]:
    """The same with as many entries as it takes for every weight to be a byte."""
    parts = np.maximum(-(-weight // HIGHEST_BYTE), np.maximum(-(-weight // LOWEST_BYTE), 1))
    if parts.max(initial=1) == 1:
        return source, weight, sizes
    first = row_starts(parts)
    rank = np.arange(first[-1]) - np.repeat(first[:-1], parts)
    source, weight = np.repeat(source, parts), np.repeat(weight, parts)
    rest = weight - rank * np.where(weight > 0, HIGHEST_BYTE, LOWEST_BYTE)
    return source, np.clip(rest, LOWEST_BYTE, HIGHEST_BYTE), np.diff(first[row_starts(sizes)])
