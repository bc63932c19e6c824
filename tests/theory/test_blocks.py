"""Circuits of several connected blocks: certified by block they say what they say as a whole, at bounded cost."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import block_diag, diags_array, random_array

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import full, is_sparse, mapped, sparse
from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.pipeline.certificates import certificate_edges
from neurocmc.theory import search, settling, stack, swta
from neurocmc.theory.active_sets import guesses
from neurocmc.theory.blocks import SEARCHED_UNITS, blocks_of, kinds_of
from neurocmc.theory.certificate import Certificate, certify, up_states_of
from neurocmc.theory.fixed_points import fixed_points, reached, solved
from neurocmc.theory.judged import counterparts, judged
from neurocmc.theory.linear_threshold import LinearThreshold, linear_threshold
from neurocmc.theory.realised import Rounded
from neurocmc.theory.wording import certificate_lines, heading_lines
from tests.made.solved_circuits import circuit, projection, rectifiers

ALPHA, BETA1, BETA2, T, T_I = 1.2, 3.0, 0.25, 0.1, 0.2


def of(made: RateCircuit) -> LinearThreshold:
    found = linear_threshold(made)
    assert isinstance(found, LinearThreshold)
    return found


def modules(count: int, items: int, spread: float = 0.0) -> RateCircuit:
    """Soft winner-take-alls side by side, each item of which holds itself; no two the same where they are spread."""
    rng = np.random.default_rng(count)
    units = count * items
    drawn = [1.0 + spread * rng.uniform(-1.0, 1.0, units) for _ in range(3)]
    unit = np.arange(units)
    to_all = sparse((BETA2 * drawn[1], (unit // items, unit)), (count, units))
    from_all = sparse((-BETA1 * drawn[2], (unit, unit // items)), (units, count))
    made = circuit(
        "modules",
        (rectifiers("x", np.full(units, T)), rectifiers("z", np.full(count, T_I))),
        (
            projection("x", "x", sparse(diags_array(ALPHA * drawn[0]))),
            projection("x", "z", to_all),
            projection("z", "x", from_all),
        ),
    )
    return replace(made, inputs=(RateInput(name="cue", target="x", weight=sparse(diags_array(np.ones(units)))),))


def rounded(made: RateCircuit, step: float = 1 / 256, half: float = 0.01) -> Rounded:
    """The circuit with its weights on a grid, and half a neuron at every threshold."""
    return Rounded(
        circuit=replace(
            made,
            projections=tuple(
                replace(p, weight=mapped(p.weight, lambda value: np.rint(value / step) * step))
                for p in made.projections
            ),
        ),
        half_neuron={p.name: np.full(p.size, half) for p in made.populations},
    )


@st.composite
def several_blocks(draw: st.DrawFn) -> RateCircuit:
    """Up to nine units that excite and inhibit each other in groups, in any order."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4).filter(lambda found: sum(found) <= 9))
    parts = []
    for size in sizes:
        weight = rng.normal(0.0, 0.9, (size, size)) * (rng.random((size, size)) < 0.7)
        weight[np.diag_indices(size)] = rng.uniform(0.0, 1.6, size)
        parts.append(weight)
    order = rng.permutation(sum(sizes))
    weight = block_diag(parts).toarray()[np.ix_(order, order)]
    return circuit(
        "several", (rectifiers("x", rng.uniform(-0.05, 0.2, len(order))),), (projection("x", "x", weight),)
    )


def near(state: Float) -> tuple[float, ...]:
    return tuple((state.round(7) + 0.0).tolist())


@given(made=several_blocks())
@settings(max_examples=150)
def test_states_of_the_whole_are_the_products_of_those_of_the_blocks(made: RateCircuit) -> None:
    network = of(made)
    whole = fixed_points(network, np.zeros(network.size))
    blocks = blocks_of(network)
    together: list[list[tuple[np.ndarray, Float]]] = []
    for kind in kinds_of(network, None, {}, blocks):
        for block in kind.blocks:
            found = fixed_points(kind.network, np.zeros(kind.network.size))
            assert found.complete
            together.append([(blocks.units(block), point.activity) for point in found.stable])
    expected: set[tuple[float, ...]] = set()
    for states in product(*together):
        activity = np.zeros(network.size)
        for units, own in states:
            activity[units] = own
        expected.add(near(activity))
    assert whole.complete
    assert {near(point.activity) for point in whole.stable} == expected
    rest, told = reached(network, np.zeros(network.size), np.zeros(network.size)), certify(made)
    if rest is not None and rest.stable:
        up, ups = told.counted.up_states, len(up_states_of(network)[1])
        seen = {unit for state in told.up_states for unit in state.units}
        assert seen >= {network.units[i] for p in whole.stable for i in np.flatnonzero(p.active & ~rest.active)} - {
            network.units[i] for i in np.flatnonzero(network.inhibitory)
        }
        assert (up > 0) >= (ups > 0)


