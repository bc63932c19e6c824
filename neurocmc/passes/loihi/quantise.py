"""Rounds every parameter of the spiking network onto the target's grid, and records every loss.

Thresholds and biases already stand on the grid, gain matching placed them there. What rounds here is the pole of
the synaptic filter and the weights; weights are scaled to the pole that was realised, so that rounding a time
constant does not change a gain. What right shifts of sums lose in the mean is given back (`floor_losses`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InfeasibleError, Problem, raise_infeasible
from neurocmc.common.matrices import (
    FloatMatrix,
    any_entry,
    difference,
    divided_rows,
    largest,
    mapped,
    no_entries,
    scaled_rows,
    total,
)
from neurocmc.common.poles import pole
from neurocmc.ir.loihi.network import (
    IntegerInput,
    IntegerNetwork,
    IntegerPopulation,
    IntegerProjection,
    RoundingLoss,
    StepRule,
)
from neurocmc.ir.populations import by_target
from neurocmc.ir.segments import Segments
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation, SpikingProjection
from neurocmc.passes.check_neurons import synaptic_taus
from neurocmc.passes.loihi.floor_losses import FloorLoss, held_back
from neurocmc.passes.loihi.input_axons import input_axons
from neurocmc.passes.weight_grid import decay_register, exponent_of, onto_grid
from neurocmc.targets import LoihiLimits, LoihiTarget, Planes, SignMode
from neurocmc.theory.feedback import feedback_moved_lsb

FINE = ".fine"  # ends the name of the finer part of a projection


@dataclass(frozen=True)
class Quantise:
    """Turns a SpikingNetwork into an IntegerNetwork for a Loihi-like chip.

    With two `planes` every weight is the sum of two synapses of one axon: a coarse one, and at a smaller exponent one
    of what the first rounds away, which makes about 15 bits of 8.
    """

    name: ClassVar[str] = "quantise"
    planes: Planes = 1
    before: tuple[SpikingNetwork, IntegerNetwork] | None = None  # of which what is the same is not rounded again

    def run(self, network: SpikingNetwork, target: LoihiTarget) -> IntegerNetwork:
        """Raises InfeasibleError where a weight or bias does not fit its field."""
        limits = target.limits
        same = _Same.of(network, self.before)
        populations = tuple(
            same.populations.get(population.name) or _population(network, population, limits)
            for population in network.populations
        )
        by_name = {population.name: population for population in populations}
        projections = tuple(
            part
            for projection in network.projections
            for part in same.parts.get(projection.name) or self._parts(network, projection, by_name, limits)
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
        arriving = by_target(projections)
        recruited = [
            population
            if population.name in same.populations
            else _recruited(network, population, arriving.get(population.name, ()), limits)
            for population in populations
        ]
        clocks = {population.name for population in populations if population.clock}
        lost = [
            FloorLoss.of(population, arriving.get(population.name, ()), limits, clocks) for population in recruited
        ]
        return IntegerNetwork(
            name=network.name,
            tick_s=network.tick_s,
            rule=StepRule.of(limits),
            populations=tuple(
                population if population.name in same.populations else loss.given_back(population)
                for population, loss in zip(recruited, lost, strict=True)
            ),
            projections=projections,
            inputs=held_back(
                zip(recruited, lost, strict=True),
                [
                    same.inputs.get(entry.name) or input_axons(network, entry, by_name[entry.target], limits)
                    for entry in network.inputs
                ],
                limits,
            ),
            readouts=network.readouts,
        )

    def _parts(
        self,
        network: SpikingNetwork,
        projection: SpikingProjection,
        by_name: dict[str, IntegerPopulation],
        limits: LoihiLimits,
    ) -> tuple[IntegerProjection, ...]:
        """The synapses of a projection: one for each tap, and where it helps a finer one of what rounding took.

        All taps have one exponent, and those of either sign a format that holds both, for a core knows few formats of
        synapses. What rounding takes of one is given to the next later one: what has arrived by then is rounded, so
        that neither the gain nor the response to a step is further off than half a step of a weight. What is lost of
        all is told of the first.
        """
        segments = next(iter(network.population(projection.source).segments), None)
        source, target = by_name[projection.source], by_name[projection.target]
        per_gain = _per_gain(source, target, limits)
        whole = _wanted_lsb(network, projection, target, limits)
        if projection.exact:
            return _exact(projection, whole, per_gain, limits)
        rest, parts = no_entries(whole.shape), list[IntegerProjection]()
        taps = projection.arrivals
        both_signs = min(tap.share for tap in taps) < 0 < max(tap.share for tap in taps)
        sign: SignMode | None = "mixed" if both_signs else None
        exponent = max(exponent_of(whole * tap.share, limits, sign) for tap in taps)
        for tap in taps:
            wanted = total([whole * tap.share, rest])
            own = _part(projection, tap.delay_ticks, wanted, per_gain, limits, segments, exponent, sign)
            rest = difference(wanted, scaled_rows(own.realised_gain, per_gain))
            parts.append(own)
        if self.planes == 2 and any_entry(rest):
            fine = _part(projection, parts[-1].delay_ticks, rest, per_gain, limits, segments)
            if any_entry(fine.mantissa):
                rest = difference(rest, scaled_rows(fine.realised_gain, per_gain))
                parts.append(fine)
        parts = _named(parts, projection.name)
        lost = RoundingLoss.of(-rest, whole, sum(part.loss.clipped for part in parts))
        return (replace(parts[0], wanted_gain=divided_rows(whole, per_gain), loss=lost), *parts[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Same:
    """What another rounding made of the very same pools with the very same projections and inputs into them."""

    populations: dict[str, IntegerPopulation]
    parts: dict[str, tuple[IntegerProjection, ...]]
    inputs: dict[str, IntegerInput]

    @classmethod
    def of(cls, network: SpikingNetwork, before: tuple[SpikingNetwork, IntegerNetwork] | None) -> "_Same":
        if before is None:
            return cls(populations={}, parts={}, inputs={})
        given, made = before
        pools = {pool.name: pool for pool in given.populations}
        wires = {entry.name: entry for entry in given.projections}
        inputs = {entry.name: entry for entry in given.inputs}
        names = {
            pool.name
            for pool in network.populations
            if pools.get(pool.name) is pool
            and all(wires.get(p.name) is p for p in network.into(pool.name))
            and all(inputs.get(entry.name) is entry for entry in network.inputs_into(pool.name))
        }
        # What sums lose by being shifted right is given back to a population as it was before.
        names -= {part.target for part in made.projections if part.exponent < 0}
        parts: dict[str, list[IntegerProjection]] = {}
        for part in made.projections:
            if part.target in names:
                parts.setdefault(part.whole, []).append(part)
        return cls(
            populations={p.name: p for p in made.populations if p.name in names},
            parts={name: tuple(own) for name, own in parts.items()},
            inputs={entry.name: entry for entry in made.inputs if entry.target in names},
        )


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
        copies=population.copies,
        clock=population.clock,
    )


def _u_initial(network: SpikingNetwork, population: SpikingPopulation, decay_u: int, limits: LoihiLimits) -> Float:
    """The current that the first tick decays to the one that stands in it."""
    standing, exact = np.zeros(population.units), np.zeros(population.units)
    for projection in network.into(population.name):
        if projection.exact:
            exact = exact + projection.standing
        else:
            standing = standing + projection.standing
    rule = StepRule.of(limits)
    keep = rule.pole(decay_u)
    if not (standing.any() or exact.any()):
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
    # The least that decays to a gate, which is a whole number.
    initial = initial + np.ceil(np.rint(exact * population.lsb_per_threshold) / keep)
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


def _recruited(
    network: SpikingNetwork,
    population: IntegerPopulation,
    projections: tuple[IntegerProjection, ...],
    limits: LoihiLimits,
) -> IntegerPopulation:
    """The population with the thresholds of a feedback pool where the rounded feedback wants them.

    A pool that takes back a little more for every spike than was wanted must come in as much earlier at every
    neuron: that keeps its transfer, so that no gain has to be corrected.
    """
    moved = feedback_moved_lsb(population, projections)
    if not moved.any():
        return population
    pool = network.population(population.name)
    wanted = np.rint(pool.bias * pool.lsb_per_threshold) + moved
    mantissa, exponent = _bias_registers(population.name, wanted, limits)
    loss = RoundingLoss.of((mantissa << exponent) - wanted, wanted, clipped=0)
    return replace(population, bias_mantissa=mantissa, bias_exponent=exponent, bias_loss=loss)


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


def _wanted_lsb(
    network: SpikingNetwork, projection: SpikingProjection, target: IntegerPopulation, limits: LoihiLimits
) -> FloatMatrix:
    """(target units, source units) LSB of a projection's weights, for the pole that was realised."""
    lsb = network.population(projection.target).lsb_per_threshold
    if projection.exact:
        return mapped(projection.weight * lsb, np.rint)
    ideal_share = 1.0 - pole(projection.tau_s, network.tick_s)
    share = StepRule.of(limits).arriving(target.decay_u)
    return projection.weight * (lsb * share / ideal_share)


