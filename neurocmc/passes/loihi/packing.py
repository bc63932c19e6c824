"""Fills a core, and says whether it takes more neurons of a unit, limit by limit.

A core's load is kept as it grows. Adding neurons of a unit touches only the fibres that reach it: each brings its
axons the first time, and lengthens its list of synapses by one for each neuron.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation
from neurocmc.passes.loihi.synapse_memory import (
    Fibre,
    Held,
    SynapseFormat,
    Unit,
    axon_bits,
    axon_bits_table,
    fibres,
    synapse_bits,
)
from neurocmc.targets import LoihiLimits

Profile = tuple[int, int, int]


def compartment_profile(population: IntegerPopulation) -> Profile:
    """Returns the parameters that the compartments of one profile share."""
    return population.decay_u, population.decay_v, population.bias_exponent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """The resources that the units of a network ask of a core."""

    limits: LoihiLimits
    fibres: tuple[Fibre, ...]
    axons: Int  # (fibres,)
    delayed: Int  # (fibres,) 0 or 1: row of `bits`
    bits: Int  # (2, compartments + 1) of one axon, by number of synapses
    bits_of_synapse: int  # without header, padding and delay
    into: dict[Unit, Int]  # unit -> fibres that reach it
    axons_into: dict[Unit, int]  # their axons in all
    formats: dict[Unit, frozenset[SynapseFormat]]  # of these fibres
    out_of: dict[Unit, tuple[Fibre, ...]]  # unit -> fibres that leave it
    compartment_profile: dict[str, Profile]
    threshold: dict[str, int]

    @classmethod
    def of(cls, network: IntegerNetwork, limits: LoihiLimits) -> "Demand":
        all_fibres = fibres(network)
        into: dict[Unit, list[int]] = {(p.name, unit): [] for p in network.populations for unit in range(p.units)}
        out_of: dict[Unit, list[Fibre]] = {unit: [] for unit in into}
        for index, fibre in enumerate(all_fibres):
            for unit in fibre.target_units:
                into[fibre.target, unit].append(index)
            if fibre.source:
                out_of[fibre.source, fibre.source_unit].append(fibre)
        return cls(
            limits=limits,
            fibres=all_fibres,
            axons=np.array([fibre.axons for fibre in all_fibres], dtype=np.int64),
            delayed=np.array([fibre.delayed for fibre in all_fibres], dtype=np.int64),
            bits=axon_bits_table(limits),
            bits_of_synapse=synapse_bits(False, limits),
            into={unit: np.array(found, dtype=np.int64) for unit, found in into.items()},
            axons_into={unit: sum(all_fibres[index].axons for index in found) for unit, found in into.items()},
            formats={unit: frozenset(all_fibres[index].format for index in found) for unit, found in into.items()},
            out_of={unit: tuple(found) for unit, found in out_of.items()},
            compartment_profile={p.name: compartment_profile(p) for p in network.populations},
            threshold={p.name: p.threshold_mantissa for p in network.populations},
        )


@dataclass(slots=True)
class Core:
    """A core that is being filled. `out_axons` holds an estimate for each neuron: targets may not be placed yet."""

    demand: Demand
    held: Held = field(default_factory=dict)
    neurons: int = 0
    in_axons: int = 0
    out_axons: int = 0
    bits: int = 0
    reached: Int = field(init=False)  # (fibres,) neurons here that one axon of each fibre reaches
    compartment_profiles: set[Profile] = field(default_factory=set)
    thresholds: set[int] = field(default_factory=set)
    formats: set[SynapseFormat] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.reached = np.zeros(len(self.demand.fibres), dtype=np.int64)

    def room(self, unit: Unit, wanted: int, out_axons_each: int) -> tuple[int, str]:
        """Returns how many of `wanted` neurons of a unit the core takes, and the resource that ends it, or ""."""
        limits = self.demand.limits
        most, ends = wanted, ""
        if (free := limits.compartments_per_core - self.neurons) < most:
            most, ends = free, "compartments"
        if out_axons_each and (free := (limits.out_axons_per_core - self.out_axons) // out_axons_each) < most:
            most, ends = max(free, 0), "out_axons"
        if (few := self._most_by_bits(unit)) < most:
            most, ends = few, "synapse_bits"
        if most and (lacking := self._lacking(unit)):
            return 0, lacking
        free = limits.synapse_memory_bits_per_core - self.bits
        if most and self._more_bits(unit, most) > free:
            low = 0
            while most - low > 1:  # the cost only grows with the count
                middle = (low + most) // 2
                low, most = (low, middle) if self._more_bits(unit, middle) > free else (middle, most)
            most, ends = low, "synapse_bits"
        return most, ends

    def takes(self, unit: Unit, count: int, out_axons_each: int) -> bool:
        """Whether `room` would offer all `count` neurons; quicker, for the many cores that are full."""
        limits = self.demand.limits
        return (
            self.neurons + count <= limits.compartments_per_core
            and self.out_axons + count * out_axons_each <= limits.out_axons_per_core
            and count <= self._most_by_bits(unit)
            and not self._lacking(unit)
            and self.bits + self._more_bits(unit, count) <= limits.synapse_memory_bits_per_core
        )

    def add(self, unit: Unit, count: int, out_axons_each: int) -> None:
        """Takes `count` neurons of a unit, which `room` has offered."""
        self.in_axons += self._new_axons(unit)
        self.bits += self._more_bits(unit, count)
        self.reached[self.demand.into[unit]] += count
        self.out_axons += count * out_axons_each
        self.neurons += count
        self.held[unit] = self.held.get(unit, 0) + count
        self.compartment_profiles.add(self.demand.compartment_profile[unit[0]])
        self.thresholds.add(self.demand.threshold[unit[0]])
        self.formats |= self.demand.formats[unit]

    def by_projection(self, resource: str) -> Counter[str]:
        """Counts what each projection or input takes here of synapse bits, in-axons, or (one a neuron) out-axons."""
        share: Counter[str] = Counter()
        if resource == "out_axons":
            for unit, count in self.held.items():
                share.update({fibre.projection: count for fibre in self.demand.out_of[unit]})
            return share
        for index in np.flatnonzero(self.reached):
            fibre = self.demand.fibres[index]
            bits = int(self.demand.bits[self.demand.delayed[index], self.reached[index]])
            share[fibre.projection] += fibre.axons * (bits if resource == "synapse_bits" else 1)
        return share

    def _lacking(self, unit: Unit) -> str:
        """The resource that ends a unit's first neuron here, however few follow, or ""."""
        used = {
            "compartment_profiles": len(self.compartment_profiles | {self.demand.compartment_profile[unit[0]]}),
            "threshold_profiles": len(self.thresholds | {self.demand.threshold[unit[0]]}),
            "synapse_formats": len(self.formats | self.demand.formats[unit]),
            "in_axons": self.in_axons + self._new_axons(unit),
        }
        limits = self.demand.limits
        return next((name for name, count in used.items() if count > getattr(limits, f"{name}_per_core")), "")

    def _most_by_bits(self, unit: Unit) -> int:
        """A quick upper bound: n more synapses of an axon cost more than n times their bits, less one word."""
        if not (axons := self.demand.axons_into[unit]):
            return self.demand.limits.compartments_per_core
        free = (self.demand.limits.synapse_memory_bits_per_core - self.bits) / axons
        return int((free + self.demand.limits.synapse_group_alignment_bits) / self.demand.bits_of_synapse)

    def _new_axons(self, unit: Unit) -> int:
        into = self.demand.into[unit]
        return int(self.demand.axons[into[self.reached[into] == 0]].sum())

    def _more_bits(self, unit: Unit, count: int) -> int:
        into = self.demand.into[unit]
        rows, before = self.demand.delayed[into], self.reached[into]
        each = self.demand.bits[rows, before + count] - self.demand.bits[rows, before]
        return int(self.demand.axons[into] @ each)


