"""Chooses the axon type of every synapse of threshold units, so that few axons carry all that a core hears.

An axon carries the spikes of one source with one delay, and has one type; a neuron has one weight a type. So what a
source does to two populations can share an axon where their weights stand at the same type. Population by population
the order of weights is taken that needs the fewest axons beside those that are there already.
"""

from itertools import permutations

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.passes.truenorth.unit_list import UnitList
from neurocmc.targets import TrueNorthLimits


def axon_keys(units: UnitList, limits: TrueNorthLimits) -> tuple[Int, Int]:
    """Returns (synapses,) the type of each synapse, and (synapses,) a number that is the same for one axon's.

    Raises InfeasibleError for a neuron with more distinct weights than a core has types of axons.
    """
    types = limits.axon_types
    kind = np.zeros(units.source.size, dtype=np.int64)
    wire = _wires(units)
    taken = np.zeros(0, dtype=np.int64)
    problems: list[Problem] = []
    for population in units.network.populations:
        first = units.first[population.name]
        own = np.flatnonzero((units.target >= first) & (units.target < first + population.size))
        if not own.size:
            continue
        rank, most = _ranks(units, own, types)
        if most > types:
            where = units.owner(int(units.target[own[int(np.argmax(rank >= types))]]))
            what = f"{most} different weights reach it, limit {types} (axon types per core)"
            cure = "use fewer different weights, or --target loihi1"
            problems.append(Problem("weights-beyond-types", where, what, cure))
            continue
        each = np.unique(wire[own] * types + rank)
        ways = permutations(range(types), most)
        ordered = min(ways, key=lambda way: _new(each, np.array(way), types, taken))
        kind[own] = np.array(ordered)[rank]
        taken = np.union1d(taken, wire[own] * types + kind[own])
    raise_infeasible(problems)
    return kind, wire * types + kind


def _wires(units: UnitList) -> Int:
    """(synapses,) a number for each source and delay."""
    return units.source * (int(units.delay.max(initial=0)) + 1) + units.delay


def _ranks(units: UnitList, own: Int, types: int) -> tuple[Int, int]:
    """The rank of each weight among those of its population, or where these are too many of its neuron."""
    distinct, rank = np.unique(units.weight[own], return_inverse=True)
    if distinct.size <= types:
        return rank.ravel(), distinct.size
    pairs = np.stack([units.target[own], units.weight[own]])
    unique, place = np.unique(pairs, axis=1, return_inverse=True)
    starts = np.searchsorted(unique[0], unique[0])
    ranks = (np.arange(unique.shape[1]) - starts)[place.ravel()]
    return ranks, int(ranks.max()) + 1


def _new(each: Int, way: Int, types: int, taken: Int) -> int:
    """How many axons an order of weights needs that are not there yet."""
    keys = each // types * types + way[each % types]
    return int((~np.isin(keys, taken)).sum())
