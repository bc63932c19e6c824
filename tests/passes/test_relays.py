"""Relays: a kernel of second order becomes two of first order, and no trajectory notices."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.relays import Relays
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from tests.made.circuits import driven, population, projection

LOIHI = load_target("loihi1")


def mixed_orders(seed: int) -> RateCircuit:
    """Three sigmoid populations, each with a start of its own; kernels of both orders and three time constants."""
    rng = np.random.default_rng(seed)
    pools = tuple(
        replace(
            population(name, size, "sigmoid", saturation=1.0, initial=rng.uniform(0.1, 0.9, size)), trace_tau_s=0.0
        )
        for name, size in (("a", 2), ("b", 3), ("c", 1))
    )
    projections = tuple(
        projection(
            source.name,
            target.name,
            rng.normal(0.0, 1.0, (target.size, source.size)),
            float(rng.choice([0.004, 0.01, 0.03])),
            order=int(rng.integers(1, 3)),
            dc_gain=float(rng.uniform(0.5, 1.5)),
        )
        for source in pools
        for target in pools
        if rng.random() < 0.7
    )
    inputs = tuple(
        RateInput(name=f"to {name}", target=name, weight=rng.normal(0, 1, (size, 2)), tau_s=tau_s, order=order)
        for name, size, tau_s, order in (("a", 2, 0.01, 2), ("b", 3, 0.01, 1), ("c", 1, 0.0, 2))
    )
    return RateCircuit(
        name="mixed",
        dt_s=0.001,
        populations=pools,
        projections=projections,
        inputs=inputs,
        readouts=(),
        origin_sha256="",
    )


def steps(circuit: RateCircuit, seed: int) -> Stimulus:
    rng = np.random.default_rng(seed)
    values = {entry.name: rng.normal(0, 1, (2, 2, entry.channels)) for entry in circuit.inputs}
    return Stimulus(name="steps", duration_s=0.08, edges_s=[0.0, 0.03], values=values, labels=[-1, -1])


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_every_trajectory_is_the_same(seed: int) -> None:
    circuit = mixed_orders(seed)
    relayed = Relays().run(circuit, LOIHI)
    assert relayed.problems() == ()
    assert {entry.order for entry in (*relayed.projections, *relayed.inputs)} <= {1}
    before, after = (simulate_rate(each, steps(circuit, seed)).activity for each in (circuit, relayed))
    for name, activity in before.items():
        assert np.abs(after[name] - activity).max() < 1e-6


def test_each_population_and_time_constant_has_one_relay() -> None:
    pools = (population("a", 2), population("b", 2))
    circuit = RateCircuit(
        name="two",
        dt_s=0.001,
        populations=pools,
        projections=(
            projection("a", "b", np.eye(2), 0.02, order=2),
            projection("b", "b", -np.eye(2), 0.02, order=2),
            projection("b", "b", 0.1 * np.eye(2), 0.05, order=2, name="slow"),
            projection("b", "a", np.eye(2), 0.02),
        ),
        inputs=(RateInput(name="drive", target="b", weight=np.eye(2), tau_s=0.02, order=2),),
        readouts=(),
        origin_sha256="",
    )
    relayed = Relays().run(circuit, LOIHI)
    assert [pool.name for pool in relayed.populations] == ["a", "b.relay", "b.relay2", "b"]
    assert {(p.source, p.target, p.tau_s) for p in relayed.projections} == {
        ("a", "b.relay", 0.02),
        ("b", "b.relay", 0.02),
        ("b", "b.relay2", 0.05),
        ("b", "a", 0.02),
        ("b.relay", "b", 0.02),
        ("b.relay2", "b", 0.05),
    }
    assert relayed.inputs[0].target == "b.relay"


@pytest.mark.parametrize("target", ["brian2", "loihi1"])
def test_what_the_target_has_is_left_alone(target: str) -> None:
    first_order = driven(population("p", 2), tau_s=0.01)
    assert Relays().run(first_order, load_target(target)) is first_order
    second_order = replace(first_order, inputs=(replace(first_order.inputs[0], order=2),))
    left_alone = Relays().run(second_order, load_target(target)) is second_order
    assert left_alone == (target == "brian2")
