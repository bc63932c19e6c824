"""The rate interpreter against loops written out by hand, one trial, one unit, one filter at a time."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibrate
from neurocmc.sim.rate import simulate_rate, visited_ranges
from tests.made.circuits import driven, population, projection, ramp, steps, swta
from tests.made.mean_drive import mean_drive

DT_S = 0.001


def phi(pool: RatePopulation, unit: int, drive: float) -> float:
    z = float(pool.gain[unit]) * (drive + float(pool.bias[unit]) - float(pool.offset[unit]))
    match pool.transfer:
        case "relu":
            return min(max(z, 0.0), pool.saturation)
        case "sigmoid":
            return pool.saturation / (1.0 + math.exp(-z))
        case "softplus":
            return min(math.log1p(math.exp(z)), pool.saturation)
        case "linear":
            return z


class Filter:
    """One low-pass filter of one signal, by its definition."""

    def __init__(self, tau_s: float, order: int = 1, start: float = 0.0) -> None:
        self.keep = math.exp(-DT_S / tau_s) if tau_s > 0 else 0.0
        self.stages = [start] * order

    def advance(self, value: float) -> None:
        for stage in reversed(range(len(self.stages))):
            arriving = value if stage == 0 else self.stages[stage - 1]
            self.stages[stage] = self.keep * self.stages[stage] + (1.0 - self.keep) * arriving

    @property
    def output(self) -> float:
        return self.stages[-1]


def drive_by_hand(
    circuit: RateCircuit,
    name: str,
    unit: int,
    synapses: dict[tuple[str, int, int], Filter],
    inputs: dict[tuple[str, int], float],
) -> float:
    """The total drive of one unit, synapse by synapse and channel by channel."""
    drive = 0.0
    for p in circuit.projections:
        if p.target == name:
            for j in range(p.weight.shape[1]):
                drive += p.dc_gain * float(p.weight[unit, j]) * synapses[p.name, unit, j].output
    for e in circuit.inputs:
        if e.target == name:
            for c in range(e.channels):
                drive += float(e.weight[unit, c]) * inputs[e.name, c]
    return drive


def by_hand(circuit: RateCircuit, stimulus: Stimulus, trial: int) -> dict[str, np.ndarray]:
    """Traces (ticks, size) of one trial: a filter for every synapse, every input channel and every unit."""
    pools = {p.name: p for p in circuit.populations}
    synapses = {
        (p.name, i, j): Filter(p.tau_s, p.order, float(pools[p.source].initial[j]))
        for p in circuit.projections
        for i in range(p.weight.shape[0])
        for j in range(p.weight.shape[1])
    }
    ends = [(e, c) for e in circuit.inputs for c in range(e.channels)]
    channels = {(e.name, c): Filter(e.tau_s, e.order) for e, c in ends}
    traces = {
        (p.name, i): Filter(p.trace_tau_s, p.trace_order, float(p.initial[i]))
        for p in circuit.populations
        for i in range(p.size)
    }
    seen = {p.name: np.zeros((round(stimulus.duration_s / DT_S), p.size)) for p in circuit.populations}
    given = {e.name: mean_drive(stimulus, e.name, DT_S)[trial] for e in circuit.inputs}
    for tick in range(len(next(iter(seen.values())))):
        value = {(e.name, c): float(given[e.name][tick, c]) for e, c in ends}
        inputs = {(e.name, c): channels[e.name, c].output if e.tau_s > 0 else value[e.name, c] for e, c in ends}
        rates: dict[tuple[str, int], float] = {}
        for name, pool in pools.items():
            for unit in range(pool.size):
                drive = drive_by_hand(circuit, name, unit, synapses, inputs)
                rates[name, unit] = phi(pool, unit, drive)
        for (name, _, j), synapse in synapses.items():
            source = next(p.source for p in circuit.projections if p.name == name)
            synapse.advance(rates[source, j])
        for key, channel in channels.items():
            channel.advance(value[key])
        for key, trace in traces.items():
            trace.advance(rates[key])
            seen[key[0]][tick, key[1]] = trace.output
    return seen


def random_circuit(seed: int) -> RateCircuit:
    """Two or three populations, all transfers and starts, both orders of kernel, filtered and unfiltered inputs."""
    rng = np.random.default_rng(seed)
    pools = tuple(
        replace(
            population(
                name,
                size,
                kind,
                gain=rng.uniform(0.1, 0.3, size) if kind == "linear" else rng.uniform(0.5, 2.0, size),
                offset=rng.uniform(-0.5, 0.5, size),
                bias=rng.uniform(-0.5, 0.5, size),
                saturation=float(rng.uniform(0.5, 2.0)),
                initial=rng.uniform(0.0, 1.0, size),
            ),
            trace_tau_s=float(rng.choice([0.0, 0.004, 0.02])),
            trace_order=int(rng.integers(1, 3)),
        )
        for name, size in (("a", 2), ("b", 1), ("c", 3))[: rng.integers(2, 4)]
        for kind in [("relu", "sigmoid", "softplus", "linear")[rng.integers(4)]]
    )
    projections = tuple(
        projection(
            source.name,
            target.name,
            rng.normal(0.0, 0.7, (target.size, source.size)),
            float(rng.choice([0.002, 0.005, 0.02])),
            order=int(rng.integers(1, 3)),
            dc_gain=float(rng.uniform(0.5, 1.5)),
        )
        for source in pools
        for target in pools
        if rng.random() < 0.7
    )
    inputs = tuple(
        RateInput(name=f"to {p.name}", target=p.name, weight=rng.normal(0, 1, (p.size, 2)), tau_s=tau_s, order=order)
        for p, tau_s, order in zip(pools, (0.0, 0.01, 0.01), (1, 1, 2), strict=False)
    )
    circuit = RateCircuit(
        name="random",
        dt_s=DT_S,
        populations=pools,
        projections=projections,
        inputs=inputs,
        readouts=(),
        origin_sha256="",
    )
    assert circuit.problems() == ()
    return circuit


def random_stimulus(circuit: RateCircuit, seed: int) -> Stimulus:
    rng = np.random.default_rng(seed)
    return Stimulus(
        name="random",
        duration_s=0.06,
        edges_s=[0.0, 0.0104, 0.03],  # the second lies within a tick
        values={entry.name: rng.normal(0, 1, (2, 3, entry.channels)) for entry in circuit.inputs},
        labels=[-1, -1],
    )


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_a_random_circuit_runs_as_by_hand(seed: int) -> None:
    circuit = random_circuit(seed)
    stimulus = random_stimulus(circuit, seed)
    recording = simulate_rate(circuit, stimulus)
    assert recording.level == "rate"
    assert dict(recording.spikes) == dict(recording.spike_counts) == {}
    for trial in range(2):
        for name, traces in by_hand(circuit, stimulus, trial).items():
            assert recording.activity[name][trial] == pytest.approx(traces, rel=1e-5, abs=1e-6)


def test_a_filter_after_the_nonlinearity_is_exact() -> None:
    """tau x' = -x + phi(W x + I), exactly discretised, is the sWTA as it is: x is the trace."""
    circuit, keep = swta(), math.exp(-DT_S / 0.02)
    weight = np.zeros((5, 5))
    weight[:4, :4], weight[4, :4], weight[:4, 4] = 1.2 * np.eye(4), 0.35, -2.0
    x = np.zeros(5)
    recording = simulate_rate(circuit, steps())
    for tick, edge in enumerate(steps().on_ticks(DT_S).segment_of_tick):
        drive = weight @ x + np.append(steps().values["drive"][0, edge], 0.0)
        x = keep * x + (1 - keep) * np.maximum(drive, 0.0)
        assert recording.activity["excite"][0, tick] == pytest.approx(x[:4], rel=1e-5, abs=1e-7)
        assert recording.activity["inhibit"][0, tick] == pytest.approx(x[4:], rel=1e-5, abs=1e-7)


