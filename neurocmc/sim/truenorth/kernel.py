"""Steps cores in a compiled loop: axons that carry a spike, crossbar rows as bits, neurons as vectors.

A core's tick lists the axons that carry a spike. The 8 bits of a byte of a crossbar row are spread over the 8 bytes
of a word, and words are added: so the spikes that reach each neuron are counted, 8 neurons in one addition, one row
of counts for each type; at the end each count is multiplied by the weight. Rows of types with stochastic weights
are added one by one, with a byte of random bits for each synapse. Leak, threshold and reset are one loop over all
neurons without branches, which the compiler turns into vector instructions.

A core is left out while that changes nothing: no axon has a spike, and the last tick that had none changed no
potential, used no random number and saturated nothing.

An axon's spike is a byte in a ring of coming ticks. Bytes are only ever set to 1 by senders, in slots that no core
reads or clears in the same tick, so cores may be stepped in any order and at the same time.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.jit import jit
from neurocmc.sim.events import listed
from neurocmc.sim.truenorth.draws import ETA_BITS, FIRST, GOLDEN, RHO_SHIFT, SECOND

Int16 = NDArray[np.int16]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
UInt16 = NDArray[np.uint16]
UInt64 = NDArray[np.uint64]

MODE, SATURATES, REVERSES, LEAKS_BY_CHANCE = 3, 4, 8, 16  # bits of a neuron's `kind`
ONES, PICK, CARRY = 0x0101010101010101, 0x8040201008040201, 0x7F7F7F7F7F7F7F7F  # to spread bits over bytes
MOST_COUNTED = 255  # what a byte of counts holds
ETA = (1 << ETA_BITS) - 1
OUTPUT_BUS = -2
CORE_SHIFT, AXON_SHIFT = 40, 8
AXON, DELAY = (1 << 32) - 1, (1 << 8) - 1


class Cores(NamedTuple):
    """The tables of C cores of A axons, T types, P neurons (padded to a multiple of 8 with silent ones)."""

    axon_type: UInt8  # (C, A)
    crossbar: UInt8  # (C, A, P / 8)
    weight: Int16  # (C, T, P)
    chance: UInt8  # (C, T, P) 1 where the weight is stochastic
    chance_type: UInt8  # (C, T) 1 where one of the type's weights is
    chance_leak: UInt8  # (C,) 1 where a neuron's leak is
    noisy: UInt8  # (C,) 1 where a neuron has a noise mask or a stochastic leak
    leak: Int16  # (C, P)
    threshold: Int32  # (C, P)
    noise_mask: Int32  # (C, P)
    floor: Int32  # (C, P)
    reset_to: Int32  # (C, P)
    kind: UInt8  # (C, P) reset mode and flags
    route: Int64  # (C, P) target core << CORE_SHIFT | target axon << AXON_SHIFT | delay: one look-up for a spike
    neurons: int  # of each core, without padding: where synapses' random words begin
    highest: int  # that a potential can be


class State(NamedTuple):
    """The state that a tick leaves to the next, and what it tells of itself."""

    potential: Int32  # (C, P)
    ring: UInt8  # (ticks, C, A rounded up to 8) axons that will carry a spike, tick modulo its depth
    settled: UInt8  # (C,) 1 while nothing changes without a spike
    flags: UInt8  # (C, P) who fired in this tick
    fired: Int32  # (C, P) their indices
    firing: Int32  # (C,) how many
    spikes: Int64  # (C,) so far
    synaptic: Int64  # (C,) synaptic events so far
    saturated: Int64  # (C,) how often a potential left its register so far


class Room(NamedTuple):
    """The arrays that a core needs while it is stepped; one for each thread."""

    active: Int32  # (A rounded up to 8,)
    lanes: UInt64  # (T, P / 8) counts, a byte a neuron; all 0 between cores
    load: Int32  # (T,) rows that are in the counts; all 0 between cores
    arriving: Int32  # (P,)
    words: UInt64  # (P / 8,) random bytes of a row
    row: UInt64  # (P / 8,) its bits as bytes
    leak: Int16  # (P,)
    eta: Int32  # (P,) all 0 where a core has no noise
    quiet: Int32  # (P,) all 0


class Events(NamedTuple):
    """Spikes from outside, in order of tick."""

    tick: Int32
    core: Int32
    axon: Int32


class Records(NamedTuple):
    """The recordings of a chunk of ticks; what has no size is not recorded."""

    group: Int32  # (C, P) or (0, 0)
    counts: UInt16  # (ticks, groups)
    by_neuron: Int64  # (C, P) or (0, 0)
    spike_place: Int32  # (chosen, 2) core and neuron
    spikes: UInt8  # (ticks, chosen)
    potential_place: Int32  # (chosen, 2)
    potentials: Int32  # (ticks, chosen)
    out_tick: Int32
    out_line: Int32


@jit(nogil=True, inline="always")
def mix(z: Any) -> Any:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(FIRST)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(SECOND)
    return z ^ (z >> np.uint64(31))


@jit(nogil=True, inline="always")
def word(key: Any, index: Any) -> Any:
    return mix(key + (np.uint64(index) + np.uint64(1)) * np.uint64(GOLDEN))


@jit(nogil=True, inline="always")
def spread(byte: Any) -> Any:
    """Returns a word whose byte i is bit i of `byte`: copies it, picks a bit of each copy, carries it to the top."""
    picked = np.uint64(byte) * np.uint64(ONES) & np.uint64(PICK)
    return (picked + np.uint64(CARRY)) >> np.uint64(7) & np.uint64(ONES)


@jit(nogil=True)
def weigh(lanes: UInt64, weight: Int16, arriving: Int32) -> int:
    """Computes arriving += weight * count and empties the counts; returns their sum."""
    counts, total = lanes.view(np.uint8), np.int32(0)
    for n in range(arriving.size):
        count = np.int32(counts[n])
        arriving[n] += np.int32(weight[n]) * count
        total += count
    for b in range(lanes.size):
        lanes[b] = 0
    return int(total)


@jit(nogil=True)
def add_by_chance(key: Any, first: int, row: UInt8, weight: Int16, chance: UInt8, room: Room) -> int:
    """Adds the synapses of one axon where some are stochastic, by the words from `first` on; their number."""
    for b in range(row.size):
        room.words[b] = word(key, first + b)
        room.row[b] = spread(row[b])
    rho, bits, arriving, total = room.words.view(np.uint8), room.row.view(np.uint8), room.arriving, np.int32(0)
    for n in range(arriving.size):
        strength, connected = np.int32(weight[n]), np.int32(bits[n])
        sign = np.int32(strength > 0) - np.int32(strength < 0)
        drawn = sign * np.int32(abs(strength) > np.int32(rho[n]))
        arriving[n] += (drawn if chance[n] else strength) * connected
        total += connected
    return int(total)


@jit(nogil=True)
def integrate(core: int, count: int, key: Any, cores: Cores, room: Room) -> int:
    """Computes what the active axons bring to each neuron; returns how many synapses that were."""
    arriving, crossbar, lanes, synaptic = room.arriving, cores.crossbar, room.lanes, 0
    arriving[:] = 0
    for k in range(count):
        axon = room.active[k]
        kind = cores.axon_type[core, axon]
        if cores.chance_type[core, kind]:
            first, row = cores.neurons + axon * lanes.shape[1], crossbar[core, axon]
            synaptic += add_by_chance(key, first, row, cores.weight[core, kind], cores.chance[core, kind], room)
            continue
        for b in range(lanes.shape[1]):  # element by element: a view of a row would cost as much as adding it
            lanes[kind, b] += spread(crossbar[core, axon, b])
        room.load[kind] += 1
        if room.load[kind] == MOST_COUNTED:
            synaptic += weigh(lanes[kind], cores.weight[core, kind], arriving)
            room.load[kind] = 0
    for kind in range(room.load.size):
        if room.load[kind] > 0:
            synaptic += weigh(room.lanes[kind], cores.weight[core, kind], arriving)
            room.load[kind] = 0
    return synaptic


@jit(nogil=True)
def draw(key: Any, mask: Int32, leak: Int16, kind: UInt8, room: Room) -> None:
    """Draws eta of all neurons, and their leaks of this tick before a reversal."""
    for n in range(mask.size):
        drawn = word(key, n)
        room.eta[n] = np.int32(drawn & np.uint64(ETA)) & mask[n]
        rho, size = np.int32(drawn >> np.uint64(RHO_SHIFT)), np.int32(leak[n])
        moved = (np.int32(size > 0) - np.int32(size < 0)) * np.int32(abs(size) > rho)
        room.leak[n] = np.int16(moved if kind[n] & LEAKS_BY_CHANCE else size)


@jit(nogil=True)
def update(
    potential: Int32,
    arriving: Int32,
    leak: Int16,
    eta: Int32,
    threshold: Int32,
    floor: Int32,
    reset_to: Int32,
    kind: UInt8,
    flags: UInt8,
    highest: int,
) -> tuple[int, int]:
    """Integrates, leaks, fires and resets a core's neurons; returns how often one saturated, how many may change."""
    high, low = np.int32(highest), np.int32(-highest - 1)
    zero, saturated, restless = np.int32(0), np.int32(0), np.int32(0)
    for n in range(potential.size):
        before = potential[n]
        summed = np.int32(before + arriving[n])
        v = min(max(summed, low), high)
        saturated += np.int32(v != summed)
        step = np.int32(leak[n])
        reversed_ = step if v > zero else (np.int32(-step) if v < zero else zero)
        leaked = np.int32(v + (reversed_ if kind[n] & REVERSES else step))
        v = min(max(leaked, low), high)
        saturated += np.int32(v != leaked)

        mode, clamps = kind[n] & MODE, (kind[n] & SATURATES) != 0
        top = np.int32(threshold[n] + eta[n])
        bottom = np.int32(-floor[n] - (zero if clamps else eta[n]))
        fires, under = v >= top, v < bottom
        up = reset_to[n] if mode == 0 else (np.int32(v - top) if mode == 1 else v)
        mirrored = min(np.int32(-reset_to[n]), high) if mode == 0 else (np.int32(v - bottom) if mode == 1 else v)
        down = bottom if clamps else mirrored
        after = up if fires else (down if under else v)
        potential[n] = after
        flags[n] = fires
        near = (v >= threshold[n]) | ((not clamps) & (v < np.int32(-floor[n])))
        restless += np.int32((after != before) | near)
    return int(saturated), int(restless)


