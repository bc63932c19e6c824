"""Compares recordings of two levels: rates all together, in the worst unit and moment, decisions and accuracy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.ir.gates import GATES, TRAJECTORY_LIMIT, Gates
from neurocmc.ir.rate import Classifier, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation
from neurocmc.targets import Code
from neurocmc.verification.edges import Edge, judged, larger, name_of_largest
from neurocmc.verification.intervals import trials_to_show, wilson
from neurocmc.verification.metrics import (
    TELLING,
    RateErrors,
    accuracy,
    agree,
    decisions,
    largest_difference,
    moment_errors,
    nrmse,
    percentiles,
    rate_errors,
    scales,
    undecided,
    worst_of,
)

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """A stimulus that two levels have seen.

    `reference` is seen through the filters that `other` is seen through; `decided` is the reference as the form of
    the circuit observes it, by which decisions are taken. They are the same recording unless spikes are smoothed.
    """

    reference: Recording
    other: Recording
    labels: NDArray[np.int64]
    decided: Recording | None = None
    parts: tuple[tuple[str, slice], ...] = ()  # the stimuli that were run side by side, and their trials


def trajectory_edge(
    name: str, pairs: Iterable[tuple[Mapping[str, NDArray[np.floating]], Recording]], limit: float = TRAJECTORY_LIMIT
) -> Edge:
    """Judges the largest absolute difference between reference trajectories and recordings."""
    worst: dict[str, float] = {}
    for reference, recording in pairs:
        for population, difference in largest_difference(reference, recording.activity).items():
            worst[population] = larger(worst.get(population, 0.0), difference)
    population = name_of_largest(worst)
    return judged(name, "largest difference of trajectories", worst[population], limit, "activity", worst=population)


def refined_edge(
    name: str,
    pairs: Iterable[tuple[Mapping[str, NDArray[np.floating]], Mapping[str, NDArray[np.float32]]]],
    note: str,
) -> Edge:
    """Judges the NRMSE of the worst population between a model and the circuit with another step."""
    errors: dict[str, float] = {}
    for reference, other in pairs:
        truth = {population: activity.astype(np.float32) for population, activity in reference.items()}
        for population, error in nrmse(truth, other).items():
            errors[population] = larger(errors.get(population, 0.0), error)
    worst = name_of_largest(errors)
    return judged(name, "NRMSE of rates", errors[worst], GATES.nrmse, "of range", worst=worst, note=note)


def fidelity_edges(
    name: str,
    pairs: Sequence[Pair],
    readouts: Sequence[Readout | Classifier],
    note: str = "",
    gates: Gates = GATES,
    network: SpikingNetwork | None = None,
) -> tuple[Edge, ...]:
    """Judges NRMSE of rates, agreement of decisions and drop of accuracy between two levels, over all stimuli.

    With the `network` whose pools `other` ran on, also the worst unit, the worst moment and the units that stay
    silent.
    """
    errors = [rate_errors(pair.reference.activity, pair.other.activity) for pair in pairs]
    together: dict[str, float] = {}
    for found in errors:
        for population, error in found.items():
            together[population] = larger(together.get(population, 0.0), error.rms)
    worst = name_of_largest(together)
    edges = [judged(name, "NRMSE of rates", together[worst], gates.nrmse, "of range", worst=worst, note=note)]
    if network is not None:
        edges += [
            _unit_edge(name, errors, gates, network),
            _moment_edge(name, pairs, gates, network),
            _silent_edge(name, pairs, network),
        ]
    for readout in readouts:
        if isinstance(readout, Classifier) or readout.kind == "winner":
            edges += _decision_edges(name, pairs, readout, note, gates)
    return tuple(edges)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pool:
    """The pools of a population, of whole units."""

    name: str
    neurons: int  # a unit, in the mean
    code: Code
    reach_s: float  # of the filter that they are observed through
    base: Float  # (units,) or (1,) activity of empty pools
    first_at: Float  # the same: above it, activity from which on the first neuron fires


def _pools(network: SpikingNetwork) -> list[_Pool]:
    return [_pool(population) for population in network.pools]


def _pool(population: SpikingPopulation) -> _Pool:
    neurons, base, full = population.neurons_of_unit, np.zeros(1), np.array([population.fit.ceiling])
    first_at = 0.5 * full / neurons
    for segments in population.segments:
        first_at = 0.5 * segments.width[segments.lowest] / neurons
        neurons, base = max(round(neurons * segments.size / segments.units), 1), segments.base
    return _Pool(
        name=population.name,
        neurons=neurons,
        code=population.code,
        reach_s=population.trace.tau_s,
        base=base,
        first_at=first_at,
    )


def _unit_edge(name: str, errors: Sequence[Mapping[str, RateErrors]], gates: Gates, network: SpikingNetwork) -> Edge:
    """The unit whose error over time takes most of its limit, in any stimulus."""
    every = [(population, of_stimulus[population.name]) for of_stimulus in errors for population in _pools(network)]
    limits = [gates.of_unit(population.neurons, population.code) for population, _ in every]
    taken = [float(one.of_unit[one.unit]) / limit for (_, one), limit in zip(every, limits, strict=True)]
    index = worst_of(np.array(taken))
    population, found = every[index]
    units = np.concatenate([one.of_unit for _, one in every])
    return judged(
        name,
        "error of the worst unit",
        float(found.of_unit[found.unit]),
        limits[index],
        "of range",
        worst=f"{population.name}[{found.unit}]",
        note=f"{units.size:,} units: {percentiles(units)}",
    )


def _moment_edge(name: str, pairs: Sequence[Pair], gates: Gates, network: SpikingNetwork) -> Edge:
    """The worst moment of any unit, in all trials of each stimulus but as many as may decide otherwise."""
    pools, ranges = _pools(network), [scales(pair.reference.activity) for pair in pairs]
    found = [
        moments
        for population in pools
        for pair, scale in zip(pairs, ranges, strict=True)
        for moments in _moments(pair, population, scale[population.name])
    ]
    limit_of = {p.name: gates.of_moment(p.neurons, p.code) for p in pools}
    kept = [_tolerated(moments.of_trial, gates) for moments in found]
    taken = [one.of_trial[trial] / limit_of[one.population] for one, trial in zip(found, kept, strict=True)]
    index = worst_of(np.array(taken))
    moments, trial = found[index], kept[index]
    every = np.concatenate([one.of_trial for one in found])
    return judged(
        name,
        "error of the worst moment",
        float(moments.of_trial[trial]),
        limit_of[moments.population],
        "of range",
        worst=f"{moments.population}[{moments.unit[trial]}]",
        note=f"{moments.stimulus}, trial {trial}; over all trials and populations: {percentiles(every)}",
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Moments:
    """The worst moment of each trial of one stimulus in one population, as fractions of its range."""

    population: str
    stimulus: str
    of_trial: Float  # (trials,)
    unit: NDArray[np.int64]  # (trials,) in which


def _moments(pair: Pair, population: _Pool, scale: float) -> Iterator[_Moments]:
    """Of each stimulus that a recording holds side by side; `scale` is the range of the population."""
    name = population.name
    reach = max(round(population.reach_s / pair.other.tick_s), 1)
    errors = moment_errors(pair.reference.activity[name], pair.other.activity[name], reach)
    errors = errors / scale
    for stimulus, trials in pair.parts or ((pair.other.stimulus, slice(None)),):
        own = errors[trials]
        yield _Moments(population=name, stimulus=stimulus, of_trial=own.max(axis=1), unit=own.argmax(axis=1))


def _tolerated(of_trial: Float, gates: Gates) -> int:
    """The worst trial, once as many are set aside as a conversion may decide otherwise."""
    order = np.argsort(np.where(np.isnan(of_trial), np.inf, of_trial), kind="stable")[::-1]
    return int(order[floor((1.0 - gates.agreement) * of_trial.size + _ROUNDING)])


def _silent_edge(name: str, pairs: Sequence[Pair], network: SpikingNetwork) -> Edge:
    """Units that are active in the reference and never fire, whatever the stimulus."""
    silent: list[str] = []
    active = 0
    for population in _pools(network):
        peak = np.max([p.reference.activity[population.name].max(axis=(0, 1)) for p in pairs], axis=0)
        peak = peak - population.base
        spikes = np.sum([p.other.spike_counts[population.name].sum(axis=0) for p in pairs], axis=0)
        asked = peak > TELLING * float(peak.max(initial=0.0))
        active += int(asked.sum())
        silent += [
            f"{population.name}[{unit}] (activity {peak[unit]:.3g}; {_first_neuron(population, unit)})"
            for unit in np.flatnonzero(asked & (spikes == 0))
        ]
    more = f" and {len(silent) - 3:,} more" if len(silent) > 3 else ""
    return judged(
        name,
        "active units that never fire",
        float(len(silent)),
        0.0,
        f"of {active:,}",
        worst=silent[0].split(" ")[0] if silent else "",
        note=", ".join(silent[:3]) + more,
    )


def _first_neuron(population: _Pool, unit: int) -> str:
    """From which activity on a unit of a population can be seen."""
    return f"its first neuron fires from {population.first_at[min(unit, population.first_at.size - 1)]:.3g} on"


def _decision_edges(
    name: str, pairs: Sequence[Pair], readout: Readout | Classifier, note: str, gates: Gates
) -> list[Edge]:
    reference = np.concatenate([decisions(pair.decided or pair.reference, readout) for pair in pairs])
    other = np.concatenate([decisions(pair.other, readout) for pair in pairs])
    labels = np.concatenate([pair.labels for pair in pairs])
    agreed = agree(reference, other)
    share = wilson(float(agreed.mean()), agreed.size)
    before, _, after = name.partition(" ~ ")
    open_trials = [undecided(reference, before), undecided(other, after)]
    counted = f"{agreed.sum():,} of {agreed.size:,} agree"
    needed = trials_to_show(gates.agreement)
    few = f"{needed} trials are needed to show {100 * gates.agreement:g} %" if agreed.size < needed else ""
    edges = [
        judged(
            name,
            f"decisions agree ({readout.name})",
            share.value,
            gates.agreement,
            "of trials",
            better="high",
            note="; ".join(text for text in (counted, few, *open_trials, note) if text),
            interval=(share.low, share.high),
        )
    ]
    had, has = accuracy(reference, labels), accuracy(other, labels)
    if had is not None and has is not None:
        told = f"accuracy {100 * had:.2f} % on {before}, {100 * has:.2f} % on {after}"
        # Accuracies are counts over trials: their difference is rounded where the last bit of a float is not.
        edges.append(
            judged(
                name,
                f"accuracy drop ({readout.name})",
                round(had - has, 12),
                gates.accuracy_drop,
                "of trials",
                note=f"{told}; {note}" if note else told,
                interval=_drop_interval(reference, other, labels),
            )
        )
    return edges


def _drop_interval(
    reference: NDArray[np.int64], other: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[float, float]:
    """95 % interval of a difference of paired shares (Newcombe 1998, Statistics in Medicine 17:2635, method 10).

    Trials are the same on both levels, so that the intervals of either share are put together with the correlation
    of the two.
    """
    labelled = labels >= 0
    one, two = (chosen[labelled] == labels[labelled] for chosen in (reference, other))
    count = int(labelled.sum())
    first, second = wilson(float(one.mean()), count), wilson(float(two.mean()), count)
    deviations = one.std() * two.std()
    correlation = float(((one & two).mean() - one.mean() * two.mean()) / deviations) if deviations > 0 else 0.0
    drop = first.value - second.value

    def reach(down: float, up: float) -> float:
        return float(np.sqrt(max(down**2 - 2.0 * correlation * down * up + up**2, 0.0)))

    low = drop - reach(first.value - first.low, second.high - second.value)
    high = drop + reach(first.high - first.value, second.value - second.low)
    return max(low, -1.0), min(high, 1.0)
