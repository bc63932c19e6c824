"""Measures what a network on a chip does to spike trains: intervals that change, neighbours that change places.

The measures are those with which Balaji et al. 2020 (PyCARL, IJCNN, arXiv:2003.09696) describe what
latency does to spikes on hardware: the distortion of intervals between spikes, and the disorder in which they arrive.
A latency that is the same for all spikes changes neither.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def isi_distortion(sent: Sequence[NDArray[Any]], arrived: Sequence[NDArray[Any]]) -> float:
    """Returns the mean change of the interval between two spikes of a train, over the mean interval.

    Args:
        sent: The times of each train, in any order and any unit.
        arrived: The times at which the same spikes arrive, train by train, in the same unit. A train is what a target
            sees: its first spike is the first that arrives, whichever was sent first.

    Returns:
        The sum of |change| over all intervals of all trains, over the sum of the intervals that were sent; 0 where no
        train has two spikes.

    Raises:
        ValueError: Where a train has another number of spikes than arrive of it.

    Example:
        >>> import numpy as np
        >>> from neurocmc.verification.deviation import isi_distortion
        >>> isi_distortion([np.array([0, 10, 20])], [np.array([5, 17, 25])])
        0.2
    """
    moved = apart = 0.0
    for before, after in zip(sent, arrived, strict=True):
        if before.shape != after.shape:
            raise ValueError(f"{before.size} spikes were sent, {after.size} arrive")
        first, second = np.diff(np.sort(before)), np.diff(np.sort(after))
        moved += float(np.abs(second - first).sum())
        apart += float(first.sum())
    return moved / apart if apart else 0.0


def disorder(sent: NDArray[Any], arrived: NDArray[Any]) -> float:
    """Returns the share of neighbouring spikes at one place that arrive in the other order.

    Spikes are neighbours if one was sent next after the other, of all that are sent to this place. Two that were sent
    at the same time have no order, and are not counted; two that arrive at the same time keep theirs.

    Args:
        sent: (spikes,) when each was sent, of all trains to one place.
        arrived: (spikes,) when each arrives, in the same unit.

    Returns:
        The share, 0 to 1; 0 where no two have an order.

    Raises:
        ValueError: Where the two differ in length.

    Example:
        >>> import numpy as np
        >>> from neurocmc.verification.deviation import disorder
        >>> disorder(np.array([0, 1, 2]), np.array([9, 8, 10]))
        0.5
    """
    if sent.shape != arrived.shape:
        raise ValueError(f"{sent.size} spikes were sent, {arrived.size} arrive")
    order = np.argsort(sent, kind="stable")
    ordered = np.diff(sent[order]) > 0
    flipped = np.diff(arrived[order]) < 0
    return float((flipped & ordered).sum() / ordered.sum()) if ordered.any() else 0.0


def changed(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Returns the share of trials that two rows of decisions differ on; two ties do not differ.

    Args:
        first: (trials,) what was decided, as `verification.metrics.decisions` has it.
        second: (trials,) the same on another run.

    Returns:
        The share, 0 to 1.

    Example:
        >>> import numpy as np
        >>> from neurocmc.verification.deviation import changed
        >>> changed(np.array([1, 2, 0, -2]), np.array([1, 0, 0, -2]))
        0.25
    """
    return float(np.mean(first != second)) if first.size else 0.0
