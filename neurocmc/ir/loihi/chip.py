"""Defines ChipProgram: the integer network with a place for every neuron and the use of every resource of a core.

Places are kept as segments, runs of consecutive neurons of one population on one core, so that a program of a
million neurons stays small. Neurons of a population are counted unit by unit: neuron n of unit i is i * neurons + n.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypeVar

from neurocmc.common.arrays import set_frozen
from neurocmc.common.errors import Problem
from neurocmc.ir.codec import SELDOM
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.populations import HasPools

Placed = TypeVar("Placed", bound=HasPools[Any], default=IntegerNetwork)  # what stands on the cores

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
class CorePlace:
    """Where a core is: its chip, counted row by row, and the column and row of its tile on the chip's mesh."""

    chip: int
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AxonRoute:
    """Out-axons from the neurons of one population on one core to the in-axons of another, or of the same."""

    projections: tuple[str, ...]  # whose spikes they carry: one, where axons are not shared
    source: str
    source_core: int
    target_core: int
    axons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SynapseLists:
    """The in-axons of one core for the spikes of one population, or of the host, and the synapses behind them."""

    projections: tuple[str, ...]  # or the input
    source: str  # population, or "" for the host
    core: int
    axons: int
    synapses: int
    synapse_bits: int
    index_free: int  # of the axons, those whose synapses are stored without indices


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerBound:
    """The cores that any placement needs for the sake of one resource."""

    resource: str
    cores: int


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ChipProgram(Generic[Placed]):
    """A network in integers placed on cores; `use[core, k]` is the use of resource RESOURCES[k] on that core."""

    network: Placed
    target: str
    segments: tuple[Segment, ...]
    routes: tuple[AxonRoute, ...]
    lists: tuple[SynapseLists, ...]
    use: NDArray[np.int64]  # (cores, resources)
    lower_bounds: tuple[LowerBound, ...]  # no placement needs fewer cores than the largest
    shared_axons: bool  # whether the neurons of a unit send to one in-axon of a core
    places: tuple[CorePlace, ...] = field(default=(), metadata=SELDOM)  # of each core, where the target has a mesh

    def __post_init__(self) -> None:
        set_frozen(self, "use", np.int64, (None, len(RESOURCES)))

    def __repr__(self) -> str:
        """One line: what stands on how many cores."""
        return f"<ChipProgram for {self.target}: {self.cores:,} cores on {self.chips:,} chips, {self.network!r}>"

    @property
    def cores(self) -> int:
        return self.use.shape[0]

    @property
    def chips(self) -> int:
        """Chips on which there are cores in use; one, where cores have no places."""
        return len({place.chip for place in self.places}) or 1

    @property
    def cores_lower_bound(self) -> int:
        """No placement needs fewer cores than this."""
        return max((bound.cores for bound in self.lower_bounds), default=1)

    def problems(self) -> tuple[Problem, ...]:
        """Returns neurons without exactly one place, slots that overlap, and names that do not exist."""
        return tuple(_problems(self))


def _problems(program: ChipProgram[Any]) -> Iterable[Problem]:
    yield from _name_problems(program)
    runs_of: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    slots_of: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for segment in program.segments:
        runs_of[segment.population].append((segment.start, segment.stop))
        slots_of[segment.core].append((segment.slot, segment.slot + segment.neurons))
    for population in program.network.populations:
        runs = sorted(runs_of[population.name])
        covered = [0, *(stop for _, stop in runs)]
        if [start for start, _ in runs] != covered[:-1] or covered[-1] != population.units * population.neurons:
            yield Problem(
                "placement-inconsistent",
                f"population {population.name}",
                "its neurons are not each placed exactly once",
                _PLACE,
            )
    for core in range(program.cores):
        if any(stop > start for (_, stop), (start, _) in pairwise(sorted(slots_of[core]))):
            yield Problem("placement-inconsistent", f"core {core}", "two segments share a slot", _PLACE)


def _name_problems(program: ChipProgram[Any]) -> Iterable[Problem]:
    """Segments and routes that speak of cores or populations which are not there, and cores without one place."""
    if len(program.places) not in (0, program.cores):
        what = f"{len(program.places)} places for {program.cores} cores"
        yield Problem("placement-inconsistent", "places of cores", what, _PLACE)
    if any(min(place.chip, place.x, place.y) < 0 for place in program.places):
        yield Problem("placement-inconsistent", "places of cores", "one stands below 0", _PLACE)
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
    ends = [(route, core) for route in program.routes for core in (route.source_core, route.target_core)]
    for axons, core in [*ends, *((lists, lists.core) for lists in program.lists)]:
        if not 0 <= core < program.cores:
            yield Problem(
                "core-part-unknown",
                f"axons of {', '.join(axons.projections)}",
                f"core {core} does not exist",
                _cores(program),
            )


def _cores(program: ChipProgram[Any]) -> str:
    return f"the program has {program.cores} cores, counted from 0"
