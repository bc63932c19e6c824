"""Takes the wiring of a circuit apart into what asks for axons and synapses: fibres, and the lists that they share.

A fibre is the synapses of one format that the spikes of one source unit cause, or those of the host's axons of one
unit and input. A *list* is what one axon of a core enters: where axons are shared, all fibres of a source unit stand
in one list, which an axon enters once for all of its neurons; where they are not, every fibre of every neuron has
axons and lists of its own. Copies of one unit send the same and are sent the same: where axons are shared, they share
their lists and the host's axons too.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from neurocmc.common.arrays import Int, row_starts
from neurocmc.passes.loihi.placing.ragged import Ragged, by_first_seen, first_of_runs, joined, unique
from neurocmc.passes.loihi.placing.synapse_memory import SynapseFormat
from neurocmc.passes.loihi.placing.wiring import Wiring
from neurocmc.targets import LoihiLimits

Held = dict[int, int]  # unit -> its neurons on one core; units are counted through all populations
HOST = -1  # the source of what comes from outside


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fibres:
    """Synapses of one format with the same targets, behind the axons of one source unit or of the host: (fibres,)."""

    targets: Ragged  # units, rising
    source: Int  # unit, or HOST
    senders: Int  # units, from the source on, whose spikes enter its list
    axons: Int  # in-axons of its list on each core that it reaches, and as many copies of the list
    list: Int  # index of its list
    format: Int  # index of `formats`
    name: Int  # index of `names`
    stream: Int  # the same for what may share a list: a source unit, the host's axons of a unit, a channel
    formats: tuple[SynapseFormat, ...]
    names: tuple[tuple[str, ...], ...]  # projections whose synapses they are, or the input

    def __len__(self) -> int:
        return self.source.size

    def projections(self, fibre: int) -> tuple[str, ...]:
        """Returns the projections of a fibre, or its input."""
        return self.names[self.name[fibre]]

    @property
    def delayed(self) -> Int:
        """(fibres,) 1 where synapses store delays, else 0."""
        return np.array([late for _, _, late in self.formats], dtype=np.int64)[self.format]


def fibres(wiring: Wiring, limits: LoihiLimits) -> Fibres:
    """Returns all fibres of a circuit, in order of projections and units, then inputs and units."""
    single = _single(wiring, limits)
    return _shared(single, limits) if limits.shared_axons else single


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """Fibres of one kind, each with lists of its own; `format` and `name` count the block's own."""

    targets: Ragged
    source: Int
    senders: Int
    axons: Int
    stream: Int
    entry: Int  # of the wiring's wires or inputs
    formats: tuple[SynapseFormat, ...]  # of each entry
    names: tuple[str, ...]


def _single(wiring: Wiring, limits: LoihiLimits) -> Fibres:
    """A fibre for each projection and source unit, and for each input and unit that it drives, with own lists."""
    units = sum(pools.units for pools in wiring.pools)
    blocks = [_wired(wiring, limits), _driven(wiring, limits, units)]
    taken = units + blocks[-1].source.size
    blocks.append(_listed(wiring, taken))
    formats: dict[SynapseFormat, int] = {}
    names: dict[tuple[str, ...], int] = {}
    format_of = [_numbered(block.formats, formats)[block.entry] for block in blocks]
    name_of = [_numbered([(name,) for name in block.names], names)[block.entry] for block in blocks]
    counts = joined([block.targets.counts for block in blocks])
    return Fibres(
        targets=Ragged(start=row_starts(counts), flat=joined([block.targets.flat for block in blocks])),
        source=joined([block.source for block in blocks]),
        senders=joined([block.senders for block in blocks]),
        axons=joined([block.axons for block in blocks]),
        list=np.arange(counts.size),
        format=joined(format_of),
        name=joined(name_of),
        stream=joined([block.stream for block in blocks]),
        formats=tuple(formats),
        names=tuple(names),
    )


def _numbered(values: "tuple[SynapseFormat, ...] | list[tuple[str, ...]]", known: "dict[Any, int]") -> Int:
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)


def _wired(wiring: Wiring, limits: LoihiLimits) -> _Block:
    """The fibres of projections."""
    first = wiring.first_units()
    pools = {pools.name: pools for pools in wiring.pools}
    of_wires = [(first[w.source], first[w.target], pools[w.source]) for w in wiring.wires]
    entry = np.repeat(np.arange(len(wiring.wires)), [w.senders.size for w in wiring.wires])
    sender = joined([w.senders for w in wiring.wires])
    copies = np.array([p.copies if limits.shared_axons else 1 for *_, p in of_wires], dtype=np.int64)
    axons = np.array([1 if limits.shared_axons else p.neurons for *_, p in of_wires], dtype=np.int64)
    shift = np.array([(source, target) for source, target, _ in of_wires], dtype=np.int64).reshape(-1, 2)
    target = joined([w.targets for w in wiring.wires])
    if copies.max(initial=1) > 1:  # the first of copies sends for all
        kept = sender % copies[entry] == 0
        entry, sender, target = entry[kept], sender[kept], target[kept]
    begin = np.flatnonzero(first_of_runs(sender) | first_of_runs(entry))
    counts = np.diff(np.append(begin, sender.size))
    source = (sender + shift[entry, 0])[begin]
    return _Block(
        targets=Ragged(start=row_starts(counts), flat=target + shift[entry, 1]),
        source=source,
        senders=copies[entry[begin]],
        axons=axons[entry[begin]],
        stream=source,
        entry=entry[begin],
        formats=tuple(w.format for w in wiring.wires),
        names=tuple(w.name for w in wiring.wires),
    )


