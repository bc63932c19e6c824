"""Defines NeuronNetwork: leaky integrate-and-fire neurons in real numbers, as a framework that trained them has them.

Poles stand here, not time constants: time was cut into ticks once, when the network was read. A pole is the share
that a tick leaves; a current without memory has the pole 0, a voltage without leak the pole 1.

Latencies are the framework's: a synapse of delay 0 carries a spike within its tick, which only goes from a population
to a later one; one of delay d arrives d ticks later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.ir.neurons.semantics import Reset, Semantics
from neurocmc.ir.populations import HasPopulations

if TYPE_CHECKING:
    from scipy import sparse

Decide = Literal["count", "last", "mean", "max"]
DECIDE: tuple[Decide, ...] = ("count", "last", "mean", "max")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeuronPopulation:
    """`size` neurons with one rule of reset and parameters of their own; all arrays are (size,).

    A neuron whose voltage has passed its threshold spikes, and is reset: to 0, or by its threshold, or not at all.
    With `reset_late` the threshold is taken off in the tick that follows, after the decay. For `refractory_ticks` r
    the voltage stays at 0 from a spike of tick t until tick t + r, the first in which the neuron can spike again; 1
    is none. The voltage falls no lower than `floor`.

    With `rest_kept` (snnTorch with reset_delay=False) what a subtraction leaves above the threshold is taken off
    before the next tick's spike is asked for, and given back after it: with a for whether the rest of the last tick
    lies above the threshold, v loses a threshold, s says whether what is left of it lies above, and v loses s - a.
    """

    name: str
    size: int
    pole_syn: Float
    pole_mem: Float
    gain_syn: Float  # current per unit of what arrives
    gain_mem: Float  # voltage per unit of current and tick
    threshold: Float
    reset: Reset
    reset_late: bool = False
    rest_kept: bool = False
    refractory_ticks: int = 1
    floor: Float  # -inf: none

    def __post_init__(self) -> None:
        for field in ("pole_syn", "pole_mem", "gain_syn", "gain_mem", "threshold", "floor"):
            set_frozen(self, field, np.float64, (self.size,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeuronProjection:
    """Synapses from a population or an input to a population, one entry a synapse, by target, then source.

    `bias` arrives in every tick from `bias_from_tick` on, as if it came through a synapse.
    """

    name: str
    source: str  # a population or an input
    target: str
    target_index: NDArray[np.int32]  # (synapses,) neuron
    source_index: NDArray[np.int32]  # (synapses,) neuron or channel
    weight: Float  # (synapses,)
    delay_ticks: NDArray[np.int32]  # (synapses,) 0: within the tick
    bias: Float  # (target size,)
    bias_from_tick: int = 0

    def __post_init__(self) -> None:
        length = np.size(self.weight)
        set_frozen(self, "weight", np.float64, (length,))
        set_frozen(self, "bias", np.float64, (None,))
        for field in ("target_index", "source_index", "delay_ticks"):
            set_frozen(self, field, np.int32, (length,))

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return self.weight.size

    def delays(self) -> tuple[int, ...]:
        """Returns the delays that its synapses have, rising."""
        return tuple(np.unique(self.delay_ticks).tolist())

    def matrix(self, sources: int, delay_ticks: int | None = None) -> "sparse.csr_matrix":
        """Returns (targets, sources) weights, of one delay or of all."""
        from scipy import sparse  # here and not above: who only reads a network need not wait for its import

        own = slice(None) if delay_ticks is None else self.delay_ticks == delay_ticks
        entries = (self.weight[own], (self.target_index[own], self.source_index[own]))
        return sparse.csr_matrix(entries, shape=(self.bias.size, sources))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikeInput:
    """Channels of spikes from outside; `shape` is how an address counts them, such as (polarity, y, x)."""

    name: str
    channels: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikeReadout:
    """The answer of a trial: the neuron of a population with most spikes, among equals the first."""

    name: str
    population: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostReadout:
    """Leaky integrators on the host, driven by the spikes of a population; the highest one is the answer.

    What arrives in a tick is weight @ spikes + bias. A readout without memory has poles of 0 and gains of 1.
    """

    name: str
    population: str
    weight: Float  # (units, size)
    bias: Float  # (units,)
    pole_syn: Float  # (units,)
    pole_mem: Float
    gain_syn: Float
    gain_mem: Float
    decide: Decide  # by its value in the last tick, by the mean over all, or by its largest

    def __post_init__(self) -> None:
        set_frozen(self, "weight", np.float64, (None, None))
        for field in ("bias", "pole_syn", "pole_mem", "gain_syn", "gain_mem"):
            set_frozen(self, field, np.float64, (len(self.weight),))

    @property
    def units(self) -> int:
        """The number of integrators."""
        return len(self.weight)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NeuronNetwork(HasPopulations[NeuronPopulation]):
    """A network of spiking neurons in real numbers; its populations stand in the order in which a tick goes."""

    name: str
    semantics: Semantics
    populations: tuple[NeuronPopulation, ...]
    projections: tuple[NeuronProjection, ...]
    inputs: tuple[SpikeInput, ...]
    readouts: tuple[SpikeReadout, ...]
    host_readouts: tuple[HostReadout, ...]
    origin_sha256: str

    @property
    def neurons(self) -> int:
        """The number of neurons."""
        return sum(population.size for population in self.populations)

    @property
    def synapses(self) -> int:
        """The number of synapses, those of the inputs with them."""
        return sum(projection.synapses for projection in self.projections)

    def size_of(self, name: str) -> int:
        """Returns the neurons of a population, or the channels of an input. Raises KeyError."""
        sizes = {entry.name: entry.channels for entry in self.inputs}
        return (sizes | {population.name: population.size for population in self.populations})[name]

    def into(self, name: str) -> Iterator[NeuronProjection]:
        """Yields the projections that reach a population."""
        yield from (projection for projection in self.projections if projection.target == name)

    def biases(self, name: str, gain: Float) -> dict[int, Float]:
        """Maps each tick in which biases of a population begin to their sum, (size,), times `gain` (size,)."""
        found: dict[int, Float] = {}
        for projection in self.into(name):
            if projection.bias.any():
                tick = projection.bias_from_tick
                found[tick] = found.get(tick, np.zeros(projection.bias.size)) + projection.bias * gain
        return found

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults of the network at once."""
        from neurocmc.ir.neurons.problems import network_problems  # it imports this module

        return tuple(network_problems(self))
