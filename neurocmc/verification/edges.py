"""Edges between the levels, each a number, its limit and a verdict; together they say what the chip kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.integer import IntegerNetwork
from neurocmc.ir.rate import Classifier, RateCircuit, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.verification.fit_limit import fit_limit
from neurocmc.verification.metrics import accuracy, agreement, decisions, largest_difference, nrmse

Verdict = Literal["pass", "miss", "not run"]

TRAJECTORY_LIMIT = 1e-5
NRMSE_LIMIT = 0.05
FILTER_LIMIT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What a conversion must keep: error of rates, share of equal decisions, accuracy lost."""

    nrmse: float = NRMSE_LIMIT
    agreement: float = 0.99
    accuracy_drop: float = 0.01


GATES = Gates()
# Cores count a source with the few neurons whose axons fit, and their filters are noisy.
CORE_GATES = Gates(nrmse=0.08, agreement=0.95, accuracy_drop=0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One comparison of one level with another."""

    name: str  # "rate ~ emulator"
    quantity: str  # "NRMSE of rates"
    value: float | None  # None where it was not run
    limit: float | None
    unit: str  # "of range", "of trials", ""
    better: Literal["low", "high"]
    verdict: Verdict
    worst: str  # the population or projection that is worst, or ""
    note: str


def judged(
    name: str,
    quantity: str,
    value: float,
    limit: float,
    unit: str,
    *,
    better: Literal["low", "high"] = "low",
    worst: str = "",
    note: str = "",
) -> Edge:
    """An edge with its verdict; a value that is not a number misses."""
    holds = value <= limit if better == "low" else value >= limit
    return Edge(
        name=name,
        quantity=quantity,
        value=value,
        limit=limit,
        unit=unit,
        better=better,
        verdict="pass" if holds else "miss",
        worst=worst,
        note=note,
    )


def not_run(name: str, quantity: str, note: str) -> Edge:
    """An edge that could not be walked, and why."""
    return Edge(
        name=name,
        quantity=quantity,
        value=None,
        limit=None,
        unit="",
        better="low",
        verdict="not run",
        worst="",
        note=note,
    )


def failed(name: str, quantity: str, note: str) -> Edge:
    """An edge that was walked and gave nothing to compare, and why: it misses, whatever its limit."""
    return replace(not_run(name, quantity, note), verdict="miss")


def trajectory_edge(
    name: str, pairs: Iterable[tuple[Mapping[str, NDArray[np.floating]], Recording]], limit: float = TRAJECTORY_LIMIT
) -> Edge:
    """Largest absolute difference between reference trajectories and recordings, over all pairs."""
    worst: dict[str, float] = {}
    for reference, recording in pairs:
        for population, difference in largest_difference(reference, recording.activity).items():
            worst[population] = _larger(worst.get(population, 0.0), difference)
    population = _name_of_largest(worst)
    return judged(name, "largest difference of trajectories", worst[population], limit, "activity", worst=population)


def refined_edge(
    name: str,
    pairs: Iterable[tuple[Mapping[str, NDArray[np.floating]], Mapping[str, NDArray[np.float32]]]],
    note: str,
) -> Edge:
    """NRMSE of the worst population between a model and the circuit stepped otherwise than it."""
    errors: dict[str, float] = {}
    for reference, other in pairs:
        truth = {population: activity.astype(np.float32) for population, activity in reference.items()}
        for population, error in nrmse(truth, other).items():
            errors[population] = _larger(errors.get(population, 0.0), error)
    worst = _name_of_largest(errors)
    return judged(name, "NRMSE of rates", errors[worst], NRMSE_LIMIT, "of range", worst=worst, note=note)


def _larger(first: float, second: float) -> float:
    """The larger of two errors; what is not a number is larger than all, where `max` would lose it."""
    return float(np.maximum(first, second))


def _name_of_largest(errors: Mapping[str, float]) -> str:
    return max(errors, key=lambda name: (np.isnan(errors[name]), errors[name]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """One stimulus seen by two levels."""

    reference: Recording
    other: Recording
    labels: NDArray[np.int64]


def fidelity_edges(
    name: str,
    pairs: Sequence[Pair],
    readouts: Sequence[Readout | Classifier],
    note: str = "",
    gates: Gates | None = None,
) -> tuple[Edge, ...]:
    """NRMSE of rates, agreement of decisions and drop of accuracy between two levels, over all stimuli."""
    errors: dict[str, float] = {}
    for pair in pairs:
        for population, error in nrmse(pair.reference.activity, pair.other.activity).items():
            errors[population] = _larger(errors.get(population, 0.0), error)
    worst, gates = _name_of_largest(errors), gates or GATES
    edges = [judged(name, "NRMSE of rates", errors[worst], gates.nrmse, "of range", worst=worst, note=note)]
    for readout in readouts:
        if isinstance(readout, Classifier) or readout.kind == "winner":
            edges += _decision_edges(name, pairs, readout, note, gates)
    return tuple(edges)


def _decision_edges(
    name: str, pairs: Sequence[Pair], readout: Readout | Classifier, note: str, gates: Gates
) -> list[Edge]:
    reference = np.concatenate([decisions(pair.reference, readout) for pair in pairs])
    other = np.concatenate([decisions(pair.other, readout) for pair in pairs])
    labels = np.concatenate([pair.labels for pair in pairs])
    edges = [
        judged(
            name,
            f"decisions agree ({readout.name})",
            agreement(reference, other),
            gates.agreement,
            "of trials",
            better="high",
            note=note,
        )
    ]
    before, after = accuracy(reference, labels), accuracy(other, labels)
    if before is not None and after is not None:
        told = f"{100 * before:.2f} % to {100 * after:.2f} %"
        # Accuracies are counts over trials: their difference is rounded where the last bit of a float is not.
        drop = round(before - after, 12)
        edges.append(
            judged(
                name,
                f"accuracy drop ({readout.name})",
                drop,
                gates.accuracy_drop,
                "of trials",
                note=f"{told}; {note}" if note else told,
            )
        )
    return edges


def gain_edge(network: SpikingNetwork, circuit: RateCircuit, integer: IntegerNetwork | None = None) -> Edge:
    """The worst gain fit of all populations, against what its code promises on the grid of the biases."""
    limits = {
        population.name: fit_limit(population, circuit.population(population.name), integer)
        for population in network.populations
    }
    worst = max(limits, key=lambda name: network.population(name).fit.max_error / limits[name])
    return judged(
        "phi ~ pool",
        "largest error of the gain fit",
        network.population(worst).fit.max_error,
        limits[worst],
        "of ceiling",
        worst=worst,
        note=f"{network.population(worst).neurons} neurons a unit, {network.population(worst).code} code",
    )


def integer_edges(network: IntegerNetwork) -> tuple[Edge, ...]:
    """What rounding did to the time constants of the filters and to the gains of the projections."""
    rule = network.rule
    pole_errors: dict[str, float] = {}
    for population in network.populations:
        arrives = (population.decay_u + rule.decay_u_offset) / (1 << rule.decay_bits)
        wanted = 1.0 - population.wanted_pole
        pole_errors[population.name] = abs(arrives - wanted) / wanted
    # Relative to the strongest synapse of each target unit: what a unit receives is their sum.
    strongest = {population.name: np.zeros(population.units) for population in network.populations}
    for projection in network.projections:
        own = np.abs(projection.wanted_gain).max(axis=1, initial=0.0)
        strongest[projection.target] = np.maximum(strongest[projection.target], own)
    gain_errors: dict[str, float] = {}
    for projection in network.projections:
        error = np.abs(projection.realised_gain - projection.wanted_gain).max(axis=1, initial=0.0)
        scale = np.where(strongest[projection.target] > 0, strongest[projection.target], 1.0)
        gain_errors[projection.name] = float((error / scale).max(initial=0.0))
    edges: list[Edge] = []
    for errors, quantity in ((pole_errors, "pole of the synaptic filter"), (gain_errors, "gain of the projections")):
        if errors:
            worst = _name_of_largest(errors)
            edges.append(judged("spiking ~ integer", quantity, errors[worst], FILTER_LIMIT, "relative", worst=worst))
    return tuple(edges)


def mismatch_edge(name: str, mismatches: int, spikes: int, note: str) -> Edge:
    """Spikes that two runs of the same program do not share: the limit is none."""
    return judged(name, "spikes that differ", float(mismatches), 0.0, f"of {spikes:,}", note=note)


def misses(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The edges whose budget is missed."""
    return tuple(edge for edge in edges if edge.verdict == "miss")