def test_a_filter_before_the_nonlinearity_is_exact() -> None:
    """tau u' = -u + W phi(u) + I, exactly discretised, has the same filter on projections and inputs."""
    rng = np.random.default_rng(2)
    weight, keep = rng.normal(0, 0.6, (3, 3)), math.exp(-DT_S / 0.01)
    pool = replace(population("p", 3, "sigmoid", gain=3.0, offset=0.2, saturation=1.0), trace_tau_s=0.0)
    circuit = replace(driven(pool, tau_s=0.01), projections=(projection("p", "p", weight, 0.01),))
    stimulus = Stimulus(
        name="s", duration_s=0.3, edges_s=[0.0, 0.1], values={"drive": rng.normal(0, 1, (1, 2, 3))}, labels=[-1]
    )
    recording = simulate_rate(circuit, stimulus)
    u = np.zeros(3)
    for tick, edge in enumerate(stimulus.on_ticks(DT_S).segment_of_tick):
        rate = 1.0 / (1.0 + np.exp(-3.0 * (u - 0.2)))
        assert recording.activity["p"][0, tick] == pytest.approx(rate, rel=1e-5, abs=1e-7)
        u = keep * u + (1 - keep) * (weight @ rate + stimulus.values["drive"][0, edge])


@pytest.mark.parametrize(("order", "tolerance"), [(1, 0.0006), (2, 0.0006)])
def test_kernels_are_those_of_continuous_time(order: int, tolerance: float) -> None:
    """A step through a first-order kernel is 1 - e^-s, through a second-order one 1 - (1 + s) e^-s, s = t/tau."""
    source, target = (replace(population(name, 1), trace_tau_s=0.0) for name in ("source", "target"))
    circuit = replace(
        driven(source),
        populations=(source, target),
        projections=(projection("source", "target", [[2.0]], order=order, dc_gain=0.5),),
    )
    stimulus = Stimulus(name="on", duration_s=0.1, edges_s=[0.0], values={"drive": np.ones((1, 1, 1))}, labels=[-1])
    dt_s = 1e-5
    response = simulate_rate(circuit, stimulus, dt_s).activity["target"][0, :, 0]
    s = dt_s * np.arange(response.size) / 0.02
    wanted = 1 - np.exp(-s) if order == 1 else 1 - (1 + s) * np.exp(-s)
    assert np.abs(response - wanted).max() < tolerance


