"""Turns a deterministic network of cores and its input into the JSON files that UA-RCL/RANC runs and synthesises.

Time. RANC counts ticks from 1. A packet in entry k of `packets` with `destination_tick` t reaches its axon in RANC's
tick k + t + 1, our tick k + t; a neuron that spikes in a tick reaches its axon `destination_tick` + 1 ticks later, so
that a delay of d is `destination_tick` d - 1. The output bus pays no regard to `destination_tick`: RANC's output file
has a line a tick, and line n (from 0) holds the bus's spikes of our tick n - 1; those of the last tick are never
written.

Place. The output bus takes the place of a core: it stands in a column of its own, behind the last one. RANC's neurons
always send: one whose spikes go nowhere sends to one more line of the bus, behind the others.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurocmc.backends.truenorth.ranc_neurons import (
    LONGEST_DELAY,
    RancNeurons,
    ranc_neurons,
    ranc_problems,
    stays_in_width,
)
from neurocmc.common.errors import raise_infeasible
from neurocmc.common.files import json_text
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, CoreNetwork
from neurocmc.sim.truenorth import CoreInputSpikes

STRICT_RESET = 0  # `neuron_reset_type` of the RTL: below the negative threshold, not at it


@dataclass(frozen=True, slots=True)
class RancProgram:
    """The JSON that RANC is given, and what is worth knowing of it."""

    program: str  # JSON: packets, output bus, cores
    config: str  # JSON
    outputs: int  # lines of the output bus that the network has; one more takes spikes that go nowhere
    unread: int  # neurons that send to that line
    unproved: int  # neurons whose V might leave the 9 bits of RANC's RTL


def ranc_program(network: CoreNetwork, spikes: CoreInputSpikes, ticks: int) -> RancProgram:
    """Returns RANC's JSON of a network and the spikes of its trial 0 within `ticks`.

    Raises InfeasibleError naming the first neuron of every kind that RANC does not have (`ranc_problems`).
    """
    raise_infeasible(ranc_problems(network))
    neurons = ranc_neurons(network)
    unread = (network.target_core == NOWHERE) & ~neurons.silent
    bus = (int(network.coordinates[:, 0].max()) + 1, 0)
    cores = [_core(network, neurons, core, bus) for core in range(network.cores)]
    lines = network.outputs + bool(unread.any())
    packets = [_compact(entry) for entry in _packets(network, spikes, ticks)]
    text = (
        '{"packets": [\n' + ",\n".join(packets) + "\n],\n"
        f'"output_bus": {{"coordinates": {list(bus)}, "num_outputs": {lines}}},\n'
        '"cores": [\n' + ",\n".join(cores) + "\n]}\n"
    )
    return RancProgram(
        program=text,
        config=json_text(_config(network, bus)),
        outputs=network.outputs,
        unread=int(unread.sum()),
        unproved=int((~stays_in_width(network) & ~neurons.silent).sum()),
    )


def _config(network: CoreNetwork, bus: tuple[int, int]) -> dict[str, int]:
    return {
        "num_neurons": network.neurons,
        "num_axons": network.axons,
        "num_cores_x": bus[0] + 1,
        "num_cores_y": int(network.coordinates[:, 1].max()) + 1,
        "num_weights": network.types,
        "max_tick_offset": LONGEST_DELAY + 1,
        "neuron_block_trace_verbosity": 0,
        "core_controller_trace_verbosity": 0,
        "scheduler_trace_verbosity": 0,
        "neuron_reset_type": STRICT_RESET,
    }


def _packets(network: CoreNetwork, spikes: CoreInputSpikes, ticks: int) -> Iterator[list[dict[str, Any]]]:
    """For each tick what arrives in it, in order of core and axon, no axon twice."""
    mine = (spikes.trial == 0) & (spikes.tick < ticks)
    table = np.stack([spikes.tick[mine], spikes.core[mine], spikes.axon[mine]], axis=1)
    table = np.unique(table, axis=0)
    ends = np.searchsorted(table[:, 0], np.arange(ticks + 1))
    for tick in range(ticks):
        yield [
            {
                "destination_core": network.coordinates[core].tolist(),
                "destination_axon": axon,
                "destination_tick": 0,
            }
            for _, core, axon in table[ends[tick] : ends[tick + 1]].tolist()
        ]


def _core(network: CoreNetwork, neurons: RancNeurons, core: int, bus: tuple[int, int]) -> str:
    """One core; axons and neurons behind the last one that does anything are left out, as RANC lets one do."""
    connected = network.connected(core)
    axons = 1 + _last(connected.any(axis=1) | (network.axon_type[core] > 0))
    listed = 1 + _last(~neurons.silent[core])
    connections = (_compact(row) for row in connected.T[:listed, :axons].astype(np.int64).tolist())
    parts = (_compact(_neuron(network, neurons, core, neuron, bus)) for neuron in range(listed))
    return (
        f'{{"coordinates": {network.coordinates[core].tolist()},\n'
        f'"axons": {_compact(network.axon_type[core, :axons].tolist())},\n'
        '"neurons": [\n' + ",\n".join(parts) + "\n],\n"
        '"connections": [\n' + ",\n".join(connections) + "\n]}"
    )


def _last(used: Any) -> int:
    """Index of the last entry that is used; 0 where none is."""
    return int(np.flatnonzero(used)[-1]) if used.any() else 0


def _neuron(
    network: CoreNetwork, neurons: RancNeurons, core: int, neuron: int, bus: tuple[int, int]
) -> dict[str, Any]:
    place = (core, neuron)
    target, axon = int(network.target_core[place]), int(network.target_axon[place])
    here = network.coordinates[core]
    to_bus = [int(bus[0] - here[0]), int(bus[1] - here[1])]
    match target:
        case _ if neurons.silent[place]:
            offset, axon = [0, 0], 0
        case value if value == OUTPUT:
            offset = to_bus
        case value if value == NOWHERE:
            offset, axon = to_bus, network.outputs
        case _:
            offset = (network.coordinates[target] - here).tolist()
    return {
        "reset_potential": int(neurons.reset_potential[place]),
        "weights": neurons.weights[place].tolist(),
        "leak": int(neurons.leak[place]),
        "positive_threshold": int(neurons.positive_threshold[place]),
        "negative_threshold": int(neurons.negative_threshold[place]),
        "destination_core_offset": offset,
        "destination_axon": axon,
        "destination_tick": min(int(network.delay[place]), LONGEST_DELAY) - 1,
        "current_potential": int(neurons.current_potential[place]),
        "reset_mode": int(neurons.reset_mode[place]),
    }


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
