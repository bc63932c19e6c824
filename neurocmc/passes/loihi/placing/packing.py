"""Fills a core, and says whether it takes more neurons of a unit, limit by limit.

A core's load is kept as it grows. Adding neurons of a unit touches only the fibres that reach it: each brings the
axons of its list the first time, and lengthens its list of synapses by one for each neuron.
"""

from copy import copy
from dataclasses import dataclass, field

import numpy as np

from neurocmc.common.arrays import Bool, Int
from neurocmc.passes.loihi.placing.demand import Demand, Reached
from neurocmc.passes.loihi.placing.fibres import Held
from neurocmc.passes.loihi.placing.wiring import Pools, Profile


@dataclass(slots=True)
class Core:
    """A core that is being filled. `out_axons` holds an estimate for each neuron: targets may not be placed yet."""

    demand: Demand
    out_axons_limit: int = 0  # 0: as many as a core has
    held: Held = field(default_factory=dict)
    neurons: int = 0
    in_axons: int = 0
    out_axons: int = 0
    indexed_bits: int = 0  # of synapse memory, were all lists stored with indices
    reached: Int = field(init=False)  # (fibres,) neurons here that one axon of each fibre reaches
    entered: Bool = field(init=False)  # (lists,) whether a list is here
    compartment_profiles: set[Profile] = field(default_factory=set)
    thresholds: set[int] = field(default_factory=set)
    formats: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.reached = np.zeros(len(self.demand.fibres), dtype=np.int64)
        self.entered = np.zeros(self.demand.lists.axons.size, dtype=np.bool_)
        self.out_axons_limit = self.out_axons_limit or self.demand.limits.out_axons_per_core

    def emptied(self) -> "Core":
        """Returns an empty core in the arrays of this one, of which nothing but `held` is of use afterwards."""
        empty = copy(self)
        for unit in self.held:
            self.reached[self.demand.into[unit]] = 0
            self.entered[self.demand.lists_into[unit]] = False
        empty.held, empty.neurons, empty.in_axons, empty.out_axons, empty.indexed_bits = {}, 0, 0, 0, 0
        empty.compartment_profiles, empty.thresholds, empty.formats = set(), set(), set()
        return empty

    @property
    def bits(self) -> int:
        """Bits of synapse memory."""
        return self.demand.layout(self._reached()).all_bits if self.demand.lists.any_free else self.indexed_bits

    def room(self, unit: int, wanted: int, out_axons_each: int) -> tuple[int, str]:
        """Returns how many of `wanted` neurons of a unit the core takes, and the resource that ends it, or ""."""
        limits = self.demand.limits
        most, ends = wanted, ""
        if (free := limits.compartments_per_core - self.neurons) < most:
            most, ends = free, "compartments"
        if out_axons_each and (free := (self.out_axons_limit - self.out_axons) // out_axons_each) < most:
            most, ends = max(free, 0), "out_axons"
        if (few := self._most_by_bits(unit)) < most:
            most, ends = few, "synapse_bits"
        if most and (lacking := self._lacking(unit)):
            return 0, lacking
        if most and not self._holds(unit, most):
            low = 0
            while most - low > 1:  # the cost only grows with the count
                middle = (low + most) // 2
                low, most = (middle, most) if self._holds(unit, middle) else (low, middle)
            most, ends = low, "synapse_bits"
        return most, ends

    def full_of(self, wanted: int, out_axons_each: int) -> str:
        """Returns what the core lacks for `wanted` neurons of any unit, compartments or out-axons, or ""."""
        if self.demand.limits.compartments_per_core - self.neurons < wanted:
            return "compartments"
        return "out_axons" if self.out_axons_limit - self.out_axons < wanted * out_axons_each else ""

    def takes(self, unit: int, count: int, out_axons_each: int) -> bool:
        """Whether `room` would offer all `count` neurons; quicker, for the many cores that are full."""
        limits = self.demand.limits
        return (
            self.neurons + count <= limits.compartments_per_core
            and self.out_axons + count * out_axons_each <= limits.out_axons_per_core
            and count <= self._most_by_bits(unit)
            and not self._lacking(unit)
            and self._holds(unit, count)
        )

    def add(self, unit: int, count: int, out_axons_each: int) -> None:
        """Takes `count` neurons of a unit, which `room` has offered."""
        self.in_axons += self._new_axons(unit)
        self.indexed_bits += self._more_bits(unit, count)
        self.reached[self.demand.into[unit]] += count
        self.entered[self.demand.lists_into[unit]] = True
        self.out_axons += count * out_axons_each
        self.neurons += count
        self.held[unit] = self.held.get(unit, 0) + count
        self.compartment_profiles.add(self._pools(unit).profile)
        self.thresholds.add(self._pools(unit).threshold)
        self.formats.update(self.demand.formats[unit].tolist())

    def _lacking(self, unit: int) -> str:
        """The resource that ends a unit's first neuron here, however few follow, or ""."""
        limits, pools = self.demand.limits, self._pools(unit)
        if len(self.compartment_profiles) + (pools.profile not in self.compartment_profiles) > (
            limits.compartment_profiles_per_core
        ):
            return "compartment_profiles"
        if len(self.thresholds) + (pools.threshold not in self.thresholds) > limits.threshold_profiles_per_core:
            return "threshold_profiles"
        if len(self.formats.union(self.demand.formats[unit].tolist())) > limits.synapse_formats_per_core:
            return "synapse_formats"
        return "in_axons" if self.in_axons + self._new_axons(unit) > limits.in_axons_per_core else ""

    def _most_by_bits(self, unit: int) -> int:
        """A quick upper bound: n more synapses of an axon cost more than n times their bits, less one word."""
        limits = self.demand.limits
        if not (axons := self.demand.axons_into[unit]) or self.demand.lists.any_free:
            return limits.compartments_per_core
        free = (limits.synapse_memory_bits_per_core - self.indexed_bits) / axons
        return int((free + limits.synapse_group_alignment_bits) / self.demand.bits_of_synapse)

    def _new_axons(self, unit: int) -> int:
        into = self.demand.lists_into[unit]
        return int(self.demand.lists.axons[into[~self.entered[into]]].sum())

    def _pools(self, unit: int) -> Pools:
        return self.demand.pools[self.demand.population[unit]]

    def _more_bits(self, unit: int, count: int) -> int:
        demand, into = self.demand, self.demand.into[unit]
        rows, before = demand.delayed[into], self.reached[into]
        each = demand.bits[rows, before + count] - demand.bits[rows, before]
        return int(demand.lists.axons[demand.lists.of_fibre[into]] @ each)

    def _holds(self, unit: int, count: int) -> bool:
        """Whether the synapse memory holds the lists with `count` neurons more."""
        demand, limit = self.demand, self.demand.limits.synapse_memory_bits_per_core
        if self.indexed_bits + self._more_bits(unit, count) <= limit:
            return True
        if not demand.lists.any_free:
            return False
        return demand.layout(self._reached(unit, count)).all_bits <= limit

    def _reached(self, unit: int = 0, count: int = 0) -> Reached:
        """What reaches the core with so many neurons of a unit more."""
        held = dict(self.held)
        if count:
            held[unit] = held.get(unit, 0) + count
        return self.demand.reached(held)
