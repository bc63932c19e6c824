"""Neurons of a unit that share an axon: what a core holds then is counted synapse by synapse."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.placing.synapse_memory import list_bits
from neurocmc.passes.loihi.route import Route, limits_of
from neurocmc.targets import LoihiTarget
from tests.made.targets import loihi

from .made_networks import built, drive, network_of, pool, refusal, used, wire
from .test_place_route import networks

WIDE = {"out_axons_per_core": 10**6, "cores_per_chip": 10**6}


@pytest.mark.parametrize(
    ("synapses", "indexed", "free"),
    [
        # A synapse is 8 bits of weight, with an index 18; a group is 10 bits and up to 64 synapses, in words of 64.
        (1, 64, 64),  # 10 + 18 and 10 + 8
        (3, 64, 64),  # 10 + 54 = 64
        (6, 128, 64),  # 10 + 48 = 58
        (7, 192, 128),  # 10 + 126 = 136, and 10 + 56 = 66
        (62, 1152, 512),  # 10 + 1,116 = 1,126; 10 + 496 = 506
        (64, 1216, 576),  # with an index 63 and 1; without 62 and 2, or all in one
        (124, 2304, 1024),  # two of 62 are cheaper than 64 and 60 (576 + 512)
    ],
)
def test_lists_cost_what_their_cheapest_groups_do(synapses: int, indexed: int, free: int) -> None:
    limits = loihi().limits
    assert list_bits(limits, 1024, delayed=False)[synapses] == indexed
    assert list_bits(limits, 1024, delayed=False, index_free=True)[synapses] == free


@settings(max_examples=40)
@given(
    header=st.integers(0, 30),
    word=st.sampled_from([1, 8, 24, 64]),
    largest=st.integers(1, 9),
    index=st.integers(1, 12),
)
def test_no_division_into_groups_is_cheaper(header: int, word: int, largest: int, index: int) -> None:
    """Every division of up to 14 synapses into groups, tried one by one."""
    limits = loihi(
        compartments_per_core=14,
        synapse_group_header_bits=header,
        synapse_group_alignment_bits=word,
        synapses_per_group=largest,
        synapse_index_bits_choices=(index, 12),
    ).limits
    each = 8 + next(bits for bits in (index, 12) if bits >= 4)

    def cheapest(synapses: int) -> int:
        if not synapses:
            return 0
        sizes = range(1, min(synapses, largest) + 1)
        return min(-(-(header + each * size) // word) * word + cheapest(synapses - size) for size in sizes)

    assert list_bits(limits, 14, delayed=False).tolist() == [cheapest(synapses) for synapses in range(15)]


@settings(max_examples=40)
@given(header=st.integers(0, 30), word=st.sampled_from([1, 8, 24, 64]), largest=st.integers(1, 9))
def test_long_lists_go_on_with_the_best_group(header: int, word: int, largest: int) -> None:
    """The closed form of long lists against the recurrence that it shortens."""
    limits = loihi(
        synapse_group_header_bits=header, synapse_group_alignment_bits=word, synapses_per_group=largest
    ).limits
    groups = [-(-(header + 18 * size) // word) * word for size in range(1, largest + 1)]
    table = [0]
    for synapses in range(1, 300):
        table.append(min(groups[size - 1] + table[max(synapses - size, 0)] for size in range(1, largest + 1)))
    assert list_bits(limits, 299, delayed=False).tolist() == table


@settings(max_examples=60)
@given(network=networks(), compartments=st.integers(8, 128), indices=st.booleans(), formats=st.booleans())
def test_use_is_what_counting_synapse_by_synapse_gives(
    network: IntegerNetwork, compartments: int, indices: bool, formats: bool
) -> None:
    """One in-axon for each source unit and core, one out-axon for each neuron and core, synapses of one list once."""
    target = loihi(
        compartments_per_core=compartments, index_free_synapses=not indices, formats_share_axon=formats, **WIDE
    )
    program = built(network, target)
    core_of = {
        (segment.population, n): segment.core
        for segment in program.segments
        for n in range(segment.start, segment.stop)
    }
    in_axons, out_axons, synapses = Counter[int](), Counter[int](), Counter[int]()
    for p in network.populations:
        for unit in range(p.units):
            reached: dict[object, Counter[int]] = {}
            for q in network.projections:
                if q.source == p.name:
                    axon = "all" if formats else (q.exponent, q.sign, q.delay_ticks > 0)
                    size = network.population(q.target).neurons
                    for row in np.flatnonzero(q.mantissa[:, unit]):
                        cores = [core_of[q.target, int(row) * size + n] for n in range(size)]
                        reached.setdefault(axon, Counter()).update(cores)
            for counts in reached.values():
                in_axons.update(dict.fromkeys(counts, 1))
                synapses.update(counts)
                for n in range(p.neurons):
                    out_axons[core_of[p.name, unit * p.neurons + n]] += len(counts)
    for entry in network.inputs:
        size = network.population(entry.target).neurons
        for unit in range(network.population(entry.target).units):
            counts = Counter(core_of[entry.target, unit * size + n] for n in range(size))
            in_axons.update(dict.fromkeys(counts, entry.axon_mantissa.size))
            synapses.update({core: entry.axon_mantissa.size * count for core, count in counts.items()})
    cores = range(program.cores)
    assert used(program, "in_axons") == [in_axons[core] for core in cores]
    assert used(program, "out_axons") == [out_axons[core] for core in cores]
    assert used(program, "synapses") == [synapses[core] for core in cores]
    assert sum(lists.index_free for lists in program.lists) == 0 or not indices
    assert sum(lists.synapse_bits for lists in program.lists) == sum(used(program, "synapse_bits"))


def test_bits_of_a_list_without_indices_are_those_of_its_runs() -> None:
    """b stands first on the core, for more lists reach it: those that reach it alone end before a's compartments."""
    a, b = pool("a", 10, 60), pool("b", 4, 100)
    program = built(network_of([a, b], [wire(a, b), wire(b, b, exponent=1)]), loihi())
    limits = loihi().limits
    free = list_bits(limits, 1024, delayed=False, index_free=True)
    indexed = list_bits(limits, 1024, delayed=False)
    assert program.cores == 1
    assert [segment.population for segment in program.segments] == ["b", "a"]
    assert used(program, "synapse_bits") == [14 * free[400]]
    assert free[400] < free[400] + free[600] < indexed[1000]
    dense = built(network_of([a, b], [wire(p, q, name=f"{p.name}{q.name}") for p in (a, b) for q in (a, b)]), loihi())
    assert used(dense, "synapse_bits") == [14 * (free[600] + free[400])]
    assert {(lists.source, lists.axons, lists.index_free) for lists in dense.lists} == {("a", 10, 10), ("b", 4, 4)}


