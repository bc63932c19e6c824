"""Lays synapses out by the compartment that receives, for the loop that steps many trials at once.

A *cell* is the synapses of one target, group and delay: what is summed before the exponent shifts the sum. Mantissas
are halved where all of a bundle are even, so that most fit a byte.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocmc.common.arrays import Int, row_starts
from neurocmc.sim.entries import Entries, entries_of
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, SynapseGroup

SENDERS = 1 << 16  # compartments that an entry can name


class FanIn(NamedTuple):
    """Entries by cell, cells by target."""

    entries: Entries  # whose cells stand in another order
    target: Int  # (compartments + 1,) first cell of each
    first: Int  # (cells,) first piece
    last: Int  # (cells,) the piece behind the last
    delay: Int  # (cells,) ticks from a spike to its arrival
    exponent: Int  # (cells,)


class _Bundle(NamedTuple):
    """The synapses of one group and one delay, by target."""

    source: NDArray[np.int32]  # (synapses,)
    weight: NDArray[np.int32]  # (synapses,)
    sizes: Int  # (compartments,) synapses of each target
    delay: int
    exponent: int


def fan_in_of(network: CompartmentNetwork) -> FanIn:
    """Returns all synapses by target. The network has at most SENDERS compartments."""
    size, none = network.compartments, np.zeros(0, dtype=np.int64)
    bundles = [
        _bundle(group, group.delay_ticks == delay, int(delay), size)
        for group in network.synapses
        for delay in np.unique(group.delay_ticks)
    ]
    source, weight, sizes = (
        np.concatenate([none, *(getattr(bundle, column) for bundle in bundles)])
        for column in ("source", "weight", "sizes")
    )
    entries = entries_of(source, weight, sizes, np.uint16)
    target = np.tile(np.arange(size), len(bundles))
    order = np.argsort(target, kind="stable")
    order = order[sizes[order] > 0]
    return FanIn(
        entries=entries,
        target=row_starts(np.bincount(target[order], minlength=size)),
        first=entries.cell[order],
        last=entries.cell[order + 1],
        delay=_of_cells([bundle.delay + network.rule.spike_delay_ticks for bundle in bundles], size)[order],
        exponent=_of_cells([bundle.exponent for bundle in bundles], size)[order],
    )


def _of_cells(values: list[int], size: int) -> Int:
    return np.repeat(np.array(values, dtype=np.int64), size)


def _bundle(group: SynapseGroup, chosen: NDArray[np.bool_], delay: int, size: int) -> _Bundle:
    """Synapses of one delay; doubled ones are summed."""
    where = (group.target[chosen], group.source[chosen])
    rows: Any = sparse.csr_array((group.mantissa[chosen].astype(np.int32), where), shape=(size, size))
    sizes = np.diff(rows.indptr).astype(np.int64)
    if (rows.data & 1).any():
        return _Bundle(rows.indices, rows.data, sizes, delay, group.exponent)
    return _Bundle(rows.indices, rows.data >> 1, sizes, delay, group.exponent + 1)
