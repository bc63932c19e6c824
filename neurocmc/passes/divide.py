"""Cuts the units of a circuit into segments, finest where the circuit is sensitive: companded pools.

Each segment is a pool of as many neurons as any other. A unit that matters gets more of them, and narrow ones around
the activities at which it matters; one that nobody looks at gets a single wide one. With q neurons a segment of width
w is counted in steps of w / q, wrong by w^2 / 12 q^2 in the mean square. What is made small is the sum of that over
all units and activities, each weighed by its importance (`ir.sensitivity`):

    loss = sum over segments of  importance(segment) w^2          at a given number of segments in all

The best cuts of one unit into k segments are found by dynamic programming over its bins; how many each unit gets, one
at a time, by where one more saves most. (Without segments, the density of levels that this tends to is the cube root
of the importance, Panter & Dite, Proc. IRE 39:44, 1951.) Nothing is approximated by cutting: see `ir.segments`.

Ranges are those visited on calibration and a margin; a rectifier's begin at 0 where it was silent. The constant part
below the lowest segment becomes a bias of the targets.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.matrices import scaled_columns
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.segments import Segments
from neurocmc.ir.sensitivity import Sensitivity, UnitSensitivity
from neurocmc.passes.offsets import constant_part

MARGIN = 0.1  # of the range visited, kept free beyond it
NARROWEST = 0.02  # of the widest range in its population: no unit gets less
EVEN = 0.02  # of a unit's mean importance, given to all of its range: what calibration did not visit may be
EVERYWHERE = 0.02  # of the mean importance of its population's units, given to each
MOST = 32  # segments of a unit


@dataclass(frozen=True)
class Divide:
    """Turns a staged RateCircuit into one of segments, `mean` of them a unit.

    Of what is made small `of_activity` is the error of what is observed, the rest that of decisions.
    """

    name: ClassVar[str] = "divide"
    sensitivity: Sensitivity
    mean: float
    of_activity: float = 0.0

    def run(self, circuit: RateCircuit) -> RateCircuit:
        """Returns a circuit without classifiers, which are of whole units; what has its own readout is left whole."""
        whole = {readout.population for readout in circuit.readouts}
        ranges = {
            p.name: _Ranges.of(p, self.sensitivity.population(p.name), self.of_activity)
            for p in circuit.populations
            if p.name not in whole
        }
        segments = _cut(ranges, self.mean)
        bias = constant_part(circuit, {name: own.base for name, own in segments.items()})
        return replace(
            circuit,
            populations=tuple(_population(p, segments.get(p.name), bias[p.name]) for p in circuit.populations),
            projections=tuple(_projection(p, segments) for p in circuit.projections),
            inputs=tuple(
                replace(entry, weight=entry.weight[segments[entry.target].unit])
                if entry.target in segments
                else entry
                for entry in circuit.inputs
            ),
            classifiers=(),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ranges:
    """What pools of a population's units span, and the importance of its parts."""

    low: Float  # (units,)
    high: Float  # (units,)
    importance: Float  # (units, bins) from low to high

    @classmethod
    def of(cls, population: RatePopulation, found: UnitSensitivity, of_activity: float) -> "_Ranges":
        visited = found.high - found.low
        widest = float(visited.max(initial=0.0)) or 1.0
        margin = np.maximum(MARGIN * visited, 0.5 * (NARROWEST * widest - visited))
        full = population.highest
        low = (
            np.maximum(found.low - margin, 0.0) if np.isfinite(full) or (found.low >= 0).all() else found.low - margin
        )
        low = np.where(found.low <= 0.0, np.minimum(found.low, 0.0), low)
        high = np.minimum(np.maximum(found.high + margin, low + NARROWEST * widest), full)
        low = np.minimum(low, high - 0.5 * NARROWEST * min(widest, full))
        return cls(low=low, high=high, importance=_spread(found, of_activity, low, high))