@given(made=several_blocks(), step=st.sampled_from([0.5, 0.1, 0.01]))
@settings(max_examples=100)
def test_a_state_is_lost_as_a_whole_where_it_or_the_rest_of_another_block_is(made: RateCircuit, step: float) -> None:
    network, held = of(made), rounded(made, step, 0.004).network
    assert isinstance(held, LinearThreshold)
    blocks = blocks_of(network, held)
    found = judged(kinds_of(network, held, {}, blocks))
    if any(each.rest is None for each in found):
        return
    lost_rest = {block: each.rest_lost for each in found for block in each.kind.blocks}
    for each in found:
        for block in each.kind.blocks:
            for up, after in zip(each.ups, each.ups_rounded, strict=True):
                pieces, activity = np.zeros(network.size, dtype=np.int64), np.zeros(network.size)
                for other in found:
                    for place in other.kind.blocks:
                        state = up if place == block else other.rest
                        assert state is not None
                        pieces[blocks.units(place)] = state.piece
                        activity[blocks.units(place)] = state.activity
                (point,) = solved(network, np.zeros(network.size), iter([pieces]))
                assert near(point.activity) == near(activity)
                (whole,) = counterparts(stack.Stack.of([held]), np.zeros(1, dtype=np.int64), [point], run=False)
                if whole is not None:  # run, a block may come to its state from where the whole is not solved
                    assert after is not None
                    assert not any(lost for place, lost in lost_rest.items() if place != block)


GRID = (-1.5, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 1.5)  # excitation of just 1 makes pivots 0


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 5),
    on_grid=st.booleans(),
    limited=st.booleans(),
    driven=st.booleans(),
)
@settings(max_examples=200)
def test_no_state_is_let_go_of_before_it_is_solved(
    seed: int, size: int, *, on_grid: bool, limited: bool, driven: bool
) -> None:
    rng = np.random.default_rng(seed)
    weight = rng.choice(GRID, (size, size)) if on_grid else rng.normal(0.0, 1.0, (size, size))
    population = rectifiers("x", rng.choice([0.0, 0.1, 0.25], size))
    population = replace(population, saturation=1.0 if limited else np.inf)
    network = of(circuit("any", (population,), (projection("x", "x", weight),)))
    drive = rng.choice([0.0, 0.3], size) if driven else np.zeros(size)
    pieces = product(*[(0, 1, 2) if limited else (0, 1)] * size)
    each = solved(network, drive, (np.array(piece, dtype=np.int64) for piece in pieces))
    found = fixed_points(network, drive).points
    assert [p.piece.tolist() for p in found] == [p.piece.tolist() for p in each]
    assert [p.activity.tolist() for p in found] == [p.activity.tolist() for p in each]


def test_more_guesses_than_a_number_holds_are_many_and_no_warning() -> None:
    population = replace(rectifiers("x", np.zeros(700)), saturation=1.0)
    network = of(circuit("any", (population,), (projection("x", "x", 0.5 * np.eye(700)),)))
    with np.errstate(over="raise"):
        assert guesses(stack.Stack.of([network])) == 2.0**60


def test_blocks_that_are_the_same_are_certified_once_and_all_are_told() -> None:
    made = modules(300, 4)
    certificate = certify(made, {"cue": 0.8}, rounded(made))
    assert certificate.blocks is not None
    assert (certificate.blocks.count, certificate.blocks.kinds) == (300, 1)
    assert certificate.counted.up_states == certificate.counted.winners == 1200
    assert certificate.blocks.log10_combinations == pytest.approx(300 * np.log10(5))
    assert len(certificate.up_states) < 600
    every = certify(made, {"cue": 0.8}, rounded(made), listed=None)
    assert [state.name for state in every.up_states] == [f"x[{i}]" for i in range(1200)]
    assert [(s.name, s.channel) for s in every.winners] == [(f"x[{i}]", f"cue[{i}]") for i in range(1200)]
    assert every.up_states[1199].trained.slack_unit == "z[299]"
    alone = certify(modules(1, 4), {"cue": 0.8}, rounded(modules(1, 4)))
    assert alone.blocks is None
    assert [state.trained.activity for state in alone.up_states] == [s.trained.activity for s in every.up_states[:4]]


