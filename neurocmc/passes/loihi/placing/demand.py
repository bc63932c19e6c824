"""Says what the units of a circuit ask of a core, and whether a core holds some of them."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.passes.loihi.placing.fibres import HOST, Fibres, Held, fibres
from neurocmc.passes.loihi.placing.lists import Layout, Lists, kinds
from neurocmc.passes.loihi.placing.ragged import Ragged, summed
from neurocmc.passes.loihi.placing.synapse_memory import list_bits, synapse_bits
from neurocmc.passes.loihi.placing.wiring import Pools, Wiring
from neurocmc.targets import LoihiLimits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reached:
    """What of a circuit reaches a core: the fibres, and how many neurons there each of them reaches."""

    fibres: Int  # rising
    neurons: Int  # of each fibre
    populations: Int  # on the core, rising
    held: Int  # neurons of each population


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """The resources that the units of a circuit ask of a core. Units are counted through all populations."""

    limits: LoihiLimits
    pools: tuple[Pools, ...]
    population: tuple[int, ...]  # unit -> index of its population
    sizes: tuple[int, ...]  # unit -> its neurons
    fibres: Fibres
    lists: Lists
    delayed: Int  # (fibres,) 0 or 1: row of `bits`
    bits: Int  # (2, compartments + 1) of one list with indices, by number of synapses
    bits_of_synapse: int  # without header, padding and delay
    into: Ragged  # unit -> fibres that reach it
    lists_into: Ragged  # unit -> their lists
    axons_into: tuple[int, ...]  # unit -> their axons in all
    formats: Ragged  # unit -> of these fibres
    out_of: Ragged  # unit -> lists that its spikes enter
    targets: Ragged  # list -> units that it reaches
    source: Int  # (lists,) the first unit whose spikes enter it, or HOST
    senders: Int  # (lists,) so many units from there on

    @classmethod
    def of(cls, wiring: Wiring, limits: LoihiLimits) -> "Demand":
        """Returns what a circuit asks for under the rules of a chip."""
        found = fibres(wiring, limits)
        units = [pools.units for pools in wiring.pools]
        population = np.repeat(np.arange(len(units)), units)
        sizes = np.repeat(np.array([pools.neurons for pools in wiring.pools], dtype=np.int64), units)
        most = min(limits.compartments_per_core, int(sizes.sum()))
        lists = Lists.of(found, population, limits, most)
        into = found.targets.turned(population.size)
        lists_into = Ragged.of_rows(into.rows, found.list[into.flat], population.size)
        source, senders = (np.zeros(lists.axons.size, dtype=np.int64) for _ in range(2))
        source[found.list], senders[found.list] = found.source, found.senders
        return cls(
            limits=limits,
            pools=wiring.pools,
            population=tuple(population.tolist()),
            sizes=tuple(sizes.tolist()),
            fibres=found,
            lists=lists,
            delayed=found.delayed,
            bits=np.stack([list_bits(limits, most, delayed=late) for late in (False, True)]),
            bits_of_synapse=synapse_bits(limits, delayed=False),
            into=into,
            lists_into=lists_into,
            axons_into=tuple(lists_into.sums(lists.axons).tolist()),
            formats=Ragged.of_rows(into.rows, found.format[into.flat], population.size),
            out_of=_out_of(source, senders, population.size),
            targets=lists_into.turned(lists.axons.size),
            source=source,
            senders=np.where(source == HOST, 0, senders),
        )

    def name(self, unit: int) -> str:
        """Returns the population of a unit."""
        return self.pools[self.population[unit]].name

    def sending(self, neurons: int) -> int:
        """Returns the out-axons that so many neurons of a unit on one core need to one in-axon."""
        return min(neurons, 1) if self.limits.shared_out_axons else neurons

    def sources_of(self, index: int) -> range:
        """Returns the units whose spikes enter a list, none of the host's."""
        return range(int(self.source[index]), int(self.source[index] + self.senders[index]))

    def out_axons_a_core(self) -> Int:
        """Returns (lists,) the out-axons that a list costs for every core that it reaches; the host has none."""
        sizes = np.array(self.sizes, dtype=np.int64)
        running = np.concatenate([[0], np.cumsum(np.minimum(sizes, 1) if self.limits.shared_out_axons else sizes)])
        first = np.maximum(self.source, 0)
        return running[first + self.senders] - running[first]

    def reached(self, held: Held) -> Reached:
        """Returns what reaches a core with these neurons."""
        units, neurons = (np.fromiter(part, dtype=np.int64, count=len(held)) for part in (held, held.values()))
        into, place = self.into.gathered(units)
        fibre, count = summed(into, neurons[place])
        whose = np.array([self.population[unit] for unit in held], dtype=np.int64)
        population, own = summed(whose, neurons)
        return Reached(fibres=fibre, neurons=count, populations=population, held=own)

    def layout(self, reached: Reached) -> Layout:
        """Stores every list in the form that takes fewer bits, if a core has that many formats.

        Where both forms together are too many formats, all lists have an index, or none that can do without; the
        cheaper of the two. Formats with indices alone may be too many: that is for the caller to see.
        """
        whose = self.lists.of_fibre[reached.fibres]
        here, indexed = summed(whose, self.bits[self.delayed[reached.fibres], reached.neurons])
        indexed = indexed * self.lists.axons[here]
        place = np.searchsorted(here, whose)
        format_of = self.fibres.format[reached.fibres]
        none = np.zeros(here.size, dtype=np.bool_)
        able = self.lists.can_be_free[here]
        options = [Layout(lists=here, bits=indexed, index_free=none, formats=kinds(format_of, none[place]))]
        if able.any():
            free = self.lists.without_indices(here, reached.populations, reached.held) * self.lists.axons[here]
            options += [
                Layout(
                    lists=here,
                    bits=np.where(chosen, free, indexed),
                    index_free=chosen,
                    formats=kinds(format_of, chosen[place]),
                )
                for chosen in (able & (free < indexed), able)
            ]
        fitting = [found for found in options if found.formats <= self.limits.synapse_formats_per_core]
        return min(fitting or options[:1], key=lambda found: found.all_bits)

    def fits(self, held: Held) -> bool:
        """Whether a core holds these neurons; of the out-axons, which depend on other cores, nothing is said."""
        limits = self.limits
        here = [self.pools[index] for index in {self.population[unit] for unit in held}]
        reached = self.reached(held)
        if (
            sum(held.values()) > limits.compartments_per_core
            or len(set(self.fibres.format[reached.fibres].tolist())) > limits.synapse_formats_per_core
            or len({pools.threshold for pools in here}) > limits.threshold_profiles_per_core
            or len({pools.profile for pools in here}) > limits.compartment_profiles_per_core
        ):
            return False
        layout = self.layout(reached)
        return (
            int(self.lists.axons[layout.lists].sum()) <= limits.in_axons_per_core
            and layout.all_bits <= limits.synapse_memory_bits_per_core
        )


def _out_of(source: Int, senders: Int, units: int) -> Ragged:
    """The lists of each unit as a source."""
    sent = np.flatnonzero(source != HOST)
    index = np.repeat(sent, senders[sent])
    ends = np.cumsum(senders[sent])
    within = np.arange(index.size) - np.repeat(ends - senders[sent], senders[sent])
    return Ragged.of_rows(source[index] + within, index, units)
