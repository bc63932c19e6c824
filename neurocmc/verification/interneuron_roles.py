"""Measures on a recording what an interneuron is there for: onset, competition, gate, gain.

Each measure is of the pyramidal units alone, so that the same circuit with an interneuron switched off can be asked
the same question.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateInput
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus

SETTLED_S = 0.1  # at the end of a stretch of constant drive: what stands there is the steady state
STANDS = 0.05  # of the winner: a unit below it counts as silent
GAIN_S = 1.0
GAIN_DRIVES = np.linspace(0.5, 1.2, 29)  # a pool counts in whole neurons: over many drives its steps average out
Activity = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """The answer of the strongest unit to a step: time to 90 %, its peak over its end, and the contrast."""

    rise_s: float
    overshoot: float  # peak over steady activity
    contrast: float  # (first - second) / (first + second), 20 ms after the step


def onset_of(activity: Activity, tick_s: float, step_s: float) -> Onset:
    """Measures the onset in (ticks, units) activity of a step of drive at `step_s` that lasts to the end."""
    after = activity[round(step_s / tick_s) :].astype(np.float64)
    steady = steady_of(after, tick_s, len(after) * tick_s)
    first = int(steady.argmax())
    at_20_ms = np.sort(after[round(0.02 / tick_s)])
    return Onset(
        rise_s=int(np.argmax(after[:, first] >= 0.9 * steady[first])) * tick_s,
        overshoot=float(after[:, first].max() / steady[first]),
        contrast=float((at_20_ms[-1] - at_20_ms[-2]) / (at_20_ms[-1] + at_20_ms[-2])),
    )


def steady_of(activity: NDArray[np.floating], tick_s: float, end_s: float) -> Float:
    """Returns (units,) mean activity over the last `SETTLED_S` before `end_s`; `activity` is (ticks, units)."""
    end = round(end_s / tick_s)
    return activity[end - round(SETTLED_S / tick_s) : end].mean(axis=0, dtype=np.float64)


def winners(steady: Float) -> int:
    """Counts the units that stand."""
    return int(np.count_nonzero(steady > STANDS * steady.max()))


def gain_stimulus(inputs: tuple[RateInput, ...], units: int) -> Stimulus:
    """Makes one trial a drive: unit 0 alone is driven, and whoever else receives the drive; gates stay shut."""
    drive = np.zeros((GAIN_DRIVES.size, 1, units))
    drive[:, 0, 0] = GAIN_DRIVES
    values = {
        entry.name: drive if entry.channels == units else np.zeros((GAIN_DRIVES.size, 1, entry.channels))
        for entry in inputs
    }
    return Stimulus(
        name="one-unit",
        duration_s=GAIN_S,
        edges_s=np.zeros(1),
        values=values,
        labels=np.full(GAIN_DRIVES.size, -1),
    )


def gain_of(recording: Recording) -> float:
    """Fits the slope of unit 0's steady activity over its drive, by least squares, on `gain_stimulus`."""
    half = recording.ticks // 2
    steady = recording.activity["pyramidal"][:, half:, 0].mean(axis=1, dtype=np.float64)
    return float(np.polyfit(GAIN_DRIVES, steady, 1)[0])
