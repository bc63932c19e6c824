"""Small random SpikingNetworks for tests, and the level's definition written out neuron by neuron in plain numpy."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.rate import Readout
from neurocmc.ir.spiking import (
    GainFit,
    SpikingInput,
    SpikingNetwork,
    SpikingPopulation,
    SpikingProjection,
    Tap,
)
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.trace import Trace
from tests.made.mean_drive import mean_drive

TICK_S = 0.001


def trivial_fit(ceiling: float = 1.0) -> GainFit:
    """A fit that claims nothing; the interpreters never look at it."""
    line = np.linspace(0.0, ceiling, 3)
    return GainFit(
        drive=line,
        wanted=line,
        measured=line,
        ceiling=ceiling,
        visited=(0.0, ceiling / 2),
        rms_error=0.0,
        max_error=0.0,
        slope_error=0.0,
        valid_range=(0.0, ceiling),
    )


def population(
    name: str,
    units: int,
    neurons: int,
    *,
    tau_mem_s: float = 0.0,
    bias: NDArray[np.float64] | None = None,
    v_initial: NDArray[np.float64] | None = None,
    trace_tau_s: float = 0.02,
) -> SpikingPopulation:
    """A population whose biases default to a ladder of thresholds from 0 to 1."""
    ladder = np.tile((np.arange(neurons) + 0.5) / neurons, (units, 1))
    return SpikingPopulation(
        name=name,
        units=units,
        neurons=neurons,
        code="rate" if tau_mem_s > 0 else "threshold",
        tau_mem_s=tau_mem_s,
        bias=ladder if bias is None else bias,
        v_initial=np.zeros((units, neurons)) if v_initial is None else v_initial,
        current_per_drive=np.ones(units),
        activity_per_spike=1.0 / neurons,
        trace=Trace.at_rest(trace_tau_s, units),
        fit=trivial_fit(),
    )


def random_network(seed: int) -> SpikingNetwork:
    """Two or three populations, leaky and memoryless, with projections of every kind, fed by three inputs."""
    rng = np.random.default_rng(seed)
    names = ["excite", "inhibit", "relay"][: int(rng.integers(2, 4))]
    populations: list[SpikingPopulation] = []
    for name in names:
        shape = (int(rng.integers(1, 4)), int(rng.integers(1, 6)))
        leaky = bool(rng.integers(2))
        populations.append(
            population(
                name,
                *shape,
                tau_mem_s=float(rng.uniform(0.003, 0.03)) if leaky else 0.0,
                bias=rng.uniform(0.0, 0.15 if leaky else 0.9, shape),
                v_initial=rng.uniform(0.0, 1.0, shape),
            )
        )
    projections: list[SpikingProjection] = []
    for number in range(int(rng.integers(2, 6))):
        source, target = rng.choice(len(names), 2)
        weight = rng.normal(0.05, 0.2, (populations[target].units, populations[source].units))
        weight = weight * (rng.random(weight.shape) < 0.7)
        projections.append(
            SpikingProjection(
                name=f"{names[source]}->{names[target]} {number}",
                source=names[source],
                target=names[target],
                weight=weight,
                tau_s=float(rng.uniform(0.002, 0.02)),
                order=2 if rng.random() < 0.3 else 1,
                delay_ticks=int(rng.choice([0, 0, 1, 4])),
                standing=rng.normal(0.0, 0.3, weight.shape[0]) * weight.any(axis=1),
            )
        )
    inputs = tuple(
        SpikingInput(
            name=name,
            target=populations[number % len(populations)].name,
            weight=rng.normal(0.2, 0.3, (populations[number % len(populations)].units, channels)),
            tau_s=tau_s,
            order=order,
            largest=1.0,
            largest_step=1.0,
        )
        for number, (name, channels, tau_s, order) in enumerate(
            [("sharp", 2, 0.0, 1), ("smooth", 3, 0.01, 1), ("cue", 1, 0.0, 1), ("twice smooth", 2, 0.01, 2)]
        )
    )
    return SpikingNetwork(
        name=f"random-{seed}",
        tick_s=TICK_S,
        populations=tuple(populations),
        projections=tuple(projections),
        inputs=inputs,
        readouts=(Readout(name="out", population=names[0], kind="activity", labels=(), window_s=0.01),),
    )


def random_rate_pools(seed: int) -> SpikingNetwork:
    """Random pools as the rate code has them: all leak, kernels are of order 1 and a tick late, one for each sign.

    What inhibits the last population keeps nothing, the first projection arrives in parts of both signs, the last has
    no weights.
    """
    network = random_network(seed)
    rng = np.random.default_rng(seed + 1000)
    populations = tuple(
        p if p.tau_mem_s > 0 else replace(p, code="rate", tau_mem_s=0.004, bias=0.4 * p.bias)
        for p in network.populations
    )
    tau_s = {(p.name, sign): float(rng.uniform(0.002, 0.02)) for p in populations for sign in (-1, 1)}
    tau_s[populations[-1].name, -1] = 0.0
    in_parts = network.projections[0].target
    tau_s[in_parts, 1] = tau_s[in_parts, -1] = 0.008
    taps = (Tap(delay_ticks=0, share=0.7), Tap(delay_ticks=1, share=-0.2), Tap(delay_ticks=3, share=0.5))
    projections = [
        replace(
            p,
            weight=(-1) ** number * np.abs(p.weight),
            tau_s=tau_s[p.target, (-1) ** number],
            order=1,
            delay_ticks=max(1, p.delay_ticks),
            standing=p.standing * (tau_s[p.target, (-1) ** number] > 0),
            taps=() if number else taps,
        )
        for number, p in enumerate(network.projections)
    ]
    first = projections[0]
    none = replace(first, name="none", weight=np.zeros_like(first.weight), standing=np.zeros_like(first.standing))
    return replace(network, populations=populations, projections=(*projections, none))


def random_stimulus(network: SpikingNetwork, seed: int, *, batch: int = 3, ticks: int = 60) -> Stimulus:
    """Drives that jump at three instants."""
    rng = np.random.default_rng(seed)
    edges_s = np.array([0.0, 0.2, 0.55]) * ticks * network.tick_s
    return Stimulus(
        name="random",
        duration_s=ticks * network.tick_s,
        edges_s=edges_s,
        values={e.name: rng.uniform(0.0, 1.0, (batch, 3, e.weight.shape[1])) for e in network.inputs},
        labels=np.full(batch, -1),
    )


@dataclass
class _Reference:
    """State of one trial in the reference: voltages by neuron, currents by synapse and input."""

    voltage: dict[str, NDArray[np.float64]]
    current: dict[str, NDArray[np.float64]]
    first_stage: dict[str, NDArray[np.float64]]
    filtered: dict[str, NDArray[np.float64]]
    filtered_first: dict[str, NDArray[np.float64]]


def _before_first_tick(p: SpikingProjection) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Current and first stage from which one tick without spikes leaves `standing` in both."""
    keep = math.exp(-TICK_S / p.tau_s)
    if p.order == 1:
        return p.standing / keep, np.zeros_like(p.standing)
    # Solved as it is written in the loop: keep c + (1 - keep) f = standing, keep f = standing.
    system = np.array([[keep, 1 - keep], [0.0, keep]])
    current, first = np.linalg.solve(system, np.stack([p.standing, p.standing]))
    return current, first


