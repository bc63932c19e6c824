"""Steps a RateCircuit in its own time, all trials at once: the interpreter of the top level.

Filters advance by their exact pole exp(-dt/tau) while rates are held over a step, so the loop is

    r = phi(W z + drive + b),    z <- z + (1 - exp(-dt/tau)) (r - z)

A chip whose spikes take one tick to arrive computes this very recurrence, which is why no step of the comparison
between rate circuit and chip is charged to discretisation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, starts
from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.rate import RateCircuit, RateProjection
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import MAX_TICKS, Stimulus
from neurocmc.ir.trace import Trace
from neurocmc.sim.rate_filter import Filter
from neurocmc.sim.rate_row import InRow, RateRow, in_one_row
from neurocmc.sim.runaway import RUNAWAY, Beyond, beyond_limit, explained, held_steps, loops_to

SILENT = 1e-12  # activity below which a unit counts as silent: scales are divided by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """Ranges a population went through: activity r, and normalised drive z = gain (u + bias - offset)."""

    activity: tuple[float, float]
    drive: tuple[float, float]
    highest: tuple[float, ...]  # (units,) largest activity of each unit


def simulate_rate(circuit: RateCircuit, stimulus: Stimulus, dt_s: float | None = None) -> Recording:
    """Runs a rate circuit on all trials of a stimulus.

    Args:
        circuit: The circuit.
        stimulus: The stimulus, with a value for each of its inputs.
        dt_s: The step in s, instead of the circuit's own.

    Returns:
        A Recording of level "rate": the trace of each population, (batch, ticks, units).

    Raises:
        InputError: Where the stimulus is not a whole number of steps.
        InfeasibleError: Where activity is beyond what rates may be, with what is known of the cause (`runaway`).

    Example:
        >>> from neurocmc.sim.rate import simulate_rate
        >>> model = neurocmc.load("models/two-state.yaml")
        >>> simulate_rate(model.circuit, model.read_stimuli().test[0]).level
        'rate'
    """
    dt_s = circuit.dt_s if dt_s is None else dt_s
    shape = (stimulus.batch, stimulus.ticks(dt_s))
    activity: dict[str, NDArray[np.float32]] = {}
    if in_one_row(circuit):
        row = np.zeros((*shape, circuit.units), dtype=np.float32)
        first = starts({p.name: p.size for p in circuit.populations})
        activity = {p.name: row[:, :, first[p.name] : first[p.name] + p.size] for p in circuit.populations}
        for tick, state in enumerate(_steps(circuit, stimulus, dt_s)):
            row[:, tick] = state.traces.whole if isinstance(state.traces, InRow) else 0.0
    else:
        activity = {p.name: np.zeros((*shape, p.size), dtype=np.float32) for p in circuit.populations}
        for tick, state in enumerate(_steps(circuit, stimulus, dt_s)):
            for name, trace in state.traces.items():
                activity[name][:, tick] = trace
    return Recording(level="rate", stimulus=stimulus.name, tick_s=dt_s, activity=activity, spikes={}, spike_counts={})


def seen_as(circuit: RateCircuit, traces: Mapping[str, Trace]) -> RateCircuit:
    """Returns the circuit whose activity is observed through the same filters as the spikes of its pools are.

    `traces`: population -> filter of its spikes. Returns the circuit itself where they are what it observes anyway.
    """
    changed = [
        replace(p, trace_tau_s=traces[p.name].tau_s, trace_order=traces[p.name].order) for p in circuit.populations
    ]
    same = all(
        (old.trace_tau_s, old.trace_order) == (new.trace_tau_s, new.trace_order)
        for old, new in zip(circuit.populations, changed, strict=True)
    )
    return circuit if same else replace(circuit, populations=tuple(changed))


def states_of(circuit: RateCircuit, stimulus: Stimulus) -> "Iterator[State]":
    """Yields what each step of a circuit shows, in its own step. Raises InfeasibleError beyond what rates may be."""
    return _steps(circuit, stimulus, circuit.dt_s)


@dataclass(slots=True)
class _Ranges:
    """The lowest and highest value of each trial and unit so far: by population, or of all units in one row."""

    ends: dict[str, tuple[Float, Float]]
    places: Mapping[str, slice] | None = None

    def widen(self, values: Mapping[str, Float]) -> None:
        """Takes the values of a step in."""
        if isinstance(values, InRow):
            self.places, values = values.places, {"": values.whole}
        for name, value in values.items():
            if name not in self.ends:
                self.ends[name] = value.copy(), value.copy()
            low, high = self.ends[name]
            np.minimum(low, value, out=low)
            np.maximum(high, value, out=high)

    def low(self, name: str) -> Float:
        """Returns (batch, size) the lowest."""
        return self.ends[name][0] if self.places is None else self.ends[""][0][:, self.places[name]]

    def high(self, name: str) -> Float:
        """Returns (batch, size) the highest."""
        return self.ends[name][1] if self.places is None else self.ends[""][1][:, self.places[name]]


def visited_ranges(circuit: RateCircuit, stimulus: Stimulus, dt_s: float | None = None) -> dict[str, Visited]:
    """Returns the ranges of activity and drive that each population goes through under a stimulus."""
    dt_s = circuit.dt_s if dt_s is None else dt_s
    names = [population.name for population in circuit.populations]
    rates, drives = _Ranges({}), _Ranges({})
    for state in _steps(circuit, stimulus, dt_s):
        rates.widen(state.rates)
        drives.widen(state.drives)
    return {
        name: Visited(
            activity=(float(rates.low(name).min()), float(rates.high(name).max())),
            drive=(float(drives.low(name).min()), float(drives.high(name).max())),
            highest=tuple(rates.high(name).max(axis=0).tolist()),
        )
        for name in names
    }


def unit_ranges(circuit: RateCircuit, stimuli: Sequence[Stimulus], names: Sequence[str]) -> dict[str, Float]:
    """Returns (2, size) lowest and highest activity of each unit of the populations named, over all stimuli."""
    low = {name: np.full(circuit.population(name).size, np.inf) for name in names}
    high = {name: -value for name, value in low.items()}
    for stimulus in stimuli:
        for state in _steps(circuit, stimulus, circuit.dt_s):
            for name in names:
                np.minimum(low[name], state.rates[name].min(axis=0), out=low[name])
                np.maximum(high[name], state.rates[name].max(axis=0), out=high[name])
    return {name: np.stack([low[name], high[name]]) for name in names}


@dataclass(frozen=True, slots=True)
class State:
    """What one step showed: rates r, normalised drives z, and traces after the step; each (batch, size)."""

    rates: Mapping[str, Float]
    drives: Mapping[str, Float]
    traces: Mapping[str, Float]


def _steps(circuit: RateCircuit, stimulus: Stimulus, dt_s: float, *, bounded: bool = True) -> Iterator[State]:
    """Yields each step; of a circuit of many projections by all units in one row."""
    step = _steps_in_a_row if in_one_row(circuit) else _steps_of_each
    return step(circuit, stimulus, dt_s, bounded=bounded)


def _steps_in_a_row(circuit: RateCircuit, stimulus: Stimulus, dt_s: float, *, bounded: bool) -> Iterator[State]:
    row, driven = RateRow(circuit, stimulus.batch, dt_s), stimulus.on_ticks(dt_s)
    for tick, segment in enumerate(driven.segment_of_tick):
        held = {entry.name: driven.values[entry.name][:, segment] for entry in circuit.inputs}
        drive = row.drive(held)
        activity = row.rates(drive)
        rates = row.by_population(activity)
        if bounded and not np.abs(activity).max() < RUNAWAY and (beyond := beyond_limit(rates)) is not None:
            weighted = [held[entry.name] @ entry.weight.T for entry in circuit.inputs]
            raise _beyond_limit(circuit, stimulus, dt_s, tick, beyond, weighted)
        seen = row.advance(activity, held)
        yield State(rates, row.by_population(drive), row.by_population(seen))


def _steps_of_each(circuit: RateCircuit, stimulus: Stimulus, dt_s: float, *, bounded: bool) -> Iterator[State]:
    batch = stimulus.batch
    size = {population.name: population.size for population in circuit.populations}
    start = {population.name: population.initial for population in circuit.populations}
    # Delays are in steps of the circuit, and last as long whatever the step is here.
    late = {p.name: round(p.delay_ticks * circuit.dt_s / dt_s) for p in circuit.projections}
    longest = max(late.values(), default=0)
    kernels = {
        _kernel(p): Filter.settled(start[p.source], batch, p.tau_s, p.order, dt_s, longest)
        for p in circuit.projections
    }
    traces = {
        p.name: Filter.settled(p.initial, batch, p.trace_tau_s, p.trace_order, dt_s) for p in circuit.populations
    }
    filters = {
        entry.name: Filter.settled(np.zeros(entry.channels), batch, entry.tau_s, entry.order, dt_s)
        for entry in circuit.inputs
        if entry.tau_s > 0
    }
    driven = stimulus.on_ticks(dt_s)
    held: dict[str, Float] = {}  # what each unfiltered input drives with, as long as a segment lasts
    for tick, segment in enumerate(driven.segment_of_tick):
        if not tick or segment != driven.segment_of_tick[tick - 1]:
            held = {
                entry.name: driven.values[entry.name][:, segment] @ entry.weight.T
                for entry in circuit.inputs
                if entry.name not in filters
            }
        weighted = [
            held[entry.name] if entry.name in held else filters[entry.name].output @ entry.weight.T
            for entry in circuit.inputs
        ]
        total = {name: np.zeros((batch, count)) for name, count in size.items()}
        for projection in circuit.projections:
            signal = kernels[_kernel(projection)].delayed(late[projection.name])
            total[projection.target] += projection.dc_gain * (signal @ projection.weight.T)
        for entry, drive in zip(circuit.inputs, weighted, strict=True):
            total[entry.target] += drive
        drives = {p.name: p.normalised(total[p.name]) for p in circuit.populations}
        rates = {p.name: p.transfer_at(drives[p.name]) for p in circuit.populations}
        if bounded and (beyond := beyond_limit(rates)) is not None:
            raise _beyond_limit(circuit, stimulus, dt_s, tick, beyond, weighted)
        for (source, _tau, _order), kernel in kernels.items():
            kernel.advance(rates[source])
        for entry in circuit.inputs:
            if entry.name in filters:
                filters[entry.name].advance(driven.values[entry.name][:, segment])
        for name, trace in traces.items():
            trace.advance(rates[name])
        yield State(rates, drives, {name: trace.output for name, trace in traces.items()})


def _kernel(projection: RateProjection) -> tuple[str, float, int]:
    """Projections of one source with one kernel share one bank of filters."""
    return projection.source, projection.tau_s, projection.order


def _beyond_limit(
    circuit: RateCircuit, stimulus: Stimulus, dt_s: float, tick: int, beyond: Beyond, weighted: Sequence[Float]
) -> InfeasibleError:
    """The error of a unit beyond the limit; `weighted` (batch, size) is what each input drives with in that step."""
    outside = [float(np.abs(drive[beyond.trial]).max(initial=0.0)) for drive in weighted]
    largest = max(outside + [float(np.abs(p.bias).max(initial=0.0)) for p in circuit.populations])
    # The trial anew, and from this step on with the drive that it has now.
    alone = stimulus.take(slice(beyond.trial, beyond.trial + 1)).lasting((tick + 0.5) * dt_s)
    slowest = max((p.order * p.tau_s / dt_s + p.delay_ticks for p in circuit.projections), default=0.0)
    longer = alone.lasting(min(tick + 1 + held_steps(slowest), MAX_TICKS) * dt_s)
    held = (state.rates for state in islice(_steps(circuit, longer, dt_s, bounded=False), tick, None))
    loops = loops_to(circuit, beyond.population, beyond.unit)
    with np.errstate(over="ignore", invalid="ignore"):  # what runs away may leave the numbers that there are
        return InfeasibleError(explained(beyond, tick * dt_s, largest, loops, held, slowest))
