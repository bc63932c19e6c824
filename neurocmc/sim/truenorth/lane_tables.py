"""Lays a core network out for the loop that steps 64 trials together.

Neurons of a core that hear the same axons by the same weights, as those of a pool do, share a *column*: what arrives
is summed once for all of them. One more column of each core counts synaptic events. Neurons that can never change,
as those with which a core is filled up, are left out; what is left stands in one row, core by core.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Int, row_starts
from neurocmc.ir.truenorth.cores import NOWHERE, CoreNetwork
from neurocmc.sim.entries import Entries, entries_of

Int32 = NDArray[np.int32]
UInt8 = NDArray[np.uint8]


class LaneCores(NamedTuple):
    """The tables of all cores; N neurons are left of them."""

    columns: Entries  # a cell is a column, a source an axon of its core
    first_column: Int  # (C + 1,) of each core; its last one counts synaptic events
    first: Int  # (C + 1,) first neuron of each core
    column: Int32  # (N,) of its core's columns
    number: Int32  # (N,) in its core: its random word
    leak: Int32  # (N,)
    leaks_by_chance: UInt8  # (N,)
    reverses: UInt8  # (N,)
    threshold: Int32  # (N,)
    noise_mask: Int32  # (N,)
    floor: Int32  # (N,)
    saturates: UInt8  # (N,)
    mode: UInt8  # (N,)
    reset_to: Int32  # (N,)
    target: Int  # (N,) core * axons + axon, or -1
    delay: Int32  # (N,)
    axons: int
    highest: int  # that a potential can be


def lane_cores_of(network: CoreNetwork) -> tuple[LaneCores, Int32]:
    """Returns the tables of a network without stochastic weights, and the row of each neuron.

    These are (cores, neurons), -1 for a neuron that is left out.
    """
    sources: list[NDArray[Any]] = [np.zeros(0, dtype=np.int64)]
    weights: list[NDArray[Any]] = [np.zeros(0, dtype=np.int64)]
    sizes: list[int] = []
    column = np.zeros((network.cores, network.neurons), dtype=np.int32)
    hears = np.zeros(column.shape, dtype=np.bool_)
    columns: list[int] = []
    for core in range(network.cores):
        weight, fan_out = _synapses(network, core)
        hears[core] = weight.any(axis=1)
        distinct, column[core] = _distinct(weight)
        for entries in (*distinct, fan_out):
            source = np.flatnonzero(entries)
            sources.append(source)
            weights.append(entries[source].astype(np.int64))
            sizes.append(source.size)
        columns.append(len(distinct) + 1)
    live = _live(network, hears)
    core, number = np.nonzero(live)
    row = np.full(live.shape, -1, dtype=np.int32)
    row[live] = np.arange(core.size)
    to_core, to_axon = network.target_core[live].astype(np.int64), network.target_axon[live].astype(np.int64)
    cores = LaneCores(
        columns=entries_of(
            np.concatenate(sources), np.concatenate(weights), np.array(sizes, dtype=np.int64), np.uint16
        ),
        first_column=row_starts(np.array(columns)),
        first=row_starts(live.sum(axis=1)),
        column=column[live],
        number=number.astype(np.int32),
        leak=network.leak[live].astype(np.int32),
        leaks_by_chance=(network.stochastic_leak & (network.leak != 0))[live].astype(np.uint8),
        reverses=network.leak_reversal[live].astype(np.uint8),
        threshold=network.threshold[live],
        noise_mask=network.noise_mask[live],
        floor=network.floor[live],
        saturates=network.floor_saturates[live].astype(np.uint8),
        mode=network.reset_mode[live],
        reset_to=network.reset_potential[live],
        target=np.where(to_core >= 0, to_core * network.axons + to_axon, NOWHERE),
        delay=network.delay[live].astype(np.int32),
        axons=network.axons,
        highest=_highest(network),
    )
    return cores, row


def _highest(network: CoreNetwork) -> int:
    return (1 << (network.potential_bits - 1)) - 1


def _synapses(network: CoreNetwork, core: int) -> tuple[NDArray[np.int16], Int]:
    """(neurons, axons) weights of a core's synapses, 0 where there is none, and (axons,) how many an axon has."""
    connected = np.unpackbits(network.crossbar[core], axis=1, bitorder="little", count=network.neurons)
    weight = network.weight[core][:, network.axon_type[core]] * connected.T
    return weight.astype(np.int16), connected.sum(axis=1, dtype=np.int64)


def _distinct(weight: NDArray[np.int16]) -> tuple[NDArray[np.int16], Int]:
    """The rows of a matrix that differ, and for each row which of them it is."""
    rows = np.ascontiguousarray(weight).view(np.dtype((np.void, weight.shape[1] * weight.itemsize))).ravel()
    _, first, which = np.unique(rows, return_index=True, return_inverse=True)
    return weight[first], which


def _live(network: CoreNetwork, hears: Bool) -> Bool:
    """(cores, neurons) which can ever change, or fire."""
    steady = ~hears & (network.leak == 0) & (network.threshold > _highest(network))
    return ~(steady & (network.potential >= -network.floor))
