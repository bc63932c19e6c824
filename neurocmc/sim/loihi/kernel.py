"""Steps integer networks in a compiled loop: Loihi's fixed-point step over ticks, units and neurons of their pools.

A unit's current is one number, in 64 bits and wrapped or folded as its register does; the voltages of its pool are a
vector of 32-bit registers, updated without branches. What a tick sends is summed by the units that fired, at one
multiplication for each unit they reach, and added to a ring of coming input sums. The order of events in a tick is
receive, bias, u, v, threshold, reset, send.

The parts of a tick are inlined into the loop over ticks: handing all the arrays on costs small networks a fifth.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.jit import jit
from neurocmc.sim.arithmetic import KEEP_BITS, copy, decayed, fold, toward_zero, wrap32

SMALL = 20  # neurons of a pool, below which it is updated together with its neighbours
FEW = 64  # products of a block in a tick, up to which they are added up where they arrive

Int32 = NDArray[np.int32]
UInt8 = NDArray[np.uint8]


class Pools(NamedTuple):
    """The numbers of units and neurons that do not change, and the widths of all registers."""

    keep_u: Int  # (units,) 2^decay_bits less the decay
    keep_v: Int  # (units,)
    threshold: Int  # (units,) LSB
    first_neuron: Int  # (units + 1,)
    alike: Int  # (runs + 1,) first units: small pools of one run share their registers, and are updated together
    bias: Int32  # (neurons,) LSB
    weight_shift: int
    decay_bits: int
    half_current: int  # 2^(current_bits - 1)
    largest_voltage: int


class Weights(NamedTuple):
    """Mantissas by block and sender. A block is what one group of weights sends to some units of one population.

    It has a sum of its own in every target. Its senders have a row each, of what they add to each unit from `low` to
    before `high`, or where most of that is nothing a list of targets and mantissas.
    """

    delay: Int  # (blocks,) ticks from a spike to its arrival
    exponent: Int  # (blocks,)
    low: Int  # (blocks,) first unit that the block reaches
    high: Int  # (blocks,) behind its last
    first: Int  # (blocks + 1,) the first of its senders
    sender: Int  # (senders of all blocks,) unit, rising within a block
    row: Int  # (senders of all blocks,) where its row or list starts in `mantissa`
    stop: Int  # (senders of all blocks,) where it ends
    listed: UInt8  # (blocks,) whether its senders have lists
    target: Int32  # (entries of all lists,) unit, counted from `low`; lists stand in `mantissa` before all rows
    mantissa: NDArray[Any]  # int32 where every sum fits 32 bits, else int64


class State(NamedTuple):
    """The state that a tick leaves to the next, and scratch."""

    u: Int  # (units,)
    v: Int32  # (neurons,)
    drive: Int32  # (neurons,) the current of each, of small pools
    ring: Int  # (depth, units) input sums of coming ticks
    flags: UInt8  # (neurons,) who fired in this tick
    wraps: Int  # (units,) how often the current left its register


class Scratch(NamedTuple):
    """The room of one thread that sends."""

    total: NDArray[Any]  # (units,) of the mantissas' type, all 0 between blocks
    sender: Int  # (units,) of those that send in one block
    row: Int  # (units,) where their rows start
    times: NDArray[Any]  # (units,) their spikes


class Share(NamedTuple):
    """The part of a network that one thread steps: whole runs of alike pools, and all blocks that reach them."""

    first_unit: int
    stop_unit: int
    first_run: int
    stop_run: int
    first_block: int
    stop_block: int


@jit(nogil=True, inline="always")
def update_currents(host: Int, arriving: Int, share: Share, state: State, pools: Pools) -> None:
    """Updates u of a share of the units; `arriving` is emptied."""
    first, stop = share.first_unit, share.stop_unit  # parts of arrays, so that no index may be counted from the end
    u, keep, wraps = state.u[first:stop], pools.keep_u[first:stop], state.wraps[first:stop]
    sent, here = host[first:stop], arriving[first:stop]
    for i in range(u.size):
        mantissas = here[i] + sent[i]
        here[i] = 0
        arrived = wrap32(wrap32(mantissas) << pools.weight_shift)
        whole = toward_zero(u[i], keep[i], pools.decay_bits) + arrived
        current = fold(wrap32(whole), pools.half_current)
        wraps[i] += current != whole or arrived != mantissas << pools.weight_shift
        u[i] = current


@jit(nogil=True)
def update_pool(v: Int32, bias: Int32, flags: UInt8, current: int, keep: int, limit: int, threshold: int) -> Any:
    """Updates v of one pool, resets it and sets the flags of its spikes; returns how many there are."""
    drive, factor = np.int32(current), np.uint32(keep)
    high, low, theta = np.int32(limit), np.int32(-limit), np.int32(threshold)
    fired = np.int32(0)
    for i in range(v.size):
        voltage = np.int32(decayed(v[i], factor) + drive + bias[i])
        voltage = min(max(voltage, low), high)
        fires = voltage > theta
        v[i] = np.int32(0) if fires else voltage
        flags[i] = fires
        fired = np.int32(fired + np.int32(fires))
    return fired


@jit(nogil=True)
def update_wide_pool(
    v: Int32, bias: Int32, flags: UInt8, current: int, keep: int, decay_bits: int, limit: int, threshold: int
) -> int:
    """Does what `update_pool` does where the decay has more bits than `decayed` can multiply in 32."""
    fired = 0
    for i in range(v.size):
        voltage = wrap32(toward_zero(np.int64(v[i]), keep, decay_bits) + current + bias[i])
        voltage = min(max(voltage, -limit), limit)
        fires = voltage > threshold
        v[i] = 0 if fires else voltage
        flags[i] = fires
        fired += fires
    return fired


@jit(nogil=True)
def update_row(v: Int32, bias: Int32, flags: UInt8, drive: Int32, keep: int, limit: int, threshold: int) -> None:
    """Does what `update_pool` does for pools of several units: `drive` (neurons,) is the current of each neuron."""
    factor = np.uint32(keep)
    high, low, theta = np.int32(limit), np.int32(-limit), np.int32(threshold)
    for i in range(v.size):
        voltage = np.int32(decayed(v[i], factor) + drive[i] + bias[i])
        voltage = min(max(voltage, low), high)
        fires = voltage > theta
        v[i] = np.int32(0) if fires else voltage
        flags[i] = fires


@jit(nogil=True)
def update_few(start: int, stop: int, flags: UInt8, counts: Int32, state: State, pools: Pools) -> None:
    """Updates the small pools of the units from `start` to before `stop`, all alike, as one row of neurons."""
    first, last = pools.first_neuron[start], pools.first_neuron[stop]
    for unit in range(start, stop):
        for i in range(pools.first_neuron[unit], pools.first_neuron[unit + 1]):
            state.drive[i] = state.u[unit]
    keep = pools.keep_v[start] << max(KEEP_BITS - pools.decay_bits, 0)
    limit, threshold = pools.largest_voltage, pools.threshold[start]
    update_row(
        state.v[first:last],
        pools.bias[first:last],
        flags[first:last],
        state.drive[first:last],
        keep,
        limit,
        threshold,
    )
    for unit in range(start, stop):
        fired = 0
        for i in range(pools.first_neuron[unit], pools.first_neuron[unit + 1]):
            fired += flags[i]
        counts[unit] = fired


@jit(nogil=True, inline="always")
def update_pools(flags: UInt8, counts: Int32, share: Share, state: State, pools: Pools) -> None:
    """Updates the voltages of a share of the pools, and fills `counts`."""
    unit_of_keep = 1 << max(KEEP_BITS - pools.decay_bits, 0)
    alike: Any = pools.alike
    for run in range(share.first_run, share.stop_run):
        unit: int = alike[run]
        stop: int = alike[run + 1]
        if stop - unit > 1:
            update_few(unit, stop, flags, counts, state, pools)
            continue
        first, last = pools.first_neuron[unit], pools.first_neuron[unit + 1]
        keep, limit, threshold = pools.keep_v[unit], pools.largest_voltage, pools.threshold[unit]
        v, bias, flagged = state.v[first:last], pools.bias[first:last], flags[first:last]
        if pools.decay_bits <= KEEP_BITS:
            counts[unit] = update_pool(v, bias, flagged, state.u[unit], keep * unit_of_keep, limit, threshold)
        else:
            counts[unit] = update_wide_pool(v, bias, flagged, state.u[unit], keep, pools.decay_bits, limit, threshold)


@jit(nogil=True)
def add_rows(total: NDArray[Any], mantissa: NDArray[Any], row: Int, times: NDArray[Any], count: int) -> None:
    """Adds times * row of `count` rows to the total, four at a time: one load and store for four rows."""
    width, k = total.size, 0
    while k + 4 <= count:
        a, b = mantissa[row[k] : row[k] + width], mantissa[row[k + 1] : row[k + 1] + width]
        c, d = mantissa[row[k + 2] : row[k + 2] + width], mantissa[row[k + 3] : row[k + 3] + width]
        of_a, of_b, of_c, of_d = times[k], times[k + 1], times[k + 2], times[k + 3]
        for i in range(width):
            total[i] += (a[i] * of_a + b[i] * of_b) + (c[i] * of_c + d[i] * of_d)
        k += 4
    while k < count:
        only = mantissa[row[k] : row[k] + width]
        for i in range(width):
            total[i] += only[i] * times[k]
        k += 1


@jit(nogil=True)
def add_shifted(total: NDArray[Any], exponent: int, arriving: Int) -> None:
    """Adds total * 2^exponent, rounded down, to `arriving`, and empties `total`. The exponent shifts the sum."""
    left, right = max(exponent, 0), max(-exponent, 0)
    for i in range(total.size):
        arriving[i] += (np.int64(total[i]) << left) >> right
        total[i] = 0


@jit(nogil=True)
def add_lists(weights: Weights, scratch: Scratch, count: int) -> None:
    """Adds times * mantissa of the lists of `count` senders to the total."""
    total, target, mantissa = scratch.total, weights.target, weights.mantissa
    for k in range(count):
        times, sender = scratch.times[k], scratch.sender[k]
        for entry in range(weights.row[sender], weights.stop[sender]):
            total[target[entry]] += mantissa[entry] * times


@jit(nogil=True, inline="always")
def add_few(
    weights: Weights, scratch: Scratch, exponent: int, arriving: Int, low: int, width: int, count: int
) -> None:
    """Adds the shifted sum of times * row of `count` rows to `arriving`: for few and narrow rows."""
    left, right = max(exponent, 0), max(-exponent, 0)
    for i in range(width):
        total = 0
        for k in range(count):
            total += np.int64(weights.mantissa[scratch.row[k] + i]) * scratch.times[k]
        arriving[low + i] += (total << left) >> right


@jit(nogil=True, inline="always")
def send(tick: int, counts: Int32, share: Share, weights: Weights, ring: Int, scratch: Scratch) -> None:
    """Puts what the units that fired send to a share of the units into the ring, block by block."""
    depth = ring.shape[0]
    now = tick % depth
    for block in range(share.first_block, share.stop_block):
        count = 0
        for k in range(weights.first[block], weights.first[block + 1]):
            spikes = counts[weights.sender[k]]
            if spikes > 0:
                scratch.sender[count], scratch.row[count], scratch.times[count] = k, weights.row[k], spikes
                count += 1
        if count > 0:
            low, high = weights.low[block], weights.high[block]
            slot = now + weights.delay[block]
            slot -= depth if slot >= depth else 0
            if weights.listed[block]:
                add_lists(weights, scratch, count)
            elif count * (high - low) <= FEW:
                add_few(weights, scratch, weights.exponent[block], ring[slot], low, high - low, count)
                continue
            else:
                add_rows(scratch.total[: high - low], weights.mantissa, scratch.row, scratch.times, count)
            add_shifted(scratch.total[: high - low], weights.exponent[block], ring[slot, low:high])


@jit(nogil=True, inline="always")
def update(tick: int, host: Int, counts: Int32, share: Share, state: State, pools: Pools) -> None:
    """Updates the registers of a share of the network in one tick, and fills `state.flags` and `counts`."""
    update_currents(host, state.ring[tick % state.ring.shape[0]], share, state, pools)
    update_pools(state.flags, counts, share, state, pools)


@jit(nogil=True)
def step_trial(
    first_tick: int,
    host: Int,
    share: Share,
    state: State,
    pools: Pools,
    weights: Weights,
    scratch: Scratch,
    counts: Int32,
    spikes: UInt8,
    u_record: Int32,
    v_record: Int32,
) -> None:
    """Steps one trial through the ticks of `host` (ticks, units); `state` goes on where the last call left it.

    `share` is the whole network. Fills counts (ticks, units) and, where they have a size, spikes (ticks, neurons),
    u_record (ticks, units) and v_record (ticks, neurons).
    """
    for row in range(host.shape[0]):
        update(first_tick + row, host[row], counts[row], share, state, pools)
        send(first_tick + row, counts[row], share, weights, state.ring, scratch)
        if spikes.size > 0:
            copy(state.flags, spikes[row])
        if u_record.size > 0:
            copy(state.u, u_record[row])
        if v_record.size > 0:
            copy(state.v, v_record[row])
