"""Finds what of a network in integers a chip's registers do not hold, before it is placed."""

from collections.abc import Iterator

import numpy as np

from neurocmc.common.errors import Problem
from neurocmc.ir.loihi.network import StepRule
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.targets import LoihiTarget


def neuron_limits(network: IntegerNeurons, target: LoihiTarget) -> Iterator[Problem]:
    """Yields every register, exponent and delay that the chip does not have."""
    limits = target.limits
    highest_bias = (1 << limits.bias_mantissa_bits) - 1
    highest_threshold = (1 << limits.threshold_mantissa_bits) - 1
    if network.rule != StepRule.of(limits):
        cure = f"make the network with the rule of {target.name}, or compile for another target"
        yield Problem("target-unfit", "rule", f"{target.name} steps its neurons by another rule", cure)
    for pool in network.populations:
        for field, value, low, high in (
            ("bias exponent", pool.bias_exponent, 0, limits.bias_exponent_max),
            ("bias mantissa", int(np.abs(pool.bias_mantissa).max(initial=0)), 0, highest_bias),
            ("threshold mantissa", pool.threshold_mantissa, 0, highest_threshold),
            ("refractory time", pool.refractory_ticks, 1, limits.refractory_ticks_max),
        ):
            yield from _beyond(f"population {pool.name}", field, value, low, high, target.name)
    for part in network.synapses:
        where, longest = f"synapses {part.name}", int(part.delay_ticks.max(initial=0))
        low, high = limits.weight_exponent_min, limits.weight_exponent_max
        yield from _beyond(where, "weight exponent", part.exponent, low, high, target.name)
        yield from _beyond(where, "delay", longest, 0, limits.delay_ticks_max, target.name)


def _beyond(where: str, field: str, value: int, low: int, high: int, chip: str) -> Iterator[Problem]:
    if not low <= value <= high:
        what = f"{field} is {value}, {chip} holds {low} to {high:,}"
        yield Problem("register-beyond-range", where, what, f"give {low} to {high:,}")
