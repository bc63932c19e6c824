"""Puts the segments or copies of units together again in what was recorded of them."""

from dataclasses import replace

import numpy as np

from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation


def of_whole_units(recording: Recording, network: SpikingNetwork) -> Recording:
    """Returns a recording of a network's pools in terms of the units that they are segments or copies of.

    The neurons of a unit are numbered from its lowest threshold up. Populations of whole units are left as they are;
    clocks, which stand for no unit, are left out.
    """
    cut = {population.name: population for population in network.populations if population.parts}
    clocks = {population.name for population in network.populations if population.clock}
    if not cut and not clocks:
        return recording
    parts = {name: population.parts[0] for name, population in cut.items()}
    return replace(
        recording,
        activity={
            name: parts[name].whole(values).astype(np.float32) if name in cut else values
            for name, values in recording.activity.items()
            if name not in clocks
        },
        spike_counts={
            name: parts[name].summed(counts) if name in cut else counts
            for name, counts in recording.spike_counts.items()
            if name not in clocks
        },
        spikes={
            name: _renumbered(train, cut[name]) if name in cut else train
            for name, train in recording.spikes.items()
            if name not in clocks
        },
    )


def _renumbered(train: SpikeTrain, population: SpikingPopulation) -> SpikeTrain:
    parts = population.parts[0]
    part, neuron = train.unit.astype(np.int64), train.neuron.astype(np.int64)
    unit, neuron = parts.unit[part], parts.neuron_of_unit(part, neuron, population.neurons)
    order = np.lexsort((neuron, unit, train.trial, train.tick))
    columns = (train.tick, train.trial, unit, neuron)
    tick, trial, unit, neuron = (column[order].astype(np.int32) for column in columns)
    return SpikeTrain(tick=tick, trial=trial, unit=unit, neuron=neuron)