@jit(nogil=True)
def send(core: int, tick: int, cores: Cores, state: State) -> None:
    """Puts the spikes of this tick on the axons where they will arrive."""
    depth = state.ring.shape[0]
    for k in range(state.firing[core]):
        route = cores.route[core, state.fired[core, k]]
        if route >= 0:
            slot = (tick + (route & DELAY)) % depth
            state.ring[slot, route >> CORE_SHIFT, (route >> AXON_SHIFT) & AXON] = 1


@jit(nogil=True)
def step_core(core: int, tick: int, tick_key: Any, cores: Cores, state: State, room: Room) -> None:
    """Steps one core by one tick."""
    axons = state.ring[tick % state.ring.shape[0], core]
    active = listed(axons, room.active)
    if active == 0 and state.settled[core]:
        return
    key = mix(tick_key + np.uint64(core))
    if active > 0:
        axons[:] = 0
        state.synaptic[core] += integrate(core, active, key, cores, room)
    leak, eta = cores.leak[core], room.quiet
    if cores.noisy[core]:
        draw(key, cores.noise_mask[core], cores.leak[core], cores.kind[core], room)
        leak, eta = room.leak, room.eta
    saturated, restless = update(
        state.potential[core],
        room.arriving if active > 0 else room.quiet,
        leak,
        eta,
        cores.threshold[core],
        cores.floor[core],
        cores.reset_to[core],
        cores.kind[core],
        state.flags[core],
        cores.highest,
    )
    state.saturated[core] += saturated
    state.settled[core] = active == 0 and restless == 0 and saturated == 0 and not cores.chance_leak[core]
    state.firing[core] = listed(state.flags[core], state.fired[core])
    state.spikes[core] += state.firing[core]
    send(core, tick, cores, state)


