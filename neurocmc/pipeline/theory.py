"""Compares what a compiled winner-take-all does with the formulas of its kind.

Walked only where a circuit is recognised as one. The rate circuit is held against the formula with its own weights,
the emulator against the formula with the weights as rounded: what remains is what spikes and integers cost.
"""

from collections.abc import Callable

from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import drive_range
from neurocmc.pipeline.artifact import Artifact
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.edges import Edge
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