def counted(monkeypatch: pytest.MonkeyPatch, made: RateCircuit) -> tuple[Certificate, dict[str, int]]:
    """The certificate of a circuit as rounded, and how often its runs and steps were called."""
    calls = {"settle": 0, "stepped": 0}

    def counting(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object) -> object:
            calls[name] += 1
            return function(*given)

        return call

    held = rounded(made)
    with monkeypatch.context() as patched:
        for module in (settling, search):
            for name in calls:
                patched.setattr(module, name, counting(name, getattr(module, name)))
        found = certify(made, {"cue": 0.8}, held)
    return found, calls


def test_two_thousand_different_blocks_take_no_more_runs_than_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    few, runs_of_few = counted(monkeypatch, modules(20, 3, 0.02))
    many, runs_of_many = counted(monkeypatch, modules(2000, 3, 0.02))
    assert few.blocks is not None
    assert many.blocks is not None
    assert (few.blocks.kinds, many.blocks.kinds) == (20, 2000)
    assert many.counted.up_states == 6000
    assert many.complete
    assert runs_of_many["settle"] <= runs_of_few["settle"] + 2
    assert runs_of_many["stepped"] <= 2 * settling.LONGEST_TAUS * runs_of_many["settle"]


def test_what_is_listed_and_written_does_not_grow_with_the_circuit() -> None:
    lengths: list[int] = []
    for count in (800, 3200):
        made = modules(count, 3)
        certificate = certify(made, {"cue": 0.8}, rounded(made))
        lengths.append(len(json.dumps(certificate.as_json(), allow_nan=False)))
        assert len(certificate_lines(certificate)) < 60
    assert lengths[1] < 1.02 * lengths[0]


def ring(units: int) -> RateCircuit:
    shifted = sparse((np.full(units, 0.5), (np.arange(units), np.roll(np.arange(units), 1))), (units, units))
    return circuit("ring", (rectifiers("r", np.full(units, 0.1)),), (projection("r", "r", shifted),))


def test_a_block_that_is_too_large_is_not_searched_and_named_everywhere() -> None:
    made = ring(SEARCHED_UNITS + 76)
    certificate = certify(made, {"cue": 0.8}, Rounded(circuit=made, half_neuron={}))
    assert not certificate.complete
    assert not certificate.up_states
    named = "the block of r[0] (r): 1,100 units, more than 1,024"
    heading, line = certificate_lines(certificate)
    assert heading == "certificate: no up-state without drive in 0 of 1 connected block"
    assert line.strip() == f"not searched: {named}"
    told = certificate.as_json()["blocks"]
    assert told["listed_not_searched"] == [{"first": "r[0]", "populations": ["r"], "units": 1100}]
    (edge,) = certificate_edges(certificate)
    assert (edge.verdict, edge.note) == ("not run", f"not searched: {named}")
    assert [line.strip() for line in heading_lines(certificate)] == [heading, f"not searched: {named}"]


def test_where_no_activity_comes_back_a_block_of_any_size_has_no_up_state() -> None:
    units = 2 * SEARCHED_UNITS
    rng = np.random.default_rng(0)
    forward = sparse(random_array((units, units), density=0.01, rng=rng, format="csr"))
    made = circuit(
        "layers",
        (rectifiers("a", np.full(units, 0.1)), rectifiers("b", np.full(units, 0.1))),
        (projection("a", "b", forward),),
    )
    certificate = certify(made, {"cue": 0.8}, Rounded(circuit=made, half_neuron={}))
    assert certificate.complete
    assert not certificate.counted.up_states
    assert certificate.blocks is not None
    assert certificate.blocks.feed_forward >= 1
    assert certificate.blocks.not_driven >= units // 2