def reference_spikes(network: SpikingNetwork, stimulus: Stimulus, trial: int) -> dict[str, NDArray[np.bool_]]:
    """One trial by the definition: every neuron alone, every spike a term of a sum. (ticks, units, neurons)."""
    ticks = stimulus.ticks(network.tick_s)
    given = {entry.name: mean_drive(stimulus, entry.name, network.tick_s)[trial] for entry in network.inputs}
    spikes = {p.name: np.zeros((ticks, p.units, p.neurons), dtype=bool) for p in network.populations}
    units = {p.name: p.units for p in network.populations}
    state = _Reference(
        voltage={p.name: p.v_initial.copy() for p in network.populations},
        current={p.name: _before_first_tick(p)[0] for p in network.projections},
        first_stage={p.name: _before_first_tick(p)[1] for p in network.projections},
        filtered={e.name: np.zeros(units[e.target]) for e in network.inputs},
        filtered_first={e.name: np.zeros(units[e.target]) for e in network.inputs},
    )
    for tick in range(ticks):
        total = {p.name: np.zeros(p.units) for p in network.populations}
        for p in network.projections:
            keep = math.exp(-network.tick_s / p.tau_s)
            emitted = tick - 1 - p.delay_ticks
            received = np.zeros(units[p.target])
            if emitted >= 0:
                for unit in np.nonzero(spikes[p.source][emitted])[0]:
                    received += p.weight[:, unit]
            if p.order == 2:
                state.current[p.name] = keep * state.current[p.name] + (1 - keep) * state.first_stage[p.name]
                state.first_stage[p.name] = keep * state.first_stage[p.name] + received
            else:
                state.current[p.name] = keep * state.current[p.name] + received
            total[p.target] += state.current[p.name]
        for entry in network.inputs:
            drive = entry.weight @ given[entry.name][tick]
            if entry.tau_s > 0:
                keep = math.exp(-network.tick_s / entry.tau_s)
                total[entry.target] += state.filtered[entry.name]  # a filtered drive acts from the next tick on
                arriving = state.filtered_first[entry.name] if entry.order == 2 else drive
                state.filtered[entry.name] = keep * state.filtered[entry.name] + (1 - keep) * arriving
                state.filtered_first[entry.name] = keep * state.filtered_first[entry.name] + (1 - keep) * drive
            else:
                total[entry.target] += drive
        for p in network.populations:
            keep = math.exp(-network.tick_s / p.tau_mem_s) if p.tau_mem_s > 0 else 0.0
            voltage = keep * state.voltage[p.name] + total[p.name][:, None] + p.bias
            spikes[p.name][tick] = voltage > 1.0
            state.voltage[p.name] = np.where(voltage > 1.0, 0.0, voltage)
    return spikes
