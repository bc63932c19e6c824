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

from neurocmc.common.arrays import Bool, Float
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.poles import pole
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation
from neurocmc.ir.segments import Segments
from neurocmc.ir.spiking import (
    GainFit,
    SpikingInput,
    SpikingNetwork,
    SpikingPopulation,
    SpikingProjection,
)
from neurocmc.ir.trace import Trace
from neurocmc.passes.calibrate import Calibration
from neurocmc.passes.pool_codes import (
    RATE_DELAY_TICKS,
    RATE_PEAK,
    Ladder,
    rate_current_scale,
    rate_ladder,
    threshold_ladder,
)
from neurocmc.passes.scales import CURRENT_MARGIN, Scales
from neurocmc.passes.starts import HostStart, host_starts, start_of
from neurocmc.passes.weight_grid import decay_register, weight_step
from neurocmc.sim.neuron import Neuron
from neurocmc.sim.rate import SILENT, Visited
from neurocmc.targets import Code, LoihiLimits, Target

# A neuron of the rate code fires every third tick at most: what is seen of a filter-before winner-take-all at
# N = 64 is off by 2.7, 1.7, 1.3 % through 5, 10, 20 ticks.
RATE_OBSERVE_TICKS = 10
SCALE_CANDIDATES = np.linspace(1.0, 0.75, 251)  # of the largest scale that fits


