"""Rounds every parameter of the spiking network onto the target's grid, and records every loss.

Thresholds and biases already stand on the grid, gain matching placed them there. What rounds here is the pole of
the synaptic filter and the weights; weights are scaled to the pole that was realised, so that rounding a time
constant does not change a gain. A negative weight exponent shifts each tick's sum right and rounds it down; the mean
of what this loses is given back through the bias, as the filter comes to lose it: the current starts as far below as
the bias is raised.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InfeasibleError, Problem, raise_infeasible
from neurocmc.common.poles import pole
from neurocmc.ir.loihi.network import (
    IntegerInput,
    IntegerNetwork,
    IntegerPopulation,
    IntegerProjection,
    RoundingLoss,
    StepRule,
)
from neurocmc.ir.segments import Segments
from neurocmc.ir.spiking import SpikingInput, SpikingNetwork, SpikingPopulation, SpikingProjection
from neurocmc.passes.check_neurons import shared_tau_s, synaptic_taus
from neurocmc.passes.weight_grid import decay_register, onto_grid
from neurocmc.targets import LoihiLimits, LoihiTarget, Planes

STEPS_PER_NEURON = 8  # input quanta per step of the drive that recruits one more neuron, of most units
STEPS_OF_FINEST = 2  # the same, of the unit or segment whose steps are finest
INPUT_MARGIN = 1.5  # capacity of the input axons over the largest jump of calibration
FINE = ".fine"  # ends the name of the finer part of a projection
LARGE_AXON_LIMIT = 128  # large axons a unit and sign: beyond it an input costs more than the pool it drives


@dataclass(frozen=True)
class Quantise:
    """Turns a SpikingNetwork into an IntegerNetwork for a Loihi-like chip.

    With two `planes` every weight is the sum of two synapses of one axon: a coarse one, and at a smaller exponent one
    of what the first rounds away, which makes about 15 bits of 8.
    """

    name: ClassVar[str] = "quantise"
    planes: Planes = 1

    def run(self, network: SpikingNetwork, target: LoihiTarget) -> IntegerNetwork:
        """Raises InfeasibleError where a weight or bias does not fit its field."""
        limits = target.limits
        populations = tuple(_population(network, population, limits) for population in network.populations)
        by_name = {population.name: population for population in populations}
        projections = tuple(
            plane
            for projection in network.projections
            for plane in self._planes(network, projection, by_name, limits)
        )
        raise_infeasible(
            Problem(
                "weight-beyond-mantissa",
                f"projection {p.name}",
                f"{p.loss.clipped} weights are beyond the largest mantissa at exponent {limits.weight_exponent_max}",
                "use more neurons (--neurons), so that each spike weighs less",
            )
            for p in projections
            if p.loss.clipped
        )
        return IntegerNetwork(
            name=network.name,
            tick_s=network.tick_s,
            rule=StepRule.of(limits),
            populations=tuple(_compensated(population, projections, limits) for population in populations),
            projections=projections,
            inputs=tuple(_input(network, entry, by_name[entry.target], limits) for entry in network.inputs),
            readouts=network.readouts,
        )

    def _planes(
        self,
        network: SpikingNetwork,
        projection: SpikingProjection,
        by_name: dict[str, IntegerPopulation],
        limits: LoihiLimits,
    ) -> tuple[IntegerProjection, ...]:
        """The projection, and beside it where it helps a finer one of what its weights lost in rounding.

        What is lost of both together is told of the first.
        """
        segments = next(iter(network.population(projection.source).segments), None)
        coarse = _projection(network, projection, by_name, limits, segments)
        per_gain = _per_gain(by_name[coarse.source], by_name[coarse.target], limits)
        rest = (coarse.wanted_gain - coarse.realised_gain) * per_gain
        if self.planes == 1 or not rest.any():
            return (coarse,)
        grid = onto_grid(rest, limits, segments)
        if not grid.mantissa.any():
            return (coarse,)
        realised, wanted = grid.lsb(limits), coarse.wanted_gain * per_gain
        fine = replace(
            coarse,
            name=coarse.name + FINE,
            refines=coarse.name,
            mantissa=grid.mantissa,
            exponent=grid.exponent,
            sign=grid.sign,
            wanted_gain=rest / per_gain,
            realised_gain=realised / per_gain,
            loss=RoundingLoss.of(realised - rest, rest, grid.clipped),
        )
        return (replace(coarse, loss=RoundingLoss.of(realised - rest, wanted, coarse.loss.clipped)), fine)


def _population(network: SpikingNetwork, population: SpikingPopulation, limits: LoihiLimits) -> IntegerPopulation:
    taus = synaptic_taus(network, population.name)
    name, tau_s = min(taus.items(), key=lambda item: item[1], default=("", 0.0))
    raise_infeasible(_too_slow(population.name, name, tau_s, network.tick_s, limits))
    bias_lsb = np.rint(population.bias * population.lsb_per_threshold)
    mantissa, exponent = _bias_registers(population.name, bias_lsb, limits)
    lost = (mantissa << exponent) - population.bias * population.lsb_per_threshold
    decay_u = decay_register(tau_s, network.tick_s, limits, limits.decay_u_offset)
    return IntegerPopulation(
        name=population.name,
        units=population.units,
        neurons=population.neurons,
        decay_u=decay_u,
        decay_v=decay_register(population.tau_mem_s, network.tick_s, limits, 0),
        threshold_mantissa=population.lsb_per_threshold >> limits.threshold_shift,
        bias_mantissa=mantissa,
        bias_exponent=exponent,
        u_initial=_u_initial(network, population, decay_u, limits).astype(np.int64),
        v_initial=np.rint(population.v_initial * population.lsb_per_threshold),
        lsb_per_drive=population.current_per_drive * population.lsb_per_threshold,
        activity_per_spike=population.activity_per_spike,
        trace=population.trace,
        wanted_pole=pole(tau_s, network.tick_s),
        bias_loss=RoundingLoss.of(lost, bias_lsb, clipped=0),
    )


def _u_initial(network: SpikingNetwork, population: SpikingPopulation, decay_u: int, limits: LoihiLimits) -> Float:
    """The current that the first tick decays to the one that stands in it."""
    standing = np.zeros(population.units)
    for projection in network.projections:
        if projection.target == population.name:
            standing = standing + projection.standing
    rule = StepRule.of(limits)
    keep = rule.pole(decay_u)
    if not standing.any():
        return standing
    if not keep > 0:
        raise InfeasibleError(
            Problem(
                "initial-current",
                f"population {population.name}",
                "its sources are active before the first tick, and its filter keeps nothing of it",
                "use a shorter tick, or a longer time constant",
            )
        )
    initial = np.rint(standing * population.lsb_per_threshold / keep)
    largest, limit = float(np.abs(initial).max()), rule.half_current - 1
    if largest > limit:
        what = (
            f"its current before the first tick, left by sources that are active then, is {largest:,.0f} LSB, the "
            f"register holds {limit:,}"
        )
        cure = "use a shorter tick (--tick-ms), or a longer time constant"
        raise InfeasibleError(Problem("initial-current", f"population {population.name}", what, cure))
    return initial


def _too_slow(population: str, name: str, tau_s: float, tick_s: float, limits: LoihiLimits) -> Iterable[Problem]:
    """A filter slower than the smallest decay that the chip has."""
    slowest_s = -tick_s / float(np.log1p(-max(limits.decay_u_offset, 1) / (1 << limits.decay_bits)))
    if tau_s > slowest_s:
        yield Problem(
            "decay-too-slow",
            f"population {population}",
            f"{name} has tau {tau_s:g} s; at a tick of {1e3 * tick_s:g} ms the slowest decay is {slowest_s:.3g} s",
            "use a shorter time constant, or a longer tick",
        )


def _compensated(
    population: IntegerPopulation, projections: tuple[IntegerProjection, ...], limits: LoihiLimits
) -> IntegerPopulation:
    """The population with its biases raised by the mean loss of the right shifts in its weight groups.

    A sum shifted right by s loses (1 - 2^-s)/2 of a unit of weight in the mean, in every tick with spikes, and one of
    even mantissas (mixed signs) 1/2 - 2^-s. Where a pool is silent without current, never more than half the way to
    the first neuron's threshold is given back, so that it stays silent.
    """
    groups = {
        (p.exponent, p.delay_ticks, p.sign) for p in projections if p.target == population.name and p.exponent < 0
    }
    lost_a_tick = sum(
        (0.5 - 2.0**exponent * (1.0 if sign == "mixed" else 0.5)) * (1 << limits.weight_shift)
        for exponent, _, sign in groups
    )
    rule = StepRule.of(limits)
    threshold = rule.threshold_lsb(population.threshold_mantissa)
    highest_bias = int(population.bias_mantissa.max(initial=0)) << population.bias_exponent
    to_first_spike = threshold * population.decay_v / rule.full_decay - highest_bias
    give_back = lost_a_tick / rule.arriving(population.decay_u)
    if to_first_spike >= 0:
        give_back = min(give_back, 0.5 * to_first_spike)
    register = (1 << limits.bias_mantissa_bits) - 1
    steps = round(give_back / (1 << population.bias_exponent))
    # The filter has lost nothing before the first tick and comes to its loss as it forgets where it began.
    keep = rule.pole(population.decay_u)
    ahead = round((steps << population.bias_exponent) / keep) if keep > 0 else 0
    return replace(
        population,
        bias_mantissa=np.minimum(population.bias_mantissa + steps, register),
        u_initial=np.maximum(population.u_initial - ahead, 1 - rule.half_current),
    )


def _bias_registers(name: str, bias_lsb: Float, limits: LoihiLimits) -> tuple[Int, int]:
    """Mantissas of a population's biases and the exponent they share, the smallest at which all of them fit."""
    highest = (1 << limits.bias_mantissa_bits) - 1
    for exponent in range(limits.bias_exponent_max + 1):
        mantissa = np.rint(bias_lsb / (1 << exponent)).astype(np.int64)
        if np.abs(mantissa).max(initial=0) <= highest:
            return mantissa, exponent
    raise InfeasibleError(
        Problem(
            "biases-too-far-apart",
            f"population {name}",
            f"its biases reach {np.abs(bias_lsb).max():,.0f} LSB, the registers hold "
            f"{highest << limits.bias_exponent_max:,}",
            "bring the thresholds and biases of its units closer together, or split the population",
        )
    )