def test_runaway_is_infeasible_with_population_and_time() -> None:
    circuit = swta(alpha=3.5, beta1=0.1, beta2=0.1)
    with pytest.raises(InfeasibleError) as caught:
        simulate_rate(circuit, steps())
    (problem,) = caught.value.problems
    assert problem.where == "population excite"
    assert problem.what.startswith("activity grows without limit: beyond 1e+06 at ")
    assert 0.2 < float(problem.what.split(" at ")[1].split()[0]) < 1.0
    assert problem.cure.startswith("the circuit is unstable: lower its recurrent excitation")
    with pytest.raises(InfeasibleError, match=r"\[circuit-unstable\]"):
        Calibrate((steps(),)).run(circuit)


def test_ranges_visited_are_those_of_rate_and_drive() -> None:
    pool = population("p", 2, gain=[2.0, 4.0], offset=[0.1, 0.2], bias=[0.0, 0.05])
    seen = visited_ranges(driven(pool), ramp(-0.5, 1.0, size=2))["p"]
    drives = np.array([[-0.5, 1.0]]).T * pool.gain + pool.gain * (pool.bias - pool.offset)
    assert seen.drive == pytest.approx((drives.min(), drives.max()))
    assert seen.activity == pytest.approx((0.0, drives.max()))


def test_calibration_joins_its_stimuli() -> None:
    low, high = ramp(0.0, 0.3, 4, edges=4), ramp(0.0, 0.5, 4, edges=4)
    circuit = swta()
    both = Calibrate((low, high)).run(circuit)
    alone = [Calibrate((stimulus,)).run(circuit) for stimulus in (low, high)]
    assert both.trials == 2
    assert both.populations["excite"].activity[1] == max(c.populations["excite"].activity[1] for c in alone)
    assert both.inputs["drive"].largest == 0.5
    assert both.inputs["drive"].largest_step == pytest.approx(0.5 / 3)
