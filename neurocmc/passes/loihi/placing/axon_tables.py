"""Counts the axons between cores, and the lists of synapses on each core, of a network that has been placed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.ir.loihi.chip import AxonRoute, SynapseLists
from neurocmc.passes.loihi.placing.demand import Demand, Layout
from neurocmc.passes.loihi.placing.fibres import HOST, Fibre, Held

Stream = tuple[str, tuple[str, ...]]  # a source population, or one of its projections; of the host its inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class AxonTables:
    """Axons and synapses of a placed network, and how each core stores them."""

    routes: tuple[AxonRoute, ...]
    lists: tuple[SynapseLists, ...]
    layouts: tuple[Layout, ...]  # of each core


def axon_tables(demand: Demand, held_by_core: Sequence[Held]) -> AxonTables:
    """Returns the tables of a placement, in order of streams and cores."""
    layouts: list[Layout] = []
    cores_of_list: list[list[int]] = [[] for _ in demand.lists.axons]
    streams = _streams(demand)
    rows: dict[tuple[Stream, int], list[int]] = {}
    for core, held in enumerate(held_by_core):
        reached = demand.reached(held)
        layouts.append(demand.layout(reached, demand.neurons(held)))
        here = np.flatnonzero(reached).tolist()
        for number in here:
            fibre = demand.fibres[number]
            row = rows.setdefault((streams[fibre.list], core), [0, 0, 0, 0])
            row[1] += fibre.axons * int(reached[number])
        for index in dict.fromkeys(demand.fibres[number].list for number in here):
            axons = int(demand.lists.axons[index])
            row = rows[streams[index], core]
            row[0] += axons
            row[2] += int(layouts[-1].bits[index])
            row[3] += axons * bool(layouts[-1].index_free[index])
            cores_of_list[index].append(core)
    lists = tuple(
        SynapseLists(
            projections=projections,
            source=source,
            core=core,
            axons=row[0],
            synapses=row[1],
            synapse_bits=row[2],
            index_free=row[3],
        )
        for ((source, projections), core), row in sorted(rows.items(), key=_by_name_and_core)
    )
    routes = _routes(demand, held_by_core, streams, cores_of_list)
    return AxonTables(routes=routes, lists=lists, layouts=tuple(layouts))


def _by_name_and_core(entry: tuple[tuple[Stream, int], list[int]]) -> tuple[tuple[str, ...], int]:
    ((_, projections), core), _ = entry
    return projections, core


def _streams(demand: Demand) -> list[Stream]:
    """The stream of each list: where axons are shared, all that leaves a population is one."""
    leaving: dict[str, dict[str, None]] = {}
    for fibre in demand.fibres:
        if fibre.source != HOST:
            leaving.setdefault(demand.name(fibre.source), {}).update(dict.fromkeys(fibre.projections))

    def stream(fibre: Fibre) -> Stream:
        source = "" if fibre.source == HOST else demand.name(fibre.source)
        return source, tuple(leaving[source]) if source and demand.limits.shared_axons else fibre.projections

    return [found for _, found in sorted({fibre.list: stream(fibre) for fibre in demand.fibres}.items())]


def _routes(
    demand: Demand, held_by_core: Sequence[Held], streams: list[Stream], cores_of_list: list[list[int]]
) -> tuple[AxonRoute, ...]:
    """One row a stream and pair of cores, out-axons summed over the units of its population."""
    totals: dict[tuple[tuple[str, ...], str, int, int], int] = {}
    for source_core, unit, neurons in _places(held_by_core):
        senders = 1 if demand.limits.shared_out_axons else neurons
        for index in demand.out_of[unit]:
            source, projections = streams[index]
            for target_core in cores_of_list[index]:
                key = (projections, source, source_core, target_core)
                totals[key] = totals.get(key, 0) + senders
    return tuple(
        AxonRoute(
            projections=projections, source=source, source_core=source_core, target_core=target_core, axons=axons
        )
        for (projections, source, source_core, target_core), axons in sorted(totals.items())
    )


def _places(held_by_core: Sequence[Held]) -> Iterator[tuple[int, int, int]]:
    """(core, unit, its neurons there) of every part of a unit."""
    for core, held in enumerate(held_by_core):
        for unit, neurons in held.items():
            if neurons:
                yield core, unit, neurons