def _exact(
    projection: SpikingProjection, whole: FloatMatrix, per_gain: Float, limits: LoihiLimits
) -> tuple[IntegerProjection, ...]:
    """Two synapses of different exponents that hold weights without a rest. Raises InfeasibleError where none do."""
    coarse = _part(projection, projection.delay_ticks, whole, per_gain, limits, None)
    rest = difference(whole, _lsb(coarse, limits))
    # Sums at negative exponents are shifted right: what others add there would be rounded with it.
    fine = _part(projection, projection.delay_ticks, rest, per_gain, limits, None, 0)
    parts = [coarse, fine] if any_entry(rest) else [coarse]
    left = difference(rest, _lsb(fine, limits))
    if any_entry(left):
        what = f"two synapses leave {largest(left):,.0f} of {largest(whole):,.0f} LSB of its exact weights"
        cure = "use --code threshold"
        raise InfeasibleError(Problem("weight-beyond-mantissa", f"projection {projection.name}", what, cure))
    parts = _named(parts, projection.name)
    loss = RoundingLoss.of(left, whole, clipped=0)
    return (replace(parts[0], wanted_gain=divided_rows(whole, per_gain), loss=loss), *parts[1:])


def _named(parts: list[IntegerProjection], name: str) -> list[IntegerProjection]:
    """The parts of a projection in order of their delays; the first has its name, the others refer to it."""
    ordered = sorted(parts, key=lambda part: part.delay_ticks)
    named = [ordered[0]]
    for part in ordered[1:]:
        late = part.delay_ticks - ordered[0].delay_ticks
        again = part.delay_ticks == named[-1].delay_ticks
        own = f"{name}+{late}" if late else name
        named.append(replace(part, name=own + FINE if again else own, refines=name))
    return named


