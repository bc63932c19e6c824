"""Entropy and graph measures equal what they are by hand."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.literature.connectome.graphs import BINS, entropy_bits, graph_measures, small_worldness, strongest
from tests.literature.connectome.recipes import cells


def off_diagonal(values: np.ndarray, units: int) -> np.ndarray:
    weights = np.full((units, units), 99.0)  # self-connections do not count
    weights[~np.eye(units, dtype=np.bool_)] = values
    return weights


def test_entropy_of_known_distributions() -> None:
    assert entropy_bits(off_diagonal(np.zeros(20), 5)) == 0.0
    assert entropy_bits(off_diagonal(np.full(20, 0.3), 5)) == 0.0
    assert entropy_bits(off_diagonal(np.array([1.0, -1.0] * 10), 5)) == pytest.approx(1.0)
    assert entropy_bits(off_diagonal(np.array([1.0] + [0.0] * 19), 5)) == pytest.approx(
        -(0.05 * np.log2(0.05) + 0.95 * np.log2(0.95))
    )
    middles = (np.arange(BINS) + 0.5) * 2 / BINS - 1  # of bins that are as full as each other
    every = np.resize(middles / middles.max(), 64 * 63)
    assert entropy_bits(off_diagonal(every, 64)) == pytest.approx(np.log2(BINS), abs=0.05)


@settings(deadline=None, max_examples=30)
@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_entropy_is_of_the_shape_and_not_of_the_scale(scale: float, seed: int) -> None:
    weights = np.random.default_rng(seed).standard_normal((12, 12))
    assert entropy_bits(scale * weights) == pytest.approx(entropy_bits(weights), abs=0.05)
    assert 0.0 <= entropy_bits(weights) <= np.log2(BINS)


def test_two_groups_without_links_have_modularity_one_half() -> None:
    weights = np.kron(np.eye(2), np.ones((12, 12))).astype(np.float64)
    assert graph_measures(weights, seed=0)["modularity"] == pytest.approx(0.5)


def test_signs_and_directions_do_not_count() -> None:
    weights = np.random.default_rng(0).standard_normal((24, 24))
    measured = graph_measures(weights, seed=1)
    assert graph_measures(-weights.T, seed=1) == pytest.approx(measured)
    assert graph_measures(weights, seed=1) == measured


def test_the_strongest_tenth_of_pairs_are_edges_and_none_of_strength_zero() -> None:
    size = np.zeros((6, 6))
    for strength, (one, other) in enumerate([(0, 1), (2, 4), (1, 5)], start=1):
        size[one, other] = size[other, one] = strength
    assert set(strongest(size).edges) == {(1, 5), (2, 4)}  # 15 pairs, of which a tenth is 2
    assert strongest(size).number_of_nodes() == 6
    size[2, 4] = size[4, 2] = size[0, 1] = size[1, 0] = 0.0
    assert set(strongest(size).edges) == {(1, 5)}


def test_a_ring_with_shortcuts_is_a_small_world_and_a_random_graph_is_none() -> None:
    ring = nx.connected_watts_strogatz_graph(60, 6, 0.05, seed=0)
    assert small_worldness(ring, seed=0) > 2.0
    assert small_worldness(nx.gnm_random_graph(60, 180, seed=99), seed=0) == pytest.approx(1.0, abs=0.35)


def test_assortativity_is_the_correlation_of_degrees_over_edges() -> None:
    weights = np.random.default_rng(3).standard_normal((24, 24))
    graph = strongest(0.5 * (np.abs(weights) + np.abs(weights).T) * ~np.eye(24, dtype=np.bool_))
    ends = np.array([[graph.degree[a], graph.degree[b]] for a, b in graph.edges], dtype=np.float64)
    both = np.concatenate([ends, ends[:, ::-1]])
    assert graph_measures(weights, seed=0)["assortativity"] == pytest.approx(np.corrcoef(both.T)[0, 1])


@pytest.mark.parametrize("weights", [np.eye(20), np.diag(np.ones(2), 18)], ids=["no edge", "a single path"])
def test_a_graph_without_a_measure_is_refused(weights: np.ndarray) -> None:
    with pytest.raises(InputError) as caught:
        graph_measures(weights, seed=0)
    assert [problem.id for problem in caught.value.problems] == ["measure-unfit"]


def test_cells_have_all_measures() -> None:
    assert set(graph_measures(cells()["weights"], seed=0)) == {"modularity", "small_worldness", "assortativity"}