def test_a_list_with_wide_holes_keeps_its_indices() -> None:
    """a reaches b's first unit of ten alone: nine tenths of a list without indices would be holes."""
    a, b = pool("a", 1, 10), pool("b", 10, 60)
    mantissa = np.zeros((10, 1))
    mantissa[0] = 1
    program = built(network_of([a, b], [wire(a, b, mantissa=mantissa)]), loihi())
    assert used(program, "synapse_bits") == [list_bits(loihi().limits, 1024, delayed=False)[60]]
    assert [lists.index_free for lists in program.lists] == [0]


def test_delays_are_bits_of_synapses_and_no_axon_of_their_own() -> None:
    a, b, c = pool("a", 2, 10), pool("b", 1, 10), pool("c", 1, 10)
    late = network_of([a, b, c], [wire(a, b), wire(a, c, delay_ticks=3), wire(a, a, delay_ticks=7)])
    program = built(late, loihi(index_free_synapses=False))
    limits = loihi().limits
    assert used(program, "in_axons") == [2]
    assert used(program, "out_axons") == [20]
    assert used(program, "synapse_formats") == [2]
    here = list_bits(limits, 1024, delayed=False)[10] + list_bits(limits, 1024, delayed=True)[30]
    assert used(program, "synapse_bits") == [2 * here]
    free = [list_bits(limits, 1024, delayed=slow, index_free=True) for slow in (False, True)]
    assert used(built(late, loihi()), "synapse_bits") == [2 * (free[0][10] + free[1][10] + free[1][20])]


