"""Lays an IntegerNetwork out as the flat arrays of the compiled loop; units and neurons stand in one row.

Groups whose exponents are not negative and that share a delay become one: shifting a sum left is shifting its parts.
A negative exponent rounds, so its groups stay what they are.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from neurocmc.common.arrays import Int
from neurocmc.common.matrices import entries
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.sim.arithmetic import KEEP_BITS
from neurocmc.sim.loihi.kernel import SMALL, Pools, Weights
from neurocmc.sim.loihi.weight_groups import WeightGroup, weight_groups

LARGEST_SUM = (1 << 31) - 1  # of the mantissas of one group, for 32-bit sums


def pools_of(network: IntegerNetwork) -> Pools:
    """Returns the registers of all units and neurons, shifted by their exponents."""
    rule, populations = network.rule, network.populations
    alone = rule.decay_bits > KEEP_BITS  # small pools are updated together only in vectors of 32 bits
    runs = [run for p in populations for run in ([p.units] if not alone and p.neurons < SMALL else [1] * p.units)]
    return Pools(
        keep_u=network.each_unit([rule.keep_u(p.decay_u) for p in populations]),
        keep_v=network.each_unit([rule.keep_v(p.decay_v) for p in populations]),
        threshold=network.each_unit([rule.threshold_lsb(p.threshold_mantissa) for p in populations]),
        first_neuron=np.concatenate([[0], np.cumsum(network.each_unit([p.neurons for p in populations]))]),
        alike=np.concatenate([[0], np.cumsum(runs)]).astype(np.int64),
        bias=np.concatenate([p.bias_lsb.ravel() for p in populations]).astype(np.int32),
        weight_shift=rule.weight_shift,
        decay_bits=rule.decay_bits,
        half_current=rule.half_current,
        largest_voltage=rule.largest_voltage,
    )


def weights_of(network: IntegerNetwork) -> Weights:
    """Returns all projections by group, population reached and sending unit."""
    merged: dict[tuple[int, int, str], Any] = {}
    for group in weight_groups(network):
        exponent = min(group.exponent, 0)
        key = (group.delay_ticks, exponent, group.name if exponent else "")
        matrix = _unit_matrix(network, group) * (1 << (group.exponent - exponent))
        merged[key] = merged[key] + matrix if key in merged else matrix
    pools = network.each_unit([p.neurons for p in network.populations])
    largest = max((int((abs(matrix) @ pools).max(initial=0)) for matrix in merged.values()), default=0)
    mantissas: list[Int] = [np.zeros(0, dtype=np.int64)]
    blocks = [
        (delay, exponent, low, matrix[low:high])
        for (delay, exponent, _), matrix in merged.items()
        for low, high in _reaches(network, matrix)
    ]
    delays, exponents = ([block[k] for block in blocks] for k in range(2))
    senders = [np.unique(matrix.nonzero()[1]).astype(np.int64) for *_, matrix in blocks]
    low = np.array([low for _, _, low, _ in blocks], dtype=np.int64)
    width = np.array([matrix.shape[0] for *_, matrix in blocks], dtype=np.int64)
    row: list[Int] = [np.zeros(0, dtype=np.int64)]
    start = 0
    for (*_, matrix), own in zip(blocks, senders, strict=True):
        mantissas.append(matrix[:, own].toarray().T.ravel())
        row.append(start + np.arange(own.size) * matrix.shape[0])
        start += own.size * matrix.shape[0]
    return Weights(
        delay=np.array(delays, dtype=np.int64) + network.rule.spike_delay_ticks,
        exponent=np.array(exponents, dtype=np.int64),
        low=low,
        high=low + width,
        first=np.concatenate([[0], np.cumsum([own.size for own in senders])]).astype(np.int64),
        sender=np.concatenate([np.zeros(0, dtype=np.int64), *senders]),
        row=np.concatenate(row),
        mantissa=np.concatenate(mantissas).astype(np.int32 if largest <= LARGEST_SUM else np.int64),
    )


def _reaches(network: IntegerNetwork, matrix: Any) -> Iterator[tuple[int, int]]:
    """The first unit that a matrix reaches of each population, and the one behind the last."""
    targets = np.unique(matrix.nonzero()[0])
    first = np.cumsum([0, *(population.units for population in network.populations)])
    for start, stop in itertools.pairwise(first):
        own = targets[(targets >= start) & (targets < stop)]
        if own.size:
            yield int(own[0]), int(own[-1]) + 1


def _unit_matrix(network: IntegerNetwork, group: WeightGroup) -> Any:
    """(units, units) mantissas of a group as a sparse matrix; rows are targets."""
    first = network.first_unit()
    units = sum(population.units for population in network.populations)
    rows, columns, values = ([np.zeros(0, dtype=np.int64)] for _ in range(3))
    for projection in network.projections:
        if projection.name in group.projections:
            target, source, mantissa = entries(projection.mantissa)
            rows.append(target + first[projection.target])
            columns.append(source + first[projection.source])
            values.append(mantissa)
    places = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_matrix((np.concatenate(values), places), shape=(units, units))
