"""The quotient removes contrast and nothing else does; guards; the rate form against neurons that spike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.literature.ei_layers.equations import guarded, rate, spike_rate
from neurocmc.literature.ei_layers.recipe import Division

from .small import images, layer, network


@given(seed=st.integers(0, 1000), contrast=st.floats(1e-3, 10.0))
@pytest.mark.parametrize("division", ["each", "one"])
def test_a_quotient_is_the_same_at_every_contrast_whatever_the_bias(
    seed: int, contrast: float, division: Division
) -> None:
    made, seen = layer(seed, 12, 8, division), images(seed, 5, 12)
    assert made.currents(contrast * seen) == pytest.approx(made.currents(seen), rel=1e-9, abs=1e-9)
    assert np.ptp(made.bias) > 0.0


@given(seed=st.integers(0, 1000), contrast=st.floats(1e-3, 10.0))
@pytest.mark.parametrize("division", ["held", "none"])
def test_without_a_quotient_currents_are_of_degree_one_beside_the_bias(
    seed: int, contrast: float, division: Division
) -> None:
    made, seen = layer(seed, 12, 8, division), images(seed, 5, 12)
    without_bias = made.currents(seen) - made.bias
    assert made.currents(contrast * seen) - made.bias == pytest.approx(contrast * without_bias, rel=1e-9, abs=1e-9)
    if abs(contrast - 1.0) > 0.1 and np.abs(without_bias).max() > 0.1:
        assert not np.allclose(made.currents(contrast * seen), made.currents(seen))


def test_a_network_decides_the_same_at_every_contrast_where_its_first_layer_divides() -> None:
    seen = images(1, 40)
    firsts: tuple[Division, ...] = ("each", "one", "none")
    for first in firsts:
        made = network(3, (first, "held"))
        rates = [made.activity(contrast * seen)[-1] for contrast in (1.0, 0.05)]
        assert np.allclose(*rates, rtol=0, atol=1e-9) == (first != "none")


def test_the_denominators_are_those_of_the_equation() -> None:
    made, seen = layer(4, 6, 8, "each"), images(4, 3, 6)
    wanted = np.array([[made.w_ei[e] @ (made.g_i * (made.w_ie @ x)) for e in range(8)] for x in seen])
    assert made.denominators(seen) == pytest.approx(wanted)
    balanced = np.array([made.w_ee @ x - made.w_ei @ (made.w_ie @ x) for x in seen])
    assert made.currents(seen) == pytest.approx(made.g_e * balanced / wanted + made.bias)
    assert layer(4, 6, 8, "one").denominators(seen).shape == (3, 1)


def test_a_denominator_of_0_is_the_smallest_other_of_its_own_sample() -> None:
    found = guarded(np.array([[0.0, 2.0, 0.5], [0.0, 0.0, 0.0], [3.0, 1.0, 2.0]]))
    assert found.tolist() == [[0.5, 2.0, 0.5], [1.0, 1.0, 1.0], [3.0, 1.0, 2.0]]


def test_held_denominators_are_the_mean_over_what_reaches_the_layer() -> None:
    made, seen = network(5, ("each", "each")), images(5, 30)
    held = made.held_after_first(seen)
    assert [one.division for one in held.layers] == ["each", "held"]
    reaching = made.activity(seen)[0]
    assert held.layers[1].held == pytest.approx(made.layers[1].denominators(reaching).mean(axis=0))
    assert held.activity(seen)[0] == pytest.approx(reaching)
    already = network(5, ("one", "held"))
    assert already.held_after_first(seen).layers[1] is already.layers[1]


@pytest.mark.parametrize("keep", [0.5, 0.8])
def test_the_rate_form_follows_neurons_that_spike(keep: float) -> None:
    currents = np.linspace(-1.0, 2.0, 601)
    difference = spike_rate(currents, keep, 4000) - rate(currents, keep)
    silent, full = currents < 1.0 - keep, currents > 1.0
    assert np.abs(difference[silent | full]).max() < 0.01
    # Between them it is a staircase, steps on either side of the line, which is right in the mean.
    between = difference[~(silent | full)]
    assert 0.03 < np.abs(between).max() < 0.25
    assert abs(between.mean()) < 0.03
