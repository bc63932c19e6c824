"""Drawn cells have the published statistics, and simulated activity is measured as it is defined."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.arrays import Bool, Float
from neurocmc.literature.connectome.function import correlation, tiling, tuned_spikes
from neurocmc.literature.connectome.prior import (
    CELLS,
    CONNECTED,
    EDGES_UM,
    LN_VOLUME_MEAN,
    LN_VOLUME_SD,
    RECIPROCAL_EXCESS,
    distances,
    drawn_pairs,
    generated,
    probability_at,
    wired_cells,
)

SEEDS = range(6)
Cells = tuple[Float, Float]  # places, strengths


def wired(units: int, seed: int) -> Cells:
    places, _, weights = wired_cells(units, np.random.default_rng(seed))
    return places, weights


@pytest.fixture(scope="module")
def all_cells() -> list[Cells]:
    return [wired(CELLS, seed) for seed in SEEDS]


def test_364_cells_have_the_published_connections_at_each_distance(all_cells: list[Cells]) -> None:
    off = ~np.eye(CELLS, dtype=np.bool_)
    for low, high, published in zip(EDGES_UM, EDGES_UM[1:], CONNECTED, strict=False):
        pairs, connected = 0, 0
        for places, weights in all_cells:
            apart = distances(places)
            inside = off & (apart >= low) & (apart < high)
            pairs, connected = pairs + int(inside.sum()), connected + int((weights[inside] > 0).sum())
        # Pairs come in twos that are not independent: twice the variance is more than there is.
        assert abs(connected / pairs - published) < 4 * np.sqrt(2 * published / pairs), (low, high)


def test_all_pairs_lie_within_the_published_distances(all_cells: list[Cells]) -> None:
    assert max(distances(places).max() for places, _ in all_cells) < EDGES_UM[-1]


def test_strengths_are_lognormal_as_published(all_cells: list[Cells]) -> None:
    logarithms = np.log(np.concatenate([weights[weights > 0] for _, weights in all_cells]))
    assert logarithms.mean() == pytest.approx(LN_VOLUME_MEAN, abs=4 * LN_VOLUME_SD / np.sqrt(len(logarithms)))
    assert logarithms.std() == pytest.approx(LN_VOLUME_SD, rel=4 / np.sqrt(2 * len(logarithms)))


@settings(deadline=None, max_examples=20)
@given(st.floats(0.01, 1.0), st.integers(0, 2**32 - 1))
def test_pairs_are_drawn_with_their_probability_and_more_of_them_reciprocal(p: float, seed: int) -> None:
    units = 120
    connected = drawn_pairs(np.full((units, units), p), np.random.default_rng(seed))
    first, second = np.triu_indices(units, 1)
    there, back = connected[first, second], connected[second, first]
    both = max(min(RECIPROCAL_EXCESS * p * p, p), 2 * p - 1)
    for share, wanted in ((there, p), (back, p), (there & back, both)):
        assert abs(share.mean() - wanted) <= 6 * np.sqrt(wanted * (1 - wanted) / len(first)) + 1e-12
    assert not connected.diagonal().any()


def test_fewer_cells_keep_their_number_of_partners() -> None:
    few = np.mean([np.count_nonzero(wired(50, seed)[1]) / 50 for seed in range(40)])
    all_of_them = np.mean([np.count_nonzero(wired(CELLS, seed)[1]) / CELLS for seed in range(3)])
    assert few == pytest.approx(all_of_them, rel=0.1)


def test_the_edges_of_distances_are_the_published_ones() -> None:
    found = probability_at(np.array([0.0, 49.9, 50.0, 149.9, 150.0, 199.9, 200.0, 299.0]))
    assert found.tolist() == [0.0288, 0.0288, 0.0187, 0.0114, 0.0053, 0.0053, 0.0027, 0.0027]


def test_the_same_seed_makes_the_same_cells_and_another_others() -> None:
    one, again, other = generated(20, 3), generated(20, 3), generated(20, 4)
    for name in ("positions_um", "weights", "correlation", "tiling"):
        assert np.array_equal(getattr(one, name), getattr(again, name))
        assert not np.array_equal(getattr(one, name), getattr(other, name))


def test_units_that_prefer_the_same_fire_alike() -> None:
    spikes = tuned_spikes(np.array([0.0, 0.1, np.pi]), np.random.default_rng(0))
    for measured in (correlation(spikes), tiling(spikes)):
        assert measured[0, 1] > 0.2 > 0.0 > measured[0, 2]
        assert np.allclose(measured, measured.T)
        assert np.allclose(measured.diagonal(), 1.0)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_tiling_is_that_of_the_definition_spike_by_spike(seed: int, window: int) -> None:
    generator = np.random.default_rng(seed)
    spikes = generator.random((2, 60)) < 0.1
    spikes[:, generator.integers(60, size=2)] = True  # a train without spikes has no coefficient
    assert tiling(spikes, window)[0, 1] == pytest.approx(by_definition(spikes, window))


def by_definition(spikes: Bool, window: int) -> float:
    """The coefficient of two trains, counted one spike at a time."""
    times = [np.flatnonzero(train) for train in spikes]
    near = [{at for time in own for at in range(time - window, time + window + 1) if 0 <= at < 60} for own in times]
    parts: list[float] = []
    for own, other in ((0, 1), (1, 0)):
        hits = sum(int(time) in near[other] for time in times[own]) / len(times[own])
        share = len(near[other]) / 60
        parts.append(1.0 if hits * share == 1 else (hits - share) / (1 - hits * share))
    return 0.5 * sum(parts)
