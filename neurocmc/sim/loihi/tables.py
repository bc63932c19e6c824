"""Lays an IntegerNetwork out as the flat arrays of the compiled loop; units and neurons stand in one row.

Groups whose exponents are not negative and that share a delay become one: shifting a sum left is shifting its parts.
A negative exponent rounds, so its groups stay what they are.
"""

from typing import Any

import numpy as np
from scipy import sparse

from neurocmc.common.arrays import Int
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.sim.loihi.kernel import Pools, Weights
from neurocmc.sim.loihi.weight_groups import WeightGroup, weight_groups

LARGEST_SUM = (1 << 31) - 1  # of the mantissas of one group, for 32-bit sums


def pools_of(network: IntegerNetwork) -> Pools:
    """Returns the registers of all units and neurons, shifted by their exponents."""
    rule, populations = network.rule, network.populations
    return Pools(
        keep_u=network.each_unit([rule.keep_u(p.decay_u) for p in populations]),
        keep_v=network.each_unit([rule.keep_v(p.decay_v) for p in populations]),
        threshold=network.each_unit([rule.threshold_lsb(p.threshold_mantissa) for p in populations]),
        first_neuron=np.concatenate([[0], np.cumsum(network.each_unit([p.neurons for p in populations]))]),
        bias=np.concatenate([p.bias_lsb.ravel() for p in populations]).astype(np.int32),
        weight_shift=rule.weight_shift,
        decay_bits=rule.decay_bits,
        half_current=rule.half_current,
        largest_voltage=rule.largest_voltage,
    )


def weights_of(network: IntegerNetwork) -> Weights:
    """Returns all projections by group and sending unit."""
    merged: dict[tuple[int, int, str], Any] = {}
    for group in weight_groups(network):
        exponent = min(group.exponent, 0)
        key = (group.delay_ticks, exponent, group.name if exponent else "")
        matrix = _unit_matrix(network, group) * (1 << (group.exponent - exponent))
        merged[key] = merged[key] + matrix if key in merged else matrix
    pools = network.each_unit([p.neurons for p in network.populations])
    largest = max((int((abs(matrix) @ pools).max(initial=0)) for matrix in merged.values()), default=0)
    mantissas: list[Int] = [np.zeros(0, dtype=np.int64)]
    low, high = np.zeros(len(merged), dtype=np.int64), np.zeros(len(merged), dtype=np.int64)
    row = np.full((len(merged), pools.size), -1, dtype=np.int64)
    start = 0
    for group, matrix in enumerate(merged.values()):
        low[group], high[group] = _reach(matrix)
        senders = np.unique(matrix.nonzero()[1])
        block = matrix[low[group] : high[group], senders].toarray().T
        row[group, senders] = start + np.arange(senders.size) * (high[group] - low[group])
        mantissas.append(block.ravel())
        start += block.size
    return Weights(
        delay=np.array([delay + network.rule.spike_delay_ticks for delay, _, _ in merged], dtype=np.int64),
        exponent=np.array([exponent for _, exponent, _ in merged], dtype=np.int64),
        low=low,
        high=high,
        row=row,
        mantissa=np.concatenate(mantissas).astype(np.int32 if largest <= LARGEST_SUM else np.int64),
    )


def _reach(matrix: Any) -> tuple[int, int]:
    """The first target of a matrix and the one behind its last."""
    targets = matrix.nonzero()[0]
    return (int(targets.min()), int(targets.max()) + 1) if targets.size else (0, 0)


def _unit_matrix(network: IntegerNetwork, group: WeightGroup) -> Any:
    """(units, units) mantissas of a group as a sparse matrix; rows are targets."""
    first = network.first_unit()
    units = sum(population.units for population in network.populations)
    rows, columns, values = ([np.zeros(0, dtype=np.int64)] for _ in range(3))
    for projection in network.projections:
        if projection.name in group.projections:
            target, source = np.nonzero(projection.mantissa)
            rows.append(target + first[projection.target])
            columns.append(source + first[projection.source])
            values.append(projection.mantissa[target, source])
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(entries, shape=(units, units))