def _spread(found: UnitSensitivity, of_activity: float, low: Float, high: Float) -> Float:
    """The importance over bins from `low` to `high`, and some of it everywhere."""
    importance = found.importance(of_activity)
    units, bins = importance.shape
    of_unit = importance.sum(axis=1)
    least = EVERYWHERE * float((of_unit * (high - low) ** 2).mean()) / (high - low) ** 2
    spread = np.empty_like(importance)
    for unit in range(units):
        cumulative = np.concatenate([[0.0], np.cumsum(importance[unit])])
        visited = np.linspace(found.low[unit], max(found.high[unit], found.low[unit] + 1e-300), bins + 1)
        edges = np.linspace(low[unit], high[unit], bins + 1)
        spread[unit] = np.diff(np.interp(edges, visited, cumulative))
    return spread + ((EVEN * of_unit + least) / bins)[:, None]


def _cut(ranges: Mapping[str, _Ranges], mean: float) -> dict[str, Segments]:
    """The segments of every population: each unit one, then one more wherever that saves most."""
    cuts = {name: [_Cuts.of(row) for row in own.importance] for name, own in ranges.items()}
    count = {name: np.ones(len(of_units), dtype=np.int64) for name, of_units in cuts.items()}
    square = {name: (own.high - own.low) ** 2 for name, own in ranges.items()}
    heap: list[tuple[float, str, int]] = []

    def offer(name: str, unit: int) -> None:
        k = int(count[name][unit])
        if k < MOST:
            loss = cuts[name][unit].loss
            heapq.heappush(heap, (-float(square[name][unit] * (loss[k - 1] - loss[k])), name, unit))

    for name, of_units in cuts.items():
        for unit in range(len(of_units)):
            offer(name, unit)
    units = sum(len(of_units) for of_units in cuts.values())
    for _ in range(round(mean * units) - units):
        if not heap:
            break
        _, name, unit = heapq.heappop(heap)
        count[name][unit] += 1
        offer(name, unit)
    return {name: _segments(ranges[name], of_units, count[name]) for name, of_units in cuts.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cuts:
    """The best ways to cut one unit's bins into 1 to `MOST` segments."""

    loss: Float  # (MOST,) in squared ranges
    before: Int  # (MOST, bins + 1) where the last of k + 1 segments that end at a bin begins

    @classmethod
    def of(cls, importance: Float) -> "_Cuts":
        bins = importance.size
        cumulative = np.concatenate([[0.0], np.cumsum(importance)])
        at = np.arange(bins + 1)
        length = (at[None, :] - at[:, None]) / bins
        cost = np.where(length > 0, (cumulative[None, :] - cumulative[:, None]) * length**2, np.inf)  # from, to
        best, before = cost[0].copy(), [np.zeros(bins + 1, dtype=np.int64)]
        loss = [float(best[-1])]
        for _ in range(MOST - 1):
            longer = best[:, None] + cost
            before.append(longer.argmin(axis=0))
            best = longer.min(axis=0)
            loss.append(float(best[-1]))
        return cls(loss=np.array(loss), before=np.stack(before))

    def edges(self, count: int) -> Int:
        """Returns (count + 1,) the bins between which the segments lie."""
        end = self.before.shape[1] - 1
        edges = [end]
        for k in reversed(range(count)):
            end = int(self.before[k, end])
            edges.append(end)
        return np.array(edges[::-1])


def _segments(own: _Ranges, cuts: list[_Cuts], count: Int) -> Segments:
    bins = own.importance.shape[1]
    lows: list[Float] = []
    widths: list[Float] = []
    for unit, of_unit in enumerate(cuts):
        at = own.low[unit] + (own.high - own.low)[unit] * of_unit.edges(int(count[unit])) / bins
        lows.append(at[:-1])
        widths.append(np.diff(at))
    return Segments(
        units=len(cuts),
        unit=np.repeat(np.arange(len(cuts)), count),
        low=np.concatenate(lows),
        width=np.concatenate(widths),
    )


def _population(population: RatePopulation, segments: Segments | None, bias: Float) -> RatePopulation:
    population = replace(population, bias=population.bias + bias)
    if segments is None:
        return population
    return replace(
        population,
        size=segments.size,
        **{name: getattr(population, name)[segments.unit] for name in ("gain", "offset", "bias")},
        initial=segments.split(population.initial),
        segments=(segments,),
    )


def _projection(projection: RateProjection, segments: Mapping[str, Segments]) -> RateProjection:
    weight = projection.weight
    if projection.source in segments:
        source = segments[projection.source]
        weight = scaled_columns(weight[:, source.unit], source.width)
    if projection.target in segments:
        weight = weight[segments[projection.target].unit]
    return replace(projection, weight=weight)
