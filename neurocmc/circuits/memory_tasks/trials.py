"""Makes the trials of the two tasks: drives over time, what must be remembered, and the right answer; numpy alone.

Delayed match to sample: a direction is shown, gone for the delay, and it or another one is shown again; the answer is
whether they match. Context-dependent integration, after Mante, Sussillo, Shenoy & Newsome, Nature 503 (2013): a cue
names one of two streams of noisy evidence, is gone for the delay, and both streams come at once; the answer is the
side for which the named stream speaks, whatever the other one says.

A trial's numbers follow from the task, the purpose, the delay and a seed. Those for calibration and test do not
depend on the seed of a training, so that all trainings are judged by the same trials.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from neurocmc.circuits.memory_tasks.recipe import ContextRecipe, DelayedMatchRecipe, MemoryRecipe
from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.common.draws import stream
from neurocmc.common.ticks import Sampled, sampled

DIRECTION = "direction"
CUE = "cue"
EVIDENCE = "evidence"
ANSWERS = {"delayed-match": ("match", "non-match"), "context-integration": ("left", "right")}
CONTEXTS = ("motion", "colour")
EVIDENCE_LARGEST = 1.5  # drives are cut here, so that no noise leaves the range that calibration has seen
TASK_SEED = 20_260_613  # of calibration, validation and test; never an option, so that all numbers are comparable

Purpose = Literal["train", "validation", "calibration", "test"]
_PURPOSES = ("train", "validation", "calibration", "test")
_CALIBRATION_CUES = 3  # times as long as a cue of the task


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trials:
    """A batch of trials of one delay."""

    duration_s: float
    edges_s: Float  # (edges,), the first is 0
    values: Mapping[str, Float] = field(repr=False)  # input -> (batch, edges, channels), each in 0 .. 1.5
    remembered: Int  # (batch,) the item that memory must hold at `held_s`
    labels: Int  # (batch,) the right answer
    strength: Float  # (batch,) of the evidence that counts, signed, + for the first answer; 1 where all are alike
    held_s: float  # when the delay ends

    def __post_init__(self) -> None:
        set_frozen(self, "edges_s", np.float64, (None,))
        for name in ("remembered", "labels"):
            set_frozen(self, name, np.int64, (None,))
        set_frozen(self, "strength", np.float64, self.labels.shape)

    def __len__(self) -> int:
        return len(self.labels)

    def on_ticks(self, dt_s: float) -> Sampled:
        """Returns the drive in each step, by the rule of a stimulus; phases are whole steps of `dt_s`."""
        return sampled(self.edges_s, self.values, round(self.duration_s / dt_s), dt_s)


def make_trials(
    recipe: MemoryRecipe,
    purpose: Purpose,
    count: int,
    delay_tau: float,
    seed: int = TASK_SEED,
    index: int = 0,
    coherences: Sequence[float] | None = None,
) -> Trials:
    """Returns `count` trials with a delay of `delay_tau` time constants, rounded to whole steps; half of each answer.

    `index` numbers batches of one purpose and seed; `coherences` replaces those of a context recipe.
    """
    dt_s = recipe.circuit.dt_s
    delay_s = max(round(delay_tau * recipe.circuit.tau_s / dt_s), 1) * dt_s
    generator = stream(seed, _PURPOSES.index(purpose), round(delay_s / dt_s), index)
    if isinstance(recipe, DelayedMatchRecipe):
        return _match_trials(recipe, count, delay_s, generator)
    # Calibration must also visit where a cue leads that lasts until everything has settled.
    cue_s = recipe.trial.cue_s * (_CALIBRATION_CUES if purpose == "calibration" else 1)
    return _context_trials(recipe, count, cue_s, delay_s, generator, tuple(coherences or recipe.trial.coherences))


def tuning_curves(items: int, channels: int, tuning: float) -> Float:
    """Returns (items, channels) drive of each channel when an item is shown: von Mises curves, 1 at the best."""
    shown = 2 * np.pi * np.arange(items) / items
    best = 2 * np.pi * np.arange(channels) / channels
    return np.exp(tuning * (np.cos(shown[:, None] - best) - 1.0))


def _match_trials(recipe: DelayedMatchRecipe, count: int, delay_s: float, generator: np.random.Generator) -> Trials:
    trial, items = recipe.trial, recipe.circuit.items
    edges_s, phase = _edges(trial.sample_s, delay_s, trial.test_s, trial.redraw_s)
    sample = generator.integers(items, size=count)
    labels = generator.permutation(np.arange(count) % 2)
    other = (sample + generator.integers(1, items, size=count)) % items
    test = np.where(labels == 0, sample, other)
    curves = tuning_curves(items, recipe.circuit.channels, trial.tuning)
    drive = np.zeros((count, len(edges_s), recipe.circuit.channels))
    drive[:, phase == 0] = curves[sample][:, None]
    drive[:, phase == 2] = curves[test][:, None]
    drive += trial.noise * generator.standard_normal(drive.shape)
    return Trials(
        duration_s=trial.sample_s + delay_s + trial.test_s,
        edges_s=edges_s,
        values={DIRECTION: np.clip(drive, 0.0, EVIDENCE_LARGEST)},
        remembered=sample,
        labels=labels,
        strength=np.where(labels == 0, 1.0, -1.0),
        held_s=trial.sample_s + delay_s,
    )


def _context_trials(
    recipe: ContextRecipe,
    count: int,
    cue_s: float,
    delay_s: float,
    generator: np.random.Generator,
    coherences: tuple[float, ...],
) -> Trials:
    trial = recipe.trial
    edges_s, phase = _edges(cue_s, delay_s, trial.evidence_s, trial.redraw_s)
    context = generator.integers(2, size=count)
    labels = generator.permutation(np.arange(count) % 2)
    sign = np.where(labels == 0, 1.0, -1.0)
    strength = sign * np.asarray(coherences)[generator.integers(len(coherences), size=count)]
    # The other stream says what it likes, as strongly: half of the trials are in conflict.
    other = (
        generator.choice([-1.0, 1.0], size=count)
        * np.asarray(coherences)[generator.integers(len(coherences), size=count)]
    )
    streams = np.where((context == 0)[:, None], np.stack([strength, other], 1), np.stack([other, strength], 1))
    cue = np.zeros((count, len(edges_s), 2))
    cue[:, phase == 0] = np.eye(2)[context][:, None]
    evidence = np.zeros((count, len(edges_s), 4))
    for_and_against = np.stack([1.0 + streams, 1.0 - streams], axis=2).reshape(count, 4)
    evidence[:, phase == 2] = 0.5 * for_and_against[:, None]
    evidence[:, phase == 2] += trial.noise * generator.standard_normal(evidence[:, phase == 2].shape)
    return Trials(
        duration_s=cue_s + delay_s + trial.evidence_s,
        edges_s=edges_s,
        values={CUE: cue, EVIDENCE: np.clip(evidence, 0.0, EVIDENCE_LARGEST)},
        remembered=context,
        labels=labels,
        strength=strength,
        held_s=cue_s + delay_s,
    )


def _edges(first_s: float, delay_s: float, last_s: float, redraw_s: float) -> tuple[Float, Int]:
    """Edges every `redraw_s` from the beginning of each of the three phases, and the phase of each edge."""
    starts = np.cumsum([0.0, first_s, delay_s])
    counts = [max(int(np.ceil(length / redraw_s - 1e-9)), 1) for length in (first_s, delay_s, last_s)]
    edges = [start + redraw_s * np.arange(count) for start, count in zip(starts, counts, strict=True)]
    return np.concatenate(edges), np.repeat(np.arange(3), counts)
