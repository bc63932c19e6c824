"""Chooses where the neurons of a pool are recruited, so that the pool as a whole is the rate unit.

Both codes are found in the normalised drive z = gain (u + bias - offset), in which all units of a population have the
same transfer phi(z). A neuron recruited at z = q receives the bias that puts its threshold there.

*threshold*: neurons without memory; neuron k fires in every tick in which z exceeds q_k, and q_k is where phi
crosses (k - 1/2)/N of the ceiling. The pool's count is phi rounded to a whole number of neurons: its error is at most
1/(2N) of the ceiling, at every tick, without noise.

*rate*: leaky neurons that fire at most every third tick. Their own transfer f is concave above threshold and, in
whole ticks, a staircase; the density of recruitment points w >= 0 with  sum_q w(q) f(z - q) = phi(z)  undoes both
(non-negative least squares on the measured f). The N points are its quantiles, moved by a few Gauss-Newton steps to
where the finite pool fits best. No point lies below the kink of a relu: without drive a pool is silent.

A leaky neuron forgets the beginning of its interval and fires on the newest input, so a pool answers a change about a
tick earlier than its rate says. The membrane is kept short, so that this lead is the same for slow and for fast
changes, and the axons give it back: spikes of the rate code travel RATE_DELAY_TICKS longer.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

import numpy as np

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.ir.rate import RatePopulation
from neurocmc.sim.neuron import Neuron

RATE_PEAK = 0.22  # spikes per tick, mean over the neurons of a full pool; the first to be recruited fires at 1/3
RATE_MEMORY_TICKS = 2.2  # membrane time constant of the rate code: longer, and inhibition outlasts its cause
RATE_CURRENT_MARGIN = 1.05  # current at the ceiling over the least that drives a neuron to its peak
RATE_DELAY_TICKS = 1  # of the rate code's spikes: its pools answer a change of drive about a tick too early
_LOWEST = 0.002  # of the ceiling: below it a sigmoid's or a softplus's tail is left to the first neuron
_GRID = 401
REFINEMENTS = 12  # steps that move the points after the density has placed them


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ladder:
    """The recruitment points of a pool in z, and the span of z that they were chosen on."""

    points: Float  # (units, neurons) rising in a row; one row where all units have the same
    low: float
    high: float

    def __post_init__(self) -> None:
        set_frozen(self, "points", np.float64, (None, None))


def span(population: RatePopulation, ceiling: float) -> tuple[float, float]:
    """Returns the span of z from where phi leaves zero to where it reaches (almost) the ceiling.

    Of a population of segments it is that of all of them together.
    """
    for segments in population.segments:
        return span(replace(population, segments=()), float(segments.top.max()))
    bottom, top = 0.0, ceiling
    if population.transfer == "sigmoid":  # its tails never end, unless they are cut off
        whole = population.saturation
        bottom = max(whole * _LOWEST - population.floor, 0.0)
        top = min(ceiling, whole * (1.0 - _LOWEST) - population.floor)
    elif population.transfer == "softplus":
        bottom = ceiling * _LOWEST
    low, high = population.drive_at(np.array([bottom, top]))
    return float(low), float(high)


def threshold_ladder(population: RatePopulation, ceiling: float, neurons: int) -> Ladder:
    """Returns the recruitment points of the threshold code."""
    share = (np.arange(neurons) + 0.5) / neurons
    low, high = span(population, ceiling)
    points = population.drive_at(ceiling * share[:, None]).T
    return Ladder(points=points, low=low, high=high)


def rate_current_scale(population: RatePopulation, ceiling: float) -> float:
    """Returns the current per unit of z, in thresholds, at which a rate-coded pool rises as steeply as phi."""
    for segments in population.segments:
        return rate_current_scale(replace(population, segments=()), float(segments.top.max()))
    low, high = span(population, ceiling)
    z = np.linspace(low, high, _GRID)
    steepest = float((np.diff(population.transfer_at(z)) / np.diff(z)).max())
    return RATE_PEAK * RATE_CURRENT_MARGIN * steepest / ceiling


@lru_cache(maxsize=64)  # it has no random part: other seeds and other margins of a circuit have the same
def rate_ladder(population: RatePopulation, ceiling: float, neurons: int, neuron: Neuron, rheobase: float) -> Ladder:
    """Computes the recruitment points of the rate code from the neuron's measured transfer.

    `rheobase` is the current, in thresholds, that just keeps the neuron at its threshold.
    """
    scale = rate_current_scale(population, ceiling)
    low, high = span(population, ceiling)
    # Below the kink of a relu there is nothing to encode: a neuron recruited there would fire without drive.
    kinked = population.transfer == "relu" or population.floor > 0
    pad = 0.0 if kinked else 0.15 * (high - low)
    z = np.linspace(low - pad, high, 2 * _GRID)
    cells = np.linspace(low - pad, high, _GRID + 1)
    candidates = 0.5 * (cells[1:] + cells[:-1])
    current = np.linspace(0.0, scale * (high - low + 2 * pad), 4001)
    spikes = neuron.rate(current + rheobase)

    def response(above: Float) -> Float:
        """Spikes per tick of a neuron whose drive stands `above` its recruitment point."""
        return np.where(above > 0, np.interp(scale * above, current, spikes), 0.0)

    wanted = population.transfer_at(z) / ceiling * RATE_PEAK
    # All density is used (its sum is 1): a heavy extra row asks for it within the same non-negative problem.
    system = np.vstack([response(z[:, None] - candidates[None, :]), np.full((1, candidates.size), 1e3)])
    from scipy.optimize import nnls  # here and not above: only the rate code waits for its import

    density = cast(Float, nnls(system, np.append(wanted, 1e3))[0])
    # Each candidate stands for the cell around it; points are quantiles of that piecewise-constant density.
    cumulative = np.append(0.0, np.cumsum(density)) / density.sum()
    share = (np.arange(neurons) + 0.5) / neurons
    points = _refined(np.interp(share, cumulative, cells), z, wanted, response)
    return Ladder(points=points[None, :], low=low, high=high)


def _refined(points: Float, z: Float, wanted: Float, response: Callable[[Float], Float]) -> Float:
    """Points moved by damped Gauss-Newton steps so that the mean response of the finite pool is closest to `wanted`.

    The slope of a staircase is taken over half the mean distance of two points; a step that does not help is damped.
    """
    lowest, highest, count = float(points.min()), float(z[-1]), points.size

    def error(at: Float) -> Float:
        return response(z[:, None] - at[None, :]).mean(axis=1) - wanted

    reach, damping, best = 0.5 * (highest - lowest) / count, 1e-3, error(points)
    for _ in range(REFINEMENTS):
        above = z[:, None] - points[None, :]
        slope = (response(above - reach) - response(above + reach)) / (2.0 * reach * count)
        normal = slope.T @ slope
        normal += damping * np.trace(normal) / count * np.eye(count)
        moved = np.sort(np.clip(points - np.linalg.solve(normal, slope.T @ best), lowest, highest))
        if (after := error(moved)) @ after < best @ best:
            points, best, damping = moved, after, damping / 3.0
        else:
            damping *= 4.0
    return points
