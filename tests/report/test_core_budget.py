"""Budgets, loads, energies and worst cases of neurosynaptic cores, against a program counted by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.ir.truenorth.cores import NOWHERE, RESET_NONE, RESET_SUBTRACT, RESET_TO, CoreNetwork, packed
from neurocmc.ir.truenorth.program import CoreProgram, NeuronGroup
from neurocmc.report import wording
from neurocmc.report.budget import Budget
from neurocmc.report.truenorth.budget import RESOURCES, core_budget
from neurocmc.report.truenorth.energy import estimate_core_energy
from neurocmc.report.truenorth.load import core_load, hops
from neurocmc.report.truenorth.losses import ROLES, core_population_costs, core_projection_losses
from neurocmc.report.truenorth.potentials import potential_bounds, potential_ranges
from neurocmc.sim.truenorth import CoreInputSpikes, CoreRecord, run_cores
from tests.made import by_hand_cores
from tests.made.targets import truenorth


def budget() -> Budget:
    return core_budget(by_hand_cores.core_program(), truenorth(), by_hand_cores.core_load())


def test_each_core_is_held_against_its_limits() -> None:
    rows = {row.resource: row for row in budget().cores[0].resources}
    assert tuple(rows) == RESOURCES
    assert (rows["axons"].used, rows["axons"].limit) == (7, 256)
    assert (rows["neurons"].used, rows["neurons"].limit) == (9, 256)
    assert (rows["crossbar_bits"].used, rows["crossbar_bits"].limit) == (7 * 8, 65_536)
    assert rows["neurons"].percent == pytest.approx(100 * 9 / 256)
    roles = {"pool_neurons": 4, "filter_neurons": 2, "bias_neurons": 1, "copy_neurons": 2, "sum_neurons": 0}
    assert {name: rows[name].used for name in roles} == roles
    assert rows["copy_neurons"].limit is None
    assert [core.populations for core in budget().cores] == [("a",)] * 3


def test_in_all_is_the_sum_against_the_whole_grid() -> None:
    rows = {row.resource: row for row in budget().in_all}
    assert (rows["axons"].used, rows["axons"].limit) == (13, 256 * 4096)
    assert rows["crossbar_bits"].used == 56 + 24 + 2
    assert rows["splitters"].used == 2
    assert sum(rows[name].used for name in RESOURCES[3:]) == rows["neurons"].used == 17
    found = budget()
    assert (found.cores_used, found.cores_lower_bound, found.cores_per_chip) == (3, 1, 4096)
    assert found.fullest("axons")[0].core == 0


def test_the_lower_bound_counts_what_every_placement_needs() -> None:
    target = truenorth()

    def bound(**limits: int) -> int | None:
        small = replace(target, limits=target.limits.model_copy(update=limits))
        return core_budget(by_hand_cores.core_program(), small, None).cores_lower_bound

    # 8 pool and 4 filter neurons; 4 axons for feedback and 2 for the host. The other 5 neurons and 7 axons depend.
    assert bound(neurons_per_core=12) == 1
    assert bound(neurons_per_core=11) == 2
    assert bound(axons_per_core=6) == 1
    assert bound(axons_per_core=5) == 2


def test_partial_sums_are_no_part_of_the_lower_bound() -> None:
    program = by_hand_cores.core_program()
    groups = [
        NeuronGroup(corelet="a/0/sum0.0", role=role, core=1, start=start, stop=start + 2)
        for role, start in (("filter", 6), ("sum", 8))
    ]
    grown = replace(program, neuron_groups=(*program.neuron_groups, *groups))
    target = truenorth()
    small = replace(target, limits=target.limits.model_copy(update={"neurons_per_core": 12}))
    assert core_budget(grown, small, None).cores_lower_bound == 1
    assert {row.resource: row.used for row in core_budget(grown, small, None).in_all}["sum_neurons"] == 2


def test_a_program_of_another_target_and_a_load_of_another_program_are_refused() -> None:
    program, load = by_hand_cores.core_program(), by_hand_cores.core_load()
    with pytest.raises(ValueError, match="placed for truenorth, not for ranc"):
        core_budget(program, truenorth("ranc"), None)
    other = replace(load, neurons_per_tick=np.zeros((2, 16)), host_per_tick=np.zeros((2, 16)))
    with pytest.raises(ValueError, match="the load is of"):
        core_budget(program, truenorth(), other)


def test_json_gives_back_the_same_budget() -> None:
    for found in (
        budget(),
        core_budget(by_hand_cores.core_program(), truenorth(), None),
        core_budget(by_hand_cores.core_program("ranc"), truenorth("ranc"), by_hand_cores.core_load()),
    ):
        assert Budget.from_json(found.to_json()) == found
    with pytest.raises(InputError, match=r"potentials\.0\.low: .*\[field-wrong\]"):
        Budget.from_json(budget().to_json().replace('"low": -43', '"low": "-43"', 1))


def test_spikes_of_units_are_those_of_their_pools_and_axons() -> None:
    load = by_hand_cores.core_load().of_units(by_hand_cores.core_program())
    assert load.of_population("a").per_tick == (2.0, 2.0)
    # unit 1 has no axon for the host: its places in the table have weight 0
    assert load.of_input("drive").per_tick == (0.375, 0.0)


def test_hops_are_steps_on_the_grid() -> None:
    found = hops(by_hand_cores.core_network())
    assert found[0, 6:8].tolist() == [2, 2]  # (0, 0) -> (1, 1)
    assert found[1, 2:4].tolist() == [1, 1]
    assert found[2, :2].tolist() == [1, 1]
    assert found.sum() == 8  # filters and bias stay on their core, the bus and nowhere are no places
    # copies 2 x 0.25 x 2, pool 2 x 0.5, splitters 2 x 0.25
    assert by_hand_cores.core_load().hops_per_tick(by_hand_cores.core_network()) == 2.5


def test_energy_is_counts_times_published_prices_in_both_readings() -> None:
    energy = estimate_core_energy(by_hand_cores.core_program(), truenorth(), by_hand_cores.core_load())
    assert energy.dynamic_per_tick_pj == pytest.approx(40 * 2.30)
    assert energy.dynamic_per_presentation_pj == pytest.approx(200 * 40 * 2.30)
    assert energy.static_per_tick_pj == pytest.approx(64.4e9 * 1e-3)
    apart = {term.operation: term for term in energy.apart}
    assert apart["synaptic events, static included"].per_tick_pj == pytest.approx(40 * 26)
    assert apart["hops of spikes"].per_tick_pj == pytest.approx(2.5 * 2.3)
    assert "must not be added up" in energy.caveat


def test_of_ranc_operations_are_counted_and_no_price_is_guessed() -> None:
    target = truenorth("ranc")
    energy = estimate_core_energy(by_hand_cores.core_program("ranc"), target, by_hand_cores.core_load())
    assert [term.count_per_tick for term in (*energy.terms, *energy.apart)] == [40, 40, 2.5]
    assert {term.per_tick_pj for term in (*energy.terms, *energy.apart)} == {None}
    assert (energy.dynamic_per_tick_pj, energy.static_per_tick_pj) == (None, None)
    assert energy.terms[0].note.startswith("not published for RANC")


def test_a_load_is_what_the_cores_did() -> None:
    program, ticks, batch = by_hand_cores.core_program(), 40, 2
    at = np.arange(0, ticks, 2)
    host = CoreInputSpikes(trial=at % batch, tick=at, core=np.zeros_like(at), axon=np.full_like(at, 3))
    run = run_cores(program.network, host, ticks, batch=batch, record=CoreRecord(neuron_totals=True))
    load = core_load(program, run, host, "made")
    assert load.source == "measured on the emulator: stimulus made, 2 trials of 40 ticks"
    assert load.spikes_per_tick * ticks * batch == pytest.approx(run.spikes_total.sum())
    assert load.host_per_tick[0, 3] == pytest.approx(0.25)
    assert load.neurons_per_tick[0, 8] == 1.0  # the bias neuron fires in every tick
    # every event is a set bit behind an axon that carried a spike, the host's included
    network = program.network
    carried = load.host_per_tick * ticks * batch
    last = (
        run_cores(network, host, ticks, batch=batch, record=CoreRecord(spikes="all"))
        .spikes[:, -1]
        .reshape(batch, network.cores, network.neurons)
        .sum(axis=0)
    )
    fired = run.neuron_totals.sum(axis=0) - last  # spikes of the last tick arrive after the run
    for core, neuron in np.argwhere(network.target_core >= 0).tolist():
        carried[network.target_core[core, neuron], network.target_axon[core, neuron]] += fired[core, neuron]
    bits = np.stack([network.connected(core).sum(axis=1) for core in range(network.cores)])
    assert load.synaptic_events_per_tick * ticks * batch == pytest.approx((carried * bits).sum())
    with pytest.raises(InputError, match=r"neuron_totals.*\[not-recorded\]"):
        core_load(program, run_cores(network, host, ticks, batch=batch), host, "made")


def test_losses_name_the_worst_connection_and_costs_the_roles() -> None:
    (loss,) = core_projection_losses(by_hand_cores.core_program())
    assert (loss.connections, loss.lost, loss.fewest_axons, loss.most_axons) == (2, 0, 2, 2)
    assert (loss.worst_target_unit, loss.worst_source_unit) == (0, 1)
    assert loss.largest_loss == pytest.approx(0.01 / 0.5)
    assert loss.rms_loss == pytest.approx(0.02 / np.sqrt(2))
    assert (loss.latency_low_ticks, loss.latency_high_ticks) == (0, 1)
    (cost,) = core_population_costs(by_hand_cores.core_program())
    assert dict(zip(ROLES, cost.neurons, strict=True)) == {
        "pool": 8,
        "filter": 4,
        "bias": 1,
        "copy": 2,
        "sum": 0,
        "splitter": 2,
    }
    assert (cost.added, cost.cores, cost.gain_residual) == (9, 3, 0.02)
    assert cost.wanted_tau_ms == pytest.approx(-1 / np.log(0.95))
    assert cost.realised_tau_ms == pytest.approx(-1 / np.log(0.9))


def test_a_connection_without_axons_is_told() -> None:
    program = by_hand_cores.core_program()
    broken = replace(program.projections[0], axons=np.array([[0, 2], [0, 0]]))
    (loss,) = core_projection_losses(replace(program, projections=(broken,)))
    assert (loss.lost, loss.fewest_axons, loss.latency_high_ticks) == (1, 2, 0)


def test_worst_cases_by_hand() -> None:
    ranges = {(entry.population, entry.role): entry for entry in potential_ranges(by_hand_cores.core_program())}
    pool = ranges["a", "pool"]
    # Unit 0: 2 x 5 + 2 x 3 + leak 1 excite, against a filter of 2 x 12; all of it fires from 16 on, V = 15 is below.
    # Least: at the floor of -8, 3 axons of -12 and the leak.
    assert (pool.low, pool.high, pool.neurons, pool.beyond) == (-8 - 36 + 1, 15 + 17, 8, 0)
    assert pool.held == pytest.approx(24 / 17)
    assert pool.limit == 2**19 - 1
    assert (ranges["a", "bias"].low, ranges["a", "bias"].high, ranges["a", "bias"].held) == (0, 1, None)
    assert wording.potentials(budget()) == (
        "proved: no potential leaves its register, whatever the host sends",
        "in the run that measured the load, V was never clipped",
    )


def test_a_filter_too_weak_for_the_worst_tick_holds_a_part_of_it() -> None:
    program = by_hand_cores.core_program()
    weight = np.array(program.network.weight)
    weight[0, :8, 0] = -4  # the filter of unit 0 takes 8 off a tick, 17 can come in
    weak = replace(program, network=replace(program.network, weight=weight))
    pool = {(entry.population, entry.role): entry for entry in potential_ranges(weak)}["a", "pool"]
    assert (pool.high, pool.beyond, pool.share) == (None, 4, None)
    assert pool.held == pytest.approx(8 / 17)
    lines = wording.potentials(core_budget(weak, truenorth(), None))
    assert len(lines) == 1
    assert lines[0].startswith("not proved for 8 of 17 neurons (of a): if all axons")


def lone(**values: Any) -> CoreNetwork:
    """One neuron with three axons of weights 5, -3 and 0."""
    network = by_hand_cores.core_network()
    fields: dict[str, Any] = {
        name: np.full((1, 1), values.get(name, fill))
        for name, fill in {
            "leak": 0,
            "stochastic_leak": False,
            "leak_reversal": False,
            "threshold": 10,
            "noise_mask": 0,
            "floor": 6,
            "floor_saturates": False,
            "reset_potential": 0,
            "reset_mode": RESET_TO,
            "potential": 0,
            "target_core": NOWHERE,
            "target_axon": 0,
            "delay": 1,
        }.items()
    }
    return replace(
        network,
        name="lone",
        neurons=1,
        coordinates=np.zeros((1, 2)),
        axon_type=np.array([[0, 1, 2]]),
        crossbar=packed(np.ones((1, 3, 1), dtype=np.bool_)),
        weight=np.array([[[5, -3, 0]]]),
        stochastic_weight=np.array([[[values.get("stochastic_weight", False)] * 3]]),
        potential_bits=20,
        **fields,
    )


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ({}, -6 - 3, 9 + 5),
        ({"noise_mask": 3}, -6 - 3 - 3, 9 + 3 + 5),
        ({"leak": 2}, -6 - 1, 9 + 7),
        ({"leak": 2, "leak_reversal": True}, -6 - 5, 9 + 7),
        ({"leak": 2, "stochastic_leak": True}, -6 - 3, 9 + 6),
        ({"stochastic_weight": True}, -6 - 1, 9 + 1),
        ({"reset_potential": 20}, -20 - 3, 20 + 5),
        ({"reset_potential": -20}, -20 - 3, 20 + 5),
        ({"reset_potential": -20, "floor_saturates": True}, -20 - 3, 9 + 5),
        ({"reset_mode": RESET_SUBTRACT}, -6 - 3, 9 + 5),
        ({"reset_mode": RESET_SUBTRACT, "threshold": 4}, -6 - 3, np.inf),
        ({"reset_mode": RESET_SUBTRACT, "floor": 2}, -np.inf, 9 + 5),
        ({"reset_mode": RESET_NONE}, -np.inf, np.inf),
        ({"reset_mode": RESET_NONE, "floor_saturates": True}, -6 - 3, np.inf),
        ({"potential": 100}, -6 - 3, 105),
        ({"leak": 3}, 0, 9 + 8),
    ],
)
def test_each_way_in_which_a_potential_is_held(values: dict[str, Any], low: float, high: float) -> None:
    found = potential_bounds(lone(**values), [0])
    assert [float(bound[0, 0]) for bound in found[:2]] == [low, high]
    assert np.isnan(found[2][0, 0])


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_no_run_goes_beyond_its_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    program = random_unit(rng)
    ticks = 60
    low, high, _ = potential_bounds(program.network, [0])
    share = rng.choice([0.2, 0.6, 1.0])
    tick, axon = np.nonzero(rng.random((ticks, program.network.axons)) < share)
    host = CoreInputSpikes(trial=np.zeros_like(tick), tick=tick, core=np.zeros_like(tick), axon=axon)
    run = run_cores(program.network, host, ticks, seed=seed, record=CoreRecord(potentials="all"))
    potentials = run.potentials[0]
    assert (potentials <= high[0]).all()
    assert (potentials >= low[0]).all()


def random_unit(rng: np.random.Generator) -> CoreProgram:
    """One core: a unit whose filter comes back to it, beside neurons of every reset mode."""
    program, neurons, axons = by_hand_cores.core_program(), 8, 6
    alike = rng.integers(0, 2, (axons, 1)) | (rng.random((axons, neurons)) < 0.1)
    weight = np.broadcast_to(rng.integers(-12, 12, 3), (1, neurons, 3)).copy()
    target = np.where(np.arange(neurons) < 3, 0, NOWHERE)[None]
    fields = {
        "leak": np.full((1, neurons), rng.integers(-3, 4)),
        "threshold": rng.integers(1, 30, (1, neurons)),
        "noise_mask": rng.choice([0, 3], (1, neurons)),
        "floor": np.full((1, neurons), rng.integers(0, 10)),
        "reset_potential": rng.integers(-5, 6, (1, neurons)),
        "reset_mode": rng.choice([RESET_NONE, RESET_NONE, RESET_NONE, RESET_TO, RESET_SUBTRACT], (1, neurons)),
        "potential": np.full((1, neurons), rng.integers(0, 20)),
        "target_core": target,
        "target_axon": np.where(target[0] == 0, np.arange(neurons) % axons, 0)[None],
        "delay": np.full((1, neurons), rng.choice([1, 1, 1, 2])),
        "stochastic_leak": np.full((1, neurons), rng.random() < 0.2),
        "leak_reversal": np.full((1, neurons), rng.random() < 0.2),
        "floor_saturates": np.full((1, neurons), rng.random() < 0.8),
    }
    network = replace(
        program.network,
        neurons=neurons,
        coordinates=np.zeros((1, 2)),
        axon_type=rng.integers(0, 3, (1, axons)),
        crossbar=packed(alike[None].astype(np.bool_)),
        weight=weight,
        stochastic_weight=np.full((1, neurons, 3), rng.random() < 0.2),
        outputs=0,
        **fields,
    )
    assert network.problems() == ()
    return replace(
        program, network=network, populations=(), projections=(), inputs=(), neuron_groups=(), axon_groups=()
    )
