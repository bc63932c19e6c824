"""Synaptic operations against a count over every synapse of small circuits, and the quantised network by hand."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.matrices import entries
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.ideal_neurons import IdealNeurons
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.bits import (
    BitBudget,
    activation_bits,
    pool_bits,
    quantised_twin,
    ratio,
    remarks,
    rows,
    settled_ticks,
)
from neurocmc.report.budget import Budget
from neurocmc.report.loihi.budget import chip_budget
from neurocmc.report.loihi.neuron_budget import neuron_budget
from neurocmc.sim.loihi.host import axon_spikes, encode
from neurocmc.sim.loihi.neurons.emulator import recording_of, run_neurons
from neurocmc.sim.loihi.perturbed.expand import expand
from neurocmc.sim.truenorth import CoreRecord, run_cores
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.targets import load_target
from tests.made import by_hand
from tests.made.built import loihi as loihi_built
from tests.made.built import truenorth as truenorth_built
from tests.made.integer_neurons import random_events, random_integers
from tests.made.looping_neurons import stimulus as events
from tests.made.looping_neurons import two_layers
from tests.made.targets import loihi
from tests.sim.test_neuron_emulator import placed

NEURONS = 8
EXAMPLE = Path(__file__).parents[2] / "examples" / "circuit.yaml"


@cache
def lowered(target: str) -> Lowered:
    model = load(EXAMPLE)
    stimuli = model.read_stimuli()
    return lower(model.circuit, stimuli.calibration, load_target(target), CompileOptions(neurons=NEURONS))


def trials() -> Stimulus:
    stimulus = load(EXAMPLE).read_stimuli().test[0]
    return stimulus.take(np.array([0, 0]))  # it has one trial


# --- against the synapses, one by one -----------------------------------------------------------------------------


def test_on_loihi_every_spike_is_counted_at_every_synapse_that_it_reaches() -> None:
    built = loihi_built(lowered("loihi1"))
    stimulus = trials()
    seen = built.run(stimulus, record_spikes=True)
    network, place = built.integer, built.integer.neuron_slices()
    fires = np.zeros(network.neurons, dtype=np.int64)
    for population in network.populations:
        train = seen.spikes[population.name]
        neuron = place[population.name].start + train.unit * population.neurons + train.neuron
        np.add.at(fires, neuron, 1)
    parts = expand(network)
    total = 0
    for bundle in parts.bundles:
        for source, mantissa in zip(bundle.source.tolist(), bundle.mantissa.tolist(), strict=True):
            total += int(fires[source]) if mantissa else 0
    values = encode(network, stimulus)
    for entry in network.inputs:
        sent = axon_spikes(entry, values[entry.name])
        total += int(sent.sum()) * network.population(entry.target).neurons
    bits = built.budget(stimulus, seen).bits
    assert bits is not None
    assert total > 0
    assert bits.ours.operations == total
    assert bits.ours.per_presentation == total / stimulus.batch
    assert bits.ours.bits_per_presentation == 8 * total / stimulus.batch
    assert bits.ours.neuron_updates_per_tick == network.neurons
    energy = built.budget(stimulus, seen).energy
    assert energy is not None
    assert energy.terms[0].count_per_tick == pytest.approx(bits.ours.per_tick)


def test_on_cores_every_set_bit_of_every_axon_with_a_spike_is_counted() -> None:
    built = truenorth_built(lowered("truenorth"))
    stimulus = trials()
    network, ticks = built.cores.network, built.cores.ticks(stimulus)
    host = encode_cores(built.cores, stimulus)
    run = run_cores(network, host, ticks, batch=2, record=CoreRecord(outputs=False, spikes="all"))
    fired = run.spikes.reshape(2, ticks, network.cores, network.neurons)
    arrives = set(zip(host.trial.tolist(), host.tick.tolist(), host.core.tolist(), host.axon.tolist(), strict=True))
    for trial, tick, core, neuron in np.argwhere(fired).tolist():
        target, late = int(network.target_core[core, neuron]), tick + int(network.delay[core, neuron])
        if target >= 0 and late < ticks:
            arrives.add((trial, late, target, int(network.target_axon[core, neuron])))
    fan_out = np.array([network.connected(core).sum(axis=1) for core in range(network.cores)])
    total = sum(int(fan_out[core, axon]) for _, _, core, axon in arrives)
    bits = built.budget(stimulus, built.run(stimulus)).bits
    assert bits is not None
    assert bits.ours.operations == total > 0
    assert bits.ours.weight_bits == 9


def test_in_real_numbers_a_spike_is_counted_at_every_neuron_that_it_reaches() -> None:
    levels = lowered("brian2")
    stimulus = trials()
    seen = levels.built.run(stimulus, record_spikes=True)
    network = levels.spiking
    total = sum(_reached(network, seen, name) for name in seen.spikes)
    bits = levels.built.budget(stimulus, seen).bits
    assert bits is not None
    assert bits.ours.operations == total > 0
    assert bits.ours.bits_per_presentation is None


def _reached(network: SpikingNetwork, seen: Recording, name: str) -> int:
    """Neurons that the spikes of a population reach, spike by spike."""
    total = 0
    for unit in seen.spikes[name].unit.tolist():
        for projection in network.projections:
            if projection.source == name:
                _, column, _ = entries(projection.weight)
                total += int((column == unit).sum()) * network.population(projection.target).neurons
    return total


def test_of_single_neurons_every_synapse_counts_on_either_target() -> None:
    network, stimulus = two_layers(), events()
    built = IdealNeurons(target=by_hand.ideal(), given=network, fitted=network)
    seen = built.run(stimulus)
    total = 0
    for projection in network.projections:
        own = seen.spikes if projection.source in seen.spikes else stimulus.spikes
        for unit, count in zip(
            own[projection.source].unit.tolist(), own[projection.source].count.tolist(), strict=True
        ):
            total += count * int((projection.source_index == unit).sum())
    bits = built.budget(stimulus, seen).bits
    assert bits is not None
    assert bits.ours.operations == total > 0


# --- the quantised network ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("neurons", "bits"), [(1, 1), (3, 2), (16, 4), (64, 6), (255, 8)])
def test_a_pool_is_an_activation_of_as_many_bits_as_its_count_has(neurons: int, bits: int) -> None:
    assert activation_bits(neurons) == bits


def test_the_quantised_network_of_a_circuit_is_counted_by_hand() -> None:
    levels = lowered("loihi1")
    circuit = load(EXAMPLE).circuit
    bits = dict.fromkeys((p.name for p in circuit.populations), 3)
    assert pool_bits(circuit, levels.spiking) == bits  # 0 to 8 spikes are 3.17 bits
    twin = quantised_twin(circuit, bits, ticks=100, settled=40)
    weights = sum(int(np.count_nonzero(np.asarray(p.weight))) for p in circuit.projections)
    driven = sum(int(np.asarray(e.weight).any(axis=1).sum()) for e in circuit.inputs)
    assert twin.multiplications_per_step == weights
    assert twin.bits_per_step == 8 * 3 * weights + 8 * driven
    assert (twin.bits_per_presentation, twin.bits_to_settle) == (100 * twin.bits_per_step, 40 * twin.bits_per_step)
    assert twin.unit_updates_per_step == sum(p.size for p in circuit.populations)
    assert twin.weight_memory_bits == 8 * weights


def test_answers_stand_after_the_last_tick_in_which_another_was_largest() -> None:
    circuit = load(EXAMPLE).circuit
    readout = circuit.readouts[0]
    activity = np.zeros((2, 6, 4), dtype=np.float32)
    activity[:, :, 1] = 0.5
    activity[1, 3, 2] = 1.0  # the second trial is of another mind in its fourth tick
    seen = Recording(
        level="rate",
        stimulus="s",
        tick_s=1e-3,
        activity={readout.population: activity},
        spikes={},
        spike_counts={},
    )
    assert settled_ticks(seen, circuit.readouts) == 5
    assert settled_ticks(seen, ()) == 6
    activity[1, 3, 2] = 0.0
    assert settled_ticks(replace(seen, activity={readout.population: activity}), circuit.readouts) == 1


def test_tables_say_what_was_counted() -> None:
    budget = chip_budget(by_hand.program(), loihi(), by_hand.load())
    assert budget.bits is not None
    # 3 trials of 200 ticks: 10.75 operations a tick, as energy is charged for.
    assert budget.bits.ours.operations == round(10.75 * 600)
    circuit = load(EXAMPLE).circuit
    twin = quantised_twin(circuit, dict.fromkeys((p.name for p in circuit.populations), 6), 200, 50)
    both = BitBudget(ours=budget.bits.ours, quantised=twin)
    table = {what: (ours, theirs) for what, ours, theirs in rows(both)}
    assert table["bits per activation"] == ("1 (a spike)", "6")
    assert table["bit operations per presentation"] == ("17,200", f"{twin.bits_per_presentation:,}")
    assert "bit operations until decisions are final, 50 of 200 steps" in table
    share = ratio(both)
    assert share == 17_200 / twin.bits_per_presentation
    assert any("of the bit operations of the quantised network" in line for line in remarks(both))
    assert ratio(budget.bits) is None
    assert {theirs for what, _, theirs in rows(budget.bits) if what != "bits per activation"} == {"–"}


# --- files --------------------------------------------------------------------------------------------------------


def test_a_budget_comes_back_with_its_operations_and_old_ones_without() -> None:
    budget = chip_budget(by_hand.program(), loihi(), by_hand.load())
    again = Budget.from_json(budget.to_json())
    assert again == budget
    assert again.bits is not None
    without = replace(budget, bits=None)
    assert '"bits"' not in without.to_json()
    assert Budget.from_json(without.to_json()) == without


def test_neurons_of_loihi_are_counted_synapse_by_synapse() -> None:
    network = random_integers(3)
    stimulus = random_events(network, 3)
    program = placed(network)
    seen = recording_of(network, run_neurons(network, stimulus).spikes, stimulus)
    bits = neuron_budget(program, loihi(), stimulus, seen).bits
    row = np.zeros(network.neurons, dtype=np.int64)
    for pool in network.populations:
        row[network.neuron_slices()[pool.name]] = seen.counts(pool.population).sum(axis=0)[pool.members]
    total = 0
    for synapses in network.synapses:
        own = row
        if synapses.input:
            entry = next(e for e in network.inputs if e.name == synapses.input)
            own = stimulus.spikes[synapses.input].counts(stimulus.batch, entry.channels).sum(axis=0)
        total += sum(int(own[source]) for source in synapses.source.tolist())
    assert bits is not None
    assert bits.ours.operations == total > 0
