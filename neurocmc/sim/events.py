"""Puts events in order, spikes and input alike: by trial and tick; lists flags, and bits, that are set."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.jit import jit

Columns = tuple[NDArray[np.int32], ...]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt64 = NDArray[np.uint64]


@jit(nogil=True)
def listed(flags: NDArray[np.uint8], found: NDArray[np.int32]) -> int:
    """Writes the indices of flags that are 1 into `found`, eight flags at a look; returns how many there are.

    Every index of a look is written and the next one overwrites it unless its flag is set: no branch to mispredict.
    Both have a length that is a multiple of 8.
    """
    count = 0
    words = flags.view(np.uint64)
    for word in range(words.size):
        if words[word] != 0:
            for i in range(8 * word, 8 * word + 8):
                found[count] = i
                count += flags[i]
    return count


def by_trial(trial: NDArray[Any], tick: NDArray[Any], columns: Sequence[NDArray[Any]], batch: int) -> list[Columns]:
    """Returns for each trial its part of `tick` and of all columns, in order of tick; both are below 2^31."""
    time = trial.astype(np.int64) << 32 | tick
    order = np.argsort(time, kind="stable")  # which is quick where they stand in order
    ends = np.searchsorted(trial[order], np.arange(batch + 1))
    ordered = [column[order].astype(np.int32) for column in (tick, *columns)]
    return [tuple(column[ends[trial] : ends[trial + 1]] for column in ordered) for trial in range(batch)]


def by_lane(words: UInt64, first_tick: int) -> list[Columns]:
    """Returns for each of 64 trials tick and place of its bits in (ticks, places) words, in order."""
    found = np.zeros(64, dtype=np.int64)
    _count_lanes(words, found)
    ends = np.cumsum(found)
    tick, place = np.empty(ends[-1], dtype=np.int32), np.empty(ends[-1], dtype=np.int32)
    _list_lanes(first_tick, words, ends - found, tick, place)
    return [(tick[stop - count : stop], place[stop - count : stop]) for stop, count in zip(ends, found, strict=True)]


@jit(nogil=True)
def _count_lanes(fired: UInt64, found: Int64) -> None:
    """Counts the bits of each lane."""
    for row in range(fired.shape[0]):
        for i in range(fired.shape[1]):
            bits, lane = fired[row, i], 0
            while bits != 0:
                found[lane] += np.int64(bits & np.uint64(1))
                bits, lane = bits >> np.uint64(1), lane + 1


@jit(nogil=True)
def _list_lanes(first_tick: int, fired: UInt64, place: Int64, spike_tick: Int32, spike_place: Int32) -> None:
    """Lists the bits that are set; those of a lane stand in order from `place[lane]` on."""
    for row in range(fired.shape[0]):
        for i in range(fired.shape[1]):
            bits, lane = fired[row, i], 0
            while bits != 0:
                if bits & np.uint64(1) != 0:
                    spike_tick[place[lane]], spike_place[place[lane]] = first_tick + row, i
                    place[lane] += 1
                bits, lane = bits >> np.uint64(1), lane + 1
