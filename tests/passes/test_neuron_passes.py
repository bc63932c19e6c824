"""Resets and latencies of spiking networks made a chip's, while their numbers are still real."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.passes.neurons.reset_swap import ResetSwap
from neurocmc.passes.neurons.skew import Skew, Skewed
from neurocmc.sim.neurons import simulate_neurons
from tests.frameworks.by_hand import network, population, projection
from tests.made.looping_neurons import CHANNELS, POLE, random_neurons, stimulus, two_layers, weights

SIZE = 4


def one(**fields: Any) -> NeuronNetwork:
    part = projection("input", "p", weights(1, SIZE, CHANNELS))
    return network(POLE, (population("p", SIZE, **fields),), (part,), CHANNELS)


def refused(call: Any, *arguments: Any) -> list[str]:
    with pytest.raises(InfeasibleError) as caught:
        call(*arguments)
    return [problem.id for problem in caught.value.problems]


def same_spikes(ours: NeuronRecording, theirs: NeuronRecording) -> bool:
    return all(spikes.differing(theirs.spikes[name]).total == 0 for name, spikes in ours.spikes.items())


def test_a_network_with_the_chips_reset_is_left_as_it_is() -> None:
    made = two_layers()
    assert ResetSwap().run(made) == (made, ())
    assert ResetSwap().run(held := one(refractory_ticks=63)) == (held, ())


def test_every_exchange_of_a_reset_is_told() -> None:
    made = replace(
        one(reset="subtract", reset_late=True, floor=[-2.0, -np.inf, -1.0, -np.inf]),
        semantics=replace(POLE, several_spikes=True, at_threshold=True),
    )
    swapped, told = ResetSwap().run(made)
    assert told == (
        "p: a spike, in the next tick, takes the threshold off, on the chip it takes the voltage to 0",
        "p: the voltage stays above -2, on the chip it falls further",
        "several spikes of a neuron in one tick are one",
        "a voltage at the threshold is no spike, one above it is",
    )
    p = swapped.populations[0]
    assert (p.reset, p.reset_late, p.rest_kept, p.refractory_ticks) == ("zero", False, False, 1)
    assert np.isneginf(p.floor).all()
    assert (swapped.semantics.several_spikes, swapped.semantics.at_threshold) == (False, False)
    assert ResetSwap().run(swapped) == (swapped, ())
    kept, _ = ResetSwap().run(one(reset="subtract", rest_kept=True))
    assert not kept.populations[0].rest_kept


def test_a_late_reset_to_zero_is_a_refractory_time_exactly() -> None:
    made = one(reset_late=True, pole_syn=0.5, pole_mem=0.9)
    swapped, told = ResetSwap().run(made)
    assert (told, swapped.populations[0].refractory_ticks, swapped.populations[0].reset_late) == ((), 2, False)
    ours, theirs = (simulate_neurons(each, stimulus(), level="float") for each in (made, swapped))
    assert ours.total > 20
    assert same_spikes(ours, theirs)
    longer, _ = ResetSwap().run(one(reset_late=True, refractory_ticks=5))
    assert longer.populations[0].refractory_ticks == 5


def test_neurons_that_forget_at_once_need_no_reset() -> None:
    made = one(reset="none", pole_mem=0.0)
    assert ResetSwap().run(made) == (made, ())


def test_resets_that_a_chip_does_not_have_are_refused_all_at_once() -> None:
    assert refused(ResetSwap().run, one(reset="none", pole_mem=[0.0, 0.0, 0.5, 0.0])) == ["reset-unfit"]
    assert refused(ResetSwap(3).run, one(refractory_ticks=4)) == ["reset-unfit"]
    assert refused(ResetSwap(3).run, one(reset="none", refractory_ticks=4)) == ["reset-unfit"] * 2


def layers(*delays: int, skip: int | None = None, **fields: Any) -> NeuronNetwork:
    """A stack, layer by layer with these delays; `skip` is that of a connection from the first to the last."""
    names = [f"p{index}" for index in range(len(delays) + 1)]
    common = {"pole_syn": 0.6, "pole_mem": 0.9, "threshold": 0.8} | fields
    parts = [projection("input", "p0", weights(0, SIZE, CHANNELS, 0.4))]
    for index, delay in enumerate(delays):
        parts.append(
            projection(names[index], names[index + 1], weights(index + 1, SIZE, SIZE, 0.6), delay_ticks=delay)
        )
    if skip is not None:
        parts.append(replace(projection("p0", names[-1], weights(9, SIZE, SIZE), delay_ticks=skip), name="skip"))
    return network(POLE, tuple(population(name, SIZE, **common) for name in names), tuple(parts), CHANNELS)


def on_chip(skewed: Skewed, given: EventStimulus) -> NeuronRecording:
    """What a chip does on which every synapse of a neuron takes a tick, its own time taken off."""
    parts = [
        replace(part, delay_ticks=skewed.chip_delay(part) + (part.source in skewed.depth_ticks))
        for part in skewed.network.projections
    ]
    deepest = max(skewed.depth_ticks.values())
    longer = replace(given, ticks=given.ticks + deepest)
    ran = simulate_neurons(replace(skewed.network, projections=tuple(parts)), longer, level="fitted")
    spikes: dict[str, SpikeList] = {
        name: entry.later(-skewed.depth_ticks[name], given.ticks) for name, entry in ran.spikes.items()
    }
    return replace(ran, ticks=given.ticks, spikes=spikes)


@pytest.mark.parametrize(
    ("made", "depths", "delays"),
    [
        (layers(), [0], [0]),
        (layers(0), [0, 1], [0, 0]),
        (layers(0, 0, 0), [0, 1, 2, 3], [0, 0, 0, 0]),
        (layers(0, 0, skip=0), [0, 1, 2], [0, 0, 0, 1]),
        (layers(0, 0, 0, skip=4), [0, 1, 2, 3], [0, 0, 0, 0, 6]),
        (layers(3, 0), [0, 0, 1], [0, 2, 0]),
        (layers(0, 0, 1), [0, 1, 2, 2], [0, 0, 0, 0]),
        (layers(0, 0, 2), [0, 1, 2, 1], [0, 0, 0, 0]),
    ],
)
def test_a_stack_of_layers_is_a_shift_and_nothing_else(
    made: NeuronNetwork, depths: list[int], delays: list[int]
) -> None:
    skewed = Skew().run(made)
    assert skewed.network is made
    assert skewed.notes == ()
    assert list(skewed.depth_ticks.values()) == depths
    assert [int(skewed.chip_delay(part).max()) for part in made.projections] == delays
    given = stimulus()
    wanted = simulate_neurons(made, given, level="float")
    assert min(entry.total for entry in wanted.spikes.values()) > 20
    assert same_spikes(on_chip(skewed, given), wanted)


def test_inputs_that_reach_deep_layers_wait_for_them() -> None:
    made = layers(0, 0)
    part = replace(projection("input", "p2", weights(8, SIZE, CHANNELS), delay_ticks=2), name="late")
    made = replace(made, projections=(*made.projections, part))
    skewed = Skew().run(made)
    assert set(skewed.chip_delay(part).tolist()) == {4}
    assert same_spikes(on_chip(skewed, stimulus()), simulate_neurons(made, stimulus(), level="float"))


def unbiased(made: NeuronNetwork) -> NeuronNetwork:
    """The same without biases, which begin earlier on the chip: `starts` makes up for that."""
    return replace(made, projections=tuple(replace(p, bias=np.zeros(p.bias.size)) for p in made.projections))


def test_a_loop_over_one_population_is_as_it_was() -> None:
    made = unbiased(two_layers())
    loop = made.projections[2]
    alone = replace(made, projections=(*made.projections[:3], made.projections[4]))
    skewed = Skew().run(alone)
    assert skewed.network is alone
    np.testing.assert_array_equal(skewed.chip_delay(loop), loop.delay_ticks - 1)
    assert same_spikes(on_chip(skewed, stimulus()), simulate_neurons(alone, stimulus(), level="float"))


def test_a_loop_over_two_populations_becomes_slower_and_that_is_told() -> None:
    made = unbiased(two_layers())
    skewed = Skew().run(made)
    assert skewed.notes == (
        "second->first: a loop over several populations takes 2 ticks on the chip, 1 in the framework",
    )
    assert [part.delays() for part in skewed.network.projections[3:]] == [(2,), (3,)]
    assert skewed.chip_delay(skewed.network.projections[3]).max() == 0
    assert skewed.network.projections[:3] == made.projections[:3]
    assert skewed.network.problems() == ()
    assert Skew().run(skewed.network).notes == ()
    fitted = simulate_neurons(skewed.network, stimulus(), level="fitted")
    assert same_spikes(on_chip(skewed, stimulus()), fitted)
    assert not same_spikes(fitted, simulate_neurons(made, stimulus(), level="float"))


@pytest.mark.parametrize("seed", range(8))
def test_what_is_fitted_is_what_the_chip_does(seed: int) -> None:
    made = unbiased(random_neurons(seed))
    skewed = Skew().run(made)
    assert min(int(skewed.chip_delay(part).min(initial=0)) for part in skewed.network.projections) >= 0
    fitted = simulate_neurons(skewed.network, stimulus(seed), level="fitted")
    assert fitted.total > 0
    assert same_spikes(on_chip(skewed, stimulus(seed)), fitted)


def test_delays_beyond_the_chip_are_refused() -> None:
    assert Skew().run(layers(0, 62)).network.projections[2].delays() == (62,)
    assert refused(Skew().run, layers(0, 0, skip=63)) == ["delay-beyond-chip"]
    assert refused(Skew(5).run, layers(0, 8, skip=9)) == ["delay-beyond-chip"] * 2
