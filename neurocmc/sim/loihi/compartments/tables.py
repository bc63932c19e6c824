"""Lays a compartment network out as the flat arrays of the compiled loop.

A *bundle* is the synapses of one group and one delay: what is summed before the exponent shifts the sum. A bundle
that fills much of its matrix becomes a block of rows. All other synapses stand sorted by the compartment that sends:
exponents of 0 and more are multiplied into the weights, since shifting a sum left is shifting each part; synapses of
negative exponents keep their mantissas and name a cell, in which they are summed before the shift.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int, aligned, row_starts
from neurocmc.sim.arithmetic import KEEP_BITS
from neurocmc.sim.loihi.compartments.kernel import Registers, Synapses
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, SynapseGroup

BLOCK_DENSITY = 1 / 24  # from here on adding whole rows is cheaper than adding synapses one by one (measured)
BLOCK_BYTES = 1 << 28  # that all blocks together may take
LOWEST_BYTE, HIGHEST_BYTE = -128, 127
BLOCK_MANTISSA = (1 << 15) - 1  # what an entry of a block can hold


class _Block(NamedTuple):
    """A bundle as rows."""

    rows: NDArray[np.int8] | NDArray[np.int16]  # (compartments, compartments): rows are senders
    delay: int
    exponent: int
    offset: int = 0  # what is to be added to each entry


def registers_of(network: CompartmentNetwork) -> Registers:
    """Returns the registers of all compartments, shifted by their exponents."""
    rule = network.rule
    unit = 1 << (KEEP_BITS - rule.decay_bits)
    some = bool((network.refractory_ticks > 1).any())
    return Registers(
        keep_u=aligned((rule.keep_u(network.decay_u) * unit).astype(np.uint32)),
        keep_v=aligned((rule.keep_v(network.decay_v) * unit).astype(np.uint32)),
        threshold=aligned(rule.threshold_lsb(network.threshold_mantissa).astype(np.int32)),
        bias=aligned(bias_lsb(network).astype(np.int32)),
        refractory=(network.refractory_ticks if some else np.zeros(0)).astype(np.int32),
        weight_shift=rule.weight_shift,
        half_current=rule.half_current,
        largest_voltage=rule.largest_voltage,
    )


def bias_lsb(network: CompartmentNetwork) -> Int:
    """Returns (compartments,) bias as it is added to v in every tick."""
    left, right = np.maximum(network.bias_exponent, 0), np.maximum(-network.bias_exponent, 0)
    return (network.bias_mantissa << left) >> right


def ring_depth(network: CompartmentNetwork) -> int:
    """Returns how many ticks the ring must hold: this one, and all until the longest delay has passed."""
    longest = max((int(group.delay_ticks.max(initial=0)) for group in network.synapses), default=0)
    return longest + network.rule.spike_delay_ticks + 1


def synapses_of(network: CompartmentNetwork, block_density: float = BLOCK_DENSITY) -> Synapses:
    """Returns all synapses by sender; bundles of at least `block_density` as blocks."""
    size = network.compartments
    blocks: list[_Block] = []
    rest: list[Int] = [np.zeros((5, 0), dtype=np.int64)]  # group, source, place, mantissa, exponent
    for index, group in enumerate(network.synapses):
        for delay in np.unique(group.delay_ticks).tolist():
            own = np.flatnonzero(group.delay_ticks == delay)
            room = (len(blocks) + 1) * size * size * 2 <= BLOCK_BYTES
            block = _block(group, own, size) if room and own.size >= block_density * size * size else None
            if block is None:
                source, target, mantissa = group.source[own], group.target[own], group.mantissa[own]
                ones = np.ones_like(source)
                rest.append(np.stack([ones * index, source, delay * size + target, mantissa, ones * group.exponent]))
            else:
                blocks.append(_in_bytes(_Block(block, delay, group.exponent)))
    narrow = [block for block in blocks if block.rows.dtype == np.int8]
    wide = [block for block in blocks if block.rows.dtype != np.int8]
    group, source, place, mantissa, exponent = np.concatenate(rest, axis=1)
    direct, summed = np.flatnonzero(exponent >= 0), np.flatnonzero(exponent < 0)
    direct = direct[np.lexsort((place[direct], source[direct]))]
    summed = summed[np.lexsort((place[summed], group[summed], source[summed]))]
    key = group[summed] * (ring_depth(network) * size) + place[summed]
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    return Synapses(
        spike_delay=network.rule.spike_delay_ticks,
        start=row_starts(np.bincount(source[direct], minlength=size)),
        place=place[direct].astype(np.int32),
        weight=(mantissa[direct] << exponent[direct]).astype(np.int32),
        sum_start=row_starts(np.bincount(source[summed], minlength=size)),
        sum_cell=cell.astype(np.int32),
        sum_weight=mantissa[summed].astype(np.int32),
        cell_place=place[summed][first].astype(np.int32),
        cell_shift=(-exponent[summed][first]).astype(np.int32),
        bytes=aligned(np.array([block.rows for block in narrow], np.int8).reshape(-1, size, size)),
        byte_offset=np.array([block.offset for block in narrow], dtype=np.int64),
        byte_delay=np.array([block.delay for block in narrow], dtype=np.int64),
        byte_exponent=np.array([block.exponent for block in narrow], dtype=np.int64),
        blocks=aligned(np.array([block.rows for block in wide], np.int16).reshape(-1, size, size)),
        block_delay=np.array([block.delay for block in wide], dtype=np.int64),
        block_exponent=np.array([block.exponent for block in wide], dtype=np.int64),
    )


def _in_bytes(block: _Block) -> _Block:
    """The same in bytes where they hold it: halved if all are even, or counted from a number other than 0."""
    rows = block.rows
    low, high = int(rows.min(initial=0)), int(rows.max(initial=0))
    exponent, offset = block.exponent, 0
    if (low < LOWEST_BYTE or high > HIGHEST_BYTE) and not (rows & 1).any():
        rows, low, high, exponent = rows >> 1, low >> 1, high >> 1, exponent + 1
    if low < LOWEST_BYTE or high > HIGHEST_BYTE:
        offset = low - LOWEST_BYTE
    if high - offset > HIGHEST_BYTE:
        return block
    return _Block((rows - np.int16(offset)).astype(np.int8), block.delay, exponent, offset)


def _block(group: SynapseGroup, own: Int, size: int) -> NDArray[np.int16] | None:
    """(sources, targets) mantissas of some synapses; None if doubled synapses add up to more than an entry holds."""
    rows = np.zeros((size, size), dtype=np.int32)
    np.add.at(rows, (group.source[own], group.target[own]), group.mantissa[own].astype(np.int32))
    return None if np.abs(rows).max(initial=0) > BLOCK_MANTISSA else rows.astype(np.int16)
