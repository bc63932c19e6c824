"""Turns a drive into the spikes, or payloads, that carry it from the host to the compartments.

A compartment low-passes everything that reaches it, but the external input of a rate unit may be unfiltered. The host
therefore sends the *innovation* of the compartment's own filter: with e the current its spikes alone would have
left behind, it sends (wanted - decayed e), rounded to what axons can carry, and carries the rounding over to the next
tick. The current then equals the drive within half a quantum at every tick, without lag.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.jit import jit
from neurocmc.common.matrices import driven_by
from neurocmc.ir.host_start import started
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.arithmetic import toward_zero

Int32 = NDArray[np.int32]

BEYOND = 2.0**31  # values of this size overflow the array, and any axons: they are only counted, to be refused


def encode(network: IntegerNetwork, stimulus: Stimulus) -> Mapping[str, NDArray[np.int32]]:
    """Turns a stimulus into the values that the host sends in each tick.

    Args:
        network: The integer network.
        stimulus: The stimulus, with a value for each of its inputs.

    Returns:
        Input name -> (batch, ticks, target units) values, in mantissa units of the input's exponent.

    Raises:
        InputError: Where the stimulus does not fit the inputs, or asks for more than the axons carry.

    Example:
        >>> from neurocmc.sim.loihi.host import encode
        >>> artifact = neurocmc.pipeline.artifact.open_artifact("build/two-state")
        >>> values = encode(artifact.built.integer, artifact.stimuli.test[0])
    """
    completed = started(stimulus, network.inputs, network.tick_s)
    return {entry.name: _encode_input(network, entry, completed) for entry in network.inputs}


def _encode_input(network: IntegerNetwork, entry: IntegerInput, stimulus: Stimulus) -> NDArray[np.int32]:
    rule, population = network.rule, network.population(entry.target)
    grain = 1 if entry.payload_bits else 2  # mixed-sign axons hold even mantissas
    quantum = grain << (entry.exponent + rule.weight_shift)
    driven = stimulus.on_ticks(network.tick_s, entry.name)
    alike = network.sent_the_same(entry)  # of so many units one is encoded
    segments = driven_by(driven.values[entry.name], entry.lsb_per_input[::alike])  # (batch, segments, units)
    segment_of_tick = driven.segment_of_tick
    values = np.zeros((stimulus.batch, len(segment_of_tick), population.units // alike), dtype=np.int32)
    if entry.filtered:
        peak = _send_shares(segments, segment_of_tick, rule.arriving(population.decay_u), quantum, grain, values)
    else:
        keep = rule.keep_u(population.decay_u)
        wanted = segments
        if entry.host_pole:
            wanted, segment_of_tick = _filtered(segments, segment_of_tick, entry.host_pole, entry.host_order)
        peak = _send_innovations(wanted, segment_of_tick, keep, rule.decay_bits, quantum, grain, values)
    _check_capacity(entry, peak, stimulus)
    return values if alike == 1 else np.repeat(values, alike, axis=2)


def _filtered(segments: Float, segment_of_tick: Int, pole: float, order: int) -> tuple[Float, Int]:
    """A drive behind a filter, tick by tick; it acts from the next tick on, as in the rate circuit.

    A second stage takes the first as it was a tick ago.
    """
    ticks = len(segment_of_tick)
    course = segments[:, segment_of_tick]
    for _ in range(order):
        before, course = course, np.zeros_like(course)
        for tick in range(1, ticks):
            course[:, tick] = pole * course[:, tick - 1] + (1.0 - pole) * before[:, tick - 1]
    return course, np.arange(ticks)


@jit()
def _send_shares(
    segments: Float, segment_of_tick: Int, arriving: float, quantum: int, grain: int, values: Int32
) -> float:
    """A filtered drive: in each tick what the compartment's filter takes of it; the rest is carried to the next.

    It acts from the next tick on, as in the rate circuit. Fills `values` where they are not beyond; returns the
    largest.
    """
    batch, ticks, units = values.shape
    peak = 0.0
    for trial in range(batch):
        for unit in range(units):
            carry = 0.0
            for tick in range(ticks):
                before = segments[trial, segment_of_tick[tick - 1], unit] if tick else 0.0
                send = before * arriving + carry
                sent = _quanta(send, quantum)
                carry = send - sent * quantum
                peak = max(peak, _put(values, trial, tick, unit, sent * grain))
    return peak


@jit()
def _send_innovations(
    segments: Float, segment_of_tick: Int, keep: int, decay_bits: int, quantum: int, grain: int, values: Int32
) -> float:
    """An unfiltered drive: in each tick what it lies above the current that earlier ticks have left.

    Fills `values` where they are not beyond; returns the largest.
    """
    batch, ticks, units = values.shape
    peak = 0.0
    for trial in range(batch):
        for unit in range(units):
            held = 0
            for tick in range(ticks):
                held = toward_zero(held, keep, decay_bits)
                sent = _quanta(segments[trial, segment_of_tick[tick], unit] - held, quantum)
                held += int(sent) * quantum
                peak = max(peak, _put(values, trial, tick, unit, sent * grain))
    return peak


@jit(inline="always")
def _quanta(send: float, quantum: int) -> float:
    """How many quanta come nearest to what is to be sent."""
    return min(max(np.rint(send / quantum), -BEYOND), BEYOND)


@jit(inline="always")
def _put(values: Int32, trial: int, tick: int, unit: int, value: float) -> float:
    """Write a value that is not beyond; its magnitude."""
    if abs(value) < BEYOND:
        values[trial, tick, unit] = int(value)
    return abs(value)


def host_mantissas(network: IntegerNetwork, values: Mapping[str, Int32], trial: int, part: slice) -> Int:
    """Returns (ticks, units) mantissas that arrive from the host in a part of one trial."""
    host = np.zeros((part.stop - part.start, sum(p.units for p in network.populations)), dtype=np.int64)
    first = network.first_unit()
    for entry in network.inputs:
        value = values[entry.name][trial, part].astype(np.int64)
        start = first[entry.target]
        host[:, start : start + value.shape[1]] += value << entry.exponent
    return host


def largest_value(entry: IntegerInput) -> int:
    """Returns the largest value that one unit's axons carry in one tick."""
    if entry.payload_bits:
        return (1 << (entry.payload_bits - 1)) - 1
    return int(entry.axon_mantissa[entry.axon_mantissa > 0].sum())


def _check_capacity(entry: IntegerInput, peak: float, stimulus: Stimulus) -> None:
    limit = largest_value(entry)
    if peak > limit:
        raise InputError(
            Problem(
                "drive-beyond-input",
                f"stimulus {stimulus.name}, input {entry.name}",
                f"it jumps by {peak / limit:.2f} times the drive that its input axons were built for",
                "compile with a calibration stimulus that covers this drive, or scale the drive down",
            )
        )


def axon_spikes(entry: IntegerInput, values: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Returns values (..., units) as (..., units, axons) spikes, with sum(axon_mantissa * spikes) equal to each.

    Large axons fire as a thermometer, the rest is binary; negative values use the negative axons.
    """
    mantissa = entry.axon_mantissa
    spikes = np.zeros((*values.shape, mantissa.size), dtype=np.uint8)
    for sign in (1, -1):
        rest = np.maximum(sign * values.astype(np.int64), 0)
        own = np.flatnonzero(np.sign(mantissa) == sign)
        for axon in own[np.argsort(-np.abs(mantissa[own]), kind="stable")]:
            fires = rest >= abs(mantissa[axon])
            spikes[..., axon] = fires
            rest = rest - fires * abs(mantissa[axon])
    return spikes
