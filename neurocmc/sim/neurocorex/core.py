"""Computes what the published logic of NeuroCoreX does, clock by clock of its neuron pipeline, bit for bit.

A tick is 96 clocks, one for each place. A neuron passes through registers that all neurons share, and some of these
keep what they held where a tick of equations would have 0. So the clocks are computed, not the equations:

- What the all-to-all matrix sends is added to a current that stays while some neuron spikes in every tick. After a
  tick without spikes it is that which neuron 89 had before: 0 where nothing reaches neuron 89.
- In the tick after neuron j alone has spiked, j has the current of the neuron before it instead of its own.
- A spike of neuron j does not reach neuron j - 1: the design means to leave out j itself, and misses by one row.
- A spike of an input does not reach a neuron whose predecessor spikes in the tick in which it arrives.
- V wraps around at both ends, and the leak has no end either.

tests/neurocorex compares this with the VHDL itself, as GHDL runs it (docs/neurocorex.md).
"""

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.jit import jit
from neurocmc.ir.neurocorex.registers import NEURONS, PLACES, CoreRegisters

_LAST = NEURONS - 1
_HALF, _ALL = 1 << 17, (1 << 18) - 1


def run_core(registers: CoreRegisters, channel_of_tick: Int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Runs the chip from rest.

    Args:
        registers: What was loaded.
        channel_of_tick: (ticks,) the channel that the host's spike of each tick has, -1 where it sends none. It acts
            on V in the tick after.

    Returns:
        (ticks, 90) spikes, and (ticks, 90) V after each tick, in units of 2^-10.
    """
    return _run(
        registers.feed_forward.astype(np.int64),
        registers.all_to_all.astype(np.int64),
        registers.threshold.astype(np.int64),
        registers.refractory.astype(np.int64),
        registers.leak,
        registers.amplitude,
        np.asarray(channel_of_tick, dtype=np.int64),
    )


@jit(nogil=True, inline="always")
def _wrapped(value: int) -> int:
    return ((value + _HALF) & _ALL) - _HALF


@jit(nogil=True, inline="always")
def _added(weight: int, amplitude: int) -> int:
    """What a sum of weights adds: its sign, and the lowest 17 bits of 2^10 times it."""
    product = (weight * amplitude) << 10
    low = product & (_HALF - 1)
    return low - _HALF if product < 0 else low


@jit(nogil=True)
def _run(ff, aa, threshold, refractory, leak, amplitude, channel_of_tick):  # type: ignore[no-untyped-def]
    ticks = channel_of_tick.size
    spikes = np.zeros((ticks, NEURONS), dtype=np.uint8)
    voltages = np.zeros((ticks, NEURONS), dtype=np.int32)
    v = np.zeros(NEURONS, dtype=np.int64)
    current = np.zeros(NEURONS, dtype=np.int64)  # of the all-to-all matrix, from one tick to the next
    waited = np.zeros(PLACES, dtype=np.int64)  # ticks since a spike, 0: ready
    weights = np.zeros(PLACES, dtype=np.int64)  # by row, of the neurons that spiked a tick ago
    channel = -1
    others = np.zeros(PLACES, dtype=np.int64)  # how many others spiked a tick ago
    any_input, input_1, input_2, input_3 = False, False, False, False
    others_1, others_2, others_3 = 0, 0, 0
    row_sum, row_input = 0, 0
    adds, adds_input = 0, 0  # the two registers that keep what they held
    last_current = 0
    for tick in range(ticks):
        next_others = np.zeros(PLACES, dtype=np.int64)
        next_weights = np.zeros(PLACES, dtype=np.int64)
        next_v = np.zeros(NEURONS, dtype=np.int64)
        next_current = np.zeros(NEURONS, dtype=np.int64)
        for place in range(PLACES):
            neuron = place - 4
            is_neuron = 0 <= neuron < NEURONS
            fires = is_neuron and v[neuron] >= threshold[place] and waited[place] == 0
            # The neuron behind this one is a stage further back: its current and inputs are added up now.
            had = last_current if place < 3 else current[min(place - 3, _LAST)]
            next_adds, next_adds_input = adds, adds_input
            if others_3 > 0:
                next_adds = _wrapped(had + _added(row_sum, 1))
            if input_3:
                next_adds_input = 0 if fires else _added(row_input, amplitude)
            elif others_3 <= 0:
                next_adds_input = 0
            if fires:
                waited[place] = 1
                next_others += 1
                next_others[place] -= 1
                next_weights += aa[:, place + 1]
                next_weights[place + 1] -= aa[place + 1, place + 1]
            elif waited[place] >= refractory[place]:
                waited[place] = 0
            elif waited[place] > 0:
                waited[place] += 1
            if is_neuron:
                spikes[tick, neuron] = fires
                next_v[neuron] = 0 if fires else _wrapped(v[neuron] - leak + adds + adds_input)
                next_current[neuron] = adds
            if place <= 91:
                input_3, input_2, input_1 = input_2, input_1, any_input
                others_3, others_2, others_1 = others_2, others_1, others[place + 4]
                row_sum = weights[place + 4]
                row_input = ff[place + 4, channel] if channel >= 0 else 0
            elif place == 92:
                others_3 = others_2
                row_input = 0
            else:
                others_3, row_sum, row_input = 0, 0, 0
            adds, adds_input = next_adds, next_adds_input
        last_current = current[_LAST]
        v, current, others, weights = next_v, next_current, next_others, next_weights
        voltages[tick] = v
        channel = channel_of_tick[tick]
        any_input = channel >= 0
    return spikes, voltages
