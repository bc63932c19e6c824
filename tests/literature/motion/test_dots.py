"""Dots: they move as told, and a single step does not tell how."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.literature.motion.dots import make_trials, moved
from tests.literature.motion.small import recipe


def test_a_dot_moves_by_its_velocity_and_comes_back_on_the_other_side() -> None:
    pattern = np.array([[True, False, False, False, False]] * 2)
    seen = moved(pattern, np.array([2, -1]), 4)
    assert seen[0].argmax(axis=1).tolist() == [0, 2, 4, 1]
    assert seen[1].argmax(axis=1).tolist() == [0, 4, 3, 2]
    assert (seen.sum(axis=2) == 1).all()


@settings(deadline=None, max_examples=30)
@given(velocity=st.integers(-5, 5), seed=st.integers(0, 99))
def test_a_pattern_and_its_mirror_move_in_opposite_directions(velocity: int, seed: int) -> None:
    pattern = np.random.default_rng(seed).random((1, 7)) < 0.4
    right = moved(pattern, np.array([velocity]), 6)
    left = moved(pattern[:, ::-1], np.array([-velocity]), 6)
    assert np.array_equal(right[:, :, ::-1], left)


def test_without_noise_each_step_is_the_one_before_moved() -> None:
    trials = make_trials(recipe(dots={"coherence": 1.0}), "test", 30)
    velocities = (-1, 1, 2)
    for drives, label in zip(trials.drives, trials.labels.tolist(), strict=True):
        assert np.array_equal(drives[1:], np.roll(drives[:-1], velocities[label], axis=1))
    assert np.bincount(trials.labels).tolist() == [10, 10, 10]


def test_a_single_step_has_the_same_distribution_whatever_the_velocity() -> None:
    whole = recipe(dots={"coherence": 0.5})
    trials = make_trials(whole, "test", 6000)
    shares = np.array([trials.drives[trials.labels == label].mean(axis=(0, 1)) for label in range(3)])
    assert np.abs(shares - whole.dots.density).max() < 0.03  # 2,000 patterns: sd below 0.01


def test_trials_are_those_of_their_purpose_seed_and_number() -> None:
    whole = recipe()
    again, other = make_trials(whole, "train", 20, 1, 2), make_trials(whole, "train", 20, 1, 3)
    assert np.array_equal(again.drives, make_trials(whole, "train", 20, 1, 2).drives)
    assert not np.array_equal(again.drives, other.drives)
    assert not np.array_equal(make_trials(whole, "test", 20).drives, make_trials(whole, "validation", 20).drives)
