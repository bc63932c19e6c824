"""Makes trials of random dots that move over a ring of sensors; numpy alone.

A pattern of dots moves by a whole number of sensors a step, and leaves the ring on one side to come back on the
other. In every step each sensor sees it with probability `coherence`, and otherwise noise of the same density. So
what is seen in one step has the same distribution whatever the velocity, and only how steps belong together tells it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.draws import stream
from neurocmc.literature.motion.recipe import MotionRecipe

TASK_SEED = 20_261_130  # of calibration, validation and test: all trainings are judged by the same trials
Purpose = Literal["train", "validation", "calibration", "test"]
_PURPOSES = ("train", "validation", "calibration", "test")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trials:
    """Dots over time, and which of the velocities they move with."""

    drives: Float  # (trials, steps, sensors), 0 or 1
    labels: Int  # (trials,) index of the velocity

    def __len__(self) -> int:
        return len(self.labels)


def make_trials(recipe: MotionRecipe, purpose: Purpose, count: int, seed: int = TASK_SEED, index: int = 0) -> Trials:
    """Returns trials with every velocity as often as any other, to one.

    Args:
        recipe: Says what moves where.
        purpose: What the trials are for; those of different purposes are independent.
        count: How many.
        seed: Of what is drawn; all but those to train have one that is no option.
        index: Numbers batches of one seed.

    Returns:
        `count` trials in a random order.
    """
    dots = recipe.dots
    generator = stream(seed, _PURPOSES.index(purpose), index)
    labels = generator.permutation(np.arange(count) % len(dots.velocities))
    pattern = generator.random((count, dots.sensors)) < dots.density
    shape = (count, recipe.steps, dots.sensors)
    seen = generator.random(shape) < dots.coherence
    noise = generator.random(shape) < dots.density
    moving = moved(pattern, np.array(dots.velocities)[labels], recipe.steps)
    return Trials(drives=np.where(seen, moving, noise).astype(np.float64), labels=labels)


def moved(pattern: np.ndarray, velocity: Int, steps: int) -> np.ndarray:
    """Returns what sensors see of patterns that move on a ring, (trials, steps, sensors).

    Args:
        pattern: (trials, sensors) in the first step.
        velocity: (trials,) sensors a step, to higher numbers where above 0.
        steps: How many.
    """
    sensors = pattern.shape[1]
    shift = velocity[:, None] * np.arange(steps)
    place = (np.arange(sensors) - shift[..., None]) % sensors
    return np.take_along_axis(np.repeat(pattern[:, None], steps, axis=1), place, axis=2)
