"""Gives every neuron a core and a slot, so that no core passes any of its limits, or says why none does."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.chip import CorePlace, Segment
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.placing.axon_tables import links_of
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.fibres import Held
from neurocmc.passes.loihi.placing.filling import Filling, Parts
from neurocmc.passes.loihi.placing.fitting import fill, overfull
from neurocmc.passes.loihi.placing.mesh import laid_out
from neurocmc.passes.loihi.placing.refusals import too_many_cores, too_many_out_axons
from neurocmc.passes.loihi.placing.wiring import Wiring, wiring_of
from neurocmc.targets import LoihiTarget


@dataclass(frozen=True, slots=True)
class Placement:
    """The segments of all cores, and how many neurons of each unit each core holds."""

    segments: tuple[Segment, ...]
    held_by_core: tuple[Held, ...]
    places: tuple[CorePlace, ...] = ()  # of each core, on a target with a mesh


@dataclass(frozen=True)
class Place:
    """Places the neurons of an IntegerNetwork on cores and slots.

    On a target with a mesh, `spikes` of populations, (units,) each of all neurons of a unit in a mean tick, say what
    is to have short ways; where they are not known of all populations, out-axons do.
    """

    name: ClassVar[str] = "place"
    spikes: Mapping[str, Float] = field(default_factory=dict)

    def run(self, network: IntegerNetwork, target: LoihiTarget) -> Placement:
        """Raises InfeasibleError where one neuron needs more than a core has, or the chip has too few cores."""
        return self.place(wiring_of(network), target)

    def place(self, wiring: Wiring, target: LoihiTarget) -> Placement:
        """Places what a wiring describes, whatever network it is of. Raises as `run`."""
        demand = Demand.of(wiring, target.limits)
        filling = fill(demand)
        beyond = overfull(demand, filling)
        if len(filling.held_by_core) > target.limits.cores:
            raise InfeasibleError(too_many_cores(demand, filling, target.name))
        if beyond:
            raise InfeasibleError(too_many_out_axons(demand, filling, beyond))
        if not target.limits.has_mesh:
            return Placement(_segments(demand, filling), filling.held_by_core)
        links = links_of(demand, Parts.of(filling.held_by_core), self._spikes(demand))
        layout = laid_out(links, len(filling.held_by_core), target.limits)
        order = np.argsort(layout.chip, kind="stable")  # cores are counted chip by chip
        filling = _counted_anew(filling, order.tolist())
        places = layout.places
        places = tuple(places[core] for core in order.tolist())
        return Placement(_segments(demand, filling), filling.held_by_core, places)

    def _spikes(self, demand: Demand) -> Float | None:
        """(units,) the spikes of all units, where they are known."""
        found = [self.spikes.get(pools.name, np.zeros(0)) for pools in demand.pools]
        if [rows.size for rows in found] != [pools.units for pools in demand.pools]:
            return None
        return np.maximum(np.concatenate(found), 0.0)


def _counted_anew(filling: Filling, order: list[int]) -> Filling:
    """The same filling, with its cores in another order."""
    number = {core: index for index, core in enumerate(order)}
    return replace(
        filling,
        held_by_core=tuple(filling.held_by_core[core] for core in order),
        split={unit: tuple(number[core] for core in cores) for unit, cores in filling.split.items()},
    )


def _segments(demand: Demand, filling: Filling) -> tuple[Segment, ...]:
    """Slots in the order in which a core holds its units; neighbouring runs of one population become one segment."""
    start = _first_neurons(demand, filling)
    segments: list[Segment] = []
    for core, held in enumerate(filling.held_by_core):
        slot = 0
        for unit, count in held.items():
            name, first = demand.name(unit), start[unit, core]
            last = segments[-1] if segments else None
            if last and (last.core, last.population, last.stop) == (core, name, first):
                segments[-1] = replace(last, stop=first + count)
            else:
                segments.append(Segment(core=core, slot=slot, population=name, start=first, stop=first + count))
            slot += count
    return tuple(segments)


def _first_neurons(demand: Demand, filling: Filling) -> dict[tuple[int, int], int]:
    """Unit and core -> the first neuron that stands there, counted within its population."""
    first: list[int] = []
    for pools in demand.pools:
        first += accumulate([pools.neurons] * (pools.units - 1), initial=0)
    found = {(unit, core): first[unit] for core, held in enumerate(filling.held_by_core) for unit in held}
    for unit, cores in filling.split.items():
        placed = first[unit]
        for core in cores:
            found[unit, core] = placed
            placed += filling.held_by_core[core][unit]
    return found
