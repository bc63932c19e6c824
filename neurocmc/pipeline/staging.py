"""Turns what was recorded of a staged circuit into the terms of the circuit as it was given.

Relays are left out, and activities of units that got an offset are scaled back, so that a user sees only the
populations and the units of activity that the model has. Here also are the edges from the torch model to the staged
circuit. Staging itself is exact; what a trial does beyond the range of calibration, and a tick finer than the step of
the model, are what the second edge measures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.rate import RateCircuit, RatePopulation
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.offsets import shift_of
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.model import Model
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.edges import Edge, not_run
from neurocmc.verification.fidelity import refined_edge, trajectory_edge
from neurocmc.verification.metrics import largest_difference


def restored(recording: Recording, circuit: RateCircuit, staged: RateCircuit) -> Recording:
    """Returns a recording of `staged` with the populations of `circuit`, in their own units of activity."""
    if staged is circuit:
        return recording
    names = [population.name for population in circuit.populations]
    return replace(
        recording,
        activity={
            name: _in_units_of(circuit.population(name), staged.population(name), recording.activity[name])
            for name in names
        },
        spikes={name: recording.spikes[name] for name in names if name in recording.spikes},
        spike_counts={name: recording.spike_counts[name] for name in names if name in recording.spike_counts},
    )


def _in_units_of(given: RatePopulation, staged: RatePopulation, activity: NDArray[np.float32]) -> NDArray[np.float32]:
    """r = low + width r', also of traces: their filters have a gain of 1 and start from either's initial activity."""
    shift = shift_of(given, staged)
    low, width = shift.low, shift.width
    if not low.any() and (width == 1.0).all():
        return activity
    return (low + width * activity).astype(np.float32)


def staging_edges(
    artifact: Artifact, model: Model | None, stimuli: Sequence[Stimulus], rates: Sequence[Recording]
) -> list[Edge]:
    """Judges torch ~ rate, and rate ~ staged where the circuit was staged; `rates` are of the staged circuit."""
    circuit, staged = artifact.circuit, artifact.staged
    shown = [restored(rate, circuit, staged) for rate in rates]
    followed = None if model is None else model.reference
    reference = None if followed is None else [followed(stimulus) for stimulus in stimuli]
    if circuit.continuous:
        if reference is None:
            return [_not_torch("torch ~ staged", model)]
        return [_followed("torch ~ staged", reference, shown, circuit)]
    as_given = shown if staged is circuit else [simulate_rate(circuit, stimulus) for stimulus in stimuli]
    edges = [
        _not_torch("torch ~ rate", model)
        if reference is None
        else trajectory_edge("torch ~ rate", list(zip(reference, as_given, strict=True)))
    ]
    if staged is not circuit:
        edges.append(_followed("rate ~ staged", [rate.activity for rate in as_given], shown, circuit))
    return edges


def _not_torch(name: str, model: Model | None) -> Edge:
    """The edge from torch where there are no trajectories; without a model nobody asked for them."""
    why = "not asked for" if model is None else model.no_reference
    return not_run(name, "largest difference of trajectories", why)


def _followed(
    name: str,
    reference: Sequence[Mapping[str, NDArray[np.floating]]],
    shown: Sequence[Recording],
    circuit: RateCircuit,
) -> Edge:
    """The staged circuit against what it was made from, at the instants that both have.

    With the circuit's own step they differ only where a trial leaves the range that calibration visited.
    """
    parts = round(circuit.dt_s / shown[0].tick_s)
    traced = {population.name: population.trace_tau_s > 0 for population in circuit.populations}
    # A rate stands at the beginning of its step, a trace at the end of it.
    at = {name: parts - 1 if filtered else 0 for name, filtered in traced.items()}
    pairs = [
        (truth, {population: activity[:, at[population] :: parts] for population, activity in rate.activity.items()})
        for truth, rate in zip(reference, shown, strict=True)
    ]
    largest = max(max(largest_difference(truth, other).values()) for truth, other in pairs)
    step = "the step itself" if parts == 1 else f"{parts} ticks a step of {1e3 * circuit.dt_s:g} ms"
    return refined_edge(name, pairs, f"{step}; largest difference {largest:.2g} of activity")
