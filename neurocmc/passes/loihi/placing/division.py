"""Holds a division of units among cores, and keeps count of the out-axons that it costs while units are moved.

A list costs its source unit's neurons an out-axon for each core on which any of its targets stand: the connectivity
of a hypergraph whose edges are lists and whose pins are the units that they reach (Çatalyürek and Aykanat 1999,
doi:10.1109/71.780863). What a core can bear is limited on the side of the sources, where the axons begin.
"""

from dataclasses import dataclass, field

from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.fibres import Held


@dataclass(slots=True)
class Division:
    """Units on cores; `load` is each core's out-axons, `excess` what is beyond the limit, in all."""

    demand: Demand
    held: list[Held]
    weight: list[int] = field(init=False)  # list -> out-axons that one more core costs
    reach: list[dict[int, int]] = field(init=False)  # list -> core -> units there that it reaches
    where: dict[int, dict[int, int]] = field(init=False)  # unit -> core -> its neurons there
    load: list[int] = field(init=False)
    total: int = field(init=False, default=0)
    excess: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.weight = self.demand.out_axons_a_core().tolist()
        self.reach = [{} for _ in self.weight]
        self.where = {}
        self.load = [0 for _ in self.held]
        for core, held in enumerate(self.held):
            for unit, neurons in held.items():
                self.where.setdefault(unit, {})[core] = neurons
                for index in self.demand.lists_into[unit].tolist():
                    self.reach[index][core] = self.reach[index].get(core, 0) + 1
        for core, held in enumerate(self.held):
            self._charge(core, sum(self.demand.sending(held[unit]) * self.fan_out(unit) for unit in held))

    def fan_out(self, unit: int) -> int:
        """Returns the out-axons of each neuron of a unit."""
        return sum(len(self.reach[index]) for index in self.demand.out_of[unit].tolist())

    def ties(self, unit: int) -> dict[int, int]:
        """Returns core -> out-axons that reach it already and would serve the unit as well."""
        found: dict[int, int] = {}
        for index in self.demand.lists_into[unit].tolist():
            for core in self.reach[index]:
                found[core] = found.get(core, 0) + self.weight[index]
        return found

    def move(self, unit: int, source: int, target: int) -> None:
        """Moves all neurons of a unit that stand on one core to another, on which it has none."""
        neurons = self.held[source].pop(unit)
        self.held[target][unit] = neurons
        del self.where[unit][source]
        self.where[unit][target] = neurons
        own = self.demand.sending(neurons) * self.fan_out(unit)
        self._charge(source, -own)
        self._charge(target, own)
        for index in self.demand.lists_into[unit].tolist():
            reach = self.reach[index]
            reach[source] -= 1
            reach[target] = reach.get(target, 0) + 1
            if not reach[source]:
                del reach[source]
                self._recharge(index, -1)
            if reach[target] == 1:
                self._recharge(index, 1)

    def _recharge(self, index: int, cores: int) -> None:
        """A list reaches more or fewer cores: all neurons of its sources have as many axons more."""
        for source in self.demand.sources_of(index):
            for core, neurons in self.where.get(source, {}).items():
                self._charge(core, self.demand.sending(neurons) * cores)

    def _charge(self, core: int, axons: int) -> None:
        limit, before = self.demand.limits.out_axons_per_core, self.load[core]
        self.load[core] = before + axons
        self.total += axons
        self.excess += max(before + axons - limit, 0) - max(before - limit, 0)
