"""Population codes: where the neurons of a pool stand so that the pool as a whole is the rate unit.

Both codes are found in the normalised drive z = gain (u + bias - offset), in which all units of a population have the
same transfer phi(z). A neuron recruited at z = q receives the bias that puts its threshold there.

*threshold*: neurons without memory; neuron k fires in every tick in which z exceeds q_k, and q_k is where phi
crosses (k - 1/2)/N of the ceiling. The pool's count is phi rounded to a whole number of neurons: its error is at most
1/(2N) of the ceiling, at every tick, without noise.

*rate*: leaky neurons that fire at most every fifth tick. Their own transfer f is concave above threshold and, in
whole ticks, a staircase; the density of recruitment points w >= 0 with  sum_q w(q) f(z - q) = phi(z)  undoes both
(non-negative least squares on the measured f), and the N points are its quantiles.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.optimize import nnls

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RatePopulation
from neurocmc.sim.neuron import Neuron

RATE_PEAK = 0.2  # spikes per tick of a neuron when the pool is full: 200 Hz at a tick of 1 ms
RATE_MEMORY_TICKS = 20.0  # membrane time constant of the rate code
RATE_CURRENT_MARGIN = 1.2  # current at the ceiling over the least that drives a neuron to its peak
_LOWEST = 0.002  # of the ceiling: below it a sigmoid's or a softplus's tail is left to the first neuron
_GRID = 261


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ladder:
    """Recruitment points of a pool in z, and the span of z they were chosen on."""

    points: Float  # (neurons,) rising
    low: float
    high: float


def span(population: RatePopulation, ceiling: float) -> tuple[float, float]:
    """The span of z from where phi leaves zero to where it reaches (almost) the ceiling."""
    top = ceiling * (1.0 - _LOWEST) if population.transfer == "sigmoid" else ceiling
    bottom = 0.0 if population.transfer == "relu" else ceiling * _LOWEST
    low, high = population.drive_at(np.array([bottom, top]))
    return float(low), float(high)


def threshold_ladder(population: RatePopulation, ceiling: float, neurons: int) -> Ladder:
    """The threshold code's recruitment points."""
    share = (np.arange(neurons) + 0.5) / neurons
    low, high = span(population, ceiling)
    return Ladder(points=population.drive_at(ceiling * share), low=low, high=high)


def rate_current_scale(population: RatePopulation, ceiling: float) -> float:
    """Thresholds of current per unit of z in the rate code: a pool must be able to rise as steeply as phi does."""
    low, high = span(population, ceiling)
    z = np.linspace(low, high, _GRID)
    steepest = float((np.diff(population.transfer_at(z)) / np.diff(z)).max())
    return RATE_PEAK * RATE_CURRENT_MARGIN * steepest / ceiling


def rate_ladder(population: RatePopulation, ceiling: float, neurons: int, neuron: Neuron, rheobase: float) -> Ladder:
    """The rate code's recruitment points, from the neuron's measured transfer.

    `rheobase` is the current, in thresholds, that just keeps the neuron at its threshold.
    """
    scale = rate_current_scale(population, ceiling)
    low, high = span(population, ceiling)
    pad = 0.15 * (high - low)
    z = np.linspace(low - pad, high, _GRID)
    candidates = np.linspace(low - pad, high, _GRID + 1)
    current = np.linspace(-scale * (high - low + 2 * pad), scale * (high - low + 2 * pad), 4001) + rheobase
    spikes = neuron.rate(current)
    response = np.interp(scale * (z[:, None] - candidates[None, :]) + rheobase, current, spikes)
    wanted = population.transfer_at(z) / ceiling * RATE_PEAK
    # All density is used (its sum is 1): a heavy extra row asks for it within the same non-negative problem.
    system = np.vstack([response, np.full((1, candidates.size), 1e3)])
    density = cast(Float, nnls(system, np.append(wanted, 1e3))[0])
    # Each candidate stands for the cell around it; points are quantiles of that piecewise-constant density.
    edges = np.append(candidates, 2 * candidates[-1] - candidates[-2]) - 0.5 * (candidates[1] - candidates[0])
    cumulative = np.append(0.0, np.cumsum(density)) / density.sum()
    share = (np.arange(neurons) + 0.5) / neurons
    return Ladder(points=np.interp(share, cumulative, edges), low=low, high=high)
