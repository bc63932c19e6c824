"""Judges edges between the levels, each a number, its limit and a verdict; together they say what the chip kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import FloatMatrix, difference, row_largest, total
from neurocmc.ir.kept import Kept, KeptPopulation
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.segments import Segments
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.verification.fit_limit import fit_limit

Verdict = Literal["pass", "miss", "not run"]
Group = Literal["fidelity", "theory"]

# Edges that judge what the circuit would do on stimuli of theory's own. All others are of the user's stimuli, and of
# the numbers that run on them.
BEYOND_YOUR_STIMULI = ("rate ~ theory", "brian2 ~ theory", "emulator ~ theory", "trained ~ rounded")


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
    worst: str  # the population, unit or projection that is worst, or ""
    note: str
    interval: tuple[float, float] | None = None  # of the value, 95 %, where it is a share of trials
    cure: str = ""  # what was tried and found to help, where the budget is missed

    @property
    def group(self) -> Group:
        """The group: "fidelity" decides the exit code, "theory" warns."""
        return "theory" if self.name in BEYOND_YOUR_STIMULI else "fidelity"

    @property
    def key(self) -> str:
        """The name that `--limit` gives it."""
        return f"{self.name}: {self.quantity}"


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
    interval: tuple[float, float] | None = None,
) -> Edge:
    """Returns an edge with its verdict; a value that is not a number misses."""
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
        interval=interval,
    )


def not_run(name: str, quantity: str, note: str) -> Edge:
    """Returns an edge that could not be walked, with the reason."""
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
    """Returns an edge that was walked and gave nothing to compare, with the reason: it misses whatever its limit."""
    return replace(not_run(name, quantity, note), verdict="miss")


def larger(first: float, second: float) -> float:
    """Returns the larger of two errors; what is not a number is larger than all, where `max` would lose it."""
    return float(np.maximum(first, second))


def name_of_largest(errors: Mapping[str, float]) -> str:
    return max(errors, key=lambda name: (np.isnan(errors[name]), errors[name]))


def gain_edge(network: SpikingNetwork, circuit: RateCircuit, kept: Kept | None = None) -> Edge:
    """Judges the worst gain fit of all populations, against what its code promises on the grid of the biases."""
    limits = {
        population.name: fit_limit(
            population,
            circuit.population(population.name),
            0.0 if kept is None else kept.population(population.name).placing_lsb,
        )
        for population in network.pools
    }
    worst = max(limits, key=lambda name: network.population(name).fit.max_error / limits[name])
    return judged(
        "phi ~ pool",
        "largest error of the gain fit",
        network.population(worst).fit.max_error,
        limits[worst],
        "of ceiling",
        worst=worst,
        note=f"{network.population(worst).neurons_of_unit} neurons per unit, {network.population(worst).code} code",
    )


def kept_edges(
    kept: Kept,
    name: str,
    *,
    pole_limit: float,
    gain_limit: float,
    full: Mapping[str, float] | None = None,
    segments: Mapping[str, Segments] | None = None,
) -> tuple[Edge, ...]:
    """Judges what a chip did to the time constants of the filters and to the gains of the projections.

    `full` maps a population to the activity of its full pool: synapses of several sources are compared by the drive
    that they then bring. Without it, by their gains alone. `segments` maps a population whose units are segments to
    these: they fill up one after the other, so that those of a unit are judged together, up to each.
    """
    edges: list[Edge] = []
    for errors, quantity, limit in (
        ({p.name: _pole_error(p) for p in kept.populations}, "pole of the synaptic filter", pole_limit),
        (_gain_errors(kept, full or {}, segments or {}), "gain of the projections", gain_limit),
    ):
        if errors:
            worst = name_of_largest(errors)
            edges.append(judged(name, quantity, errors[worst], limit, "relative", worst=worst))
    return tuple(edges)


def _pole_error(population: KeptPopulation) -> float:
    """Worst relative error of 1 - pole among the units."""
    wanted = 1.0 - population.wanted_pole
    return float(np.abs(((1.0 - population.realised_pole) - wanted) / wanted).max(initial=0.0))


def _gain_errors(kept: Kept, full: Mapping[str, float], segments: Mapping[str, Segments]) -> dict[str, float]:
    """Worst error of a gain of each projection, relative to the strongest synapse of its target unit.

    What a unit receives is the sum of its synapses, so projections between the same two populations are judged by
    the sum of their errors. What a synapse brings depends on the unit in which its source's activity is told, which
    is anything, so that a gain counts as often as a full pool of the source has it.
    """
    strongest: dict[str, Float] = {population.name: np.zeros(population.units) for population in kept.populations}
    errors_of: dict[tuple[str, str], list[FloatMatrix]] = {}
    for projection in kept.projections:
        ends = projection.target, projection.source
        wanted = _together(projection.wanted_gain, segments.get(projection.source))
        own = full.get(projection.source, 1.0) * row_largest(wanted)
        strongest[projection.target] = np.maximum(strongest[projection.target], own)
        errors_of.setdefault(ends, []).append(difference(projection.realised_gain, projection.wanted_gain))
    error = {ends: total(parts) for ends, parts in errors_of.items()}
    errors: dict[str, float] = {}
    for projection in kept.projections:
        scale = np.where(strongest[projection.target] > 0, strongest[projection.target], 1.0)
        together = _together(error[projection.target, projection.source], segments.get(projection.source))
        lost = row_largest(together)
        worst = full.get(projection.source, 1.0) * lost
        errors[projection.name] = float((worst / scale).max(initial=0.0))
    return errors


def _together(gains: FloatMatrix, segments: Segments | None) -> FloatMatrix:
    """(target units, sources) gains, of segments those of all up to each."""
    return gains if segments is None else segments.summed_up_to(gains)


def mismatch_edge(name: str, mismatches: int, spikes: int, note: str) -> Edge:
    """Judges the spikes that two runs of the same program do not share: the limit is none."""
    return judged(name, "spikes that differ", float(mismatches), 0.0, f"of {spikes:,}", note=note)


def misses(edges: Iterable[Edge], *, strict: bool = False) -> tuple[Edge, ...]:
    """Returns the edges whose budget is missed and that decide: those of the user's stimuli, if `strict` all."""
    return tuple(edge for edge in edges if edge.verdict == "miss" and (strict or edge.group == "fidelity"))
