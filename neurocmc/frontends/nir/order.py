"""Orders the nodes of a graph as a tick of its framework goes, and says which edges of loops act a tick later."""

import heapq
from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from neurocmc.frontends.nir.graph import Edge, NirGraph


def visits(graph: NirGraph) -> tuple[str, ...]:
    """Returns the nodes in the order of nirtorch's executor: depth first from the Input, edges as the file has them.

    A node takes what a node that comes later in this order gave in the tick before, and nothing of it in tick 0, even
    where no loop is.
    """
    outof = {name: graph.outof(name) for name in graph.nodes}
    seen: dict[str, None] = {}
    stack = [node.name for node in graph.of_type("Input")[:1]]
    while stack:
        name = stack.pop()
        if name not in seen:
            seen[name] = None
            stack += reversed(outof[name])
    return tuple(seen)


def late_pairs(names: Sequence[str], pairs: Sequence[Edge], inputs: Sequence[str]) -> tuple[Edge, ...]:
    """Returns the connections of populations that act a tick later, so that no loop is left without them.

    They are those of a neuron's own population, and in each loop over several those back to the population that is
    reached first from the inputs; where loops are left, again so.
    """
    first = _reached(pairs, inputs)
    late = [pair for pair in pairs if pair[0] == pair[1]]
    left = [pair for pair in pairs if pair[0] != pair[1] and pair[0] in names]
    while loops := _loops(names, left):
        heads = {min(loop, key=lambda name: first.get(name, len(first))): loop for loop in loops}
        back = [(u, v) for u, v in left if v in heads and u in heads[v]]
        late += back
        left = [pair for pair in left if pair not in back]
    return tuple(late)


def in_order(names: Sequence[str], pairs: Sequence[Edge], late: Sequence[Edge], inputs: Sequence[str]) -> list[str]:
    """Returns populations so that each comes after those that reach it in its own tick; else those reached first."""
    first = _reached(pairs, inputs)
    forward = [pair for pair in pairs if pair not in late and pair[0] in names]
    waiting = {name: {u for u, v in forward if v == name} for name in names}
    ready = [(first.get(name, len(first)), name) for name in names if not waiting[name]]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        _, name = heapq.heappop(ready)
        order.append(name)
        for u, v in forward:
            if u == name:
                waiting[v].discard(name)
                if not waiting[v]:
                    heapq.heappush(ready, (first.get(v, len(first)), v))
    return order


def _reached(pairs: Sequence[Edge], inputs: Sequence[str]) -> dict[str, int]:
    """The place of each population in the order in which the inputs reach them, breadth first."""
    seen, queue = dict.fromkeys(inputs), deque(inputs)
    while queue:
        name = queue.popleft()
        for u, v in pairs:
            if u == name and v not in seen:
                seen[v] = None
                queue.append(v)
    return {name: place for place, name in enumerate(seen)}


def _loops(names: Sequence[str], pairs: Sequence[Edge]) -> list[set[str]]:
    """The sets of populations within which each reaches each other; single ones are none."""
    place: Mapping[str, int] = {name: k for k, name in enumerate(names)}
    ends = np.array([(place[u], place[v]) for u, v in pairs], dtype=np.int64).reshape(-1, 2)
    entries = (np.ones(len(ends)), (ends[:, 0], ends[:, 1]))
    matrix = sparse.csr_matrix(entries, shape=(len(names), len(names)))
    count, label = connected_components(matrix, directed=True, connection="strong")
    parts = [{name for name in names if label[place[name]] == k} for k in range(count)]
    return [part for part in parts if len(part) > 1]
