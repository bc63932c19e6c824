"""Calibrate: run the rate circuit on calibration stimuli and note where it goes.

Everything later is matched over these ranges: a pool needs no resolution where its unit never is, and must not be
full where its unit still rises.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import Visited, visited_ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveRange:
    """Largest weighted drive of an input on any unit, and its largest jump between ticks; in units of drive."""

    largest: float
    largest_step: float
    lowest: float  # the least drive on any unit, 0 where none is below it


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Ranges seen over all calibration stimuli."""

    stimuli: tuple[str, ...]
    trials: int
    populations: Mapping[str, Visited]
    inputs: Mapping[str, DriveRange]


@dataclass(frozen=True)
class Calibrate:
    """RateCircuit -> the ranges it visits on `stimuli`."""

    name: ClassVar[str] = "calibrate"
    stimuli: tuple[Stimulus, ...]

    def run(self, circuit: RateCircuit) -> Calibration:
        """Raises InfeasibleError where the circuit runs away (it is unstable)."""
        visits = [visited_ranges(circuit, stimulus) for stimulus in self.stimuli]
        return Calibration(
            stimuli=tuple(stimulus.name for stimulus in self.stimuli),
            trials=sum(stimulus.batch for stimulus in self.stimuli),
            populations={p.name: _union([visit[p.name] for visit in visits]) for p in circuit.populations},
            inputs={entry.name: drive_range(entry, self.stimuli, circuit.dt_s) for entry in circuit.inputs},
        )


def _union(visits: list[Visited]) -> Visited:
    return Visited(
        activity=(min(v.activity[0] for v in visits), max(v.activity[1] for v in visits)),
        drive=(min(v.drive[0] for v in visits), max(v.drive[1] for v in visits)),
    )


def drive_range(entry: RateInput, stimuli: tuple[Stimulus, ...], dt_s: float) -> DriveRange:
    # Only edges that a tick sees count: of two within one tick the jump is that of both.
    seen = [(stimulus, np.unique(stimulus.edge_of_tick(dt_s))) for stimulus in stimuli]
    weighted = [stimulus.values[entry.name][:, edges] @ entry.weight.T for stimulus, edges in seen]
    return DriveRange(
        largest=max(float(np.abs(drive).max(initial=0.0)) for drive in weighted),
        largest_step=max(float(np.abs(np.diff(drive, axis=1, prepend=0.0)).max(initial=0.0)) for drive in weighted),
        lowest=min(float(drive.min(initial=0.0)) for drive in weighted),
    )
