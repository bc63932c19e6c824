"""Sends the spikes of one tick along a mesh in a compiled loop: routers, links and cores as queues, in picoseconds.

Within a tick a core updates its neurons one after the other, in the order of their slots, and what of them fires
sends a message on each of its axons. A message leaves its core, goes from router to router, first along its row and
then along its column, and is taken in by its target core for as long as its synapses take. The way out of a core,
each link between two routers, and the way into a core serve one message at a time, in the order in which messages
come; of two that come at the same time the one of the lower core, or of the earlier neuron, is first.

Messages of one tick are all on their way before those of the next: what a tick that is too short leaves in a queue is
served before anything of the next tick.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.jit import jit

Int32 = NDArray[np.int32]
UInt8 = NDArray[np.uint8]

EAST, WEST, NORTH, SOUTH = 0, 1, 2, 3  # links that leave a router; north is to the row before
PARTS = 8  # of an octave, that histograms of latencies tell apart
BINS = 48 * PARTS
MOST_HOPS = 63  # what goes farther is counted with these
MOST_LATE = 15  # ticks: what comes later still acts so many ticks late, and is counted

# What `Tally.totals` counts.
(SENT, HOPS, LATENCY, LONGEST, WAITED, LONGEST_WAIT, LATE, BEYOND, INTERVALS, APART, MOVED, NEIGHBOURS, FLIPPED) = (
    range(13)
)


class Wires(NamedTuple):
    """The axons of all neurons, one row of neurons and one of axons, and the order in which cores update them."""

    order: Int  # (neurons,) core by core
    first: Int  # (cores + 1,) where each core begins in it
    axon: Int  # (neurons + 1,) first axon of each neuron
    target: Int32  # (axons,) core
    load: Int  # (axons,) ps that the target core takes for the synapses of a message
    slack: UInt8  # (axons,) ticks that a message may take beyond its own, since its neuron sends it that early


class Way(NamedTuple):
    """The mesh and its times, in ps."""

    column: Int  # (cores,) from 0
    row: Int
    width: int
    neuron: int
    east_west: int
    north_south: int
    link: int
    within: int


class Busy(NamedTuple):
    """Until when each queue is taken, in ps from the beginning of the tick."""

    link: Int  # (routers * 4,)
    out: Int  # (cores,) the way to the router
    into: Int  # (cores,) the way in
    ready: Int  # (cores,) the updates of the neurons


class Messages(NamedTuple):
    """The messages of a tick, and the queue of those on their way."""

    axon: Int
    source: Int
    sent: Int  # ps from the beginning of the tick: when its neuron was updated
    served: Int  # when its synapses were taken in
    waited: Int  # of that, in queues
    late: Int  # ticks
    column: Int  # where it is now
    row: Int
    time: Int  # of the heap
    which: Int


class Tally(NamedTuple):
    """What is counted over a trial."""

    totals: Int
    link: Int  # (routers * 4,) messages
    into: Int  # (cores,) messages
    histogram: Int  # (MOST_HOPS + 1, BINS) messages by hops and latency
    axon_sent: Int  # (axons,) the last, in ps from the beginning of the trial; -1: none yet
    axon_served: Int
    core_sent: Int  # (cores,) of the last that reached each
    core_served: Int


@jit(nogil=True)
def bin_of(value: int) -> int:
    """Returns the bin of a latency: eight to an octave, from whole numbers alone."""
    size = 0
    while value >> size > 1:
        size += 1
    part = (value << 3 >> size) & 7
    return min(size * 8 + part, BINS - 1)


@jit(nogil=True)
def push(messages: Messages, size: int, time: int, which: int) -> None:
    """Puts a message into the queue of those on their way, by time and then by number."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        before = messages.time[above]
        if before < time or (before == time and messages.which[above] < which):
            break
        messages.time[place], messages.which[place] = before, messages.which[above]
        place = above
    messages.time[place], messages.which[place] = time, which


@jit(nogil=True)
def pop(messages: Messages, size: int) -> None:
    """Takes the first of `size` messages out of the queue."""
    last = size - 1
    time, which, place = messages.time[last], messages.which[last], 0
    while True:
        below = 2 * place + 1
        if below >= last:
            break
        other = below + 1
        if other < last:
            sooner = messages.time[other] < messages.time[below]
            alike = messages.time[other] == messages.time[below] and messages.which[other] < messages.which[below]
            below = other if sooner or alike else below
        first = messages.time[below]
        if time < first or (time == first and which < messages.which[below]):
            break
        messages.time[place], messages.which[place] = first, messages.which[below]
        place = below
    messages.time[place], messages.which[place] = time, which


