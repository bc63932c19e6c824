"""The interpreter of the top level: a RateCircuit stepped in its own time, all trials at once.

Filters advance by their exact pole exp(-dt/tau) while rates are held over a step, so the loop is

    r = phi(W z + drive + b),    z <- z + (1 - exp(-dt/tau)) (r - z)

A chip whose spikes take one tick to arrive computes this very recurrence, which is why no step of the comparison
between rate circuit and chip is charged to discretisation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.rate import RateCircuit, RateInput, RateProjection
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus

RUNAWAY = 1e6  # activity no stable circuit of normalised rates comes near
SILENT = 1e-12  # activity below which a unit counts as silent: scales are divided by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """Ranges a population went through: activity r, and normalised drive z = gain (u + bias - offset)."""

    activity: tuple[float, float]
    drive: tuple[float, float]


@dataclass(slots=True)
class _Filter:
    """A bank of equal first- or second-order low-pass filters of unit gain, and what it put out before."""

    keep: float
    first: Float
    second: Float | None
    past: list[Float]  # outputs before the present one, newest last; as many as any delay asks for

    @classmethod
    def settled(
        cls, value: Float, batch: int, tau_s: float, order: int, dt_s: float, delay_ticks: int = 0
    ) -> "_Filter":
        """A filter for each trial and unit that has held `value` (units,) for ever."""
        keep = float(np.exp(-dt_s / tau_s)) if tau_s > 0 else 0.0
        start = np.tile(value, (batch, 1))
        return cls(keep, start, start.copy() if order == 2 else None, [start] * delay_ticks)

    def advance(self, value: Float) -> None:
        if self.past:
            self.past = [*self.past[1:], self.output]
        if self.second is not None:
            self.second = self.keep * self.second + (1 - self.keep) * self.first
        self.first = self.keep * self.first + (1 - self.keep) * value

    def delayed(self, ticks: int) -> Float:
        """The output of so many steps ago."""
        return self.past[-ticks] if ticks else self.output

    @property
    def output(self) -> Float:
        return self.first if self.second is None else self.second


def simulate_rate(circuit: RateCircuit, stimulus: Stimulus, dt_s: float | None = None) -> Recording:
    """Run the circuit on all trials of a stimulus.

    Returns a Recording of traces, (batch, ticks, size) per population. `dt_s` replaces the circuit's own step.
    Raises InfeasibleError where activity runs away, naming population and time.
    """
    dt_s = circuit.dt_s if dt_s is None else dt_s
    shape = (stimulus.batch, stimulus.ticks(dt_s))
    activity = {p.name: np.zeros((*shape, p.size), dtype=np.float32) for p in circuit.populations}
    for tick, state in enumerate(_steps(circuit, stimulus, dt_s)):
        for name, trace in state.traces.items():
            activity[name][:, tick] = trace
    return Recording(level="rate", stimulus=stimulus.name, tick_s=dt_s, activity=activity, spikes={}, spike_counts={})


def visited_ranges(circuit: RateCircuit, stimulus: Stimulus, dt_s: float | None = None) -> dict[str, Visited]:
    """The ranges of activity and drive that each population goes through under a stimulus."""
    dt_s = circuit.dt_s if dt_s is None else dt_s
    names = [population.name for population in circuit.populations]
    low = {name: np.array([np.inf, np.inf]) for name in names}
    high = {name: np.array([-np.inf, -np.inf]) for name in names}
    for state in _steps(circuit, stimulus, dt_s):
        for name in names:
            rate, drive = state.rates[name], state.drives[name]
            low[name] = np.minimum(low[name], [rate.min(), drive.min()])
            high[name] = np.maximum(high[name], [rate.max(), drive.max()])
    return {
        name: Visited(
            activity=(float(low[name][0]), float(high[name][0])), drive=(float(low[name][1]), float(high[name][1]))
        )
        for name in names
    }


def unit_ranges(circuit: RateCircuit, stimuli: Sequence[Stimulus], names: Sequence[str]) -> dict[str, Float]:
    """(2, size) lowest and highest activity of each unit of the populations named, over all stimuli."""
    low = {name: np.full(circuit.population(name).size, np.inf) for name in names}
    high = {name: -value for name, value in low.items()}
    for stimulus in stimuli:
        for state in _steps(circuit, stimulus, circuit.dt_s):
            for name in names:
                np.minimum(low[name], state.rates[name].min(axis=0), out=low[name])
                np.maximum(high[name], state.rates[name].max(axis=0), out=high[name])
    return {name: np.stack([low[name], high[name]]) for name in names}


@dataclass(frozen=True, slots=True)
class _State:
    """What one step showed: rates r, normalised drives z, and traces after the step; each (batch, size)."""

    rates: Mapping[str, Float]
    drives: Mapping[str, Float]
    traces: Mapping[str, Float]


def _steps(circuit: RateCircuit, stimulus: Stimulus, dt_s: float) -> Iterator[_State]:
    batch = stimulus.batch
    size = {population.name: population.size for population in circuit.populations}
    start = {population.name: population.initial for population in circuit.populations}
    longest = max((p.delay_ticks for p in circuit.projections), default=0)
    kernels = {
        _kernel(p): _Filter.settled(start[p.source], batch, p.tau_s, p.order, dt_s, longest)
        for p in circuit.projections
    }
    traces = {p.name: _Filter.settled(np.zeros(p.size), batch, p.trace_tau_s, 1, dt_s) for p in circuit.populations}
    filters = {
        entry.name: _Filter.settled(np.zeros(entry.channels), batch, entry.tau_s, entry.order, dt_s)
        for entry in circuit.inputs
        if entry.tau_s > 0
    }
    edge_of_tick = stimulus.edge_of_tick(dt_s)
    for tick, edge in enumerate(edge_of_tick):
        total = {name: np.zeros((batch, count)) for name, count in size.items()}
        for projection in circuit.projections:
            signal = kernels[_kernel(projection)].delayed(projection.delay_ticks)
            total[projection.target] += projection.dc_gain * (signal @ projection.weight.T)
        for entry in circuit.inputs:
            total[entry.target] += _drive(entry, filters, stimulus.values[entry.name][:, edge]) @ entry.weight.T
        drives = {p.name: p.normalised(total[p.name]) for p in circuit.populations}
        rates = {p.name: p.transfer_at(drives[p.name]) for p in circuit.populations}
        for (source, _tau, _order), kernel in kernels.items():
            kernel.advance(rates[source])
        for entry in circuit.inputs:
            if entry.name in filters:
                filters[entry.name].advance(stimulus.values[entry.name][:, edge])
        for name, trace in traces.items():
            trace.advance(rates[name])
        _check_bounded(rates, tick * dt_s)
        yield _State(rates, drives, {name: trace.output for name, trace in traces.items()})


def _kernel(projection: RateProjection) -> tuple[str, float, int]:
    """Projections of one source with one kernel share one bank of filters."""
    return projection.source, projection.tau_s, projection.order


def _drive(entry: RateInput, filters: Mapping[str, _Filter], value: Float) -> Float:
    return filters[entry.name].output if entry.name in filters else value


def _check_bounded(rates: Mapping[str, Float], time_s: float) -> None:
    for name, rate in rates.items():
        if not np.abs(rate).max() < RUNAWAY:
            raise InfeasibleError(
                Problem(
                    f"population {name}",
                    f"activity runs away: beyond {RUNAWAY:g} at {time_s:.3f} s",
                    "the circuit is unstable: lower its recurrent excitation, or strengthen its inhibition",
                )
            )
