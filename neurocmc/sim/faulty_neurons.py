"""Draws networks of single neurons in real numbers with faults from a seed, and runs them in Brian2.

A fault is another number in the network: a threshold, a weight, or a neuron beside each neuron that fires by chance.
So what runs is Brian2 as it is, and without a fault the very network that was compiled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation, NeuronProjection, SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.faults import factors, stream

KINDS = ("threshold", "weight", "synapse", "dropped", "dead", "spikes")
NEVER = 1e300  # a threshold that no voltage reaches, and that times 0 is 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaultyNeuronNetwork:
    """A network with faults, and the neurons beside it that fire by chance."""

    network: NeuronNetwork
    seed: int
    background: float  # probability of a spike for each of them and tick
    beside: Mapping[str, str]  # population -> the input that stands for its neurons' neighbours


def draw_neurons(network: NeuronNetwork, kind: str, level: float, seed: int) -> FaultyNeuronNetwork:
    """Draws a network with faults of one kind at one level.

    Args:
        network: The network.
        kind: One of `KINDS`. `threshold`, `weight` and `synapse` are relative standard deviations, of each neuron's
            threshold, of one factor on all its synapses, and of each synapse; `dropped` and `dead` are shares of
            synapses and neurons; `spikes` the probability of a background spike for each neuron and tick, sent
            through synapses like its own.
        level: Of the fault, 0 to 1; at 0 the network is the one that was given.
        seed: Of the faults.

    Returns:
        The network of that seed.
    """
    if kind not in KINDS:
        raise ValueError(f"neurons have no fault {kind}")
    own, beside = stream(seed, kind), dict[str, str]()
    if kind == "threshold":
        network = _with_populations(network, {p.name: factors(level, p.size, own) for p in network.populations})
    elif kind == "dead":
        dead = {p.name: own.random(p.size) < level for p in network.populations}
        populations = tuple(
            replace(p, threshold=np.where(dead[p.name], NEVER, p.threshold)) for p in network.populations
        )
        network = replace(network, populations=populations)
    elif kind == "spikes":
        network, beside = _with_neighbours(network) if level > 0.0 else (network, beside)
    else:
        network = replace(network, projections=_with_weights(network, kind, level, own))
    return FaultyNeuronNetwork(
        network=network, seed=seed, background=level if kind == "spikes" else 0.0, beside=beside
    )


def simulate_faulty_neurons(
    faulty: FaultyNeuronNetwork, stimulus: EventStimulus, trials: Sequence[int]
) -> NeuronRecording:
    """Runs a network with faults on trials of a stimulus; `trials` numbers them for the draws of their noise."""
    from neurocmc.sim.brian2_neurons import simulate_neurons_brian2  # Brian2 takes seconds to import

    if faulty.beside:
        stimulus = replace(stimulus, spikes={**stimulus.spikes, **_background(faulty, stimulus, trials)})
    return simulate_neurons_brian2(faulty.network, stimulus)


def _with_populations(network: NeuronNetwork, factor: Mapping[str, Float]) -> NeuronNetwork:
    def changed(population: NeuronPopulation) -> NeuronPopulation:
        return replace(population, threshold=population.threshold * factor[population.name])

    return replace(network, populations=tuple(map(changed, network.populations)))


def _with_weights(
    network: NeuronNetwork, kind: str, level: float, own: np.random.Generator
) -> tuple[NeuronProjection, ...]:
    """Projections whose weights deviate by neuron or by synapse, or are lost."""
    gain = {p.name: factors(level, p.size, own) for p in network.populations} if kind == "weight" else {}
    changed: list[NeuronProjection] = []
    for projection in network.projections:
        if kind == "weight":
            factor = gain[projection.target][projection.target_index]
        elif kind == "synapse":
            factor = factors(level, projection.synapses, own)
        else:
            factor = (own.random(projection.synapses) >= level).astype(np.float64)
        changed.append(replace(projection, weight=projection.weight * factor))
    return tuple(changed)


def _with_neighbours(network: NeuronNetwork) -> tuple[NeuronNetwork, dict[str, str]]:
    """The network with an input beside each population that sends, whose channels have its neurons' synapses."""
    taken = {entry.name for entry in (*network.populations, *network.inputs, *network.projections)}
    sends = {projection.source for projection in network.projections}
    beside: dict[str, str] = {}
    for population in network.populations:
        if population.name in sends:
            beside[population.name] = _free(f"beside {population.name}", taken)
    inputs = tuple(
        SpikeInput(name=beside[p.name], channels=p.size, shape=(p.size,))
        for p in network.populations
        if p.name in beside
    )
    copies = tuple(
        replace(
            projection,
            name=_free(f"{projection.name} beside", taken),
            source=beside[projection.source],
            bias=np.zeros_like(projection.bias),
        )
        for projection in network.projections
        if projection.source in beside
    )
    more = replace(network, inputs=(*network.inputs, *inputs), projections=(*network.projections, *copies))
    return more, beside


def _free(name: str, taken: set[str]) -> str:
    """A name that nothing has, which is taken from now on."""
    while name in taken:
        name = f"{name}_"
    taken.add(name)
    return name


def _background(faulty: FaultyNeuronNetwork, stimulus: EventStimulus, trials: Sequence[int]) -> dict[str, SpikeList]:
    """Input -> the spikes of the neurons beside a population."""
    found: dict[str, list[tuple[int, Int]]] = {name: [] for name in faulty.beside.values()}
    for index, trial in enumerate(trials):
        own = stream(faulty.seed, "spikes", trial)
        for population, name in faulty.beside.items():
            size = faulty.network.population(population).size
            fires = own.random((stimulus.ticks, size)) < faulty.background
            found[name].append((index, np.argwhere(fires).astype(np.int64)))
    return {
        name: SpikeList.of(
            np.concatenate([np.full(len(at), index) for index, at in parts]),
            np.concatenate([at[:, 0] for _, at in parts]),
            np.concatenate([at[:, 1] for _, at in parts]),
        )
        for name, parts in found.items()
    }
