"""Runs the rate circuit on calibration stimuli and notes where it goes.

Everything later is matched over these ranges: a pool needs no resolution where its unit never is, and must not be
full where its unit still rises.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.matrices import driven_by
from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import Visited, visited_ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveRange:
    """Largest weighted drive of an input on any unit, and its largest jump between ticks; in units of drive."""

    largest: float
    largest_step: float
    lowest: float  # the least drive on any unit, 0 where none is below it
    later: float  # the largest after the first tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The ranges that are visited over all calibration stimuli."""

    stimuli: tuple[str, ...]
    trials: int
    ticks: int  # of the shortest stimulus
    populations: Mapping[str, Visited]
    inputs: Mapping[str, DriveRange]


@dataclass(frozen=True)
class Calibrate:
    """Finds the ranges that a RateCircuit visits on `stimuli`."""

    name: ClassVar[str] = "calibrate"
    stimuli: tuple[Stimulus, ...]

    def run(self, circuit: RateCircuit) -> Calibration:
        """Raises InfeasibleError where an activity is beyond what rates may be."""
        visits = [visited_ranges(circuit, stimulus) for stimulus in self.stimuli]
        return Calibration(
            stimuli=tuple(stimulus.name for stimulus in self.stimuli),
            trials=sum(stimulus.batch for stimulus in self.stimuli),
            ticks=min(stimulus.ticks(circuit.dt_s) for stimulus in self.stimuli),
            populations={p.name: _union([visit[p.name] for visit in visits]) for p in circuit.populations},
            inputs={entry.name: drive_range(entry, self.stimuli, circuit.dt_s) for entry in circuit.inputs},
        )


def _union(visits: list[Visited]) -> Visited:
    return Visited(
        activity=(min(v.activity[0] for v in visits), max(v.activity[1] for v in visits)),
        drive=(min(v.drive[0] for v in visits), max(v.drive[1] for v in visits)),
        highest=tuple(max(of_unit) for of_unit in zip(*(v.highest for v in visits), strict=True)),
    )


def drive_range(entry: RateInput, stimuli: tuple[Stimulus, ...], dt_s: float) -> DriveRange:
    # Only what a tick sees counts: of two edges on one tick the jump is that of both.
    driven = [stimulus.on_ticks(dt_s, entry.name) for stimulus in stimuli]
    seen = [np.unique(drive.segment_of_tick) for drive in driven]
    weighted = [
        driven_by(drive.values[entry.name][:, segments], entry.weight)
        for drive, segments in zip(driven, seen, strict=True)
    ]
    after_first = [
        drive[:, np.isin(segments, stimulus.segment_of_tick[1:])]
        for drive, segments, stimulus in zip(weighted, seen, driven, strict=True)
    ]
    return DriveRange(
        largest=max(float(np.abs(drive).max(initial=0.0)) for drive in weighted),
        largest_step=max(float(np.abs(np.diff(drive, axis=1, prepend=0.0)).max(initial=0.0)) for drive in weighted),
        lowest=min(float(drive.min(initial=0.0)) for drive in weighted),
        later=max(float(np.abs(drive).max(initial=0.0)) for drive in after_first),
    )
