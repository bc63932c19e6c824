"""Counts the axons between cores, and the lists of synapses on each core, of a network that has been placed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int, row_starts
from neurocmc.ir.loihi.chip import AxonRoute, SynapseLists
from neurocmc.passes.loihi.placing.chips import Links
from neurocmc.passes.loihi.placing.demand import Demand, Reached
from neurocmc.passes.loihi.placing.fibres import HOST, Held
from neurocmc.passes.loihi.placing.filling import Parts
from neurocmc.passes.loihi.placing.lists import Layout
from neurocmc.passes.loihi.placing.ragged import Ragged, first_of_runs, summed

SILENT = 0.01  # of the mean: what a unit weighs that does not fire
Stream = tuple[str, tuple[str, ...]]  # a source population, or one of its projections; of the host its inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class AxonTables:
    """Axons and synapses of a placed network, and how each core stores them."""

    routes: tuple[AxonRoute, ...]
    lists: tuple[SynapseLists, ...]
    layouts: tuple[Layout, ...]  # of each core


def axon_tables(demand: Demand, held_by_core: Sequence[Held]) -> AxonTables:
    """Returns the tables of a placement, in order of streams and cores."""
    parts = Parts.of(held_by_core)
    streams, stream = _streams(demand)
    reached = _reached(demand, parts, len(held_by_core))
    layouts = tuple(demand.layout(here) for here in reached)
    return AxonTables(
        routes=_routes(demand, parts, streams, stream),
        lists=_lists(demand, reached, layouts, streams, stream),
        layouts=layouts,
    )


def _streams(demand: Demand) -> tuple[list[Stream], Int]:
    """All streams, and that of each list: where axons are shared, all that leaves a population is one."""
    fibres = demand.fibres
    population = np.array(demand.population, dtype=np.int64)
    sender = np.where(fibres.source == HOST, HOST, population[np.maximum(fibres.source, 0)])
    leaving: dict[int, dict[str, None]] = {}
    kinds, first, kind = np.unique(sender * len(fibres.names) + fibres.name, return_index=True, return_inverse=True)
    for index in np.argsort(first).tolist():
        whose, name = divmod(int(kinds[index]), len(fibres.names))
        if whose != HOST:
            leaving.setdefault(whose, {}).update(dict.fromkeys(fibres.names[name]))
    known: dict[Stream, int] = {}
    of_kind: list[int] = []
    for number in kinds.tolist():
        whose, name = divmod(number, len(fibres.names))
        together = whose != HOST and demand.limits.shared_axons
        source = "" if whose == HOST else demand.pools[whose].name
        stream = source, tuple(leaving[whose]) if together else fibres.names[name]
        of_kind.append(known.setdefault(stream, len(known)))
    found = np.zeros(demand.source.size, dtype=np.int64)
    found[fibres.list] = np.array(of_kind, dtype=np.int64)[kind.ravel()]
    return list(known), found


def _reached(demand: Demand, parts: Parts, cores: int) -> list[Reached]:
    """What reaches each core."""
    into, place = demand.into.gathered(parts.unit)
    keys, neurons = summed(parts.core[place] * len(demand.fibres) + into, parts.neurons[place])
    start = np.searchsorted(keys, np.arange(cores + 1) * len(demand.fibres)).tolist()
    fibres = keys % max(len(demand.fibres), 1)
    population = np.array(demand.population, dtype=np.int64)[parts.unit]
    held_keys, held = summed(parts.core * len(demand.pools) + population, parts.neurons)
    own = np.searchsorted(held_keys, np.arange(cores + 1) * len(demand.pools)).tolist()
    populations = held_keys % len(demand.pools)
    return [
        Reached(
            fibres=fibres[start[core] : start[core + 1]],
            neurons=neurons[start[core] : start[core + 1]],
            populations=populations[own[core] : own[core + 1]],
            held=held[own[core] : own[core + 1]],
        )
        for core in range(cores)
    ]


def _lists(
    demand: Demand, reached: list[Reached], layouts: tuple[Layout, ...], streams: list[Stream], stream: Int
) -> tuple[SynapseLists, ...]:
    """One row a stream and core, by name of its projections and core, then in order of fibres."""
    rows: list[tuple[tuple[str, ...], int, int, SynapseLists]] = []
    for core, (here, layout) in enumerate(zip(reached, layouts, strict=True)):
        whose = demand.lists.of_fibre[here.fibres]
        found, synapses = summed(stream[whose], demand.fibres.axons[here.fibres] * here.neurons)
        axons = demand.lists.axons[layout.lists]
        _, in_axons, bits, free = summed(stream[layout.lists], axons, layout.bits, axons * layout.index_free)
        ordered = np.argsort(stream[whose], kind="stable")
        first = ordered[first_of_runs(stream[whose][ordered])]
        for index, before, *amounts in zip(
            *(part.tolist() for part in (found, first, in_axons, synapses, bits, free)), strict=True
        ):
            source, projections = streams[index]
            axon_count, synapse_count, bit_count, free_count = amounts
            row = SynapseLists(
                projections=projections,
                source=source,
                core=core,
                axons=axon_count,
                synapses=synapse_count,
                synapse_bits=bit_count,
                index_free=free_count,
            )
            rows.append((projections, core, before, row))
    return tuple(row for *_, row in sorted(rows, key=lambda row: row[:3]))


def sent(demand: Demand, parts: Parts) -> tuple[Int, Int, Int]:
    """Returns what is sent from core to core: the list, the part that sends, and the core that it reaches."""
    lists, cores_of = parts.pairs(demand)
    reach = Ragged(start=row_starts(np.bincount(lists, minlength=len(demand.targets))), flat=cores_of)
    leaving, place = demand.out_of.gathered(parts.unit)
    target, at = reach.gathered(leaving)
    return leaving[at], place[at], target


def links_of(demand: Demand, parts: Parts, spikes: Float | None = None) -> Links:
    """Returns what goes from core to core: messages of a mean tick, or out-axons where no spikes are known.

    `spikes` (units,) are those of all neurons of a unit in a mean tick; a unit that is silent weighs a little, too.
    """
    _, place, target = sent(demand, parts)
    cores = int(parts.core.max(initial=0)) + 1
    weight = parts.sending(demand).astype(np.float64)
    if spikes is not None and spikes.any():
        each = spikes / np.array(demand.sizes)
        weight = parts.neurons * np.maximum(each, SILENT * each.mean())[parts.unit]
    keys, total = summed(parts.core[place] * cores + target, weight[place])
    return Links(source=keys // cores, target=keys % cores, weight=total)


def _routes(demand: Demand, parts: Parts, streams: list[Stream], stream: Int) -> tuple[AxonRoute, ...]:
    """One row a stream and pair of cores, out-axons summed over the units of its population."""
    lists, place, target = sent(demand, parts)
    rank = np.zeros(len(streams), dtype=np.int64)
    by_name = sorted(range(len(streams)), key=lambda index: streams[index][::-1])
    rank[by_name] = np.arange(len(streams))
    cores = int(parts.core.max(initial=0)) + 1
    keys = (rank[stream[lists]] * cores + parts.core[place]) * cores + target
    keys, axons = summed(keys, parts.sending(demand)[place])
    pairs, targets = np.divmod(keys, cores)
    ranks, sources = np.divmod(pairs, cores)
    return tuple(
        AxonRoute(
            projections=streams[by_name[index]][1],
            source=streams[by_name[index]][0],
            source_core=source_core,
            target_core=target_core,
            axons=count,
        )
        for index, source_core, target_core, count in zip(
            *(part.tolist() for part in (ranks, sources, targets, axons)), strict=True
        )
    )
