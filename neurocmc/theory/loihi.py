"""Computes what Loihi's integers kept of a circuit: weights, poles, thresholds and ceilings, in its own units.

Weights are the gains realised, time constants those of the decay registers. In the threshold code neuron k of N fires
where the current passes its threshold less its bias; the mean of those N points, less what the ladder of a unit
without rounding would have, is by how much the unit's threshold has moved; a full pool is the unit's ceiling. In the
rate code the pool's curve was fitted, so that only the rounding of biases moves it, and nothing saturates. What a
negative weight exponent loses in the mean while spikes arrive, and what was given back for it, are part of the
threshold.
"""

from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.kept import Kept, KeptPopulation, KeptProjection
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation
from neurocmc.theory.feedback import feedback_moved_lsb
from neurocmc.theory.linear_threshold import threshold_of


def kept_by_integers(staged: RateCircuit, spiking: SpikingNetwork, integer: IntegerNetwork) -> Kept:
    """Returns what the integers hold of the staged circuit."""
    held = {projection.name: projection for projection in integer.projections}
    parts: dict[str, Float] = {}
    for p in integer.projections:
        whole = p.refines or p.name
        parts[whole] = parts.get(whole, np.zeros_like(p.realised_gain)) + p.realised_gain
    return Kept(
        tick_s=integer.tick_s,
        populations=tuple(
            _population(p, spiking.population(p.name), integer.population(p.name), integer)
            for p in staged.populations
        ),
        projections=tuple(
            KeptProjection.of(
                p,
                parts[p.name],
                wanted_gain=held[p.name].wanted_gain,
                tau_s=_tau_s(integer.population(p.target), integer, p, spiking),
            )
            for p in staged.projections
        ),
    )


def _tau_s(
    target: IntegerPopulation, integer: IntegerNetwork, projection: RateProjection, spiking: SpikingNetwork
) -> float:
    """The time constant of the target's current register; where taps or nothing stand for it, the one wanted."""
    keep = integer.rule.pole(target.decay_u)
    carried = next(p for p in spiking.projections if p.name == projection.name)
    tapped = (carried.tau_s, carried.order) != (projection.tau_s, projection.order)
    return projection.tau_s if tapped or not 0 < keep < 1 else -integer.tick_s / float(np.log(keep))


def _population(
    unit: RatePopulation, pool: SpikingPopulation, held: IntegerPopulation, integer: IntegerNetwork
) -> KeptPopulation:
    rule, biases = integer.rule, held.bias_lsb.astype(np.float64)
    lost = floor_loss_lsb(held, integer)
    moved: Float
    if pool.code == "threshold" and unit.transfer == "relu" and not unit.segments:
        threshold = rule.threshold_lsb(held.threshold_mantissa)
        # A neuron fires where current and bias, whole numbers both, are above the threshold: half an LSB further.
        recruited = (threshold + 0.5 - biases + lost) / held.lsb_per_drive[:, None]
        ladder = (np.arange(held.neurons) + 0.5) / held.neurons * pool.fit.ceiling
        wanted = ladder[None, :] / unit.gain[:, None] + (unit.offset - unit.bias)[:, None]
        if unit.floor:
            wanted = wanted + (unit.floor / unit.gain)[:, None]
        moved = (recruited - wanted).mean(axis=1)
        saturation = pool.fit.ceiling + unit.floor
    else:
        placed = pool.bias * pool.lsb_per_threshold + feedback_moved_lsb(held, integer.projections)
        moved = (placed - biases + lost).mean(axis=1) / held.lsb_per_drive
        full = pool.code == "feedback" and unit.transfer == "relu"
        saturation = pool.fit.ceiling + unit.floor if full else unit.saturation
    realised = replace(unit, offset=unit.offset + moved, saturation=min(unit.saturation, saturation))
    return KeptPopulation(
        name=unit.name,
        units=unit.size,
        wanted_pole=np.full(unit.size, held.wanted_pole),
        realised_pole=np.full(unit.size, rule.pole(held.decay_u)),
        offset_moved=moved,
        saturation=saturation,
        half_neuron=_half_neuron(realised, held, integer),
        placing_lsb=_placing_lsb(pool, held, rule.keep_v(held.decay_v) / rule.full_decay),
    )


def _placing_lsb(pool: SpikingPopulation, held: IntegerPopulation, keep_v: float) -> float:
    """By how much the grid may move a point of recruitment; `verification.fit_limit` has the reason for each term."""
    return 0.5 * bias_step_lsb(pool, held) + 1.0 + 0.5 * pool.lsb_per_threshold * keep_v


def _half_neuron(realised: RatePopulation, held: IntegerPopulation, integer: IntegerNetwork) -> Float:
    """(units,) activity that a unit of the realised circuit has where the first neuron of its pool fires.

    The voltage of a neuron passes theta, in however many ticks, where current and bias bring in more than theta loses
    in a tick; all are whole numbers, so half an LSB further.
    """
    rule = integer.rule
    theta = rule.threshold_lsb(held.threshold_mantissa)
    loses = theta - ((theta * rule.keep_v(held.decay_v)) >> rule.decay_bits)
    highest = held.bias_lsb.max(axis=1)
    first = (loses + 0.5 - highest + floor_loss_lsb(held, integer)) / held.lsb_per_drive
    return np.maximum(realised.gain * (first - threshold_of(realised)), 0.0)


def floor_loss_lsb(population: IntegerPopulation, integer: IntegerNetwork) -> float:
    """Returns what right shifts take, in the mean, from a standing current while spikes arrive in all groups."""
    rule = integer.rule
    groups = {
        (p.exponent, p.delay_ticks, p.sign)
        for p in integer.projections
        if p.target == population.name and p.exponent < 0
    }
    a_tick = sum((0.5 - 2.0**exponent * (1.0 if sign == "mixed" else 0.5)) for exponent, _, sign in groups)
    return a_tick * (1 << rule.weight_shift) / rule.arriving(population.decay_u)


def bias_step_lsb(pool: SpikingPopulation, held: IntegerPopulation) -> int:
    """Returns the grid that a pool's biases stand on: the largest power of two that all of them are multiples of.

    Their registers may be finer, for their exponent is the smallest at which they fit.
    """
    biases = np.rint(pool.bias * pool.lsb_per_threshold).astype(np.int64)
    together = int(np.bitwise_or.reduce(biases, axis=None))
    return together & -together if together else 1 << held.bias_exponent
