"""Steps 64 trials of a compartment network together: every synapse is read once a tick for all of them.

A trial is a *lane*, a bit of a word: which trials a compartment fired in is one word, and words of as many ticks are
kept as the longest delay has. In a tick each compartment looks up the words of its synapses' senders in the tick in
which they fired and adds the weights in all lanes at once (`masked`); then registers are updated, 64 lanes in a row.
What a tick costs does not depend on how many spikes there are, so this pays where most synapses carry one in some
trial of every tick; `kernel` steps trials that are few or quiet.

Functions loop over some compartments themselves and are inlined: numba counts references to each array that is handed
on, which would cost more than the step of one compartment.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.jit import jit
from neurocmc.sim.arithmetic import copy, decayed, jump
from neurocmc.sim.loihi.compartments.fan_in import FanIn
from neurocmc.sim.loihi.compartments.kernel import Events, Registers
from neurocmc.sim.masked import LANES, add_masked

Int32 = NDArray[np.int32]
UInt64 = NDArray[np.uint64]

TILE = 64  # compartments that are stepped together: their registers, 64 kB, stay where the processor has them at once


class Lanes(NamedTuple):
    """The state of 64 trials that a tick leaves to the next, and scratch."""

    u: Int32  # (compartments, LANES)
    v: Int32  # (compartments, LANES)
    waiting: Int32  # (compartments, LANES) refractory ticks left, or (0, LANES)
    fired: UInt64  # (depth * compartments,) in which lanes, tick modulo depth
    outside: Int32  # (compartments, LANES) what comes from outside in a tick, or (0, LANES); 0 between ticks
    arriving: Int32  # (TILE + 1, LANES) input sums of some compartments, and the sum of a cell; 0 between uses


class LaneRecords(NamedTuple):
    """The places where recordings go; what has no size is not recorded."""

    fired: UInt64  # (ticks of the chunk, compartments) in which lanes
    counts: Int32  # (compartments, LANES)
    u: Int32  # (trials, all ticks, compartments)
    v: Int32  # (trials, all ticks, compartments)


@jit(nogil=True)
def receive_lanes(tick: int, dense: Int32, events: Events, event: int, outside: Int32) -> int:
    """Fills `outside` with a tick of `dense` (trials, ticks, compartments or 0), and adds events; the next one."""
    for lane in range(dense.shape[0]):
        for i in range(dense.shape[2]):
            outside[i, lane] = dense[lane, tick, i]
    while event < events.tick.size and events.tick[event] == tick:
        outside[events.compartment[event] // LANES, events.compartment[event] % LANES] += events.value[event]
        event += 1
    return event


@jit(nogil=True, inline="always")
def gather(first: int, stop: int, tick: int, fan_in: FanIn, lanes: Lanes) -> None:
    """Adds to `arriving` what compartments from `first` to before `stop` hear in this tick, cell by cell."""
    size, now = lanes.u.shape[0], tick % (lanes.fired.size // lanes.u.shape[0])
    arriving, fired, entries = lanes.arriving, lanes.fired, fan_in.entries
    for i in range(first, stop):
        for cell in range(fan_in.target[i], fan_in.target[i + 1]):
            base = (now - fan_in.delay[cell]) * size
            base += fired.size if base < 0 else 0
            right = np.int32(max(-fan_in.exponent[cell], 0))
            row, left = (TILE, 0) if right > 0 else (i - first, fan_in.exponent[cell])
            for piece in range(fan_in.first[cell], fan_in.last[cell]):
                add_masked(
                    entries.source,
                    entries.weight,
                    entries.piece[piece],
                    entries.piece[piece + 1],
                    entries.together,
                    fired,
                    base,
                    left,
                    arriving,
                    row,
                )
            if right > 0:
                for lane in range(LANES):
                    arriving[i - first, lane] += arriving[TILE, lane] >> right
                    arriving[TILE, lane] = 0


@jit(nogil=True, inline="always")
def hear_outside(first: int, stop: int, outside: Int32, arriving: Int32) -> None:
    """Adds to `arriving` what comes from outside, and empties that."""
    for i in range(first, stop):
        for lane in range(LANES):
            arriving[i - first, lane] += outside[i, lane]
            outside[i, lane] = 0


@jit(nogil=True, inline="always")
def update_currents(first: int, stop: int, u: Int32, arriving: Int32, registers: Registers) -> None:
    """Does what the kernel's `update_current` does, in all lanes of some compartments."""
    keep, shift = registers.keep_u, np.int32(registers.weight_shift)
    high, low = np.int32(registers.half_current), np.int32(-registers.half_current)
    for i in range(first, stop):
        factor = keep[i]
        for lane in range(LANES):
            current = np.int32(decayed(u[i, lane], factor) + np.int32(arriving[i - first, lane] << shift))
            u[i, lane] = np.int32(current - jump(current, high, low))
            arriving[i - first, lane] = 0


