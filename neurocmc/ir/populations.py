"""Finds the populations of a level by name and, where they are pools, tells how units and neurons stand in rows.

Units and neurons stand in one row each: population by population, unit by unit, neuron by neuron.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

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
    """A projection or an input of any level, which reaches a population."""

    @property
    def name(self) -> str: ...
    @property
    def target(self) -> str: ...


AnyProjection = TypeVar("AnyProjection", bound=Wire)
AnyInput = TypeVar("AnyInput", bound=Wire)


class Reaching(Protocol):
    """What reaches a population, whether it has a name or not."""

    @property
    def target(self) -> str: ...


AnyWire = TypeVar("AnyWire", bound=Reaching)
Made = TypeVar("Made")
NAMED = 8  # populations that a line names


class HasPopulations(Generic[AnyPopulation]):
    """A level with populations."""

    __slots__ = ("_made",)
    _made: dict[str, Any]  # tables by name, each made when it is first asked for: levels may have thousands of parts
    populations: tuple[AnyPopulation, ...]

    def __repr__(self) -> str:
        """One line, whatever the sizes of its arrays: the populations with their units or neurons."""
        shown = [f"{p.name} ({_size(p):,})" for p in self.populations[:NAMED]]
        more = len(self.populations) - NAMED
        told = ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
        return f"<{type(self).__name__} {getattr(self, 'name', '')}: {told}>"

    def population(self, name: str) -> AnyPopulation:
        """Returns the population of that name. Raises KeyError."""
        return self.once("by name", lambda: {population.name: population for population in self.populations})[name]

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Returns what `make` returns, which is the same whenever it is asked of this level."""
        if not hasattr(self, "_made"):
            object.__setattr__(self, "_made", {})
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


def _size(population: Any) -> int:
    """The units of a population, or the neurons of one of single neurons."""
    return getattr(population, "units", None) or getattr(population, "size", 0)


class HasWires(HasPopulations[AnyPopulation], Generic[AnyPopulation, AnyProjection, AnyInput]):
    """A level whose populations are reached by projections and inputs."""

    __slots__ = ()
    projections: tuple[AnyProjection, ...]
    inputs: tuple[AnyInput, ...]

    def into(self, population: str) -> tuple[AnyProjection, ...]:
        """Returns the projections that reach a population, in their order."""
        return self.once("projections by target", lambda: by_target(self.projections)).get(population, ())

    def projection(self, name: str) -> AnyProjection:
        """Returns the projection of that name. Raises KeyError."""
        return self.once("projections by name", lambda: {wire.name: wire for wire in self.projections})[name]

    def inputs_into(self, population: str) -> tuple[AnyInput, ...]:
        """Returns the inputs that reach a population, in their order."""
        return self.once("inputs by target", lambda: by_target(self.inputs)).get(population, ())


def by_target(wires: Iterable[AnyWire]) -> dict[str, tuple[AnyWire, ...]]:
    """Maps each population that anything reaches to what does, in its order."""
    found: dict[str, list[AnyWire]] = {}
    for wire in wires:
        found.setdefault(wire.target, []).append(wire)
    return {name: tuple(own) for name, own in found.items()}


class HasPools(HasPopulations[AnyPools]):
    """A level whose populations are pools of neurons, and which has a name."""

    __slots__ = ()
    name: str

    @property
    def neurons(self) -> int:
        return sum(population.units * population.neurons for population in self.populations)

    def first_unit(self) -> dict[str, int]:
        """Returns the index of each population's first unit when all units stand in one row."""
        return self.once(
            "first unit", lambda: starts({population.name: population.units for population in self.populations})
        )

    def neuron_slices(self) -> dict[str, slice]:
        """Returns where each population's neurons stand in the row of all; neuron n of unit i is i * neurons + n."""
        return self.once("neuron slices", self._neuron_slices)

    def _neuron_slices(self) -> dict[str, slice]:
        sizes = {population.name: population.units * population.neurons for population in self.populations}
        return {name: slice(start, start + sizes[name]) for name, start in starts(sizes).items()}

    def each_unit(self, values: Sequence[int]) -> Int:
        """Returns (units,) the value that the population of each unit has."""
        return np.repeat(np.array(values, dtype=np.int64), [p.units for p in self.populations])

    def each_neuron(self, values: Sequence[int]) -> Int:
        """Returns (neurons,) the value that the population of each neuron has."""
        return np.repeat(np.array(values, dtype=np.int64), [p.units * p.neurons for p in self.populations])