@dataclass(frozen=True, kw_only=True)
class GainMatch:
    """Turns a RateCircuit into a SpikingNetwork.

    `neurons` per unit; `code` of all populations; `margin` of a pool's range kept above the highest activity visited;
    `current_margins` how often the current that calibration needs must fit the register, where it is not the usual;
    `rounding` "gain-preserving" searches the scale at which weights round best, "nearest" takes the largest scale.
    """

    name: ClassVar[str] = "gain-match"
    calibration: Calibration
    neurons: int = 64
    code: Code = "threshold"
    margin: float = 0.1
    seed: int = 0
    current_margins: Mapping[str, float] = field(
        default_factory=dict[str, float]
    )  # of populations that need more room
    rounding: Literal["nearest", "gain-preserving"] = "gain-preserving"

    def run(self, circuit: RateCircuit, target: Target) -> SpikingNetwork:
        """Raises InfeasibleError where calibration never drives a population, or biases do not fit."""
        raise_infeasible(self._silent(circuit))
        tick_s = circuit.dt_s
        spikes_at_peak = 1.0 if self.code == "threshold" else RATE_PEAK
        ceilings = {p.name: self._ceiling(p) for p in circuit.populations}
        per_spike = {name: ceiling / (self.neurons * spikes_at_peak) for name, ceiling in ceilings.items()}
        rng = np.random.default_rng(self.seed)
        populations = tuple(
            self._pool(circuit, population, target, tick_s, per_spike, ceilings[population.name], rng)
            for population in circuit.populations
        )
        scale = {pool.name: pool.current_per_drive[:, None] for pool in populations}
        delay = RATE_DELAY_TICKS if self.code == "rate" else 0
        with_host = target.delay_ticks_max != 0  # corelets, which have none, start with whatever current they like
        starts = {
            p.name: start_of(p, circuit.population(p.source).initial, tick_s, delay, with_host=with_host)
            for p in circuit.projections
        }
        return SpikingNetwork(
            name=circuit.name,
            tick_s=tick_s,
            populations=populations,
            projections=tuple(
                SpikingProjection(
                    name=p.name,
                    source=p.source,
                    target=p.target,
                    weight=scale[p.target]
                    * p.weight
                    * (p.dc_gain * (1.0 - pole(p.tau_s, tick_s)) * per_spike[p.source]),
                    tau_s=p.tau_s,
                    order=p.order,
                    delay_ticks=delay + p.delay_ticks,
                    standing=scale[p.target][:, 0] * starts[p.name].standing,
                )
                for p in circuit.projections
            ),
            inputs=(
                *(self._input(entry, scale[entry.target]) for entry in circuit.inputs),
                *(_host_input(start, scale[start.entry.target]) for start in host_starts(circuit, starts)),
            ),
            readouts=circuit.readouts,
        )

    def _input(self, entry: RateInput, scale: Float) -> SpikingInput:
        seen, largest = self.calibration.inputs[entry.name], float(scale.max())
        return SpikingInput(
            name=entry.name,
            target=entry.target,
            weight=scale * entry.weight,
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
                "calibrate on stimuli that drive it: its gain can only be matched over activities it visits",
            )
            for name, activity in highest.items()
            if not activity > SILENT
        ]

    def _ceiling(self, population: RatePopulation) -> float:
        if population.segments:
            return 1.0
        if population.transfer == "sigmoid":
            return min(population.saturation, population.top) - population.floor
        highest = self.calibration.populations[population.name].activity[1]
        return min(population.saturation, highest * (1.0 + self.margin))

    def _pool(
        self,
        circuit: RateCircuit,
        population: RatePopulation,
        target: Target,
        tick_s: float,
        per_spike: dict[str, float],
        ceiling: float,
        rng: np.random.Generator,
    ) -> SpikingPopulation:
        visited = self.calibration.populations[population.name]
        margin = self.current_margins.get(population.name, CURRENT_MARGIN)
        scales = Scales.of(target, population, visited, self.code, margin)
        tau_mem_s = scales.tau_mem_s(tick_s)
        ladder = self._ladder(population, ceiling, scales)
        shift = population.gain * (population.bias - population.offset)
        recruited = ladder.points - shift[:, None]  # in units of gain * u
        span = ladder.high - ladder.low
        largest, threshold = scales.largest(recruited, span, rate_current_scale(population, ceiling))
        current = np.full((population.size, 1), largest)
        if self.rounding == "gain-preserving" and target.registers is not None:
            fan_in = [
                _FanIn.of(weight, circuit.population(source))
                for source, weight in _fan_in_per_current(circuit, population, per_spike, tick_s, target.registers)
            ]
            current, threshold = self._kindest(fan_in, scales, recruited, current, threshold, target.registers)
        neuron = scales.neuron(threshold)
        bias = neuron.place_bias(scales.bias(recruited, current, threshold))
        per_threshold = current[:, 0] / threshold
        stagger = rng.permuted(np.tile(np.arange(self.neurons) / self.neurons, (population.size, 1)), axis=1)
        return SpikingPopulation(
            name=population.name,
            units=population.size,
            neurons=self.neurons,
            code=self.code,
            tau_mem_s=tau_mem_s,
            bias=bias,
            v_initial=stagger if self.code == "rate" else np.zeros_like(stagger),
            current_per_drive=population.gain * per_threshold,
            activity_per_spike=per_spike[population.name],
            trace=_seen_through(population, self.code, tick_s),
            fit=self._worst_fit(
                population,
                neuron,
                bias - shift[:, None] * per_threshold[:, None],
                per_threshold,
                ladder,
                ceiling,
                per_spike[population.name],
                visited,
            ),
            lsb_per_threshold=0 if target.registers is None else int(threshold),
            segments=population.segments,
        )

    def _worst_fit(
        self,
        population: RatePopulation,
        neuron: Neuron,
        bias: Float,
        scale: Float,
        ladder: Ladder,
        ceiling: float,
        activity_per_spike: float,
        visited: Visited,
    ) -> GainFit:
        """The fit of the unit that rounding of biases hurts most; `bias` (units, neurons) is that without shift.

        In the rate code, whose neurons must be stepped for long, the first unit stands for all.
        """
        if population.segments:
            alone = (_Alone.of(population, ladder, index) for index in range(population.size))
            fits = [
                _measure(
                    own.population, neuron, row, float(of_row), own.ladder, ceiling, activity_per_spike, own.visited
                )
                for own, row, of_row in zip(alone, bias, scale, strict=True)
            ]
            return max(fits, key=lambda fit: fit.max_error)
        units = np.column_stack([bias, scale])
        rows = units[:1] if self.code == "rate" else np.unique(units, axis=0)  # units that are alike fit alike
        fits = [
            _measure(population, neuron, row[:-1], float(row[-1]), ladder, ceiling, activity_per_spike, visited)
            for row in rows
        ]
        return max(fits, key=lambda fit: fit.max_error)

    def _kindest(
        self,
        fan_in: "list[_FanIn]",
        scales: Scales,
        recruited: Float,
        current: Float,
        threshold: float,
        limits: LoihiLimits,
    ) -> tuple[Float, float]:
        """Current and threshold with every unit where its weights round least; of what keeps all biases in reach."""
        free = np.ones((SCALE_CANDIDATES.size, len(current)), dtype=np.bool_)
        factor = _kindest_factors(fan_in, current, limits, free, together=self.code == "rate")
        pair = scales.shrunk(factor, recruited, current, threshold)
        if self.code == "rate" or scales.holds(pair[0] * recruited, pair[1]).all():
            return pair
        held = [scales.holds(current * f * recruited, threshold) | (f == 1.0) for f in SCALE_CANDIDATES]
        factor = _kindest_factors(fan_in, current, limits, np.stack(held), together=False)
        return current * factor, threshold

    def _ladder(self, population: RatePopulation, ceiling: float, scales: "Scales") -> Ladder:
        match self.code:
            case "threshold":
                return threshold_ladder(population, ceiling, self.neurons)
            case "rate":
                neuron = scales.neuron(scales.highest_threshold)
                return rate_ladder(population, ceiling, self.neurons, neuron, scales.rheobase)
            case other:
                assert_never(other)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Alone:
    """One segment as a population of its own, over the drives that it answers to."""

    population: RatePopulation
    ladder: Ladder
    visited: Visited

    @classmethod
    def of(cls, population: RatePopulation, ladder: Ladder, index: int) -> "_Alone":
        segments, one, points = population.segments[0], np.array([index]), ladder.points[index]
        half_step = 0.5 * float(points[-1] - points[0]) / max(points.size - 1, 1)
        low, high = float(points[0]) - half_step, float(points[-1]) + half_step
        return cls(
            population=replace(
                population,
                size=1,
                **{name: getattr(population, name)[one] for name in ("gain", "offset", "bias", "initial")},
                segments=(
                    Segments(units=1, unit=np.zeros(1, np.int64), low=segments.low[one], width=segments.width[one]),
                ),
            ),
            ladder=Ladder(points=points[None, :], low=low, high=high),
            visited=Visited(activity=(0.0, 1.0), drive=(low, high), highest=(1.0,)),
        )


