"""Finds what is wrong with a network of neurons: poles beyond 1, thresholds at 0, synapses to nowhere."""

from collections.abc import Iterable, Iterator

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem
from neurocmc.ir.magnitudes import magnitude_problems
from neurocmc.ir.neurons.network import HostReadout, NeuronNetwork, NeuronPopulation, NeuronProjection

MOST_NEURONS = 1 << 24


def network_problems(network: NeuronNetwork) -> Iterator[Problem]:
    """Yields all faults of a network."""
    yield from network.semantics.problems()
    yield from _name_problems(network)
    if not network.populations:
        yield Problem("level-empty", "network", "it has no population", "give at least one that spikes")
    if network.neurons > MOST_NEURONS:
        what = f"{network.neurons:,} neurons, limit {MOST_NEURONS:,}"
        yield Problem("network-too-large", f"network {network.name}", what, "split the network")
    for population in network.populations:
        yield from _population_problems(population)
    order = {population.name: index for index, population in enumerate(network.populations)}
    for projection in network.projections:
        yield from _projection_problems(network, projection, order)
    for readout in network.host_readouts:
        size = network.size_of(readout.population) if readout.population in order else None
        if readout.weight.shape[1] != size:
            what = f"weights have shape {readout.weight.shape}, population {readout.population} has {size} neurons"
            yield Problem("level-array-shape", f"readout {readout.name}", what, "give a column for each neuron")
        yield from _readout_problems(readout)


def _name_problems(network: NeuronNetwork) -> Iterable[Problem]:
    """Names that stand twice, and readouts of what is not there."""
    names = [entry.name for entry in (*network.inputs, *network.populations)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("name-twice", f"network {network.name}", f"two parts are called {name}", "give other names")
    known = {population.name for population in network.populations}
    for readout in (*network.readouts, *network.host_readouts):
        if readout.population not in known:
            what = f"there is no population {readout.population}"
            cure = f"its populations are: {', '.join(sorted(known))}"
            yield Problem("population-unknown", f"readout {readout.name}", what, cure)


def _population_problems(population: NeuronPopulation) -> Iterator[Problem]:
    where = f"population {population.name}"
    if population.size < 1:
        yield Problem("level-empty", where, "it has no neuron", "give at least one")
    for field, low, high in (("pole_syn", 0.0, 1.0), ("pole_mem", 0.0, 1.0)):
        values: Float = getattr(population, field)
        wrong = ~((values >= low) & (values <= high))
        if wrong.any():
            what = f"{field} of neuron {int(np.argmax(wrong))} is {values[wrong][0]:g}"
            yield Problem("pole-out-of-range", where, what, "a pole is what a tick leaves: give 0 to 1")
    for field in ("gain_syn", "gain_mem"):
        values = getattr(population, field)
        if not np.isfinite(values).all():
            yield Problem("value-not-finite", where, f"{field} holds NaN or infinity", "repair the values")
        yield from magnitude_problems([(where, field, values, False)])
    yield from magnitude_problems([(where, "a threshold", population.threshold, True)])
    if not (population.threshold > 0).all():
        index = int(np.argmin(population.threshold > 0))
        what = f"the threshold of neuron {index} is {population.threshold[index]:g}"
        yield Problem("threshold-not-positive", where, what, "give thresholds above 0")
    if population.refractory_ticks < 1:
        what = f"{population.refractory_ticks} refractory ticks"
        yield Problem("register-beyond-range", where, what, "give 1 or more; 1 is none")


def _readout_problems(readout: HostReadout) -> Iterator[Problem]:
    where = f"readout {readout.name}"
    for field in ("pole_syn", "pole_mem"):
        values: Float = getattr(readout, field)
        wrong = ~((values >= 0.0) & (values <= 1.0))
        if wrong.any():
            what = f"{field} of unit {int(np.argmax(wrong))} is {values[wrong][0]:g}"
            yield Problem("pole-out-of-range", where, what, "a pole is what a tick leaves: give 0 to 1")
    for field in ("weight", "bias", "gain_syn", "gain_mem"):
        values = getattr(readout, field)
        if not np.isfinite(values).all():
            yield Problem("value-not-finite", where, f"{field} holds NaN or infinity", "repair the values")
        yield from magnitude_problems([(where, field, values, False)])


def _projection_problems(
    network: NeuronNetwork, projection: NeuronProjection, order: dict[str, int]
) -> Iterator[Problem]:
    where = f"projection {projection.name}"
    sizes = {entry.name: entry.channels for entry in network.inputs}
    sizes |= {population.name: population.size for population in network.populations}
    for end, name in (("source", projection.source), ("target", projection.target)):
        if name not in (sizes if end == "source" else order):
            cure = f"its populations are: {', '.join(order)}"
            yield Problem("population-unknown", where, f"its {end} is {name}, which is not there", cure)
            return
    if projection.bias.size != sizes[projection.target]:
        what = f"{projection.bias.size} biases, its target has {sizes[projection.target]} neurons"
        yield Problem("level-array-shape", where, what, "give one for each neuron")
    for end, index, limit in (
        ("source", projection.source_index, sizes[projection.source]),
        ("target", projection.target_index, sizes[projection.target]),
    ):
        low, high = int(index.min(initial=0)), int(index.max(initial=-1))
        if low < 0 or high >= limit:
            what = f"a synapse has {end} {low if low < 0 else high}, there are {limit}"
            yield Problem("index-beyond-range", where, what, f"count them from 0 to {limit - 1}")
    if not (np.isfinite(projection.weight).all() and np.isfinite(projection.bias).all()):
        yield Problem("value-not-finite", where, "a weight or bias is NaN or infinite", "repair the values")
    yield from magnitude_problems(
        [(where, "a weight", projection.weight, False), (where, "a bias", projection.bias, False)]
    )
    shortest = int(projection.delay_ticks.min(initial=1))
    backward = projection.source in order and order[projection.source] >= order[projection.target]
    if shortest < 0 or (backward and shortest < 1):
        what = f"a delay of {shortest} ticks to a population that is not computed later in the same tick"
        yield Problem("delay-negative", where, what, "give 1 or more")