@jit(nogil=True)
def receive(tick: int, events: Events, event: int, ring: UInt8) -> int:
    """Puts what comes from outside in this tick on its axons; returns the next event's index."""
    slot = tick % ring.shape[0]
    while event < events.tick.size and events.tick[event] == tick:
        ring[slot, events.core[event], events.axon[event]] = 1
        event += 1
    return event


@jit(nogil=True)
def record(tick: int, row: int, outputs: int, cores: Cores, state: State, records: Records) -> int:
    """Keeps what is wanted of this tick, `row` of its chunk; returns how many output spikes are recorded."""
    grouped, by_neuron, bus = records.group.size > 0, records.by_neuron.size > 0, records.out_tick.size > 0
    if grouped or by_neuron or bus:
        for core in range(state.firing.size):
            for k in range(state.firing[core]):
                neuron = state.fired[core, k]
                if grouped and records.group[core, neuron] >= 0:
                    records.counts[row, records.group[core, neuron]] += np.uint16(1)
                if by_neuron:
                    records.by_neuron[core, neuron] += 1
                if bus and cores.route[core, neuron] >> CORE_SHIFT == OUTPUT_BUS:
                    records.out_tick[outputs] = tick
                    records.out_line[outputs] = (cores.route[core, neuron] >> AXON_SHIFT) & AXON
                    outputs += 1
    for i in range(records.spike_place.shape[0]):
        records.spikes[row, i] = state.flags[records.spike_place[i, 0], records.spike_place[i, 1]]
    for i in range(records.potential_place.shape[0]):
        place = records.potential_place[i]
        records.potentials[row, i] = state.potential[place[0], place[1]]
    return outputs


