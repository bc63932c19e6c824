"""Flux of sequences whose information is known, and what must not change it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.literature.flux.information import flux_of, mean_flux, mutual_information


def entropy(*columns: np.ndarray) -> float:
    _, counts = np.unique(np.stack(columns), axis=1, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 300), states=st.integers(1, 8))
def test_information_is_the_entropies_apart_less_that_of_both(seed: int, steps: int, states: int) -> None:
    generator = np.random.default_rng(seed)
    now = generator.integers(states, size=steps)
    later = (now + generator.integers(2, size=steps)) % states
    expected = entropy(now) + entropy(later) - entropy(now, later)
    assert mutual_information(now, later) == pytest.approx(expected, abs=1e-9)


def test_a_copy_tells_three_bits_and_a_constant_none() -> None:
    now = np.arange(800) % 8
    assert mutual_information(now, (now + 3) % 8) == pytest.approx(3.0)
    assert mutual_information(now, np.zeros(800, dtype=np.int64)) == 0.0


def test_independent_units_have_no_flux_once_the_shuffled_is_taken_off() -> None:
    activity = np.random.default_rng(0).random((2000, 12))
    found = flux_of(activity, 0)
    assert found.shuffled_bits > 0.01  # what the estimate finds in nothing
    assert abs(found.bits) < 0.002
    assert found.moving == 1.0
    assert found.distinct > 0.7


def test_a_two_cycle_has_a_whole_bit_and_two_states() -> None:
    even = np.tile([[0.9], [0.1]], (1000, 10))
    found = flux_of(even, 0)
    assert found.bits == pytest.approx(1.0, abs=0.01)
    assert found.distinct == 2 / 2000
    assert found.moving == 1.0


def test_rest_has_none_and_nothing_moves() -> None:
    found = flux_of(np.full((500, 10), 0.7), 0)
    assert (found.bits, found.shuffled_bits, found.moving) == (0.0, 0.0, 0.0)
    assert found.distinct == 1 / 500


def test_the_share_of_moving_units_is_of_those_on_both_sides() -> None:
    activity = np.full((100, 4), 0.2)
    activity[50:, 1] = 0.8
    activity[3, 2] = 0.51
    activity[:, 3] = np.linspace(0.1, 0.5, 100)
    assert flux_of(activity, 0).moving == 0.5


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_flux_does_not_ask_how_far_a_unit_is_from_the_middle(seed: int) -> None:
    activity = np.random.default_rng(seed).random((100, 6))
    assert flux_of(activity, seed) == flux_of(0.5 + 0.01 * (activity - 0.5), seed)


def test_trials_count_alike() -> None:
    trials = np.random.default_rng(1).random((3, 300, 6)) ** np.array([1, 0.7, 1.5])[:, None, None]
    found = [flux_of(trial, 4) for trial in trials]
    whole = mean_flux(trials, 4)
    assert whole.bits == pytest.approx(np.mean([one.bits for one in found]))
    assert whole.distinct == pytest.approx(np.mean([one.distinct for one in found]))
