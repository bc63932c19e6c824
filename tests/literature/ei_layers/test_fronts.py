"""Feedback at rest: that it is its own fixed point, what is left of contrast, and division by the mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.literature.ei_layers.fronts import before_layers, feedback_at_rest, logarithms
from neurocmc.literature.ei_layers.recipe import FrontRecipe

from .small import images

FEEDBACK = FrontRecipe(kind="feedback", mean=0.2, gain=100.0)


@given(seed=st.integers(0, 1000), contrast=st.floats(0.02, 1.0))
def test_it_rests_where_its_equations_say(seed: int, contrast: float) -> None:
    seen = contrast * images(seed, 4)
    e = feedback_at_rest(seen, FEEDBACK)
    y = FEEDBACK.gain * np.maximum(e.mean(axis=1, keepdims=True) - FEEDBACK.mean, 0.0)
    assert e == pytest.approx(1.0 / (1.0 + np.exp(y - logarithms(seen, FEEDBACK))), abs=1e-9)


@given(seed=st.integers(0, 1000), contrast=st.floats(0.2, 1.0))
def test_contrast_moves_the_mean_by_its_logarithm_over_the_gain_at_most(seed: int, contrast: float) -> None:
    seen = images(seed, 4)
    full, faint = (feedback_at_rest(c * seen, FEEDBACK).mean(axis=1) for c in (1.0, contrast))
    assert (full >= faint - 1e-12).all()
    assert (full - faint <= -np.log(contrast) / FEEDBACK.gain + 1e-9).all()


def test_it_is_a_divisive_normalisation_of_the_grey_levels() -> None:
    seen = np.maximum(images(3, 4), FEEDBACK.darkest)
    e = feedback_at_rest(seen, FEEDBACK)
    constant = seen * (1.0 - e) / e  # S of e = x / (x + S)
    assert np.ptp(constant, axis=1) == pytest.approx(np.zeros(4), abs=1e-9)
    halved = feedback_at_rest(0.5 * seen, FEEDBACK)
    bright = seen > 2.0 * FEEDBACK.darkest
    assert (0.5 * seen * (1.0 - halved) / halved)[bright] == pytest.approx(0.5 * constant[bright], rel=0.15)


def test_the_other_fronts_divide_by_the_mean_or_by_nothing() -> None:
    seen = images(4, 5)
    assert before_layers(seen, FrontRecipe()) is seen
    divided = before_layers(seen, FrontRecipe(kind="mean"))
    assert divided.mean(axis=1) == pytest.approx(np.full(5, 0.1))
    assert before_layers(0.05 * seen, FrontRecipe(kind="mean")) == pytest.approx(divided)
    assert before_layers(np.zeros((1, 5)), FrontRecipe(kind="mean")).tolist() == [[0.0] * 5]
