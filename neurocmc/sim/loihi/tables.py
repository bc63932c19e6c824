"""Lays an IntegerNetwork out as the flat arrays of the compiled loop; units and neurons stand in one row.

Groups whose exponents are not negative and that share a delay become one: shifting a sum left is shifting its parts.
A negative exponent rounds, so its groups stay what they are.
"""

import itertools
from typing import Any, NamedTuple

import numpy as np

from neurocmc.common.arrays import Int, row_starts
from neurocmc.common.matrices import Matrix, mapped, placed
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.sim.arithmetic import KEEP_BITS
from neurocmc.sim.loihi.kernel import SMALL, Pools, Share, Weights
from neurocmc.sim.loihi.weight_groups import first_neurons, weight_groups

LARGEST_SUM = (1 << 31) - 1  # of the mantissas of one group, for 32-bit sums
LARGEST_PIECE = 8192  # units of one population that are reached, or updated, as one
ROW_FILL = 1 / 16  # entries in a row from which on adding it whole is cheaper than adding them one by one (measured)


def pools_of(network: IntegerNetwork) -> Pools:
    """Returns the registers of all units and neurons, shifted by their exponents."""
    rule, populations = network.rule, network.populations
    alone = rule.decay_bits > KEEP_BITS  # small pools are updated together only in vectors of 32 bits
    small = [not alone and p.neurons < SMALL for p in populations]
    ends = pieces_of(network)
    unit = np.arange(ends[-1] + 1)
    runs = unit[np.isin(unit, ends) | np.append(~network.each_unit(small).astype(np.bool_), True)]
    return Pools(
        keep_u=network.each_unit([rule.keep_u(p.decay_u) for p in populations]),
        keep_v=network.each_unit([rule.keep_v(p.decay_v) for p in populations]),
        threshold=network.each_unit([rule.threshold_lsb(p.threshold_mantissa) for p in populations]),
        first_neuron=first_neurons(network),
        alike=runs,
        bias=np.concatenate([p.bias_lsb.ravel() for p in populations]).astype(np.int32),
        weight_shift=rule.weight_shift,
        decay_bits=rule.decay_bits,
        half_current=rule.half_current,
        largest_voltage=rule.largest_voltage,
    )


class _Block(NamedTuple):
    """What one group of weights sends to some units; entries are sorted by sender and target."""

    delay: int
    exponent: int
    low: int
    high: int
    sender: Int  # (senders,)
    first: Int  # (senders + 1,) of its entries
    target: Int  # (entries,) counted from `low`
    mantissa: Int  # (entries,)

    @property
    def listed(self) -> bool:
        """Whether rows would be mostly empty."""
        return self.target.size < ROW_FILL * self.sender.size * (self.high - self.low)

    def stored(self) -> Int:
        """The mantissas of all senders, as lists or as rows."""
        if self.listed:
            return self.mantissa
        rows = np.zeros((self.sender.size, self.high - self.low), dtype=np.int64)
        rows[np.repeat(np.arange(self.sender.size), np.diff(self.first)), self.target] = self.mantissa
        return rows.ravel()

    def starts(self) -> Int:
        """Where the list or row of each sender starts among them, and where the last one ends."""
        return self.first if self.listed else np.arange(self.sender.size + 1) * (self.high - self.low)


