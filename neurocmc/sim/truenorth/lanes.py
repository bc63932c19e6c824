"""Steps 64 trials of a core network together: tables, crossbars and routes are read once a tick for all of them.

A trial is a *lane*, a bit of a word: in which trials an axon carries a spike, or a neuron fires, is one word. What
arrives is added in all lanes at once (`sim.masked`), one column of equal neurons after the other; then each neuron is
stepped in 64 lanes by vectors, and its spikes go to their axon as one word. A core is left out by the rule of
`kernel`, where that holds in all lanes.

Functions loop over all neurons themselves: numba counts references to each array that is handed on, which would cost
more than the step of one neuron.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.jit import jit
from neurocmc.sim.entries import Entries
from neurocmc.sim.masked import LANES, add_masked
from neurocmc.sim.truenorth.draws import RHO_SHIFT
from neurocmc.sim.truenorth.kernel import ETA, mix, word
from neurocmc.sim.truenorth.lane_tables import LaneCores

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
UInt64 = NDArray[np.uint64]


class LaneState(NamedTuple):
    """The state that a tick leaves to the next, and what it tells of itself."""

    potential: Int32  # (neurons, LANES)
    ring: UInt64  # (depth * cores * axons,) in which lanes an axon will carry a spike, tick modulo its depth
    fired: UInt64  # (neurons,) in which lanes, in this tick
    settled: UInt8  # (cores,) 1 while nothing changes without a spike
    totals: Int64  # (3, LANES) spikes, synaptic events and saturations so far


class LaneRoom(NamedTuple):
    """The arrays that a core needs while it is stepped."""

    trial_keys: UInt64  # (LANES,)
    keys: UInt64  # (LANES,) of one core in one tick
    sums: Int32  # (columns of a core at most, LANES) all 0 between cores
    eta: Int32  # (LANES,)
    leak: Int32  # (LANES,)
    fires: Int32  # (LANES,)
    spikes: Int32  # (LANES,) of a core in one tick; this and the next two are all 0 between cores
    saturated: Int32  # (LANES,)
    restless: Int32  # (LANES,) neurons that may change without a spike


class LaneEvents(NamedTuple):
    """Spikes from outside, in order of tick."""

    tick: Int32
    place: Int64  # core * axons + axon
    lane: Int32


class LaneRecords(NamedTuple):
    """The recordings of a chunk of ticks; what has no size is not recorded."""

    groups: Entries  # a cell is a group, a source a neuron
    group_sums: Int32  # (groups, LANES)
    counts: NDArray[np.uint16]  # (trials, ticks, groups)
    kept: Int32  # (chosen,) neurons
    words: UInt64  # (ticks, chosen) in which lanes they fired


@jit(nogil=True)
def receive_lanes(tick: int, events: LaneEvents, event: int, ring: UInt64, slot: int) -> int:
    """Puts what comes from outside in this tick on its axons, from `slot` of the ring on; the next event's index."""
    while event < events.tick.size and events.tick[event] == tick:
        ring[slot + events.place[event]] |= np.uint64(1) << np.uint64(events.lane[event])
        event += 1
    return event


@jit(nogil=True, inline="always")
def any_set(words: UInt64, first: int, last: int) -> bool:
    """Whether one of the words from `first` to before `last` is not 0."""
    found = np.uint64(0)
    for k in range(first, last):
        found |= words[k]
    return found != 0


@jit(nogil=True)
def add_cells(entries: Entries, first: int, last: int, bits: UInt64, base: int, sums: Int32) -> None:
    """Adds the cells from `first` to before `last` to `sums` (cells, LANES)."""
    for cell in range(first, last):
        for piece in range(entries.cell[cell], entries.cell[cell + 1]):
            add_masked(
                entries.source,
                entries.weight,
                entries.piece[piece],
                entries.piece[piece + 1],
                entries.together,
                bits,
                base,
                0,
                sums,
                cell - first,
            )


