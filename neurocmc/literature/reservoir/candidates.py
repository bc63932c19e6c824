"""Makes every reservoir that a recipe names, and takes the one that is best on inputs for validation.

Each is of the same random weights, so that what is chosen is a gain, a factor or a target. Inputs that reservoirs are
chosen, calibrated and tested by are drawn from generators of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.draws import stream
from neurocmc.common.progress import Progress
from neurocmc.literature.reservoir.balance import draw
from neurocmc.literature.reservoir.digits import FITTED, accuracies, digits, one_stream
from neurocmc.literature.reservoir.equations import Reservoir
from neurocmc.literature.reservoir.recipe import ReservoirRecipe
from neurocmc.literature.reservoir.series import mackey, memory, memory_readout, uniform

Purpose = Literal["choice", "calibration", "judge", "test"]
_STREAMS: dict[Purpose, int] = {"choice": 1, "calibration": 2, "judge": 3, "test": 4}
CALIBRATION_STEPS, JUDGED_STEPS = 600, 300  # of series that ranges are chosen on, and that `verify` judges by
CALIBRATION_DIGITS, JUDGED_DIGITS = 128, 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A reservoir and what it was made with."""

    reservoir: Reservoir
    gain: float
    factor: float  # of inhibition; 1 where it adapts
    target: float  # of r in the mean; 0 where nothing adapts
    validation: float  # memory capacity, or share of digits told right


def generator(seed: int, purpose: Purpose) -> np.random.Generator:
    """Returns the generator of the inputs of a seed for one purpose."""
    return stream(seed, _STREAMS[purpose])


def best(recipe: ReservoirRecipe, seed: int, progress: Progress) -> Candidate:
    """Returns the candidate that is best on validation; of equals the first."""
    count = len(recipe.gains) * len(recipe.tried)
    chosen: Candidate | None = None
    for number, candidate in enumerate(candidates(recipe, seed), start=1):
        progress(f"reservoir {number} of {count}", number / count)
        if chosen is None or candidate.validation > chosen.validation:
            chosen = candidate
    assert chosen is not None
    return chosen


def candidates(recipe: ReservoirRecipe, seed: int) -> Iterator[Candidate]:
    """Yields every reservoir that a recipe names, gain by gain."""
    rng = np.random.default_rng(seed)
    drawn = draw(recipe.structure, rng)
    drive = _running(recipe, rng)
    offsets = recipe.spread * rng.uniform(-1.0, 1.0, recipe.units)
    for gain in recipe.gains:
        scaled = drawn.scaled(gain)
        for value in recipe.tried:
            if recipe.balance == "global":
                reservoir, factor, target = scaled.with_factor(value), value, 0.0
            else:
                adapting = scaled.inhibitory_columns()
                reservoir = scaled.adapted(drive, value + offsets, recipe.adaptation_rate, adapting)
                factor, target = 1.0, value
            score = _score(recipe, seed, reservoir)
            yield Candidate(reservoir=reservoir, gain=gain, factor=factor, target=target, validation=score)


def calibration(recipe: ReservoirRecipe, seed: int) -> Float:
    """Returns (trials, steps, inputs) that ranges are chosen on: noise and Mackey-Glass, or digits to fit on."""
    if recipe.task == "digits":
        return digits().drives[:CALIBRATION_DIGITS]
    rng = generator(seed, "calibration")
    drives = [uniform(rng, CALIBRATION_STEPS), mackey(rng).drive[:CALIBRATION_STEPS]]
    return np.stack(drives)[:, :, None]


def judged(recipe: ReservoirRecipe, seed: int) -> Float:
    """Returns (trials, steps, inputs) that `verify` judges the chip by."""
    if recipe.task == "digits":
        return digits().drives[FITTED.stop - JUDGED_DIGITS : FITTED.stop]
    rng = generator(seed, "judge")
    return np.stack([uniform(rng, JUDGED_STEPS), mackey(rng).drive[:JUDGED_STEPS]])[:, :, None]


def _running(recipe: ReservoirRecipe, rng: np.random.Generator) -> Float:
    """(steps, inputs) of what runs while inhibition adapts."""
    if recipe.task == "digits":
        return one_stream(rng, recipe.adaptation_steps)
    return uniform(rng, recipe.adaptation_steps)[:, None]


def _score(recipe: ReservoirRecipe, seed: int, reservoir: Reservoir) -> float:
    if recipe.task == "digits":
        return accuracies(reservoir.run(digits().drives)[:, -1])[0]
    series = memory(generator(seed, "choice"))
    states = reservoir.run(series.drive[None, :, None])[0]
    return float(memory_readout(states, series).validation.sum())
