"""Every limit of both Loihis, crossed by one: the table of what is said, and no limit without a row."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.registers import Registers
from neurocmc.passes.loihi.route import Route
from neurocmc.sim.loihi.compartments.network import REFRACTORY_RANGE
from neurocmc.targets import LoihiTarget
from neurocmc.targets.loihi import LoihiLimits
from tests.made.targets import loihi, own_axons

from .made_networks import drive, network_of, pool, wire

CHIPS = ("loihi1", "loihi2")
CHOSEN = {"default_tick_s"}  # a tick to begin with, not a limit: test_time_scale
BY_SCHEMA = {"filter_stages", "step_order"}  # no other value is a target at all: test_targets
LAVA = {"lava_run_config"}  # what a program is emitted with: test_named_otherwise


def refusal(network: IntegerNetwork, target: LoihiTarget) -> str:
    with pytest.raises(InfeasibleError) as caught:
        through(network, target)
    return str(caught.value)


def through(network: IntegerNetwork, target: LoihiTarget) -> None:
    Registers().run(network, target)
    Route().run(network, Place().run(network, target), target)


def pair(**more: Any) -> IntegerNetwork:
    """Twelve neurons that excite four others."""
    a, b = pool("a", 3, 4), pool("b", 1, 4)
    return network_of([a, b], [wire(a, b, **more)])


# limit -> network, limits at which it just fits, what differs one beyond, what is said then
PLACED: dict[str, tuple[IntegerNetwork, dict[str, Any], dict[str, Any], str]] = {
    "cores_per_chip": (
        pair(),
        {"cores_per_chip": 4, "compartments_per_core": 4},
        {"cores_per_chip": 3},
        "population a: the circuit (16 neurons, 12 of them here) needs 4 cores, limit 3 on ",
    ),
    "compartments_per_core": (
        pair(),
        {"cores_per_chip": 1, "compartments_per_core": 16},
        {"compartments_per_core": 15},
        "; 1 of them are out of compartments",
    ),
    "in_axons_per_core": (
        pair(),
        {"in_axons_per_core": 12},
        {"in_axons_per_core": 11},
        "population b: one neuron has a fan-in of 12 axons and 768 synapse bits (12 axons are from a->b); one core "
        "holds 11",
    ),
    "out_axons_per_core": (
        network_of([pool("a", 1, 1)], [wire(pool("a", 1, 1), pool("a", 1, 1), name=f"p{k}") for k in range(3)]),
        {"out_axons_per_core": 3},
        {"out_axons_per_core": 2},
        "population a: one neuron needs 3 out-axons, limit 2 on one core: its projections (p0, p1, p2)",
    ),
    "compartment_profiles_per_core": (
        network_of([pool("a", 1, 1), pool("b", 1, 1, decay_u=1)], []),
        {"cores_per_chip": 1, "compartment_profiles_per_core": 2},
        {"compartment_profiles_per_core": 1},
        "; 1 of them are out of compartment profiles [cores-beyond-chip]"
        "\n    cure: give more populations the same time constants",
    ),
    "threshold_profiles_per_core": (
        network_of([pool("a", 1, 1), pool("b", 1, 1, threshold_mantissa=1)], []),
        {"cores_per_chip": 1, "threshold_profiles_per_core": 2},
        {"threshold_profiles_per_core": 1},
        "; 1 of them are out of threshold profiles [cores-beyond-chip]"
        "\n    cure: bring the gains of its populations closer together",
    ),
    "synapse_formats_per_core": (
        network_of(
            [pool("a", 1, 1)],
            [wire(pool("a", 1, 1), pool("a", 1, 1), name=f"p{k}", exponent=k) for k in range(3)],
        ),
        {"synapse_formats_per_core": 3},
        {"synapse_formats_per_core": 2},
        "population a: one neuron needs 3 synapse formats, limit 2 on one core: p0, p1, p2 differ in weight exponent",
    ),
    "synapse_memory_bits_per_core": (
        pair(),
        {"synapse_memory_bits_per_core": 768},
        {"synapse_memory_bits_per_core": 767},
        "population b: one neuron has a fan-in of 12 axons and 768 synapse bits (12 axons are from a->b); one core "
        "holds 4,096 and 767",
    ),
}


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize("limit", PLACED)
def test_a_limit_of_cores_is_crossed_by_one(limit: str, name: str) -> None:
    network, fits, beyond, says = PLACED[limit]
    through(network, own_axons(name, **fits))
    assert limit in beyond
    assert says in refusal(network, own_axons(name, **{**fits, **beyond}))


# Fields of the formula of synapse memory, each changed to the next value that costs a bit.
FORMULA: dict[str, Callable[[LoihiLimits], Any]] = {
    "synapses_per_group": lambda limits: 3,
    "synapse_group_header_bits": lambda limits: limits.synapse_group_header_bits + 1,
    "synapse_group_alignment_bits": lambda limits: 64,
    "synapse_index_bits_choices": lambda limits: (14,),
    "synapse_weight_bits_choices": lambda limits: (9,),
    "synapse_delay_bits": lambda limits: limits.synapse_delay_bits + 1,
    "synapse_tag_bits": lambda limits: limits.synapse_tag_bits + 1,
}


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize("field", FORMULA)
def test_a_bit_more_of_any_part_of_a_synapse_does_not_fit_any_more(field: str, name: str) -> None:
    network = pair(delay_ticks=1)
    limits = own_axons(name, synapse_group_alignment_bits=1).limits
    target = loihi(name, **dict(limits))
    program = Route().run(network, Place().run(network, target), target)
    full = {**dict(limits), "synapse_memory_bits_per_core": int(program.use[0, 4]), "cores_per_chip": 1}
    through(network, loihi(name, **full))
    text = refusal(network, loihi(name, **{**full, field: FORMULA[field](limits)}))
    assert text.startswith("population a: the circuit (16 neurons, 12 of them here) needs 2 cores, limit 1 on ")
    assert "out of synapse memory, most of it (100 %) for projection a->b" in text


def lone(**more: Any) -> IntegerNetwork:
    network = network_of([pool("a", 1, 1)], [])
    return replace(network, populations=(replace(network.populations[0], **more),))


def looped(**more: Any) -> IntegerNetwork:
    network = network_of([pool("a", 1, 1)], [wire(pool("a", 1, 1), pool("a", 1, 1))])
    return replace(network, projections=(replace(network.projections[0], **more),))


def driven(**more: Any) -> IntegerNetwork:
    network = network_of([pool("a", 1, 1)], [], (drive(pool("a", 1, 1), 4),))
    return replace(network, inputs=(replace(network.inputs[0], **more),))


# limit -> the last network that fits and the first that does not, what is said of it
REGISTERS: dict[str, tuple[IntegerNetwork, IntegerNetwork, str]] = {
    "weight_mantissa_bits": (
        looped(mantissa=np.array([[255]])),
        looped(mantissa=np.array([[256]])),
        "projection a->a: a weight mantissa of magnitude 256, limit 255 in excitatory sign mode",
    ),
    "weight_exponent_min": (
        looped(exponent=-7),
        looped(exponent=-8),
        "projection a->a: weight exponent -8, limit -7 to 7 [register-beyond-target]"
        "\n    cure: use fewer neurons (--neurons)",
    ),
    "weight_exponent_max": (
        looped(exponent=7),
        looped(exponent=8),
        "projection a->a: weight exponent 8, limit -7 to 7 [register-beyond-target]"
        "\n    cure: use more neurons (--neurons)",
    ),
    "bias_mantissa_bits": (
        lone(bias_mantissa=np.array([[-4095]])),
        lone(bias_mantissa=np.array([[-4096]])),
        "population a: a bias mantissa of magnitude 4,096, limit 4,095",
    ),
    "bias_exponent_max": (
        lone(bias_exponent=7),
        lone(bias_exponent=8),
        "population a: bias exponent 8, limit 0 to 7",
    ),
    "threshold_mantissa_bits": (
        lone(threshold_mantissa=131_071),
        lone(threshold_mantissa=131_072),
        "population a: threshold mantissa 131,072, limit 131,071",
    ),
    "decay_bits": (lone(decay_v=4095), lone(decay_v=4096), "population a: decay_v 4,096, limit 0 to 4,095"),
    "current_bits": (
        lone(u_initial=np.array([8_388_607])),
        lone(u_initial=np.array([-8_388_608])),
        "population a: a start current of magnitude 8,388,608, limit 8,388,607",
    ),
    "voltage_bits": (
        lone(v_initial=np.array([[8_388_607]])),
        lone(v_initial=np.array([[8_388_608]])),
        "population a: a start voltage of magnitude 8,388,608, limit 8,388,607",
    ),
    "delay_ticks_max": (
        looped(delay_ticks=62),
        looped(delay_ticks=63),
        "projection a->a: a delay of 63 ticks, limit 62 [delay-beyond-limit]\n    cure: shorten the delay",
    ),
}


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize("limit", REGISTERS)
def test_a_register_is_crossed_by_one(limit: str, name: str) -> None:
    fits, beyond, says = REGISTERS[limit]
    through(fits, loihi(name))
    assert refusal(beyond, loihi(name)).startswith(says)


def test_registers_of_inputs_and_of_mixed_weights_are_crossed_by_one() -> None:
    cases = [
        (
            driven(axon_mantissa=np.full(4, 254)),
            driven(axon_mantissa=np.full(4, 256)),
            "input drive: an axon mantissa of magnitude 256, limit 254 in mixed sign mode",
        ),
        (driven(exponent=7), driven(exponent=8), "input drive: exponent 8, limit 0 to 7"),
        (driven(exponent=0), driven(exponent=-1), "input drive: exponent -1, limit 0 to 7"),
        (
            looped(mantissa=np.array([[-254]]), sign="mixed"),
            looped(mantissa=np.array([[-256]]), sign="mixed"),
            "projection a->a: a weight mantissa of magnitude 256, limit 254 in mixed sign mode",
        ),
        (lone(decay_u=0), lone(decay_u=-1), "population a: decay_u -1, limit 0 to 4,095"),
    ]
    for fits, beyond, says in cases:
        through(fits, loihi("loihi1"))
        assert refusal(beyond, loihi("loihi1")).startswith(says)


@pytest.mark.parametrize(("name", "bits"), [("loihi1", 0), ("loihi2", 24)])
def test_a_payload_of_one_bit_more(name: str, bits: int) -> None:
    through(driven(payload_bits=bits), loihi(name))
    assert refusal(driven(payload_bits=bits + 1), loihi(name)).startswith(
        f"input drive: spikes with a payload of {bits + 1} bits, limit {bits} [register-beyond-target]\n"
    )


RULE = {
    "weight_shift",
    "threshold_shift",
    "decay_u_offset",
    "spike_delay_ticks",
    "current_bits",
    "voltage_bits",
    "decay_bits",
}


@pytest.mark.parametrize("field", sorted(RULE))
def test_a_network_made_for_another_arithmetic_is_refused(field: str) -> None:
    target = loihi("loihi2")
    has = getattr(target.limits, field)
    other = replace(lone(), rule=replace(lone().rule, **{field: has - 1}))
    told = f"network made: made for {field} {has - 1}, loihi2 has {has} [target-other-arithmetic]\n"
    assert refusal(other, target).startswith(told)


def test_a_network_made_for_another_order_of_a_tick_is_refused() -> None:
    order = ("receive", "u", "bias", "v", "threshold", "reset", "send")
    other = replace(lone(), rule=replace(lone().rule, order=order))
    assert "network made: a tick in the order receive, u, bias" in refusal(other, loihi("loihi1"))


@pytest.mark.parametrize("name", CHIPS)
def test_no_compiled_neuron_is_refractory_and_hand_made_ones_keep_to_the_limit(name: str) -> None:
    assert loihi(name).limits.refractory_ticks_max == REFRACTORY_RANGE[1]
    assert not any("refractory" in field for field in pool("a", 1, 1).__dataclass_fields__)


def test_no_limit_is_without_a_row() -> None:
    axons = {"shared_axons", "formats_share_axon", "index_free_synapses", "shared_out_axons"}  # test_shared_axons
    rows = axons | set(PLACED) | set(FORMULA) | set(REGISTERS) | RULE | {"spike_payload_bits", "refractory_ticks_max"}
    mesh = {f"{part}_{axis}" for part in ("chip", "board", "tile") for axis in ("columns", "rows")}
    mesh |= {"chips", "cores_per_tile", "places_on_mesh"}  # test_many_chips, test_latency
    assert rows | mesh | CHOSEN | BY_SCHEMA | LAVA == set(LoihiLimits.model_fields)


def test_all_that_is_wrong_is_said_at_once() -> None:
    network = looped(mantissa=np.array([[300]]), exponent=9, delay_ticks=70)
    network = replace(network, populations=(replace(network.populations[0], bias_exponent=-1),))
    with pytest.raises(InfeasibleError) as caught:
        Registers().run(network, loihi("loihi1"))
    assert len(caught.value.problems) == 4
    assert all(problem.cure for problem in caught.value.problems)
