"""Steps compartment networks in a compiled loop: events through synapses, registers as vectors of 32 bits.

A tick reads the input sum of every compartment from a ring of future ticks, updates u and v in loops without branches
(the compiler turns them into vector instructions), lists the few that spike, and adds the weights of their synapses
to the ring. Only synapses of compartments that spiked are touched: sparse ones one by one, dense ones by whole rows,
some at a time, which is cheaper from a density of about 4 % on. Rows are of bytes where these hold the mantissas, and
are then summed in 16 bits for as many spikes as those surely hold.

Everything wraps at 32 bits by itself, because every sum is stored in 32 bits and addition modulo 2^32 does not care
about its order. Only a right shift does: synapses with a negative exponent are first summed, one cell for each group,
target and delay, and a cell is shifted when all spikes of the tick are in it.

The parts of a tick are inlined into the loop over ticks: handing all the arrays on costs small networks a fifth.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.jit import jit
from neurocmc.sim.arithmetic import copy, decayed, jump
from neurocmc.sim.events import listed

Int8 = NDArray[np.int8]
Int16 = NDArray[np.int16]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
UInt32 = NDArray[np.uint32]

BYTES_TOGETHER = 256  # rows of bytes whose sum 16 bits surely hold


class Registers(NamedTuple):
    """The registers that do not change in a compartment, and the widths of all."""

    keep_u: UInt32  # (compartments,) what a tick leaves, in units of 2^-KEEP_BITS
    keep_v: UInt32
    threshold: Int32  # LSB
    bias: Int32  # LSB
    refractory: Int32  # (compartments,) ticks, or (0,) where there is none
    weight_shift: int
    half_current: int  # 2^(current_bits - 1)
    largest_voltage: int


class Synapses(NamedTuple):
    """Synapses by sender. A *place* is delay * compartments + target: where in the ring, from a spike's tick on."""

    spike_delay: int
    start: Int64  # (compartments + 1,) of the synapses whose exponent is in the weight already
    place: Int32
    weight: Int32
    sum_start: Int64  # (compartments + 1,) of the synapses that are summed in cells
    sum_cell: Int32
    sum_weight: Int32
    cell_place: Int32  # (cells,)
    cell_shift: Int32  # (cells,) right shift of the sum
    bytes: Int8  # (blocks, compartments, compartments): rows are senders
    byte_offset: Int64  # (blocks,) what is to be added to each entry
    byte_delay: Int64  # (blocks,) ticks
    byte_exponent: Int64  # (blocks,)
    blocks: Int16  # those whose mantissas no byte holds
    block_delay: Int64
    block_exponent: Int64


class State(NamedTuple):
    """The state that a tick leaves to the next."""

    u: Int32
    v: Int32
    waiting: Int32  # (compartments,) refractory ticks left, or (0,)
    ring: Int32  # input sums of coming ticks, tick modulo its depth
    cells: Int32  # all 0 between ticks
    row: Int32  # (compartments,) sum of a block, all 0 between ticks
    narrow: Int16  # (compartments,) sum of some rows of bytes, all 0 between ticks
    flags: UInt8  # (compartments, rounded up to 8,)
    fired: Int32  # (compartments, rounded up to 8,)


class Events(NamedTuple):
    """Input from outside, in order of tick."""

    tick: Int32
    compartment: Int32
    value: Int32


class Records(NamedTuple):
    """The places where recordings of a chunk of ticks go; what has no size is not recorded."""

    spike_tick: Int32
    spike_compartment: Int32
    counts: Int64
    u: Int32  # (ticks, compartments)
    v: Int32  # (ticks, compartments)


@jit(nogil=True)
def update_current(u: Int32, keep: UInt32, arriving: Int32, weight_shift: int, half: int) -> None:
    """Computes u <- decayed u + (arriving << shift), folded once where it left its register; empties `arriving`."""
    shift, high, low = np.int32(weight_shift), np.int32(half), np.int32(-half)
    for i in range(u.size):
        current = np.int32(decayed(u[i], keep[i]) + np.int32(arriving[i] << shift))
        u[i] = np.int32(current - jump(current, high, low))
        arriving[i] = 0


