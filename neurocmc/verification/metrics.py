"""Measures how two recordings of one circuit differ: in trajectories, in decisions, in accuracy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem
from neurocmc.ir.rate import Classifier, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.summaries import milliseconds

TELLING = 0.001  # of its population's largest activity: a unit that stays below is not asked to fire
QUIET = 0.01  # of the circuit's largest activity: what stays below is judged as if it reached this
AT_ONCE = 1 << 20  # numbers of a recording that are filtered at once: a large one is never held several times
SILENT, TIE = -1, -2  # decisions that name no unit
TIED = 1e-6  # of the largest score: closer than this, two scores differ by rounding of float32 alone
Activity = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateErrors:
    """The distances of two recordings of one population, as fractions of its range of activity.

    The range reaches from 0, or the lowest activity where some are negative, to the largest. A population that is
    nearly silent in the reference is measured against `QUIET` of the circuit's largest activity.
    """

    rms: float  # over trials, ticks and units
    of_unit: Float  # (units,) root mean square over trials and ticks

    @property
    def unit(self) -> int:
        """The unit that is worst over time."""
        return worst_of(self.of_unit)


def rate_errors(reference: Activity, other: Activity) -> dict[str, RateErrors]:
    """Returns the errors of every population of `reference`."""
    scale = scales(reference)
    errors: dict[str, RateErrors] = {}
    for name, activity in reference.items():
        square = np.square(other[name].astype(np.float64) - activity)
        errors[name] = RateErrors(
            rms=float(np.sqrt(square.mean())) / scale[name], of_unit=np.sqrt(square.mean(axis=(0, 1))) / scale[name]
        )
    return errors


def scales(reference: Activity) -> dict[str, float]:
    """Maps each population to the range of activity by which its errors are divided."""
    ranges = {name: _range(activity) for name, activity in reference.items()}
    least = QUIET * max(ranges.values())
    return {name: max(own, least) or 1.0 for name, own in ranges.items()}


def moment_errors(reference: NDArray[np.float32], other: NDArray[np.float32], reach_ticks: int) -> Float:
    """Returns (trials, units) the largest error of any moment, in units of activity; both are (trials, ticks, units).

    What is a moment early or late is not an error: each value may be any that the other recording takes within
    `reach_ticks` before and after, and what lies outside of these is the error. Both ways, so that neither a pulse
    that is missing nor one too many is passed over.
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d  # here and not above: only `verify` needs it

    worst = np.zeros((len(reference), reference.shape[2]))
    step = max(AT_ONCE // max(reference[:1].size, 1), 1)
    for part in (slice(start, start + step) for start in range(0, len(reference), step)):
        for value, around in ((reference[part], other[part]), (other[part], reference[part])):
            low = minimum_filter1d(around, 2 * reach_ticks + 1, axis=1, mode="nearest")
            high = maximum_filter1d(around, 2 * reach_ticks + 1, axis=1, mode="nearest")
            worst[part] = np.maximum(worst[part], np.maximum(value - high, low - value).max(axis=1))
    return worst


def worst_of(values: Float) -> int:
    """Returns the index of the first of the largest; what is not a number is larger than all."""
    return int(np.argmax(np.where(np.isnan(values), np.inf, values)))


def nrmse(reference: Activity, other: Activity) -> dict[str, float]:
    """Maps each population to its root mean square error over trials, ticks and units, as in `RateErrors`."""
    return {name: errors.rms for name, errors in rate_errors(reference, other).items()}


def _range(activity: NDArray[np.float32]) -> float:
    return float(activity.max(initial=0.0)) - float(activity.min(initial=0.0))


def largest_difference(reference: Mapping[str, NDArray[np.floating]], other: Activity) -> dict[str, float]:
    """Maps each population to the largest absolute difference of trajectories, in units of activity."""
    return {name: float(np.abs(other[name] - activity).max(initial=0.0)) for name, activity in reference.items()}


def decisions(recording: Recording, readout: Readout | Classifier) -> NDArray[np.int64]:
    """Returns (batch,) the answer of each trial: of a readout a unit, of a classifier a class.

    Of a readout, the unit with the highest mean activity over the last `window_s`, SILENT where all are silent; of a
    classifier, the largest output of its last layer. Where the two largest are equal nothing is decided: TIE.
    Raises InputError where the window is longer than what was run.
    """
    if isinstance(readout, Classifier):
        return _largest(class_scores(recording, readout))
    mean = _mean_at_end(recording, readout.population, readout)
    return np.where(mean.any(axis=1), _largest(mean), SILENT)


def _largest(scores: Float) -> NDArray[np.int64]:
    """(batch,) index of the largest of (batch, choices) scores, TIE where another equals it."""
    best = scores.argmax(axis=1)
    if scores.shape[1] == 1:
        return best
    second, first = np.partition(scores, -2, axis=1)[:, -2:].T
    return np.where(first - second <= TIED * np.abs(first), TIE, best)


def class_scores(recording: Recording, classifier: Classifier) -> NDArray[np.float64]:
    """Returns (batch, classes) outputs of a classifier's last layer."""
    features = [_mean_at_end(recording, name, classifier) for name in classifier.populations]
    return reduce(
        lambda value, layer: _rectified(value @ layer.weight.T + layer.bias, rectify=layer.rectify),
        classifier.layers,
        np.concatenate(features, axis=1),
    )


def _rectified(value: Float, *, rectify: bool) -> Float:
    return np.maximum(value, 0.0) if rectify else value


def window_ticks(recording: Recording, readout: Readout | Classifier) -> int:
    """Returns over how many ticks at the end a readout decides: a whole number, as the circuit's check has seen."""
    return round(readout.window_s / recording.tick_s)


def _mean_at_end(recording: Recording, population: str, readout: Readout | Classifier) -> NDArray[np.float64]:
    window = window_ticks(recording, readout)
    if window > recording.ticks:
        what = f"its window of {milliseconds(readout.window_s)} is longer than what was run of {recording.stimulus}"
        raise InputError(
            Problem("window-too-long", f"readout {readout.name}", what, "shorten the window, or run it longer")
        )
    return recording.activity[population][:, -window:].mean(axis=1, dtype=np.float64)


def agree(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Returns (batch,) where two rows of decisions are the same; two ties are not."""
    return (first == second) & (first != TIE)


def agreement(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Returns the share of trials on which two rows of decisions agree."""
    return float(np.mean(agree(first, second)))


def accuracy(chosen: NDArray[np.int64], labels: NDArray[np.int64]) -> float | None:
    """Returns the share of labelled trials that were decided rightly, a tie is not; None if no trial has a label."""
    labelled = labels >= 0
    return float(np.mean(chosen[labelled] == labels[labelled])) if labelled.any() else None


def undecided(chosen: NDArray[np.int64], level: str) -> str:
    """Returns how many trials ended without a winner on a level, in words; nothing where all have one."""
    found = [(int((chosen == TIE).sum()), "tied"), (int((chosen == SILENT).sum()), "silent")]
    counted = " and ".join(f"{count:,} {what}" for count, what in found if count)
    return f"{counted} on {level}" if counted else ""


def percentiles(values: Sequence[float] | Float) -> str:
    """Returns a distribution in one line: median, 90 and 99 % and largest, in percent."""
    median, ninety, most, largest = 100.0 * np.percentile(np.asarray(values), [50, 90, 99, 100])
    return f"median {median:.3g} %, 90 % below {ninety:.3g} %, 99 % below {most:.3g} %, largest {largest:.3g} %"
