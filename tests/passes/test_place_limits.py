"""Placing is steered by every limit, and what no placement can hold is refused with its name."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.chip import Segment
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.place import Place, Placement
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.in_order import ORDERS, Order, fill_in
from neurocmc.passes.loihi.placing.wiring import wiring_of
from neurocmc.passes.loihi.route import Route
from neurocmc.targets import LoihiTarget
from tests.made.targets import own_axons

from .made_networks import built, network_of, pool, refusal, used, wire
from .test_place_route import networks


def test_out_axons_split_a_core_and_are_refused_where_one_neuron_has_too_many() -> None:
    a, b = pool("a", 3, 4), pool("b", 2, 2)
    network = network_of([a, b], [wire(a, b), wire(b, a)])
    assert used(built(network, own_axons(out_axons_per_core=16)), "out_axons") == [16]
    split = built(network, own_axons(out_axons_per_core=15))
    assert max(used(split, "out_axons")) <= 15
    assert split.cores == 2
    fan = network_of([a, b], [wire(a, b, name=f"p{k}") for k in range(3)])
    assert used(built(fan, own_axons(out_axons_per_core=3, compartments_per_core=4)), "out_axons")[0] == 3
    assert refusal(fan, own_axons(out_axons_per_core=2)) == (
        "population a: one neuron needs 3 out-axons, limit 2 on one core: its projections (p0, p1, p2) reach that "
        "many cores [fan-out-beyond-core]"
        "\n    cure: use fewer neurons per unit (--neurons), fewer units, or a larger chip"
    )


def test_out_axons_are_counted_for_the_cores_where_targets_came_to_stand() -> None:
    """b is too large for one core, so that each neuron of a needs an out-axon for each of b's cores."""
    a, b = pool("a", 1, 12), pool("b", 8, 10)
    network = network_of([a, b], [wire(a, b)])
    program = built(network, own_axons(compartments_per_core=20, out_axons_per_core=24))
    assert max(used(program, "out_axons")) <= 24
    assert sum(used(program, "out_axons")) == 12 * len({s.core for s in program.segments if s.population == "b"})


@pytest.mark.parametrize(
    ("differs", "resource"),
    [
        ({"decay_u": 100}, "compartment profiles"),
        ({"decay_v": 100}, "compartment profiles"),
        ({"bias_exponent": 5}, "compartment profiles"),
        ({"threshold_mantissa": 999}, "threshold profiles"),
    ],
)
def test_profiles_put_populations_apart(differs: dict[str, int], resource: str) -> None:
    name = resource.replace(" ", "_")
    limit = {f"{name}_per_core": 1}
    same = network_of([pool("a", 1, 2), pool("b", 1, 2)], [])
    other = network_of([pool("a", 1, 2), pool("b", 1, 2, **differs)], [])
    assert used(built(same, own_axons(**limit)), name) == [1]
    assert used(built(other, own_axons(**limit)), name) == [1, 1]
    assert f"needs 2 cores, limit 1 on loihi1; 1 of them are out of {resource} [cores-beyond-chip]\n" in refusal(
        other, own_axons(cores_per_chip=1, **limit)
    )
    crowded = str(refused_where_all_stand_on_one_core(other, own_axons(**limit)))
    assert crowded.startswith(f"core 0 (populations a, b): 2 {resource}, limit 1 [core-resource-beyond-limit]\n")


@pytest.mark.parametrize("differs", [{"exponent": 1}, {"sign": "mixed", "mantissa": [[2]]}, {"delay_ticks": 1}])
def test_synapse_formats_put_populations_apart_or_are_refused(differs: dict[str, Any]) -> None:
    a, b = pool("a", 1, 2), pool("b", 1, 2)
    same = network_of([a, b], [wire(a, b), wire(b, a)])
    other = network_of([a, b], [wire(a, b), wire(b, a, **differs)])
    limit = own_axons(synapse_formats_per_core=1)
    assert used(built(same, limit), "synapse_formats") == [1]
    assert used(built(other, limit), "synapse_formats") == [1, 1]
    both = network_of([a, b], [wire(a, b), wire(b, b, **differs)])
    assert refusal(both, limit).startswith(
        "population b: one neuron needs 2 synapse formats, limit 1 on one core: a->b, b->b differ in weight "
        "exponent, sign mode or delay [synapse-formats-beyond-core]\n"
    )


def test_units_go_back_to_cores_that_were_left_early() -> None:
    """b's threshold is not a's: with one profile a core, c returns to a's core instead of opening a third."""
    pools = [pool("a", 1, 4), pool("b", 1, 4, threshold_mantissa=5), pool("c", 1, 4)]
    program = built(network_of(pools, []), own_axons(threshold_profiles_per_core=1))
    assert used(program, "compartments") == [8, 4]
    assert [(s.core, s.slot, s.population) for s in program.segments] == [(0, 0, "a"), (0, 4, "c"), (1, 0, "b")]