def _projection(
    network: SpikingNetwork,
    projection: SpikingProjection,
    by_name: dict[str, IntegerPopulation],
    limits: LoihiLimits,
    segments: Segments | None,
) -> IntegerProjection:
    source, target = by_name[projection.source], by_name[projection.target]
    lsb = network.population(projection.target).lsb_per_threshold
    ideal_share = 1.0 - pole(projection.tau_s, network.tick_s)
    share = StepRule.of(limits).arriving(target.decay_u)
    wanted = projection.weight * (lsb * share / ideal_share)
    grid = onto_grid(wanted, limits, segments)
    realised = grid.lsb(limits)
    per_gain = _per_gain(source, target, limits)
    return IntegerProjection(
        name=projection.name,
        source=projection.source,
        target=projection.target,
        mantissa=grid.mantissa,
        exponent=grid.exponent,
        sign=grid.sign,
        delay_ticks=projection.delay_ticks,
        wanted_gain=wanted / per_gain,
        realised_gain=realised / per_gain,
        loss=RoundingLoss.of(realised - wanted, wanted, grid.clipped),
    )


def _per_gain(source: IntegerPopulation, target: IntegerPopulation, limits: LoihiLimits) -> Float:
    """(target units, 1) LSB of a weight per unit of gain."""
    share = StepRule.of(limits).arriving(target.decay_u)
    return target.lsb_per_drive[:, None] * (share * source.activity_per_spike)


