"""Every neuron stands in one place, no core is overfull, and each limit that is passed is named."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.placing.synapse_memory import list_bits
from neurocmc.passes.loihi.route import limits_of
from neurocmc.targets import LoihiTarget
from tests.made import levels
from tests.made.targets import own_axons

from .made_networks import built, drive, network_of, pool, refusal, used, wire


@pytest.mark.parametrize(
    ("synapses", "bits"),
    [
        # A synapse is 8 bits of weight and 10 of index (1,024 compartments); a group is 10 bits and up to 64 of them,
        # in words of 64 bits.
        (0, 0),
        (1, 64),  # 10 + 18 = 28
        (3, 64),  # 10 + 54 = 64
        (4, 128),  # 10 + 72 = 82
        (63, 1152),  # 10 + 1,134 = 1,144
        (64, 1216),  # 10 + 1,152 = 1,162
        (65, 1280),  # a full group, and one of a single synapse
        (128, 2432),
        (131, 2496),
    ],
)
def test_synapse_memory_is_as_by_hand(synapses: int, bits: int) -> None:
    assert list_bits(own_axons().limits, 1024, delayed=False)[synapses] == bits


@pytest.mark.parametrize(
    ("limits", "bits"),
    [
        ({"compartments_per_core": 1025}, 1280),  # 11 bits of index: 10 + 64 * 19 = 1,226
        ({"compartments_per_core": 64}, 960),  # 6 bits: 10 + 64 * 14 = 906
        ({"weight_mantissa_bits": 6}, 1088),  # 6 bits of weight: 10 + 64 * 16 = 1,034
        ({"weight_mantissa_bits": 7}, 1216),  # 7 bits of weight take a field of 8
        ({"synapse_tag_bits": 4}, 1472),  # 10 + 64 * 22 = 1,418
        ({"synapse_group_alignment_bits": 1}, 1162),
        ({"synapse_group_header_bits": 100}, 1280),  # 100 + 1,152 = 1,252
    ],
)
def test_every_field_of_the_formula_counts(limits: dict[str, int], bits: int) -> None:
    assert list_bits(own_axons(**limits).limits, 1024, delayed=False)[64] == bits


def test_delays_cost_their_bits_where_they_are_used() -> None:
    limits = own_axons(synapse_delay_bits=6).limits
    assert list_bits(limits, 1024, delayed=False)[64] == 1216
    assert list_bits(limits, 1024, delayed=True)[64] == 1600  # 10 + 64 * 24 = 1,546


@st.composite
def networks(draw: st.DrawFn) -> IntegerNetwork:
    pools = [
        pool(name, draw(st.integers(1, 5)), draw(st.integers(1, 40)), bias_exponent=draw(st.integers(5, 7)))
        for name in ("a", "b", "c")[: draw(st.integers(1, 3))]
    ]
    wires = [
        wire(source, target, mantissa=draw(filling(target.units, source.units)))
        for source in pools
        for target in pools
        if draw(st.booleans())
    ]
    inputs = (drive(pools[0], draw(st.integers(1, 20))),) if draw(st.booleans()) else ()
    return network_of(pools, wires, inputs)


def filling(rows: int, columns: int) -> st.SearchStrategy[list[list[int]]]:
    row = st.lists(st.integers(0, 1), min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows)


def fits_neuron_by_neuron(network: IntegerNetwork, target: LoihiTarget) -> bool:
    """Whether every neuron's fan-in, one synapse an axon, fits an empty core: then some placement exists."""
    limits = target.limits
    for p in network.populations:
        for unit in range(p.units):
            axons = sum(
                int(np.count_nonzero(q.mantissa[unit])) * network.population(q.source).neurons
                for q in network.projections
                if q.target == p.name
            )
            axons += sum(entry.axon_mantissa.size for entry in network.inputs if entry.target == p.name)
            bits = axons * int(list_bits(limits, 1024, delayed=False)[1])
            if axons > limits.in_axons_per_core or bits > limits.synapse_memory_bits_per_core:
                return False
    return True


