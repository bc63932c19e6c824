"""Makes the trials of the three tasks: one-choice inference, a perceptual decision, go or no-go."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.literature.connectome.recipe import ConnectomeRecipe, Task, TrialRecipe
from neurocmc.literature.connectome.streams import Purpose, stream

CLASSES: dict[Task, tuple[str, ...]] = {
    "inference": ("left", "right", "up", "down"),
    "decision": ("first", "second"),
    "go-no-go": ("no-go", "go"),
}
CHANNELS: dict[Task, int] = {"inference": 8, "decision": 2, "go-no-go": 3}
# Goals are the corners of a square; from its middle two of the four ways lead nearer to each, two further from it.
_NEARER = np.array([[0, 2], [0, 3], [1, 2], [1, 3]])
_FURTHER = np.array([[1, 3], [1, 2], [0, 3], [0, 2]])


@dataclass(frozen=True, slots=True, eq=False)
class TaskTrials:
    """Trials of one task.

    Args:
        inputs: (trials, steps, channels).
        labels: (trials,) right answers.
    """

    inputs: Float
    labels: Int

    def __len__(self) -> int:
        return len(self.labels)


def make_trials(recipe: ConnectomeRecipe, seed: int, purpose: Purpose, count: int, index: int = 0) -> TaskTrials:
    """Draws trials of the recipe's task; those of different purposes, and batches, are different ones."""
    generator = stream(seed, purpose, index)
    match recipe.task:
        case "inference":
            return _inference(recipe.trial, count, generator)
        case "decision":
            return _decision(recipe.trial, count, generator)
        case "go-no-go":
            return _go_no_go(recipe.trial, count, generator)


def _inference(trial: TrialRecipe, count: int, generator: np.random.Generator) -> TaskTrials:
    """A goal is shown and withdrawn; of two ways that are then offered, one leads nearer to it."""
    goal, one, other = (generator.integers(limit, size=count) for limit in (4, 2, 2))
    answer, wrong, each = _NEARER[goal, one], _FURTHER[goal, other], np.arange(count)
    inputs = _noise(trial, count, CHANNELS["inference"], generator)
    inputs[each, : trial.shown_steps, goal] += 1.0
    for way in (answer, wrong):
        inputs[each, -trial.answer_steps :, 4 + way] += 1.0
    return TaskTrials(inputs, answer)


def _decision(trial: TrialRecipe, count: int, generator: np.random.Generator) -> TaskTrials:
    """Two noisy channels, of which one is stronger on average."""
    answer, each = generator.integers(2, size=count), np.arange(count)
    half = 0.5 * np.asarray(trial.coherences)[generator.integers(len(trial.coherences), size=count)]
    inputs = 0.5 + trial.evidence_noise * generator.standard_normal((count, trial.evidence_steps, 2))
    inputs[each, :, answer] += half[:, None]
    inputs[each, :, 1 - answer] -= half[:, None]
    return TaskTrials(inputs, answer)


def _go_no_go(trial: TrialRecipe, count: int, generator: np.random.Generator) -> TaskTrials:
    """A cue says whether to go; a third channel asks, after a delay."""
    answer, each = generator.integers(2, size=count), np.arange(count)
    inputs = _noise(trial, count, CHANNELS["go-no-go"], generator)
    inputs[each, : trial.shown_steps, answer] += 1.0
    inputs[:, -trial.answer_steps :, 2] += 1.0
    return TaskTrials(inputs, answer)


def _noise(trial: TrialRecipe, count: int, channels: int, generator: np.random.Generator) -> Float:
    steps = trial.shown_steps + trial.delay_steps + trial.answer_steps
    return trial.noise * generator.standard_normal((count, steps, channels))
