"""Turns every rate unit into a pool of spiking neurons whose measured transfer is the unit's own.

Three things are matched in the target's arithmetic: threshold and slope by where the neurons of a pool are recruited
(`pool_codes`), saturation by the ceiling, which stands a margin above the highest activity of calibration. Two scales
are free (`scales`), the threshold in LSB and the current per unit of drive: they are chosen as large as bias and
current registers allow. Then each unit's current is taken down, by a quarter at most, to where the weights of all
its synapses fall closest to their grid; in the rate code, whose slope ties current to threshold, all units' by one
factor. Gains survive rounding because they were put where rounding is harmless.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, assert_never

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.matrices import scaled_rows
from neurocmc.common.poles import pole
from neurocmc.ir.populations import by_target
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation
from neurocmc.ir.spiking import (
    SpikingInput,
    SpikingNetwork,
    SpikingPopulation,
    SpikingProjection,
)
from neurocmc.ir.trace import Trace
from neurocmc.passes.calibrate import Calibration
from neurocmc.passes.feedback import NO_KERNEL, Kernel, chosen_kernel, feedback_ladder, kernel_of
from neurocmc.passes.interleave import GATE_MARGIN
from neurocmc.passes.kind_scales import fan_in_of, kindest
from neurocmc.passes.pool_codes import (
    RATE_DELAY_TICKS,
    RATE_PEAK,
    Ladder,
    rate_current_scale,
    rate_ladder,
    threshold_ladder,
)
from neurocmc.passes.pool_fits import worst_fit
from neurocmc.passes.scales import CURRENT_MARGIN, Scales, largest_drive
from neurocmc.passes.starts import HostStart, Start, host_starts, start_of
from neurocmc.passes.wires import Wire, fastest_shared_ticks, feedback_wire, filters_of, wires_of
from neurocmc.sim.rate import SILENT
from neurocmc.targets import Code, Target

# A neuron of the rate code fires every third tick at most: what is seen of a filter-before winner-take-all at
# N = 64 is off by 2.7, 1.7, 1.3 % through 5, 10, 20 ticks.
RATE_OBSERVE_TICKS = 10


@dataclass(frozen=True, kw_only=True)
class GainMatch:
    """Turns a RateCircuit into a SpikingNetwork.

    `neurons` per unit; `code` of all populations, `kernel` of the feedback code, chosen where None; `margin` of a
    pool's range kept above the highest activity visited; `current_margins` how often the current that calibration
    needs must fit the register, where it is not the usual; `rounding` "gain-preserving" searches the scale at which
    weights round best, "nearest" takes the largest scale.
    """

    name: ClassVar[str] = "gain-match"
    calibration: Calibration
    neurons: int = 64
    code: Code = "threshold"
    kernel: str | None = None
    margin: float = 0.1
    seed: int = 0
    current_margins: Mapping[str, float] = field(
        default_factory=dict[str, float]
    )  # of populations that need more room
    known: Mapping[str, SpikingPopulation] = field(
        default_factory=dict[str, SpikingPopulation]
    )  # pools that another match made with the same margins, to be taken as they are
    before: SpikingNetwork | None = None  # which that match made: what reaches known pools is taken from it
    rounding: Literal["nearest", "gain-preserving"] = "gain-preserving"

    def run(self, circuit: RateCircuit, target: Target) -> SpikingNetwork:
        """Raises InfeasibleError where calibration never drives a population, or biases do not fit."""
        raise_infeasible(self._silent(circuit))
        tick_s = circuit.dt_s
        spikes_at_peak = RATE_PEAK if self.code == "rate" else 1.0
        kernels = {p.name: self._kernel(circuit, p) for p in circuit.populations}
        ceilings = {p.name: self._ceiling(p) for p in circuit.populations}
        per_spike = {name: ceiling / (self.neurons * spikes_at_peak) for name, ceiling in ceilings.items()}
        wires = (
            *wires_of(circuit, target, kernels),
            *(
                feedback_wire(
                    circuit, target, name, kernel, self._width(circuit, name, kernel, ceiling), per_spike[name]
                )
                for (name, kernel), ceiling in zip(kernels.items(), ceilings.values(), strict=True)
                if kernel.total > 1
            ),
        )
        rng = np.random.default_rng(self.seed)
        arriving = by_target(wires)
        populations = tuple(
            self._pool(
                circuit,
                population,
                target,
                arriving.get(population.name, ()),
                kernels[population.name],
                per_spike,
                ceilings[population.name],
                rng,
            )
            for population in circuit.populations
        )
        scale = {pool.name: pool.current_per_drive for pool in populations}
        delay = RATE_DELAY_TICKS if self.code == "rate" else 0
        starts = self._starts(circuit, target, wires, arriving, delay)
        made, given = self._made_before()
        return SpikingNetwork(
            name=circuit.name,
            tick_s=tick_s,
            populations=populations,
            projections=tuple(
                made.get(wire.projection.name)
                or _projection(wire, start, scale[wire.target], per_spike[wire.projection.source], tick_s, delay)
                for (wire, start) in zip(wires, starts, strict=True)
            ),
            inputs=(
                *(given.get(entry.name) or self._input(entry, scale[entry.target]) for entry in circuit.inputs),
                *(
                    given.get(start.entry.name) or _host_input(start, scale[start.entry.target])
                    for start in host_starts(circuit, zip(wires, starts, strict=True))
                ),
            ),
            readouts=circuit.readouts,
        )

    def _made_before(self) -> tuple[dict[str, SpikingProjection], dict[str, SpikingInput]]:
        """What reaches known pools, by name."""
        if self.before is None:
            return {}, {}
        made = {p.name: p for p in self.before.projections if p.target in self.known}
        return made, {entry.name: entry for entry in self.before.inputs if entry.target in self.known}

    def _starts(
        self,
        circuit: RateCircuit,
        target: Target,
        wires: tuple[Wire, ...],
        arriving: Mapping[str, tuple[Wire, ...]],
        code_delay: int,
    ) -> tuple[Start, ...]:
        with_host = target.late_parts  # corelets, which have none, start with whatever current they like
        fits = {p.name: self._holds_start(circuit, p, arriving.get(p.name, ())) for p in circuit.populations}
        return tuple(
            start_of(
                _steady_drive(circuit, wire),
                pole(wire.tau_s, circuit.dt_s),
                wire.order,
                [replace(tap, delay_ticks=wire.projection.delay_ticks + tap.delay_ticks) for tap in wire.arrivals],
                code_delay,
                with_host=with_host,
                fits=fits[wire.target],
            )
            for wire in wires
        )

    def _kernel(self, circuit: RateCircuit, population: RatePopulation) -> Kernel:
        if self.code != "feedback":
            return Kernel(NO_KERNEL)
        keep = pole(filters_of(circuit)[population.name], circuit.dt_s)
        if self.kernel is not None:
            return kernel_of(self.kernel, keep)
        shared_ticks = fastest_shared_ticks(circuit, population.name)
        return chosen_kernel(population, self.neurons, keep, shared_ticks, self.calibration.ticks)

    def _width(self, circuit: RateCircuit, name: str, kernel: Kernel, ceiling: float) -> float:
        return feedback_ladder(circuit.population(name), ceiling, self.neurons, kernel)[1]

    def _holds_start(self, circuit: RateCircuit, population: RatePopulation, wires: tuple[Wire, ...]) -> bool:
        """Whether a population's register holds what `wires` into it have left there before the first tick."""
        standing = np.zeros(population.size)
        for wire in wires:
            if (keep := pole(wire.tau_s, circuit.dt_s)) > 0:
                standing = standing + np.abs(_steady_drive(circuit, wire)) / keep
        room = CURRENT_MARGIN * largest_drive(population, self.calibration.populations[population.name])
        return float((population.gain * standing).max(initial=0.0)) <= room

    def _input(self, entry: RateInput, scale: Float) -> SpikingInput:
        seen, largest = self.calibration.inputs[entry.name], float(scale.max())
        return SpikingInput(
            name=entry.name,
            target=entry.target,
            weight=scaled_rows(entry.weight, scale),
            tau_s=entry.tau_s,
            order=entry.order,
            largest=largest * seen.largest,
            largest_step=largest * seen.largest_step,
        )

    def _silent(self, circuit: RateCircuit) -> list[Problem]:
        shown = f"on the calibration stimuli ({', '.join(self.calibration.stimuli)})"
        highest = {p.name: self.calibration.populations[p.name].activity[1] for p in circuit.populations}
        return [
            Problem(
                "population-silent",
                f"population {name}",
                f"it stays silent {shown}" if activity <= 0 else f"its activity stays below {SILENT:g} {shown}",
                "calibrate on stimuli that drive it: its gain can only be matched over activities that occur",
            )
            for name, activity in highest.items()
            if not activity > SILENT
        ]

    def _ceiling(self, population: RatePopulation) -> float:
        if population.segments:
            return 1.0
        if population.transfer == "sigmoid":
            return population.highest
        highest = self.calibration.populations[population.name].activity[1]
        return min(population.saturation, highest * (1.0 + self.margin))

    def _pool(
        self,
        circuit: RateCircuit,
        population: RatePopulation,
        target: Target,
        wires: tuple[Wire, ...],
        kernel: Kernel,
        per_spike: dict[str, float],
        ceiling: float,
        rng: np.random.Generator,
    ) -> SpikingPopulation:
        stagger = rng.permuted(np.tile(np.arange(self.neurons) / self.neurons, (population.size, 1)), axis=1)
        if population.name in self.known:
            return self.known[population.name]
        visited = self.calibration.populations[population.name]
        margin = self.current_margins.get(population.name, CURRENT_MARGIN)
        slack = 0.0
        if target.registers is not None:
            keep = pole(filters_of(circuit)[population.name], circuit.dt_s)
            slack = kernel.moves(keep, target.registers.weight_mantissa_bits)
        counts = _counting(self.code)
        scales = Scales.of(target, population, visited, counts, margin, slack)
        tau_mem_s = scales.tau_mem_s(circuit.dt_s)
        ladder = self._ladder(population, ceiling, kernel, scales)
        if self.code == "interleaved":
            scales = scales.within_gate(GATE_MARGIN * (visited.drive[1] - float(ladder.points.min())))
        shift = population.undriven
        recruited = ladder.points - shift[:, None]  # in units of gain * u
        span = ladder.high - ladder.low
        largest, threshold = scales.largest(recruited, span, rate_current_scale(population, ceiling))
        current = np.full((population.size, 1), largest)
        if self.rounding == "gain-preserving" and target.registers is not None:
            limits = target.registers
            fan_in = fan_in_of(circuit, population, wires, per_spike, limits)
            current, threshold = kindest(fan_in, scales, recruited, current, threshold, limits, counts)
        neuron = scales.neuron(threshold)
        bias = neuron.place_bias(scales.bias(recruited, current, threshold))
        per_threshold = current[:, 0] / threshold
        return SpikingPopulation(
            name=population.name,
            units=population.size,
            neurons=self.neurons,
            code="threshold" if self.code == "feedback" and kernel.total == 1 else self.code,
            tau_mem_s=tau_mem_s,
            bias=bias,
            v_initial=stagger if self.code == "rate" else np.zeros_like(stagger),
            current_per_drive=population.gain * per_threshold,
            activity_per_spike=per_spike[population.name],
            trace=_seen_through(population, self.code, kernel, circuit.dt_s),
            fit=worst_fit(
                population,
                neuron,
                bias - shift[:, None] * per_threshold[:, None],
                per_threshold,
                ladder,
                ceiling,
                per_spike[population.name],
                visited,
                counts,
                kernel,
            ),
            lsb_per_threshold=0 if target.registers is None else int(threshold),
            segments=population.segments,
        )

    def _ladder(self, population: RatePopulation, ceiling: float, kernel: Kernel, scales: "Scales") -> Ladder:
        match self.code:
            case "threshold" | "interleaved":
                return threshold_ladder(population, ceiling, self.neurons)
            case "feedback":
                return feedback_ladder(population, ceiling, self.neurons, kernel)[0]
            case "rate":
                neuron = scales.neuron(scales.highest_threshold)
                return rate_ladder(population, ceiling, self.neurons, neuron, scales.rheobase)
            case other:
                assert_never(other)


