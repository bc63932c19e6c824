"""Defines IntegerNeurons: single neurons and synapses in the registers of a Loihi-like chip, every number an integer.

A network that spiked before it was compiled has no pools of neurons for a unit. Its neurons stand in one row, those
of a population that share their decays and threshold side by side: such a `NeuronPool` is what placement counts as
one profile. Synapses are lists with one exponent and sign mode each; a weight may be the sum of two, a coarse one and
a finer one (`whole` names what both are parts of).

The arithmetic of a tick is that of `ir.loihi.network.StepRule`. Spikes of tick t arrive in tick
t + spike_delay_ticks + delay of the synapse; those of an input arrive in their own tick + delay. A pool whose spikes
stand `depth_ticks` after those of the network that it came from is that much later in the chip's time, exactly.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.common.names import free_name
from neurocmc.ir.loihi.network import StepRule, rule_problems
from neurocmc.ir.populations import HasPools
from neurocmc.targets import SignMode


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeuronPool:
    """Neurons of one population that share decays, threshold and refractory time; arrays are (units,)."""

    name: str
    population: str  # that they are a part of
    units: int
    members: Int  # their indices in the population
    decay_u: int
    decay_v: int
    threshold_mantissa: int
    bias_mantissa: Int
    bias_exponent: int
    u_initial: Int  # LSB before the first tick, which decays it
    v_initial: Int
    refractory_ticks: int  # 1: none
    depth_ticks: int  # by which it is later than the network it came from
    lsb_per_voltage: Float  # LSB of v per unit of the voltage that it came from; 1 where there is none

    def __post_init__(self) -> None:
        for field in ("members", "bias_mantissa", "u_initial", "v_initial"):
            set_frozen(self, field, np.int64, (self.units,))
        set_frozen(self, "lsb_per_voltage", np.float64, (self.units,))

    @property
    def neurons(self) -> int:
        """Neurons of a unit: one."""
        return 1

    @property
    def bias_lsb(self) -> Int:
        """(units,) what is added to v in every tick."""
        mantissa, exponent = self.bias_mantissa, self.bias_exponent
        return mantissa << exponent if exponent >= 0 else mantissa >> -exponent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeuronSynapses:
    """Synapses of one exponent and sign mode, from the neurons of the row or from an input's channels."""

    name: str
    whole: str  # the projection that they are, or are a part of
    input: str  # whose channels `source` counts; "" where it counts neurons of the row
    source: NDArray[np.int32]  # (synapses,)
    target: NDArray[np.int32]  # (synapses,) neuron of the row
    mantissa: NDArray[np.int16]  # (synapses,)
    delay_ticks: NDArray[np.int16]  # (synapses,)
    exponent: int
    sign: SignMode

    def __post_init__(self) -> None:
        length = np.size(self.mantissa)
        for field, dtype in (("source", np.int32), ("target", np.int32), ("mantissa", np.int16)):
            set_frozen(self, field, dtype, (length,))
        set_frozen(self, "delay_ticks", np.int16, (length,))

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return self.mantissa.size


def profiles_of(population: str, registers: Int, taken: Container[str]) -> Iterator[tuple[str, Int, list[int]]]:
    """Yields for each profile of a population the name of its pool, the neurons that have it, and its registers.

    Args:
        population: Whose neurons they are.
        registers: (registers, size) what the neurons of one pool must share.
        taken: Names that no pool may have but one that is the whole population.
    """
    profiles, whose = np.unique(registers, axis=1, return_inverse=True)
    for index in range(profiles.shape[1]):
        name = population if profiles.shape[1] == 1 else free_name(f"{population}#{index}", taken)
        yield name, np.flatnonzero(whose.ravel() == index), profiles[:, index].tolist()


def rows_of(pools: Sequence[NeuronPool]) -> dict[str, Int]:
    """Maps each population to the place in the row of each of its neurons, (size,) in the population's own order."""
    rows = {name: np.zeros(size, dtype=np.int64) for name, size in sizes_of(pools).items()}
    first = 0
    for pool in pools:
        rows[pool.population][pool.members] = first + np.arange(pool.units)
        first += pool.units
    return rows