@jit(nogil=True)
def update_voltage(v: Int32, keep: UInt32, u: Int32, bias: Int32, limit: int) -> None:
    """Computes v <- decayed v + u + bias, saturated."""
    high, low = np.int32(limit), np.int32(-limit)
    for i in range(v.size):
        voltage = np.int32(decayed(v[i], keep[i]) + u[i] + bias[i])
        v[i] = min(max(voltage, low), high)


@jit(nogil=True)
def hold(v: Int32, waiting: Int32) -> None:
    """Holds voltages of refractory compartments at 0, and counts one tick off their wait."""
    for i in range(v.size):
        v[i] = np.int32(0) if waiting[i] > 0 else v[i]
        waiting[i] = max(np.int32(waiting[i] - 1), np.int32(0))


@jit(nogil=True)
def fire(v: Int32, threshold: Int32, flags: UInt8) -> None:
    """Flags the compartments above threshold and resets them."""
    for i in range(v.size):
        fires = v[i] > threshold[i]
        flags[i] = fires
        v[i] = np.int32(0) if fires else v[i]


@jit(nogil=True, inline="always")
def around(place: Any, size: int) -> Any:
    """Returns a place in the ring that may be one turn too far."""
    return place - size if place >= size else place


@jit(nogil=True)
def add_direct(fired: Int32, count: int, synapses: Synapses, base: int, ring: Int32) -> None:
    """Adds the synapses of all that fired; places count from `base` on, around the ring."""
    start, place, weight = synapses.start, synapses.place, synapses.weight
    for k in range(count):
        for entry in range(start[fired[k]], start[fired[k] + 1]):
            ring[around(base + place[entry], ring.size)] += weight[entry]


@jit(nogil=True)
def add_summed(fired: Int32, count: int, synapses: Synapses, cells: Int32, base: int, ring: Int32) -> None:
    """Sums into cells, then shifts each into the ring and empties it: all, or if few spiked those touched.

    A cell that is met again in the second pass holds 0 and adds nothing, so no list of touched cells is needed.
    """
    start, cell, weight = synapses.sum_start, synapses.sum_cell, synapses.sum_weight
    place, shift = synapses.cell_place, synapses.cell_shift
    touched = 0
    for k in range(count):
        touched += start[fired[k] + 1] - start[fired[k]]
        for entry in range(start[fired[k]], start[fired[k] + 1]):
            cells[cell[entry]] += weight[entry]
    if touched > cells.size:
        for c in range(cells.size):
            ring[around(base + place[c], ring.size)] += cells[c] >> shift[c]
            cells[c] = 0
    else:
        for k in range(count):
            for entry in range(start[fired[k]], start[fired[k] + 1]):
                c = cell[entry]
                ring[around(base + place[c], ring.size)] += cells[c] >> shift[c]
                cells[c] = 0


@jit(nogil=True)
def add_rows(fired: Int32, count: int, block: Int16, row: Int32) -> None:
    """Adds the block's rows of all that fired to `row`, four at a time: one load and store for four rows."""
    k = 0
    while k + 4 <= count:
        first, second, third, fourth = (
            block[fired[k]],
            block[fired[k + 1]],
            block[fired[k + 2]],
            block[fired[k + 3]],
        )
        for i in range(row.size):
            row[i] += (np.int32(first[i]) + np.int32(second[i])) + (np.int32(third[i]) + np.int32(fourth[i]))
        k += 4
    while k < count:
        only = block[fired[k]]
        for i in range(row.size):
            row[i] += only[i]
        k += 1


@jit(nogil=True)
def add_bytes(fired: Int32, count: int, block: Int8, offset: int, narrow: Int16, row: Int32) -> None:
    """Adds rows of bytes, eight at a time, to `narrow`, and that to `row` before it could leave its 16 bits."""
    k, standing = 0, np.int32(offset * count)
    while k < count:
        stop = min(count, k + BYTES_TOGETHER)
        while k + 8 <= stop:
            a, b, c, d = block[fired[k]], block[fired[k + 1]], block[fired[k + 2]], block[fired[k + 3]]
            e, f, g, h = block[fired[k + 4]], block[fired[k + 5]], block[fired[k + 6]], block[fired[k + 7]]
            for i in range(narrow.size):
                lower = np.int16(np.int16(a[i] + b[i]) + np.int16(c[i] + d[i]))
                upper = np.int16(np.int16(e[i] + f[i]) + np.int16(g[i] + h[i]))
                narrow[i] += np.int16(lower + upper)
            k += 8
        while k < stop:
            only = block[fired[k]]
            for i in range(narrow.size):
                narrow[i] += only[i]
            k += 1
        for i in range(row.size):
            row[i] += np.int32(narrow[i]) + standing
            narrow[i] = 0
        standing = np.int32(0)


