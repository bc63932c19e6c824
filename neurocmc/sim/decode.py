"""Decodes spikes into activity, the same way at every level at which there are spikes.

A pool's spikes, each worth `activity_per_spike`, pass the filter through which the activity of the rate circuit is
observed, so that traces of all levels are in the same units and can be subtracted.
"""

import math

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.common.jit import jit
from neurocmc.ir.trace import Trace


def decode_counts(
    counts: NDArray[np.integer], activity_per_spike: float, trace: Trace, tick_s: float
) -> NDArray[np.float32]:
    """Returns the trace of `activity_per_spike` times the counts, from what it held before the first tick.

    `counts`: (batch, ticks, units) spikes of each pool in each tick. Returns (batch, ticks, units), index t after the
    spikes of tick t. One trial at a time, so that the double-precision intermediate of a large batch never stands in
    memory whole.
    """
    activity = np.empty(counts.shape, dtype=np.float32)
    for trial, count in enumerate(counts):
        activity[trial] = filtered(count * activity_per_spike, trace, tick_s)
    return activity


def filtered(activity: Float, trace: Trace, tick_s: float) -> Float:
    """Returns the trace after each tick of (ticks, units) activities.

    Per tick  second <- keep second + (1 - keep) first,  first <- keep first + (1 - keep) activity,  with
    keep = exp(-tick/tau): a second stage takes the first as it was a tick ago, as the rate interpreter's filters do.
    """
    if trace.kernel:
        activity = _spread(activity, trace)
    if not trace.tau_s:
        return activity
    keep, start = math.exp(-tick_s / trace.tau_s), trace.start[None, :]
    first = _stage(activity, start, keep)
    return first if trace.order == 1 else _stage(np.concatenate([start, first[:-1]]), start, keep)


def _spread(activity: Float, trace: Trace) -> Float:
    """Each tick's activity shared out over the ticks that follow; before the first one the pool was at its start."""
    past = np.broadcast_to(trace.start, (len(trace.kernel) - 1, activity.shape[1]))
    whole = np.concatenate([past, activity])
    spread = np.zeros_like(activity)
    for late, share in enumerate(trace.kernel):
        first = len(past) - late
        spread += share * whole[first : first + len(activity)]
    return spread


@jit()
def _stage(value: Float, start: Float, keep: float) -> Float:
    stage = np.empty(value.shape)
    held = start[0].copy()
    for tick in range(value.shape[0]):
        for unit in range(value.shape[1]):
            held[unit] = keep * held[unit] + (1.0 - keep) * value[tick, unit]
            stage[tick, unit] = held[unit]
    return stage