@settings(max_examples=80)
@given(
    network=networks(),
    compartments=st.integers(8, 128),
    in_axons=st.integers(100, 600),
    bits=st.integers(2_000, 60_000),
)
def test_every_neuron_has_one_place_and_no_core_is_overfull(
    network: IntegerNetwork, compartments: int, in_axons: int, bits: int
) -> None:
    target = own_axons(
        compartments_per_core=compartments,
        in_axons_per_core=in_axons,
        synapse_memory_bits_per_core=bits,
        out_axons_per_core=10**6,
        cores_per_chip=10**6,
    )
    assume(fits_neuron_by_neuron(network, target))
    program = built(network, target)
    places = [
        (segment.population, neuron) for segment in program.segments for neuron in range(segment.start, segment.stop)
    ]
    assert sorted(places) == sorted((p.name, n) for p in network.populations for n in range(p.units * p.neurons))
    slots = [(s.core, s.slot + k) for s in program.segments for k in range(s.neurons)]
    assert len(set(slots)) == len(slots)
    assert max(slot for _, slot in slots) < compartments
    for resource, limit in limits_of(target.limits).items():
        assert limit is None or max(used(program, resource)) <= limit
    assert 1 <= program.cores_lower_bound <= program.cores


@settings(max_examples=40)
@given(network=networks(), compartments=st.integers(8, 128))
def test_use_is_what_counting_synapse_by_synapse_gives(network: IntegerNetwork, compartments: int) -> None:
    """Every axon, expanded: one out-axon for each neuron, projection and core it reaches, one in-axon there."""
    target = own_axons(compartments_per_core=compartments, out_axons_per_core=10**6, cores_per_chip=10**6)
    program = built(network, target)
    core_of = {
        (segment.population, n): segment.core
        for segment in program.segments
        for n in range(segment.start, segment.stop)
    }
    wanted = np.zeros((program.cores, 5), dtype=np.int64)  # compartments, in, out, synapses, bits
    for core in core_of.values():
        wanted[core, 0] += 1

    def axon(source_core: int | None, reached: dict[int, int]) -> None:
        for core, synapses in reached.items():
            wanted[core, 1] += 1
            wanted[core, 3] += synapses
            wanted[core, 4] += list_bits(target.limits, 1024, delayed=False)[synapses]
            if source_core is not None:
                wanted[source_core, 2] += 1

    def neurons_by_core(name: str, units: list[int]) -> dict[int, int]:
        count = network.population(name).neurons
        cores = [core_of[name, unit * count + n] for unit in units for n in range(count)]
        return {core: cores.count(core) for core in cores}

    for p in network.projections:
        for unit in range(p.mantissa.shape[1]):
            reached = neurons_by_core(p.target, np.flatnonzero(p.mantissa[:, unit]).tolist())
            count = network.population(p.source).neurons
            for n in range(count):
                axon(core_of[p.source, unit * count + n], reached)
    for entry in network.inputs:
        for unit in range(network.population(entry.target).units):
            for _ in entry.axon_mantissa:
                axon(None, neurons_by_core(entry.target, [unit]))
    assert program.use[:, :5].tolist() == wanted.tolist()


def test_compartments_spill_to_the_next_core() -> None:
    network = network_of([pool("a", 2, 4), pool("b", 1, 3)], [])
    whole = built(network, own_axons(compartments_per_core=11))
    split = built(network, own_axons(compartments_per_core=10))
    assert used(whole, "compartments") == [11]
    assert used(split, "compartments") == [10, 1]
    assert [(s.core, s.slot, s.population, s.start, s.stop) for s in split.segments] == [
        (0, 0, "a", 0, 8),
        (0, 8, "b", 0, 2),
        (1, 0, "b", 2, 3),
    ]
    assert split.cores_lower_bound == 2


