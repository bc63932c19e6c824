"""Deals pools of the threshold code out into copies that fire in turn, and adds the clock that lets them.

A recruited neuron of the threshold code fires in every tick. Here it fires in every P-th only, with P times the
weight, and neurons of neighbouring thresholds have different phases (`ir.copies`). In a tick N/P neurons of evenly
spaced thresholds sample the drive, over P ticks all N do, and the filters behind them average:

    a neuron fires in tick t  if  drive > its threshold  and  t mod P == its phase

A *clock* does that with ordinary synapses: a ring of P neurons of which one fires in each tick, without a host. In
its tick a copy gets a current of +G, more than any drive brings, and its thresholds stand G higher, so that without
it nobody fires. A neuron's current is filtered, and what G leaves behind, the *rest*, must be gone when the copy's
next tick comes: the clock neuron that gates one phase takes the rest of the one before away in the same tick.

    clock neuron c fires in ticks t = c mod P   ->   in tick t + 1   +G to phase c + 1,   -keep G to phase c

On a chip both are exact. A current u >= 0 keeps floor(u k / 2^b) of itself; where G k / 2^b is a whole number,
floor((u + G) k / 2^b) is the sum of both, and the rest is G k / 2^b whatever u is. It is held by two synapses of
different exponents, so that nothing is left over. (Below 0, truncation is toward 0 without the gate and away from it
with the gate: a few LSB stay, fewer than the filter remembers ticks.) The copies of the first tick start with G in
their current, and the clock neuron that fires in it takes that away; where a filter keeps nothing, no current can
start, and they begin a period later.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.common.matrices import FloatMatrix
from neurocmc.common.names import free_name
from neurocmc.common.poles import pole
from neurocmc.ir.copies import Copies
from neurocmc.ir.rate import RateCircuit, RatePopulation
from neurocmc.ir.spiking import GainFit, SpikingInput, SpikingNetwork, SpikingPopulation, SpikingProjection
from neurocmc.ir.trace import Trace
from neurocmc.passes.calibrate import Calibration
from neurocmc.passes.weight_grid import decay_register, largest_gate
from neurocmc.passes.wires import filters_of
from neurocmc.targets import LoihiLimits, Target

MOST_PHASES = 8  # that are chosen: with more, a fast change of drive is seen by too few neurons
PERIODS = 2  # of the phases, that the fastest filter which hears a pool must average over
CLOCK = "clock"
CLOCK_WEIGHT = 2.0  # thresholds that a neuron of the ring gives the next
GATE_MARGIN = 1.25  # of a gate over what calibration brings above the first threshold


@dataclass(frozen=True, kw_only=True)
class Interleave:
    """Turns a SpikingNetwork of whole pools into one of copies; `phases` of all pools, chosen for each where None."""

    name: ClassVar[str] = "interleave"
    calibration: Calibration
    phases: int | None = None

    def run(self, network: SpikingNetwork, circuit: RateCircuit, target: Target) -> SpikingNetwork:
        """Returns a network with a clock, or of plain threshold code where no pool has phases.

        Raises InfeasibleError where phases do not divide the neurons of a unit, or no gate fits the registers.
        """
        phases = {p.name: self._phases(circuit, target, p) for p in network.populations}
        dealt = {p.name: self._dealt(p, circuit, phases[p.name], target) for p in network.populations}
        if max(phases.values()) == 1:
            return replace(network, populations=tuple(own.population for own in dealt.values()))
        clock = _clock(free_name(CLOCK, phases), max(phases.values()), circuit.dt_s, target)
        own_s = filters_of(circuit)
        gates = (
            _gate(clock, own, own_s[name], circuit.dt_s, target) for name, own in dealt.items() if phases[name] > 1
        )
        return replace(
            network,
            populations=(*(own.population for own in dealt.values()), clock),
            projections=(
                *(_projection(p, dealt[p.source], dealt[p.target]) for p in network.projections),
                _ring(clock),
                *gates,
            ),
            inputs=tuple(_input(entry, dealt[entry.target]) for entry in network.inputs),
        )

    def _phases(self, circuit: RateCircuit, target: Target, population: SpikingPopulation) -> int:
        if self.phases is None:
            return chosen_phases(circuit, target, population.name, population.neurons)
        if population.neurons % self.phases:
            raise InfeasibleError(phases_problem(self.phases, population.neurons))
        return self.phases

    def _dealt(self, pool: SpikingPopulation, circuit: RateCircuit, phases: int, target: Target) -> "_Dealt":
        if phases == 1:
            return _Dealt(population=replace(pool, code="threshold"), copies=None, scale=1.0, gate=0.0)
        unit = circuit.population(pool.name)
        needed = GATE_MARGIN * _reach(pool, unit, self.calibration.populations[pool.name].drive[1])
        return _Dealt.of(pool, unit, phases, needed, target, circuit.dt_s)


def phases_problem(phases: int, neurons: int | None = None) -> Problem:
    """Returns what is wrong with a number of phases, for pools of so many neurons."""
    if phases < 1 or phases & (phases - 1):
        return Problem("phases-unfit", "--phases", f"got {phases}", "give a power of two: 1, 2, 4, 8 or 16")
    what = f"{phases} phases do not divide {neurons} neurons per unit evenly"
    return Problem("phases-unfit", "--phases", what, f"use --neurons with a multiple of {phases}, or fewer phases")


def chosen_phases(circuit: RateCircuit, target: Target, name: str, neurons: int) -> int:
    """Chooses the phases of a population by the fastest filter that hears it, among those that divide its pools."""
    own = filters_of(circuit) if target.one_filter else {}
    heard = [min(p.tau_s * p.order, own.get(p.target, np.inf)) for p in circuit.projections if p.source == name]
    if (seen := circuit.population(name).trace_tau_s) > 0 or not heard:
        heard.append(seen)
    ticks, phases = min(heard) / circuit.dt_s, 1
    while 2 * phases <= min(MOST_PHASES, ticks / PERIODS) and neurons % (2 * phases) == 0:
        phases *= 2
    return phases


def _reach(pool: SpikingPopulation, unit: RatePopulation, highest: float) -> float:
    """Thresholds by which a normalised drive of `highest` lifts the first neuron of a pool over its threshold."""
    current = pool.current_per_drive / unit.gain * (highest - unit.undriven)
    return max(float((current + pool.bias.max(axis=1)).max()) - 1.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Dealt:
    """A population that was dealt out, or one of a single phase, which was not."""

    population: SpikingPopulation
    copies: Copies | None
    scale: float  # thresholds it has now per threshold that it had
    gate: float  # thresholds that it has now

    @classmethod
    def of(
        cls,
        pool: SpikingPopulation,
        unit: RatePopulation,
        phases: int,
        needed: float,
        target: Target,
        tick_s: float,
    ) -> "_Dealt":
        """Deals out a pool whose gate must be above `needed` thresholds."""
        copies, limits = Copies(units=pool.units, phases=phases), target.registers
        before, gate, kept = 1.0, max(needed, 1.0), 0.0
        if limits is not None:
            before, gate = float(pool.lsb_per_threshold), float(_gate_lsb(pool, needed, limits))
            kept = _kept_lsb(before, limits)
        after = before + gate + kept
        scale, trace = before / after, pool.trace
        if not unit.trace_tau_s:  # what is seen of r in one tick are N/P neurons
            trace = replace(trace, tau_s=max(trace.tau_s, phases * tick_s))
        return cls(
            population=replace(
                pool,
                units=copies.size,
                neurons=pool.neurons // phases,
                code="interleaved",
                bias=copies.dealt(pool.bias) * scale,
                v_initial=copies.dealt(pool.v_initial) * scale,
                current_per_drive=copies.repeated(pool.current_per_drive) * scale,
                activity_per_spike=pool.activity_per_spike * phases**2,
                trace=replace(trace, start=copies.repeated(trace.start)),
                lsb_per_threshold=0 if limits is None else int(after),
                copies=(copies,),
            ),
            copies=copies,
            scale=scale,
            gate=gate / after,
        )

    def rows(self, values: Float) -> Float:
        """What its units have in thresholds, as its copies have it."""
        return values if self.copies is None else self.copies.repeated(values) * self.scale

    def weights(self, weight: FloatMatrix) -> FloatMatrix:
        """Weights into its units, as its copies have them."""
        return weight if self.copies is None else weight[self.copies.unit] * self.scale

    def columns(self, weight: FloatMatrix) -> FloatMatrix:
        """Weights of a spike of its units, as those of a spike of its copies, of which there are fewer."""
        return weight if self.copies is None else weight[:, self.copies.unit] * float(self.copies.phases)


def _gate_lsb(pool: SpikingPopulation, needed: float, limits: LoihiLimits) -> int:
    """The largest gate, which leaves most room. Raises InfeasibleError where it is none for what drives the pool."""
    gate, wanted = largest_gate(limits), needed * pool.lsb_per_threshold
    if gate > wanted:
        return gate
    what = f"its currents reach {wanted:,.0f} LSB; the largest gating current that cancels exactly is {gate:,}"
    cure = "use --phases 1, or calibrate on weaker drives"
    raise InfeasibleError(Problem("gate-beyond-registers", f"population {pool.name}", what, cure))


def _kept_lsb(threshold: float, limits: LoihiLimits) -> int:
    """What a neuron at its threshold keeps of its voltage for the tick of its gate, which no spike has reset."""
    full = 1 << limits.decay_bits
    kept = threshold * (full - decay_register(0.0, 1.0, limits, 0)) / full
    return round(kept / (1 << limits.threshold_shift)) << limits.threshold_shift


def _projection(projection: SpikingProjection, source: _Dealt, target: _Dealt) -> SpikingProjection:
    return replace(
        projection,
        weight=target.weights(source.columns(projection.weight)),
        standing=target.rows(projection.standing),
    )


def _input(entry: SpikingInput, target: _Dealt) -> SpikingInput:
    return replace(
        entry,
        weight=target.weights(entry.weight),
        largest=entry.largest * target.scale,
        largest_step=entry.largest_step * target.scale,
    )


def _clock(name: str, phases: int, tick_s: float, target: Target) -> SpikingPopulation:
    """The ring: its neurons forget half of their voltage a tick, so that a start of 4 lifts the first one to 2."""
    drive = np.array([0.0, 1.0])
    return SpikingPopulation(
        name=name,
        units=phases,
        neurons=1,
        code="threshold",
        tau_mem_s=tick_s / float(np.log(2.0)),
        bias=np.zeros((phases, 1)),
        v_initial=np.where(np.arange(phases) == 0, 2.0 * CLOCK_WEIGHT, 0.0)[:, None],
        current_per_drive=np.ones(phases),
        activity_per_spike=1.0,
        trace=Trace.at_rest(0.0, phases),
        fit=GainFit(
            drive=drive,
            wanted=drive,
            measured=drive,
            ceiling=1.0,
            visited=(0.0, 1.0),
            rms_error=0.0,
            max_error=0.0,
            slope_error=0.0,
            valid_range=(0.0, 1.0),
        ),
        lsb_per_threshold=0 if target.registers is None else 1 << (target.registers.weight_shift + 6),
        clock=True,
    )


def _ring(clock: SpikingPopulation) -> SpikingProjection:
    return SpikingProjection(
        name=f"{clock.name}->{clock.name}",
        source=clock.name,
        target=clock.name,
        weight=CLOCK_WEIGHT * np.roll(np.eye(clock.units), 1, axis=0),
        tau_s=0.0,
        order=1,
        delay_ticks=0,
        standing=np.zeros(clock.units),
    )


def _gate(clock: SpikingPopulation, own: _Dealt, tau_s: float, tick_s: float, target: Target) -> SpikingProjection:
    """What a clock sends to a population: its gate to the next phase, and what is left of it from the present one."""
    assert own.copies is not None
    keep = pole(tau_s, tick_s)
    if (limits := target.registers) is not None:
        lost = decay_register(tau_s, tick_s, limits, limits.decay_u_offset) + limits.decay_u_offset
        keep = 1.0 - lost / (1 << limits.decay_bits)
    now = np.arange(clock.units)[None, :] % own.copies.phases
    phase = own.copies.phase[:, None]
    opens, closes = phase == (now + 1) % own.copies.phases, phase == now
    first = (own.copies.phase == 0) & (keep > 0)
    return SpikingProjection(
        name=f"{clock.name}->{own.population.name}",
        source=clock.name,
        target=own.population.name,
        weight=own.gate * (opens - keep * closes),
        tau_s=tau_s,
        order=1,
        delay_ticks=0,
        standing=own.gate * first,
        exact=True,
    )
