"""Expands an IntegerNetwork into the compartments, synapses and input axons that a chip would hold.

The emulator keeps one current for each unit, because all neurons of a unit receive the same. Here every neuron has
its own current and every synapse its own entry, so that each can be changed by itself. Without a change both
compute the same bits, which the tests hold.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int, in_row
from neurocmc.common.matrices import entries
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork, SignMode
from neurocmc.sim.loihi.weight_groups import weight_groups

GRID: dict[SignMode, int] = {"mixed": 2, "excitatory": 1, "inhibitory": 1}  # steps of a mantissa


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bundle:
    """Synapses whose mantissas are summed before one exponent shifts the sum: one weight group, spelled out."""

    source: Int  # (synapses,) neuron that sends
    target: Int  # (synapses,) neuron that receives
    mantissa: Int  # (synapses,) of any size: a deviation is not cut off where the register of a synapse ends
    exponent: int
    delay_ticks: int
    sign: SignMode


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InputSynapses:
    """The synapses of one input: axon a of unit i reaches each of that unit's neurons with a weight of its own.

    Weights of axons that carry spikes are whole mantissas. One that carries a payload weighs 1, of which a share is
    no whole number: there the weighted payload is rounded.
    """

    entry: IntegerInput
    first: int  # its target's first neuron
    weight: Float  # (units, neurons per unit, axons)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """All parts of a network that can be changed, in one row of neurons: population by population, unit by unit."""

    decay_u: Int  # (neurons,)
    decay_v: Int
    threshold_mantissa: Int
    bias_mantissa: Int
    bias_exponent: Int
    u_initial: Int
    v_initial: Int
    bundles: tuple[Bundle, ...]
    inputs: tuple[InputSynapses, ...]


def expand(network: IntegerNetwork) -> Parts:
    """Expands a network into its neurons and synapses, one by one."""
    populations = network.populations
    place = network.neuron_slices()
    return Parts(
        decay_u=network.each_neuron([p.decay_u for p in populations]),
        decay_v=network.each_neuron([p.decay_v for p in populations]),
        threshold_mantissa=network.each_neuron([p.threshold_mantissa for p in populations]),
        bias_mantissa=in_row([p.bias_mantissa for p in populations]),
        bias_exponent=network.each_neuron([p.bias_exponent for p in populations]),
        u_initial=in_row([np.repeat(p.u_initial, p.neurons) for p in populations]),
        v_initial=in_row([p.v_initial for p in populations]),
        bundles=_bundles(network),
        inputs=tuple(
            InputSynapses(entry=entry, first=place[entry.target].start, weight=_axon_weights(network, entry))
            for entry in network.inputs
        ),
    )


def _bundles(network: IntegerNetwork) -> tuple[Bundle, ...]:
    place = network.neuron_slices()
    bundles: list[Bundle] = []
    for group in weight_groups(network):
        parts: list[Int] = [np.zeros((3, 0), dtype=np.int64)]
        for projection in network.projections:
            if projection.name not in group.projections:
                continue
            target, source = network.population(projection.target), network.population(projection.source)
            unit, sender, mantissa = entries(projection.mantissa)
            # Every neuron of a sending unit reaches every neuron of a target unit.
            ends = np.broadcast_arrays(
                (place[source.name].start + sender * source.neurons)[:, None, None] + np.arange(source.neurons),
                (place[target.name].start + unit * target.neurons)[:, None, None]
                + np.arange(target.neurons)[:, None],
                mantissa[:, None, None],
            )
            parts.append(np.stack([end.ravel() for end in ends]))
        joined = np.concatenate(parts, axis=1)
        bundles.append(
            Bundle(
                source=joined[0],
                target=joined[1],
                mantissa=joined[2],
                exponent=group.exponent,
                delay_ticks=group.delay_ticks,
                sign=group.sign,
            )
        )
    return tuple(bundles)


def _axon_weights(network: IntegerNetwork, entry: IntegerInput) -> Float:
    target = network.population(entry.target)
    axons = np.ones(1) if entry.payload_bits else entry.axon_mantissa.astype(np.float64)
    return np.broadcast_to(axons, (target.units, target.neurons, axons.size)).copy()