def _driven(wiring: Wiring, limits: LoihiLimits, taken: int) -> _Block:
    """The fibres of the host's axons."""
    first = wiring.first_units()
    together = [entry.copies if limits.shared_axons else 1 for entry in wiring.inputs]
    units = [
        first[entry.target] + np.flatnonzero(entry.driven)[::copies]
        for entry, copies in zip(wiring.inputs, together, strict=True)
    ]
    entry = np.repeat(np.arange(len(units)), [found.size for found in units])
    counts = np.array(together, dtype=np.int64)[entry]
    start = row_starts(counts)
    within = np.arange(start[-1]) - np.repeat(start[:-1], counts)
    return _Block(
        targets=Ragged(start=start, flat=np.repeat(joined(units), counts) + within),
        source=np.full(entry.size, HOST),
        senders=np.ones(entry.size, dtype=np.int64),
        axons=np.array([found.axons for found in wiring.inputs], dtype=np.int64)[entry],
        stream=taken + np.arange(entry.size),
        entry=entry,
        formats=tuple(found.format for found in wiring.inputs),
        names=tuple(found.name for found in wiring.inputs),
    )


def _listed(wiring: Wiring, taken: int) -> _Block:
    """A fibre for each sender of sparse connections, with an own list."""
    channels: dict[str, int] = {}  # input -> the stream of its first channel
    for wires in wiring.sparse:
        if wires.input not in channels:
            channels[wires.input] = taken
            taken += wires.start.size - 1
    senders = [np.flatnonzero(np.diff(wires.start)) for wires in wiring.sparse]
    entry = np.repeat(np.arange(len(senders)), [found.size for found in senders])
    host = np.array([bool(wires.input) for wires in wiring.sparse], dtype=np.bool_)[entry]
    sender = joined(senders)
    counts = joined([np.diff(w.start)[found] for w, found in zip(wiring.sparse, senders, strict=True)])
    offset = np.array([channels[w.input] if w.input else 0 for w in wiring.sparse], dtype=np.int64)[entry]
    return _Block(
        targets=Ragged(start=row_starts(counts), flat=joined([wires.targets for wires in wiring.sparse])),
        source=np.where(host, HOST, sender),
        senders=np.ones(entry.size, dtype=np.int64),
        axons=np.ones(entry.size, dtype=np.int64),
        stream=sender + offset,
        entry=entry,
        formats=tuple(wires.format for wires in wiring.sparse),
        names=tuple(wires.name for wires in wiring.sparse),
    )


def _shared(single: Fibres, limits: LoihiLimits) -> Fibres:
    """The same synapses, those of one source unit in one list, and those of one format in it in one fibre.

    Two projections that reach a unit in the same format stay two fibres: their weights are not added up.
    """
    alike, _ = by_first_seen(single.stream * max(len(single.formats), 1) + single.format)
    merged, first = by_first_seen(alike * len(single) + _again(single, alike))
    own, _ = by_first_seen(single.stream if limits.formats_share_axon else alike)
    units = int(single.targets.flat.max(initial=0)) + 1
    counts = np.bincount(merged, single.targets.counts, minlength=first.size).astype(np.int64)
    keys = np.sort(merged[single.targets.rows] * units + single.targets.flat)
    names, name = _names(single, merged, first)
    return replace(
        single,
        targets=Ragged(start=row_starts(counts), flat=keys % units),
        source=single.source[first],
        senders=single.senders[first],
        axons=single.axons[first],
        list=own[first],
        format=single.format[first],
        name=name,
        stream=single.stream[first],
        names=names,
    )


def _again(single: Fibres, alike: Int) -> Int:
    """(fibres,) which of the fibres of one stream and format each joins: the first with none of its targets."""
    found = np.zeros(len(single), dtype=np.int64)
    units = int(single.targets.flat.max(initial=0)) + 1
    ends = np.sort(alike[single.targets.rows] * units + single.targets.flat)
    twice = unique(ends[~first_of_runs(ends)] // units)
    taken: dict[int, list[set[int]]] = {}
    for fibre in np.flatnonzero(np.isin(alike, twice)).tolist():
        targets = set(single.targets[fibre].tolist())
        before = taken.setdefault(int(alike[fibre]), [])
        again = next((k for k, others in enumerate(before) if others.isdisjoint(targets)), len(before))
        if again == len(before):
            before.append(set())
        before[again] |= targets
        found[fibre] = again
    return found


def _names(single: Fibres, merged: Int, first: Int) -> tuple[tuple[tuple[str, ...], ...], Int]:
    """The projections of merged fibres, in the order in which they come."""
    known: dict[tuple[str, ...], int] = {}
    order = np.argsort(merged, kind="stable")
    start = row_starts(np.bincount(merged, minlength=first.size)).tolist()
    name = single.name[order].tolist()
    together = [tuple(name[low:high]) for low, high in pairwise(start)]
    told: dict[tuple[int, ...], int] = {}
    for names in together:
        if names not in told:
            whole = tuple(part for index in names for part in single.names[index])
            told[names] = known.setdefault(whole, len(known))
    return tuple(known), np.array([told[names] for names in together], dtype=np.int64)
