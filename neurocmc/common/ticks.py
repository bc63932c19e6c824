"""Puts times and drives on a grid of ticks: what lasts is whole ticks, what changes within one is averaged.

A circuit's step and a chip's tick are such grids. Where a drive changes within a tick, it has there its mean over the
tick, so that its integral is kept; how long something lasts is never rounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, isfinite, log

import numpy as np

from neurocmc.common.arrays import Float, Int

ON_TICK = 1e-6  # of a tick: an instant nearer to its edge counts as on it, since 0.1 / 0.001 is not exact
_AT_ONCE = 2**22  # values that are averaged at once, 8 bytes each


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sampled:
    """A drive that changes between ticks alone: piecewise constant, a segment begins on a tick.

    A tick within which the drive changed has a segment of its own.
    """

    edges_s: Float  # (segments,) where each begins
    values: Mapping[str, Float]  # input name -> (batch, segments, channels)
    segment_of_tick: Int  # (ticks,)


def sampled(edges_s: Float, values: Mapping[str, Float], ticks: int, tick_s: float) -> Sampled:
    """Puts a piecewise constant drive on ticks, each of which gets the mean of the drive over it.

    `values` are input name -> (batch, edges, channels), in force from `edges_s` (edges,) on, which start at 0 and
    rise. A drive whose edges all lie on ticks is returned as it is, to the bit.
    """
    at = np.minimum(edges_s / tick_s, ticks)  # an edge after the end, however far, is never in force
    nearest = np.rint(at)
    at = np.where(np.abs(at - nearest) <= ON_TICK, nearest, at)
    split = np.unique(np.floor(at[at != np.floor(at)]))
    if not split.size:
        return Sampled(edges_s=edges_s, values=values, segment_of_tick=_in_force(at, np.arange(ticks)))
    begins = np.unique(np.concatenate([at[at == np.floor(at)], split, split + 1]))
    begins = begins[begins < ticks]
    pieces = np.unique(np.concatenate([at[at < ticks], begins]))  # between two of them nothing changes
    edge, first = _in_force(at, pieces), np.searchsorted(pieces, begins)
    width = np.diff(pieces, append=ticks)
    return Sampled(
        edges_s=begins * tick_s,
        values={name: _means(value, edge, width, first) for name, value in values.items()},
        segment_of_tick=_in_force(begins, np.arange(ticks)),
    )


def _in_force(at: Float, instants: Float | Int) -> Int:
    """Which of the edges `at` is the last at or before each instant."""
    return np.searchsorted(at, instants, side="right") - 1


def _means(value: Float, edge: Int, width: Float, first: Int) -> Float:
    """(batch, segments, channels) of segments that begin with the pieces `first`; a piece has the value of an edge.

    A mean is taken of the differences to a segment's first piece: what does not change keeps its value to the bit.
    """
    pieces = np.diff(first, append=len(edge))
    lasts = np.add.reduceat(width, first)
    mean = np.empty((len(value), len(first), value.shape[2]))
    trials = max(_AT_ONCE // max(len(edge) * value.shape[2], 1), 1)
    for start in range(0, len(value), trials):
        part = value[start : start + trials]
        base = part[:, edge[first]]
        change = (part[:, edge] - np.repeat(base, pieces, axis=1)) * width[:, None]
        mean[start : start + trials] = base + np.add.reduceat(change, first, axis=1) / lasts[:, None]
    mean.setflags(write=False)
    return mean


def not_whole(time_s: float, tick_s: float) -> tuple[str, str] | None:
    """Returns what is wrong with a time that is not a whole number of ticks above 0, and its cure; else None."""
    ticks = time_s / tick_s
    if not isfinite(ticks):
        return f"{time_s:g} s is no number of steps of {_ms(tick_s)} ms", "give a finite time"
    if ticks > 0.5 and abs(ticks - round(ticks)) <= ON_TICK:
        return None
    near = sorted({max(floor(ticks), 1), max(ceil(ticks), 1)})
    what = f"{_ms(time_s)} ms are {ticks:.10g} steps of {_ms(tick_s)} ms"
    return what, f"give {' or '.join(_ms(whole * tick_s) for whole in near)} ms"


def whole_s(time_s: float, tick_s: float) -> float:
    """Returns the time in whole ticks, one at least, that is nearest to a time; one that is whole as it is."""
    return time_s if not_whole(time_s, tick_s) is None else max(round(time_s / tick_s), 1) * tick_s


def ticks_before(time_s: float, tick_s: float) -> int:
    """Returns how many ticks are over at an instant."""
    return floor(time_s / tick_s + ON_TICK)


def _ms(time_s: float) -> str:
    return f"{1e3 * time_s:.10g}"


def tau_ms(pole: float, tick_s: float) -> float:
    """Returns the time constant of a filter that keeps `pole` of itself in a tick; 0 where no filter has it."""
    return -1e3 * tick_s / log(pole) if 0.0 < pole < 1.0 else 0.0
