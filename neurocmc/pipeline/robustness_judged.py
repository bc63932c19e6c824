"""Judges trials on chips with faults by what the artifact says of them.

- An item that the rate circuit goes on holding when all drive has ended is *held* as long as its unit stays above
  half of the level that the rate circuit holds, and all others below; the trial is wrong if it is not so at the end.
- A trial without a label in which the rate circuit ends silent is wrong if a unit is above half of that level.
- Any other labelled trial is wrong if the decision is not the label.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.ir.rate import Classifier, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.faults import FaultyChips
from neurocmc.pipeline.simulate import find_stimulus
from neurocmc.pipeline.staging import restored
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.metrics import decisions

HELD_SHARE = 0.5  # of the level that the rate circuit holds
TIME_DIGITS = 9  # of times in s, so that ticks counted and edges subtracted agree
FADES = 0.1  # of its activity, that a held item may lose in the second half of the time
WINDOW_S = 0.1  # over which the end of a trial is judged


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgedTask:
    """A stimulus and how its trials are judged; `longest_s` is (batch,), NaN where nothing is to be held."""

    stimulus: Stimulus
    host: Any  # what the host sends on all trials: encoded once for all seeds
    longest_s: Float
    judge: Callable[[Recording, Int], tuple[NDArray[np.bool_], Float]]


def judged_tasks(artifact: Artifact, chips: FaultyChips, stimuli: tuple[str, ...]) -> tuple[JudgedTask, ...]:
    """Returns the stimuli that can be judged, each with what the rate circuit does on it. Raises InputError."""
    readouts = [*(r for r in artifact.circuit.readouts if r.kind == "winner"), *artifact.circuit.classifiers]
    if not readouts:
        what = "it has no readout that decides, so no trial can be correct or wrong"
        raise InputError(
            Problem(
                "readout-missing",
                f"circuit {artifact.circuit.name}",
                what,
                "give the circuit a readout of kind: winner",
            )
        )
    if stimuli:
        chosen = [find_stimulus(artifact, name) for name in dict.fromkeys(stimuli)]
    else:
        window_s = readouts[0].window_s - 0.5 * artifact.staged.dt_s
        silent = [s for s in artifact.stimuli.calibration if (s.labels < 0).all() and s.duration_s > window_s]
        chosen = list({s.name: s for s in (*artifact.stimuli.test, *silent)}.values())
    seen = [restored(simulate_rate(artifact.staged, s), artifact.circuit, artifact.staged) for s in chosen]
    readout = readouts[0]
    level = _held_level(chosen, seen, readout)
    tasks = [_task(chips, stimulus, rate, readout, level) for stimulus, rate in zip(chosen, seen, strict=True)]
    judged = tuple(task for task in tasks if task is not None)
    if not judged:
        what = f"none of {', '.join(s.name for s in chosen) or 'its stimuli'} has a label or something to hold"
        cure = f"name others (--stimulus); the artifact holds: {', '.join(artifact.stimuli.by_name())}"
        raise InputError(Problem("stimuli-without-answer", str(artifact.directory), what, cure))
    return judged


def _drive_end_s(stimulus: Stimulus) -> Float:
    """(batch,) when the last drive of each trial ends; 0 where there is none, the whole duration where it stays."""
    driven = np.any([value.any(axis=2) for value in stimulus.values.values()], axis=0)
    ends = np.append(stimulus.edges_s[1:], stimulus.duration_s)
    return np.where(driven, ends, 0.0).max(axis=1)


def _memory_trials(stimulus: Stimulus, rate: Recording, readout: Readout | Classifier) -> NDArray[np.bool_]:
    """(batch,) whether the rate circuit holds the labelled unit to the end, after all drive has ended.

    What only fades is not held: in the second half of that time its activity falls by no more than `FADES`.
    """
    held = np.zeros(stimulus.batch, dtype=np.bool_)
    if isinstance(readout, Classifier):
        return held
    end_s, right = _drive_end_s(stimulus), decisions(rate, readout) == stimulus.labels
    last = _end(rate, readout.population, WINDOW_S)
    for trial in np.flatnonzero(right & (stimulus.labels >= 0) & (end_s < stimulus.duration_s - WINDOW_S)).tolist():
        middle = round(0.5 * float(end_s[trial] + stimulus.duration_s) / rate.tick_s)
        unit = int(stimulus.labels[trial])
        held[trial] = last[trial, unit] >= (1.0 - FADES) * rate.activity[readout.population][trial, middle, unit]
    return held


def _held_level(stimuli: list[Stimulus], rates: list[Recording], readout: Readout | Classifier) -> float | None:
    """The activity of an item that the rate circuit holds; None where it holds none."""
    levels: list[float] = []
    for stimulus, rate in zip(stimuli, rates, strict=True):
        trials = np.flatnonzero(_memory_trials(stimulus, rate, readout))
        if isinstance(readout, Readout) and trials.size:
            levels += _end(rate, readout.population, readout.window_s)[trials, stimulus.labels[trials]].tolist()
    return float(np.mean(levels)) if levels else None


def _end(recording: Recording, population: str, window_s: float) -> Float:
    """(batch, units) mean activity at the end."""
    window = max(round(window_s / recording.tick_s), 1)
    return recording.activity[population][:, -window:].mean(axis=1, dtype=np.float64)


def _task(
    chips: FaultyChips, stimulus: Stimulus, rate: Recording, readout: Readout | Classifier, level: float | None
) -> JudgedTask | None:
    """How a stimulus is judged, or None where nothing is right or wrong in any of its trials."""
    memory = _memory_trials(stimulus, rate, readout)
    if level is None or isinstance(readout, Classifier):
        keep = np.flatnonzero(stimulus.labels >= 0)
    else:
        quiet = _end(rate, readout.population, WINDOW_S).max(axis=1) < HELD_SHARE * level
        keep = np.flatnonzero((stimulus.labels >= 0) | quiet)
    if not keep.size:
        return None
    stimulus, memory = stimulus.take(keep), memory[keep]
    end_s = _drive_end_s(stimulus)

    def judge(seen: Recording, trials: Int) -> tuple[NDArray[np.bool_], Float]:
        labels, held = stimulus.labels[trials], np.full(trials.size, np.nan)
        wrong = decisions(seen, readout) != labels
        if level is None or isinstance(readout, Classifier):
            return wrong, held
        limit = HELD_SHARE * level
        up = _end(seen, readout.population, WINDOW_S) >= limit
        for index, trial in enumerate(trials.tolist()):
            if memory[trial]:
                after = seen.activity[readout.population][index, round(float(end_s[trial]) / seen.tick_s) :]
                held[index] = held_s(after, int(labels[index]), limit, seen.tick_s)
                wrong[index] = not up[index, labels[index]] or up[index].sum() > 1
            elif labels[index] < 0:
                wrong[index] = up[index].any()
        return wrong, held

    return JudgedTask(
        stimulus=stimulus,
        host=chips.host(stimulus),
        longest_s=np.where(memory, np.round(stimulus.duration_s - end_s, TIME_DIGITS), np.nan),
        judge=judge,
    )


def held_s(activity: NDArray[np.float32], item: int, limit: float, tick_s: float) -> float:
    """Measures how long `item` stays at or above `limit` and all others below; `activity` is (ticks, units)."""
    up = activity >= limit
    lost = ~up[:, item] | (up.sum(axis=1) > up[:, item])
    return round((int(np.argmax(lost)) if lost.any() else len(lost)) * tick_s, TIME_DIGITS)
