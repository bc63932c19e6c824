"""Divides units by a partitioner that others keep, in an environment of its own: reads one JSON, prints another.

In: the partitioner, the number of parts, the most units of a part, and for each source unit the units that it
reaches. Out: the part of each unit. KaHyPar minimises what out-axons cost (the connectivity of a hypergraph whose
edges are the targets of a source); METIS cuts the graph of units that share sources.
"""

import json
import sys
import tempfile
from itertools import permutations

import networkx as nx

# KaHyPar has no defaults: the settings of its direct k-way partitioning of connectivity, without flows.
SETTINGS = {
    "mode": "direct", "objective": "km1", "cmaxnet": 1000, "vcycles": 0,
    "p-use-sparsifier": "false", "p-detect-communities": "true", "p-detect-communities-in-ip": "true",
    "p-reuse-communities": "false", "p-max-louvain-pass-iterations": 100, "p-min-eps-improvement": 0.0001,
    "p-louvain-edge-weight": "hybrid", "p-large-he-threshold": 1000,
    "c-type": "ml_style", "c-s": 1, "c-t": 160, "c-rating-score": "heavy_edge", "c-rating-use-communities": "true",
    "c-rating-heavy_node_penalty": "no_penalty", "c-rating-acceptance-criterion": "best_prefer_unmatched",
    "c-fixed-vertex-acceptance-criterion": "fixed_vertex_allowed",
    "i-mode": "recursive", "i-technique": "multi", "i-algo": "pool", "i-runs": 20,
    "i-c-type": "ml_style", "i-c-s": 1, "i-c-t": 150, "i-c-rating-score": "heavy_edge",
    "i-c-rating-use-communities": "true", "i-c-rating-heavy_node_penalty": "no_penalty",
    "i-c-rating-acceptance-criterion": "best_prefer_unmatched",
    "i-c-fixed-vertex-acceptance-criterion": "fixed_vertex_allowed",
    "i-bp-algorithm": "worst_fit", "i-bp-heuristic-prepacking": "false", "i-bp-early-restart": "true",
    "i-bp-late-restart": "true", "i-r-type": "twoway_fm", "i-r-runs": -1, "i-r-fm-stop": "simple",
    "i-r-fm-stop-i": 50,
    "r-type": "kway_fm_km1", "r-runs": -1, "r-fm-stop": "adaptive_opt", "r-fm-stop-alpha": 1, "r-fm-stop-i": 350,
}  # fmt: skip
IMBALANCE = 0.03
SEED = 1


def by_kahypar(targets: list[list[int]], units: int, parts: int, most: int) -> list[int]:
    import kahypar

    edges = [reached for reached in targets if len(reached) > 1]
    ends = [0]
    for reached in edges:
        ends.append(ends[-1] + len(reached))
    pins = [unit for reached in edges for unit in reached]
    graph = kahypar.Hypergraph(units, len(edges), ends, pins, parts, [1] * len(edges), [1] * units)
    context = kahypar.Context()
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        file.writelines(f"{key}={value}\n" for key, value in SETTINGS.items())
        file.flush()
        context.loadINIconfiguration(file.name)
    context.setK(parts)
    context.setSeed(SEED)
    context.setEpsilon(max(min(most * parts / units - 1.0, IMBALANCE), 1e-4))
    context.suppressOutput(True)
    kahypar.partition(graph, context)
    return [graph.blockID(unit) for unit in range(units)]


def by_metis(targets: list[list[int]], units: int, parts: int, most: int) -> list[int]:
    import pymetis

    graph = nx.Graph()
    graph.add_nodes_from(range(units))
    for reached in targets:
        for one, other in permutations(reached, 2):
            if one < other:
                before = graph.get_edge_data(one, other, {"weight": 0})["weight"]
                graph.add_edge(one, other, weight=before + max(1000 // (len(reached) - 1), 1))
    neighbours = [sorted(graph[unit]) for unit in range(units)]
    ends = [0]
    for row in neighbours:
        ends.append(ends[-1] + len(row))
    adjacent = pymetis.CSRAdjacency(ends, [other for row in neighbours for other in row])
    weights = [graph[unit][other]["weight"] for unit, row in enumerate(neighbours) for other in row]
    options = pymetis.Options(seed=SEED, ufactor=round(1000 * IMBALANCE))
    _, membership = pymetis.part_graph(parts, adjacency=adjacent, eweights=weights, options=options)
    return list(membership)


def main() -> None:
    asked = json.load(sys.stdin)
    divide = {"kahypar": by_kahypar, "metis": by_metis}[asked["by"]]
    json.dump(divide(asked["targets"], asked["units"], asked["parts"], asked["most"]), sys.stdout)


if __name__ == "__main__":
    main()
