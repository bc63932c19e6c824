"""Gives a network of neurons to the emulator of hand-made compartments, which shares no loop with our own.

It is the independent twin: each holds the same numbers, and `verify` demands the same spikes of both.
"""

import numpy as np
from scipy import sparse

from neurocmc.common.arrays import Int, in_row
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, SynapseGroup
from neurocmc.sim.loihi.compartments.records import InputEvents
from neurocmc.sim.loihi.compartments.run import run_compartments
from neurocmc.sim.loihi.neurons.groups import SynapseGroup as Group
from neurocmc.sim.loihi.neurons.groups import synapse_groups
from neurocmc.sim.loihi.registers import shift


def compartments_of(network: IntegerNeurons) -> CompartmentNetwork:
    """Returns the same network as single compartments and groups of synapses, without its inputs."""
    pools = network.populations
    return CompartmentNetwork(
        decay_u=network.each_unit([p.decay_u for p in pools]),
        decay_v=network.each_unit([p.decay_v for p in pools]),
        threshold_mantissa=network.each_unit([p.threshold_mantissa for p in pools]),
        bias_mantissa=in_row(p.bias_mantissa for p in pools),
        bias_exponent=network.each_unit([p.bias_exponent for p in pools]),
        u_initial=in_row(p.u_initial for p in pools),
        v_initial=in_row(p.v_initial for p in pools),
        refractory_ticks=network.each_unit([p.refractory_ticks for p in pools]),
        synapses=tuple(_group(group) for group in synapse_groups(network) if not group.input),
        rule=network.rule,
    )


def _group(group: Group) -> SynapseGroup:
    matrix = group.matrix.tocoo()
    return SynapseGroup(
        source=matrix.col.astype(np.int64),
        target=matrix.row.astype(np.int64),
        mantissa=matrix.data.astype(np.int64),
        delay_ticks=np.full(matrix.nnz, group.delay_ticks),
        exponent=group.exponent,
        sign=group.sign,
    )


def arriving(network: IntegerNeurons, stimulus: EventStimulus, ticks: int) -> InputEvents:
    """Returns what arrives from the host, in mantissas: each group's sum in a tick, shifted by its exponent."""
    columns: list[Int] = [np.zeros((4, 0), dtype=np.int64)]
    for group in synapse_groups(network):
        if not group.input:
            continue
        spikes = stimulus.spikes[group.input]
        moment = spikes.trial.astype(np.int64) * stimulus.ticks + spikes.tick
        entries = (np.ones(moment.size, dtype=np.int64), (moment, spikes.unit))
        sent = sparse.csr_matrix(entries, shape=(stimulus.batch * stimulus.ticks, group.sources))
        sums = sparse.coo_matrix(sent @ group.matrix.T)
        trial, tick = np.divmod(sums.row.astype(np.int64), stimulus.ticks)
        value = shift(sums.data.astype(np.int64), group.exponent)
        columns.append(np.stack([trial, tick + group.delay_ticks, sums.col.astype(np.int64), value]))
    trial, tick, compartment, value = np.concatenate(columns, axis=1)
    own = tick < ticks
    return InputEvents(trial=trial[own], tick=tick[own], compartment=compartment[own], value=value[own])


def run_twin(network: IntegerNeurons, stimulus: EventStimulus) -> SpikeList:
    """Returns the spikes of the twin in the chip's own time, by neuron of the row."""
    ticks = stimulus.ticks + network.deepest_ticks
    events = arriving(network, stimulus, ticks)
    found = run_compartments(compartments_of(network), events, ticks=ticks, batch=stimulus.batch).spikes
    return SpikeList.in_order(found.trial, found.tick, found.compartment)