@jit(nogil=True)
def add_shifted(row: Int32, exponent: int, arriving: Int32) -> None:
    """Adds row * 2^exponent, rounded down, to `arriving`; `row` is emptied."""
    left, right = np.int32(max(exponent, 0)), np.int32(max(-exponent, 0))
    for i in range(row.size):
        arriving[i] += np.int32(np.int32(row[i] << left) >> right)
        row[i] = 0


@jit(nogil=True, inline="always")
def send(tick: int, count: int, synapses: Synapses, state: State) -> None:
    """Puts what the spikes of this tick carry into the ring."""
    size = state.u.size
    depth = state.ring.size // size
    base = (tick + synapses.spike_delay) % depth * size
    if synapses.place.size > 0:
        add_direct(state.fired, count, synapses, base, state.ring)
    if synapses.cell_place.size > 0:
        add_summed(state.fired, count, synapses, state.cells, base, state.ring)
    for b in range(synapses.byte_delay.size):
        add_bytes(state.fired, count, synapses.bytes[b], synapses.byte_offset[b], state.narrow, state.row)
        slot = around(base + synapses.byte_delay[b] * size, state.ring.size)
        add_shifted(state.row, synapses.byte_exponent[b], state.ring[slot : slot + size])
    for b in range(synapses.block_delay.size):
        add_rows(state.fired, count, synapses.blocks[b], state.row)
        slot = around(base + synapses.block_delay[b] * size, state.ring.size)
        add_shifted(state.row, synapses.block_exponent[b], state.ring[slot : slot + size])


@jit(nogil=True, inline="always")
def receive(tick: int, arriving: Int32, dense: Int32, events: Events, event: int) -> int:
    """Adds what comes from outside in this tick: a row of `dense`, or nothing, and events; the next event's index."""
    for i in range(dense.size):
        arriving[i] += dense[i]
    while event < events.tick.size and events.tick[event] == tick:
        arriving[events.compartment[event]] += events.value[event]
        event += 1
    return event


@jit(nogil=True, inline="always")
def record(tick: int, row: int, count: int, spikes: int, state: State, records: Records) -> int:
    """Keeps what is wanted of this tick, `row` of its chunk; how many spikes are recorded."""
    if records.counts.size > 0:
        for k in range(count):
            records.counts[state.fired[k]] += 1
    if records.spike_tick.size > 0:
        for k in range(count):
            records.spike_tick[spikes + k] = tick
            records.spike_compartment[spikes + k] = state.fired[k]
        spikes += count
    if records.u.shape[0] > 0:
        copy(state.u, records.u[row])
    if records.v.shape[0] > 0:
        copy(state.v, records.v[row])
    return spikes


@jit(nogil=True)
def step_trial(
    first_tick: int,
    ticks: int,
    state: State,
    registers: Registers,
    synapses: Synapses,
    dense: Int32,
    events: Events,
    event: int,
    records: Records,
) -> tuple[int, int]:
    """Steps one trial from `first_tick` on; `state` goes on where the last call left it.

    `dense` (ticks, compartments), or (ticks, 0), and the events from index `event` on are added to the input sums.
    Returns the number of spikes recorded and the next event's index.
    """
    u, v, size, spikes = state.u, state.v, state.u.size, 0
    depth = state.ring.size // size
    refracts = registers.refractory.size > 0
    for tick in range(first_tick, first_tick + ticks):
        arriving = state.ring[tick % depth * size : (tick % depth + 1) * size]
        event = receive(tick, arriving, dense[tick - first_tick], events, event)
        update_current(u, registers.keep_u, arriving, registers.weight_shift, registers.half_current)
        update_voltage(v, registers.keep_v, u, registers.bias, registers.largest_voltage)
        if refracts:
            hold(v, state.waiting)
        fire(v, registers.threshold, state.flags)
        count = listed(state.flags, state.fired)
        if refracts:
            for k in range(count):
                state.waiting[state.fired[k]] = registers.refractory[state.fired[k]] - 1
        if count > 0:
            send(tick, count, synapses, state)
        spikes = record(tick, tick - first_tick, count, spikes, state, records)
    return spikes, event
