"""The filter against its own recurrence and its laws; the controls against cases worked out by hand, and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurocmc.common.arrays import Float
from neurocmc.literature.filter import equations

IMAGES = arrays(np.float64, (2, 4, 5), elements=st.floats(0, 1, width=16))
ALPHAS, BETAS = st.floats(0, 0.8), st.floats(0.1, 10)


def stepped(images: Float, alpha: float, beta: float) -> Float:
    """What the two differential equations come to, in small steps of Euler's."""
    active, inhibition = np.zeros_like(images), np.zeros((len(images), 1, 1))
    for _ in range(6000):
        drive = np.maximum(images + alpha * active - beta * inhibition, 0.0)
        inhibition = inhibition + 0.02 * (active.mean(axis=(1, 2), keepdims=True) - inhibition)
        active = active + 0.02 * (drive - active)
    return active


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 3.0), (0.5, 6.0), (0.0, 1.0), (0.8, 9.0)])
def test_the_closed_form_is_where_the_equations_come_to_rest(alpha: float, beta: float) -> None:
    images = np.random.default_rng(0).random((3, 6, 6)) ** 3
    assert equations.soft_winner_take_all(images, alpha, beta) == pytest.approx(
        stepped(images, alpha, beta), abs=1e-6
    )


def test_a_case_by_hand() -> None:
    # With both pixels active t = 3 (0.8 + 0.6 - 2 t)/(0.5 x 4) = 4.2/2 - 3 t, so that t = 0.525 and e = 2 [x - t].
    image = np.array([[[0.8, 0.6], [0.0, 0.0]]])
    assert equations.soft_winner_take_all(image, 0.5, 3.0)[0] == pytest.approx(np.array([[0.55, 0.15], [0, 0]]))
    assert equations.one_pass(image, 2.0, 1.5)[0] == pytest.approx(np.array([[0.55, 0.15], [0, 0]]))
    assert equations.min_max(image, 0.0)[0] == pytest.approx(np.array([[1.0, 0.75], [0, 0]]))
    divided = equations.divisive(image, 0.5, 3.0, 0.025)[0]
    assert divided == pytest.approx(np.array([[0.275, 0.075], [0, 0]]))


@given(IMAGES, ALPHAS, BETAS, st.floats(0.1, 10))
@settings(deadline=None)
def test_it_is_homogeneous_so_that_contrast_stays(images: Float, alpha: float, beta: float, scale: float) -> None:
    wanted = scale * equations.soft_winner_take_all(images, alpha, beta)
    assert equations.soft_winner_take_all(scale * images, alpha, beta) == pytest.approx(wanted, abs=1e-9)


@given(IMAGES, ALPHAS, BETAS)
@settings(deadline=None)
def test_more_inhibition_lets_no_more_through(images: Float, alpha: float, beta: float) -> None:
    weak, strong = (equations.soft_winner_take_all(images, alpha, b) for b in (beta, 2 * beta))
    assert (strong <= weak + 1e-9).all()


@given(IMAGES, st.floats(0.2, 1), st.floats(0, 1))
@settings(deadline=None)
def test_what_contrast_and_offset_change_stretching_and_local_contrast_undo(
    images: Float, contrast: float, offset: float
) -> None:
    images = images + np.random.default_rng(0).random(images.shape)  # a range and a deviation everywhere
    changed = contrast * images + offset
    assert equations.min_max(changed, 0.1) == pytest.approx(equations.min_max(images, 0.1), abs=1e-9)
    plain, other = (equations.local_contrast(x, 1.0, 1e-9) for x in (images, changed))
    assert other == pytest.approx(plain, abs=1e-6)
    plain, other = (equations.difference_of_gaussians(x, 0.5, 1.0) for x in (images, changed))
    assert other == pytest.approx(plain, abs=1e-6)


def test_a_uniform_image_has_no_contours() -> None:
    grey = np.full((1, 9, 9), 0.4)
    assert np.abs(equations.difference_of_gaussians(grey, 1.0, 2.0)).max() < 1e-6
    assert np.abs(equations.local_contrast(grey, 2.0, 0.1)).max() < 1e-9


def test_a_blur_keeps_what_there_is_and_spreads_it() -> None:
    point = np.zeros((1, 21, 21))
    point[0, 10, 10] = 1.0
    blurred = equations.blurred(point, 1.5)[0]
    assert blurred.sum() == pytest.approx(1.0)
    across = np.arange(21.0) - 10
    assert (blurred.sum(axis=0) * across**2).sum() == pytest.approx(1.5**2, rel=0.01)


def test_every_filter_is_found_by_its_name() -> None:
    image = np.random.default_rng(1).random((2, 6, 6))
    assert equations.filtered(image, "plain", {}) is image
    assert equations.filtered(image, "augmentation", {"contrast_lowest": 0.2, "noise_std": 0.1}) is image
    named = equations.filtered(image, "swta", {"alpha": 0.5, "beta": 2.0})
    assert np.array_equal(named, equations.soft_winner_take_all(image, 0.5, 2.0))
    named = equations.filtered(image, "local_contrast", {"window_px": 2.0, "floor": 0.1})
    assert np.array_equal(named, equations.local_contrast(image, 2.0, 0.1))
