"""The float interpreter of networks of neurons: every rule worked out by hand, then all against plain loops."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurocmc.common.errors import InputError
from neurocmc.ir.neurons.network import HostReadout, NeuronNetwork, NeuronPopulation
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.neurons import decisions, simulate_neurons, ties
from neurocmc.sim.neurons.run import BLOCK
from tests.frameworks.by_hand import network, population, projection

POLE = Semantics(name="hand", dt_s=1e-3, decay="linear", update="pole", precision="float32")
EULER = replace(POLE, update="euler")
HOST = ("last", "mean", "max", "count")
SEVERAL = replace(POLE, several_spikes=True, at_threshold=True)


def ticks(*values: int) -> EventStimulus:
    """One trial of one channel."""
    return EventStimulus.of_dense("s", np.array(values, dtype=np.uint8)[None, :, None])


def single(weight: float, semantics: Semantics = POLE, **fields: Any) -> NeuronNetwork:
    """One neuron behind one channel."""
    return network(semantics, (population("n", 1, **fields),), (projection("input", "n", [[weight]]),), 1)


def train(net: NeuronNetwork, stimulus: EventStimulus, name: str = "n") -> list[int]:
    """How often the first neuron of a population spikes in each tick of the first trial."""
    recording = simulate_neurons(net, stimulus)
    counts = recording.spikes[name].dense(recording.batch, recording.ticks, recording.sizes[name])
    return counts[0, :, 0].astype(int).tolist()


def host_values(net: NeuronNetwork, stimulus: EventStimulus) -> list[float]:
    return simulate_neurons(net, stimulus).host["host"][0, :, 0].tolist()


def integrator(weight: float = 1.0, bias: float = 0.0, **fields: float) -> HostReadout:
    values = {"pole_syn": 0.0, "pole_mem": 0.0, "gain_syn": 1.0, "gain_mem": 1.0} | fields
    arrays: dict[str, Any] = {name: np.array([value]) for name, value in values.items()}
    return HostReadout(
        name="host", population="n", weight=np.array([[weight]]), bias=np.array([bias]), decide="last", **arrays
    )


def test_zero_takes_all_of_the_voltage() -> None:
    # v: .75, 1.5 -> 0, .75, 1.5 -> 0
    assert train(single(0.75), ticks(1, 1, 1, 1)) == [0, 1, 0, 1]


def test_subtract_leaves_what_is_above_the_threshold() -> None:
    # v: .75, 1.5 -> .5, 1.25 -> .25, 1, which is not above the threshold
    assert train(single(0.75, reset="subtract"), ticks(1, 1, 1, 1)) == [0, 1, 1, 0]


def test_none_spikes_as_long_as_the_voltage_is_above() -> None:
    # v: 1.5, .75, 1.875, .9375; and 2.5, 1.25, .625
    assert train(single(1.5, reset="none", pole_mem=0.5), ticks(1, 0, 1, 0)) == [1, 0, 1, 0]
    assert train(single(2.5, reset="none", pole_mem=0.5), ticks(1, 0, 0)) == [1, 1, 0]


def test_a_threshold_that_is_met_counts_where_the_semantics_say_so() -> None:
    assert train(single(1.0), ticks(1, 0)) == [0, 0]
    assert train(single(1.0, replace(POLE, at_threshold=True)), ticks(1, 0)) == [1, 0]


def test_several_spikes_in_a_tick() -> None:
    # v: 2.5 -> two spikes -> .5, 3 -> three -> 0, 2.5 -> two -> .5, .5
    assert train(single(2.5, SEVERAL, reset="subtract"), ticks(1, 1, 1, 0)) == [2, 3, 2, 0]


def test_no_several_spikes_below_zero() -> None:
    assert train(single(-2.5, SEVERAL, reset="subtract"), ticks(1, 1)) == [0, 0]


def test_a_late_reset_takes_the_threshold_off_after_the_decay() -> None:
    # v: 2.5; 1.25 - 1 = .25; .125; 2.5625; 1.28125 - 1
    assert train(single(2.5, reset="subtract", reset_late=True, pole_mem=0.5), ticks(1, 0, 0, 1, 0)) == [
        1,
        0,
        0,
        1,
        0,
    ]
    # v: 4.5; 2.25 - 1 = 1.25; .625 - 1: the rest of a late reset decays before it is taken off
    assert train(single(4.5, reset="subtract", reset_late=True, pole_mem=0.5), ticks(1, 0, 0)) == [1, 1, 0]


def test_a_rest_that_is_kept_is_taken_off_before_the_next_spike_and_given_back() -> None:
    # v: 3.5 -> 2.5, above: 2.5 - 1 = 1.5 spikes, and keeps 1.5; .5 does not spike, and has its 1 back: 1.5;
    # again .5, no spike, 1.5
    kept = single(3.5, reset="subtract", rest_kept=True)
    assert train(kept, ticks(1, 0, 0, 0)) == [1, 1, 0, 0]
    assert train(single(3.5, reset="subtract"), ticks(1, 0, 0, 0)) == [1, 1, 1, 0]


def test_a_late_reset_to_zero_is_a_refractory_time_of_two() -> None:
    stimulus = ticks(1, 1, 1, 1, 1, 1)
    late = train(single(1.5, reset="zero", reset_late=True, pole_syn=0.5), stimulus)
    assert late == train(single(1.5, reset="zero", refractory_ticks=2, pole_syn=0.5), stimulus) == [1, 0, 1, 0, 1, 0]


def test_refractory_ticks_hold_the_voltage_but_not_the_current() -> None:
    # i: 1.5, .75, .375, .1875, ...: v would pass 1 in tick 1 again, and is held in ticks 1 and 2
    fields = {"pole_syn": 0.5, "threshold": 0.3}
    assert train(single(1.5, **fields), ticks(1, 0, 0, 0, 0)) == [1, 1, 1, 0, 0]
    assert train(single(1.5, refractory_ticks=2, **fields), ticks(1, 0, 0, 0, 0)) == [1, 0, 1, 0, 0]
    assert train(single(1.5, refractory_ticks=3, **fields), ticks(1, 0, 0, 0, 0)) == [1, 0, 0, 0, 0]


def test_the_floor_stops_the_fall() -> None:
    weights = [[-5.0, 1.5]]
    values = np.array([[[1, 0], [0, 1], [0, 1]]], dtype=np.uint8)
    for floor, wanted in ((-np.inf, [0, 0, 0]), (-1.0, [0, 0, 1]), (0.0, [0, 1, 1])):
        net = network(POLE, (population("n", 1, floor=floor),), (projection("input", "n", weights),), 2)
        assert train(net, EventStimulus.of_dense("s", values)) == wanted


def test_the_poles_filter_current_and_voltage() -> None:
    # i: 1, .5, .25; v: 1, .75 + ... : .5 v + i: 1, 1, .75 - on the host, nothing spikes
    readout = integrator(pole_syn=0.5, pole_mem=0.5)
    net = network(POLE, (population("n", 1),), (projection("input", "n", [[2.0]]),), 1, (readout,))
    assert host_values(net, ticks(1, 0, 0)) == [1.0, 1.0, 0.75]


def test_the_gains_scale_what_arrives_and_the_current() -> None:
    readout = integrator(weight=2.0, bias=0.5, pole_syn=0.5, pole_mem=0.0, gain_syn=4.0, gain_mem=0.25)
    net = network(POLE, (population("n", 1),), (projection("input", "n", [[2.0]]),), 1, (readout,))
    # x: 2.5, .5; i: 10, 5 + 2 = 7; v: a quarter
    assert host_values(net, ticks(1, 0)) == [2.5, 1.75]
    assert host_values(replace(net, semantics=EULER), ticks(1, 0)) == [2.5, 1.75]


def test_euler_goes_a_share_of_the_way() -> None:
    # gain (1 - pole) twice: i: .5, .25; v: .25, .25 + .5 (.25 - .25)
    readout = integrator(pole_syn=0.5, pole_mem=0.5, gain_syn=0.5, gain_mem=0.5)
    net = network(EULER, (population("n", 1),), (projection("input", "n", [[2.0]]),), 1, (readout,))
    assert host_values(net, ticks(1, 0)) == [0.25, 0.25]


def test_euler_without_leak_adds() -> None:
    assert train(single(0.5, EULER), ticks(1, 1, 1, 1)) == [0, 0, 1, 0]
    # One neuron of two leaks: v: 1.25 and 1.25, then .3 of 1.25
    weights, fields = [[0.75], [0.75]], {"pole_mem": np.array([1.0, 0.25]), "gain_mem": np.array([1.0, 0.75])}
    net = network(EULER, (population("n", 2, **fields),), (projection("input", "n", weights),), 1)
    counts = simulate_neurons(net, ticks(1, 1, 1)).counts("n")
    assert counts.tolist() == [[1, 0]]


@pytest.mark.parametrize("semantics", [POLE, EULER])
def test_delays_of_each_synapse(semantics: Semantics) -> None:
    net = network(
        semantics,
        (population("n", 3),),
        (projection("input", "n", [[2.0], [2.0], [2.0]], delay_ticks=[[0], [1], [3]]),),
        1,
    )
    spikes = simulate_neurons(net, ticks(1, 0, 1, 0, 0, 0)).spikes["n"]
    assert sorted(zip(spikes.unit.tolist(), spikes.tick.tolist(), strict=True)) == [
        (0, 0), (0, 2), (1, 1), (1, 3), (2, 3), (2, 5),
    ]  # fmt: skip


def test_a_later_population_sees_the_same_tick_and_a_loop_the_last() -> None:
    net = network(
        POLE,
        (population("a", 1), population("b", 1)),
        (
            projection("b", "a", [[2.0]], delay_ticks=1),
            projection("input", "a", [[2.0]]),
            projection("a", "b", [[2.0]]),
        ),
        1,
    )
    assert train(net, ticks(0, 1, 0, 0), "a") == [0, 1, 1, 1]
    assert train(net, ticks(0, 1, 0, 0), "b") == [0, 1, 1, 1]


def test_a_bias_arrives_from_its_tick_on() -> None:
    for first, wanted in ((0, [0, 1, 0, 1]), (1, [0, 0, 1, 0]), (3, [0, 0, 0, 0])):
        entry = projection("input", "n", [[0.0]], [0.75], bias_from_tick=first)
        assert train(network(POLE, (population("n", 1),), (entry,), 1), ticks(0, 0, 0, 0)) == wanted


def test_a_population_that_nothing_reaches_is_silent() -> None:
    net = network(POLE, (population("n", 2), population("m", 2)), (), 1)
    assert simulate_neurons(net, ticks(1, 1)).total == 0


def test_output_that_comes_late_is_shown_late() -> None:
    late = replace(POLE, output_late_ticks=1)
    assert train(single(2.0, late), ticks(1, 0, 1)) == [0, 1, 0]


def test_float32_rounds_where_float64_does_not() -> None:
    # 2**-25 is lost beside 1
    weights = [[1.0, 2.0**-25]]
    values = EventStimulus.of_dense("s", np.ones((1, 1, 2), dtype=np.uint8))
    for precision, wanted in (("float32", [0]), ("float64", [1])):
        semantics = replace(POLE, precision=precision)
        net = network(semantics, (population("n", 1),), (projection("input", "n", weights),), 2)
        assert train(net, values) == wanted


def by_loops(net: NeuronNetwork, dense: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The network's definition, neuron by neuron, for populations that reset in their tick, in float64."""
    trials, length, _ = dense.shape
    spikes = {each.name: np.zeros((trials, length, each.size)) for each in net.populations} | {"input": dense}
    state = {each.name: np.zeros((2, trials, each.size)) for each in net.populations}
    for trial in range(trials):
        for tick in range(length):
            for each in net.populations:
                for neuron in range(each.size):
                    x = 0.0
                    for entry in net.into(each.name):
                        for synapse in np.flatnonzero(entry.target_index == neuron):
                            then = tick - entry.delay_ticks[synapse]
                            if then >= 0:
                                source = spikes[entry.source][trial, then, entry.source_index[synapse]]
                                x += entry.weight[synapse] * source
                        x += entry.bias[neuron] * (tick >= entry.bias_from_tick)
                    i, v = state[each.name][:, trial, neuron]
                    i = each.pole_syn[neuron] * i + each.gain_syn[neuron] * x
                    v = each.pole_mem[neuron] * v + each.gain_mem[neuron] * i
                    fired = v > each.threshold[neuron]
                    if fired:
                        v = {"zero": 0.0, "subtract": v - each.threshold[neuron], "none": v}[each.reset]
                    state[each.name][:, trial, neuron] = i, max(v, each.floor[neuron])
                    spikes[each.name][trial, tick, neuron] = fired
    return spikes