@jit(nogil=True, inline="always")
def update_voltages(first: int, stop: int, v: Int32, u: Int32, registers: Registers) -> None:
    """Does what the kernel's `update_voltage` does, in all lanes of some compartments."""
    keep, bias = registers.keep_v, registers.bias
    high, low = np.int32(registers.largest_voltage), np.int32(-registers.largest_voltage)
    for i in range(first, stop):
        factor, constant = keep[i], bias[i]
        for lane in range(LANES):
            voltage = np.int32(decayed(v[i, lane], factor) + u[i, lane] + constant)
            v[i, lane] = min(max(voltage, low), high)


@jit(nogil=True, inline="always")
def hold_lanes(first: int, stop: int, v: Int32, waiting: Int32, registers: Registers) -> None:
    """Holds voltages at 0 in refractory lanes, counts a tick off their wait, and starts that of what will fire."""
    for i in range(first, stop):
        theta, wait = registers.threshold[i], np.int32(registers.refractory[i] - 1)
        for lane in range(LANES):
            v[i, lane] = np.int32(0) if waiting[i, lane] > 0 else v[i, lane]
            left = max(np.int32(waiting[i, lane] - 1), np.int32(0))
            waiting[i, lane] = wait if v[i, lane] > theta else left


@jit(nogil=True, inline="always")
def fire_lanes(
    first: int, stop: int, v: Int32, threshold: Int32, in_use: np.uint64, slot: int, fired: UInt64, counts: Int32
) -> None:
    """Resets what is above threshold, and puts into `fired` in which lanes that was, of those in use."""
    if counts.shape[0] > 0:
        for i in range(first, stop):
            theta = threshold[i]
            for lane in range(LANES):
                counts[i, lane] += np.int32(v[i, lane] > theta)
    for i in range(first, stop):
        theta, bits = threshold[i], np.uint64(0)
        for lane in range(LANES):
            fires = v[i, lane] > theta
            v[i, lane] = np.int32(0) if fires else v[i, lane]
            bits |= np.uint64(fires) << np.uint64(lane)
        fired[slot + i] = bits & in_use


@jit(nogil=True)
def record_lanes(tick: int, row: int, slot: int, lanes: Lanes, records: LaneRecords) -> None:
    """Keeps what is wanted of a tick, `row` of its chunk."""
    if records.fired.shape[0] > 0:
        copy(lanes.fired[slot : slot + lanes.u.shape[0]], records.fired[row])
    for values, into in ((lanes.u, records.u), (lanes.v, records.v)):
        for lane in range(into.shape[0]):
            for i in range(into.shape[2]):
                into[lane, tick, i] = values[i, lane]


@jit(nogil=True)
def step_lanes(
    first_tick: int,
    ticks: int,
    in_use: np.uint64,
    lanes: Lanes,
    registers: Registers,
    fan_in: FanIn,
    dense: Int32,
    events: Events,
    event: int,
    records: LaneRecords,
) -> int:
    """Steps up to 64 trials, the lanes whose bits are `in_use`, from `first_tick` on; the next event's index.

    `dense` (trials, all ticks, compartments or 0) and the events from index `event` on come from outside;
    `events.compartment` is compartment * LANES + lane.
    """
    size = lanes.u.shape[0]
    depth = lanes.fired.size // size
    for tick in range(first_tick, first_tick + ticks):
        slot = tick % depth * size
        event = receive_lanes(tick, dense, events, event, lanes.outside)
        for first in range(0, size, TILE):
            stop = min(first + TILE, size)
            gather(first, stop, tick, fan_in, lanes)
            if lanes.outside.shape[0] > 0:
                hear_outside(first, stop, lanes.outside, lanes.arriving)
            update_currents(first, stop, lanes.u, lanes.arriving, registers)
            update_voltages(first, stop, lanes.v, lanes.u, registers)
            if lanes.waiting.shape[0] > 0:
                hold_lanes(first, stop, lanes.v, lanes.waiting, registers)
            fire_lanes(first, stop, lanes.v, registers.threshold, in_use, slot, lanes.fired, records.counts)
        record_lanes(tick, tick - first_tick, slot, lanes, records)
    return event
