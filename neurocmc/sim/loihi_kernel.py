"""The emulator's compiled loop: Loihi's fixed-point step over trials, ticks, units and neurons.

Everything here is integer arithmetic on int64, wrapped or saturated to the width the register has; the order of
events in a tick is receive, bias, u, v, threshold, reset, send.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int


@numba.njit(cache=True, inline="always")
def toward_zero(value: int, keep: int, shift: int) -> int:
    """value * keep / 2^shift, rounded toward zero, as the chip's decay does."""
    kept = (abs(value) * keep) >> shift
    return kept if value >= 0 else -kept


@numba.njit(cache=True, inline="always")
def wrap32(value: int) -> int:
    """The low 32 bits of a sum, read as a signed integer."""
    return ((value + 2147483648) & 4294967295) - 2147483648


@numba.njit(cache=True, inline="always")
def fold(value: int, half: int) -> int:
    """One wrap of a current that left its register: above half it comes in from below, and the reverse."""
    if value > half:
        return value - 2 * half
    return value + 2 * half if value <= -half else value


@numba.njit(cache=True, inline="always")
def _group_sum(
    sent: NDArray[np.int32], source: Int, mantissa: Int, start: int, stop: int, exponent: int
) -> int:  # the exponent shifts the sum, not each weight
    total = 0
    for entry in range(start, stop):
        total += mantissa[entry] * sent[source[entry]]
    return total << exponent if exponent >= 0 else total >> -exponent


@numba.njit(cache=True, nogil=True)
def step_all(
    host: Int,
    counts: NDArray[np.int32],
    spikes: NDArray[np.uint8],
    u_record: NDArray[np.int32],
    v_record: NDArray[np.int32],
    group_exponent: Int,
    group_delay: Int,
    row_start: Int,
    source: Int,
    mantissa: Int,
    keep_u: Int,
    keep_v: Int,
    threshold: Int,
    first_neuron: Int,
    bias: Int,
    v_initial: Int,
    spike_delay: int,
    weight_shift: int,
    decay_bits: int,
    current_bits: int,
    voltage_bits: int,
    wraps: Int,
) -> None:
    """Fill counts (batch, ticks, units) and, where they have a size, spikes, u_record and v_record.

    `wraps` (units,) counts how often a current left its register.
    """
    batch, ticks, units = host.shape
    half = 1 << (current_bits - 1)
    v_limit = (1 << (voltage_bits - 1)) - 1
    record_spikes, record_state = spikes.size > 0, u_record.size > 0
    for trial in range(batch):
        u = np.zeros(units, dtype=np.int64)
        v = v_initial.copy()
        for tick in range(ticks):
            for unit in range(units):
                arriving = host[trial, tick, unit]
                for group in range(group_exponent.size):
                    sent = tick - spike_delay - group_delay[group]
                    start, stop = row_start[group, unit], row_start[group, unit + 1]
                    if sent >= 0 and stop > start:
                        arriving += _group_sum(
                            counts[trial, sent], source, mantissa, start, stop, group_exponent[group]
                        )
                arrived = wrap32(wrap32(arriving) << weight_shift)
                whole = toward_zero(u[unit], keep_u[unit], decay_bits) + arrived
                current = fold(wrap32(whole), half)
                wraps[unit] += current != whole or arrived != arriving << weight_shift
                u[unit] = current
                fired = 0
                for neuron in range(first_neuron[unit], first_neuron[unit + 1]):
                    voltage = toward_zero(v[neuron], keep_v[unit], decay_bits) + current + bias[neuron]
                    voltage = min(max(wrap32(voltage), -v_limit), v_limit)
                    fires = voltage > threshold[unit]
                    v[neuron] = 0 if fires else voltage
                    fired += fires
                    if record_spikes:
                        spikes[trial, tick, neuron] = fires
                    if record_state:
                        v_record[trial, tick, neuron] = v[neuron]
                counts[trial, tick, unit] = fired
                if record_state:
                    u_record[trial, tick, unit] = current