def test_a_connection_that_two_projections_make_is_two_synapses() -> None:
    a = pool("a", 1, 10)
    twice = built(network_of([a], [wire(a, a, name="p"), wire(a, a, name="q")]), loihi())
    assert used(twice, "synapses") == [20]
    # A list without indices names a compartment once.
    assert used(twice, "synapse_bits") == [2 * list_bits(loihi().limits, 1024, delayed=False)[10]]
    assert used(twice, "in_axons") == [1]


def test_formats_that_share_no_axon_take_one_each() -> None:
    a = pool("a", 1, 4)
    network = network_of([a], [wire(a, a, name=f"p{k}", exponent=k) for k in range(3)])
    assert used(built(network, loihi()), "in_axons") == [1]
    apart = built(network, loihi(formats_share_axon=False))
    assert (used(apart, "in_axons"), used(apart, "out_axons")) == ([3], [12])


def test_out_axons_are_shared_only_where_the_chip_says_so() -> None:
    a, b = pool("a", 3, 4), pool("b", 1, 4)
    network = network_of([a, b], [wire(a, b), wire(b, a)])
    assert used(built(network, loihi()), "out_axons") == [16]
    assert used(built(network, loihi(shared_out_axons=True)), "out_axons") == [4]
    split = built(network, loihi(shared_out_axons=True, compartments_per_core=8))
    own = built(network, loihi(compartments_per_core=8))
    assert sum(used(split, "out_axons")) < sum(used(own, "out_axons"))


# field -> a network, limits at which it just fits, one beyond
CROSSED = {
    "in_axons_per_core": (network_of([pool("a", 3, 4)], [wire(pool("a", 3, 4), pool("a", 3, 4))]), 3),
    "out_axons_per_core": (network_of([pool("a", 3, 4)], [wire(pool("a", 3, 4), pool("a", 3, 4))]), 12),
    # 12 synapses of 8 bits and a header: 106 -> 128 bits, three lists.
    "synapse_memory_bits_per_core": (network_of([pool("a", 3, 4)], [wire(pool("a", 3, 4), pool("a", 3, 4))]), 384),
}


@pytest.mark.parametrize("limit", CROSSED)
def test_a_limit_is_crossed_by_one(limit: str) -> None:
    network, most = CROSSED[limit]
    assert built(network, loihi(cores_per_chip=1, **{limit: most})).cores == 1
    beyond = refusal(network, loihi(cores_per_chip=1, **{limit: most - 1}))
    assert "--neurons" in beyond or limit == "in_axons_per_core"


def test_pools_too_large_for_out_axons_are_refused_where_smaller_ones_fit() -> None:
    a = pool("a", 6, 30)
    network = network_of([a], [wire(a, a)])
    target = loihi(cores_per_chip=2, out_axons_per_core=100)
    says = refusal(network, target)
    # Two cores hold 100 neurons that reach one core, or 50 that reach both.
    assert "cure: use fewer neurons per unit (--neurons), fewer units, or a larger chip" in says

    def of_size(neurons: int) -> IntegerNetwork:
        smaller = pool("a", 6, neurons)
        return network_of([smaller], [wire(smaller, smaller)])

    assert built(of_size(16), target).cores <= 2
    assert "limit" in refusal(of_size(17), target)


def test_spikes_that_reach_too_many_cores_are_refused_with_what_was_tried() -> None:
    a = pool("a", 8, 30)
    target = loihi(compartments_per_core=30, out_axons_per_core=200, cores_per_chip=64)
    assert refusal(network_of([a], [wire(a, a)]), target) == (
        "population a: in the best division found, 8 of 8 cores need up to 240 out-axons, limit 200, most of it "
        "(100 %) for projection a->a; on more cores, each neuron needs more of them [out-axons-beyond-core]\n"
        "    cure: use fewer neurons per unit (--neurons), fewer units, or a larger chip"
    )


