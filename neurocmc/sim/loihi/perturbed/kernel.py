"""Steps expanded networks in a compiled loop: a current and a row of synapses for every neuron.

Synapses of a sender that lead to neighbouring neurons stand together, as pools make them do: a *run* is added to its
bundle's sum as one vector. When all spikes of a tick are in, each bundle's exponent shifts its sum into the ring of
coming ticks. Registers are stepped by the loops of the compartment emulator, all but the current, which here also
says where it left its register.
"""

from typing import NamedTuple

import numpy as np

from neurocmc.common.jit import jit
from neurocmc.sim.arithmetic import copy, decayed, jump
from neurocmc.sim.events import listed
from neurocmc.sim.loihi.compartments.kernel import (
    Int32,
    Int64,
    Registers,
    UInt8,
    UInt32,
    add_shifted,
    fire,
    update_voltage,
)


class Runs(NamedTuple):
    """Synapses by sender; a run is one bundle's synapses of one sender on neighbouring targets."""

    first: Int64  # (neurons + 1,) first run of each sender
    bundle: Int64  # (runs,)
    target: Int64  # (runs,) first target
    start: Int64  # (runs + 1,) in `mantissa`
    mantissa: Int32  # (synapses,)
    exponent: Int64  # (bundles,)
    delay: Int64  # (bundles,) ticks from a spike to its arrival


class State(NamedTuple):
    """The state that a tick leaves to the next, and scratch that is 0 between ticks."""

    u: Int32
    v: Int32
    ring: Int32  # (depth, neurons) input sums of coming ticks
    sums: Int32  # (bundles, neurons)
    flags: UInt8  # (neurons, rounded up to 8,)
    fired: Int32  # (neurons, rounded up to 8,)
    wraps: Int64  # (neurons,) how often the current left its register


@jit(nogil=True)
def update_current(u: Int32, keep: UInt32, arriving: Int32, wraps: Int64, weight_shift: int, half: int) -> None:
    """Computes u <- decayed u + (arriving << shift), folded once and counted where it left its register."""
    shift, high, low = np.int32(weight_shift), np.int32(half), np.int32(-half)
    most = np.int32((1 << 30) >> weight_shift)  # beyond it the shifted sum may leave 32 bits
    for i in range(u.size):
        current = np.int32(decayed(u[i], keep[i]) + np.int32(arriving[i] << shift))
        outside = jump(current, high, low)
        u[i] = np.int32(current - outside)
        wraps[i] += (outside != 0) | (arriving[i] > most) | (arriving[i] < -most)
        arriving[i] = 0


@jit(nogil=True)
def send(tick: int, count: int, runs: Runs, state: State) -> None:
    """Sums the runs of all that fired, then shifts each bundle's sum to where it arrives."""
    for k in range(count):
        sender = state.fired[k]
        for run in range(runs.first[sender], runs.first[sender + 1]):
            start, length = runs.start[run], runs.start[run + 1] - runs.start[run]
            target = runs.target[run]
            sums = state.sums[runs.bundle[run], target : target + length]
            mantissa = runs.mantissa[start : start + length]
            for i in range(length):
                sums[i] += mantissa[i]
    depth = state.ring.shape[0]
    for bundle in range(runs.exponent.size):
        slot = state.ring[(tick + runs.delay[bundle]) % depth]
        add_shifted(state.sums[bundle], runs.exponent[bundle], slot)


@jit(nogil=True)
def step_trial(
    host: Int32,
    unit: Int64,
    state: State,
    registers: Registers,
    runs: Runs,
    counts: Int32,
    u_record: Int32,
    v_record: Int32,
) -> None:
    """Steps one trial through the ticks of `host` (ticks, neurons), the sums that arrive from outside.

    Fills counts (ticks, units) with the spikes of each neuron's `unit` and, where they have a size, u_record and
    v_record (ticks, neurons).
    """
    depth = state.ring.shape[0]
    for tick in range(host.shape[0]):
        arriving = state.ring[tick % depth]
        for i in range(arriving.size):
            arriving[i] += host[tick, i]
        update_current(
            state.u, registers.keep_u, arriving, state.wraps, registers.weight_shift, registers.half_current
        )
        update_voltage(state.v, registers.keep_v, state.u, registers.bias, registers.largest_voltage)
        fire(state.v, registers.threshold, state.flags)
        count = listed(state.flags, state.fired)
        for k in range(count):
            counts[tick, unit[state.fired[k]]] += 1
        if count > 0:
            send(tick, count, runs, state)
        if u_record.size > 0:
            copy(state.u, u_record[tick])
        if v_record.size > 0:
            copy(state.v, v_record[tick])
