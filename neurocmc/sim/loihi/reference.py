"""Interprets integer networks in plain numpy, neuron by neuron and tick by tick.

It is here to be read, and to be trusted against: no population structure, no numba, no shortcuts. Every compartment
has its own u and v, every synapse its own entry in a (neurons x neurons) matrix. The fast emulator and the emitted
Lava program must equal it bit for bit; it therefore shares no line of what happens in a tick with the compiled
loops. That is `step`, in the order of Lava's PyLifModelBitAcc, on the arithmetic in `sim.loihi.registers`. Registers
are held in int64 and narrowed where the chip narrows them.

A spike of tick t arrives in tick t + spike_delay_ticks + delay_ticks. Host values are indexed by the tick in which
they *arrive*: `values[name][trial, t]` is part of the input sum of tick t.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocmc.common.arrays import Bool, Int, in_row
from neurocmc.ir.loihi.network import IntegerNetwork, StepRule
from neurocmc.sim.loihi.registers import decay, fold, saturate, shift, wrap_int32
from neurocmc.sim.loihi.weight_groups import WeightGroup, first_neurons, unit_matrix, weight_groups


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReferenceRun:
    """State of every neuron after each tick; neurons stand population by population, unit by unit."""

    u: NDArray[np.int32]  # (ticks, neurons)
    v: NDArray[np.int32]  # (ticks, neurons), after the reset
    spikes: Bool  # (ticks, neurons)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neurons:
    """The registers of all compartments that do not change, one entry a neuron."""

    decay_u: Int
    decay_v: Int
    threshold: Int  # LSB
    bias: Int  # LSB
    u_initial: Int  # LSB
    v_initial: Int  # LSB


def flatten_neurons(network: IntegerNetwork) -> Neurons:
    """Returns every population's registers in one row of neurons, mantissas shifted by their exponents."""
    populations = network.populations

    theta = [network.rule.threshold_lsb(p.threshold_mantissa) for p in populations]
    return Neurons(
        decay_u=network.each_neuron([p.decay_u for p in populations]),
        decay_v=network.each_neuron([p.decay_v for p in populations]),
        threshold=network.each_neuron(theta),
        bias=in_row([p.bias_lsb for p in populations]),
        u_initial=in_row([np.repeat(p.u_initial, p.neurons) for p in populations]),
        v_initial=in_row([p.v_initial for p in populations]),
    )


def group_matrix(network: IntegerNetwork, group: WeightGroup) -> sparse.csr_matrix:
    """Returns (neurons, neurons) mantissas of a group, one entry a synapse: units connect all to all."""
    unit = np.repeat(np.arange(len(first := first_neurons(network)) - 1), np.diff(first))
    of_units = sparse.csr_matrix(unit_matrix(network, group))
    return of_units[unit][:, unit]


def host_input(network: IntegerNetwork, values: Mapping[str, NDArray[np.int32]], trial: int) -> Int:
    """Returns (ticks, neurons) the input sum that arrives from the host in each tick."""
    ticks = min((value.shape[1] for value in values.values()), default=0)
    arriving = np.zeros((ticks, network.neurons), dtype=np.int64)
    place = network.neuron_slices()
    for entry in network.inputs:
        neurons = network.population(entry.target).neurons
        value = values[entry.name][trial].astype(np.int64)
        arriving[:, place[entry.target]] += np.repeat(shift(value[:ticks], entry.exponent), neurons, axis=1)
    return arriving


class Stepped(NamedTuple):
    """Compartments after a tick."""

    u: Int
    v: Int  # after the reset
    spikes: Bool


def step(u: Int, v: Int, arriving: Int, neurons: Neurons, rule: StepRule, refractory: Bool | None = None) -> Stepped:
    """Steps all compartments by one tick.

    `arriving` is the input sum, in mantissas. Compartments that are `refractory` hold their voltage at 0.
    """
    current = wrap_int32(wrap_int32(arriving) << rule.weight_shift)
    u = fold(wrap_int32(decay(u, rule.keep_u(neurons.decay_u), rule.decay_bits) + current), rule.current_bits)
    v = wrap_int32(decay(v, rule.keep_v(neurons.decay_v), rule.decay_bits) + u + neurons.bias)
    v = saturate(v, rule.voltage_bits)
    v = v if refractory is None else np.where(refractory, 0, v)
    spikes = v > neurons.threshold
    return Stepped(u, np.where(spikes, 0, v), spikes)


def run_reference(
    network: IntegerNetwork, values: Mapping[str, NDArray[np.int32]], trial: int, ticks: int | None = None
) -> ReferenceRun:
    """Runs one trial of `values` (input name -> (batch, ticks, target units), by tick of arrival).

    `ticks` must be given where the network has no input. Raises KeyError for an input without values, ValueError
    for more ticks than the values have.
    """
    from_host = host_input(network, values, trial) if network.inputs else None
    if ticks is None:
        ticks = 0 if from_host is None else len(from_host)
    if from_host is not None and ticks > len(from_host):
        raise ValueError(f"{ticks} ticks are asked for, the values have {len(from_host)}")
    neurons, rule = flatten_neurons(network), network.rule
    groups = [(group, group_matrix(network, group)) for group in weight_groups(network)]
    longest = max((group.delay_ticks for group, _ in groups), default=0) + rule.spike_delay_ticks
    in_flight = np.zeros((longest + 1, network.neurons), dtype=np.int64)  # [k]: arrives k ticks from now
    u, v = neurons.u_initial.copy(), neurons.v_initial.copy()
    run = ReferenceRun(
        u=np.zeros((ticks, network.neurons), dtype=np.int32),
        v=np.zeros((ticks, network.neurons), dtype=np.int32),
        spikes=np.zeros((ticks, network.neurons), dtype=np.bool_),
    )
    for tick in range(ticks):
        arriving = in_flight[0] if from_host is None else in_flight[0] + from_host[tick]
        u, v, spikes = step(u, v, arriving, neurons, rule)
        run.u[tick], run.v[tick], run.spikes[tick] = u, v, spikes
        for group, weights in groups:
            mantissas = weights @ spikes.astype(np.int64)
            in_flight[rule.spike_delay_ticks + group.delay_ticks] += shift(mantissas, group.exponent)
        in_flight = np.vstack([in_flight[1:], np.zeros_like(in_flight[:1])])
    return run
