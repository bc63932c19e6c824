"""Says which lists of synapses can do without indices, and what they cost then.

A list without indices goes through the compartments of its core up to the last one that it reaches, those of one
population after those of another, with weights of 0 where nothing is connected. So no compartment can be named twice,
and every population is a run of groups of one format. On a core the populations come first that most lists reach.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Int, row_starts
from neurocmc.passes.loihi.placing.fibres import Fibres
from neurocmc.passes.loihi.placing.ragged import Ragged, first_of_runs, summed, unique
from neurocmc.passes.loihi.placing.synapse_memory import SynapseFormat, list_bits
from neurocmc.targets import LoihiLimits

StoredFormat = tuple[SynapseFormat, bool]  # with whether it leaves out indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """How a core stores the lists that reach it."""

    lists: Int  # (lists here,) rising
    bits: Int  # (lists here,) of all copies
    index_free: Bool  # (lists here,)
    formats: int  # kinds of groups

    @property
    def all_bits(self) -> int:
        """Bits of synapse memory that they take."""
        return int(self.bits.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lists:
    """The lists of a circuit."""

    of_fibre: Int  # (fibres,)
    axons: Int  # (lists,) on each core that a list reaches
    can_be_free: Bool  # (lists,) of indices
    any_free: bool  # whether any of them can
    all_delayed: Bool  # (lists,)
    late: Ragged  # list -> populations that a delayed fibre of it joins, once for each fibre
    rank: Int  # (populations,) in the order in which a core holds them
    last: Int  # (lists,) rank of the last population that a list reaches
    free_bits: Int  # (2, compartments + 1) of one population's run, without and with delays

    @classmethod
    def of(cls, fibres: Fibres, population: Int, limits: LoihiLimits, most: int) -> "Lists":
        """Returns the lists of all fibres; `population` is that of each unit, a core has `most` neurons at most."""
        count, populations = 1 + int(fibres.list.max(initial=-1)), 1 + int(population.max(initial=0))
        axons = np.zeros(count, dtype=np.int64)
        axons[fibres.list] = fibres.axons
        joins = unique(fibres.targets.rows * populations + population[fibres.targets.flat])
        fibre, name = joins // populations, joins % populations
        pairs, often = summed(fibres.list[fibre] * populations + name, np.ones(fibre.size, dtype=np.int64))
        of_pair = pairs // populations
        late = fibres.delayed[fibre] > 0
        late_list = fibres.list[fibre][late]
        twice = np.zeros(count, dtype=np.bool_)
        twice[of_pair[often > 1]] = True
        reaches, delayed = (np.bincount(found, minlength=count) for found in (fibres.list[fibre], late_list))
        rank = _most_reached_first(pairs % populations, populations)
        last = np.zeros(count, dtype=np.int64)
        np.maximum.at(last, of_pair, rank[pairs % populations])
        can_be_free = ~twice & limits.index_free_synapses
        return cls(
            of_fibre=fibres.list,
            axons=axons,
            can_be_free=can_be_free,
            any_free=bool(can_be_free.any()),
            all_delayed=(delayed > 0) & (delayed == reaches),
            late=Ragged(start=row_starts(delayed), flat=name[late][np.argsort(late_list, kind="stable")]),
            rank=rank,
            last=last,
            free_bits=np.stack([list_bits(limits, most, delayed=slow, index_free=True) for slow in (False, True)]),
        )

    def without_indices(self, lists: Int, populations: Int, neurons: Int) -> Int:
        """Returns (lists,) bits of one copy of some lists without indices, on a core with so many neurons of some
        populations."""
        order = np.argsort(self.rank[populations])
        plain, delayed = self.free_bits[:, neurons]
        up_to = np.searchsorted(self.rank[populations][order], self.last[lists], side="right")
        plain_runs, delayed_runs = (np.concatenate([[0], np.cumsum(run[order])]) for run in (plain, delayed))
        bits = np.where(self.all_delayed[lists], delayed_runs[up_to], plain_runs[up_to])
        some = np.flatnonzero(~self.all_delayed[lists])
        late, place = self.late.gathered(lists[some])
        if late.size:
            more = np.zeros(self.rank.size, dtype=np.int64)
            more[populations] = delayed - plain
            np.add.at(bits, some[place], more[late])
        return bits


def _most_reached_first(populations: Int, count: int) -> Int:
    """The rank of each population among those that lists reach, the order of the file among equals."""
    lists = np.bincount(populations, minlength=count)
    rank = np.zeros(count, dtype=np.int64)
    rank[np.argsort(-lists, kind="stable")] = np.arange(count)
    return rank


def kinds(formats: Int, index_free: Bool) -> int:
    """Returns how many kinds of groups fibres of some formats are stored in."""
    return int(first_of_runs(np.sort(2 * formats + index_free)).sum())
