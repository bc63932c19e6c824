"""Makes tables of edges, budget, energy, gain fits and losses for a terminal, as rich renderables.

Names come from the user's files, so they are put into cells by `cell`, never as markup.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from neurocmc.report import wording
from neurocmc.report.bits import BitBudget, remarks, rows
from neurocmc.report.budget import Budget, CoreUse
from neurocmc.report.energy import EnergyEstimate, EnergyTerm, citations
from neurocmc.report.layout import Either, PlainTable, cell, indented, limit_text, line, percent_text, plain_table

if TYPE_CHECKING:
    from neurocmc.ir.spiking import SpikingNetwork
    from neurocmc.report.staging import StagingCost
    from neurocmc.verification.edges import Edge

CORES_LISTED = 16
_VERDICT_STYLE = {"pass": "green", "miss": "bold red", "not run": "yellow"}


GROUPS = {"fidelity": "fidelity on your stimuli", "theory": "theory beyond your stimuli"}


def edge_table(edges: "Iterable[Edge]", *, notes: bool = False) -> RenderableType:
    """Makes a table of every edge by group: value, limit, verdict, what is worst; below notes and cures.

    Notes of what passed are there where `notes` asks for them.
    """
    edges = tuple(edges)
    parts: list[RenderableType] = []
    for group, title in GROUPS.items():
        if own := [edge for edge in edges if edge.group == group]:
            noted = [edge for edge in own if notes or edge.verdict != "pass"]
            parts += [Either(_edges(title, own, apart=True), _edges(title, own, apart=False)), *_notes(noted)]
    return Group(*parts, *_cures(edges))


def _edges(title: str, edges: "Sequence[Edge]", *, apart: bool) -> PlainTable:
    """Quantities under the name of their edge; what is worst in a column `apart`, or behind the quantity."""
    worst = ("!worst",) if apart else ()
    table = plain_table(title, ("edge, quantity", "!>value", "!>limit", "!verdict", *worst))
    for name, own in groupby(edges, key=lambda edge: edge.name):
        table.add_row(cell(name, style="bold"))
        for edge in own:
            where = f" ({edge.worst})" if edge.worst and not apart else ""
            table.add_row(
                indented(f"{edge.quantity}{where}"),
                *_judged(edge),
                *((cell(edge.worst),) if apart else ()),
            )
    return table


def _judged(edge: "Edge") -> tuple[Text, Text, Text]:
    value, limit = wording.amount(edge.value, edge.unit), wording.limit_text(edge)
    return cell(value), cell(limit), cell(wording.verdict(edge), style=_VERDICT_STYLE[edge.verdict])


def _cures(edges: "Iterable[Edge]") -> Iterator[RenderableType]:
    """Each cure once, with the edges that it cures below it."""
    by_cure: dict[str, list[str]] = {}
    for edge in edges:
        cure, _, reached = edge.cure.partition(": gives ")
        if cure:
            by_cure.setdefault(cure, []).append(f"{edge.key}{reached and f', then {reached}'}")
    for cure, cured in by_cure.items():
        yield line(f"cure: {cure}")
        yield from (line(f"  for {told}") for told in cured)


def _notes(edges: "Iterable[Edge]") -> Iterator[RenderableType]:
    for edge in edges:
        if told := "; ".join(text for text in (wording.interval(edge), edge.note) if text):
            yield line(f"{edge.name}, {edge.quantity}: {told}")


def budget_table(budget: Budget) -> RenderableType:
    """Makes a table of every resource on the whole target and on the core fullest of it, then core by core."""
    if not budget.cores:
        table = plain_table(f"budget on {budget.target} (no limits)", ("resource", ">used"))
        for row in budget.in_all:
            table.add_row(cell(wording.resource(row.resource)), f"{row.used:,}")
        return table
    table = plain_table(
        f"budget on {budget.target}",
        ("resource", ">in all", ">chip", ">%", ">fullest core", ">used", ">limit", ">%"),
    )
    for row in budget.in_all:
        core, most = budget.fullest(row.resource)
        table.add_row(
            cell(wording.resource(row.resource)),
            f"{row.used:,}",
            limit_text(row.limit),
            percent_text(row.percent),
            str(core.core),
            f"{most.used:,}",
            limit_text(most.limit),
            percent_text(most.percent),
        )
    parts = [table, line(wording.cores(budget)), _core_table(budget)]
    parts += [headroom_table(budget)] if budget.headroom else []
    parts += [potential_table(budget)] if budget.potentials else []
    return Group(*parts)


def headroom_table(budget: Budget) -> RenderableType:
    """Makes a table of how close each population's worst case comes to the edges of its registers."""
    table = plain_table(
        "headroom: worst case of each population, % of the register",
        (
            "!population",
            "!proved for",
            ">current [LSB]",
            ">%",
            ">voltage %",
            ">bits left",
            ">can fire",
            "largest source",
        ),
    )
    for entry in budget.headroom:
        table.add_row(
            cell(entry.population),
            cell(wording.proved(entry), style="yellow" if entry.proved == "no" else ""),
            f"{entry.current.low:,}..{entry.current.high:,}",
            percent_text(100 * entry.current.share),
            percent_text(100 * entry.voltage.share),
            wording.bits(entry),
            f"{entry.firing} of {entry.neurons}",
            cell(entry.largest_source),
        )
    return Group(table, line(wording.overflow(budget)))


