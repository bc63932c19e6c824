"""Holds trials of one stimulus on several levels for a report: activity over time, thinned to what a page shows.

A page holds at most `MOST_TRIALS` trials, `MOST_POPULATIONS` populations, `MOST_UNITS` units of each and
`MOST_POINTS` moments; what is left out is said by name. Errors are of all trials that were given, against the first
level.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.ir.recording import Recording

MOST_TRIALS, MOST_POPULATIONS, MOST_UNITS, MOST_POINTS = 3, 8, 10, 150
STEPS = 1000  # a value is a whole number of so many steps of its population's range


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitError:
    """The error of one unit on one level: rms over trials and time, of the population's range."""

    level: str
    population: str
    unit: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traces:
    """Decoded activity of some trials on several levels.

    Args:
        stimulus: Its name.
        labels: What each trial that is shown is called.
        times_s: (points,) moments in s.
        units: Population -> the units that are shown.
        ranges: Population -> its least and largest activity over all levels and trials.
        levels: Level -> population -> activity, (trials, points, units).
        left_out: What is not shown, a line each.
        over_time: Level -> (points,) rms error over trials and all units, of each population's range.
        unit_errors: Of every level but the first, its worst units.
    """

    stimulus: str
    labels: tuple[str, ...]
    times_s: Float
    units: Mapping[str, tuple[int, ...]]
    ranges: Mapping[str, tuple[float, float]]
    levels: Mapping[str, Mapping[str, Float]]
    left_out: tuple[str, ...]
    over_time: Mapping[str, Float]
    unit_errors: tuple[UnitError, ...]

    def as_json(self) -> str:
        """Returns what the script of a page reads, safe to stand within HTML."""
        text = json.dumps(
            {
                "times_ms": [round(1e3 * float(time), 3) for time in self.times_s],
                "trials": list(self.labels),
                "steps": STEPS,
                "populations": [
                    {"name": name, "units": list(units), "range": list(self.ranges[name])}
                    for name, units in self.units.items()
                ],
                "levels": [
                    {"name": level, "activity": {name: self._steps(name, values) for name, values in own.items()}}
                    for level, own in self.levels.items()
                ],
            },
            separators=(",", ":"),
        )
        return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

    def _steps(self, name: str, values: Float) -> list[Any]:
        """(trials, units, points) whole numbers: where a value lies in the range of its population."""
        low, high = self.ranges[name]
        return np.rint(STEPS * (values - low) / (high - low)).astype(np.int64).swapaxes(1, 2).tolist()


def traces_of(
    recordings: Mapping[str, Recording], labels: Sequence[int] = (), populations: Sequence[str] = ()
) -> Traces | None:
    """Thins recordings of the same trials to what a page shows.

    Args:
        recordings: Level -> its recording, all of the same trials and whole units; errors are against the first.
        labels: The right answer of each trial, -1 where there is none.
        populations: Those to show first; without any, the most active come first.

    Returns:
        The traces; None where nothing was recorded.
    """
    if not recordings:
        return None
    first = next(iter(recordings.values()))
    batch, ticks = next(iter(first.activity.values())).shape[:2]
    shared = [name for name in first.activity if all(name in other.activity for other in recordings.values())]
    ranges = {name: _range([recording.activity[name] for recording in recordings.values()]) for name in shared}
    ordered = [
        *(name for name in populations if name in ranges),
        *sorted(shared, key=lambda name: -_width(ranges[name])),
    ]
    chosen = list(dict.fromkeys(ordered))[:MOST_POPULATIONS]
    shown = [name for name in shared if name in chosen]
    points = np.unique(np.linspace(0, ticks - 1, min(MOST_POINTS, ticks)).astype(np.int64))
    trials = min(batch, MOST_TRIALS)
    units = {name: _most_active(first.activity[name][:trials]) for name in shown}
    others = {level: recording for level, recording in recordings.items() if recording is not first}
    return Traces(
        stimulus=first.stimulus,
        labels=tuple(_called(trial, labels) for trial in range(trials)),
        times_s=first.tick_s * (points + 1),
        units=units,
        ranges={name: ranges[name] for name in shown},
        levels={
            level: {
                name: recording.activity[name][:trials][:, points][:, :, list(units[name])].astype(np.float64)
                for name in shown
            }
            for level, recording in recordings.items()
        },
        left_out=tuple(_left_out(first, shared, units, batch, len(points))),
        over_time={level: _over_time(first, other, ranges)[points] for level, other in others.items()},
        unit_errors=tuple(
            error for level, other in others.items() for error in _unit_errors(level, first, other, ranges)
        ),
    )


def _called(trial: int, labels: Sequence[int]) -> str:
    label = int(labels[trial]) if trial < len(labels) else -1
    return f"trial {trial}, label {label}" if label >= 0 else f"trial {trial}"


def _range(values: Sequence[Any]) -> tuple[float, float]:
    low, high = min(float(v.min(initial=0.0)) for v in values), max(float(v.max(initial=0.0)) for v in values)
    return low, high if high > low else low + 1.0


def _width(ends: tuple[float, float]) -> float:
    return ends[1] - ends[0]


def _most_active(values: Any) -> tuple[int, ...]:
    """The units whose activity goes highest, in their order."""
    highest = values.max(axis=(0, 1), initial=0.0)
    return tuple(sorted(np.argsort(-highest, kind="stable")[:MOST_UNITS].tolist()))


def _left_out(
    recording: Recording, shared: Sequence[str], units: Mapping[str, tuple[int, ...]], batch: int, points: int
) -> list[str]:
    told: list[str] = []
    if batch > MOST_TRIALS:
        told.append(f"{MOST_TRIALS} of {batch:,} trials are shown")
    if len(units) < len(shared):
        told.append(f"{len(units)} of {len(shared):,} populations are shown, those whose activity goes highest")
    fewer = [name for name, shown in units.items() if len(shown) < recording.activity[name].shape[2]]
    if fewer:
        told.append(f"of {', '.join(fewer)} the {MOST_UNITS} units whose activity goes highest are shown")
    if points < recording.ticks:
        told.append(f"{points} of {recording.ticks:,} ticks are shown")
    return told


def _over_time(first: Recording, other: Recording, ranges: Mapping[str, tuple[float, float]]) -> Float:
    """(ticks,) rms over trials and units of all populations, each against its own range."""
    squares = [
        ((other.activity[name] - first.activity[name]) / _width(ends)).astype(np.float64) ** 2
        for name, ends in ranges.items()
    ]
    return np.sqrt(np.concatenate(squares, axis=2).mean(axis=(0, 2)))


def _unit_errors(
    level: str, first: Recording, other: Recording, ranges: Mapping[str, tuple[float, float]]
) -> list[UnitError]:
    """The errors of the worst units of a level, the largest first."""
    found: list[tuple[float, str, int]] = []
    for name, ends in ranges.items():
        difference = (other.activity[name] - first.activity[name]).astype(np.float64) / _width(ends)
        shares: Float = np.sqrt((difference**2).mean(axis=(0, 1)))
        order: Int = np.argsort(-shares, kind="stable")[:MOST_UNITS]
        found += [(float(shares[unit]), name, int(unit)) for unit in order]
    found.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    return [
        UnitError(level=level, population=name, unit=unit, share=share) for share, name, unit in found[:MOST_UNITS]
    ]