def drawn(rng: np.random.Generator, name: str, size: int) -> NeuronPopulation:
    return population(
        name,
        size,
        pole_syn=rng.choice([0.0, 0.5, 0.9], size) if rng.random() < 0.7 else 0.0,
        pole_mem=rng.choice([0.0, 0.7, 1.0], size),
        gain_syn=rng.uniform(0.2, 1.5, size),
        gain_mem=rng.uniform(0.2, 1.5, size),
        threshold=rng.uniform(0.5, 1.5, size),
        reset=("zero", "subtract", "none")[rng.integers(3)],
        floor=rng.choice([-np.inf, -0.5], size),
    )


def drawn_network(rng: np.random.Generator, semantics: Semantics) -> NeuronNetwork:
    """Two populations with loops over both, dense and sparse matrices, delays and biases."""

    def edge(source: str, target: str, shape: tuple[int, int], shortest: int) -> Any:
        weight = rng.normal(0, 0.8, shape) * (rng.random(shape) < rng.choice([0.15, 1.0]))
        bias = rng.normal(0, 0.1, shape[0]) if rng.random() < 0.5 else None
        first, delay = int(rng.integers(3)), rng.integers(shortest, shortest + 3, shape)
        return projection(source, target, weight, bias, delay_ticks=delay, bias_from_tick=first)

    return network(
        semantics,
        (drawn(rng, "a", 6), drawn(rng, "b", 5)),
        (
            edge("input", "a", (6, 4), 0),
            edge("a", "a", (6, 6), 1),
            edge("b", "a", (6, 5), 1),
            edge("a", "b", (5, 6), 0),
        ),
        4,
    )


