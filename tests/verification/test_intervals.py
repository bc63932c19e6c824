"""Confidence intervals: the textbook's for independent trials, wider where trials share a seed, and honest at 0."""

import numpy as np
import pytest

from neurocmc.verification.intervals import mean, share


def counts(*wrong: float, trials: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array(wrong), np.full(len(wrong), trials)


def test_one_trial_a_seed_is_wilsons_interval() -> None:
    """Newcombe 1998 (Statistics in Medicine 17:857), table I: 15 of 148 is .0624 to .1605."""
    found = share(*counts(*[1.0] * 15, *[0.0] * 133, trials=1.0))
    assert found.value == pytest.approx(15 / 148)
    assert (found.low, found.high) == pytest.approx((0.0624, 0.1605), abs=5e-5)


def test_none_of_twenty_seeds_says_as_much_as_twenty_trials_do_however_many_there_were() -> None:
    few, many = share(*counts(*[0.0] * 20, trials=1.0)), share(*counts(*[0.0] * 20, trials=50.0))
    assert (few.low, few.high) == (many.low, many.high) == (0.0, pytest.approx(0.1611, abs=5e-5))
    assert share(*counts(*[50.0] * 20, trials=50.0)).high == 1.0


def test_trials_that_share_a_fate_count_as_one() -> None:
    """Half of the seeds err always: as wide as one trial a seed; spread evenly: as narrow as single trials."""
    together = share(*counts(*[10.0, 0.0] * 10, trials=10.0))
    alone = share(*counts(*[1.0, 0.0] * 10, trials=1.0))
    even = share(*counts(*[5.0] * 20, trials=10.0))
    single = share(*counts(*[1.0, 0.0] * 100, trials=1.0))
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high), abs=1e-9)
    assert (even.low, even.high) == pytest.approx((single.low, single.high), abs=1e-3)


def test_a_share_covers_the_truth_as_often_as_it_says() -> None:
    """Faults of a seed: its own rate, drawn around 20 %, then 25 trials."""
    rng, hits = np.random.default_rng(1), 0
    for _ in range(400):
        rate = rng.beta(2.0, 8.0, 20)
        found = share(rng.binomial(25, rate).astype(float), np.full(20, 25.0))
        hits += found.low <= 0.2 <= found.high
    assert 0.91 <= hits / 400 <= 0.99


def test_means_are_bootstrapped_over_seeds() -> None:
    values = np.random.default_rng(3).normal(4.0, 1.0, 20)
    found = mean(values)
    half = 1.96 * values.std() / np.sqrt(20)
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.06)
    assert mean(values) == found
    assert mean(np.full(5, 2.5)).low == mean(np.full(5, 2.5)).high == 2.5


def test_nothing_measured_is_no_estimate() -> None:
    with pytest.raises(ValueError, match="trial"):
        share(np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="value"):
        mean(np.zeros(0))
