"""Computes how far a pool's measured transfer may lie from the unit's own, by its code on the target's grid.

*Threshold code*: a count is phi rounded to whole neurons, so it is off by half a neuron, 0.5/N of the ceiling; at a
point of recruitment by just that. On a grid each point of recruitment is moved as well, and where phi rises by
`steepest` of the ceiling per unit of its drive z, a move by d lets a count be off by d steepest more. In LSB of the
current, d is at most the sum of

- half a step of the grid that biases stand on: they were rounded to it;
- 1: current and threshold are whole numbers, and a neuron fires above its threshold;
- half of theta keep_v: what a neuron keeps of its voltage from the tick before, theta at most, recruits it earlier,
  but then it fires in every second tick (Loihi's voltage loses 4095/4096 a tick at most).

*Interleaved code*: the pools of the threshold code, asked over several ticks.

*Feedback code*: over the ticks of a kernel a pool says what it hears to half a quantum, 0.5/(H N) of the ceiling, so
that at constant drive its mean is off by no more where its transfer is straight. Where that is curved, feedback is
that of its steepest part; elsewhere the pool counts as the threshold code does.

*Rate code*: 5 %.
"""

import numpy as np

from neurocmc.ir.gates import RATE_FIT_LIMIT
from neurocmc.ir.rate import RatePopulation
from neurocmc.ir.spiking import SpikingPopulation

LEAST_GRID = 0.01  # of a neuron, allowed for rounding of biases also where their grid is finer


def fit_limit(pool: SpikingPopulation, unit: RatePopulation, placing_lsb: float = 0.0) -> float:
    """Returns the largest error of a pool's gain fit, as a fraction of its ceiling.

    `placing_lsb` is by how much the grid may move a point of recruitment, in LSB; 0 where nothing rounds.
    """
    if pool.code == "rate":
        return RATE_FIT_LIMIT
    moved = 0.0
    if placing_lsb:
        per_drive = pool.copies[0].first(pool.current_per_drive) if pool.copies else pool.current_per_drive
        lsb_per_z = per_drive / unit.gain * pool.lsb_per_threshold
        moved = placing_lsb / float(lsb_per_z.min()) * _steepest(pool, unit)
    straight = pool.code == "feedback" and unit.transfer in ("relu", "linear")
    steps = pool.neurons / pool.trace.kernel[0] if straight else pool.neurons_of_unit
    return 0.5 / steps + max(moved, LEAST_GRID / pool.neurons_of_unit)


def _steepest(pool: SpikingPopulation, unit: RatePopulation) -> float:
    """The steepest slope of phi over the drives of the fit, in ceilings per unit of z."""
    low, high = float(pool.fit.drive[0]), float(pool.fit.drive[-1])
    match unit.transfer:
        case "relu" | "linear":
            slope = 1.0
        case "softplus":
            slope = _logistic(high)
        case "sigmoid":
            share = _logistic(min(max(0.0, low), high))
            slope = unit.saturation * share * (1.0 - share)
    widths = (float(segments.width.min()) for segments in pool.segments)
    return slope / next(widths, pool.fit.ceiling)  # a segment is full when its unit has risen by its width


def _logistic(z: float) -> float:
    return float(0.5 + 0.5 * np.tanh(0.5 * z))
