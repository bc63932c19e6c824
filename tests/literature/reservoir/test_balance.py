"""Inhibition adapts as the paper writes, stays inhibition, and brings units to their targets."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from neurocmc.literature.reservoir.balance import Drawn, draw

from .small import recipe


def drawn(seed: int, pole: float = 0.0, gain: float = 1.0) -> Drawn:
    return draw(recipe(pole=pole, units=12).structure, np.random.default_rng(seed)).scaled(gain)


def test_adaptation_is_the_rule_synapse_by_synapse() -> None:
    start, targets = drawn(0, pole=0.3), np.linspace(0.3, 0.6, 12)
    drive = np.random.default_rng(1).uniform(-1, 1, (25, 1))
    adapting = start.inhibitory_columns() & (np.random.default_rng(2).random((12, 12)) < 0.7)
    inhibits, v = start.inhibits.copy(), np.zeros(12)
    for u in drive[:, 0]:
        r = 1 / (1 + np.exp(-4 * (v - 0.5)))
        for i in range(12):
            for j in range(12):
                if adapting[i, j]:
                    inhibits[i, j] = max(0.0, inhibits[i, j] + 0.02 * (r[i] - targets[i]))
        v = 0.3 * v + (start.excites - inhibits) @ r + start.enter[:, 0] * u
    found = start.adapted(drive, targets, 0.02, adapting)
    assert_allclose(found.weight, start.excites - inhibits, atol=1e-12)
    assert not np.allclose(inhibits, start.inhibits)


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000),
    gain=st.floats(0, 3),
    target=st.floats(0.05, 0.95),
    rate=st.floats(0.001, 1),
    pole=st.sampled_from([0.0, 0.5]),
)
def test_excitation_stays_as_it_is_and_inhibition_inhibits(
    seed: int, gain: float, target: float, rate: float, pole: float
) -> None:
    start = drawn(seed, pole, gain)
    drive = np.random.default_rng(seed).uniform(-1, 1, (30, 1))
    weight = start.adapted(drive, np.full(12, target), rate, start.inhibitory_columns()).weight
    excitatory = start.structure.excitatory
    assert np.array_equal(weight[:, :excitatory], start.excites[:, :excitatory])
    assert (weight[:, excitatory:] <= 0).all()


def test_units_that_are_too_active_come_to_their_targets() -> None:
    start, targets = drawn(4, gain=0.9), np.linspace(0.2, 0.3, 12)
    noise = np.random.default_rng(5).uniform(-1, 1, (4000, 1))
    before = start.with_factor(0).run(noise[None])[0].mean(axis=0)
    after = start.adapted(noise, targets, 0.02, start.inhibitory_columns()).run(noise[None])[0].mean(axis=0)
    too_active = before > targets + 0.05
    assert too_active.any()
    assert np.abs(after - targets)[too_active].max() < 0.01
    assert np.abs(before - targets)[too_active].max() > 0.05


def test_a_gain_is_the_radius_of_excitation_and_a_factor_scales_inhibition() -> None:
    start = drawn(0, gain=0.7)
    assert_allclose(np.abs(np.linalg.eigvals(start.excites)).max(), 0.7)
    one, three = start.with_factor(1).weight, start.with_factor(3).weight
    excitatory = start.structure.excitatory
    assert np.array_equal(one[:, :excitatory], three[:, :excitatory])
    assert_allclose(three[:, excitatory:], 3 * one[:, excitatory:])
    assert (one[:, excitatory:] < 0).any()
    assert not start.scaled(0).with_factor(2).weight.any()
