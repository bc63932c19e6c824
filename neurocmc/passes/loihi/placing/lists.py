"""Says which lists of synapses can do without indices, and what they cost then.

A list without indices goes through the compartments of its core up to the last one that it reaches, those of one
population after those of another, with weights of 0 where nothing is connected. So no compartment can be named twice,
and every population is a run of groups of one format. On a core the populations come first that most lists reach.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Int
from neurocmc.passes.loihi.placing.fibres import Fibre
from neurocmc.passes.loihi.placing.synapse_memory import SynapseFormat, list_bits
from neurocmc.targets import LoihiLimits

StoredFormat = tuple[SynapseFormat, bool]  # with whether it leaves out indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """How a core stores the lists that reach it."""

    bits: Int  # (lists,) of all copies; 0 of a list that does not reach the core
    index_free: Bool  # (lists,)
    formats: frozenset[StoredFormat]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lists:
    """The lists of a circuit."""

    of_fibre: Int  # (fibres,)
    axons: Int  # (lists,) on each core that a list reaches
    can_be_free: Bool  # (lists,) of indices
    all_delayed: Bool  # (lists,)
    late_list: Int  # (pairs,) of each list and population that a delayed fibre joins, the list
    late_population: Int  # (pairs,) and the population
    rank: Int  # (populations,) in the order in which a core holds them
    last: Int  # (lists,) rank of the last population that a list reaches
    free_bits: Int  # (2, compartments + 1) of one population's run, without and with delays

    @classmethod
    def of(
        cls, all_fibres: tuple[Fibre, ...], population: tuple[int, ...], limits: LoihiLimits, most: int
    ) -> "Lists":
        """Returns the lists of all fibres; `population` is that of each unit, a core has `most` neurons at most."""
        count = 1 + max((fibre.list for fibre in all_fibres), default=-1)
        axons = np.zeros(count, dtype=np.int64)
        whose = np.array(population, dtype=np.int64)
        often = Counter[tuple[int, int]]()
        late: list[tuple[int, int]] = []
        for fibre in all_fibres:
            axons[fibre.list] = fibre.axons
            pairs = [(fibre.list, index) for index in np.unique(whose[fibre.targets]).tolist()]
            often.update(pairs)
            late += pairs if fibre.delayed else []
        twice = np.zeros(count, dtype=np.bool_)
        twice[[index for (index, _), fibres in often.items() if fibres > 1]] = True
        reaches, delayed = (
            np.bincount([index for index, _ in found], minlength=count) for found in (often.elements(), late)
        )
        rank = _most_reached_first(often, 1 + max(population))
        last = np.zeros(count, dtype=np.int64)
        for index, name in often:
            last[index] = max(last[index], rank[name])
        return cls(
            of_fibre=np.array([fibre.list for fibre in all_fibres], dtype=np.int64),
            axons=axons,
            can_be_free=~twice & limits.index_free_synapses,
            all_delayed=(delayed > 0) & (delayed == reaches),
            late_list=np.array([index for index, _ in late], dtype=np.int64),
            late_population=np.array([index for _, index in late], dtype=np.int64),
            rank=rank,
            last=last,
            free_bits=np.stack([list_bits(limits, most, delayed=slow, index_free=True) for slow in (False, True)]),
        )

    def without_indices(self, neurons: Int) -> Int:
        """Returns (lists,) bits of one copy of each list without indices, on a core with so many neurons of each
        population."""
        plain, delayed = self.free_bits[:, neurons]
        ordered = np.argsort(self.rank)
        bits = np.where(
            self.all_delayed, np.cumsum(delayed[ordered])[self.last], np.cumsum(plain[ordered])[self.last]
        )
        some = ~self.all_delayed[self.late_list]
        np.add.at(bits, self.late_list[some], (delayed - plain)[self.late_population[some]])
        return bits


def _most_reached_first(pairs: Counter[tuple[int, int]], populations: int) -> Int:
    """The rank of each population among those that lists reach, the order of the file among equals."""
    lists = np.bincount([index for _, index in pairs], minlength=populations)
    rank = np.zeros(populations, dtype=np.int64)
    rank[np.argsort(-lists, kind="stable")] = np.arange(populations)
    return rank
