"""Parts training data into what is fitted and what is held back to choose the epoch."""

from collections.abc import Callable

import numpy as np

from neurocmc.common.arrays import Int


def parted(labels: Int, classes: int, held_back: Callable[[int], int]) -> tuple[Int, Int]:
    """Places of what is fitted and of what is held back: of each class of n the first `held_back(n)`."""
    chosen = np.zeros(len(labels), dtype=np.bool_)
    for label in range(classes):
        own = np.flatnonzero(labels == label)
        chosen[own[: held_back(len(own))]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)