def _input(
    network: SpikingNetwork, entry: SpikingInput, population: IntegerPopulation, limits: LoihiLimits
) -> IntegerInput:
    lsb = network.population(entry.target).lsb_per_threshold
    share = StepRule.of(limits).arriving(population.decay_u)
    own_s = shared_tau_s(network, entry.target)
    host_pole = pole(entry.tau_s, network.tick_s) if entry.tau_s not in (0.0, own_s) else 0.0
    # The largest innovation: what moves in a tick, plus what the filter loses of the standing drive in it.
    moves = (1.0 - host_pole) * 2.0 * entry.largest if host_pole else entry.largest_step
    filtered = entry.tau_s > 0 and not host_pole
    jump_lsb = INPUT_MARGIN * lsb * (share * entry.largest + (0.0 if filtered else moves))
    exponent = _input_exponent(population, jump_lsb, limits)
    largest_value = jump_lsb / (1 << (limits.weight_shift + exponent))
    raise_infeasible(_too_many_axons(entry.name, largest_value, limits))
    return IntegerInput(
        name=entry.name,
        target=entry.target,
        axon_mantissa=_axons(largest_value, limits),
        exponent=exponent,
        payload_bits=limits.spike_payload_bits,
        lsb_per_input=entry.weight * lsb,
        filtered=filtered,
        host_pole=host_pole,
        start=entry.start,
    )