def _part(
    projection: SpikingProjection,
    delay_ticks: int,
    wanted: FloatMatrix,
    per_gain: Float,
    limits: LoihiLimits,
    segments: Segments | None,
    least_exponent: int | None = None,
    sign: SignMode | None = None,
) -> IntegerProjection:
    grid = onto_grid(wanted, limits, segments, least_exponent, sign)
    realised = grid.lsb(limits)
    return IntegerProjection(
        name=projection.name,
        source=projection.source,
        target=projection.target,
        mantissa=grid.mantissa,
        exponent=grid.exponent,
        sign=grid.sign,
        delay_ticks=delay_ticks,
        wanted_gain=divided_rows(wanted, per_gain),
        realised_gain=divided_rows(realised, per_gain),
        loss=RoundingLoss.of(difference(realised, wanted), wanted, grid.clipped),
    )


def _per_gain(source: IntegerPopulation, target: IntegerPopulation, limits: LoihiLimits) -> Float:
    """(target units,) LSB of a weight per unit of gain."""
    share = StepRule.of(limits).arriving(target.decay_u)
    return target.lsb_per_drive * (share * source.activity_per_spike)


def _lsb(part: IntegerProjection, limits: LoihiLimits) -> FloatMatrix:
    return mapped(part.mantissa, lambda mantissa: np.ldexp(mantissa, part.exponent + limits.weight_shift))
