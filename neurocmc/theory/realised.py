"""The rate circuit that a chip's integers are: weights, poles, thresholds and ceilings as rounded, units unchanged.

Read from the integers alone, with the staged circuit for names and transfer: weights are the gains realised, time
constants those of the decay registers. In the threshold code neuron k of N fires where the current passes its
threshold less its bias; the mean of those N points, less what the ladder of a unit without rounding would have, is by
how much the unit's threshold has moved; a full pool is the unit's ceiling. In the rate code the pool's curve was
fitted, so that only the rounding of biases moves it, and nothing saturates. What a negative weight exponent loses in
the mean while spikes arrive, and what was given back for it, are part of the threshold.

A pool still counts in whole neurons, which no rate circuit shows. `Rounded` says beside the circuit how far above
its threshold a unit may be before the first neuron of its pool fires: half a neuron in the threshold code, the first
point of recruitment in the rate code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation
from neurocmc.theory.linear_threshold import LinearThreshold, NoTheory, linear_threshold, threshold_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rounded:
    """What a chip made of a circuit: the rate circuit that its numbers are, and the half neuron of its pools."""

    circuit: RateCircuit
    half_neuron: Mapping[str, Float]  # population -> (units,) activity up to which no neuron of a pool fires

    @property
    def network(self) -> LinearThreshold | NoTheory:
        """The circuit as a linear-threshold network whose units count in neurons, or why there is none."""
        return linear_threshold(self.circuit, self.half_neuron)


def rounded_circuit(staged: RateCircuit, spiking: SpikingNetwork, integer: IntegerNetwork) -> Rounded:
    """The staged circuit as the integers hold it, and the half neuron of each of its units."""
    circuit = realised_circuit(staged, spiking, integer)
    half_neuron = {p.name: _half_neuron(p, integer.population(p.name), integer) for p in circuit.populations}
    return Rounded(circuit=circuit, half_neuron=half_neuron)


def realised_circuit(staged: RateCircuit, spiking: SpikingNetwork, integer: IntegerNetwork) -> RateCircuit:
    """The staged circuit with every number as the integers hold it."""
    return replace(
        staged,
        name=f"{staged.name}, as rounded",
        populations=tuple(
            _population(p, spiking.population(p.name), integer.population(p.name), integer)
            for p in staged.populations
        ),
        projections=tuple(_projection(p, integer) for p in staged.projections),
    )


def _projection(projection: RateProjection, integer: IntegerNetwork) -> RateProjection:
    held = {p.name: p for p in integer.projections}[projection.name]
    return replace(
        projection,
        weight=held.realised_gain,
        dc_gain=1.0,
        tau_s=_tau_s(integer.population(projection.target), integer, projection.tau_s),
    )


def _tau_s(target: IntegerPopulation, integer: IntegerNetwork, wanted_s: float) -> float:
    """The time constant of the target's current register; without a filter of its own, the one that was wanted."""
    full = 1 << integer.rule.decay_bits
    keep = (full - target.decay_u - integer.rule.decay_u_offset) / full
    return -integer.tick_s / float(np.log(keep)) if 0 < keep < 1 else wanted_s


def _population(
    unit: RatePopulation, pool: SpikingPopulation, held: IntegerPopulation, integer: IntegerNetwork
) -> RatePopulation:
    biases = (held.bias_mantissa << held.bias_exponent).astype(np.float64)
    lost = floor_loss_lsb(held, integer)
    moved: Float
    if pool.code == "threshold" and unit.transfer == "relu":
        threshold = held.threshold_mantissa << integer.rule.threshold_shift
        # A neuron fires where current and bias, whole numbers both, are above the threshold: half an LSB further.
        recruited = (threshold + 0.5 - biases + lost) / held.lsb_per_drive[:, None]
        ladder = (np.arange(held.neurons) + 0.5) / held.neurons * pool.fit.ceiling
        wanted = ladder[None, :] / unit.gain[:, None] + (unit.offset - unit.bias)[:, None]
        if unit.floor:
            wanted = wanted + (unit.floor / unit.gain)[:, None]
        moved = (recruited - wanted).mean(axis=1)
        saturation = pool.fit.ceiling + unit.floor
    else:
        moved = (pool.bias * pool.lsb_per_threshold - biases + lost).mean(axis=1) / held.lsb_per_drive
        saturation = unit.saturation
    return replace(unit, offset=unit.offset + moved, saturation=min(unit.saturation, saturation))


def _half_neuron(realised: RatePopulation, held: IntegerPopulation, integer: IntegerNetwork) -> Float:
    """(units,) activity that a unit of the realised circuit has where the first neuron of its pool fires.

    The voltage of a neuron passes theta, in however many ticks, where current and bias bring in more than theta loses
    in a tick; all are whole numbers, so half an LSB further.
    """
    rule = integer.rule
    theta = held.threshold_mantissa << rule.threshold_shift
    loses = theta - ((theta * ((1 << rule.decay_bits) - held.decay_v)) >> rule.decay_bits)
    highest = (held.bias_mantissa << held.bias_exponent).max(axis=1)
    first = (loses + 0.5 - highest + floor_loss_lsb(held, integer)) / held.lsb_per_drive
    return np.maximum(realised.gain * (first - threshold_of(realised)), 0.0)


def floor_loss_lsb(population: IntegerPopulation, integer: IntegerNetwork) -> float:
    """What right shifts take, in the mean, from a standing current while spikes arrive in all weight groups."""
    rule = integer.rule
    groups = {
        (p.exponent, p.delay_ticks, p.sign)
        for p in integer.projections
        if p.target == population.name and p.exponent < 0
    }
    a_tick = sum((0.5 - 2.0**exponent * (1.0 if sign == "mixed" else 0.5)) for exponent, _, sign in groups)
    arriving = (population.decay_u + rule.decay_u_offset) / (1 << rule.decay_bits)
    return a_tick * (1 << rule.weight_shift) / arriving