def test_a_network_is_refused_one_core_beyond_the_chip() -> None:
    network = network_of([pool("a", 2, 4), pool("b", 1, 3)], [])
    assert built(network, own_axons(compartments_per_core=4, cores_per_chip=3)).cores == 3
    assert refusal(network, own_axons(compartments_per_core=4, cores_per_chip=2)) == (
        "population a: the circuit (11 neurons, 8 of them here) needs 3 cores, limit 2 on loihi1; 2 of them are "
        "out of compartments [cores-beyond-chip]\n"
        "    cure: use fewer neurons per unit (--neurons), fewer units, or a larger chip"
    )


def test_too_many_cores_say_what_fills_them_and_for_whom() -> None:
    a, b = pool("a", 3, 4), pool("b", 1, 4)
    network = network_of([a, b], [wire(a, b), wire(b, a)])
    one_core = {"cores_per_chip": 1}
    assert refusal(network, own_axons(synapse_memory_bits_per_core=2559, **one_core)).startswith(
        "population a: the circuit (16 neurons, 12 of them here) needs 2 cores, limit 1 on loihi1; 1 of them are "
        "out of synapse memory, most of it (60 %) for projection a->b [cores-beyond-chip]\n"
    )
    assert (
        "2 cores, limit 1 on loihi1; 1 of them are out of in-axons, most of it (75 %) for projection a->b"
        in refusal(network, own_axons(in_axons_per_core=15, **one_core))
    )


def test_in_axons_move_a_population_on_and_then_refuse_it() -> None:
    a, b = pool("a", 3, 4), pool("b", 2, 2)
    network = network_of([a, b], [wire(a, a), wire(a, b)])
    assert used(built(network, own_axons(in_axons_per_core=24)), "in_axons") == [24]
    apart = built(network, own_axons(in_axons_per_core=23))
    assert used(apart, "in_axons") == [12, 12]
    assert used(apart, "compartments") == [12, 4]
    assert refusal(network, own_axons(in_axons_per_core=11)) == (
        "population a: one neuron has a fan-in of 12 axons and 768 synapse bits (12 axons are from a->a); "
        "one core holds 11 and 1,048,576 [fan-in-beyond-core]\n"
        "    cure: use fewer neurons per unit (--neurons), fewer units, or a larger chip"
    )


def test_synapse_bits_split_a_population_and_then_refuse_it() -> None:
    a, b = pool("a", 3, 4), pool("b", 1, 4)
    network = network_of([a, b], [wire(a, b)])
    # 4 synapses an axon are 128 bits, 3 are 64; 12 axons.
    assert used(built(network, own_axons(synapse_memory_bits_per_core=1536)), "synapse_bits") == [1536]
    split = built(network, own_axons(synapse_memory_bits_per_core=1535))
    assert used(split, "synapse_bits") == [768, 768]
    assert used(split, "compartments") == [15, 1]
    assert refusal(network, own_axons(synapse_memory_bits_per_core=767)).startswith(
        "population b: one neuron has a fan-in of 12 axons and 768 synapse bits (12 axons are from a->b); "
        "one core holds 4,096 and 767 [fan-in-beyond-core]\n"
    )


def test_the_winner_take_all_is_placed() -> None:
    """By hand: 4 x 8 + 8 neurons; projections of 32, 32 and 8 axons; some from the host."""
    program = built(levels.integer(), own_axons())
    assert [(s.population, s.start, s.stop, s.core, s.slot) for s in program.segments] == [
        ("excite", 0, 32, 0, 0),
        ("inhibit", 0, 8, 0, 32),
    ]
    (entry,) = program.network.inputs
    from_host = 4 * entry.axon_mantissa.size
    assert used(program, "compartments") == [40]
    assert used(program, "out_axons") == [32 + 32 + 8]
    assert used(program, "in_axons") == [32 + 32 + 8 + from_host]
    assert used(program, "synapses") == [32 * 8 + 32 * 8 + 8 * 32 + from_host * 8]
    # 8 synapses are 10 + 144 -> 192 bits, 32 are 10 + 576 -> 640.
    assert used(program, "synapse_bits") == [32 * 192 + 32 * 192 + 8 * 640 + from_host * 192]