def potential_table(budget: Budget) -> RenderableType:
    """Makes a table of how far V of the neurons on cores can go in the worst case, by role."""
    table = plain_table(
        "potentials: worst case, % of the register",
        (
            "!population",
            "!role",
            ">neurons",
            ">least [LSB]",
            ">greatest [LSB]",
            ">%",
            ">neurons beyond",
            ">filter balances",
        ),
    )
    for entry in budget.potentials:
        share = entry.share
        table.add_row(
            cell(entry.population),
            entry.role,
            f"{entry.neurons:,}",
            "no bound" if entry.low is None else f"{entry.low:,}",
            "no bound" if entry.high is None else f"{entry.high:,}",
            percent_text(None if share is None else 100 * share),
            f"{entry.beyond:,}",
            "–" if entry.held is None else wording.percent(entry.held),
        )
    return Group(table, *map(line, wording.potentials(budget)))


def energy_table(energy: EnergyEstimate) -> RenderableType:
    """Makes a table of operations in a tick, their price and energy; totals, and the caveat."""
    table = plain_table(
        "energy estimate", ("operation", ">count per tick", ">pJ each", ">per tick", ">per presentation")
    )
    ticks = energy.ticks_per_presentation
    for term in energy.terms:
        table.add_row(*_energy_cells(term, ticks))
    table.add_section()
    table.add_row(
        "dynamic",
        "",
        "",
        wording.energy(energy.dynamic_per_tick_pj),
        wording.energy(energy.dynamic_per_presentation_pj),
    )
    static = "" if energy.static_mw_per_chip is None else f" ({energy.static_mw_per_chip:g} mW per chip)"
    mark = "*" if energy.static_unverified else ""
    table.add_row(
        f"static{static}{mark}",
        "",
        "",
        wording.energy(energy.static_per_tick_pj),
        wording.energy(energy.static_per_presentation_pj),
    )
    if energy.apart:
        table.add_section()
        table.add_row("other published figures: do not add them up", "", "", "", "")
    for term in energy.apart:
        table.add_row(*_energy_cells(term, ticks))
    presentation_s = ticks * energy.tick_s
    lines = [
        f"load: {energy.load_source}",
        f"one presentation is {ticks:,} ticks of {energy.tick_s * 1e3:g} ms, {presentation_s:g} s",
        *energy.assumptions,
        *(f"source: {citation}" for citation in citations(energy)),
        energy.caveat,
    ]
    if energy.static_unverified or any(term.unverified for term in (*energy.terms, *energy.apart)):
        lines.append("* sources disagree or are secondary; `neurocmc targets NAME` gives details")
    return Group(table, *map(line, lines))