def least_bits(axons: int, synapses: int, limits: LoihiLimits, *, delayed: bool) -> float:
    """Returns the bits that axons of so many synapses each need, however these are spread over cores.

    Groups are padded to whole words, so that a full one is not always the cheapest a synapse.
    """
    return axons * min(float(axon_bits(synapses, delayed, limits)), kindest_bits(limits, delayed=delayed) * synapses)


def kindest_bits(limits: LoihiLimits, *, delayed: bool) -> float:
    """Returns the bits a synapse takes in a group of the size that suits best."""
    sizes = range(1, min(limits.synapses_per_group, limits.compartments_per_core) + 1)
    return min(axon_bits(n, delayed, limits) / n for n in sizes)


def lower_bound(demand: Demand, network: IntegerNetwork) -> int:
    """Returns the cores that any placement needs: for all compartments, and for all synapses in the best groups."""
    limits = demand.limits
    sizes = {p.name: p.neurons for p in network.populations}
    alike = Counter((f.delayed, len(f.target_units) * sizes[f.target], f.axons) for f in demand.fibres)
    bits = sum(
        many * least_bits(axons, synapses, limits, delayed=delayed)
        for (delayed, synapses, axons), many in alike.items()
    )
    return max(
        -(-network.neurons // limits.compartments_per_core),
        int(np.ceil(bits / limits.synapse_memory_bits_per_core)),
        1,
    )
