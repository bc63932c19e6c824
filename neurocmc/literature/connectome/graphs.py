"""Measures weights: the entropy of their distribution, and what graph the strongest of them make; needs networkx."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.extras import need

if TYPE_CHECKING:
    import networkx

BINS = 64
STRONGEST = 0.1  # share of all pairs that are an edge of the graph
REFERENCES = 10  # random graphs that clustering and path lengths are compared with


def entropy_bits(weights: Float) -> float:
    """Returns the entropy of weights between different units, in bits: log2(BINS) = 6 where all bins are as full.

    The bins are BINS of equal width between -m and m, where m is the largest |w|: it measures the shape of the
    distribution, not its scale.
    """
    values = weights[~np.eye(len(weights), dtype=np.bool_)]
    limit = float(np.abs(values).max())
    if limit == 0.0:
        return 0.0
    filled, _ = np.histogram(values / limit, bins=BINS, range=(-1.0, 1.0))
    share = filled[filled > 0] / len(values)
    return float(abs((share * np.log2(share)).sum()))  # abs: one full bin alone makes -0


def graph_measures(weights: Float, seed: int) -> Mapping[str, float]:
    """Measures the undirected graph of weights (|W| + |W|^T) / 2.

    Args:
        weights: (units, units).
        seed: Of the search for communities and of the random graphs.

    Returns:
        `modularity` of the communities that Louvain's method finds in all weights; and of the strongest STRONGEST of
        all pairs, as edges without weights, `small_worldness`, (clustering / that of random graphs) / (path length /
        that of random graphs) with REFERENCES random graphs of as many edges, paths in the largest component, and
        `assortativity` of degrees.

    Raises:
        InputError: Where networkx is missing, and for weights whose graph has no such measure.
    """
    need("networkx", "graph_measures", "measuring graphs")
    import networkx as nx

    size = 0.5 * (np.abs(weights) + np.abs(weights).T)
    np.fill_diagonal(size, 0.0)
    if not size.any():
        raise _no_graph("connections")
    weighted: Any = nx.from_numpy_array(size)
    communities = nx.community.louvain_communities(weighted, weight="weight", seed=seed)
    modularity = nx.community.modularity(weighted, communities, weight="weight")
    graph = strongest(size)
    made = {
        "modularity": float(modularity),
        "small_worldness": small_worldness(graph, seed),
        "assortativity": float(nx.degree_assortativity_coefficient(graph)),
    }
    return _finite(made)


def strongest(size: Float) -> "networkx.Graph[int]":
    """Returns the graph of the strongest STRONGEST of all pairs; of equal ones the earlier; none of strength 0."""
    import networkx as nx

    first, second = np.triu_indices(len(size), 1)
    order = np.argsort(-size[first, second], kind="stable")[: round(STRONGEST * len(first))]
    graph: Any = nx.Graph()
    graph.add_nodes_from(range(len(size)))
    graph.add_edges_from(
        (int(first[index]), int(second[index])) for index in order if size[first[index], second[index]] > 0
    )
    return graph


def small_worldness(graph: "networkx.Graph[int]", seed: int) -> float:
    """Returns (C / C_random) / (L / L_random) of a graph against random graphs of as many nodes and edges."""
    import networkx as nx

    nodes, edges = graph.number_of_nodes(), graph.number_of_edges()
    references = [nx.gnm_random_graph(nodes, edges, seed=seed + index) for index in range(REFERENCES)]
    clustering = float(np.mean([nx.average_clustering(reference) for reference in references]))
    length = float(np.mean([_path_length(reference) for reference in references]))
    own = _path_length(graph)
    return _ratio(_ratio(nx.average_clustering(graph), clustering), _ratio(own, length))


def _path_length(graph: Any) -> float:
    """The mean number of edges between two nodes of the largest component."""
    import networkx as nx

    component = max(nx.connected_components(graph), key=len)
    return float(nx.average_shortest_path_length(graph.subgraph(component)))


def _ratio(value: float, other: float) -> float:
    return value / other if other else float("nan")


def _finite(made: Mapping[str, float]) -> Mapping[str, float]:
    if lost := [name for name, value in made.items() if not np.isfinite(value)]:
        raise _no_graph(", ".join(lost))
    return made


def _no_graph(lacking: str) -> InputError:
    what = f"the graph of the strongest weights has no {lacking}"
    return InputError(Problem("measure-unfit", "graph_measures", what, "measure a network with more connections"))
