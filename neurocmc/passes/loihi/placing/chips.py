"""Divides cores among chips, and chips among boards, so that what talks together stands together.

A group is grown from the first core that is left by what it talks to most, until it is full. Then single cores, or
pairs of them, change groups while that takes weight off what crosses: passes of local search as Kernighan and Lin
have them (1970, doi:10.1002/j.1538-7305.1970.tb01770.x), each core tried against the group that it talks to most.
"""

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int
from neurocmc.common.matrices import Sparse, sparse

PASSES = 8
WORTH = 1e-3  # of what crosses, that a pass must save for another to follow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Links:
    """What goes from core to core: axons, or spikes; one entry for each pair."""

    source: Int
    target: Int
    weight: Float

    def crossing(self, group: Int) -> float:
        """Returns the weight of what leaves its group."""
        return float(self.weight[group[self.source] != group[self.target]].sum())

    def together(self, group: Int) -> "Links":
        """Returns what goes from group to group."""
        between = self.both_ways(group)
        rows = np.repeat(np.arange(between.shape[0]), np.diff(between.indptr))
        return Links(source=rows, target=between.indices.astype(np.int64), weight=between.data / 2.0)

    def both_ways(self, group: Int) -> Sparse:
        """Returns (groups, groups) the weight between two groups, whichever way it goes; none within one."""
        ends = group[self.source], group[self.target]
        apart = ends[0] != ends[1]
        row, column = (np.concatenate(pair)[np.tile(apart, 2)] for pair in (ends, ends[::-1]))
        count = int(group.max(initial=-1)) + 1
        return sparse((np.tile(self.weight, 2)[np.tile(apart, 2)], (row, column)), (count, count))


def divided(links: Links, count: int, room: int) -> Int:
    """Returns (count,) the group of each core, as few groups as hold all with `room` in each.

    Groups are numbered by the first core in them.
    """
    groups = -(-count // room)
    if groups <= 1:
        return np.zeros(count, dtype=np.int64)
    graph = links.both_ways(np.arange(count))
    found = _grown(graph, room)
    _refined(graph, found, groups, room)
    _, first, inverse = np.unique(found, return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[inverse.ravel()]


def _grown(graph: Sparse, room: int) -> Int:
    """Groups filled one after the other with what talks to them most, the first that is left where nothing does."""
    count = graph.shape[0]
    group = np.full(count, -1, dtype=np.int64)
    start, neighbour, weight = graph.indptr.tolist(), graph.indices.tolist(), graph.data.tolist()
    first, at = 0, -1
    left = 0
    heap: list[tuple[float, int]] = []
    tie: dict[int, float] = {}
    for _ in range(count):
        if not left:
            at, left, heap, tie = at + 1, room, [], {}
        chosen = -1
        while heap and chosen < 0:
            strength, core = heapq.heappop(heap)
            if group[core] < 0 and -strength == tie[core]:
                chosen = core
        if chosen < 0:
            while group[first] >= 0:
                first += 1
            chosen = first
        group[chosen] = at
        left -= 1
        for k in range(start[chosen], start[chosen + 1]):
            other = neighbour[k]
            if group[other] < 0:
                tie[other] = tie.get(other, 0.0) + weight[k]
                heapq.heappush(heap, (-tie[other], other))
    return group


def _refined(graph: Sparse, group: Int, groups: int, room: int) -> None:
    """Moves and exchanges cores in place."""
    count = graph.shape[0]
    ties = np.zeros((count, groups))
    rows = np.repeat(np.arange(count), np.diff(graph.indptr))
    np.add.at(ties, (rows, group[graph.indices]), graph.data)
    size = np.bincount(group, minlength=groups)
    for _ in range(PASSES):
        saved = 0.0
        for core in range(count):
            own = int(group[core])
            gain = ties[core] - ties[core, own]
            gain[own] = -np.inf
            other = int(np.argmax(gain))
            if gain[other] <= 0:
                continue
            if size[other] < room:
                saved += float(gain[other])
                size[own], size[other] = size[own] - 1, size[other] + 1
                _move(graph, ties, group, core, other)
                continue
            members = np.flatnonzero(group == other)
            back = gain[other] + ties[members, own] - ties[members, other] - 2.0 * _row(graph, core, members)
            best = int(np.argmax(back))
            if back[best] > 0:
                saved += float(back[best])
                _move(graph, ties, group, core, other)
                _move(graph, ties, group, int(members[best]), own)
        crossing = float(ties.sum() - ties[np.arange(count), group].sum()) / 2.0
        if saved <= WORTH * crossing:
            return


def _row(graph: Sparse, core: int, columns: Int) -> NDArray[Any]:
    """What goes between a core and some others."""
    held = slice(graph.indptr[core], graph.indptr[core + 1])
    found = np.zeros(graph.shape[0])
    found[graph.indices[held]] = graph.data[held]
    return found[columns]


def _move(graph: Sparse, ties: Float, group: Int, core: int, to: int) -> None:
    held = slice(graph.indptr[core], graph.indptr[core + 1])
    ties[graph.indices[held], group[core]] -= graph.data[held]
    ties[graph.indices[held], to] += graph.data[held]
    group[core] = to