def _host_input(start: HostStart, scale: Float) -> SpikingInput:
    entry = start.entry
    largest = float((np.abs(start.values) * scale[:, 0]).max())
    return SpikingInput(
        name=entry.name,
        target=entry.target,
        weight=scale * entry.weight,
        tau_s=entry.tau_s,
        order=entry.order,
        largest=largest,
        largest_step=largest,
        start=start.rows,
    )


def _seen_through(population: RatePopulation, code: Code, tick_s: float) -> Trace:
    """The trace of the circuit's form; where that is r itself, the filter through which spikes are seen as r.

    A pool of the threshold code counts r in every tick; of the rate code each neuron fires in some ticks only.
    """
    if population.trace_tau_s:
        return population.trace
    least_s = RATE_OBSERVE_TICKS * tick_s if code == "rate" else 0.0
    return Trace(tau_s=max(population.observe_tau_s, least_s), order=1, start=population.initial)


def _fan_in_per_current(
    circuit: RateCircuit, population: RatePopulation, per_spike: dict[str, float], tick_s: float, limits: LoihiLimits
) -> list[tuple[str, Float]]:
    """Source and weights of each projection into a population, in LSB per spike at a scale of 1 LSB per unit of z."""
    weights: list[tuple[str, Float]] = []
    for projection in circuit.projections:
        if projection.target == population.name:
            register = decay_register(projection.tau_s, tick_s, limits, limits.decay_u_offset)
            arrives = (register + limits.decay_u_offset) / (1 << limits.decay_bits)
            per_unit = projection.dc_gain * arrives * per_spike[projection.source]
            weights.append((projection.source, population.gain[:, None] * projection.weight * per_unit))
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class _FanIn:
    """The weights of a projection, and those that are rounded: of segments the sums over a unit's, up to each."""

    weight: Float
    rounded: Float

    @classmethod
    def of(cls, weight: Float, source: RatePopulation) -> "_FanIn":
        return cls(weight, source.segments[0].summed_up_to(weight) if source.segments else weight)


