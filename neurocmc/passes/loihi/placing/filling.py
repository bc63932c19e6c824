"""Defines Filling: which core holds how many neurons of which units, before slots are given."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.fibres import Held
from neurocmc.passes.loihi.placing.ragged import unique


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Units on cores; a core holds its units in the order in which their neurons get slots."""

    held_by_core: tuple[Held, ...]
    ended_by: Counter[str]  # resource -> cores that were left for want of it
    split: Mapping[int, tuple[int, ...]]  # unit on several cores -> these cores, the one with its first neurons first


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """The units, or parts of them, on all cores, core by core: arrays of one entry each."""

    core: Int
    unit: Int
    neurons: Int

    @classmethod
    def of(cls, held_by_core: Sequence[Held]) -> "Parts":
        """Returns what cores hold."""
        count = sum(len(held) for held in held_by_core)
        units = np.fromiter((unit for held in held_by_core for unit in held), dtype=np.int64, count=count)
        neurons = np.fromiter((n for held in held_by_core for n in held.values()), dtype=np.int64, count=count)
        core = np.repeat(np.arange(len(held_by_core)), [len(held) for held in held_by_core])
        return cls(core=core, unit=units, neurons=neurons)

    def pairs(self, demand: Demand) -> tuple[Int, Int]:
        """Returns each list and core that it reaches, list by list."""
        into, place = demand.lists_into.gathered(self.unit)
        cores = int(self.core.max(initial=0)) + 1
        keys = unique(into * cores + self.core[place])
        return keys // cores, keys % cores

    def sending(self, demand: Demand) -> Int:
        """Returns the out-axons that the neurons of each part need to one in-axon."""
        return np.minimum(self.neurons, 1) if demand.limits.shared_out_axons else self.neurons

    def out_axons(self, demand: Demand, cores: int) -> Int:
        """Returns (cores,) out-axons."""
        each = out_axons_each(demand, self)
        return np.bincount(self.core, self.sending(demand) * each[self.unit], minlength=cores).astype(np.int64)


def out_axons_each(demand: Demand, parts: Parts) -> Int:
    """Returns (units,) the out-axons of each of its neurons: one for every list and core that it reaches."""
    lists, _ = parts.pairs(demand)
    return demand.out_of.sums(np.bincount(lists, minlength=len(demand.targets)))


def fan_out(demand: Demand, held_by_core: Sequence[Held]) -> list[int]:
    """Returns for each unit the out-axons of each of its neurons."""
    return out_axons_each(demand, Parts.of(held_by_core)).tolist()


def out_axons(demand: Demand, held_by_core: Sequence[Held]) -> list[int]:
    """Returns the out-axons of each core."""
    return Parts.of(held_by_core).out_axons(demand, len(held_by_core)).tolist()


def split_among(where: Mapping[int, list[int]]) -> dict[int, tuple[int, ...]]:
    """Returns the cores of the units that stand on several, in the order given."""
    found = {unit: tuple(dict.fromkeys(cores)) for unit, cores in where.items()}
    return {unit: cores for unit, cores in found.items() if len(cores) > 1}
