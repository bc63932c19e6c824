"""From spikes to activity: the decoder that Brian2 and the chip emulator share.

A pool's spikes, each worth `activity_per_spike`, pass the same unit-gain filter by which the rate circuit's
activity is observed, so that traces of all levels are in the same units and can be subtracted.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter


def decode_counts(
    counts: NDArray[np.integer], activity_per_spike: float, trace_tau_s: float, tick_s: float
) -> NDArray[np.float32]:
    """The trace x <- x e + (1 - e) activity_per_spike count, with e = exp(-tick/trace_tau), from rest.

    `counts`: (batch, ticks, units) spikes of each pool in each tick. Returns (batch, ticks, units), index t after the
    spikes of tick t. A trace_tau_s of 0 does not filter. One trial at a time, so that the double-precision
    intermediate of a large batch never stands in memory whole.
    """
    keep = math.exp(-tick_s / trace_tau_s) if trace_tau_s > 0 else 0.0
    activity = np.empty(counts.shape, dtype=np.float32)
    for trial, count in enumerate(counts):
        activity[trial] = lfilter([(1.0 - keep) * activity_per_spike], [1.0, -keep], count, axis=0)
    return activity