def test_everything_that_a_placement_passes_is_said_at_once() -> None:
    a, b = pool("a", 1, 2), pool("b", 1, 2, decay_u=1, threshold_mantissa=5)
    network = network_of([a, b], [wire(a, b), wire(b, a, exponent=1)])
    target = own_axons(
        out_axons_per_core=3,
        compartment_profiles_per_core=1,
        threshold_profiles_per_core=1,
        synapse_formats_per_core=1,
        compartments_per_core=3,
        synapse_memory_bits_per_core=255,
        in_axons_per_core=3,
    )
    problems = refused_where_all_stand_on_one_core(network, target).problems
    assert [problem.what for problem in problems] == [
        "4 compartments, limit 3",
        "4 in axons, limit 3; most of it, 2, is projection a->b",
        "4 out axons, limit 3; most of it, 2, is projection a->b",
        "256 synapse bits, limit 255; most of it, 128, is projection a->b",
        "2 compartment profiles, limit 1",
        "2 threshold profiles, limit 1",
        "2 synapse formats, limit 1",
    ]
    assert {problem.where for problem in problems} == {"core 0 (populations a, b)"}


def refused_where_all_stand_on_one_core(network: IntegerNetwork, target: LoihiTarget) -> InfeasibleError:
    """Route's own check, against a placement that nobody steered."""
    held = dict(enumerate(p.neurons for p in network.populations for _ in range(p.units)))
    ends = np.cumsum([p.units * p.neurons for p in network.populations])
    segments = tuple(
        Segment(core=0, slot=int(end) - p.units * p.neurons, population=p.name, start=0, stop=p.units * p.neurons)
        for p, end in zip(network.populations, ends, strict=True)
    )
    with pytest.raises(InfeasibleError) as caught:
        Route().run(network, Placement(segments, (held,)), target)
    return caught.value


@pytest.mark.parametrize(
    ("units_of_b", "out_axons", "bits", "order"),
    [(8, 160, 30_000, "balanced"), (4, 100, 40_000, "look back"), (2, 500, 30_000, "in sequence")],
)
def test_the_order_with_the_fewest_cores_is_taken(units_of_b: int, out_axons: int, bits: int, order: Order) -> None:
    """a reaches every core of b and hears nothing; alone, its cores hold out-axons and no synapses."""
    a, b, c = pool("a", 8, 8), pool("b", units_of_b, 16), pool("c", 8, 8)
    network = network_of([a, b, c], [wire(a, b), wire(b, c)])
    target = own_axons(out_axons_per_core=out_axons, synapse_memory_bits_per_core=bits)
    demand = Demand.of(wiring_of(network), target.limits)
    cores = {tried: len(fill_in(demand, tried).held_by_core) for tried in ORDERS}
    assert built(network, target).cores == min(cores.values()) == cores[order]
    assert max(cores.values()) > min(cores.values())


def columns(regions: int, units: int, neurons: int) -> IntegerNetwork:
    """Populations of a cortical column and area, wired unit to unit within an area and densely between areas."""
    pools, wires = [], []
    for region in range(regions):
        area = [
            pool(f"{layer}{region}", units, neurons, threshold_mantissa=900 + 10 * k)
            for k, layer in enumerate(("ss", "sp", "dp", "ii"))
        ]
        pairs = [(a, b) for a in area for b in area if a is not b]
        wires += [wire(a, b, mantissa=(1 + k) * np.eye(units), exponent=k % 3) for k, (a, b) in enumerate(pairs)]
        if pools:
            wires += [wire(pools[-3], area[0]), wire(area[2], pools[-3]), wire(area[2], pools[-1])]
        pools += area
    return network_of(pools, wires)


def test_cores_of_a_large_circuit_are_full_of_synapses() -> None:
    """Where memory binds, more than 95 % of it is used on the cores that were filled; no limit is passed."""
    program = built(columns(regions=4, units=16, neurons=32), own_axons())
    bits = np.array(used(program, "synapse_bits")) / 1_048_576
    assert program.cores > 50
    assert np.mean(np.sort(bits)[4:]) > 0.95
    assert program.cores <= 1.15 * program.cores_lower_bound


def test_the_same_network_is_placed_the_same() -> None:
    network = columns(regions=2, units=4, neurons=16)
    target = own_axons(synapse_memory_bits_per_core=60_000, threshold_profiles_per_core=2)
    first, second = Place().run(network, target), Place().run(network, target)
    assert first == second
    assert len(first.held_by_core) > 5


@settings(max_examples=60)
@given(
    network=networks(),
    compartments=st.integers(4, 60),
    out_axons=st.integers(2, 200),
    formats=st.integers(1, 3),
    thresholds=st.integers(1, 3),
    cores=st.integers(1, 40),
)
def test_what_is_placed_passes_no_limit(
    network: IntegerNetwork, compartments: int, out_axons: int, formats: int, thresholds: int, cores: int
) -> None:
    """Either the placement refuses, or routing has nothing left to refuse."""
    named = {"a": 5, "b": 6, "c": 7}
    pools = tuple(replace(p, threshold_mantissa=named[p.name]) for p in network.populations)
    wires = tuple(replace(p, exponent=k % 2) for k, p in enumerate(network.projections))
    network = replace(network, populations=pools, projections=wires)
    target = own_axons(
        compartments_per_core=compartments,
        out_axons_per_core=out_axons,
        synapse_formats_per_core=formats,
        threshold_profiles_per_core=thresholds,
        cores_per_chip=cores,
        synapse_memory_bits_per_core=50_000,
    )
    try:
        placement = Place().run(network, target)
    except InfeasibleError as refused:
        (problem,) = refused.problems
        assert problem.where.startswith("population ")
        assert "limit" in problem.what or "one core holds" in problem.what
        return
    program = Route().run(network, placement, target)
    assert program.problems() == ()
    assert program.cores <= cores
