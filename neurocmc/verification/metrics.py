"""How two recordings of one circuit differ: trajectories, decisions, accuracy."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.rate import Readout
from neurocmc.ir.recording import Recording

QUIET = 0.01  # of the circuit's largest activity: what stays below is judged as if it reached this
Activity = Mapping[str, NDArray[np.float32]]


def nrmse(reference: Activity, other: Activity) -> dict[str, float]:
    """Population -> root mean square error over trials, ticks and units, over the population's largest activity.

    A population that is nearly silent in the reference is measured against `QUIET` of the circuit's largest activity.
    """
    overall = max(float(activity.max(initial=0.0)) for activity in reference.values())
    errors: dict[str, float] = {}
    for name, activity in reference.items():
        scale = max(float(activity.max(initial=0.0)), QUIET * overall) or 1.0
        difference = other[name].astype(np.float64) - activity
        errors[name] = float(np.sqrt(np.mean(np.square(difference)))) / scale
    return errors


def largest_difference(reference: Mapping[str, NDArray[np.floating]], other: Activity) -> dict[str, float]:
    """Population -> largest absolute difference between trajectories, in units of activity."""
    return {name: float(np.abs(other[name] - activity).max(initial=0.0)) for name, activity in reference.items()}


def decisions(recording: Recording, readout: Readout) -> NDArray[np.int64]:
    """(batch,) the unit with the highest mean trace over the last `window_s` of a trial; -1 where all are silent."""
    window = max(round(readout.window_s / recording.tick_s), 1)
    mean = recording.activity[readout.population][:, -window:].mean(axis=1, dtype=np.float64)
    return np.where(mean.max(axis=1) > 0, mean.argmax(axis=1), -1)


def agreement(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Share of trials on which two rows of decisions agree."""
    return float(np.mean(first == second))


def accuracy(chosen: NDArray[np.int64], labels: NDArray[np.int64]) -> float | None:
    """Share of labelled trials that were decided rightly; None if no trial has a label."""
    labelled = labels >= 0
    return float(np.mean(chosen[labelled] == labels[labelled])) if labelled.any() else None
