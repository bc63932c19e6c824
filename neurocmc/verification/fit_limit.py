"""How far a pool's measured transfer may lie from the unit's own: what its code promises on the target's grid.

*Threshold code*: a count is phi rounded to whole neurons, so it is off by half a neuron, 0.5/N of the ceiling; at a
point of recruitment by just that. On a grid each point of recruitment is moved as well, and where phi rises by
`steepest` of the ceiling per unit of its drive z, a move by d lets a count be off by d steepest more. In LSB of the
current, d is at most the sum of

- half a step of the grid that biases stand on: they were rounded to it;
- 1: current and threshold are whole numbers, and a neuron fires above its threshold;
- half of theta keep_v: what a neuron keeps of its voltage from the tick before, theta at most, recruits it earlier,
  but then it fires in every second tick (Loihi's voltage loses 4095/4096 a tick at most).

*Rate code*: 5 %.
"""

import numpy as np

from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation
from neurocmc.ir.rate import RatePopulation
from neurocmc.ir.spiking import SpikingPopulation

RATE_FIT_LIMIT = 0.05
LEAST_GRID = 0.01  # of a neuron, allowed for rounding of biases also where their grid is finer


def fit_limit(pool: SpikingPopulation, unit: RatePopulation, integer: IntegerNetwork | None) -> float:
    """The largest error of a pool's gain fit, as a fraction of its ceiling; `integer` None where nothing rounds."""
    if pool.code == "rate":
        return RATE_FIT_LIMIT
    moved = 0.0
    if integer is not None:
        held = integer.population(pool.name)
        keep_v = 1.0 - held.decay_v / (1 << integer.rule.decay_bits)
        lsb = 0.5 * bias_step_lsb(pool, held) + 1.0 + 0.5 * pool.lsb_per_threshold * keep_v
        lsb_per_z = pool.current_per_drive / unit.gain * pool.lsb_per_threshold
        moved = lsb / float(lsb_per_z.min()) * _steepest(pool, unit)
    return 0.5 / pool.neurons + max(moved, LEAST_GRID / pool.neurons)


def bias_step_lsb(pool: SpikingPopulation, held: IntegerPopulation) -> int:
    """The grid that a pool's biases stand on: the largest power of two that all of them are multiples of.

    Their registers may be finer, for their exponent is the smallest at which they fit.
    """
    biases = np.rint(pool.bias * pool.lsb_per_threshold).astype(np.int64)
    together = int(np.bitwise_or.reduce(biases, axis=None))
    return together & -together if together else 1 << held.bias_exponent


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
    return slope / pool.fit.ceiling


def _logistic(z: float) -> float:
    return float(0.5 + 0.5 * np.tanh(0.5 * z))
