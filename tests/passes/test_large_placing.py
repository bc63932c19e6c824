"""Circuits that outgrow a chip are placed within their bounds, and what is counted of them is what is there."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.arrays import Int
from neurocmc.common.errors import InfeasibleError
from neurocmc.common.matrices import full
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.placing.bounds import cores_needed
from neurocmc.passes.loihi.placing.cut import LARGE
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.fitting import fill, overfull
from neurocmc.passes.loihi.placing.ragged import Ragged, by_first_seen, summed
from neurocmc.passes.loihi.placing.wiring import Pools, Wires, Wiring
from neurocmc.passes.loihi.route import Route
from neurocmc.report.load import SpikeLoad, UnitSpikes
from neurocmc.report.loihi.energy import messages_of
from tests.made.large_networks import KINDS, Kind, large_network
from tests.made.networks import random_network
from tests.made.targets import loihi

PLENTY = loihi(cores_per_chip=1 << 16)
# Of random connections, out-axons ask for more cores than any bound knows.
WITHIN = {"hierarchy": 1.0, "modules": 1.0, "layers": 1.0, "random": 1.15}


def placed(kind: Kind, neurons: int) -> ChipProgram:
    network = large_network(kind, neurons, PLENTY)
    return Route().run(network, Place().run(network, PLENTY), PLENTY)


def load_of(network: IntegerNetwork, seed: int) -> SpikeLoad:
    rng = np.random.default_rng(seed)
    units = {population.name: population.units for population in network.populations}
    return SpikeLoad(
        source="drawn",
        ticks=1,
        trials=1,
        populations=tuple(UnitSpikes(name=name, per_tick=tuple(rng.random(n))) for name, n in units.items()),
        inputs=(),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_circuit_takes_few_more_cores_than_its_bound(kind: Kind) -> None:
    program = placed(kind, 100_000)  # whatever is beyond a core's limits is refused by Route
    assert sum(population.units for population in program.network.populations) > LARGE
    assert program.problems() == ()
    assert program.cores <= WITHIN[kind] * program.cores_lower_bound
    assert int(program.use[:, 0].sum()) == program.network.neurons


def test_the_same_circuit_is_placed_the_same() -> None:
    first, second = (placed("random", 60_000) for _ in range(2))
    assert first.segments == second.segments
    assert first.routes == second.routes


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=40))
@settings(deadline=None)
def test_rows_of_different_lengths_are_turned_around_and_back(pairs: list[tuple[int, int]]) -> None:
    row, value = (np.array([pair[k] for pair in pairs], dtype=np.int64) for k in (0, 1))
    rows = Ragged.of_rows(row, value, 6)
    assert [found.tolist() for found in rows] == [sorted({v for r, v in pairs if r == k}) for k in range(6)]
    turned = rows.turned(8)
    assert [found.tolist() for found in turned] == [sorted({r for r, v in pairs if v == k}) for k in range(8)]
    assert [found.tolist() for found in turned.turned(6)] == [found.tolist() for found in rows]
    asked = np.array([3, 0, 3], dtype=np.int64)
    values, place = rows.gathered(asked)
    assert values.tolist() == [v for k in asked for v in rows[k].tolist()]
    assert place.tolist() == [at for at, k in enumerate(asked) for _ in rows[k]]
    amounts: Int = np.arange(8) ** 2
    assert rows.sums(amounts).tolist() == [int(amounts[found].sum()) for found in rows]


@given(st.lists(st.integers(-3, 3), max_size=30))
@settings(deadline=None)
def test_keys_are_summed_and_numbered_as_they_come(keys: list[int]) -> None:
    found, sums = summed(np.array(keys, dtype=np.int64), np.arange(len(keys)))
    assert dict(zip(found.tolist(), sums.tolist(), strict=True)) == {
        key: sum(k for k, other in enumerate(keys) if other == key) for key in sorted(set(keys))
    }
    numbers, first = by_first_seen(np.array(keys, dtype=np.int64))
    seen = list(dict.fromkeys(keys))
    assert numbers.tolist() == [seen.index(key) for key in keys]
    assert first.tolist() == [keys.index(key) for key in seen]


@given(st.integers(0, 40), st.booleans())
@settings(deadline=None, max_examples=15)
def test_messages_are_spikes_times_the_cores_that_they_reach(seed: int, shared: bool) -> None:
    network = random_network(seed)
    target = loihi(compartments_per_core=8)
    target = target if shared else target.with_own_axons
    program = Route().run(network, Place().run(network, target), target)
    load = load_of(network, seed)
    core = {
        (s.population, neuron): s.core for s in program.segments for neuron in range(s.start, s.stop)
    }  # of each neuron
    reached: dict[tuple[str, str, int], set[int]] = {}
    for p in network.projections:
        each = network.population(p.target).neurons
        for row, unit in np.argwhere(full(p.mantissa)).tolist():
            own = reached.setdefault((p.source, "" if shared else p.name, unit), set())
            own |= {core[p.target, row * each + neuron] for neuron in range(each)}
    wanted: dict[tuple[int, int], float] = {}
    for (source, _, unit), cores in reached.items():
        each = network.population(source).neurons
        rate = load.of_population(source).per_tick[unit] / each
        for neuron in range(each):
            for target_core in cores:
                pair = core[source, unit * each + neuron], target_core
                wanted[pair] = wanted.get(pair, 0.0) + rate
    found = messages_of(program, load)
    got = dict(zip(zip(found.source.tolist(), found.target.tolist(), strict=True), found.per_tick, strict=True))
    assert got.keys() == wanted.keys()
    assert all(got[pair] == pytest.approx(wanted[pair]) for pair in wanted)


def test_a_bound_is_not_passed_by_fewer_cores_than_there_are() -> None:
    """On too few cores the refusal tells the cores that were asked for."""
    network = large_network("layers", 100_000, PLENTY)
    few = replace(PLENTY, limits=PLENTY.limits.model_copy(update={"cores_per_chip": 20}))
    with pytest.raises(InfeasibleError, match="needs 100 cores, limit 20"):
        Place().run(network, few)


def test_units_that_leave_holes_are_split_where_that_saves_cores() -> None:
    """One pool of 600 neurons fits a core of 1,024, and two do not: whole pools would take 1.7 times the bound."""
    units = LARGE + 100
    pools = Pools(name="p", units=units, neurons=600, profile=(0, 0, 0), threshold=1)
    beside = np.arange(units - 1)
    wires = Wires(name="w", source="p", target="p", senders=beside, targets=beside + 1, format=(0, "mixed", False))
    demand = Demand.of(Wiring(pools=(pools,), wires=(wires,), inputs=()), PLENTY.limits)
    filling = fill(demand)
    assert len(filling.held_by_core) <= 1.05 * cores_needed(demand)
    assert overfull(demand, filling) == []
