"""Defines Filling: which core holds how many neurons of which units, before slots are given."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.fibres import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Units on cores; a core holds its units in the order in which their neurons get slots."""

    held_by_core: tuple[Held, ...]
    ended_by: Counter[str]  # resource -> cores that were left for want of it
    split: Mapping[int, tuple[int, ...]]  # unit on several cores -> these cores, the one with its first neurons first


def fan_out(demand: Demand, held_by_core: tuple[Held, ...] | list[Held]) -> list[int]:
    """Returns for each unit the out-axons of each of its neurons: one for every list and core that it reaches."""
    cores: list[set[int]] = [set() for _ in demand.targets]
    for core, held in enumerate(held_by_core):
        for unit in held:
            for index in demand.lists_into[unit].tolist():
                cores[index].add(core)
    return [sum(len(cores[index]) for index in leaving) for leaving in demand.out_of]


def out_axons(demand: Demand, held_by_core: tuple[Held, ...] | list[Held]) -> list[int]:
    """Returns the out-axons of each core."""
    each = fan_out(demand, held_by_core)
    return [sum(demand.senders(count) * each[unit] for unit, count in held.items()) for held in held_by_core]


def split_among(where: Mapping[int, list[int]]) -> dict[int, tuple[int, ...]]:
    """Returns the cores of the units that stand on several, in the order given."""
    found = {unit: tuple(dict.fromkeys(cores)) for unit, cores in where.items()}
    return {unit: cores for unit, cores in found.items() if len(cores) > 1}
