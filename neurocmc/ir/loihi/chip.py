"""Defines ChipProgram: the integer network with a place for every neuron and the use of every resource of a core.

Places are kept as segments, runs of consecutive neurons of one population on one core, so that a program of a
million neurons stays small. Neurons of a population are counted unit by unit: neuron n of unit i is i * neurons + n.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import set_frozen
from neurocmc.common.errors import Problem
from neurocmc.ir.loihi.network import IntegerNetwork

_PLACE = "place the network again: compile it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Neurons [start, stop) of one population in consecutive slots of one core."""

    core: int
    slot: int
    population: str
    start: int
    stop: int

    @property
    def neurons(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class AxonRoute:
    """All axons of one projection or input into one core. `source_core` is -1 for spikes from the host."""

    projection: str
    source_core: int
    target_core: int
    axons: int
    synapses: int
    synapse_bits: int


RESOURCES = (
    "compartments",
    "in_axons",
    "out_axons",
    "synapses",
    "synapse_bits",
    "compartment_profiles",
    "threshold_profiles",
    "synapse_formats",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChipProgram:
    """An integer network placed on cores; `use[core, k]` is the use of resource RESOURCES[k] on that core."""

    network: IntegerNetwork
    target: str
    segments: tuple[Segment, ...]
    routes: tuple[AxonRoute, ...]
    use: NDArray[np.int64]  # (cores, resources)
    cores_lower_bound: int  # no placement can use fewer cores than this

    def __post_init__(self) -> None:
        set_frozen(self, "use", np.int64, (None, len(RESOURCES)))

    @property
    def cores(self) -> int:
        return self.use.shape[0]

    def problems(self) -> tuple[Problem, ...]:
        """Returns neurons without exactly one place, slots that overlap, and names that do not exist."""
        return tuple(_problems(self))


def _problems(program: ChipProgram) -> Iterable[Problem]:
    yield from _name_problems(program)
    for population in program.network.populations:
        runs = sorted(
            (segment.start, segment.stop) for segment in program.segments if segment.population == population.name
        )
        covered = [0, *(stop for _, stop in runs)]
        if [start for start, _ in runs] != covered[:-1] or covered[-1] != population.units * population.neurons:
            yield Problem(
                "placement-inconsistent",
                f"population {population.name}",
                "its neurons are not each placed exactly once",
                _PLACE,
            )
    for core in range(program.cores):
        slots = sorted(
            (segment.slot, segment.slot + segment.neurons) for segment in program.segments if segment.core == core
        )
        if any(stop > start for (_, stop), (start, _) in pairwise(slots)):
            yield Problem("placement-inconsistent", f"core {core}", "two segments share a slot", _PLACE)


def _name_problems(program: ChipProgram) -> Iterable[Problem]:
    """Segments and routes that speak of cores or populations which are not there."""
    known = {population.name for population in program.network.populations}
    for segment in program.segments:
        if segment.population not in known:
            cure = f"its populations are: {', '.join(sorted(known))}"
            yield Problem(
                "population-unknown", f"segment of {segment.population}", "the network has no such population", cure
            )
        if not 0 <= segment.core < program.cores:
            yield Problem(
                "core-part-unknown",
                f"segment of {segment.population}",
                f"core {segment.core} does not exist",
                _cores(program),
            )
    for route in program.routes:
        for core in (max(route.source_core, 0), route.target_core):
            if not 0 <= core < program.cores:
                yield Problem(
                    "core-part-unknown",
                    f"axons of {route.projection}",
                    f"core {core} does not exist",
                    _cores(program),
                )


def _cores(program: ChipProgram) -> str:
    return f"the program has {program.cores} cores, counted from 0"
