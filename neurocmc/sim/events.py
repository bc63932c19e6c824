"""Puts events in order, spikes and input alike: by trial and tick, or as the list of those whose flag is set."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.jit import jit

Columns = tuple[NDArray[np.int32], ...]


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
