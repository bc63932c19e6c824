"""The mean of a drive over each tick, from the definition: every edge against every tick, one product at a time."""

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.stimulus import Stimulus


def mean_drive(stimulus: Stimulus, name: str, tick_s: float) -> NDArray[np.float64]:
    """(batch, ticks, channels) integral of input `name` over each tick, divided by the tick."""
    ticks = round(stimulus.duration_s / tick_s)
    starts, values = stimulus.edges_s.tolist(), stimulus.values[name]
    mean = np.zeros((stimulus.batch, ticks, values.shape[2]))
    for edge, (start, end) in enumerate(zip(starts, [*starts[1:], np.inf], strict=True)):
        for tick in range(ticks):
            share = (min(end, (tick + 1) * tick_s) - max(start, tick * tick_s)) / tick_s
            mean[:, tick] += max(share, 0.0) * values[:, edge]
    return mean
