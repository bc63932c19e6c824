"""Capacity: far too large circuits are refused by counts alone, before anything is measured."""

from dataclasses import replace

import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.passes.loihi.capacity import Capacity
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import LoihiTarget, load_target
from tests.made.circuits import swta
from tests.made.targets import loihi, own_axons

CIRCUIT = swta()
ROOMY = own_axons(synapse_memory_bits_per_core=10**8)  # so much memory that axons are what ends first


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
        "    cure: use fewer neurons per unit (--neurons), fewer units, or a larger chip"
    )


def test_shared_axons_are_one_for_each_source_unit() -> None:
    """Excitatory units hear themselves, the inhibitory unit and 14 axons of the host, however many neurons."""
    wide = {"synapse_memory_bits_per_core": 10**9, "compartments_per_core": 2**14, "out_axons_per_core": 10**7}
    shared = loihi(in_axons_per_core=16, **wide)
    assert Capacity(neurons=2**12).run(CIRCUIT, shared) is CIRCUIT
    with pytest.raises(InfeasibleError) as caught:
        Capacity(neurons=8).run(CIRCUIT, loihi(in_axons_per_core=15))
    assert str(caught.value) == (
        "population excite: one neuron has a fan-in of 16 axons (14 of them from projection drive), limit 15 "
        "in-axons on one core [fan-in-beyond-core]\n"
        "    cure: use fewer neurons per unit (--neurons), fewer units, or a larger chip"
    )


def test_spikes_to_more_cores_than_a_chip_has_axons_for_are_refused() -> None:
    """256 neurons that reach one core, 64 that reach two: 384 out-axons, of which 8 cores have 256."""
    tight = loihi(compartments_per_core=128, out_axons_per_core=32, cores_per_chip=8)
    with pytest.raises(InfeasibleError) as caught:
        Capacity(neurons=64).run(CIRCUIT, tight)
    (problem,) = caught.value.problems
    assert problem.id == "out-axons-beyond-core"
    assert problem.what.startswith("spikes of the circuit take the out-axons of ")
    assert Capacity(neurons=32).run(CIRCUIT, tight) is CIRCUIT


def test_too_many_compartments_are_refused_with_the_count() -> None:
    lone = replace(CIRCUIT, projections=())
    most = 128 * 1024 // CIRCUIT.units
    assert Capacity(neurons=most).run(lone, load_target("loihi1")) is lone
    with pytest.raises(InfeasibleError, match=r"131,075 compartments, limit 131,072 .*\[neurons-beyond-limit\]"):
        Capacity(neurons=most + 1).run(lone, load_target("loihi1"))


def test_more_synapse_memory_than_the_chip_has_is_refused_with_the_projection() -> None:
    """By hand, 8 neurons per unit: 64 axons of 8 synapses, 8 of 32; the host's 4 x 14 of 8."""
    # 8 synapses are 10 + 144 -> 192 bits, 32 are 10 + 576 -> 640.
    needed = 64 * 192 + 8 * 640 + 4 * 14 * 192

    def with_memory(bits: int) -> LoihiTarget:
        return own_axons(cores_per_chip=1, synapse_memory_bits_per_core=bits)

    assert Capacity(neurons=8).run(CIRCUIT, with_memory(needed)) is CIRCUIT
    with pytest.raises(InfeasibleError) as caught:
        Capacity(neurons=8).run(CIRCUIT, with_memory(needed - 1))
    assert str(caught.value) == (
        "projection drive: synapses of the circuit take at least 28,160 bits (10,752 of them here), limit 28,159 on "
        "loihi1 [synapses-beyond-limit]"
        "\n    cure: use fewer neurons per unit (--neurons), fewer units, or a larger chip"
    )


def test_an_ideal_target_holds_everything() -> None:
    family_of(target := load_target("brian2")).refuse(
        CIRCUIT, target, CompileOptions(neurons=10**6)
    )  # nothing raised
