"""Compares what a filter does under a held drive with the closed form of what it rests in."""

from collections.abc import Sequence

import numpy as np

from neurocmc.common.arrays import Bool, Float
from neurocmc.common.matrices import driven_by
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.summaries import milliseconds
from neurocmc.theory.filter import SoftFilter
from neurocmc.verification.edges import Edge, judged, not_run
from neurocmc.verification.metrics import window_ticks

QUANTITY = "NRMSE of what it rests in"
TIME_CONSTANTS = 10.0  # of the slowest difference: e^-10 of it is left, below the limit of the rate circuit


def held(stimulus: Stimulus) -> Bool:
    """Returns (trials,) whether the drive of a trial is one from its beginning to its end."""
    return np.logical_and.reduce([(v == v[:, :1]).all(axis=(1, 2)) for v in stimulus.values.values()])


def unfit(found: SoftFilter, circuit: RateCircuit, stimuli: Sequence[Stimulus]) -> str:
    """Returns why none of the stimuli lets the filter rest; nothing where one does."""
    if not any(held(stimulus).any() for stimulus in stimuli):
        return "no trial holds its drive"
    longest = max(stimulus.duration_s for stimulus in stimuli if held(stimulus).any())
    needed = _needed_s(found, circuit)
    told = f"drives are held for {milliseconds(longest)}, it rests after {milliseconds(needed)}"
    return "" if longest >= needed else told


def rest_edge(
    found: SoftFilter, circuit: RateCircuit, level: str, limit: float, runs: Sequence[tuple[Stimulus, Recording]]
) -> Edge:
    """Judges the mean activity in the readout's window, over all trials that hold their drive long enough.

    Args:
        found: The filter.
        circuit: The circuit that it was found in.
        level: What was run, for the name of the edge.
        limit: Of the root mean square error, as a fraction of the range of the closed form.
        runs: The stimuli and what the level recorded on each.
    """
    readout = circuit.readouts[0]
    wanted: list[Float] = []
    seen: list[Float] = []
    for stimulus, recording in runs:
        if stimulus.duration_s >= _needed_s(found, circuit) and (trials := held(stimulus)).any():
            drives = (driven_by(stimulus.values[entry.name][trials, 0], entry.weight) for entry in circuit.inputs)
            wanted.append(found.rest(sum(drives, np.zeros(found.units))))
            window = window_ticks(recording, readout)
            seen.append(recording.activity[found.excite][trials, -window:].mean(axis=1, dtype=np.float64))
    rest, end = np.concatenate(wanted), np.concatenate(seen)
    error = float(np.sqrt(np.mean(np.square(end - rest)))) / (float(rest.max(initial=0.0)) or 1.0)
    worst = int(np.argmax(np.square(end - rest).mean(axis=0)))
    return judged(
        f"closed form ~ {level}",
        QUANTITY,
        error,
        limit,
        "of range",
        worst=f"{found.excite}[{worst}]",
        note=f"alpha {found.alpha:g}, all inhibit each by {found.inhibition:.4g}; {len(rest):,} trials",
    )


def rest_not_run(level: str, why: str) -> Edge:
    """Returns the edge of stimuli under which the filter does not rest."""
    return not_run(f"closed form ~ {level}", QUANTITY, why)


def _needed_s(found: SoftFilter, circuit: RateCircuit) -> float:
    """The time after which the filter has rested for a window of its readout."""
    return TIME_CONSTANTS * found.settles_s + circuit.readouts[0].window_s