def _counting(code: Code) -> Code:
    """The code by which neurons are recruited: pools that are interleaved later are those of the threshold code."""
    return "threshold" if code == "interleaved" else code


def _projection(
    wire: Wire, start: Start, scale: Float, per_spike: float, tick_s: float, delay: int
) -> SpikingProjection:
    """A projection in thresholds; `scale` (target units,) is their current per drive."""
    p = wire.projection
    return SpikingProjection(
        name=p.name,
        source=p.source,
        target=p.target,
        weight=scaled_rows(p.weight, scale) * (p.dc_gain * (1.0 - pole(wire.tau_s, tick_s)) * per_spike),
        tau_s=wire.tau_s,
        order=wire.order,
        delay_ticks=delay + p.delay_ticks,
        standing=scale * start.standing,
        taps=wire.taps,
    )


def _host_input(start: HostStart, scale: Float) -> SpikingInput:
    entry = start.entry
    largest = float((np.abs(start.values) * scale).max())
    return SpikingInput(
        name=entry.name,
        target=entry.target,
        weight=scaled_rows(entry.weight, scale),
        tau_s=entry.tau_s,
        order=entry.order,
        largest=largest,
        largest_step=largest,
        start=start.rows,
    )


def _steady_drive(circuit: RateCircuit, wire: Wire) -> Float:
    """What the source's activity before the first tick drives the target with."""
    p = wire.projection
    return p.dc_gain * (p.weight @ circuit.population(p.source).initial)


def _seen_through(population: RatePopulation, code: Code, kernel: Kernel, tick_s: float) -> Trace:
    """The trace of the circuit's form; where that is r itself, the filter through which spikes are seen as r.

    A pool of the threshold code counts r in every tick; of the rate code each neuron fires in some ticks only.
    """
    spread = kernel.shares if kernel.total > 1 else ()
    if population.trace_tau_s:
        return replace(population.trace, kernel=spread)
    least_s = RATE_OBSERVE_TICKS * tick_s if code == "rate" else 0.0
    return Trace(tau_s=max(population.observe_tau_s, least_s), order=1, start=population.initial, kernel=spread)
