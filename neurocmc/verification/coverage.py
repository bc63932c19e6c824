"""Tells what calibration did not cover: units too weak for a pool's first neuron, drives beyond a pool's range."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.gates import BEYOND_LIMIT
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.verification.edges import Edge, judged
from neurocmc.verification.metrics import TELLING

NAMED = 3  # units or populations in one line; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentUnit:
    """A unit whose activity never reaches what the first neuron of its pool needs."""

    population: str
    unit: int
    activity: float  # its largest on the calibration stimuli
    first_at: float  # activity from which the first neuron fires
    neurons: int  # a unit, in the threshold code, that would make it fire

    @property
    def text(self) -> str:
        return (
            f"{self.population}[{self.unit}] never fires: its activity reaches {self.activity:.3g}, and the "
            f"first neuron of its pool fires from {self.first_at:.3g} on; use --neurons {self.neurons}"
        )


def silent_units(network: SpikingNetwork, highest: Mapping[str, Sequence[float]]) -> tuple[SilentUnit, ...]:
    """Finds units that cannot fire at what calibration drives them to; `highest` is each unit's largest activity.

    The first neuron of a pool stands for half a step: phi must reach 0.5 / N of the ceiling. Units that stay below
    `TELLING` of their population's largest activity are not asked to, nor are units in segments, whose range is their
    own.
    """
    found: list[SilentUnit] = []
    for population in network.pools:
        if population.segments:
            continue
        first_at = 0.5 * population.fit.ceiling / population.neurons_of_unit
        peak = np.asarray(highest[population.name])
        found += [
            SilentUnit(
                population=population.name,
                unit=unit,
                activity=float(peak[unit]),
                first_at=first_at,
                neurons=floor(0.5 * population.fit.ceiling / float(peak[unit])) + 1,
            )
            for unit in np.flatnonzero((peak > TELLING * peak.max()) & (peak <= first_at)).tolist()
        ]
    return tuple(found)


def coverage_edge(reach: Mapping[str, Float], visited: Mapping[str, Float]) -> Edge:
    """Judges how far activities go beyond what pools can show, as a share of the range; the worst population.

    Both are population -> (2, units): the least and the largest activity that the pool of each unit shows, the least
    being -inf for one that counts from 0, and those that the circuit has on the stimuli that are judged.
    """
    beyond: dict[str, float] = {}
    told: dict[str, str] = {}
    for name, (bottom, top) in reach.items():
        low, high = visited[name]
        width = top - np.where(np.isfinite(bottom), bottom, 0.0)
        excess = np.maximum(np.maximum(high - top, bottom - low), 0.0) / width
        unit = int(np.argmax(excess))
        beyond[name] = float(excess[unit])
        over = high[unit] - top[unit] >= bottom[unit] - low[unit]
        driven, full = (high[unit], top[unit]) if over else (low[unit], bottom[unit])
        told[name] = f"{name}[{unit}] is driven to {driven:.3g} and was calibrated to {full:.3g}: it saturates"
    order = sorted(beyond, key=lambda name: -beyond[name])
    named = [told[name] for name in order if beyond[name] > 0]
    more = f", and {len(named) - NAMED:,} more populations" if len(named) > NAMED else ""
    return judged(
        "calibration ~ stimuli",
        "activity beyond the pools' range",
        beyond[order[0]],
        BEYOND_LIMIT,
        "of range",
        worst=order[0] if named else "",
        note="; ".join(named[:NAMED]) + more,
    )
