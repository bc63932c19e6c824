"""Laws of pruning, rounding and drawing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.literature.motion.synapses import drawn, kept, rounded

seeds = st.integers(0, 999)


def weights(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(4, 5, 6))


@settings(deadline=None)
@given(seed=seeds, share=st.floats(0.01, 1.0))
def test_the_largest_are_kept_and_no_others(seed: int, share: float) -> None:
    weight = weights(seed)
    mask = kept(weight, share, one_delay=False)
    assert mask.sum() == round(share * weight.size)
    if 0 < mask.sum() < weight.size:
        assert np.abs(weight[mask]).min() >= np.abs(weight[~mask]).max()


@settings(deadline=None)
@given(seed=seeds, share=st.floats(0.01, 0.25))
def test_with_one_delay_a_pair_keeps_its_strongest(seed: int, share: float) -> None:
    weight = weights(seed)
    mask = kept(weight, share, one_delay=True)
    assert mask.sum() == round(share * weight.size)
    assert mask.sum(axis=0).max() <= 1
    strongest = np.abs(weight).max(axis=0, keepdims=True)
    assert (np.abs(weight) == strongest)[mask].all()


@settings(deadline=None)
@given(seed=seeds, share=st.floats(0.01, 0.25))
def test_as_many_are_drawn_with_a_delay_each(seed: int, share: float) -> None:
    mask = drawn((4, 5, 6), share, np.random.default_rng(seed))
    assert mask.sum() == round(share * mask.size)
    assert mask.sum(axis=0).max() <= 1
    assert np.array_equal(mask, drawn((4, 5, 6), share, np.random.default_rng(seed)))


@settings(deadline=None)
@given(seed=seeds, bits=st.integers(2, 8))
def test_rounded_weights_are_whole_steps_of_their_unit(seed: int, bits: int) -> None:
    weight = weights(seed)
    weight[:, 0] = 0.0
    most = (1 << (bits - 1)) - 1
    close = rounded(weight, bits)
    step = np.abs(weight).max(axis=(0, 2), keepdims=True) / most
    assert np.abs(close - weight).max() <= 0.5 * step.max() * (1 + 1e-12)
    levels = np.divide(close, step, out=np.zeros_like(close), where=step > 0)
    assert np.abs(levels - np.rint(levels)).max() < 1e-9
    assert np.abs(levels).max() <= most + 1e-9
    assert not close[:, 0].any()
