"""Holds a placed network of single neurons against its limits, with the energy of spikes that were seen."""

from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.passes.loihi.placing.ragged import joined
from neurocmc.report.bits import BitBudget, SynapticWork, spike_totals
from neurocmc.report.budget import Budget
from neurocmc.report.load import SpikeLoad, UnitSpikes
from neurocmc.report.loihi.budget import COUNTED, memory_of, placed_budget
from neurocmc.report.loihi.energy import Operations, assumptions_of, energy_of
from neurocmc.report.loihi.messages import Connections, Messages, messages, ways
from neurocmc.targets import LoihiTarget


def neuron_budget(
    program: ChipProgram[IntegerNeurons], target: LoihiTarget, stimulus: EventStimulus, seen: NeuronRecording
) -> Budget:
    """Returns the budget of a placed network, with the load and energy of a stimulus that `seen` recorded.

    Raises ValueError where program and target, or recording and network, do not belong together.
    """
    network = program.network
    load = _load(network, stimulus, seen)
    rates, channels = _rates(network, load)
    sent = _messages(program, rates)
    operations = Operations(
        synaptic=_synaptic(network, rates, channels),
        updates=_updates(network, rates, channels),
        messages=sent.total,
        ways=ways(program, sent, target.limits),
        chips=program.chips,
    )
    energy = energy_of(operations, target, load, network.tick_s, assumptions_of(program, network.tick_s, target))
    owners = {pool.name: pool.population for pool in network.populations}
    budget = placed_budget(program, network.name, target, load, energy, owner=lambda name: owners[name], sent=sent)
    ours = SynapticWork.of(
        _synaptic_operations(network, load),
        load,
        neurons=network.neurons,
        counted=COUNTED,
        **memory_of(program, target),
    )
    return replace(budget, bits=BitBudget(ours=ours))


def _load(network: IntegerNeurons, stimulus: EventStimulus, seen: NeuronRecording) -> SpikeLoad:
    if seen.sizes != network.sizes():
        raise ValueError(f"the recording has populations {dict(seen.sizes)}, the network {network.sizes()}")
    per = 1.0 / (seen.ticks * seen.batch)
    counts = {name: seen.counts(name).sum(axis=0) * per for name in seen.sizes}
    trials = f"{stimulus.batch:,} trials" if stimulus.batch > 1 else "1 trial"
    return SpikeLoad(
        source=f"measured on {seen.level}: stimulus {stimulus.name}, {trials} of {stimulus.ticks:,} ticks",
        ticks=stimulus.ticks,
        trials=stimulus.batch,
        populations=tuple(
            UnitSpikes(name=pool.name, per_tick=tuple(counts[pool.population][pool.members].tolist()))
            for pool in network.populations
        ),
        inputs=tuple(
            UnitSpikes(
                name=entry.name,
                per_tick=tuple(
                    (stimulus.spikes[entry.name].counts(stimulus.batch, entry.channels).sum(axis=0) * per).tolist()
                ),
            )
            for entry in network.inputs
        ),
    )


def _rates(network: IntegerNeurons, load: SpikeLoad) -> tuple[Float, dict[str, Float]]:
    """Spikes per tick of each neuron of the row, and of each channel of each input."""
    row = np.concatenate([np.array(load.of_population(pool.name).per_tick) for pool in network.populations])
    return row, {entry.name: np.array(load.of_input(entry.name).per_tick) for entry in network.inputs}


def _synaptic(network: IntegerNeurons, rates: Float, channels: dict[str, Float]) -> float:
    """Spikes times the synapses that each reaches, in a mean tick; those of the host included."""
    return float(sum((channels[part.input] if part.input else rates)[part.source].sum() for part in network.synapses))


def _synaptic_operations(network: IntegerNeurons, load: SpikeLoad) -> int:
    """The same over all trials, as a whole number."""
    row = np.concatenate([spike_totals(load.of_population(pool.name), load) for pool in network.populations])
    channels = {entry.name: spike_totals(load.of_input(entry.name), load) for entry in network.inputs}
    return sum(int((channels[part.input] if part.input else row)[part.source].sum()) for part in network.synapses)


def _updates(network: IntegerNeurons, rates: Float, channels: dict[str, Float]) -> tuple[int, int]:
    """Active and inactive compartments: active are those with a bias, and those that anything reaches."""
    active = np.concatenate([pool.bias_mantissa != 0 for pool in network.populations])
    for part in network.synapses:
        sends = (channels[part.input] if part.input else rates)[part.source] > 0
        active[part.target[sends]] = True
    return int(active.sum()), int((~active).sum())


def _messages(program: ChipProgram[IntegerNeurons], rates: Float) -> Messages:
    """One message for every spike and core that the neuron reaches."""
    own = [part for part in program.network.synapses if not part.input]
    source, target = joined([part.source for part in own]), joined([part.target for part in own])
    return messages(program, [Connections(source=source, target=target)], rates)
