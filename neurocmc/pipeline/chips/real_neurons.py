"""Makes a network in real numbers of the integers of a chip's neurons, and refuses starts that no framework has."""

from collections.abc import Iterator

import numpy as np

from neurocmc.backends.nir.realised import realised
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.passes.neurons.starts import start_of


def real_neurons(integer: IntegerNeurons, fitted: NeuronNetwork | None) -> NeuronNetwork:
    """Returns the network that the integers are in real numbers.

    Raises InfeasibleError where they say what no framework has: integers that were brought can start anywhere.
    """
    network = realised(integer, fitted)
    if fitted is None:
        raise_infeasible(_start_problems(integer, network))
    return network


def _start_problems(integer: IntegerNeurons, network: NeuronNetwork) -> Iterator[Problem]:
    """Yields start values to which no bias of a framework leads."""
    for pool in integer.populations:
        population = network.population(pool.population)
        start = start_of(network, population, pool.depth_ticks)
        theta = integer.rule.threshold_lsb(pool.threshold_mantissa)
        for what, has, wanted, counts in (
            ("current", pool.u_initial, start.current, population.pole_syn > 0),
            ("voltage", pool.v_initial, start.voltage, population.pole_mem > 0),
        ):
            apart = np.abs(has - wanted[pool.members] * theta) * counts[pool.members]
            if (apart > 1).any():
                index = int(np.argmax(apart))
                said = f"the {what} of neuron {index} starts at {int(has[index]):,} LSB; in NIR it starts at rest"
                yield Problem("nir-cannot-say", f"population {pool.population}", said, "let it start at rest")
