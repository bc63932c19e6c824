"""Takes units off cores that have too many out-axons, by moves and exchanges that leave less beyond the limits.

A unit goes to a core that its sources reach already, or that has axons left, in exchange for a unit there that sends
to few cores where there is no room: passes of local search as Fiduccia and Mattheyses have them (1982,
doi:10.1145/800263.809204), with what is beyond the limits in place of the cut.
"""

import heapq

from neurocmc.passes.loihi.placing.division import Division

PASSES = 6  # most divisions need one or two
WORTH = 0.9  # a pass that leaves more than this share is the last
NEAREST, EMPTIEST, PARTNERS = 2, 3, 3  # cores and units that an exchange is tried with


def mend(division: Division) -> None:
    """Moves and exchanges units while that takes something off the excess of out-axons."""
    for _ in range(PASSES):
        before = division.excess
        limit = division.demand.limits.out_axons_per_core
        worst = sorted(range(len(division.load)), key=lambda core: -division.load[core])
        for core in [core for core in worst if division.load[core] > limit]:
            for unit in list(division.held[core]):
                if division.load[core] <= limit:
                    break
                if unit in division.held[core]:
                    _relieve(division, core, unit)
        if not division.excess or division.excess > WORTH * before:
            return


def _relieve(division: Division, core: int, unit: int) -> bool:
    """Moves one unit off a core, or exchanges it, by the first way that leaves less excess."""
    ties = division.ties(unit)
    nearest = heapq.nsmallest(NEAREST, ties, key=lambda other: (-ties[other], other))
    emptiest = heapq.nsmallest(EMPTIEST, range(len(division.load)), key=lambda other: (division.load[other], other))
    for other in dict.fromkeys((*nearest, *emptiest)):
        if unit in division.held[other]:
            continue
        if _moved(division, [(unit, core, other)]):
            return True
        light = heapq.nsmallest(PARTNERS, division.held[other], key=lambda u: (division.fan_out(u), u))
        for partner in light:
            if partner not in division.held[core] and _moved(division, [(unit, core, other), (partner, other, core)]):
                return True
    return False


def _moved(division: Division, moves: list[tuple[int, int, int]]) -> bool:
    """Makes moves, unless they leave as much excess as before, or a core does not hold what it gets."""
    room = division.demand.limits.compartments_per_core
    cores = {core: sum(division.held[core].values()) for _, *ends in moves for core in ends}
    for unit, source, target in moves:
        cores[source] -= division.held[source][unit]
        cores[target] += division.held[source][unit]
    if max(cores.values()) > room:
        return False
    before = division.excess
    for unit, source, target in moves:
        division.move(unit, source, target)
    if division.excess < before and all(division.demand.fits(division.held[core]) for core in cores):
        return True
    for unit, source, target in reversed(moves):
        division.move(unit, target, source)
    return False
