"""How two recordings of one circuit differ: trajectories, decisions, accuracy."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem
from neurocmc.ir.rate import Classifier, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.summaries import milliseconds

QUIET = 0.01  # of the circuit's largest activity: what stays below is judged as if it reached this
Activity = Mapping[str, NDArray[np.float32]]


def nrmse(reference: Activity, other: Activity) -> dict[str, float]:
    """Population -> root mean square error over trials, ticks and units, over the population's range of activity.

    The range reaches from 0, or the lowest activity where some are negative, to the largest. A population that is
    nearly silent in the reference is measured against `QUIET` of the circuit's largest activity.
    """
    overall = max(_range(activity) for activity in reference.values())
    errors: dict[str, float] = {}
    for name, activity in reference.items():
        scale = max(_range(activity), QUIET * overall) or 1.0
        difference = other[name].astype(np.float64) - activity
        errors[name] = float(np.sqrt(np.mean(np.square(difference)))) / scale
    return errors


def _range(activity: NDArray[np.float32]) -> float:
    return float(activity.max(initial=0.0)) - float(activity.min(initial=0.0))


def largest_difference(reference: Mapping[str, NDArray[np.floating]], other: Activity) -> dict[str, float]:
    """Population -> largest absolute difference between trajectories, in units of activity."""
    return {name: float(np.abs(other[name] - activity).max(initial=0.0)) for name, activity in reference.items()}


def decisions(recording: Recording, readout: Readout | Classifier) -> NDArray[np.int64]:
    """(batch,) the answer of each trial.

    Of a readout, the unit with the highest mean trace over the last `window_s`, -1 where all are silent; of a
    classifier, the largest output of its last layer. Raises InputError where the window is longer than what was run.
    """
    if isinstance(readout, Classifier):
        return class_scores(recording, readout).argmax(axis=1)
    mean = _mean_at_end(recording, readout.population, readout)
    return np.where(mean.any(axis=1), mean.argmax(axis=1), -1)


def class_scores(recording: Recording, classifier: Classifier) -> NDArray[np.float64]:
    """(batch, classes) outputs of a classifier's last layer."""
    features = [_mean_at_end(recording, name, classifier) for name in classifier.populations]
    value = np.concatenate(features, axis=1)
    for layer in classifier.layers:
        value = value @ layer.weight.T + layer.bias
        value = np.maximum(value, 0.0) if layer.rectify else value
    return value


def window_ticks(recording: Recording, readout: Readout | Classifier) -> int:
    """Over how many ticks at the end a readout decides: a whole number, as the circuit's own check has seen."""
    return round(readout.window_s / recording.tick_s)


def _mean_at_end(recording: Recording, population: str, readout: Readout | Classifier) -> NDArray[np.float64]:
    window = window_ticks(recording, readout)
    if window > recording.ticks:
        what = f"its window of {milliseconds(readout.window_s)} is longer than what was run of {recording.stimulus}"
        raise InputError(Problem(f"readout {readout.name}", what, "shorten the window, or run it longer"))
    return recording.activity[population][:, -window:].mean(axis=1, dtype=np.float64)


def agreement(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Share of trials on which two rows of decisions agree."""
    return float(np.mean(first == second))


def accuracy(chosen: NDArray[np.int64], labels: NDArray[np.int64]) -> float | None:
    """Share of labelled trials that were decided rightly; None if no trial has a label."""
    labelled = labels >= 0
    return float(np.mean(chosen[labelled] == labels[labelled])) if labelled.any() else None
