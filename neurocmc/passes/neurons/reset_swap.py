"""Gives every neuron the reset that a chip has, and says by name what was something else before.

A Loihi neuron that spikes goes to 0, once in a tick, from strictly above its threshold. Frameworks also subtract the
threshold, let a voltage at several thresholds be several spikes, or hold it above a floor. None of that can be had on
the chip, so it is exchanged here, while the network can still be run in real numbers: what the exchange costs is an
edge of `verify` of its own, and fine-tuning under the new reset is the cure (DOORS, docs/neurons.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation


@dataclass(frozen=True)
class ResetSwap:
    """NeuronNetwork -> NeuronNetwork whose neurons are reset to 0, once a tick, and have no floor."""

    name: ClassVar[str] = "reset-swap"
    refractory_ticks_max: int = 63

    def run(self, network: NeuronNetwork) -> tuple[NeuronNetwork, tuple[str, ...]]:
        """Returns the network and a line on each exchange; the network itself where there is none.

        Raises InfeasibleError for neurons without reset that remember their voltage, and for refractory times that
        the chip does not have.
        """
        raise_infeasible(problem for p in network.populations for problem in self._problems(p))
        told = [line for population in network.populations for line in _exchanges(population)]
        semantics = network.semantics
        if semantics.several_spikes:
            told.append("several spikes of a neuron in one tick are one")
        if semantics.at_threshold:
            told.append("a voltage at the threshold is no spike, one above it is")
        late = any(p.reset == "zero" and p.reset_late for p in network.populations)
        if not told and not late:
            return network, ()
        swapped = replace(
            network,
            semantics=replace(semantics, several_spikes=False, at_threshold=False),
            populations=tuple(_swapped(population) for population in network.populations),
        )
        return swapped, tuple(told)

    def _problems(self, population: NeuronPopulation) -> Iterator[Problem]:
        where = f"population {population.name}"
        if population.reset == "none" and population.pole_mem.any():
            what = "its neurons keep their voltage after a spike; the chip's neurons are reset to 0"
            yield Problem("reset-unfit", where, what, "train with a reset: to zero, or by subtraction")
        if population.refractory_ticks > self.refractory_ticks_max:
            what = f"{population.refractory_ticks} refractory ticks, limit {self.refractory_ticks_max}"
            yield Problem("reset-unfit", where, what, "use a shorter refractory time, or a longer tick (--dt)")


def _exchanges(population: NeuronPopulation) -> Iterator[str]:
    """A line on each rule of a population that is exchanged."""
    if population.reset == "subtract":
        late = ", in the next tick," if population.reset_late else ""
        yield f"{population.name}: a spike{late} takes the threshold off, on the chip it takes the voltage to 0"
    if np.isfinite(population.floor).any():
        lowest = population.floor[np.isfinite(population.floor)].min()
        yield f"{population.name}: the voltage stays above {lowest:g}, on the chip it falls further"


def _swapped(population: NeuronPopulation) -> NeuronPopulation:
    """The same with the chip's reset. One to 0 in the next tick is a tick at 0: a refractory time of 2, exactly."""
    late = population.reset == "zero" and population.reset_late
    return replace(
        population,
        reset="zero",
        reset_late=False,
        rest_kept=False,
        refractory_ticks=max(population.refractory_ticks, 2) if late else population.refractory_ticks,
        floor=np.full(population.size, -np.inf),
    )
