"""Runs single neurons on neurosynaptic cores: spikes of inputs go to axons, those of neurons to populations."""

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.truenorth.neurons import CoreNeurons
from neurocmc.sim.truenorth.records import CoreRecord
from neurocmc.sim.truenorth.run import CoreInputSpikes, run_cores


def ticks_of(level: CoreNeurons, stimulus: EventStimulus) -> int:
    """Returns how many ticks the chip runs in a trial."""
    return stimulus.ticks + level.deepest_ticks


def host_spikes(level: CoreNeurons, stimulus: EventStimulus) -> CoreInputSpikes:
    """Returns what the host sends: each spike of a channel to all of its axons, as late as each of them asks."""
    parts: list[Int] = [np.zeros((4, 0), dtype=np.int64)]
    for entry in level.inputs:
        spikes = stimulus.spikes[entry.name]
        order = np.argsort(entry.channel, kind="stable")
        ends = np.searchsorted(entry.channel[order], np.arange(entry.channels + 1))
        counts = np.diff(ends)[spikes.unit]
        spike = np.repeat(np.arange(spikes.unit.size), counts)
        within = np.arange(spike.size) - np.repeat(np.cumsum(counts) - counts, counts)
        axon = order[ends[spikes.unit[spike]] + within]
        tick = spikes.tick[spike] + entry.delay_ticks[axon]
        parts.append(np.stack([spikes.trial[spike], tick, entry.core[axon], entry.axon[axon]]).astype(np.int64))
    trial, tick, core, axon = np.concatenate(parts, axis=1)
    early = tick < ticks_of(level, stimulus)
    return CoreInputSpikes(trial=trial[early], tick=tick[early], core=core[early], axon=axon[early])


def simulate_core_neurons(level: CoreNeurons, stimulus: EventStimulus) -> NeuronRecording:
    """Runs all trials of a stimulus on the emulator of cores.

    Args:
        level: The program and its populations.
        stimulus: Spikes of each input.

    Returns:
        Every spike of every population, in the time of the network that it came from.
    """
    network = level.program.network
    places = [np.stack([each.core, each.neuron], axis=1) for each in level.populations]
    record = CoreRecord(outputs=False, spikes=np.concatenate(places))
    host, ticks = host_spikes(level, stimulus), ticks_of(level, stimulus)
    run = run_cores(network, host, ticks, batch=stimulus.batch, record=record, threads=None)
    trial, tick, place = np.nonzero(run.spikes)
    found: dict[str, SpikeList] = {}
    first = 0
    for each in level.populations:
        own = np.flatnonzero((place >= first) & (place < first + each.size))
        alone = SpikeList.in_order(trial[own], tick[own], place[own] - first)
        found[each.name] = alone.later(-each.depth_ticks, stimulus.ticks)
        first += each.size
    return NeuronRecording(
        level="emulator",
        stimulus=stimulus.name,
        batch=stimulus.batch,
        ticks=stimulus.ticks,
        sizes={each.name: each.size for each in level.populations},
        spikes=found,
        host={},
    )
