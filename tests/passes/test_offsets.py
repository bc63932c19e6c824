"""Offsets: pools that count from 0 carry linear units and parts of sigmoids, and the circuit is the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.ir.rate import Classifier, HostLayer, RateCircuit, Readout
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.offsets import MARGIN, Offsets
from neurocmc.passes.relays import Relays
from neurocmc.pipeline.staging import restored
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from neurocmc.verification.metrics import class_scores
from tests.made.circuits import driven, population, ramp
from tests.passes.test_relays import mixed_orders, steps


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_restored_trajectories_and_scores_are_the_same(seed: int) -> None:
    circuit = mixed_orders(seed)
    rng = np.random.default_rng(seed)
    layers = (
        HostLayer(weight=rng.normal(0, 1, (3, 4)), bias=rng.normal(0, 1, 3), rectify=True),
        HostLayer(weight=rng.normal(0, 1, (2, 3)), bias=rng.normal(0, 1, 2), rectify=False),
    )
    classifier = Classifier(name="class", populations=("c", "b"), layers=layers, labels=(), window_s=0.01)
    linear = tuple(
        replace(pool, transfer="linear", gain=0.3 * pool.gain) if pool.name == "b" else pool
        for pool in circuit.populations
    )
    circuit = replace(circuit, populations=linear, classifiers=(classifier,))
    stimulus = steps(circuit, seed)
    relayed = Relays().run(circuit, load_target("loihi1"))
    staged = Offsets((stimulus,)).run(relayed)
    assert staged.problems() == ()
    assert all(pool.transfer != "linear" for pool in staged.populations)
    given_, seen = simulate_rate(circuit, stimulus), simulate_rate(staged, stimulus)
    assert all(activity.min() >= 0 for activity in seen.activity.values())
    shown = restored(seen, circuit, staged)
    for name, activity in given_.activity.items():
        assert np.abs(shown.activity[name] - activity).max() < 1e-5 * max(1.0, np.abs(activity).max())
    expected = class_scores(given_, classifier)
    assert class_scores(seen, staged.classifiers[0]) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_a_trace_is_restored_too() -> None:
    circuit = driven(population("p", 2, "sigmoid", gain=3.0, saturation=1.0), tau_s=0.01)
    stimulus = ramp(-0.2, 0.2, size=2)
    staged = Offsets((stimulus,)).run(circuit)
    assert staged.populations[0].floor > 0
    before, after = simulate_rate(circuit, stimulus), simulate_rate(staged, stimulus)
    assert np.abs(restored(after, circuit, staged).activity["p"] - before.activity["p"]).max() < 1e-6


def test_the_pool_spans_what_is_visited_and_a_margin() -> None:
    circuit = driven(population("p", 1, "sigmoid", gain=4.0, saturation=1.0))
    (pool,) = Offsets((ramp(-0.25, 0.25),)).run(circuit).populations
    low, high = 1 / (1 + np.exp(1.0)), 1 / (1 + np.exp(-1.0))
    assert pool.floor == pytest.approx(low - MARGIN * (high - low), rel=1e-6)
    assert pool.top == pytest.approx(high + MARGIN * (high - low), rel=1e-6)
    whole = Offsets((ramp(-3.0, 3.0),)).run(circuit).populations[0]
    assert (whole.floor, whole.top) == (0.0, np.inf)


def _two_linear_units(readouts: tuple[Readout, ...]) -> tuple[RateCircuit, Stimulus]:
    circuit = replace(driven(population("p", 2, "linear")), readouts=readouts)
    values = {"drive": np.array([[[0.0, 0.0], [1.0, 10.0], [-3.0, 5.0]]])}
    return circuit, Stimulus(name="s", duration_s=0.03, edges_s=[0.0, 0.01, 0.02], values=values, labels=[-1])


def test_each_linear_unit_has_its_own_range() -> None:
    circuit, stimulus = _two_linear_units(())
    (pool,) = Offsets((stimulus,)).run(circuit).populations
    assert 1 / pool.gain == pytest.approx((1 + 2 * MARGIN) * np.array([4.0, 10.0]))
    assert pool.transfer_at(pool.normalised(np.array([-3.0, 0.0]))) == pytest.approx(MARGIN / (1 + 2 * MARGIN))


def test_units_that_a_readout_compares_share_a_range() -> None:
    circuit, stimulus = _two_linear_units(
        (Readout(name="r", population="p", kind="winner", labels=(), window_s=0.01),)
    )
    (pool,) = Offsets((stimulus,)).run(circuit).populations
    assert 1 / pool.gain == pytest.approx((1 + 2 * MARGIN) * 13.0)


def test_a_circuit_of_rectifiers_is_left_alone() -> None:
    circuit = driven(population("p", 2))
    assert Offsets((ramp(0.0, 1.0, size=2),)).run(circuit) is circuit
