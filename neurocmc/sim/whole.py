"""Puts the segments of units together again in what was recorded of them."""

from dataclasses import replace

import numpy as np

from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.segments import Segments
from neurocmc.ir.spiking import SpikingNetwork


def of_whole_units(recording: Recording, network: SpikingNetwork) -> Recording:
    """Returns a recording of a network's pools in terms of the units that they are segments of.

    The neurons of a unit are numbered from its lowest segment up. Populations of whole units are left as they are.
    """
    cut = {population.name: population for population in network.populations if population.segments}
    if not cut:
        return recording
    segments = {name: population.segments[0] for name, population in cut.items()}
    return replace(
        recording,
        activity={
            name: segments[name].whole(values).astype(np.float32) if name in cut else values
            for name, values in recording.activity.items()
        },
        spike_counts={
            name: segments[name].summed(counts) if name in cut else counts
            for name, counts in recording.spike_counts.items()
        },
        spikes={
            name: _renumbered(train, segments[name], cut[name].neurons) if name in cut else train
            for name, train in recording.spikes.items()
        },
    )


def _renumbered(train: SpikeTrain, segments: Segments, neurons: int) -> SpikeTrain:
    unit, neuron = segments.unit[train.unit], train.neuron + neurons * segments.index_in_unit()[train.unit]
    order = np.lexsort((neuron, unit, train.trial, train.tick))
    columns = (train.tick, train.trial, unit, neuron)
    tick, trial, unit, neuron = (column[order].astype(np.int32) for column in columns)
    return SpikeTrain(tick=tick, trial=trial, unit=unit, neuron=neuron)