@jit(nogil=True)
def step_neurons(first: int, last: int, cores: LaneCores, state: LaneState, room: LaneRoom) -> None:
    """Draws, integrates, leaks, fires and resets the neurons of a core; the equations are those of `CoreNetwork`."""
    potential, sums, eta, leak, fires = state.potential, room.sums, room.eta, room.leak, room.fires
    spikes, saturated, restless, keys = room.spikes, room.saturated, room.restless, room.keys
    high, low, zero = np.int32(cores.highest), np.int32(-cores.highest - 1), np.int32(0)
    for i in range(first, last):
        mask, step, by_chance = cores.noise_mask[i], cores.leak[i], cores.leaks_by_chance[i] != 0
        if mask != 0 or by_chance:
            sign, size, number = np.int32(step > 0) - np.int32(step < 0), abs(step), cores.number[i]
            for lane in range(LANES):
                drawn = word(keys[lane], number)
                eta[lane] = np.int32(drawn & np.uint64(ETA)) & mask
                moved = sign * np.int32(size > np.int32(drawn >> np.uint64(RHO_SHIFT)))
                leak[lane] = moved if by_chance else step
        else:
            for lane in range(LANES):
                eta[lane], leak[lane] = zero, step
        column, threshold, floor, reset_to = cores.column[i], cores.threshold[i], cores.floor[i], cores.reset_to[i]
        mode, clamps, reverses = cores.mode[i], cores.saturates[i] != 0, cores.reverses[i] != 0
        for lane in range(LANES):
            before = potential[i, lane]
            summed = np.int32(before + sums[column, lane])
            v = min(max(summed, low), high)
            lost = np.int32(v != summed)
            own = leak[lane]
            turned = own if v > zero else (np.int32(-own) if v < zero else zero)
            leaked = np.int32(v + (turned if reverses else own))
            v = min(max(leaked, low), high)
            lost += np.int32(v != leaked)

            top = np.int32(threshold + eta[lane])
            bottom = np.int32(-floor - (zero if clamps else eta[lane]))
            over, under = v >= top, v < bottom
            up = reset_to if mode == 0 else (np.int32(v - top) if mode == 1 else v)
            mirrored = min(np.int32(-reset_to), high) if mode == 0 else (np.int32(v - bottom) if mode == 1 else v)
            down = bottom if clamps else mirrored
            after = up if over else (down if under else v)
            potential[i, lane], fires[lane] = after, np.int32(over)
            near = (v >= threshold) | ((not clamps) & (v < np.int32(-floor)))
            restless[lane] += np.int32((after != before) | near | (lost != 0) | by_chance)
            spikes[lane] += np.int32(over)
            saturated[lane] += lost
        bits = np.uint64(0)
        for lane in range(LANES):
            bits |= np.uint64(fires[lane]) << np.uint64(lane)
        state.fired[i] = bits


@jit(nogil=True)
def send_words(first: int, last: int, tick: int, cores: LaneCores, fired: UInt64, ring: UInt64) -> None:
    """Puts the spikes of a core's neurons on the axons where they will arrive."""
    size = (cores.first.size - 1) * cores.axons
    depth = ring.size // size
    for i in range(first, last):
        if cores.target[i] >= 0:
            ring[(tick + cores.delay[i]) % depth * size + cores.target[i]] |= fired[i]


@jit(nogil=True)
def step_core_lanes(core: int, tick: int, trials: int, cores: LaneCores, state: LaneState, room: LaneRoom) -> None:
    """Steps one core by one tick in all lanes."""
    axons, first, last = cores.axons, cores.first[core], cores.first[core + 1]
    size = (cores.first.size - 1) * axons
    base = tick % (state.ring.size // size) * size + core * axons
    active = any_set(state.ring, base, base + axons)
    if not active and state.settled[core]:
        for i in range(first, last):
            state.fired[i] = 0
        return
    columns = cores.first_column[core + 1] - cores.first_column[core]
    if active:
        add_cells(cores.columns, cores.first_column[core], cores.first_column[core + 1], state.ring, base, room.sums)
        for k in range(base, base + axons):
            state.ring[k] = 0
    for lane in range(LANES):
        room.keys[lane] = mix(mix(room.trial_keys[lane] + np.uint64(tick)) + np.uint64(core))
    step_neurons(first, last, cores, state, room)
    moved, in_use = np.int32(0), np.uint64(0)
    for lane in range(trials):
        moved |= room.restless[lane]
        in_use |= np.uint64(1) << np.uint64(lane)
    state.settled[core] = not active and moved == 0
    for lane in range(LANES):
        state.totals[0, lane] += room.spikes[lane]
        state.totals[1, lane] += room.sums[columns - 1, lane]
        state.totals[2, lane] += room.saturated[lane]
        room.spikes[lane], room.saturated[lane], room.restless[lane] = 0, 0, 0
    for column in range(columns):
        for lane in range(LANES):
            room.sums[column, lane] = 0
    for i in range(first, last):
        state.fired[i] &= in_use
    send_words(first, last, tick, cores, state.fired, state.ring)


@jit(nogil=True)
def record_lanes(row: int, state: LaneState, records: LaneRecords) -> None:
    """Keeps what is wanted of this tick, `row` of its chunk."""
    sums, groups = records.group_sums, records.group_sums.shape[0]
    if groups > 0:
        add_cells(records.groups, 0, groups, state.fired, 0, sums)
        for lane in range(records.counts.shape[0]):
            for group in range(groups):
                records.counts[lane, row, group] = np.uint16(sums[group, lane])
        for group in range(groups):
            for lane in range(LANES):
                sums[group, lane] = 0
    for k in range(records.kept.size):
        records.words[row, k] = state.fired[records.kept[k]]


@jit(nogil=True)
def step_lanes(
    first_tick: int,
    ticks: int,
    trials: int,
    cores: LaneCores,
    state: LaneState,
    room: LaneRoom,
    events: LaneEvents,
    event: int,
    records: LaneRecords,
) -> int:
    """Steps up to 64 trials, one in each of the first lanes, from `first_tick` on; the next event's index."""
    size = (cores.first.size - 1) * cores.axons
    for tick in range(first_tick, first_tick + ticks):
        event = receive_lanes(tick, events, event, state.ring, tick % (state.ring.size // size) * size)
        for core in range(cores.first.size - 1):
            step_core_lanes(core, tick, trials, cores, state, room)
        record_lanes(tick - first_tick, state, records)
    return event