@jit(nogil=True)
def new_room(axons: int, types: int, neurons: int) -> Room:
    """Makes room for cores of that size."""
    return Room(
        np.empty(axons, np.int32),
        np.zeros((types, neurons // 8), np.uint64),
        np.zeros(types, np.int32),
        np.empty(neurons, np.int32),
        np.empty(neurons // 8, np.uint64),
        np.empty(neurons // 8, np.uint64),
        np.empty(neurons, np.int16),
        np.empty(neurons, np.int32),
        np.zeros(neurons, np.int32),
    )


@jit(nogil=True)
def step_some(first: int, last: int, tick: int, tick_key: Any, cores: Cores, state: State, room: Room) -> None:
    """Steps the cores from `first` to before `last` by one tick."""
    for core in range(first, last):
        step_core(core, tick, tick_key, cores, state, room)


@jit(nogil=True)
def step_trial(
    first_tick: int,
    ticks: int,
    trial_key: Any,
    cores: Cores,
    state: State,
    events: Events,
    event: int,
    records: Records,
) -> tuple[int, int]:
    """Steps one trial from `first_tick` on; `state` goes on where the last call left it.

    Returns the index of the next event and how many spikes of the output bus are recorded.
    """
    outputs = 0
    room = new_room(state.ring.shape[2], cores.weight.shape[1], state.potential.shape[1])
    for tick in range(first_tick, first_tick + ticks):
        event = receive(tick, events, event, state.ring)
        tick_key = mix(trial_key + np.uint64(tick))
        step_some(0, state.firing.size, tick, tick_key, cores, state, room)
        outputs = record(tick, tick - first_tick, outputs, cores, state, records)
    return event, outputs