def weights_of(network: IntegerNetwork) -> Weights:
    """Returns all projections by group, units reached and sending unit."""
    merged = _merged(network)
    pools = network.each_unit([p.neurons for p in network.populations])
    largest = max((int((abs(matrix) @ pools).max(initial=0)) for matrix in merged.values()), default=0)
    ends = pieces_of(network)
    blocks = [
        block for (delay, exponent, _), matrix in merged.items() for block in _blocks(delay, exponent, matrix, ends)
    ]
    blocks.sort(key=lambda block: block.low)  # a share of the units is reached by blocks that stand together
    first = row_starts([block.sender.size for block in blocks])
    row, stop = np.zeros(first[-1], dtype=np.int64), np.zeros(first[-1], dtype=np.int64)
    stored: list[Int] = [np.zeros(0, dtype=np.int64)]
    used = 0
    for index in sorted(range(len(blocks)), key=lambda index: not blocks[index].listed):
        starts, own = blocks[index].starts(), slice(first[index], first[index + 1])
        row[own], stop[own] = used + starts[:-1], used + starts[1:]
        stored.append(blocks[index].stored())
        used += stored[-1].size
    lists = [np.zeros(0, dtype=np.int64), *(block.target for block in blocks if block.listed)]
    return Weights(
        delay=np.array([block.delay for block in blocks], dtype=np.int64) + network.rule.spike_delay_ticks,
        exponent=np.array([block.exponent for block in blocks], dtype=np.int64),
        low=np.array([block.low for block in blocks], dtype=np.int64),
        high=np.array([block.high for block in blocks], dtype=np.int64),
        first=first,
        sender=np.concatenate([np.zeros(0, dtype=np.int64), *(block.sender for block in blocks)]),
        row=row,
        stop=stop,
        listed=np.array([block.listed for block in blocks], dtype=np.uint8),
        target=np.concatenate(lists).astype(np.int32),
        mantissa=np.concatenate(stored).astype(np.int32 if largest <= LARGEST_SUM else np.int64),
    )


def pieces_of(network: IntegerNetwork) -> Int:
    """Returns (pieces + 1,) units at which populations, or pieces of large ones, begin."""
    ends = [0]
    for population in network.populations:
        ends += [
            *range(ends[-1] + LARGEST_PIECE, ends[-1] + population.units, LARGEST_PIECE),
            ends[-1] + population.units,
        ]
    return np.array(ends, dtype=np.int64)


def shares_of(network: IntegerNetwork, pools: Pools, weights: Weights, threads: int) -> list[Share]:
    """Returns as many shares, or fewer, of about as many neurons each; none cuts a piece."""
    pieces = pieces_of(network)
    neurons = pools.first_neuron[pieces]
    wanted = neurons[-1] * np.arange(threads + 1) / threads
    units = np.unique(pieces[np.searchsorted(neurons, wanted).clip(max=pieces.size - 1)])
    runs, blocks = np.searchsorted(pools.alike, units), np.searchsorted(weights.low, units)
    return [
        Share(*(int(end) for ends in zip(*both, strict=True) for end in ends))
        for both in itertools.pairwise(zip(units, runs, blocks, strict=True))
    ]


def _merged(network: IntegerNetwork) -> dict[tuple[int, int, str], Any]:
    """Delay, exponent, and name of a group if that is negative -> (units, units) mantissas; rows are targets."""
    first, units = network.first_unit(), sum(population.units for population in network.populations)
    parts: dict[tuple[int, int, str], list[tuple[Matrix, int, int]]] = {}
    for group in weight_groups(network):
        exponent = min(group.exponent, 0)
        key = (group.delay_ticks, exponent, group.name if exponent else "")
        for name in group.projections:
            projection = network.projection(name)
            mantissa = mapped(projection.mantissa, lambda own, by=group.exponent - exponent: own << by)
            parts.setdefault(key, []).append((mantissa, first[projection.target], first[projection.source]))
    merged: dict[tuple[int, int, str], Any] = {}
    for key, found in parts.items():
        merged[key] = placed(found, (units, units))
        merged[key].eliminate_zeros()
    return merged


def _blocks(delay: int, exponent: int, matrix: Any, ends: Int) -> list[_Block]:
    """The blocks of a group, one for each of the pieces between `ends` that it reaches."""
    blocks: list[_Block] = []
    for start, stop in itertools.pairwise(ends):
        own = slice(matrix.indptr[start], matrix.indptr[stop])
        if own.start == own.stop:
            continue
        target = np.repeat(np.arange(start, stop), np.diff(matrix.indptr[start : stop + 1]))
        order = np.lexsort((target, matrix.indices[own]))
        target, source = target[order], matrix.indices[own][order].astype(np.int64)
        first = np.flatnonzero(np.diff(source, prepend=-1))
        low, high = int(target.min()), int(target.max()) + 1
        blocks.append(
            _Block(
                delay,
                exponent,
                low,
                high,
                source[first],
                np.append(first, source.size),
                target - low,
                matrix.data[own][order],
            )
        )
    return blocks