def bits_table(bits: BitBudget) -> RenderableType:
    """Makes a table of synaptic and bit operations beside those of a quantised network; below it what is counted."""
    headings = ("quantity", ">this circuit", *([">a quantised network"] if bits.quantised is not None else []))
    table = plain_table("synaptic and bit operations", headings)
    for row in rows(bits):
        table.add_row(*row[: len(headings)])
    return Group(table, *map(line, remarks(bits)))


def _energy_cells(term: EnergyTerm, ticks: int) -> tuple[str, ...]:
    each = "not published" if term.per_operation_pj is None else f"{term.per_operation_pj:g}"
    counted = term.count_per_tick is not None
    return (
        term.operation,
        wording.count(term.count_per_tick) if counted else "not counted",
        each + ("*" if term.unverified else ""),
        wording.energy(term.per_tick_pj) if counted else "–",
        wording.energy(None if term.per_tick_pj is None else term.per_tick_pj * ticks) if counted else "–",
    )


def gain_fit_table(network: "SpikingNetwork") -> Table:
    """Makes a table of the gain fit of every population; errors are fractions of the ceiling."""
    sizes = " or ".join(
        dict.fromkeys(f"{p.neurons_of_unit:,} neurons per unit, {p.code} code" for p in network.pools)
    )
    table = plain_table(
        f"gain fits ({sizes}; errors in % of the ceiling)",
        ("!population", ">rms", ">max", ">slope", ">visited", ">valid", ">ceiling", ">headroom", ">Hz per activity"),
    )
    for population in network.pools:
        fit = population.fit
        table.add_row(
            cell(population.name),
            wording.percent(fit.rms_error),
            wording.percent(fit.max_error),
            wording.signed_percent(fit.slope_error),
            wording.span(fit.visited),
            wording.span(fit.valid_range),
            f"{fit.ceiling:.3g}",
            wording.percent(fit.headroom),
            f"{population.hz_per_activity(network.tick_s):.4g}",
        )
    return table


def _core_table(budget: Budget) -> RenderableType:
    """Core by core: percent of each limit; only the fullest of many cores."""
    listed = budget.cores
    title = "core by core, % of each limit"
    if len(listed) > CORES_LISTED:
        fullest = sorted(listed, key=lambda core: (-_fullness(core), core.core))[:CORES_LISTED]
        listed = tuple(sorted(fullest, key=lambda core: core.core))
        title += f": the {CORES_LISTED} fullest of {len(budget.cores)} cores (all are in budget.json)"
    limited = [row.resource for row in budget.in_all if row.limit is not None]
    headings = [wording.resource(name).replace(" ", "\n") for name in limited]
    table = plain_table(title, (">core", *(f"!>{heading}" for heading in headings), "populations"))
    for core in listed:
        percents = {row.resource: row.percent for row in core.resources}
        table.add_row(
            str(core.core), *(percent_text(percents[name]) for name in limited), cell(", ".join(core.populations))
        )
    return table


def _fullness(core: CoreUse) -> float:
    return max(row.percent or 0.0 for row in core.resources)


def staging_table(costs: "Sequence[StagingCost]") -> RenderableType:
    """Makes a table of every relay and offset with what it costs."""
    table = Table(
        title="rewritten for pools of neurons (exact, except for the rounding of the pools)", title_justify="left"
    )
    for heading in ("population", "change", "neurons added", "ticks added", "range of the pool", "rounding error"):
        table.add_column(
            heading, justify="right" if heading in ("neurons added", "ticks added", "rounding error") else "left"
        )
    for cost in costs:
        table.add_row(
            cell(cost.population),
            cell(cost.what),
            f"{cost.neurons:,}",
            str(cost.ticks),
            f"{cost.spans[0]:.4g} .. {cost.spans[1]:.4g}",
            f"{cost.half_step:.2g}",
        )
    return table