@jit(nogil=True)
def send(flags: UInt8, work: Int, wires: Wires, way: Way, busy: Busy, messages: Messages) -> int:
    """Updates the neurons of all cores, and lists the messages of those that fired; returns how many there are.

    `work` (cores,) is what a core has to do besides in this tick, in ps; it is spread over its neurons.
    """
    count = 0
    for core in range(busy.ready.size):
        begin, end = wires.first[core], wires.first[core + 1]
        start = busy.ready[core]
        for k in range(begin, end):
            done = k + 1 - begin
            now = start + done * way.neuron + work[core] * done // (end - begin)
            neuron = wires.order[k]
            if flags[neuron]:
                for axon in range(wires.axon[neuron], wires.axon[neuron + 1]):
                    leaves = max(now, busy.out[core])
                    busy.out[core] = leaves + way.link
                    messages.axon[count], messages.source[count] = axon, core
                    messages.sent[count], messages.waited[count] = now, leaves - now
                    messages.column[count], messages.row[count] = way.column[core], way.row[core]
                    push(messages, count, leaves, count)
                    count += 1
            busy.ready[core] = now
    return count


@jit(nogil=True)
def route(count: int, wires: Wires, way: Way, busy: Busy, messages: Messages, tally: Tally) -> None:
    """Takes all messages to their cores, one step of one message at a time, in the order of their times."""
    size = count
    while size > 0:
        time, m = messages.time[0], messages.which[0]
        pop(messages, size)
        size -= 1
        core = wires.target[messages.axon[m]]
        column, row = messages.column[m], messages.row[m]
        if column == way.column[core] and row == way.row[core]:
            arrives = time + way.within
            begins = max(arrives, busy.into[core])
            messages.waited[m] += begins - arrives
            messages.served[m] = begins + wires.load[messages.axon[m]]
            busy.into[core] = messages.served[m]
            tally.into[core] += 1
            continue
        if column != way.column[core]:
            direction, takes = (EAST if column < way.column[core] else WEST), way.east_west
        else:
            direction, takes = (SOUTH if row < way.row[core] else NORTH), way.north_south
        link = 4 * (row * way.width + column) + direction
        begins = max(time, busy.link[link])
        busy.link[link] = begins + way.link
        messages.waited[m] += begins - time
        tally.link[link] += 1
        messages.column[m] += (direction == EAST) - (direction == WEST)
        messages.row[m] += (direction == SOUTH) - (direction == NORTH)
        push(messages, size, begins + takes, m)
        size += 1


@jit(nogil=True)
def judge(count: int, start: int, tick: int, wires: Wires, way: Way, messages: Messages, tally: Tally) -> None:
    """Counts latencies; in ticks of a fixed length also who is late, intervals and neighbours that changed places.

    `start` is the beginning of the tick in ps, `tick` its length, 0 where it lasts until the last message is in.
    """
    totals = tally.totals
    for m in range(count):
        axon, core = messages.axon[m], wires.target[messages.axon[m]]
        source = messages.source[m]
        hops = abs(way.column[source] - way.column[core]) + abs(way.row[source] - way.row[core])
        latency = messages.served[m] - messages.sent[m]
        totals[SENT] += 1
        totals[HOPS] += hops
        totals[LATENCY] += latency
        totals[LONGEST] = max(totals[LONGEST], latency)
        totals[WAITED] += messages.waited[m]
        totals[LONGEST_WAIT] = max(totals[LONGEST_WAIT], messages.waited[m])
        tally.histogram[min(hops, MOST_HOPS), bin_of(latency)] += 1
        messages.late[m] = 0
        if tick > 0:
            late = max((messages.served[m] + tick - 1) // tick - 1 - np.int64(wires.slack[axon]), 0)
            totals[LATE] += late > 0
            totals[BEYOND] += late > MOST_LATE
            messages.late[m] = min(late, MOST_LATE)
            sent, served = start + messages.sent[m], start + messages.served[m]
            if tally.axon_sent[axon] >= 0:
                before, after = sent - tally.axon_sent[axon], served - tally.axon_served[axon]
                totals[INTERVALS] += 1
                totals[APART] += before
                totals[MOVED] += abs(after - before)
            tally.axon_sent[axon], tally.axon_served[axon] = sent, served
    if tick > 0:
        order = np.argsort(messages.sent[:count], kind="mergesort")
        for k in range(count):
            m = order[k]
            core = wires.target[messages.axon[m]]
            sent, served = start + messages.sent[m], start + messages.served[m]
            if tally.core_sent[core] >= 0 and sent > tally.core_sent[core]:
                totals[NEIGHBOURS] += 1
                totals[FLIPPED] += served < tally.core_served[core]
            tally.core_sent[core], tally.core_served[core] = sent, served


@jit(nogil=True)
def pass_tick(
    start: int,
    tick: int,
    flags: UInt8,
    work: Int,
    wires: Wires,
    way: Way,
    busy: Busy,
    messages: Messages,
    tally: Tally,
) -> Any:
    """Sends the spikes of one tick; returns how many messages they are, and when the last thing of it is done, in ps.

    In ticks of a fixed length `busy` goes on where the last tick left it; else every tick begins with empty queues.
    """
    for queue in busy:
        for k in range(queue.size):
            queue[k] = max(queue[k] - tick, 0) if tick > 0 else 0
    count = send(flags, work, wires, way, busy, messages)
    route(count, wires, way, busy, messages, tally)
    judge(count, start, tick, wires, way, messages, tally)
    last = 0
    for core in range(busy.ready.size):
        last = max(last, busy.ready[core], busy.into[core])
    return count, last
