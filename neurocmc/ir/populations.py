"""Finds the populations of a level by name and, where they are pools, tells how units and neurons stand in rows.

Units and neurons stand in one row each: population by population, unit by unit, neuron by neuron.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from neurocmc.common.arrays import Int, starts


class Population(Protocol):
    """A population of any level."""

    @property
    def name(self) -> str: ...


class Pools(Population, Protocol):
    """A population whose units are pools of neurons."""

    @property
    def units(self) -> int: ...
    @property
    def neurons(self) -> int: ...  # of a unit


AnyPopulation = TypeVar("AnyPopulation", bound=Population)
AnyPools = TypeVar("AnyPools", bound=Pools)


class Wire(Protocol):
    """What reaches a population: a projection or an input of any level."""

    @property
    def target(self) -> str: ...


AnyWire = TypeVar("AnyWire", bound=Wire)


class HasPopulations(Generic[AnyPopulation]):
    """A level with populations."""

    __slots__ = ("_by_name",)
    _by_name: dict[str, AnyPopulation]  # made when one is first asked for: levels may have thousands
    populations: tuple[AnyPopulation, ...]

    def population(self, name: str) -> AnyPopulation:
        """Returns the population of that name. Raises KeyError."""
        if not hasattr(self, "_by_name"):
            object.__setattr__(self, "_by_name", {population.name: population for population in self.populations})
        return self._by_name[name]


def by_target(wires: Iterable[AnyWire]) -> Mapping[str, tuple[AnyWire, ...]]:
    """Returns the wires (projections, inputs) into each population, in their order; of one without any, none."""
    found: defaultdict[str, list[AnyWire]] = defaultdict(list)
    for wire in wires:
        found[wire.target].append(wire)
    return defaultdict(tuple, {name: tuple(own) for name, own in found.items()})


class HasPools(HasPopulations[AnyPools]):
    """A level whose populations are pools of neurons, and which has a name."""

    __slots__ = ()
    name: str

    @property
    def neurons(self) -> int:
        return sum(population.units * population.neurons for population in self.populations)

    def first_unit(self) -> dict[str, int]:
        """Returns the index of each population's first unit when all units stand in one row."""
        return starts({population.name: population.units for population in self.populations})

    def neuron_slices(self) -> dict[str, slice]:
        """Returns where each population's neurons stand in the row of all; neuron n of unit i is i * neurons + n."""
        sizes = {population.name: population.units * population.neurons for population in self.populations}
        return {name: slice(start, start + sizes[name]) for name, start in starts(sizes).items()}

    def each_unit(self, values: Sequence[int]) -> Int:
        """Returns (units,) the value that the population of each unit has."""
        return np.repeat(np.array(values, dtype=np.int64), [p.units for p in self.populations])

    def each_neuron(self, values: Sequence[int]) -> Int:
        """Returns (neurons,) the value that the population of each neuron has."""
        return np.repeat(np.array(values, dtype=np.int64), [p.units * p.neurons for p in self.populations])
