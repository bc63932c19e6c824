"""Start values of biased neurons: current and voltage on the chip are the framework's from its first tick on."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.passes.neurons.starts import LARGEST_START, QUIET, start_notes, start_of, starts_of
from tests.frameworks.by_hand import network, population, projection

RULES = Semantics(name="hand", dt_s=1e-3, decay="linear", update="pole", precision="float64")
TICKS = 25
Numbers = np.ndarray[Any, Any]


def biased(bias: Any, begins: int = 0, **fields: Any) -> NeuronNetwork:
    """Neurons that only a bias drives."""
    size = np.size(bias)
    part = projection("input", "p", np.ones((size, 1)), np.ravel(bias), bias_from_tick=begins)
    return network(RULES, (population("p", size, **fields),), (part,), 1)


def framework(made: NeuronNetwork) -> Numbers:
    """(ticks, neurons) voltages as the framework has them, without spikes: the bias comes through the synapse."""
    p, part = made.populations[0], made.projections[0]
    i, v, seen = np.zeros(p.size), np.zeros(p.size), []
    for tick in range(TICKS):
        i = p.pole_syn * i + p.gain_syn * part.bias * (tick >= part.bias_from_tick)
        v = p.pole_mem * v + p.gain_mem * i
        seen.append(v)
    return np.array(seen)


def chip(made: NeuronNetwork, depth: int) -> tuple[Numbers, Numbers]:
    """The same in the chip's form: the voltages before the framework's first tick, and those from it on."""
    p, start = made.populations[0], start_of(made, made.populations[0], depth)
    u, v, seen = start.current, start.voltage, [np.zeros((0, p.size))]
    for _ in range(depth + TICKS):
        u = p.pole_syn * u
        v = p.pole_mem * v + u + start.bias
        seen.append(v[None])
    whole = np.concatenate(seen)
    return whole[:depth], whole[depth:]


poles = st.sampled_from([0.0, 0.3, 0.6, 0.9, 0.98])


@given(
    syn=poles,
    mem=st.sampled_from([0.3, 0.6, 0.9, 0.98, 1.0]),
    gains=st.tuples(st.floats(0.1, 2), st.floats(0.1, 2)),
    bias=st.floats(-0.01, 0.01),
    depth=st.integers(0, 3),
    begins=st.integers(0, 1),
)
def test_a_biased_neuron_is_the_frameworks_from_its_first_tick_on(
    syn: float, mem: float, gains: tuple[float, float], bias: float, depth: int, begins: int
) -> None:
    """With a threshold out of reach: what a start below it costs is another test's."""
    made = biased(bias, begins, pole_syn=syn, pole_mem=mem, gain_syn=gains[0], gain_mem=gains[1], threshold=1e3)
    wanted, (_, found) = framework(made), chip(made, depth)
    np.testing.assert_allclose(found, wanted, atol=1e-9, rtol=1e-9)


@given(syn=poles, mem=poles, bias=st.floats(-0.5, 0.5), depth=st.integers(0, 4), begins=st.integers(0, 5))
def test_no_neuron_spikes_before_the_frameworks_first_tick(
    syn: float, mem: float, bias: float, depth: int, begins: int
) -> None:
    made = biased([bias, -bias], begins, pole_syn=syn, pole_mem=mem)
    try:
        before, found = chip(made, depth)
    except InfeasibleError:  # what is refused, the tests below say
        return
    assert (before <= QUIET + 1e-9 if mem else before <= 1).all()
    late = begins if mem == 0 else max(begins - 1, 0)  # a bias that begins later acts before it, and is made up for
    assert (found[late:] <= framework(made)[late:] + 1e-9).all()


def test_a_bias_that_begins_late_is_right_from_then_on() -> None:
    for syn in (0.0, 0.6):
        made = biased([0.01, -0.01], 4, pole_syn=syn, pole_mem=0.9, threshold=1e3)
        for depth in (0, 2):
            np.testing.assert_allclose(chip(made, depth)[1][3:], framework(made)[3:], atol=1e-12)


def test_a_deep_neuron_that_a_bias_inhibits_starts_below_its_threshold() -> None:
    """Unbounded, its voltage would begin at .3 + ... = 1.5 thresholds in tick 0, spike, and be reset."""
    made = biased(-0.3, pole_mem=1.0)
    before, _ = chip(made, 6)
    assert before.max() == pytest.approx(QUIET)
    assert chip(biased(-0.3, pole_mem=1.0, threshold=2.0), 6)[0].max() == pytest.approx(1.5)
    name = made.populations[0].name
    (note,) = start_notes({name: start_of(made, made.populations[0], 6)})
    assert note.startswith(f"population {name}: 1 of 1 neurons, which a bias inhibits, start lower than it asks")
    assert start_notes({name: start_of(made, made.populations[0], 1)}) == ()


def test_several_projections_bias_one_population_each_from_its_tick_on() -> None:
    parts = (
        projection("input", "p", [[1.0]], [0.01]),
        projection("p", "p", [[1.0]], [-0.02], delay_ticks=1, bias_from_tick=1),
    )
    made = network(RULES, (population("p", 1, pole_syn=0.5, pole_mem=0.9, threshold=1e3),), parts, 1)
    apart = [biased(0.01, 0, pole_syn=0.5, pole_mem=0.9), biased(-0.02, 1, pole_syn=0.5, pole_mem=0.9)]
    np.testing.assert_allclose(chip(made, 2)[1], sum(framework(one) for one in apart), atol=1e-12)
    start = starts_of(made, {"p": 2})["p"]
    assert start.bias == pytest.approx([-0.01 / 0.5])


def test_what_has_no_bias_starts_at_rest() -> None:
    start = start_of(made := biased([0.0, 0.0], pole_syn=0.5), made.populations[0], 3)
    assert not np.stack([start.bias, start.current, start.voltage]).any()


@pytest.mark.parametrize(
    ("fields", "bias", "depth", "fault", "neuron"),
    [
        ({"pole_syn": [0.5, 1.0]}, [0.0, 0.1], 0, "bias-endless", 1),
        ({"pole_syn": 1e-3, "pole_mem": 0.5}, [0.0, 0.1], 3, "bias-too-deep", 1),
        ({"pole_mem": 0.0}, [0.5, 1.5], 1, "bias-too-deep", 1),
        ({"pole_mem": 1e-3, "threshold": LARGEST_START}, [1e-9, 1.0], 4, "bias-too-deep", 1),
    ],
)
def test_starts_beyond_every_register_are_refused(
    fields: dict[str, Any], bias: list[float], depth: int, fault: str, neuron: int
) -> None:
    with pytest.raises(InfeasibleError) as caught:
        start_of(made := biased(bias, **fields), made.populations[0], depth)
    assert [problem.id for problem in caught.value.problems] == [fault]
    assert f"neuron {neuron}" in str(caught.value)
    unbiased = biased(np.zeros(2), **fields)
    assert start_of(unbiased, unbiased.populations[0], depth).bias.tolist() == [0, 0]


def test_a_bias_on_neurons_without_memory_needs_no_start() -> None:
    start = start_of(made := biased([0.5, -2.0], pole_mem=0.0), made.populations[0], 3)
    assert (start.bias.tolist(), start.current.any(), start.voltage.any()) == ([0.5, -2.0], False, False)
