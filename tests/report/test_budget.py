"""Budgets by hand, their JSON, and loads measured on an emulated circuit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.ir.loihi.chip import RESOURCES
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.report.budget import Budget, chip_budget, ideal_budget
from neurocmc.report.loihi.spike_load import TRIALS_AT_ONCE, spike_load
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.loihi.host import axon_spikes, encode, largest_value
from neurocmc.sim.rate import simulate_rate
from tests.made import by_hand, levels
from tests.made.circuits import steps
from tests.made.networks import random_network
from tests.made.targets import loihi

RATES = st.floats(0.0, 1e6)


def test_each_core_is_held_against_its_limits() -> None:
    budget = chip_budget(by_hand.program(), loihi(), None)
    rows = {row.resource: row for row in budget.cores[1].resources}
    assert tuple(rows) == RESOURCES
    assert (rows["compartments"].used, rows["compartments"].limit) == (4, 1024)
    assert rows["compartments"].percent == pytest.approx(100 * 4 / 1024)
    assert rows["synapse_bits"].percent == pytest.approx(100 * 960 / 2**20)
    assert rows["threshold_profiles"].percent == pytest.approx(25.0)
    assert (rows["synapses"].limit, rows["synapses"].percent) == (None, None)
    assert budget.cores[0].populations == ("a",)
    assert budget.cores[1].populations == ("a", "b")


def test_in_all_is_the_sum_against_the_whole_chip() -> None:
    budget = chip_budget(by_hand.program(), loihi(), None)
    rows = {row.resource: row for row in budget.in_all}
    assert (rows["in_axons"].used, rows["in_axons"].limit) == (20, 4096 * 128)
    assert rows["synapses"].used == 30
    assert (budget.cores_used, budget.cores_lower_bound, budget.cores_per_chip) == (2, 1, 128)


def test_the_fullest_core_is_the_first_of_equals() -> None:
    budget = chip_budget(by_hand.program(), loihi(), None)
    assert [budget.fullest(name)[0].core for name in ("compartments", "in_axons")] == [0, 1]


def test_without_an_activity_there_is_no_energy() -> None:
    program, target = by_hand.program(), loihi()
    assert chip_budget(program, target, None).energy is None
    assert chip_budget(program, target, by_hand.load()).energy is not None


def test_a_program_of_another_target_is_refused() -> None:
    with pytest.raises(ValueError, match="placed for loihi1, not for loihi2"):
        chip_budget(by_hand.program(), loihi("loihi2"), None)


def test_a_real_circuit_s_budget_is_its_program_s_use() -> None:
    program = levels.chip()
    budget = chip_budget(program, loihi(), None)
    assert [row.used for row in budget.in_all] == program.use.sum(axis=0).tolist()
    assert budget.in_all[0].used == program.network.neurons
    assert max(row.percent or 0.0 for core in budget.cores for row in core.resources) <= 100.0


def test_an_ideal_target_has_counts_and_no_limits() -> None:
    budget = ideal_budget(by_hand.spiking_network(), by_hand.ideal())
    # a -> b: 2 units x 3 neurons x 2; b -> a: 2 neurons x 3 of one unit. Neuron to pool: 2 x 3 and 2.
    assert {row.resource: row.used for row in budget.in_all} == {
        "neurons": 8,
        "synapses": 18,
        "synapses_as_simulated": 8,
    }
    assert {row.limit for row in budget.in_all} == {None}
    assert (budget.cores, budget.cores_used, budget.energy) == ((), None, None)


@given(st.tuples(RATES, RATES), RATES, st.tuples(RATES, RATES), st.text())
def test_json_gives_back_the_same_budget(
    a: tuple[float, float], b: float, drive: tuple[float, float], source: str
) -> None:
    load = by_hand.load()
    load = replace(
        load,
        source=source,
        populations=(replace(load.populations[0], per_tick=a), replace(load.populations[1], per_tick=(b,))),
        inputs=(replace(load.inputs[0], per_tick=drive),),
    )
    budget = chip_budget(by_hand.program(), loihi(), load, by_hand.headroom())
    text = budget.to_json()
    assert Budget.from_json(text) == budget
    assert Budget.from_json(text).to_json() == text


def test_json_of_an_ideal_budget_and_of_unpublished_energies() -> None:
    program = replace(by_hand.program(), target="loihi2")
    for budget in (
        ideal_budget(by_hand.spiking_network(), by_hand.ideal()),
        chip_budget(program, loihi("loihi2"), by_hand.load()),
    ):
        assert Budget.from_json(budget.to_json()) == budget


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('"cores_used": 2', '"cores_used": "two"', "cores_used"),
        ('"circuit": "by hand",', "", "circuit"),
        ("{", "", "file"),
    ],
)
def test_damaged_json_names_the_field(old: str, new: str, where: str) -> None:
    text = chip_budget(by_hand.program(), loihi(), None).to_json()
    assert old in text
    with pytest.raises(InputError) as raised:
        Budget.from_json(text.replace(old, new, 1), "out/budget.json")
    assert raised.value.problems[0].where == f"out/budget.json: {where}"


def test_every_core_tells_of_the_same_resources() -> None:
    found = chip_budget(by_hand.program(), loihi(), None)
    none = replace(found, cores=(found.cores[0], replace(found.cores[1], resources=())))
    with pytest.raises(InputError, match=r"^budget\.json: cores\.1\.resources: should name the resources"):
        Budget.from_json(none.to_json())


def test_a_measured_load_is_the_recording_s_spikes() -> None:
    network, stimulus = levels.integer(), steps()
    recording = simulate_emulator(network, stimulus)
    load = spike_load(network, stimulus, recording)
    per_trial = load.ticks * load.trials
    for population in network.populations:
        counted = np.array(load.of_population(population.name).per_tick) * per_trial
        np.testing.assert_allclose(counted, recording.spike_counts[population.name].sum(axis=0), rtol=1e-12)
    assert load.source.startswith("measured on emulator: stimulus")


def test_host_spikes_are_those_that_are_sent() -> None:
    network, stimulus = levels.integer(), steps()
    load = spike_load(network, stimulus, simulate_emulator(network, stimulus))
    (entry,) = network.inputs
    sent = axon_spikes(entry, encode(network, stimulus)[entry.name]).sum(axis=(0, 1, 3))
    assert sent.sum() > 0
    np.testing.assert_allclose(np.array(load.of_input(entry.name).per_tick) * load.ticks * load.trials, sent)


def _reach(network: IntegerNetwork, entry: IntegerInput) -> float:
    """A drive that the axons of an input surely carry, and that is many of its quanta."""
    lsb = min(largest_value(entry), 10_000) << (entry.exponent + network.rule.weight_shift)
    return 0.25 * lsb / float(np.abs(entry.lsb_per_input).sum(axis=1).max())


@pytest.mark.parametrize("payload_bits", [0, 24])
def test_host_spikes_of_many_trials_are_counted_once(payload_bits: int) -> None:
    network = random_network(3, payload_bits=payload_bits)
    rng = np.random.default_rng(0)
    trials = 2 * TRIALS_AT_ONCE + 1
    stimulus = Stimulus(
        name="noise",
        duration_s=0.005,
        edges_s=np.array([0.0, 0.002]),
        values={
            entry.name: rng.uniform(-1.0, 1.0, (trials, 2, entry.lsb_per_input.shape[1])) * _reach(network, entry)
            for entry in network.inputs
        },
        labels=np.full(trials, -1),
    )
    load = spike_load(network, stimulus, simulate_emulator(network, stimulus))
    for entry in network.inputs:
        values = encode(network, stimulus)[entry.name]
        # A payload travels as one spike, however large; a value without payload as the axons that make it up.
        sent = (values != 0).sum(axis=(0, 1)) if payload_bits else axon_spikes(entry, values).sum(axis=(0, 1, 3))
        assert sent.sum() > 0
        np.testing.assert_allclose(np.array(load.of_input(entry.name).per_tick) * 5 * trials, sent)


def test_a_load_estimated_from_rates_is_near_the_measured_one() -> None:
    network, stimulus = levels.integer(), steps()
    measured = spike_load(network, stimulus, simulate_emulator(network, stimulus))
    estimated = spike_load(network, stimulus, simulate_rate(levels.rate(), stimulus))
    assert estimated.source.startswith("estimated from the activity of the rate circuit")
    for name in ("excite", "inhibit"):
        assert estimated.of_population(name).total == pytest.approx(measured.of_population(name).total, rel=0.1)


def test_a_recording_of_another_stimulus_is_refused() -> None:
    network, stimulus = levels.integer(), steps()
    recording = simulate_emulator(network, stimulus)
    with pytest.raises(ValueError, match="shape"):
        spike_load(network, stimulus.lasting(stimulus.duration_s / 2), recording)
