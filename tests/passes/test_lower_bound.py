"""No placement that the rules allow is below the bound: adversaries pack small circuits by trying everything."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.placing.bounds import lower_bounds
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.wiring import wiring_of
from neurocmc.targets import LoihiLimits
from tests.made.targets import loihi

from .made_networks import built, network_of, pool, wire

Division = tuple[tuple[int, ...], ...]  # unit -> its neurons on each core


@st.composite
def small_circuits(draw: st.DrawFn) -> IntegerNetwork:
    a, b = pool("a", draw(st.integers(1, 2)), draw(st.integers(1, 3))), pool("b", 1, draw(st.integers(1, 3)))
    row = st.lists(st.integers(0, 1), min_size=a.units, max_size=a.units)
    wires = [wire(a, a, mantissa=draw(st.lists(row, min_size=a.units, max_size=a.units)))]
    if draw(st.booleans()):
        wires.append(wire(a, b, exponent=1, delay_ticks=draw(st.integers(0, 1)), mantissa=[draw(row)]))
    if draw(st.booleans()):
        wires.append(wire(b, b))
    return network_of([a, b], wires)


def divisions(sizes: list[int], cores: int) -> list[Division]:
    """All ways to put the neurons of each unit on so many cores."""
    each = [
        [parts for parts in product(range(size + 1), repeat=cores) if sum(parts) == size]  # a unit's neurons
        for size in sizes
    ]
    return list(product(*each))


def cheapest_group_bits(synapses: int, each: int, limits: LoihiLimits) -> int:
    """The fewest bits of so many synapses of one format, in any groups."""
    if not synapses:
        return 0
    word = limits.synapse_group_alignment_bits
    return min(
        -(-(limits.synapse_group_header_bits + each * size) // word) * word
        + cheapest_group_bits(synapses - size, each, limits)
        for size in range(1, min(synapses, limits.synapses_per_group) + 1)
    )


def allowed(network: IntegerNetwork, division: Division, limits: LoihiLimits) -> bool:
    """Whether no core is overfull, by rules that are kinder than the chip's: no list pays for its holes."""
    units = [(p.name, unit) for p in network.populations for unit in range(p.units)]
    cores = range(len(division[0]))
    on = dict(zip(units, division, strict=True))
    neurons = [sum(parts[core] for parts in division) for core in cores]
    in_axons, out_axons, bits = [0 for _ in cores], [0 for _ in cores], [0 for _ in cores]
    for source in units:
        for core in cores:
            lists: dict[tuple[int, bool], int] = {}
            for q in network.projections:
                if q.source == source[0]:
                    rows = np.flatnonzero(q.mantissa[:, source[1]]).tolist()
                    key = (q.exponent, q.delay_ticks > 0)
                    lists[key] = lists.get(key, 0) + sum(on[q.target, row][core] for row in rows)
            if any(lists.values()):
                in_axons[core] += 1
                for other in cores:
                    out_axons[other] += on[source][other]
            for (_, delayed), synapses in lists.items():
                each = 8 + (6 if delayed else 0) + (0 if limits.index_free_synapses else 6)
                bits[core] += cheapest_group_bits(synapses, each, limits)
    return (
        max(neurons) <= limits.compartments_per_core
        and max(in_axons) <= limits.in_axons_per_core
        and max(out_axons) <= limits.out_axons_per_core
        and max(bits) <= limits.synapse_memory_bits_per_core
    )


@settings(max_examples=120)
@given(
    network=small_circuits(),
    compartments=st.integers(1, 6),
    in_axons=st.integers(1, 4),
    out_axons=st.integers(1, 12),
    bits=st.integers(20, 200),
    word=st.sampled_from([1, 16, 64]),
    group=st.integers(1, 4),
    free=st.booleans(),
)
def test_nothing_that_the_rules_allow_is_below(
    network: IntegerNetwork,
    compartments: int,
    in_axons: int,
    out_axons: int,
    bits: int,
    word: int,
    group: int,
    free: bool,
) -> None:
    limits = loihi(
        compartments_per_core=compartments,
        in_axons_per_core=in_axons,
        out_axons_per_core=out_axons,
        synapse_memory_bits_per_core=bits,
        synapse_group_alignment_bits=word,
        synapses_per_group=group,
        index_free_synapses=free,
    ).limits
    bound = max(found.cores for found in lower_bounds(Demand.of(wiring_of(network), limits)))
    sizes = [p.neurons for p in network.populations for _ in range(p.units)]
    fewer = min(bound - 1, 3)
    if fewer:
        assert not any(allowed(network, division, limits) for division in divisions(sizes, fewer))


@pytest.mark.parametrize("sources", [1, 2, 7])
def test_a_packing_without_a_bit_to_spare_meets_the_bound(sources: int) -> None:
    """Lists of 62 synapses fill their words but for six bits: a core of so many of them is full, two are two."""
    a, b = pool("a", sources, 1), pool("b", 2, 62)
    network = network_of([a, b], [wire(a, b)])
    limits = {"synapse_memory_bits_per_core": 512 * sources, "out_axons_per_core": 100}
    exact = built(network, loihi(**limits))
    assert exact.cores == exact.cores_lower_bound == 2
    assert built(network, loihi(**{**limits, "synapse_memory_bits_per_core": 1024 * sources})).cores == 1
    assert (
        built(network, loihi(**{**limits, "synapse_memory_bits_per_core": 512 * sources - 1})).cores_lower_bound > 2
    )


def test_every_resource_has_a_bound_of_its_own() -> None:
    a, b = pool("a", 4, 8), pool("b", 4, 8, threshold_mantissa=7)
    network = network_of([a, b], [wire(a, b), wire(b, a, exponent=1), wire(a, a, exponent=2)])
    program = built(
        network,
        loihi(compartments_per_core=32, threshold_profiles_per_core=1, in_axons_per_core=8, out_axons_per_core=64),
    )
    bounds = {bound.resource: bound.cores for bound in program.lower_bounds}
    assert bounds == {
        "compartments": 2,
        "in_axons": 1,
        "out_axons": 2,  # 32 neurons of a to two cores each, 32 of b to one: 96 of 64
        "synapse_bits": 1,
        "compartment_profiles": 1,
        "threshold_profiles": 2,
        "synapse_formats": 1,
    }
    assert program.cores_lower_bound == 2
