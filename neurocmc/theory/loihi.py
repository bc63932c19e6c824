"""Computes what Loihi's integers kept of a circuit: weights, poles, thresholds and ceilings, in its own units.

Weights are the gains realised, time constants those of the decay registers. In the threshold code neuron k of N fires
where the current passes its threshold less its bias; the mean of those N points, less what the ladder of a unit
without rounding would have, is by how much the unit's threshold has moved; a full pool is the unit's ceiling. In the
rate code the pool's curve was fitted, so that only the rounding of biases moves it, and nothing saturates. What a
negative weight exponent loses in the mean while spikes arrive, and what was given back for it, are part of the
threshold.

Copies that a clock lets fire in turn are put together to whole pools first: in the mean over the ticks of their turns
they are these. A threshold is then what it is in a copy's own tick, less the gate and what the voltage keeps.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import FloatMatrix, entries, from_entries, is_sparse
from neurocmc.ir.copies import Copies
from neurocmc.ir.kept import Kept, KeptPopulation, KeptProjection
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation
from neurocmc.theory.feedback import feedback_moved_lsb
from neurocmc.theory.linear_threshold import threshold_of


def kept_by_integers(staged: RateCircuit, spiking: SpikingNetwork, integer: IntegerNetwork) -> Kept:
    """Returns what the integers hold of the staged circuit."""
    held = {projection.name: projection for projection in integer.projections}
    copies = {p.name: p.copies[0] for p in integer.populations if p.copies}
    realised = integer.realised_gains()
    return Kept(
        tick_s=integer.tick_s,
        populations=tuple(
            _population(
                p, _whole_pool(spiking.population(p.name)), _whole(integer.population(p.name), integer), integer
            )
            for p in staged.populations
        ),
        projections=tuple(
            KeptProjection.of(
                p,
                _of_whole_units(realised[p.name], p, copies),
                wanted_gain=_of_whole_units(held[p.name].wanted_gain, p, copies),
                tau_s=_tau_s(integer.population(p.target), integer, p, spiking),
            )
            for p in staged.projections
        ),
    )


def _of_whole_units(gain: FloatMatrix, projection: RateProjection, copies: Mapping[str, Copies]) -> FloatMatrix:
    """Gains of the copies of units, which all hear and send the same, as gains of the units."""
    if projection.target in copies:
        gain = gain[:: copies[projection.target].phases]
    if projection.source not in copies:
        return gain
    of = copies[projection.source]
    if not is_sparse(gain):
        return of.summed(gain)
    row, column, value = entries(gain)
    return from_entries(row, column // of.phases, value, (gain.shape[0], of.units))


def _whole_pool(pool: SpikingPopulation) -> SpikingPopulation:
    """Copies put together to the pools that they were dealt out of."""
    for copies in pool.copies:
        return replace(
            pool,
            units=copies.units,
            neurons=pool.neurons_of_unit,
            bias=copies.gathered(pool.bias),
            v_initial=copies.gathered(pool.v_initial),
            current_per_drive=copies.first(pool.current_per_drive),
            trace=replace(pool.trace, start=copies.first(pool.trace.start)),
            copies=(),
        )
    return pool


def _whole(held: IntegerPopulation, integer: IntegerNetwork) -> IntegerPopulation:
    """The same of integers, with the thresholds that neurons have in the tick of their gate."""
    for copies in held.copies:
        rule = integer.rule
        gated = rule.threshold_lsb(held.threshold_mantissa) - integer.gate_lsb(held.name)
        # A neuron at its threshold keeps some of its voltage for the tick of its gate; it has not fired in between.
        kept = gated * rule.keep_v(held.decay_v) // (rule.full_decay + rule.keep_v(held.decay_v))
        return replace(
            held,
            units=copies.units,
            neurons=held.neurons * copies.phases,
            threshold_mantissa=round((gated - kept) / (1 << rule.threshold_shift)),
            bias_mantissa=copies.gathered(held.bias_mantissa),
            u_initial=copies.first(held.u_initial),
            v_initial=copies.gathered(held.v_initial),
            lsb_per_drive=copies.first(held.lsb_per_drive),
            trace=replace(held.trace, start=copies.first(held.trace.start)),
            copies=(),
        )
    return held


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
    if pool.code in ("threshold", "interleaved") and unit.transfer == "relu" and not unit.segments:
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
        full = pool.code in ("feedback", "interleaved") and unit.transfer == "relu"
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
