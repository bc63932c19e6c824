"""Estimates what a tick and a presentation cost, as counts of operations times their published energies.

Where a target publishes no energy of an operation the count stands without a price, and no total is given: an
estimate that leaves out an unknown share would look like one that does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from neurocmc.targets import Target

PJ_PER_MW_S = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyTerm:
    """One kind of operation: how many in a mean tick, and what they cost."""

    operation: str
    count_per_tick: float | None  # None where it is not known
    per_operation_pj: float | None  # None where nothing is published
    per_tick_pj: float | None
    citation: str
    unverified: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyEstimate:
    """Dynamic energy by operation and static energy by time; a total is None where a price of it is not published."""

    load_source: str
    tick_s: float
    ticks_per_presentation: int
    terms: tuple[EnergyTerm, ...]
    dynamic_per_tick_pj: float | None
    dynamic_per_presentation_pj: float | None
    static_mw_per_chip: float | None
    static_per_tick_pj: float | None
    static_per_presentation_pj: float | None
    static_citation: str
    static_unverified: bool
    static_note: str
    assumptions: tuple[str, ...]
    caveat: str
    apart: tuple[EnergyTerm, ...] = ()  # other published figures of the same operations: not to be added up


def energy_estimate(
    target: Target,
    source: str,
    ticks: int,
    tick_s: float,
    terms: tuple[EnergyTerm, ...],
    dynamic_per_tick_pj: float | None,
    assumptions: tuple[str, ...],
    apart: tuple[EnergyTerm, ...] = (),
    chips: int = 1,
) -> EnergyEstimate:
    """Estimates a presentation of `ticks` from what a mean tick costs, with the static power of the chips in use."""
    static_mw: float | None = getattr(target.energy, "static_mw_per_chip", None)
    static = None if static_mw is None else chips * static_mw * tick_s * PJ_PER_MW_S
    citation, unverified, note = energy_source(target, "static_mw_per_chip")
    return EnergyEstimate(
        load_source=source,
        tick_s=tick_s,
        ticks_per_presentation=ticks,
        terms=terms,
        dynamic_per_tick_pj=dynamic_per_tick_pj,
        dynamic_per_presentation_pj=None if dynamic_per_tick_pj is None else dynamic_per_tick_pj * ticks,
        static_mw_per_chip=static_mw,
        static_per_tick_pj=static,
        static_per_presentation_pj=None if static is None else static * ticks,
        static_citation=citation,
        static_unverified=unverified,
        static_note=note,
        assumptions=assumptions,
        caveat=target.energy_caveat,
        apart=apart,
    )


def citations(energy: EnergyEstimate) -> tuple[str, ...]:
    """Returns every source that an estimate rests on, once."""
    cited = [*(term.citation for term in (*energy.terms, *energy.apart)), energy.static_citation]
    return tuple(dict.fromkeys(citation for citation in cited if citation))


def energy_term(
    target: Target,
    operation: str,
    field: str,
    count: float | None,
    missing: str = "",
) -> EnergyTerm:
    """Prices `count` operations by a field of the target's energies; `missing` says why a count is None."""
    price: float | None = getattr(target.energy, field, None)
    citation, unverified, note = energy_source(target, field)
    notes: Iterable[str] = (note, missing if count is None else "")
    return EnergyTerm(
        operation=operation,
        count_per_tick=count,
        per_operation_pj=price,
        per_tick_pj=None if count is None or price is None else count * price,
        citation=citation,
        unverified=unverified,
        note="; ".join(part.rstrip(".") for part in notes if part),
    )


class EnergySource(NamedTuple):
    """The source of a price."""

    citation: str
    unverified: bool
    note: str


def energy_source(target: Target, field: str) -> EnergySource:
    """Returns the source of one of a target's energies; where it has none, that it was not published."""
    if field not in target.provenance:
        return EnergySource("", unverified=False, note=f"not published for {target.title}")
    entry = target.provenance[field]
    return EnergySource(entry.citation, entry.unverified, entry.note)
