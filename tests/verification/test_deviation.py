"""Distortion of intervals, disorder and changed decisions: laws, and the closed form of jittered Poisson trains."""

from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from neurocmc.common.arrays import Float, Int
from neurocmc.verification.deviation import changed, disorder, isi_distortion

SEED = st.integers(0, 10**6)


def trains(seed: int) -> list[Int]:
    """Some trains in whole numbers, some of them of one spike or none."""
    draw = np.random.default_rng(seed)
    return [np.sort(draw.integers(0, 10**9, int(draw.integers(0, 30)))) for _ in range(int(draw.integers(1, 8)))]


def together(parts: list[Int]) -> Int:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


@given(SEED, st.integers(0, 10**12))
def test_a_constant_latency_reads_exactly_0(seed: int, latency: int) -> None:
    sent = trains(seed)
    arrived = [train + latency for train in sent]
    assert isi_distortion(sent, arrived) == 0.0
    assert disorder(together(sent), together(arrived)) == 0.0


@given(SEED)
def test_the_order_of_neurons_does_not_matter(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sent = trains(seed)
    arrived = [train + draw.integers(0, 10**7, train.size) for train in sent]
    order = draw.permutation(len(sent)).tolist()
    mixed = draw.permutation(together(sent).size)
    assert isi_distortion([sent[k] for k in order], [arrived[k] for k in order]) == pytest.approx(
        isi_distortion(sent, arrived)
    )
    # Spikes of one time have no order, so that theirs must not count.
    assert disorder(together(sent)[mixed], together(arrived)[mixed]) == disorder(together(sent), together(arrived))


@settings(max_examples=50)
@given(SEED, st.floats(0.0, 10.0), st.floats(0.0, 10.0))
def test_more_of_the_same_jitter_flips_no_fewer_neighbours(seed: int, one: float, other: float) -> None:
    draw = np.random.default_rng(seed)
    sent: Float = draw.random(50)
    jitter = draw.normal(size=50)
    less, more = (disorder(sent, sent + scale * jitter) for scale in sorted((one, other)))
    assert less <= more


@given(SEED, st.floats(0.0, 1.0))
def test_small_jitter_distorts_in_proportion(seed: int, scale: float) -> None:
    """As long as it lets no spike of a train overtake another."""
    draw = np.random.default_rng(seed)
    sent: Float = np.arange(20, dtype=np.float64)
    jitter: Float = draw.uniform(-0.49, 0.49, 20)
    whole = isi_distortion([sent], [sent + jitter])
    assert isi_distortion([sent], [sent + scale * jitter]) == pytest.approx(scale * whole)


def test_neighbours_of_one_time_have_no_order_and_those_that_arrive_together_keep_theirs() -> None:
    assert disorder(np.array([0, 0, 5]), np.array([3, 1, 9])) == 0.0
    assert disorder(np.array([0, 1, 2]), np.array([4, 4, 3])) == 0.5
    assert disorder(np.array([7]), np.array([9])) == 0.0


def test_a_train_is_what_its_target_sees() -> None:
    """Two spikes of a train that change places are two spikes at these times."""
    assert isi_distortion([np.array([0, 10])], [np.array([10, 0])]) == 0.0


@pytest.mark.parametrize("jitter_ms", [0.5, 2.0])
def test_jittered_poisson_trains_are_what_their_closed_form_says(jitter_ms: float) -> None:
    """Gaps are exponential with rate L; two spikes flip if normal jitters differ by more: P = 1/2 - e^(a a/2) Q(a).

    With a = L sqrt(2) jitter. Intervals change by sqrt(2) jitter sqrt(2/pi) in the mean, a little less where spikes
    of a train change places.
    """
    draw = np.random.default_rng(1)
    rate, sent = 1.5, [np.sort(draw.uniform(0.0, 2e4, draw.poisson(2e4 * 1.5 / 40))) for _ in range(40)]
    arrived = [train + jitter_ms * draw.normal(size=train.size) for train in sent]
    a = rate * np.sqrt(2.0) * jitter_ms
    assert disorder(np.concatenate(sent), np.concatenate(arrived)) == pytest.approx(
        0.5 - exp(a * a / 2) * norm.sf(a), abs=0.01
    )
    wanted = np.sqrt(2.0) * jitter_ms * np.sqrt(2.0 / np.pi) * rate / 40
    assert isi_distortion(sent, arrived) == pytest.approx(wanted, rel=0.08)


def test_decisions_that_change_are_counted() -> None:
    assert changed(np.array([1, 2, -1, -2]), np.array([1, 0, -1, 3])) == 0.5
    assert changed(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)) == 0.0


def test_spikes_that_do_not_arrive_are_refused() -> None:
    with pytest.raises(ValueError, match="2 spikes were sent, 1 arrive"):
        isi_distortion([np.array([0, 1])], [np.array([5])])
    with pytest.raises(ValueError, match="2 spikes were sent, 1 arrive"):
        disorder(np.array([0, 1]), np.array([5]))
