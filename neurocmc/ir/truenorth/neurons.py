"""Defines CoreNeurons: single neurons on neurosynaptic cores, where each stands, and where the host sends spikes.

The cores, their wiring and their groups are a `CoreProgram` without pools. A neuron whose spikes go to several places
stands there several times, one copy a place; all copies hear the same axons and spike together, and the first is the
one that is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Int, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.ir.truenorth.printer import print_cores
from neurocmc.ir.truenorth.program import CoreProgram


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedNeurons:
    """One population: where the first copy of each neuron stands; arrays are (size,)."""

    name: str
    size: int
    depth_ticks: int  # by which its spikes are later than in the network that it came from
    core: Int
    neuron: Int  # of its core

    def __post_init__(self) -> None:
        for field in ("core", "neuron"):
            set_frozen(self, field, np.int64, (self.size,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedChannels:
    """The channels of one input: to which axons their spikes are sent, and how many ticks late; (axons,) each."""

    name: str
    channels: int
    channel: Int
    core: Int
    axon: Int
    delay_ticks: Int

    def __post_init__(self) -> None:
        for field in ("channel", "core", "axon", "delay_ticks"):
            set_frozen(self, field, np.int64, (None,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreNeurons:
    """A program of cores, the populations that stand on them, and the inputs that drive them."""

    program: CoreProgram
    populations: tuple[PlacedNeurons, ...]
    inputs: tuple[PlacedChannels, ...]

    @property
    def deepest_ticks(self) -> int:
        """The largest depth: so many ticks the chip runs longer."""
        return max((population.depth_ticks for population in self.populations), default=0)

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults: those of the program, and neurons and axons that are not there."""
        return (*self.program.problems(), *self._problems())

    def _problems(self) -> Iterator[Problem]:
        network = self.program.network
        places = [(f"population {each.name}", "neuron", each.core, each.neuron) for each in self.populations]
        places += [(f"input {each.name}", "axon", each.core, each.axon) for each in self.inputs]
        for where, part, core, index in places:
            most = network.neurons if part == "neuron" else network.axons
            if ((core < 0) | (core >= network.cores) | (index < 0) | (index >= most)).any():
                cure = f"there are {network.cores} cores of {most} {part}s, counted from 0"
                yield Problem("group-beyond-core", where, f"a {part} of it is not there", cure)
        for entry in self.inputs:
            if ((entry.channel < 0) | (entry.channel >= entry.channels) | (entry.delay_ticks < 0)).any():
                what = "it sends a channel that is not there, or before its time"
                yield Problem("index-beyond-range", f"input {entry.name}", what, "compile again")


def print_core_neurons(level: CoreNeurons) -> str:
    """Formats the populations and inputs with the cores that they stand on, then the cores."""
    lines = [
        f"population {each.name}: {each.size:,} neurons on cores {_listed(each.core)}, {each.depth_ticks} ticks deep"
        for each in level.populations
    ]
    lines += [
        f"input {each.name}: {each.channels:,} channels to {each.channel.size:,} axons of cores {_listed(each.core)}"
        for each in level.inputs
    ]
    return "\n".join([*lines, "", print_cores(level.program)])


def _listed(cores: Int) -> str:
    return ", ".join(map(str, sorted({*cores.tolist()})))