def _input_exponent(population: IntegerPopulation, jump_lsb: float, limits: LoihiLimits) -> int:
    """Fine enough for the pool's own steps, coarse enough for the axons to carry the largest jump."""
    fine = np.log2(max(_input_step(population, limits), 1.0)) - limits.weight_shift - 1
    if limits.spike_payload_bits:
        carried = (1 << (limits.spike_payload_bits - 1)) - 1
    else:
        carried = LARGE_AXON_LIMIT * ((1 << limits.weight_mantissa_bits) - 2)
    coarse = np.log2(max(jump_lsb, 1.0) / carried) - limits.weight_shift
    return min(max(int(np.floor(fine)), int(np.ceil(coarse)), 0), limits.weight_exponent_max)


def _input_step(population: IntegerPopulation, limits: LoihiLimits) -> float:
    """The largest quantum of an input, in LSB: small against the steps of most units, and of no unit a whole step."""
    if population.neurons == 1:
        return (1 << limits.weight_shift) / STEPS_PER_NEURON
    of_unit = np.median(np.diff(np.sort(population.bias_lsb, axis=1), axis=1), axis=1)
    return min(float(np.median(of_unit)) / STEPS_PER_NEURON, float(of_unit.min()) / STEPS_OF_FINEST)


def _too_many_axons(name: str, largest_value: float, limits: LoihiLimits) -> Iterable[Problem]:
    """An input that no core could take in, found before its axons are written down."""
    needed = 2.0 * largest_value / ((1 << limits.weight_mantissa_bits) - 2)
    if not limits.spike_payload_bits and needed > limits.in_axons_per_core:
        yield Problem(
            "input-jump-too-large",
            f"input {name}",
            f"its largest jump takes {needed:.3g} axons a unit, limit {limits.in_axons_per_core:,} on one core",
            "bring the gains of the units it drives closer together, or scale the drive down",
        )


def _axons(largest_value: float, limits: LoihiLimits) -> Int:
    """Mantissas of one unit's input axons: powers of two for the fine part, full ones for the rest, both signs."""
    if limits.spike_payload_bits:
        return np.array([1], dtype=np.int64)
    full = (1 << limits.weight_mantissa_bits) - 2
    fine = 2 ** np.arange(1, limits.weight_mantissa_bits)
    large = np.full(max(int(np.ceil(largest_value / full)) - 1, 0), full)
    positive = np.concatenate([fine, large])
    return np.concatenate([positive, -positive]).astype(np.int64)
