"""What a target has no circuit for is refused with the names of both sides, all of it at once."""

from dataclasses import replace

import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.passes.check_neurons import CheckNeurons, shared_tau_s, synaptic_taus
from neurocmc.targets import load_target
from tests.made import levels


def network(**changes: object) -> SpikingNetwork:
    """The small sWTA with its first projection (excite->excite) changed."""
    good = levels.spiking()
    return replace(good, projections=(replace(good.projections[0], **changes), *good.projections[1:]))


def problems(bad: SpikingNetwork, target: str) -> list[str]:
    with pytest.raises(InfeasibleError) as caught:
        CheckNeurons().run(bad, load_target(target))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("target", ["loihi1", "loihi2", "brian2"])
def test_what_fits_passes_unchanged(target: str) -> None:
    assert CheckNeurons().run(network(), load_target(target)).projections[0].tau_s == 0.02


def test_two_time_constants_on_one_compartment() -> None:
    assert problems(network(tau_s=0.005), "loihi1") == [
        "population excite: projection excite->excite has tau 5 ms, projection inhibit->excite 20 ms: one "
        "neuron has one synaptic time constant [filters-differ]"
        "\n    cure: give both the same tau, or split the population in two"
    ]


def test_an_input_has_the_filter_to_itself_where_nothing_else_arrives() -> None:
    good = levels.spiking()
    slow = replace(good, inputs=(replace(good.inputs[0], tau_s=0.1),))
    assert synaptic_taus(slow, "excite") == {"projection excite->excite": 0.02, "projection inhibit->excite": 0.02}
    assert CheckNeurons().run(slow, load_target("loihi1")) is slow  # the host filters it
    alone = replace(slow, projections=())
    assert synaptic_taus(alone, "excite") == {"input drive": 0.1}
    assert shared_tau_s(alone, "excite") == 0.1
    assert shared_tau_s(replace(good, projections=()), "excite") == 0.0


def test_brian2_has_a_filter_for_each_projection() -> None:
    assert CheckNeurons().run(network(tau_s=0.005), load_target("brian2"))


def test_a_second_order_kernel() -> None:
    CheckNeurons().run(network(order=2), load_target("brian2"))
    assert problems(network(order=2), "loihi1") == [
        "projection excite->excite: a kernel of order 2; a neuron of this target has 1 filter stage"
        " [kernel-order-unfit]\n"
        "    cure: use a first-order kernel (order: 1)"
    ]


def test_a_delay_beyond_the_chip() -> None:
    CheckNeurons().run(network(delay_ticks=62), load_target("loihi1"))
    (problem,) = problems(network(delay_ticks=63), "loihi1")
    assert problem.startswith("projection excite->excite: a delay of 63 ticks, limit 62")


def test_corelets_hold_a_spike_for_fifteen_ticks() -> None:
    assert not [p for p in problems(network(order=2, delay_ticks=14), "truenorth") if "delay" in p]
    (problem,) = [p for p in problems(network(delay_ticks=15), "truenorth") if "delay" in p]
    assert problem == (
        "projection excite->excite: a delay of 15 ticks, limit 14 on truenorth [delay-beyond-limit]\n"
        "    cure: shorten the delay, or use a longer tick"
    )


def test_everything_is_said_at_once() -> None:
    assert len(problems(network(order=2, tau_s=0.005, delay_ticks=100), "loihi1")) == 3


@pytest.mark.parametrize("name", ["loihi1", "brian2"])
def test_a_spike_that_takes_two_ticks(name: str) -> None:
    target = load_target(name)
    slow = replace(target, limits=target.limits.model_copy(update={"spike_delay_ticks": 2}))
    with pytest.raises(InfeasibleError, match=f"target {name}: a spike arrives 2 ticks later"):
        CheckNeurons().run(network(), slow)
