"""Measures how much an error of each unit's activity would matter, by adjoint passes along calibration.

Two things are asked. *Decisions*: the margin m of a trial, by which the chosen class (or winner) is ahead of the
next. An error e of an activity changes it by (dm/dr) e, and a decision turns where that reaches m: trials near a
decision weigh more, by 1 / (m^2 + (SOFT x median m)^2). *Activity*: what is observed of all populations, each in its
own range; its squared error is found in the mean over random signs, one for each trial, tick and unit (Hutchinson,
Commun. Stat. 1989).

A pool that stands still makes the same error tick after tick. What matters is then the sum of an activity's weights
over the ticks in which its unit is at one place: they are summed over the ticks that a trial spends there, then
squared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.rate import Classifier, RateCircuit, Readout
from neurocmc.ir.sensitivity import Sensitivity, UnitSensitivity
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.adjoint import Adjoint, Observed, adjoint
from neurocmc.sim.margins import Margin

BINS = 64  # of each unit's range
PLACES = 4  # in a bin: a pool that stays in one of them makes the same error all the time
TRIALS = 512  # of each calibration stimulus at most
CELLS = 30_000_000  # numbers that a pass may keep of one kind; of a large circuit fewer trials are taken
MOST_GROWTH = 1e9  # of an error, in ranges of what is observed or in margins; no chip is so exact
SOFT = 0.25  # of the median margin: below it, a margin counts as if it were this


@dataclass(frozen=True)
class MeasureSensitivity:
    """Finds the sensitivity of a RateCircuit on `stimuli`; `seed` draws the signs."""

    name: ClassVar[str] = "sensitivity"
    stimuli: tuple[Stimulus, ...]
    seed: int = 0

    def run(self, circuit: RateCircuit) -> Sensitivity:
        """Raises InfeasibleError where an activity is beyond what rates may be, and for a circuit that is chaotic."""
        kept = [stimulus.take(slice(_trials(circuit, stimulus))) for stimulus in self.stimuli]
        readouts, rng = decided_by(circuit), np.random.default_rng(self.seed)
        activity = [_of_activity(circuit, stimulus, rng) for stimulus in kept]
        decisions = [_of_margin(circuit, stimulus, readout) for stimulus in kept for readout in readouts]
        _check_growth(circuit, [*activity, *decisions])
        names = [population.name for population in circuit.populations]
        ranges = {name: _range([entry.found.activity[name] for entry in activity]) for name in names}
        of_decisions, of_activity = (_shares(passes, ranges) for passes in (decisions, activity))
        return Sensitivity(
            circuit=circuit.name,
            what="margins of decisions, and the activity observed" if decisions else "the activity observed",
            trials=sum(stimulus.batch for stimulus in kept),
            populations=tuple(
                UnitSensitivity(
                    name=name,
                    low=ranges[name][0],
                    high=ranges[name][1],
                    for_decisions=of_decisions[name],
                    for_activity=of_activity[name],
                    over_time=_over_time(decisions or activity, name),
                )
                for name in names
            ),
        )


def _trials(circuit: RateCircuit, stimulus: Stimulus) -> int:
    a_trial = stimulus.ticks(circuit.dt_s) * circuit.units
    return max(min(TRIALS, CELLS // max(a_trial, 1)), 1)


def decided_by(circuit: RateCircuit) -> tuple[Readout | Classifier, ...]:
    """Returns the readouts of a circuit that decide between several answers."""
    winners = (r for r in circuit.readouts if r.kind == "winner" and circuit.population(r.population).size > 1)
    return (*winners, *(c for c in circuit.classifiers if len(c.labels) > 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pass:
    """One adjoint pass, and what the squared weights of each trial count."""

    found: Adjoint
    of_trial: Float
    unit: float  # of what it is the sensitivity of


def _of_margin(circuit: RateCircuit, stimulus: Stimulus, readout: Readout | Classifier) -> _Pass:
    margin = Margin(readout, circuit.dt_s)
    found = adjoint(circuit, stimulus, margin.gradient)
    margins = margin.of(found.observed)
    typical = float(np.median(margins)) or 1.0
    return _Pass(found=found, of_trial=1.0 / (margins**2 + (SOFT * typical) ** 2), unit=typical)


def _of_activity(circuit: RateCircuit, stimulus: Stimulus, rng: np.random.Generator) -> _Pass:
    def signs(traces: Observed) -> Observed:
        return {
            name: rng.choice([-1.0, 1.0], trace.shape) / (max(float(np.ptp(trace)), 1e-12) * np.sqrt(trace[0].size))
            for name, trace in traces.items()
        }

    return _Pass(found=adjoint(circuit, stimulus, signs), of_trial=np.ones(stimulus.batch), unit=1.0)


def _check_growth(circuit: RateCircuit, passes: Iterable[_Pass]) -> None:
    """Refuses a circuit in which errors grow so far within a trial that they say nothing of any unit."""
    sizes = [float(np.abs(weight).max()) / entry.unit for entry in passes for weight in entry.found.weight.values()]
    largest = max(sizes)
    if not largest <= MOST_GROWTH:
        what = (
            f"a small error grows {largest:.1g}-fold within a calibration trial: it is chaotic, so no unit "
            "matters more than others"
        )
        problem = Problem(
            "magnitude-out-of-range", f"circuit {circuit.name}", what, "leave steps equal (--steps equal)"
        )
        raise_infeasible([problem])


def _range(activities: Iterable[Float]) -> tuple[Float, Float]:
    found = list(activities)
    low, high = (np.stack([pick(a, axis=(0, 1)) for a in found]) for pick in (np.min, np.max))
    return low.min(axis=0), high.max(axis=0)


def _shares(passes: Sequence[_Pass], ranges: Mapping[str, tuple[Float, Float]]) -> dict[str, Float]:
    """Population -> importance of its parts, scaled so that errors as large as all ranges have a loss of 1."""
    found = {name: np.zeros((low.size, BINS)) for name, (low, _) in ranges.items()}
    for name, (low, high) in ranges.items():
        for entry in passes:
            found[name] += _importance(entry, name, low, high)
    whole = sum(float((found[name].sum(axis=1) * (high - low) ** 2).sum()) for name, (low, high) in ranges.items())
    return {name: values / whole if whole > 0 else values for name, values in found.items()}


def _importance(entry: _Pass, name: str, low: Float, high: Float) -> Float:
    """(units, bins) squared weights at each part of the units' ranges, summed over trials."""
    activity, weight = entry.found.activity[name], entry.found.weight[name]
    trials, ticks, units = activity.shape
    width = np.where(high > low, high - low, 1.0)
    places = BINS * PLACES
    place = np.minimum(((activity - low) / width * places).astype(np.int64), places - 1)
    rows = np.repeat(np.arange(trials) * places, ticks)
    found = np.empty((units, BINS))
    for unit in range(units):
        summed = np.bincount(rows + place[:, :, unit].ravel(), weight[:, :, unit].ravel(), minlength=trials * places)
        found[unit] = (entry.of_trial @ summed.reshape(trials, places) ** 2).reshape(BINS, PLACES).sum(axis=1)
    return found


def _over_time(passes: Iterable[_Pass], name: str) -> Float:
    """(ticks, units) root mean square over trials; of the longest stimulus where several differ."""
    found = [np.sqrt((entry.found.weight[name] ** 2).mean(axis=0)) / entry.unit for entry in passes]
    return max(found, key=len)
