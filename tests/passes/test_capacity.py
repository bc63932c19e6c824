"""Capacity: far too large circuits are refused by counts alone, before anything is measured."""

from dataclasses import replace

import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.passes.loihi.capacity import Capacity
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import LoihiTarget, load_target
from tests.made.circuits import swta

CIRCUIT = swta()
ROOMY = replace(  # so much synapse memory that axons are what ends first
    load_target("loihi1"),
    limits=load_target("loihi1").limits.model_copy(update={"synapse_memory_bits_per_core": 10**8}),
)


def refusal(neurons: int) -> str:
    with pytest.raises(InfeasibleError) as caught:
        Capacity(neurons=neurons).run(CIRCUIT, ROOMY)
    return str(caught.value)


def test_the_largest_fan_in_is_let_through() -> None:
    # The inhibitory unit hears four excitatory ones: 4 x 1,024 axons are all that a core takes in.
    assert Capacity(neurons=1024).run(CIRCUIT, ROOMY) is CIRCUIT


def test_one_neuron_more_is_refused_with_the_projection() -> None:
    assert refusal(1025) == (
        "population inhibit: one neuron has a fan-in of 4,100 axons (4,100 of them from projection excite->inhibit), "
        "limit 4,096 in-axons on one core [fan-in-beyond-core]\n"
        "    cure: use fewer neurons a unit (--neurons), or fewer source units"
    )


def test_too_many_compartments_are_refused_with_the_count() -> None:
    lone = replace(CIRCUIT, projections=())
    most = 128 * 1024 // CIRCUIT.units
    assert Capacity(neurons=most).run(lone, load_target("loihi1")) is lone
    with pytest.raises(InfeasibleError, match=r"131,075 compartments, limit 131,072 .*\[neurons-beyond-limit\]"):
        Capacity(neurons=most + 1).run(lone, load_target("loihi1"))


def test_more_synapse_memory_than_the_chip_has_is_refused_with_the_projection() -> None:
    """By hand, 8 neurons a unit: 64 axons of 8 synapses, 8 of 32; the kindest group holds 56 in 1,024 bits."""
    chip = load_target("loihi1")
    needed = -(-(64 * 8 + 8 * 32) * 1024 // 56)

    def with_memory(bits: int) -> LoihiTarget:
        limits = chip.limits.model_copy(update={"cores_per_chip": 1, "synapse_memory_bits_per_core": bits})
        return replace(chip, limits=limits)

    assert Capacity(neurons=8).run(CIRCUIT, with_memory(needed)) is CIRCUIT
    with pytest.raises(InfeasibleError) as caught:
        Capacity(neurons=8).run(CIRCUIT, with_memory(needed - 1))
    assert str(caught.value) == (
        "projection excite->excite: synapses of the circuit take at least 14,044 bits (4,682 of them here), limit "
        "14,043 on loihi1 [synapses-beyond-limit]"
        "\n    cure: use fewer neurons a unit (--neurons), fewer connections, or a larger chip"
    )


def test_an_ideal_target_holds_everything() -> None:
    family_of(target := load_target("brian2")).refuse(
        CIRCUIT, target, CompileOptions(neurons=10**6)
    )  # nothing raised
