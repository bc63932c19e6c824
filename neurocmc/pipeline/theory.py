"""Compares what a compiled winner-take-all, or a filter, does with the formulas of its kind.

Walked only where a circuit is recognised as one. Of a winner-take-all the rate circuit is held against the formula
with its own weights, the emulator against the formula with the weights as rounded: what remains is what spikes and
integers cost. A filter is held against its closed form, under the stimuli of the user, on both levels.
"""

from collections.abc import Callable, Sequence

from neurocmc.ir.gates import REST_LIMIT
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import drive_range
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.staging import restored
from neurocmc.sim.rate import simulate_rate
from neurocmc.theory.filter import find_filter
from neurocmc.verification.edges import Edge
from neurocmc.verification.rest import rest_edge, rest_not_run, unfit
from neurocmc.verification.winner import (
    WinnerTakeAll,
    find_winner_take_all,
    gain_edge,
    gain_stimulus,
    switch_edge,
    switch_stimulus,
)


def theory_edges(artifact: Artifact) -> list[Edge]:
    """Judges gain and switching of a winner, on the rate circuit and on the lowest level; no edge for others."""
    winner = find_winner_take_all(artifact.circuit)
    if winner is None:
        return []
    dt_s = artifact.circuit.dt_s
    seen = drive_range(artifact.circuit.inputs[0], artifact.stimuli.calibration, dt_s)
    largest = min(seen.largest, seen.largest_step)  # the drive switches on at once: no jump beyond the calibrated one
    if not largest > 0:
        return []
    edges: list[Edge] = []
    for as_held, run in _levels(artifact, winner):
        gain, switch = gain_stimulus(as_held, largest, dt_s), switch_stimulus(as_held, largest, dt_s)
        edges += [gain_edge(as_held, gain, run(gain)), switch_edge(as_held, switch, run(switch))]
    return edges


def _levels(artifact: Artifact, winner: WinnerTakeAll) -> list[tuple[WinnerTakeAll, Callable[[Stimulus], Recording]]]:
    """The parameters as each level holds them, and how to run it."""

    def on_rate(stimulus: Stimulus) -> Recording:
        return simulate_rate(artifact.circuit, stimulus)

    def on_lowest(stimulus: Stimulus) -> Recording:
        return artifact.built.of_whole_units(artifact.built.run(stimulus, seed=artifact.seed))

    kept = artifact.built.kept
    return [(winner, on_rate), (winner if kept is None else winner.as_realised(kept), on_lowest)]


def filter_edges(artifact: Artifact, stimuli: Sequence[Stimulus]) -> list[Edge]:
    """Judges what a filter rests in, on the rate circuit and on the lowest level; no edge for other circuits."""
    circuit, built = artifact.circuit, artifact.built
    found = find_filter(circuit)
    if found is None:
        return []
    if why := unfit(found, circuit, stimuli):
        return [rest_not_run(level, why) for level in ("rate", built.level)]
    on_rate = [(stimulus, simulate_rate(circuit, stimulus)) for stimulus in stimuli]
    on_lowest = [
        (s, restored(built.of_whole_units(built.run(s, seed=artifact.seed)), circuit, artifact.staged))
        for s in stimuli
    ]
    return [
        rest_edge(found, circuit, "rate", REST_LIMIT, on_rate),
        rest_edge(found, circuit, built.level, built.gates.nrmse, on_lowest),
    ]
