"""Gives back what sums lose by rounding: a negative exponent shifts right and rounds down, always to one side.

The fine plane of a weight has such an exponent. Each tick in which it carries spikes takes half a mantissa, in the
mean, off what a neuron receives, which a voltage without leak adds up for ever. What calibration has lost is known to
the bit; its mean in a tick, behind the filter of the current, is added to the bias.
"""

from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.loihi.network import StepRule
from neurocmc.ir.loihi.neurons import IntegerNeurons, NeuronPool
from neurocmc.sim.loihi.neurons.emulator import NeuronRun
from neurocmc.sim.loihi.neurons.kernel import ROUNDED_BITS
from neurocmc.targets import LoihiLimits


def give_back(network: IntegerNeurons, seen: NeuronRun, ticks: int, limits: LoihiLimits) -> IntegerNeurons:
    """Returns the network with what it lost in `ticks` ticks of all trials, in the mean, added to its biases.

    The network itself, where nothing was lost.
    """
    if not seen.rounded.any():
        return network
    places = network.neuron_slices()
    pools = (
        _given(pool, network.rule, seen.rounded[places[pool.name]], ticks, limits) for pool in network.populations
    )
    return replace(network, populations=tuple(pools))


def _given(pool: NeuronPool, rule: StepRule, lost: Int, ticks: int, limits: LoihiLimits) -> NeuronPool:
    arriving = rule.arriving(pool.decay_u)  # of what arrives in every tick, so much more stands in the current
    lsb = lost / 2.0**ROUNDED_BITS * (1 << rule.weight_shift) / ticks / max(arriving, 1.0 / rule.full_decay)
    wanted = pool.bias_lsb + np.rint(lsb).astype(np.int64)
    exponent, largest = pool.bias_exponent, (1 << limits.bias_mantissa_bits) - 1
    while np.abs(wanted).max(initial=0) >> exponent > largest and exponent < limits.bias_exponent_max:
        exponent += 1
    mantissa = np.clip(np.rint(np.ldexp(wanted.astype(np.float64), -exponent)), -largest, largest)
    return replace(pool, bias_mantissa=mantissa.astype(np.int64), bias_exponent=exponent)
