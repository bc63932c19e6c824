"""Lays synapses out by the compartment that receives, for the loop that steps many trials at once.

A *cell* is the synapses of one target, group and delay: what is summed before the exponent shifts the sum. Its
entries are bytes; a mantissa that no byte holds is halved where all of its group are even, else it stands in several
entries. A cell's entries are cut into *pieces* whose sums 16 bits surely hold, and filled up with weights of 0 until
their number suits the loop.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocmc.common.arrays import Int
from neurocmc.sim.loihi.compartments.masked import TOGETHER
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, SynapseGroup

LOWEST_BYTE, HIGHEST_BYTE = -128, 127
LARGEST_GROUPS, LARGEST_SUM = 256, (1 << 15) - 1  # of a piece, so that 16 bits hold what the loop sums
SENDERS = 1 << 16  # compartments that an entry can name


class FanIn(NamedTuple):
    """Entries by piece, pieces by cell, cells by target."""

    together: int  # entries that the loop sums as bytes
    source: NDArray[np.uint16]  # (entries,)
    weight: NDArray[np.int8]  # (entries,)
    piece: Int  # (pieces + 1,) first entry of each
    target: Int  # (compartments + 1,) first cell of each
    first: Int  # (cells,) first piece
    last: Int  # (cells,) the piece behind the last
    delay: Int  # (cells,) ticks from a spike to its arrival
    exponent: Int  # (cells,)


class _Bundle(NamedTuple):
    """The synapses of one group and one delay, by target."""

    source: NDArray[np.int32]  # (entries,)
    weight: NDArray[np.int32]  # (entries,) bytes
    entries: Int  # (compartments,) of each target
    delay: int
    exponent: int


def fan_in_of(network: CompartmentNetwork) -> FanIn:
    """Returns all synapses by target. The network has at most SENDERS compartments."""
    size = network.compartments
    bundles = [
        _bundle(group, group.delay_ticks == delay, int(delay), size)
        for group in network.synapses
        for delay in np.unique(group.delay_ticks)
    ]
    largest = max((int(np.abs(bundle.weight).max(initial=1)) for bundle in bundles), default=1)
    together = next((count for count in TOGETHER if count * largest <= HIGHEST_BYTE), 1)
    longest = min(LARGEST_GROUPS, LARGEST_SUM // (largest * together)) * together
    entries = np.concatenate([np.zeros(0, dtype=np.int64), *(bundle.entries for bundle in bundles)])  # of each cell
    pieces = -(-entries // longest)
    cell = np.repeat(np.arange(entries.size), pieces)  # of each piece
    rank = np.arange(cell.size) - _starts(pieces)[cell]
    length = np.minimum(entries[cell] - rank * longest, longest)
    piece = _starts(-(-length // together) * together)
    source, weight = np.zeros(piece[-1], dtype=np.uint16), np.zeros(piece[-1], dtype=np.int8)
    place = np.repeat(piece[:-1] - _starts(length)[:-1], length) + np.arange(length.sum())
    source[place] = np.concatenate([np.zeros(0, dtype=np.int32), *(bundle.source for bundle in bundles)])
    weight[place] = np.concatenate([np.zeros(0, dtype=np.int32), *(bundle.weight for bundle in bundles)])
    target = np.tile(np.arange(size), len(bundles))
    order = np.argsort(target, kind="stable")
    order = order[entries[order] > 0]
    first = _starts(pieces)
    return FanIn(
        together=together,
        source=source,
        weight=weight,
        piece=piece,
        target=_starts(np.bincount(target[order], minlength=size)),
        first=first[order],
        last=first[order + 1],
        delay=_of_cells([bundle.delay + network.rule.spike_delay_ticks for bundle in bundles], size)[order],
        exponent=_of_cells([bundle.exponent for bundle in bundles], size)[order],
    )


def _of_cells(values: list[int], size: int) -> Int:
    return np.repeat(np.array(values, dtype=np.int64), size)


def _bundle(group: SynapseGroup, chosen: NDArray[np.bool_], delay: int, size: int) -> _Bundle:
    """Synapses of one delay, in entries of bytes."""
    where = (group.target[chosen], group.source[chosen])
    rows: Any = sparse.csr_array((group.mantissa[chosen].astype(np.int32), where), shape=(size, size))
    source, mantissa, exponent = rows.indices, rows.data, group.exponent
    if not (mantissa & 1).any():
        mantissa, exponent = mantissa >> 1, exponent + 1
    parts = np.maximum(-(-mantissa // HIGHEST_BYTE), np.maximum(-(-mantissa // LOWEST_BYTE), 1))
    entries = np.diff(_starts(parts)[rows.indptr])
    if parts.max(initial=1) > 1:
        rank = np.arange(entries.sum()) - np.repeat(_starts(parts)[:-1], parts)
        source, mantissa = np.repeat(source, parts), np.repeat(mantissa, parts)
        mantissa = mantissa - rank * np.where(mantissa > 0, HIGHEST_BYTE, LOWEST_BYTE)
    return _Bundle(source, np.clip(mantissa, LOWEST_BYTE, HIGHEST_BYTE), entries, delay, exponent)


def _starts(sizes: Int) -> Int:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
