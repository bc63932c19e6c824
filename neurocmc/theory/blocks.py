"""Cuts a network into its connected blocks, and finds those that are the same.

Units are of one block if a chain of weights joins them, whichever way these lead. No block feels another: a state of
the circuit is a state of each of its blocks, so that each is certified by itself. Of blocks with the same numbers to
the last bit, which a circuit of many equal modules consists of, one is certified for all (`Kind`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Float, Int, row_starts
from neurocmc.common.matrices import entries, full, is_sparse, sparse
from neurocmc.theory.linear_threshold import LinearThreshold

SEARCHED_UNITS = 1024  # of a block that is searched


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blocks:
    """The connected blocks of a network, in the order of their first units."""

    part: Int  # (units,) the block of each unit
    order: Int  # (units,) all units, block by block, rising in each
    start: Int  # (blocks + 1,) where each block begins in that order
    feedback: Bool  # (blocks,) whether activity can come back to a unit

    @property
    def count(self) -> int:
        return len(self.start) - 1

    @property
    def sizes(self) -> Int:
        """(blocks,) units of each."""
        return np.diff(self.start)

    def units(self, block: int) -> Int:
        """Returns the indices of the units of a block."""
        return self.order[self.start[block] : self.start[block + 1]]

    @property
    def searched(self) -> Bool:
        """(blocks,) whether each is small enough to be searched."""
        return self.sizes <= SEARCHED_UNITS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """Blocks that are the same, as trained and as rounded, and are driven alike."""

    network: LinearThreshold  # of the first of them
    held: LinearThreshold | None  # what rounding made of it
    levels: Float  # (channels,) the value at which each channel is driven; 0: it is not
    blocks: tuple[int, ...]
    channels: tuple[tuple[str, ...], ...]  # of each of the blocks

    @property
    def shape(self) -> tuple[Any, ...]:
        """What networks have in common that can stand side by side."""
        return len(self.levels), _shape(self.network), None if self.held is None else _shape(self.held)


def _shape(network: LinearThreshold) -> tuple[Any, ...]:
    limited = np.isfinite(network.ceiling)
    return network.size, network.source.tobytes(), network.tau_s.tobytes(), limited.tobytes()


def fingerprint(network: LinearThreshold) -> bytes:
    """Returns a digest of the numbers of a small network, whatever its units and channels are called."""
    digest = blake2b(digest_size=16)
    arrays = (network.gain, network.threshold, network.ceiling, network.half_neuron, network.full_weight)
    for array in (*arrays, network.source, network.tau_s, full(network.channel_drive)):
        digest.update(len(array).to_bytes(8, "little"))
        digest.update(array.tobytes())
    return digest.digest()


def blocks_of(network: LinearThreshold, held: LinearThreshold | None = None) -> Blocks:
    """Returns the blocks of a network; what `held`, its rounded counterpart, joins is also one."""
    from scipy.sparse.csgraph import connected_components

    graph = _graph(network)
    if held is not None:
        graph = graph + _graph(held)
    count, part = connected_components(graph, directed=False)
    _, first = np.unique(part, return_index=True)
    rank = np.empty(count, dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(count)
    part = rank[part]
    loops, strong = connected_components(graph, directed=True, connection="strong")
    hears_itself = np.bincount(strong, minlength=loops)[strong] > 1
    hears_itself |= graph.diagonal() != 0
    feedback = np.zeros(count, dtype=np.bool_)
    feedback[part[hears_itself]] = True
    start = row_starts(np.bincount(part, minlength=count))
    return Blocks(part=part, order=np.argsort(part, kind="stable"), start=start, feedback=feedback)


def _graph(network: LinearThreshold) -> Any:
    """The units that each unit hears, as a sparse matrix of ones."""
    weight, shape = network.weight, (network.size, network.size)
    if is_sparse(weight):
        ones = np.ones(weight.nnz, dtype=np.int8)
        return cast("Any", sparse((ones, network.source[weight.indices].astype(np.int32), weight.indptr), shape))
    row, column = np.nonzero(weight)
    return cast("Any", sparse((np.ones(len(row), dtype=np.int8), (row, network.source[column])), shape))


def kinds_of(
    network: LinearThreshold, held: LinearThreshold | None, levels: Mapping[str, float], blocks: Blocks
) -> tuple[Kind, ...]:
    """Returns the kinds of blocks that are searched, in the order of their first blocks.

    `levels` are the values at which each input is driven.
    """
    driven = np.array([levels.get(name.rpartition("[")[0], 0.0) for name in network.channels], dtype=np.float64)
    place = np.empty(network.size, dtype=np.int64)
    place[blocks.order] = np.arange(network.size) - blocks.start[:-1][blocks.part[blocks.order]]
    cut = _Cut(network, blocks, place)
    cut_held = None if held is None else _Cut(held, blocks, place)
    found: dict[bytes, list[int]] = {}
    for block in np.flatnonzero(blocks.searched).tolist():
        digest = blake2b(digest_size=16)
        cut.add_to(digest, block)
        digest.update(driven[cut.channels_of(block)].tobytes())
        if cut_held is not None:
            cut_held.add_to(digest, block)
        found.setdefault(digest.digest(), []).append(block)
    return tuple(
        Kind(
            network=cut.network_of(same[0]),
            held=None if cut_held is None else cut_held.network_of(same[0]),
            levels=driven[cut.channels_of(same[0])],
            blocks=tuple(same),
            channels=tuple(tuple(network.channels[i] for i in cut.channels_of(block)) for block in same),
        )
        for same in found.values()
    )


class _Cut:
    """The numbers of a network block after block, so that those of a block are slices."""

    def __init__(self, network: LinearThreshold, blocks: Blocks, place: Int) -> None:
        self.network, self.blocks = network, blocks
        part, source = blocks.part, network.source
        arrays = (network.gain, network.threshold, network.ceiling, network.half_neuron)
        self.numbers = np.column_stack(arrays)[blocks.order]
        order = np.argsort(part[source], kind="stable")
        self.filter_start = row_starts(np.bincount(part[source], minlength=blocks.count))
        filter_place = np.empty(source.size, dtype=np.int64)
        filter_place[order] = np.arange(source.size) - self.filter_start[:-1][part[source[order]]]
        self.filters = np.column_stack([place[source[order]].astype(np.float64), network.tau_s[order]])
        rows = np.flatnonzero(blocks.searched[part])
        row, column, value = entries(network.weight if len(rows) == network.size else network.weight[rows])
        self.weights, self.weight_start = _by_block(
            part[rows[row]], place[rows[row]], filter_place[column], value, blocks.count
        )
        channel, unit, value = entries(network.channel_drive)
        self.channels, self.channel_start, local = _channels(part[unit], channel, blocks.count)
        self.drives, self.drive_start = _by_block(part[unit], local, place[unit], value, blocks.count)

    def channels_of(self, block: int) -> Int:
        """Returns the channels that drive a unit of the block."""
        return self.channels[self.channel_start[block] : self.channel_start[block + 1]]

    def _slices(self, block: int) -> tuple[Float, Float, Float, Float]:
        parts = (
            (self.numbers, self.blocks.start),
            (self.filters, self.filter_start),
            (self.weights, self.weight_start),
            (self.drives, self.drive_start),
        )
        numbers, filters, weights, drives = (held[start[block] : start[block + 1]] for held, start in parts)
        return numbers, filters, weights, drives

    def add_to(self, digest: Any, block: int) -> None:
        """Adds all numbers of a block to a digest, each kind behind its length."""
        for held in self._slices(block):
            digest.update(len(held).to_bytes(8, "little"))
            digest.update(held.tobytes())

    def network_of(self, block: int) -> LinearThreshold:
        """Returns a block as a network of its own, its weights full."""
        numbers, filters, weights, drives = self._slices(block)
        units, channels = self.blocks.units(block).tolist(), self.channels_of(block)
        weight = np.zeros((len(units), len(filters)))
        weight[weights[:, 0].astype(np.int64), weights[:, 1].astype(np.int64)] = weights[:, 2]
        drive = np.zeros((len(channels), len(units)))
        drive[drives[:, 0].astype(np.int64), drives[:, 1].astype(np.int64)] = drives[:, 2]
        gain, threshold, ceiling, half_neuron = numbers.T
        return LinearThreshold(
            name=self.network.name,
            dt_s=self.network.dt_s,
            units=tuple(self.network.units[unit] for unit in units),
            populations=tuple(self.network.populations[unit] for unit in units),
            gain=gain,
            threshold=threshold,
            ceiling=ceiling,
            weight=weight,
            source=filters[:, 0].astype(np.int64),
            tau_s=filters[:, 1],
            channels=tuple(self.network.channels[channel] for channel in channels),
            channel_drive=drive,
            half_neuron=half_neuron,
        )


def _by_block(part: Int, row: Int, column: Int, value: NDArray[Any], count: int) -> tuple[Float, Int]:
    """(entries, 3) row, column and value of each entry, block by block, and where each block begins."""
    order = np.argsort(part, kind="stable")
    table = np.column_stack([row[order], column[order], value[order]]).astype(np.float64)
    return table, row_starts(np.bincount(part, minlength=count))


def _channels(part: Int, channel: Int, count: int) -> tuple[Int, Int, Int]:
    """The channels of each block, where each block begins among them, and (entries,) the place of each one's."""
    pairs, back = np.unique(np.column_stack([part, channel]), axis=0, return_inverse=True)
    start = row_starts(np.bincount(pairs[:, 0], minlength=count))
    return pairs[:, 1], start, back.ravel() - start[part]
