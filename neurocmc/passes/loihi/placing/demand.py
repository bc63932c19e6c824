"""Says what the units of a circuit ask of a core, and whether a core holds some of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Int
from neurocmc.passes.loihi.placing.fibres import Fibre, Held, fibres
from neurocmc.passes.loihi.placing.lists import Layout, Lists
from neurocmc.passes.loihi.placing.synapse_memory import SynapseFormat, list_bits, synapse_bits
from neurocmc.passes.loihi.placing.wiring import Pools, Wiring
from neurocmc.targets import LoihiLimits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """The resources that the units of a circuit ask of a core. Units are counted through all populations."""

    limits: LoihiLimits
    pools: tuple[Pools, ...]
    population: tuple[int, ...]  # unit -> index of its population
    sizes: tuple[int, ...]  # unit -> its neurons
    fibres: tuple[Fibre, ...]
    lists: Lists
    known_formats: tuple[SynapseFormat, ...]
    format_of: Int  # (fibres,) index into them
    delayed: Int  # (fibres,) 0 or 1: row of `bits`
    bits: Int  # (2, compartments + 1) of one list with indices, by number of synapses
    bits_of_synapse: int  # without header, padding and delay
    into: tuple[Int, ...]  # unit -> fibres that reach it
    lists_into: tuple[Int, ...]  # unit -> their lists
    axons_into: tuple[int, ...]  # unit -> their axons in all
    formats: tuple[frozenset[SynapseFormat], ...]  # unit -> of these fibres
    out_of: tuple[tuple[int, ...], ...]  # unit -> lists that its spikes enter
    targets: tuple[Int, ...]  # list -> units that it reaches
    sources_of: tuple[range, ...]  # list -> units whose spikes enter it, none of the host's

    @classmethod
    def of(cls, wiring: Wiring, limits: LoihiLimits) -> "Demand":
        """Returns what a circuit asks for under the rules of a chip."""
        all_fibres = fibres(wiring, limits)
        population = tuple(k for k, pools in enumerate(wiring.pools) for _ in range(pools.units))
        sizes = tuple(wiring.pools[k].neurons for k in population)
        most = min(limits.compartments_per_core, sum(sizes))
        lists = Lists.of(all_fibres, population, limits, most)
        into = _grouped([fibre.targets for fibre in all_fibres], len(population))
        lists_into = tuple(np.unique(lists.of_fibre[found]) for found in into)
        known = tuple(dict.fromkeys(fibre.format for fibre in all_fibres))
        sources_of, out_of = _ends(all_fibres, lists.axons.size, len(population))
        return cls(
            limits=limits,
            pools=wiring.pools,
            population=population,
            sizes=sizes,
            fibres=all_fibres,
            lists=lists,
            known_formats=known,
            format_of=np.array([known.index(fibre.format) for fibre in all_fibres], dtype=np.int64),
            delayed=np.array([fibre.delayed for fibre in all_fibres], dtype=np.int64),
            bits=np.stack([list_bits(limits, most, delayed=late) for late in (False, True)]),
            bits_of_synapse=synapse_bits(limits, delayed=False),
            into=into,
            lists_into=lists_into,
            axons_into=tuple(int(lists.axons[found].sum()) for found in lists_into),
            formats=tuple(frozenset(all_fibres[k].format for k in found) for found in into),
            out_of=out_of,
            targets=_grouped(lists_into, lists.axons.size),
            sources_of=sources_of,
        )

    def name(self, unit: int) -> str:
        """Returns the population of a unit."""
        return self.pools[self.population[unit]].name

    def senders(self, neurons: int) -> int:
        """Returns the out-axons that so many neurons of a unit on one core need to one in-axon."""
        return min(neurons, 1) if self.limits.shared_out_axons else neurons

    def out_axons_a_core(self, index: int) -> int:
        """Returns the out-axons that a list costs for every core that it reaches; the host has no out-axons."""
        return sum(self.senders(self.sizes[source]) for source in self.sources_of[index])

    def reached(self, held: Held) -> Int:
        """Returns (fibres,) neurons of a core that each fibre reaches."""
        found = np.zeros(len(self.fibres), dtype=np.int64)
        for unit, neurons in held.items():
            found[self.into[unit]] += neurons
        return found

    def neurons(self, held: Held) -> Int:
        """Returns (populations,) neurons of each population on a core."""
        found = np.zeros(len(self.pools), dtype=np.int64)
        for unit, neurons in held.items():
            found[self.population[unit]] += neurons
        return found

    def with_indices(self, reached: Int) -> Int:
        """Returns (lists,) bits of all copies of each list, where every synapse has an index."""
        each = self.bits[self.delayed, reached]
        count = self.lists.axons.size
        return np.bincount(self.lists.of_fibre, each, minlength=count).astype(np.int64) * self.lists.axons

    def layout(self, reached: Int, neurons: Int) -> Layout:
        """Stores every list in the form that takes fewer bits, if a core has that many formats.

        Where both forms together are too many formats, all lists have an index, or none that can do without; the
        cheaper of the two. Formats with indices alone may be too many: that is for the caller to see.
        """
        indexed = self.with_indices(reached)
        none = np.zeros(indexed.size, dtype=np.bool_)
        if not self.lists.can_be_free.any():
            return Layout(bits=indexed, index_free=none, formats=self._formats(reached, none))
        here = none.copy()
        here[self.lists.of_fibre[reached > 0]] = True
        free = self.lists.without_indices(neurons) * self.lists.axons
        able = here & self.lists.can_be_free
        options = [
            Layout(bits=np.where(chosen, free, indexed), index_free=chosen, formats=self._formats(reached, chosen))
            for chosen in (none, able & (free < indexed), able)
        ]
        limit = self.limits.synapse_formats_per_core
        fitting = [option for option in options if len(option.formats) <= limit] or options[:1]
        return min(fitting, key=lambda option: int(option.bits.sum()))

    def fits(self, held: Held) -> bool:
        """Whether a core holds these neurons; of the out-axons, which depend on other cores, nothing is said."""
        limits = self.limits
        here = [self.pools[index] for index in {self.population[unit] for unit in held}]
        if (
            sum(held.values()) > limits.compartments_per_core
            or len(frozenset[SynapseFormat]().union(*(self.formats[unit] for unit in held)))
            > limits.synapse_formats_per_core
            or len({pools.threshold for pools in here}) > limits.threshold_profiles_per_core
            or len({pools.profile for pools in here}) > limits.compartment_profiles_per_core
        ):
            return False
        lists = np.unique(np.concatenate([self.lists_into[unit] for unit in held])) if held else []
        if int(self.lists.axons[lists].sum()) > limits.in_axons_per_core:
            return False
        reached = self.reached(held)
        if int(self.with_indices(reached).sum()) <= limits.synapse_memory_bits_per_core:
            return True
        return int(self.layout(reached, self.neurons(held)).bits.sum()) <= limits.synapse_memory_bits_per_core

    def _formats(self, reached: Int, index_free: Bool) -> frozenset[tuple[SynapseFormat, bool]]:
        here = np.flatnonzero(reached)
        stored = np.unique(2 * self.format_of[here] + index_free[self.lists.of_fibre[here]])
        return frozenset((self.known_formats[number // 2], bool(number % 2)) for number in stored.tolist())


def _grouped(members: "list[Int] | tuple[Int, ...]", count: int) -> tuple[NDArray[np.int64], ...]:
    """Turns rows of members around: for each of `count` members the rows that it stands in, rising."""
    sizes = [row.size for row in members]
    flat = np.concatenate([*members, np.zeros(0, dtype=np.int64)])
    rows = np.repeat(np.arange(len(members)), sizes)[np.argsort(flat, kind="stable")]
    ends = np.cumsum(np.bincount(flat, minlength=count))
    return tuple(np.split(rows, ends[:-1])) if count else ()


def _ends(
    all_fibres: tuple[Fibre, ...], lists: int, units: int
) -> tuple[tuple[range, ...], tuple[tuple[int, ...], ...]]:
    """The sources of each list, and the lists of each unit as a source."""
    sources_of = [range(0)] * lists
    out_of: list[dict[int, None]] = [{} for _ in range(units)]
    for fibre in all_fibres:
        sources_of[fibre.list] = fibre.sources
        for source in fibre.sources:
            out_of[source][fibre.list] = None
    return tuple(sources_of), tuple(tuple(found) for found in out_of)