@settings(max_examples=80)
@given(
    network=networks(),
    compartments=st.integers(4, 60),
    out_axons=st.integers(2, 200),
    bits=st.integers(2_000, 60_000),
    formats=st.integers(1, 3),
    thresholds=st.integers(1, 3),
    indices=st.booleans(),
)
def test_what_is_placed_passes_no_limit(
    network: IntegerNetwork,
    compartments: int,
    out_axons: int,
    bits: int,
    formats: int,
    thresholds: int,
    indices: bool,
) -> None:
    """Either the placement refuses, or every neuron has one place and routing has nothing left to refuse."""
    named = {"a": 5, "b": 6, "c": 7}
    pools = tuple(replace(p, threshold_mantissa=named[p.name]) for p in network.populations)
    wires = tuple(replace(p, exponent=k % 2) for k, p in enumerate(network.projections))
    network = replace(network, populations=pools, projections=wires)
    target = loihi(
        compartments_per_core=compartments,
        out_axons_per_core=out_axons,
        synapse_memory_bits_per_core=bits,
        synapse_formats_per_core=formats,
        threshold_profiles_per_core=thresholds,
        index_free_synapses=not indices,
        cores_per_chip=40,
    )
    try:
        placement = Place().run(network, target)
    except InfeasibleError:
        return
    program = Route().run(network, placement, target)
    assert program.problems() == ()
    assert program.cores_lower_bound <= program.cores <= 40
    for resource, limit in limits_of(target.limits).items():
        assert limit is None or max(used(program, resource)) <= limit
    assert Place().run(network, target) == placement


@settings(max_examples=60)
@given(network=networks(), compartments=st.integers(8, 60))
def test_neurons_of_one_population_stand_side_by_side_on_a_core(network: IntegerNetwork, compartments: int) -> None:
    """What lists without indices take for granted: a population is one run of compartments of its core."""
    program = built(network, loihi(compartments_per_core=compartments, **WIDE))
    for core in range(program.cores):
        names = [segment.population for segment in sorted(own_segments(program, core), key=lambda s: s.slot)]
        runs = [name for k, name in enumerate(names) if not k or names[k - 1] != name]
        assert len(runs) == len(set(runs))


def own_segments(program: ChipProgram, core: int) -> list:
    return [segment for segment in program.segments if segment.core == core]


def test_pools_that_all_hear_each_other_fit_one_core() -> None:
    """1,024 neurons in pools of 64, all to all: with axons of their own they take 19 cores."""
    a = pool("a", 16, 64)
    network = network_of([a], [wire(a, a)])
    assert built(network, loihi()).cores == 1
    assert built(network, loihi().with_own_axons).cores == 19
    # Every neuron with a list of its own, but without indices: what other tools lay out on nine cores.
    lists = {"shared_axons": False, "formats_share_axon": False}
    assert built(network, loihi(**lists)).cores == 9


@given(network=networks(), neurons=st.integers(1, 40))
def test_smaller_pools_take_less(network: IntegerNetwork, neurons: int) -> None:
    """The bound never rises where pools get smaller: what names the largest pools that fit relies on it."""
    from neurocmc.passes.loihi.placing.bounds import lower_bounds
    from neurocmc.passes.loihi.placing.demand import Demand
    from neurocmc.passes.loihi.placing.wiring import wiring_of

    limits = loihi(compartments_per_core=16, synapse_memory_bits_per_core=3000, out_axons_per_core=50).limits
    wiring = wiring_of(network)
    assume(neurons < max(p.neurons for p in network.populations))
    smaller = replace(wiring, pools=tuple(replace(p, neurons=min(p.neurons, neurons)) for p in wiring.pools))
    whole, part = (lower_bounds(Demand.of(w, limits)) for w in (wiring, smaller))
    assert all(less.cores <= more.cores for less, more in zip(part, whole, strict=True))


def test_inputs_keep_the_axons_of_their_weights() -> None:
    a = pool("a", 2, 8)
    program = built(network_of([a], [], (drive(a, 6),)), loihi())
    assert used(program, "in_axons") == [12]
    assert [(lists.source, lists.projections, lists.axons) for lists in program.lists] == [("", ("drive",), 12)]
    assert program.routes == ()


def test_a_target_without_the_fields_has_own_axons() -> None:
    bare: LoihiTarget = loihi().with_own_axons
    assert bare.axons == ("own",)
    assert loihi().axons == ("shared", "own")