def test_a_large_circuit_is_held_by_its_entries_and_is_the_same_network() -> None:
    made = modules(120, 4)
    network = of(made)
    assert is_sparse(network.weight)
    dense = of(replace(made, projections=tuple(replace(p, weight=full(p.weight)) for p in made.projections)))
    assert np.array_equal(full(network.weight), full(dense.weight))
    whole = np.zeros((600, 600))
    for start, p in zip((0, 0, 480), made.projections, strict=True):
        rows = {"x": 0, "z": 480}[p.target]
        whole[rows : rows + p.weight.shape[0], start : start + p.weight.shape[1]] += full(p.weight)
    assert np.array_equal(network.total_weight, whole)


def test_the_up_states_of_a_block_of_ten_thousand_neurons_are_found() -> None:
    """160 units, 64 neurons each; closed forms say which there are."""
    items = 159
    certificate = certify(modules(1, items), {"cue": 0.8})
    assert certificate.blocks is None
    assert [state.name for state in certificate.up_states] == [f"x[{i}]" for i in range(items)]
    star = swta.up_state(ALPHA, 0.0, BETA1, BETA2, T, T_I)
    assert {round(state.trained.activity, 9) for state in certificate.up_states} == {round(star, 9)}
    assert len(certificate.winners) == items
    gain = swta.winner_gain(ALPHA, BETA1, BETA2)
    for state in certificate.winners:
        assert state.trained.activity == pytest.approx(gain * (0.8 - T + BETA1 * T_I), rel=1e-9)


def test_stability_of_many_units_is_that_of_their_strongly_connected_parts() -> None:
    """Of 60 linear units, in groups that only lead on to each other, against the eigenvalues of all."""
    rng = np.random.default_rng(3)
    groups = np.arange(60) // 6
    weight = rng.normal(0.0, 0.4, (60, 60)) * (groups[:, None] >= groups)
    network = of(circuit("groups", (rectifiers("x", np.zeros(60)),), (projection("x", "x", weight),)))
    linear = np.ones((1, 60), dtype=np.bool_)
    radius, abscissa_per_s = stack.stabilities(stack.Stack.of([network]), np.zeros(1, dtype=np.int64), linear)
    keep = network.keep[0]
    values = np.linalg.eigvals(keep * np.eye(60) + (1 - keep) * weight)
    assert radius[0] == pytest.approx(np.abs(values).max(), rel=1e-9)
    flow = np.linalg.eigvals((weight - np.eye(60)) / network.tau_s[0])
    assert abscissa_per_s[0] == pytest.approx(flow.real.max(), rel=1e-9)


def test_the_extreme_eigenvalues_of_a_large_part_are_those_of_all() -> None:
    rng = np.random.default_rng(4)
    weight = rng.normal(0.0, 0.05, (260, 260)) * (rng.random((260, 260)) < 0.2)
    network = of(circuit("large", (rectifiers("x", np.zeros(260)),), (projection("x", "x", weight),)))
    linear = np.ones((1, 260), dtype=np.bool_)
    radius, abscissa_per_s = stack.stabilities(stack.Stack.of([network]), np.zeros(1, dtype=np.int64), linear)
    keep = network.keep[0]
    values = np.linalg.eigvals(keep * np.eye(260) + (1 - keep) * weight)
    assert radius[0] == pytest.approx(np.abs(values).max(), rel=1e-9)
    flow = np.linalg.eigvals((weight - np.eye(260)) / network.tau_s[0])
    assert abscissa_per_s[0] == pytest.approx(flow.real.max(), rel=1e-9)


def test_a_run_that_is_ended_early_ends_in_the_state_that_the_whole_run_ends_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng, settled = np.random.default_rng(5), 0
    for _ in range(20):
        size = 6
        weight = rng.normal(0.0, 0.5, (size, size))
        network = of(circuit("any", (rectifiers("x", rng.uniform(0, 0.2, size)),), (projection("x", "x", weight),)))
        drives = rng.uniform(0.0, 1.0, (1, 8, size))
        early = settling.all_reached(stack.Stack.of([network]), np.zeros((1, 8, size)), drives)[0]
        with monkeypatch.context() as patched:
            patched.setattr(settling, "LOOKS", frozenset())
            late = settling.all_reached(stack.Stack.of([network]), np.zeros((1, 8, size)), drives)[0]
        for one, other in zip(early, late, strict=True):
            if other is not None:  # one that has not settled after 400 taus may have been seen to come near its state
                assert one is not None
                assert one.piece.tolist() == other.piece.tolist()
                assert one.activity.tolist() == other.activity.tolist()
                settled += 1
    assert settled > 100
