"""Divides the graph of units among cores, so that few cores are needed and few out-axons leave them.

Cores are filled with what shares its sources (`growth`), at first as full as they can be. Where out-axons are then
beyond the limits of some cores, cores are filled again with the out-axons that were found, and what is left is mended
unit by unit (`mend`). Where some excess stays, cores are filled evenly, as many as the bound asks for, then more; the
next number is the one that would hold all out-axons found, so that few rounds are needed.

A round takes as many steps as there are pairs of a list and a unit that it reaches on a core, times the logarithm of
their number.
"""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.ir.loihi.chip import LowerBound
from neurocmc.passes.loihi.placing.bounds import lower_bounds
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.division import Division
from neurocmc.passes.loihi.placing.fibres import Held
from neurocmc.passes.loihi.placing.filling import Filling, Parts, fan_out, split_among
from neurocmc.passes.loihi.placing.growth import Aim, grow
from neurocmc.passes.loihi.placing.mend import mend

LARGE = 2048  # units, beyond which cores are filled a few times and not searched for
BELOW = (0.02, 0.03, 0.045, 0.06, 0.08, 0.1)  # of the limit of out-axons, what fillings of a large circuit leave
NEAR = 1.05  # of the bound, which is near enough for a large circuit
LARGE_TRIES = 32  # units that a core refuses in a row before it is left
LARGE_MENDABLE = 0.005  # of its out-axons
MENDABLE = 0.03  # of all out-axons: a larger excess is not mended, cores are filled less
MORE_CORES = 1.02  # at least, from round to round
# Parts of units: more than some, and than so many a unit, are not mended. Where units stand on many cores, moving a
# part of one does little, and costs much.
SOME_PARTS, PARTS_A_UNIT = 64, 2
IN_VAIN = 12  # numbers of cores, one after the other, that leave no less beyond the limits than any before
REPEATS = 3  # of a number of cores, each with the out-axons that the last one found


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Units on cores, the out-axons of all neurons, and how many of them are beyond the limits of their cores."""

    filling: Filling
    out_axons: int
    excess: int

    @property
    def cores(self) -> int:
        return len(self.filling.held_by_core)


def cut(demand: Demand, most_cores: int) -> Cut:
    """Returns the cut with the fewest cores that was found, or the best with an excess of out-axons.

    It gives up at more than `most_cores`. Raises InfeasibleError where one neuron asks for more than a core has.
    """
    if len(demand.sizes) > LARGE:
        return _cut_large(demand, most_cores)
    bound = max(lower_bounds(demand), key=lambda bound: bound.cores)
    whole = _search(demand, bound, bound.cores, most_cores, whole=True)
    if not whole.excess and whole.cores <= bound.cores:
        return whole
    # Where units are split, at most one more fits a core.
    share = max(demand.sizes) * whole.cores / sum(demand.sizes)
    cores = bound.cores if whole.excess else max(bound.cores, int((1.0 - share) * whole.cores))
    return min(
        whole, _search(demand, bound, cores, most_cores if whole.excess else whole.cores, whole=False), key=_worth
    )


def _cut_large(demand: Demand, most_cores: int) -> Cut:
    """Fills cores as far as they go, again and again with the out-axons that the last filling found.

    What one filling found is not quite what the next one asks for, so each is kept further below the limit, and what
    little is then beyond it is mended. It stops at the first filling within the limits, and where out-axons ask for
    more cores than there may be.
    """
    full, limit = demand.limits.compartments_per_core, demand.limits.out_axons_per_core
    patient = Aim(most_neurons=full, reason="compartments", whole=True, out_axons=[0] * len(demand.sizes))
    aim = replace(patient, tries=LARGE_TRIES, hasty=True)
    best = made = divide(demand, aim, mendable=0.0)
    if not made.excess and made.cores > NEAR * max(bound.cores for bound in lower_bounds(demand)):
        # What ends cores is not out-axons: units that a core refuses may hide others that it would take.
        return min(best, *(divide(demand, replace(patient, whole=whole), 0.0) for whole in (True, False)), key=_worth)
    for below in BELOW:
        if not made.excess or made.out_axons > most_cores * limit:
            break
        found = fan_out(demand, made.filling.held_by_core)
        most = int(limit * (1.0 - below))
        made = divide(demand, replace(aim, out_axons=found, most_out_axons=most), mendable=LARGE_MENDABLE)
        best = min(best, made, key=_worth)
    return best


def _search(demand: Demand, bound: LowerBound, cores: int, most_cores: int, *, whole: bool) -> Cut:
    """Fills cores as far as they go, then evenly for `cores` and more, until out-axons fit or cores run out."""
    neurons, full = sum(demand.sizes), demand.limits.compartments_per_core
    aim = Aim(most_neurons=full, reason="compartments", whole=whole, out_axons=[0] * len(demand.sizes))
    best = _repeated(demand, aim)
    reason, limit = bound.resource, demand.limits.out_axons_per_core
    if best.out_axons > most_cores * limit:
        return best  # on more cores, units reach no fewer
    least, in_vain = best.excess, 0
    while cores <= most_cores and (best.excess or cores < best.cores) and in_vain < IN_VAIN:
        made = _repeated(demand, replace(aim, most_neurons=-(-neurons // cores), reason=reason))
        best = min(best, made, key=_worth)
        if not made.excess:
            break
        least, in_vain = (made.excess, 0) if made.excess < least else (least, in_vain + 1)
        cores = max(made.out_axons // limit, int(MORE_CORES * cores), cores + 1)
        reason = "out_axons"
    return best


def _repeated(demand: Demand, aim: Aim) -> Cut:
    """The best of some cuts, each made with the out-axons that the one before it found."""
    best = made = divide(demand, aim)
    for _ in range(REPEATS - 1):
        if not made.excess:
            break
        made = divide(demand, replace(aim, out_axons=fan_out(demand, made.filling.held_by_core)))
        best = min(best, made, key=_worth)
    return best


def _worth(made: Cut) -> tuple[bool, int, int, int]:
    """Fewer is better: something beyond a limit, then cores, then what is beyond, then out-axons."""
    return made.excess > 0, made.cores, made.excess, made.out_axons


def divide(demand: Demand, aim: Aim, mendable: float = MENDABLE) -> Cut:
    """Returns units on cores as `grow` puts them, mended where little is beyond the limits."""
    grown, ended_by = grow(demand, aim)
    parts = Parts.of(grown)
    axons = parts.out_axons(demand, len(grown))
    total, excess = int(axons.sum()), int(np.maximum(axons - demand.limits.out_axons_per_core, 0).sum())
    if not 0 < excess <= mendable * total or parts.unit.size > max(SOME_PARTS, PARTS_A_UNIT * len(demand.sizes)):
        return Cut(filling=_slotted(demand, grown, ended_by), out_axons=total, excess=excess)
    division = Division(demand, grown)
    mend(division)
    return Cut(filling=_slotted(demand, division.held, ended_by), out_axons=division.total, excess=division.excess)


def _slotted(demand: Demand, held_of: list[Held], ended_by: Counter[str]) -> Filling:
    """The units of each core in the order in which its lists go through them."""
    rank = demand.lists.rank
    held_by_core = tuple(
        {unit: held[unit] for unit in sorted(held, key=lambda unit: (rank[demand.population[unit]], unit))}
        for held in held_of
    )
    where: dict[int, list[int]] = {}
    for core, held in enumerate(held_by_core):
        for unit in held:
            where.setdefault(unit, []).append(core)
    return Filling(held_by_core=held_by_core, ended_by=ended_by, split=split_among(where))
