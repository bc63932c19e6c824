"""Holds images with their labels, takes some of them, and parts those that are held back to choose the epoch."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledImages:
    """Images in [0, 1] with their labels and their places in the files they come from."""

    images: NDArray[np.float32]  # (images, ...)
    labels: Int  # (images,)
    index: Int  # (images,)

    def take(self, which: Int | slice) -> Self:
        """Returns some of these images."""
        return replace(self, images=self.images[which], labels=self.labels[which], index=self.index[which])


def parted(labels: Int, classes: int, held_back: Callable[[int], int]) -> tuple[Int, Int]:
    """Returns places of what is fitted and of what is held back: of each class of n the first `held_back(n)`."""
    chosen = np.zeros(len(labels), dtype=np.bool_)
    for label in range(classes):
        own = np.flatnonzero(labels == label)
        chosen[own[: held_back(len(own))]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)
