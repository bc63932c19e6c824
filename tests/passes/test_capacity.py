"""Capacity: far too large circuits are refused by counts alone, before anything is measured."""

from dataclasses import replace

import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.passes.capacity import Capacity
from neurocmc.targets import load_target
from tests.passes.small_circuits import swta

CIRCUIT = swta()


def refusal(neurons: int) -> str:
    with pytest.raises(InfeasibleError) as caught:
        Capacity(neurons=neurons).run(CIRCUIT, load_target("loihi1"))
    return str(caught.value)


def test_the_largest_fan_in_is_let_through() -> None:
    # The inhibitory unit hears four excitatory ones: 4 x 1,024 axons are all that a core takes in.
    assert Capacity(neurons=1024).run(CIRCUIT, load_target("loihi1")) is CIRCUIT


def test_one_neuron_more_is_refused_with_the_projection() -> None:
    assert refusal(1025) == (
        "population inhibit: one neuron has a fan-in of 4,100 axons (4,100 of them from projection excite->inhibit), "
        "limit 4,096 in-axons on one core\n"
        "    cure: use fewer neurons a unit (--neurons), or fewer source units"
    )


def test_too_many_compartments_are_refused_with_the_count() -> None:
    lone = replace(CIRCUIT, projections=())
    most = 128 * 1024 // CIRCUIT.units
    assert Capacity(neurons=most).run(lone, load_target("loihi1")) is lone
    with pytest.raises(InfeasibleError, match=r"5 units of 26,215 neurons are 131,075 compartments, limit 131,072"):
        Capacity(neurons=most + 1).run(lone, load_target("loihi1"))


def test_an_ideal_target_holds_everything() -> None:
    assert Capacity(neurons=10**6).run(CIRCUIT, load_target("brian2")) is CIRCUIT
