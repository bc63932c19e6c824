"""Measures reservoirs for studies: as rates, and on the chip with readouts fitted on what the chip did.

A reservoir for series gets columns of series, one for digits columns of digits. Errors are NRMSE: fractions of the
standard deviation of what is wanted.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from neurocmc.campaigns import Made
from neurocmc.common.arrays import Float
from neurocmc.literature.reservoir.candidates import generator
from neurocmc.literature.reservoir.chip import states
from neurocmc.literature.reservoir.digits import COLUMNS, accuracies, chance, digits
from neurocmc.literature.reservoir.family import read_reservoir, recipe_of
from neurocmc.literature.reservoir.series import MADE, Series, memory_curve, prediction_error

Columns: TypeAlias = dict[str, float | str]
Run: TypeAlias = Callable[[Float], Float]  # (trials, steps, m) inputs to (trials, steps, units) states


def rate(made: Made) -> Columns:
    """Returns what it reaches as rates: memory capacity and errors of predictions, or digits told right."""
    recipe = recipe_of(made.recipe)
    return _told("rate", recipe.task, read_reservoir(made.path, recipe).run, made.seed)


def chip(made: Made) -> Columns:
    """Returns the same of the chip's emulator. Raises InputError without a chip."""
    recipe, artifact = recipe_of(made.recipe), made.artifact()
    return _told("chip", recipe.task, lambda inputs: states(artifact, inputs), made.seed)


def rounded(made: Made, steps: int = 64) -> Columns:
    """Returns what rates reach where readouts see each unit in so many equal steps of the range that it visits.

    Only what is read is rounded, not what units send each other: what a pool of so many neurons cannot say at all.
    """
    recipe = recipe_of(made.recipe)
    reservoir = read_reservoir(made.path, recipe)
    return _told("rounded", recipe.task, lambda inputs: _in_steps(reservoir.run(inputs), steps), made.seed)


def controls(made: Made) -> Columns:
    """Returns what needs no reservoir: readouts of the input alone, of its last step and of all of it, and chance."""
    if recipe_of(made.recipe).task == "series":
        drives = _series(made.seed)
        now = {name: series.drive[:, None] for name, series in drives.items()}
        return {
            "input_memory": float(memory_curve(now["memory"], drives["memory"]).sum()),
            "input_narma": prediction_error(now["narma"], drives["narma"]),
            "input_mackey": prediction_error(now["mackey"], drives["mackey"]),
        }
    drives = digits().drives
    return {
        "last_column_digits": accuracies(drives[:, COLUMNS - 1])[1],
        "pixels_digits": accuracies(drives.reshape(len(drives), -1))[1],
        "chance_digits": chance(),
    }


def _told(where: str, task: str, run: Run, seed: int) -> Columns:
    """Columns of a reservoir that is run somewhere."""
    if task == "digits":
        return {f"{where}_digits": accuracies(run(digits().drives)[:, -1])[1]}
    drives = _series(seed)
    of = {name: run(series.drive[None, :, None])[0] for name, series in drives.items()}
    curve = memory_curve(of["memory"], drives["memory"])
    return {
        f"{where}_memory": float(curve.sum()),
        f"{where}_memory_curve": " ".join(f"{value:.4f}" for value in curve),
        f"{where}_narma": prediction_error(of["narma"], drives["narma"]),
        f"{where}_mackey": prediction_error(of["mackey"], drives["mackey"]),
    }


def _in_steps(states: Float, steps: int) -> Float:
    """States (trials, steps, units) in equal steps of each unit's range."""
    lowest, highest = states.min(axis=(0, 1)), states.max(axis=(0, 1))
    width = np.where(highest > lowest, (highest - lowest) / steps, 1.0)
    return lowest + width * np.round((states - lowest) / width)


def _series(seed: int) -> Mapping[str, Series]:
    rng = generator(seed, "test")
    return {name: make(rng) for name, make in MADE.items()}