def sizes_of(pools: Sequence[NeuronPool]) -> dict[str, int]:
    """Maps each population that pools are parts of to its neurons, in order."""
    found: dict[str, int] = {}
    for pool in pools:
        found[pool.population] = found.get(pool.population, 0) + pool.units
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronInput:
    """Channels of spikes from the host."""

    name: str
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntegerNeurons(HasPools[NeuronPool]):
    """A network of single neurons in integers; what the emulator runs and what a chip is given."""

    name: str
    tick_s: float
    rule: StepRule
    populations: tuple[NeuronPool, ...]
    synapses: tuple[NeuronSynapses, ...]
    inputs: tuple[NeuronInput, ...]

    def rows(self, population: str) -> Int:
        """Returns (size,) the place in the row of each neuron of a population, in the population's own order."""
        return rows_of(self.populations)[population]

    def sizes(self) -> dict[str, int]:
        """Maps each population that pools are parts of to its neurons, in order."""
        return sizes_of(self.populations)

    def depth_of(self, population: str) -> int:
        """Returns by how many ticks a population is later than the network it came from."""
        return next(pool.depth_ticks for pool in self.populations if pool.population == population)

    @property
    def deepest_ticks(self) -> int:
        """The largest depth: so many ticks the chip runs longer."""
        return max((pool.depth_ticks for pool in self.populations), default=0)

    @property
    def has_refractory(self) -> bool:
        """Whether any neuron has a refractory time."""
        return any(pool.refractory_ticks > 1 for pool in self.populations)

    @property
    def synapse_count(self) -> int:
        """All synapses."""
        return sum(part.synapses for part in self.synapses)

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults of the network at once."""
        return tuple(_problems(self))


def _problems(network: IntegerNeurons) -> Iterable[Problem]:
    if faults := tuple(rule_problems(network.rule)):
        yield from faults
        return
    if not network.tick_s > 0:
        yield Problem("time-not-positive", "network", f"tick is {network.tick_s} s", "give a tick above 0 s")
    if not network.populations:
        yield Problem("level-empty", "network", "it has no neuron", "give at least one")
    for pool in network.populations:
        yield from _pool_problems(pool, network.rule)
    names = [pool.name for pool in network.populations]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("name-twice", f"network {network.name}", f"two pools are called {name}", "give other names")
    for name, size in network.sizes().items():
        members = np.concatenate([pool.members for pool in network.populations if pool.population == name])
        if not np.array_equal(np.sort(members), np.arange(size)):
            what = "its pools do not hold each neuron exactly once"
            yield Problem("placement-inconsistent", f"population {name}", what, "give every neuron one pool")
    channels = {entry.name: entry.channels for entry in network.inputs}
    for part in network.synapses:
        yield from _synapse_problems(part, network.neurons, channels)


def _pool_problems(pool: NeuronPool, rule: StepRule) -> Iterable[Problem]:
    where = f"population {pool.name}"
    theta = rule.threshold_lsb(pool.threshold_mantissa)
    for field, value, low, high in (
        ("decay_u", pool.decay_u, 0, rule.full_decay - 1),
        ("decay_v", pool.decay_v, 0, rule.full_decay - 1),
        ("threshold", theta, 0, rule.largest_voltage),
        ("refractory time", pool.refractory_ticks, 1, 63),
        ("bias exponent", pool.bias_exponent, -7, 7),
        ("depth", pool.depth_ticks, 0, 1 << 20),
        ("start of u", int(np.abs(pool.u_initial).max(initial=0)), 0, rule.half_current - 1),
        ("start of v", int(np.abs(pool.v_initial).max(initial=0)), 0, rule.largest_voltage),
        ("bias mantissa", int(np.abs(pool.bias_mantissa).max(initial=0)), 0, 4096),
    ):
        if not low <= value <= high:
            what = f"{field} is {value:,}, its register holds {low:,} to {high:,}"
            yield Problem("register-beyond-range", where, what, f"give {low:,} to {high:,}")


def _synapse_problems(part: NeuronSynapses, neurons: int, channels: dict[str, int]) -> Iterable[Problem]:
    where = f"projection {part.name}"
    if part.input and part.input not in channels:
        cure = f"its inputs are: {', '.join(channels) or 'none'}"
        yield Problem("input-unknown", where, f"there is no input {part.input}", cure)
        return
    sources = channels[part.input] if part.input else neurons
    for end, index, limit in (("source", part.source, sources), ("target", part.target, neurons)):
        low, high = int(index.min(initial=0)), int(index.max(initial=-1))
        if low < 0 or high >= limit:
            what = f"a synapse has {end} {low if low < 0 else high}, there are {limit:,}"
            yield Problem("index-beyond-range", where, what, f"count them from 0 to {limit - 1:,}")
    low, high = int(part.mantissa.min(initial=0)), int(part.mantissa.max(initial=0))
    if (part.sign == "excitatory" and low < 0) or (part.sign == "inhibitory" and high > 0):
        what = f"mantissas {low}..{high} in {part.sign} sign mode"
        yield Problem("mantissa-sign", where, what, "use sign mode mixed, or split the projection by sign")
    if part.sign == "mixed" and (part.mantissa % 2).any():
        what = "an odd mantissa in mixed sign mode, where the last bit holds the sign"
        yield Problem("mantissa-odd", where, what, "round mantissas to even ones")
    if low < -256 or high > 255:
        what = f"mantissas {low}..{high}"
        yield Problem("register-beyond-range", where, what, "give -256 to 255")
    ends = np.stack([part.source, part.target, part.delay_ticks])
    if np.unique(ends, axis=1).shape[1] < part.synapses:
        what = "two of its synapses have the same source, target and delay"
        yield Problem("level-malformed", where, what, "add their mantissas up, or put one into a list of its own")
    if (part.delay_ticks < 0).any():
        yield Problem("delay-negative", where, f"delay of {part.delay_ticks.min()} ticks", "give 0 or more")
