"""Sets the biases of the core: none, anchored at the middle of every unit, or found by a rule of each unit."""

from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.literature.flux.anatomy import anchor
from neurocmc.literature.flux.network import Network
from neurocmc.literature.flux.recipe import Biases, Organise


def biased(network: Network, biases: Biases, rule: Organise, start: Float) -> Network:
    """Returns the network with biases of its core.

    Args:
        network: Whose core has none.
        biases: How they come about.
        rule: Of those that organise themselves.
        start: (units,) the activity that these begin at.
    """
    if biases == "none":
        return network
    bias = network.bias.copy()
    core = network.core
    bias[core] = anchor(network.weight[core]) if biases == "anchored" else organised(network, rule, start)
    return replace(network, bias=bias)


def organised(network: Network, rule: Organise, start: Float) -> Float:
    """Returns the biases of the core, (core,), that come of b -= rate (x - 1/2) in the running network.

    They go on fluctuating with the activity: what is kept is their mean over the second half of the steps.
    """
    x, bias, core = start, network.bias.copy(), network.core
    kept, half = np.zeros(network.sizes["core"]), rule.steps // 2
    for step in range(rule.steps):
        x = network.step(x, bias)
        bias[core] -= rule.rate * (x[core] - 0.5)
        if step >= half:
            kept += bias[core]
    return kept / (rule.steps - half)