@given(seed=st.integers(0, 100_000), update=st.sampled_from(["pole", "euler"]))
def test_it_is_the_definition(seed: int, update: Any) -> None:
    rng = np.random.default_rng(seed)
    net = drawn_network(rng, replace(POLE, update=update, precision="float64"))
    assert net.problems() == ()
    dense = (rng.random((3, 15, 4)) < 0.4).astype(np.uint8)
    ours, theirs = simulate_neurons(net, EventStimulus.of_dense("s", dense)), by_loops(net, dense)
    for name in ("a", "b"):
        assert ours.spikes[name].differing(SpikeList.of_dense(theirs[name].astype(np.int64))).total == 0


def test_blocks_of_trials_do_not_know_of_each_other() -> None:
    rng = np.random.default_rng(3)
    net = drawn_network(rng, POLE)
    dense = (rng.random((2 * BLOCK + 5, 20, 4)) < 0.4).astype(np.uint8)
    stimulus = EventStimulus.of_dense("s", dense)
    told: list[tuple[str, float]] = []
    whole = simulate_neurons(net, stimulus, level="fitted", progress=lambda stage, share: told.append((stage, share)))
    assert (whole.level, [stage for stage, _ in told], told[-1][1]) == ("fitted", ["fitted"] * 3, 1.0)
    for trial in (0, BLOCK, 2 * BLOCK + 4):
        alone = simulate_neurons(net, stimulus.take([trial]))
        assert whole.spikes["b"].take(np.array([trial])).differing(alone.spikes["b"]).total == 0
    order = np.stack([whole.spikes["a"].trial, whole.spikes["a"].tick, whole.spikes["a"].unit])
    assert np.array_equal(order, order[:, np.lexsort(order[::-1])])