def _kindest_factors(
    fan_in: list[_FanIn], current: Float, limits: LoihiLimits, holds: Bool, *, together: bool
) -> Float:
    """(units, 1) factors on the current scale at which the worst synapse of each unit rounds least; ties go to 1.

    Errors are relative to the unit's strongest synapse; `holds` (candidates, units) says which factors a unit may
    take. `together` gives all units the one factor at which the worst of them rounds least.
    """
    whole = np.ones_like(current)
    steps = [weight_step(own.weight * current, limits) for own in fan_in]
    strongest = np.max([np.abs(own.rounded).max(axis=1, initial=0.0) for own in fan_in], axis=0) if fan_in else None
    if strongest is None or not strongest.any():
        return whole
    scale = np.where(strongest > 0, strongest, 1.0)[:, None] * current
    errors = np.empty((SCALE_CANDIDATES.size, current.size))
    for index, factor in enumerate(SCALE_CANDIDATES):
        worst = np.zeros(current.size)
        for own, step in zip(fan_in, steps, strict=True):
            wanted = own.rounded * (current * factor)
            lost = np.abs(np.rint(wanted / step) * step - wanted) / (scale * factor)
            worst = np.maximum(worst, lost.max(axis=1, initial=0.0))
        errors[index] = np.where(holds[index], worst, np.inf)
    if together:
        return whole * SCALE_CANDIDATES[int(errors.max(axis=1).argmin())]
    return SCALE_CANDIDATES[errors.argmin(axis=0)][:, None]


def _measure(
    population: RatePopulation,
    neuron: Neuron,
    bias: Float,
    scale: float,
    ladder: Ladder,
    ceiling: float,
    activity_per_spike: float,
    visited: Visited,
) -> GainFit:
    """Count the pool's spikes over the range visited and compare with phi; `bias` is that of a unit without shift."""
    pad = 0.1 * (ladder.high - ladder.low)
    # A sigmoid may have stayed in one of its tails, off the ladder: the curve then begins where it was.
    start = min(max(visited.drive[0], ladder.low - pad), visited.drive[1])
    z = np.linspace(start, max(ladder.high, start) + pad, 301)
    wanted = population.transfer_at(z)
    counts = neuron.rate((scale * z[:, None] + bias[None, :]).ravel()).reshape(z.size, bias.size)
    measured = counts.sum(axis=1) * activity_per_spike
    inside = (z >= visited.drive[0]) & (z <= visited.drive[1])
    error = (measured - wanted)[inside] / ceiling
    tolerance = max(1.0 / bias.size, 0.02) * ceiling
    rising = inside & (wanted > 0)
    flat = np.ptp(wanted[rising]) <= 1e-6 * ceiling  # a line through one point has no slope
    # As shares of the ceiling: squares of very small activities are lost in rounding.
    slope = 1.0 if flat else float(np.polyfit(wanted[rising] / ceiling, measured[rising] / ceiling, 1)[0])
    return GainFit(
        drive=z,
        wanted=wanted,
        measured=measured,
        ceiling=ceiling,
        visited=visited.activity,
        rms_error=float(np.sqrt(np.mean(error**2))),
        max_error=float(np.abs(error).max()),
        slope_error=slope - 1.0,
        valid_range=_valid_range(wanted, np.abs(measured - wanted) <= tolerance),
    )


def _valid_range(wanted: Float, good: np.typing.NDArray[np.bool_]) -> tuple[float, float]:
    """The longest run of good points, as activities."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(np.int8), [0]])))
    if not edges.size:
        return 0.0, 0.0
    runs = edges.reshape(-1, 2)
    start, stop = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return float(wanted[start]), float(wanted[stop - 1])
