"""States of the bundled working memory and of small circuits: solved, judged, pushed and certified."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from neurocmc.common.resources import resource_path
from neurocmc.ir.rate import RateCircuit
from neurocmc.pipeline.model import load
from neurocmc.theory import swta
from neurocmc.theory.basin import boundary, guaranteed_drop, ignition_share, regained, strongest_distractor
from neurocmc.theory.certificate import certify, up_states_of
from neurocmc.theory.fixed_points import FixedPoint, fixed_points, stability, steady_filters
from neurocmc.theory.linear_threshold import LinearThreshold, NoTheory, linear_threshold
from neurocmc.theory.permitted import is_permitted, permitted_sets
from neurocmc.theory.realised import Rounded
from neurocmc.theory.wording import certificate_lines, grouped_lines
from tests.made.solved_circuits import circuit, projection, rectifiers

ALPHA, PHI, BETA1, BETA2, T, T_I = 1.0, 0.3, 3.0, 0.25, 0.1, 0.2


@pytest.fixture(scope="module")
def memory() -> RateCircuit:
    return load(resource_path("models/working-memory.yaml")).circuit


@pytest.fixture(scope="module")
def network(memory: RateCircuit) -> LinearThreshold:
    found = linear_threshold(memory)
    assert isinstance(found, LinearThreshold)
    return found


@pytest.fixture(scope="module")
def up(network: LinearThreshold) -> FixedPoint:
    """Item 0 held."""
    _, ups = up_states_of(network)
    return ups[0]


def one_map(alpha: float, beta1: float = 3.0, beta2: float = 0.25, items: int = 3) -> RateCircuit:
    none = np.zeros(items)
    return circuit(
        "map",
        (rectifiers("x", none), rectifiers("z", none[:1])),
        (
            projection("x", "x", alpha * np.eye(items)),
            projection("x", "z", np.full((1, items), beta2)),
            projection("z", "x", np.full((items, 1), -beta1)),
        ),
    )


def of(made: RateCircuit) -> LinearThreshold:
    found = linear_threshold(made)
    assert isinstance(found, LinearThreshold)
    return found


@pytest.mark.filterwarnings("error")
def test_a_trial_that_leaves_the_numbers_there_are_has_not_settled_and_nothing_is_said() -> None:
    network = of(one_map(1e12))
    ends, settled = network.settle(np.ones((1, network.weight.shape[1])), np.full(network.size, 1.0))
    assert not settled.any()
    assert not (np.abs(ends) < 1e9).all()
    left = network.run(np.ones((1, network.weight.shape[1])), np.full((1, network.size), 1.0), 1000)
    assert not np.isfinite(left).all()


def test_all_states_of_the_working_memory(network: LinearThreshold) -> None:
    found = fixed_points(network, np.zeros(network.size))
    assert found.complete
    assert [p.activity[network.of("x")].round(4).tolist() for p in found.stable] == [[0, 0], [0, 1.1111], [1.1111, 0]]
    ignition = swta.ignition_threshold(ALPHA, PHI, T)
    assert any(not p.stable and np.allclose(p.activity[[0, 3]], ignition) for p in found.points)


def test_the_search_finds_the_stable_ones_too(network: LinearThreshold) -> None:
    searched = fixed_points(network, np.zeros(network.size), pieces=1)
    assert not searched.complete
    solved = fixed_points(network, np.zeros(network.size)).stable
    assert sorted(p.activity.round(9).tolist() for p in searched.points) == sorted(
        p.activity.round(9).tolist() for p in solved
    )


def test_up_state_and_its_boundary_are_those_of_the_formulas(network: LinearThreshold, up: FixedPoint) -> None:
    star = swta.up_state(ALPHA, PHI, BETA1, BETA2, T, T_I)
    ignition = swta.ignition_threshold(ALPHA, PHI, T)
    assert up.activity[0] == pytest.approx(star, rel=1e-9)
    between = boundary(network, up)
    assert between is not None
    assert between.activity[0] == pytest.approx(ignition, rel=1e-9)
    assert between.growth > 1
    share = ignition_share(network, up)
    assert share is not None
    assert share * star == pytest.approx(ignition, rel=1e-4)


def test_distractors(network: LinearThreshold, up: FixedPoint) -> None:
    wakes = swta.waking_drive(float(up.activity[0]), BETA1, BETA2, T, T_I)
    long = strongest_distractor(network, up, 1)
    assert long.unnoticed == pytest.approx(wakes, rel=1e-9)
    assert long.withstood >= long.unnoticed
    short = strongest_distractor(network, up, 1, 0.05)
    assert short.withstood > 2 * long.withstood
    assert short.resolution < 1e-3
    with pytest.raises(ValueError, match="is active in the state"):
        strongest_distractor(network, up, 0)


def test_what_is_guaranteed_is_regained_and_not_all_there_is(network: LinearThreshold, up: FixedPoint) -> None:
    drop = guaranteed_drop(network, up)
    assert 0.02 < drop < 0.7  # the true one, down to the ignition, is 0.7
    start = steady_filters(network, (1 - drop) * up.activity)
    assert regained(network, up, start[None], up.drive)[0]


def test_permitted_sets_of_one_map() -> None:
    hard, soft = permitted_sets(of(one_map(1.2))), permitted_sets(of(one_map(0.8)))
    assert hard.largest_permitted == ((0,), (1,), (2,))
    assert hard.smallest_forbidden == ((0, 1), (0, 2), (1, 2))
    assert soft.largest_permitted == ((0, 1, 2),)
    assert soft.smallest_forbidden == ()
    assert not is_permitted(of(one_map(1.9)), (0,))  # beyond 1 + beta1 beta2 = 1.75


@pytest.mark.parametrize("alpha", [0.8, 1.2])
def test_grown_sets_agree_with_all_sets(alpha: float) -> None:
    whole, grown = (permitted_sets(of(one_map(alpha, items=5)), units=units) for units in (12, 2))
    assert whole.complete
    assert not grown.complete
    assert whole.permitted == grown.permitted
    assert whole.smallest_forbidden == grown.smallest_forbidden


def test_the_step_may_be_unstable_where_the_flow_is_not() -> None:
    """alpha just below 2 with strong inhibition: a step of a fifth of tau overshoots."""
    made = replace(one_map(1.9, 8.0, 0.5), dt_s=0.004)
    radius, abscissa_per_s = stability(of(made), np.array([True, False, False, True]))
    assert abscissa_per_s < 0
    assert radius > 1
    share = 1 - np.exp(-0.2)
    assert not swta.step_is_stable(1.9, 8.0, 0.5, float(share))
    assert swta.step_is_stable(1.9, 8.0, 0.5, 1e-4)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
def test_the_closed_form_of_the_step_is_its_eigenvalues(share: float) -> None:
    rng = np.random.default_rng(0)
    for alpha, beta1, beta2 in rng.uniform([0.1, 0.5, 0.05], [2.3, 6.0, 0.6], (200, 3)):
        made = replace(one_map(alpha, beta1, beta2), dt_s=float(-0.02 * np.log1p(-share)))
        radius, _ = stability(of(made), np.array([True, False, False, True]))
        if abs(radius - 1) > 1e-6:
            assert swta.step_is_stable(alpha, beta1, beta2, share) == (radius < 1)


def test_contraction_in_the_metric_of_the_eigenvectors() -> None:
    """The symmetric part of the generalised Jacobian is as told; in no diagonal metric it contracts for alpha > 1."""
    rng = np.random.default_rng(1)
    for alpha, beta1, beta2 in rng.uniform([0.1, 0.5, 0.05], [2.3, 4.0, 0.4], (200, 3)):
        jacobian = np.array([[alpha - 1, -beta1], [beta2, -1.0]])
        _, vectors = np.linalg.eig(jacobian)
        generalised = np.linalg.solve(vectors, jacobian @ vectors)
        largest = np.linalg.eigvalsh(0.5 * (generalised + generalised.conj().T)).max()
        assert -largest == pytest.approx(swta.contraction_rate(alpha, beta1, beta2), abs=1e-6)
        if swta.contracts_while_oscillating(alpha, beta1, beta2):
            assert largest < 0
            assert alpha < swta.stability_bound(beta1, beta2)
        for weight in np.geomspace(0.05, 20, 21):
            scaled = np.diag([1, weight]) @ jacobian @ np.diag([1, 1 / weight])
            assert (np.linalg.eigvalsh(0.5 * (scaled + scaled.T)).max() < 0) <= (alpha < 1)


def test_the_up_state_begins_where_inhibition_wakes_after_ignition() -> None:
    """Between 1 and 1 + beta2 T / T_I the formula for x* gives a number, and the circuit has no such state."""
    lowest, highest = swta.up_state_range(BETA1, BETA2, T, T_I)
    assert (lowest, highest) == (pytest.approx(1.125), pytest.approx(1.75))
    for phi in (0.1, 0.12, 0.8):
        with pytest.raises(ValueError, match="no up-state"):
            swta.up_state(1.0, phi, BETA1, BETA2, T, T_I)
    for alpha, stands in ((1.12, False), (1.13, True), (1.74, True), (1.76, False)):
        made = one_map(alpha)
        x, z = made.populations
        moved = (replace(x, offset=np.full(3, T)), replace(z, offset=np.full(1, T_I)))
        _, ups = up_states_of(of(replace(made, populations=moved)))
        assert bool(ups) == stands, alpha
    with pytest.raises(ValueError, match="T must be above 0"):
        swta.up_state(1.0, 0.3, BETA1, BETA2, 0.0, T_I)


def test_transitions() -> None:
    low, high = swta.and_window(1.1, 0.6, 0.5)
    assert (low, high) == (0.6, pytest.approx(1.15))
    fires = swta.transition_activity(1.1, 0.6, 0.5, 0.9)
    assert fires == pytest.approx(0.25)
    assert swta.transition_activity(1.1, 0.0, 0.5, 0.9) == swta.transition_activity(0.0, 0.6, 0.5, 0.9) == 0
    weight = swta.least_transition_weight(fires, 1.1111, BETA1, BETA2, T, T_I)
    assert weight * fires == pytest.approx(swta.waking_drive(1.1111, BETA1, BETA2, T, T_I))


def test_circuits_without_theory_say_why(memory: RateCircuit) -> None:
    first, *rest = memory.populations
    soft = replace(memory, populations=(replace(first, transfer="softplus"), *rest))
    found = linear_threshold(soft)
    assert isinstance(found, NoTheory)
    assert found.reason == "population x has a softplus transfer function, not a rectifier"
    projected, *others = memory.projections
    second = linear_threshold(replace(memory, projections=(replace(projected, order=2), *others)))
    assert isinstance(second, NoTheory)
    assert "order 2" in second.reason
    late = linear_threshold(replace(memory, projections=(replace(projected, delay_ticks=2), *others)))
    assert isinstance(late, NoTheory)
    assert "a delay of 2 steps" in late.reason
    (line,) = certificate_lines(certify(soft))
    assert line.startswith("certificate: no theory for this circuit: population x")


def test_certificate_of_the_working_memory(memory: RateCircuit, snapshot: SnapshotAssertion) -> None:
    x, *rest = memory.projections
    weaker = replace(memory, projections=(replace(x, weight=np.diag([1.0, 0.5])), *rest))
    certificate = certify(memory, {"cue": 0.3}, Rounded(circuit=weaker, half_neuron={}))
    assert [state.name for state in certificate.lost] == ["x[1] y[1]"]
    assert "\n".join(certificate_lines(certificate)) == snapshot
    assert "\n".join(grouped_lines(certificate)) == snapshot(name="grouped")
    told = json.loads(json.dumps(certificate.as_json(), allow_nan=False))
    assert told["lost_up_states"] == 1
    assert told["up_states"][0]["rounded"]["activity"] == pytest.approx(1.1111, abs=1e-4)


def test_grouped_lines_count_every_listed_state_and_name_each_that_is_lost(memory: RateCircuit) -> None:
    x, *rest = memory.projections
    weaker = replace(memory, projections=(replace(x, weight=np.diag([1.0, 0.5])), *rest))
    certificate = certify(memory, {"cue": 0.3}, Rounded(circuit=weaker, half_neuron={}))
    lines = grouped_lines(certificate)
    counted = [found for line in lines if (found := re.search(r"(\d+) of (\d+) survive", line))]
    survive, of = (sum(int(found[place]) for found in counted) for place in (1, 2))
    states = (*certificate.up_states, *certificate.winners)
    assert of == len(states)
    assert survive == sum(not state.lost for state in states)
    for state in certificate.lost:
        assert f"    lost: {state.name}: {state.lost}" in lines
    nearest = min(state.rounded.slack for state in certificate.up_states if state.rounded is not None)
    assert any(f"smallest slack {nearest:.4f}" in line for line in lines)


def test_grouped_lines_are_as_few_where_states_are_many(memory: RateCircuit) -> None:
    whole = certify(memory, {"cue": 0.3})
    many = replace(whole, up_states=whole.up_states * 500)
    assert len(grouped_lines(many)) == len(grouped_lines(whole))