def test_a_stimulus_for_another_network_is_refused() -> None:
    with pytest.raises(InputError, match="input-missing"):
        simulate_neurons(single(1.0), EventStimulus.of_dense("s", np.zeros((1, 2, 1)), entry="other"))


def test_decisions_take_the_first_of_equals_and_ties_are_counted() -> None:
    host = replace(integrator(), weight=np.ones((2, 3)), **{
        field: np.ones(2) for field in ("bias", "pole_syn", "pole_mem", "gain_syn", "gain_mem")
    })  # fmt: skip
    net = network(POLE, (population("n", 3),), (), 1, tuple(replace(host, name=how, decide=how) for how in HOST))
    dense = np.zeros((3, 4, 3), dtype=np.int64)
    dense[0, :2, 2] = 1
    dense[1, 0, 1:] = 1
    values = np.array([[[0, 5], [1, 0], [2, 1]], [[3, 3], [0, 1], [0, 0]], [[9, 0], [0, 8], [0, 8]]])
    recording = NeuronRecording(
        level="float",
        stimulus="s",
        batch=3,
        ticks=4,
        sizes={"n": 3},
        spikes={"n": SpikeList.of_dense(dense)},
        host=dict.fromkeys(HOST, values),
    )
    assert {name: answer.tolist() for name, answer in decisions(net, recording).items()} == {
        "answer": [2, 1, 0],
        "last": [0, 0, 1],
        "mean": [1, 1, 1],
        "max": [1, 0, 0],
        "count": [1, 1, 1],
    }
    assert ties(net, recording) == {"answer": 2, "last": 1, "mean": 0, "max": 1, "count": 0}


def test_half_a_million_trial_ticks_take_about_a_second() -> None:
    rng = np.random.default_rng(0)
    entries = (
        projection("input", "n", rng.normal(0, 0.3, (100, 64)), rng.normal(0, 0.1, 100)),
        projection("n", "n", rng.normal(0, 0.1, (100, 100)), delay_ticks=1),
    )
    net = network(POLE, (population("n", 100, pole_syn=0.6, pole_mem=0.8),), entries, 64)
    stimulus = EventStimulus.of_dense("s", (rng.random((500, 100, 64)) < 0.1).astype(np.uint8))
    start = time.process_time()
    assert simulate_neurons(net, stimulus).total > 10_000
    assert time.process_time() - start < 3
