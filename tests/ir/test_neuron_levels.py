"""The levels of networks that spike already: lists of spikes, what is wrong with a network, files and text."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from syrupy.assertion import SnapshotAssertion

from neurocmc.common.errors import Problem
from neurocmc.ir.loihi.neuron_losses import NeuronLosses, PoolLoss, ScaledFacts, SynapseLoss, current_bounds
from neurocmc.ir.loihi.neuron_printer import print_neuron_integers
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.network import HostReadout, NeuronNetwork, SpikeInput, SpikeReadout
from neurocmc.ir.neurons.printer import print_neurons
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.store import content_sha256, load_level, save_level
from neurocmc.sim.loihi.neurons.emulator import run_neurons
from tests.frameworks.by_hand import network, population, projection
from tests.made.integer_neurons import network_of, pool, random_events, random_integers, synapses

RULES = Semantics(name="hand", dt_s=1e-3, decay="linear", update="pole", precision="float64")
Dense = np.ndarray[Any, Any]


def dense(most: int = 3) -> st.SearchStrategy[Dense]:
    """(trials, ticks, units) numbers of spikes."""
    shape = st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 5))
    return shape.flatmap(lambda shape: arrays(np.int32, shape, elements=st.integers(0, most)))


def ids(problems: Iterable[Problem]) -> list[str]:
    return sorted(problem.id for problem in problems)


@given(dense())
def test_a_list_of_spikes_is_the_array_that_it_was_made_of(counts: Dense) -> None:
    spikes = SpikeList.of_dense(counts)
    np.testing.assert_array_equal(spikes.dense(*counts.shape), counts)
    assert spikes.total == counts.sum()
    trials, _, units = counts.shape
    np.testing.assert_array_equal(spikes.counts(trials, units), counts.sum(axis=1))


@given(dense(), st.randoms(use_true_random=False))
def test_events_of_one_place_stand_together_in_any_order(counts: Dense, order: Any) -> None:
    places = np.repeat(np.argwhere(counts), counts[counts > 0], axis=0)
    events = places[order.sample(range(len(places)), len(places))]
    spikes = SpikeList.of_events(*events.T)
    np.testing.assert_array_equal(spikes.dense(*counts.shape), counts)
    assert spikes.tick.size == np.count_nonzero(counts)


@given(dense(1), st.randoms(use_true_random=False))
def test_places_are_put_in_order(counts: Dense, order: Any) -> None:
    places = np.argwhere(counts)
    mixed = places[order.sample(range(len(places)), len(places))]
    found = SpikeList.in_order(*mixed.T)
    np.testing.assert_array_equal(np.stack([found.trial, found.tick, found.unit], axis=1), places)


@given(dense(), st.data())
def test_trials_are_taken_in_the_order_asked_for(counts: Dense, data: Any) -> None:
    chosen = np.array(data.draw(st.lists(st.integers(0, len(counts) - 1), max_size=5)), dtype=np.int64)
    found = SpikeList.of_dense(counts).take(chosen)
    np.testing.assert_array_equal(found.dense(len(chosen), *counts.shape[1:]), counts[chosen])


@given(dense(), st.integers(-7, 7), st.none() | st.integers(0, 8))
def test_later_spikes_are_moved_and_cut(counts: Dense, ticks: int, end: int | None) -> None:
    trials, length, units = counts.shape
    found = SpikeList.of_dense(counts).later(ticks, end)
    wanted = np.zeros((trials, length + 7 if end is None else end, units))
    for tick in range(length):
        if 0 <= tick + ticks < wanted.shape[1]:
            wanted[:, tick + ticks] = counts[:, tick]
    np.testing.assert_array_equal(found.dense(*wanted.shape), wanted)


@given(dense().flatmap(lambda a: st.tuples(st.just(a), arrays(np.int32, a.shape, elements=st.integers(0, 3)))))
def test_lists_differ_where_their_arrays_do(pair: tuple[Dense, Dense]) -> None:
    ours, theirs = (SpikeList.of_dense(counts) for counts in pair)
    apart = np.abs(pair[0] - pair[1])
    np.testing.assert_array_equal(ours.differing(theirs).dense(*apart.shape), apart)
    assert ours.differing(theirs).total == theirs.differing(ours).total == apart.sum()
    assert ours.differing(ours).total == 0


def small(**fields: Any) -> NeuronNetwork:
    """Two layers, of which the second loops over itself, with a readout of spikes and one on the host."""
    host = HostReadout(
        name="host",
        population="b",
        weight=np.eye(2),
        bias=np.zeros(2),
        pole_syn=np.zeros(2),
        pole_mem=np.full(2, 0.9),
        gain_syn=np.ones(2),
        gain_mem=np.ones(2),
        decide="max",
    )
    common = {
        "pole_syn": 0.5,
        "pole_mem": 0.875,
        "reset": "subtract",
        "reset_late": True,
        "refractory_ticks": 2,
        "floor": [-1.0, -np.inf, 0.0],
    }
    made = network(
        RULES,
        (population("a", 3, **common), population("b", 2, threshold=[0.5, 2.0], rest_kept=True, reset="subtract")),
        (
            projection("input", "a", np.arange(6).reshape(3, 2) - 2.0, [0.1, 0.0, -0.25], bias_from_tick=1),
            projection("a", "b", [[1.0, 0.0, -1.0], [0.5, 0.25, 0.0]], delay_ticks=[[0, 0, 2], [3, 0, 0]]),
            projection("b", "b", [[0.0, 1.0], [1.0, 0.0]], delay_ticks=1),
        ),
        2,
        (host,),
    )
    return replace(made, **fields)


def changed(part: int, kind: str, **fields: Any) -> NeuronNetwork:
    """The same with other fields of one population or projection."""
    made = small()
    parts = list(getattr(made, kind))
    parts[part] = replace(parts[part], **fields)
    return replace(made, **{kind: tuple(parts)})


def test_a_sound_network_has_no_problem() -> None:
    assert small().problems() == ()
    assert (small().neurons, small().synapses, small().size_of("input"), small().size_of("b")) == (5, 11, 2, 2)
    with pytest.raises(KeyError):
        small().size_of("c")


FAULTS: dict[str, tuple[NeuronNetwork, list[str]]] = {
    "tick": (small(semantics=replace(RULES, dt_s=0.0)), ["time-not-positive"]),
    "late": (small(semantics=replace(RULES, output_late_ticks=2)), ["level-malformed"]),
    "nothing": (small(populations=(), projections=(), readouts=(), host_readouts=()), ["level-empty"]),
    "name": (small(inputs=(*small().inputs, SpikeInput(name="a", channels=2, shape=(2,)))), ["name-twice"]),
    "readout": (small(readouts=(SpikeReadout(name="answer", population="c"),)), ["population-unknown"]),
    "host": (changed(0, "host_readouts", population="a"), ["level-array-shape"]),
    "pole of i": (changed(0, "populations", pole_syn=[0.5, 1.5, 0.0]), ["pole-out-of-range"]),
    "pole of v": (changed(0, "populations", pole_mem=[0.5, np.nan, 0.0]), ["pole-out-of-range"]),
    "gain": (changed(0, "populations", gain_mem=[0.5, np.inf, 0.0]), ["value-not-finite"]),
    "threshold": (changed(1, "populations", threshold=[1.0, 0.0]), ["threshold-not-positive"]),
    "gain too large": (changed(0, "populations", gain_syn=[0.5, 1e200, 0.0]), ["magnitude-out-of-range"]),
    "gain of v too large": (changed(0, "populations", gain_mem=[0.5, -1e13, 0.0]), ["magnitude-out-of-range"]),
    "host's pole": (changed(0, "host_readouts", pole_mem=[0.5, 1.5]), ["pole-out-of-range"]),
    "host's weight": (changed(0, "host_readouts", weight=np.full((2, 2), np.nan)), ["value-not-finite"]),
    "host's bias": (changed(0, "host_readouts", bias=[0.0, 1e300]), ["magnitude-out-of-range"]),
    "host's gain": (changed(0, "host_readouts", gain_syn=[1e14, 1.0]), ["magnitude-out-of-range"]),
    "refractory": (changed(1, "populations", refractory_ticks=0), ["register-beyond-range"]),
    "source": (changed(1, "projections", source="c"), ["population-unknown"]),
    "target": (changed(1, "projections", target="input"), ["population-unknown"]),
    "biases": (changed(2, "projections", bias=np.zeros(3)), ["level-array-shape"]),
    "source index": (changed(2, "projections", source_index=[0, 2]), ["index-beyond-range"]),
    "target index": (changed(2, "projections", target_index=[0, -1]), ["index-beyond-range"]),
    "weight": (changed(2, "projections", weight=[0.0, np.nan]), ["value-not-finite"]),
    "bias": (changed(2, "projections", bias=[0.0, np.inf]), ["value-not-finite"]),
    "within a tick": (changed(2, "projections", delay_ticks=[1, 0]), ["delay-negative"]),
    "before": (changed(0, "projections", delay_ticks=np.arange(-1, 4)), ["delay-negative"]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_of_a_network_has_its_id(name: str) -> None:
    faulty, expected = FAULTS[name]
    found = {problem.id for problem in faulty.problems()}
    assert found >= set(expected)
    assert found <= {*expected, "value-too-large"}


def test_all_faults_of_a_network_come_at_once() -> None:
    populations = (replace(small().populations[0], size=3, refractory_ticks=-1), small().populations[1])
    faulty = replace(changed(2, "projections", delay_ticks=[0, 0]), populations=populations, readouts=(
        SpikeReadout(name="answer", population="c"),))  # fmt: skip
    assert ids(faulty.problems()) == ["delay-negative", "population-unknown", "register-beyond-range"]


def sound(**fields: Any) -> IntegerNeurons:
    pools = [pool("a", 2, bias_mantissa=[5, -3]), pool("b", 1, decay_u=100, v_initial=-7, refractory_ticks=3)]
    parts = [
        synapses("in", [(0, 0, 100), (1, 2, -8)], input="input"),
        synapses("in fine", [(0, 0, 6)], input="input", exponent=-7, whole="in"),
        synapses("loop", [(0, 2, 255), (2, 1, 1)], sign="excitatory", delay_ticks=[0, 3]),
    ]
    return replace(network_of(pools, parts), **fields)


def other(part: int, kind: str, **fields: Any) -> IntegerNeurons:
    made = sound()
    parts = list(getattr(made, kind))
    parts[part] = replace(parts[part], **fields)
    return replace(made, **{kind: tuple(parts)})


INTEGER_FAULTS: dict[str, tuple[IntegerNeurons, str]] = {
    "tick": (sound(tick_s=0.0), "time-not-positive"),
    "rule": (sound(rule=replace(sound().rule, decay_bits=40)), "rule-out-of-range"),
    "nothing": (sound(populations=(), synapses=()), "level-empty"),
    "decay of u": (other(0, "populations", decay_u=4096), "register-beyond-range"),
    "decay of v": (other(0, "populations", decay_v=-1), "register-beyond-range"),
    "threshold": (other(0, "populations", threshold_mantissa=131_072), "register-beyond-range"),
    "refractory": (other(0, "populations", refractory_ticks=64), "register-beyond-range"),
    "bias exponent": (other(0, "populations", bias_exponent=8), "register-beyond-range"),
    "bias": (other(0, "populations", bias_mantissa=[0, -4097]), "register-beyond-range"),
    "depth": (other(0, "populations", depth_ticks=-1), "register-beyond-range"),
    "start of u": (other(0, "populations", u_initial=[0, 1 << 23]), "register-beyond-range"),
    "start of v": (other(0, "populations", v_initial=[0, -(1 << 23)]), "register-beyond-range"),
    "members": (other(0, "populations", members=[0, 2]), "placement-inconsistent"),
    "the same pool twice": (other(1, "populations", name="a"), "name-twice"),
    "input": (other(0, "synapses", input="other"), "input-unknown"),
    "channel": (other(0, "synapses", source=[0, 2]), "index-beyond-range"),
    "neuron": (other(2, "synapses", source=[0, 3]), "index-beyond-range"),
    "target": (other(2, "synapses", target=[0, 3]), "index-beyond-range"),
    "sign": (other(2, "synapses", sign="inhibitory"), "mantissa-sign"),
    "odd": (other(2, "synapses", sign="mixed"), "mantissa-odd"),
    "mantissa": (other(2, "synapses", mantissa=[256, 0]), "register-beyond-range"),
    "delay": (other(2, "synapses", delay_ticks=[-1, 0]), "delay-negative"),
    "two synapses in one": (
        other(2, "synapses", source=[0, 0], target=[2, 2], delay_ticks=[1, 1]),
        "level-malformed",
    ),
}


@pytest.mark.parametrize("name", INTEGER_FAULTS)
def test_every_fault_of_integers_has_its_id(name: str) -> None:
    assert sound().problems() == ()
    faulty, expected = INTEGER_FAULTS[name]
    assert {problem.id for problem in faulty.problems()} == {expected}


def test_rows_and_sizes_put_pools_together() -> None:
    drawn = random_integers(5)
    assert (drawn.sizes(), drawn.deepest_ticks, drawn.has_refractory) == ({"a": 12, "b": 9}, 3, True)
    first = drawn.populations[0]
    np.testing.assert_array_equal(drawn.rows("a")[first.members], np.arange(7))
    np.testing.assert_array_equal(np.sort(drawn.rows("a")), np.arange(12))
    np.testing.assert_array_equal(drawn.rows("b"), 12 + drawn.populations[2].members)


@pytest.mark.parametrize("seed", range(20))
def test_no_current_exceeds_its_bound(seed: int) -> None:
    drawn = random_integers(seed)
    ran = run_neurons(drawn, random_events(drawn, seed, trials=2))
    assert (ran.largest_u <= current_bounds(drawn) + 1).all()


@pytest.mark.parametrize("level", [small(), sound(), random_integers(1)], ids=["real", "integers", "drawn"])
def test_levels_come_back_from_their_files(level: Any, tmp_path: Path) -> None:
    save_level(level, tmp_path, "10-it")
    read = load_level(tmp_path, "10-it", type(level))
    assert content_sha256(read) == content_sha256(level)
    if isinstance(level, NeuronNetwork):
        assert read.populations[0].floor.tolist() == [-1.0, -np.inf, 0.0]
        assert print_neurons(read) == print_neurons(level)
    else:
        assert print_neuron_integers(read) == print_neuron_integers(level)


def test_facts_come_back_from_their_files(tmp_path: Path) -> None:
    made = sound()
    losses = NeuronLosses(
        populations=(PoolLoss(name="a", pole_syn=0.0, pole_mem=1e-5, bias=0.1),),
        projections=(SynapseLoss(name="in", largest=0.1, rms=0.01, planes=2),),
    )
    registers = (np.arange(3), -np.arange(3), np.arange(3), np.ones(3, dtype=np.int64), np.zeros(3, dtype=np.int64))
    facts = ScaledFacts.of(
        made, losses, calibration="it", neuron_ticks=100, registers=registers, tried=((0, 0.5), (1, 0.25)), offset=1
    )
    save_level(facts, tmp_path, "31-registers")
    assert load_level(tmp_path, "31-registers", ScaledFacts) == facts
    assert [entry.neuron_ticks for entry in facts.registers] == [200, 100]
    assert [entry.saturated_below for entry in facts.registers] == [2, 1]


def test_losses_are_the_largest_of_each_kind() -> None:
    one = np.array([1.0, 1.0])
    loss = PoolLoss.of("a", pole_syn=(one, one), pole_mem=(one, np.array([0.5, 1.0])), bias=(one, 3 * one),
                       threshold=np.array([1.0, 4.0]))  # fmt: skip
    assert (loss.pole_syn, loss.pole_mem, loss.bias) == (0.0, 0.5, 2.0)
    assert SynapseLoss.of("p", np.array([3.0, -4.0]), np.array([1.0, -8.0]), 1).largest == 0.5
    assert SynapseLoss.of("p", np.zeros(0), np.zeros(0), 1) == SynapseLoss(name="p", largest=0.0, rms=0.0, planes=1)


def test_both_levels_as_text(snapshot: SnapshotAssertion) -> None:
    assert print_neurons(small()) == snapshot(name="real numbers")
    assert print_neuron_integers(sound()) == snapshot(name="integers")
