"""Steps networks of single neurons in a compiled loop, driven by events: a tick costs its spikes and its neurons.

What a neuron or a channel sends is added to a ring of coming sums, one for each exponent below 0, whose sum is
shifted right, rounding down, when it arrives, and one for all others, whose shift was multiplied into the weights.
The order of a tick is receive, bias, u, v, threshold, reset, send. Beside the spikes the loop keeps what every
register was asked to hold.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.jit import jit
from neurocmc.sim.arithmetic import fold, toward_zero, wrap32

Int32 = NDArray[np.int32]
ROUNDED_BITS = 8  # as far as an exponent shifts right


class Cells(NamedTuple):
    """The registers of all neurons that do not change."""

    keep_u: Int  # (neurons,) 2^decay_bits less the decay
    keep_v: Int
    threshold: Int  # LSB
    bias: Int  # LSB
    refractory: Int  # ticks, 1: none
    weight_shift: int
    decay_bits: int
    half_current: int
    largest_voltage: int


class Fans(NamedTuple):
    """The synapses of all senders, one row of synapses for each; a place is plane * neurons + target."""

    start: Int  # (senders + 1,)
    place: Int32  # (synapses,)
    weight: Int32  # (synapses,)
    delay: Int32  # (synapses,) ticks from sending to arrival
    exponent: Int  # (planes,) 0, or what the sums of a plane are shifted by


class Held(NamedTuple):
    """What registers were asked to hold, over all ticks so far; (neurons,) each."""

    largest_u: Int
    lowest_v: Int
    highest_v: Int
    wraps: Int
    below: Int  # ticks in which v saturated at its lower end
    above: Int
    rounded: Int  # what sums lost that were shifted right, in 2^-ROUNDED_BITS mantissas


class Registers(NamedTuple):
    """The state that a tick leaves to the next."""

    u: Int  # (neurons,)
    v: Int
    waiting: Int  # ticks for which a neuron still holds its voltage at 0
    ring: Int  # (depth, planes, neurons) sums that arrive in coming ticks
    fired: Int  # (neurons,) those that spiked, as many as `step_neurons` says


@jit(nogil=True)
def run_trial(
    ticks: int,
    registers: Registers,
    cells: Cells,
    fans: Fans,
    inputs: Fans,
    event_tick: Int32,
    event_channel: Int32,
    extra: Int32,
    spike_tick: Int32,
    spike_neuron: Int32,
    record_u: Int32,
    record_v: Int32,
    held: Held,
) -> int:
    """Steps one trial; fills the spikes, by tick and neuron, and returns how many there are.

    `extra` is (ticks, neurons) mantissas that arrive as well, or empty; `record_u` and `record_v` are (ticks,
    neurons), or empty.
    """
    event = 0
    count = 0
    ring = registers.ring
    for tick in range(ticks):
        while event < event_tick.size and event_tick[event] == tick:
            send(event_channel[event], tick, ring, inputs)
            event += 1
        now = ring[tick % ring.shape[0]]
        if extra.size:
            now[0] += extra[tick]
        firing = step_neurons(now, registers, cells, fans.exponent, held)
        for k in range(firing):
            send(registers.fired[k], tick, ring, fans)
            if count < spike_tick.size:
                spike_tick[count] = tick
                spike_neuron[count] = registers.fired[k]
            count += 1
        if record_u.size:
            record_u[tick] = registers.u
            record_v[tick] = registers.v
    return count


@jit(nogil=True)
def step_neurons(now: Int, registers: Registers, cells: Cells, exponent: Int, held: Held) -> int:
    """Steps all neurons by a tick in which the sums `now` (planes, neurons) arrive, which are emptied."""
    planes, neurons = now.shape
    firing = 0
    for n in range(neurons):
        total = now[0, n]
        now[0, n] = 0
        for plane in range(1, planes):
            bits = -exponent[plane]
            whole = now[plane, n] >> bits
            held.rounded[n] += (now[plane, n] - (whole << bits)) << (ROUNDED_BITS - bits)
            total += whole
            now[plane, n] = 0
        arrived = wrap32(wrap32(total) << cells.weight_shift)
        unfolded = toward_zero(registers.u[n], cells.keep_u[n], cells.decay_bits) + arrived
        current = fold(wrap32(unfolded), cells.half_current)
        held.wraps[n] += current != unfolded or arrived != total << cells.weight_shift
        held.largest_u[n] = max(held.largest_u[n], abs(current))
        registers.u[n] = current
        voltage = wrap32(toward_zero(registers.v[n], cells.keep_v[n], cells.decay_bits) + current + cells.bias[n])
        if registers.waiting[n] > 0:
            registers.waiting[n] -= 1
            voltage = 0
        limit = cells.largest_voltage
        held.above[n] += voltage > limit
        held.below[n] += voltage < -limit
        voltage = min(max(voltage, -limit), limit)
        held.lowest_v[n] = min(held.lowest_v[n], voltage)
        held.highest_v[n] = max(held.highest_v[n], voltage)
        if voltage > cells.threshold[n]:
            voltage = 0
            registers.waiting[n] = cells.refractory[n] - 1
            registers.fired[firing] = n
            firing += 1
        registers.v[n] = voltage
    return firing


@jit(nogil=True)
def send(sender: int, tick: int, ring: Int, fans: Fans) -> None:
    """Adds the synapses of one sender to the sums of the ticks in which they arrive."""
    depth, _, neurons = ring.shape
    for k in range(fans.start[sender], fans.start[sender + 1]):
        place = fans.place[k]
        ring[(tick + fans.delay[k]) % depth, place // neurons, place % neurons] += fans.weight[k]
