"""Draws faults of a chip from a seed: which neuron's threshold deviates, which synapse is missing, and by how much.

Every kind draws from a stream of its own, so that one kind does not move the draws of another, and the same seed
deviates in the same direction at every level: rows of a table differ by the level alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.sim.faults import factors, stream
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, register_bounds
from neurocmc.sim.loihi.perturbed.expand import GRID, Bundle, InputSynapses, Parts, expand

STREAM = ("threshold", "weight", "synapse", "dropped", "dead", "current", "spikes")  # kinds; each has one of its own
LARGEST_DEVIATION = 1.0  # standard deviation, or share


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """The level of each kind of fault, and the seed that all of them are drawn from; 0 is none.

    Mismatch is Gaussian and relative: a factor max(0, 1 + level g) with g from N(0, 1), so that no weight changes its
    sign. Products are rounded to the chip's grid: whole threshold mantissas, whole weight mantissas, even ones in
    mixed sign mode. Background spikes come from a neuron beside each neuron, with synapses like its own.
    """

    threshold: float = 0.0  # standard deviation of each neuron's threshold, relative to it
    weight: float = 0.0  # of one factor a neuron, on all synapses that it receives through, input included
    synapse: float = 0.0  # of one factor a synapse, input included
    dropped: float = 0.0  # share of synapses, input included, that carry nothing
    dead: float = 0.0  # share of neurons that never fire
    current: float = 0.0  # standard deviation of the noise in each neuron's current u, relative to its threshold
    spikes: float = 0.0  # probability of a background spike for each neuron and tick, sent through its synapses
    seed: int = 0

    def __post_init__(self) -> None:
        faults: list[Problem] = []
        for kind in STREAM:
            level = getattr(self, kind)
            if not 0.0 <= level <= LARGEST_DEVIATION:
                faults.append(
                    Problem("number-out-of-range", kind, f"level is {level:g}", f"give 0 to {LARGEST_DEVIATION:g}")
                )
        if self.seed < 0:
            faults.append(Problem("seed-out-of-range", "seed", f"it is {self.seed}", "give 0 or more"))
        raise_input_problems(faults)

    def stream(self, kind: str, trial: int = 0) -> np.random.Generator:
        """Returns the random numbers of one kind; noise draws anew for each trial."""
        return stream(self.seed, kind, trial)

    def levels(self) -> Mapping[str, float]:
        """Returns the level of every kind."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name in STREAM}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PerturbedNetwork:
    """A network of single compartments with its faults, and what its noise needs to know."""

    network: IntegerNetwork  # as it was compiled
    perturbation: Perturbation
    neurons: CompartmentNetwork  # registers alone, no synapses
    bundles: tuple[Bundle, ...]  # as perturbed
    inputs: tuple[InputSynapses, ...]  # as perturbed
    alive: Bool  # (neurons,)


def perturb(network: IntegerNetwork, perturbation: Perturbation) -> PerturbedNetwork:
    """Returns the network with the faults of a perturbation; with none, the emulator's spike for spike."""
    parts = expand(network)
    alive = perturbation.stream("dead").random(network.neurons) >= perturbation.dead
    gain = _factors(perturbation, "weight", network.neurons)
    synapse = perturbation.stream("synapse")
    dropped = perturbation.stream("dropped")
    bundles = tuple(_perturbed_bundle(b, perturbation, gain, alive, synapse, dropped) for b in parts.bundles)
    inputs = tuple(_perturbed_input(i, perturbation, gain, alive, synapse, dropped) for i in parts.inputs)
    return PerturbedNetwork(
        network=network,
        perturbation=perturbation,
        neurons=_neurons(network, parts, perturbation, alive),
        bundles=bundles,
        inputs=inputs,
        alive=alive,
    )


def _factors(perturbation: Perturbation, kind: str, count: int) -> Float:
    return factors(perturbation.levels()[kind], count, perturbation.stream(kind))


def _neurons(network: IntegerNetwork, parts: Parts, perturbation: Perturbation, alive: Bool) -> CompartmentNetwork:
    """The registers of all neurons. A dead one receives nothing and rests at 0, below its threshold, for ever."""
    bounds = register_bounds(network.rule)["threshold_mantissa"]
    wanted = np.rint(parts.threshold_mantissa * _factors(perturbation, "threshold", network.neurons))
    return CompartmentNetwork(
        decay_u=parts.decay_u,
        decay_v=parts.decay_v,
        threshold_mantissa=np.clip(wanted.astype(np.int64), *bounds),
        bias_mantissa=np.where(alive, parts.bias_mantissa, 0),
        bias_exponent=parts.bias_exponent,
        u_initial=np.where(alive, parts.u_initial, 0),
        v_initial=np.where(alive, parts.v_initial, 0),
        refractory_ticks=np.ones(network.neurons, dtype=np.int64),
        rule=network.rule,
    )


def _perturbed_bundle(
    bundle: Bundle,
    perturbation: Perturbation,
    gain: Float,
    alive: Bool,
    synapse: np.random.Generator,
    dropped: np.random.Generator,
) -> Bundle:
    factor = gain[bundle.target] * _each_synapse(perturbation, bundle.target.shape, synapse, dropped)
    factor *= alive[bundle.source] & alive[bundle.target]
    return replace(bundle, mantissa=on_grid(bundle.mantissa * factor, GRID[bundle.sign]))


def _perturbed_input(
    entry: InputSynapses,
    perturbation: Perturbation,
    gain: Float,
    alive: Bool,
    synapse: np.random.Generator,
    dropped: np.random.Generator,
) -> InputSynapses:
    units, neurons, _ = entry.weight.shape
    own = slice(entry.first, entry.first + units * neurons)
    factor = _each_synapse(perturbation, entry.weight.shape, synapse, dropped)
    weight = entry.weight * factor * (gain * alive)[own].reshape(units, neurons, 1)
    # Axons that carry spikes are in mixed sign mode.
    return replace(entry, weight=weight if entry.entry.payload_bits else on_grid(weight, GRID["mixed"]))


def _each_synapse(
    perturbation: Perturbation, shape: tuple[int, ...], synapse: np.random.Generator, dropped: np.random.Generator
) -> Float:
    """One factor a synapse. Both streams are drawn from at level 0 too, so that levels differ by the level alone."""
    deviation = factors(perturbation.synapse, shape, synapse)
    return deviation * (dropped.random(shape) >= perturbation.dropped)


def on_grid(mantissa: Float, step: int) -> Int:
    """Rounds to the nearest multiples of `step`."""
    return step * np.rint(mantissa / step).astype(np.int64)
