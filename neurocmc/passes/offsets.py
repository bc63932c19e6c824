"""Gives every pool the part of its unit's range that the circuit visits, and counts from its lower end.

A pool of neurons has no negative activity and no infinite one, and its steps are the finer the less they must span.
Over the range [low, high] visited on the calibration stimuli, and a margin around it, r is low plus what the pool
counts; W low, the constant part, becomes a bias of the targets, exact from the first step on because the filters
start where r did. Outside the range the pool saturates.

*sigmoid*: the transfer is cut off at both ends of the visited range of its population.
*linear*: r = low + (high - low) r' with r' = min(max((r - low) / (high - low), 0), 1), a rectifier that never leaves
its linear part. Each unit has its own range; units whose activities a readout compares share one.

A relu or a softplus is left as it is: it is silent without drive, and its ceiling is matched to what it visits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import scaled_columns
from neurocmc.ir.rate import Classifier, HostLayer, RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import SILENT, unit_ranges

MARGIN = 0.08  # of the range visited, kept free on either side
SMALLEST = 1e-6  # of the largest activity of a linear population: a unit below it takes the scale of that one
NARROWEST = 0.5  # of a linear unit's largest activity: rounding of weights moves a constant by a share of itself
WHOLE = 0.02  # of a sigmoid's height: a tail shorter than this is not worth cutting off
LEAST = 0.1  # of a sigmoid's height: no population gets less of it


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """The way from a population's activity before an offset to that after it: r = low + width r', by unit."""

    low: Float
    width: Float


@dataclass(frozen=True)
class Offsets:
    """Turns a RateCircuit into one of pools, with activities from 0 up; `stimuli` say which ranges are meant."""

    name: ClassVar[str] = "offsets"
    stimuli: tuple[Stimulus, ...]

    def run(self, circuit: RateCircuit) -> RateCircuit:
        """Raises InfeasibleError where an activity is beyond what rates may be."""
        names = [p.name for p in circuit.populations if p.transfer in ("linear", "sigmoid")]
        if not names:
            return circuit
        seen = unit_ranges(circuit, self.stimuli, names)
        compared = {readout.population for readout in circuit.readouts}
        moved = {
            p.name: _moved(p, seen[p.name], compared=p.name in compared) if p.name in seen else p
            for p in circuit.populations
        }
        shift = {p.name: shift_of(p, moved[p.name]) for p in circuit.populations}
        bias = constant_part(circuit, {name: entry.low for name, entry in shift.items()})
        return replace(
            circuit,
            populations=tuple(replace(p, bias=p.bias + bias[p.name]) for p in moved.values()),
            projections=tuple(_scaled(p, shift[p.source]) for p in circuit.projections),
            classifiers=tuple(_refolded(classifier, shift) for classifier in circuit.classifiers),
        )


def _moved(population: RatePopulation, seen: Float, *, compared: bool) -> RatePopulation:
    if population.transfer == "sigmoid":
        return _cut_off(population, float(seen[0].min()), float(seen[1].max()))
    low, high = seen
    if compared:
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    low, width = _widened(low, high)
    return replace(
        population,
        transfer="relu",
        # (gain (u + bias - offset) - low) / width
        gain=population.gain / width,
        offset=population.offset + low / population.gain,
        saturation=1.0,
        initial=(population.initial - low) / width,
    )


def _widened(low: Float, high: Float) -> tuple[Float, Float]:
    """Lower end and width of each unit's range with its margins; a unit that hardly moves stands in the middle."""
    level = np.maximum(np.abs(low), np.abs(high))
    # What is always 0 has no scale of its own, nor has what is so small beside the others that it might as well be.
    largest = float(level.max())
    least = NARROWEST * np.where(level > SMALLEST * largest, level, largest)
    least = least if largest > SILENT else np.ones_like(level)
    width = np.maximum((1.0 + 2.0 * MARGIN) * (high - low), least)
    return 0.5 * (low + high) - 0.5 * width, width


def _cut_off(population: RatePopulation, low: float, high: float) -> RatePopulation:
    """The part of a sigmoid that is visited, and a margin; at least `LEAST` of it."""
    whole = population.saturation
    margin = max(MARGIN * (high - low), 0.5 * (LEAST * whole - (high - low)))
    floor, top = low - margin, high + margin
    floor = floor if floor > WHOLE * whole else 0.0
    top = top if top < (1.0 - WHOLE) * whole else np.inf
    return replace(population, floor=floor, top=top, initial=population.initial - floor)


def shift_of(before: RatePopulation, after: RatePopulation) -> Shift:
    """Returns the shift from a population to what became of it; low 0 and width 1 where nothing did."""
    width = before.gain / after.gain
    if before.transfer != after.transfer:  # a linear one became a rectifier
        return Shift((after.offset - before.offset) * before.gain, width)
    return Shift(np.full(before.size, after.floor - before.floor), width)


def constant_part(circuit: RateCircuit, lows: Mapping[str, Float]) -> dict[str, Float]:
    """Returns (units,) the bias that each population gets for the lows that its sources are counted from."""
    bias = {population.name: np.zeros(population.size) for population in circuit.populations}
    for projection in circuit.projections:
        if projection.source in lows:
            low = projection.dc_gain * (projection.weight @ lows[projection.source])
            bias[projection.target] = bias[projection.target] + low
    return bias


def _scaled(projection: RateProjection, shift: Shift) -> RateProjection:
    if (shift.width == 1.0).all():
        return projection
    return replace(projection, weight=scaled_columns(projection.weight, shift.width))


def _refolded(classifier: Classifier, shift: Mapping[str, Shift]) -> Classifier:
    """The first layer reads r' where it read r."""
    low = np.concatenate([shift[name].low for name in classifier.populations])
    width = np.concatenate([shift[name].width for name in classifier.populations])
    first = classifier.layers[0]
    layer = HostLayer(weight=first.weight * width, bias=first.bias + first.weight @ low, rectify=first.rectify)
    return replace(classifier, layers=(layer, *classifier.layers[1:]))
