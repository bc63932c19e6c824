"""Steps the host's integrators by spikes, of our interpreter or of any other."""

from dataclasses import replace

import numpy as np

from neurocmc.ir.neurons.network import HostReadout, NeuronNetwork
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.sim.neurons.filters import Filters, Real
from neurocmc.sim.neurons.synapses import weighted

CELLS = 1 << 24  # spikes of trials that are held at once


class HostUnits:
    """The integrators of a readout for some trials: neurons that do not spike."""

    def __init__(self, network: NeuronNetwork, readout: HostReadout, batch: int) -> None:
        dtype = np.dtype(network.semantics.precision)
        self._weight = readout.weight.astype(dtype)
        self._bias = readout.bias.astype(dtype)
        self._filters = Filters(readout, network.semantics, batch)

    def step(self, spikes: Real) -> Real:
        """Goes on by a tick in which (batch, neurons) spikes arrive; returns the (batch, units) values."""
        self._filters.step([weighted(spikes, self._weight) + self._bias])
        return self._filters.v


def with_host(network: NeuronNetwork, recording: NeuronRecording) -> NeuronRecording:
    """Returns a recording with what the host's readouts of a network make of its spikes."""
    host = {readout.name: _values(network, readout, recording) for readout in network.host_readouts}
    return replace(recording, host=host) if host else recording


def _values(network: NeuronNetwork, readout: HostReadout, recording: NeuronRecording) -> Real:
    """(trials, ticks, units) values, some trials at a time."""
    size = network.size_of(readout.population)
    values = np.zeros((recording.batch, recording.ticks, readout.units))
    block = max(1, CELLS // max(1, size * recording.ticks))
    for first in range(0, recording.batch, block):
        chosen = np.arange(first, min(first + block, recording.batch))
        spikes = recording.spikes[readout.population].take(chosen).dense(chosen.size, recording.ticks, size)
        units = HostUnits(network, readout, chosen.size)
        for tick in range(recording.ticks):
            values[chosen, tick] = units.step(spikes[:, tick].astype(network.semantics.precision))
    return values
