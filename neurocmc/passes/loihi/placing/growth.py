"""Fills one core after the other with units that share their sources.

A core begins with the first unit that is left, and takes again and again the unit whose sources send to it already,
for the smallest share of new ones. What nothing ties to it fills it up: the first unit left of a population, of those
that send to many cores or to few, whichever brings the core's out-axons nearer to the mean.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from neurocmc.common.errors import InfeasibleError
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.fibres import Held
from neurocmc.passes.loihi.placing.packing import Core
from neurocmc.passes.loihi.placing.refusals import too_much_for_a_core

# A list that reaches so many units, or such a share of them, says little of which belong together.
LARGE_LIST, LARGE_SHARE, SMALL_LIST = 1000, 1 / 3, 64
HEADS = 512  # populations whose first units are compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """How cores are to be filled."""

    most_neurons: int  # on a core
    tries: int = 1 << 30  # units that a core refuses in a row before it is left
    hasty: bool = False  # a unit that a core has no room for is not looked at any further
    most_out_axons: int = 0  # on a core, as far as they are known; 0: as many as it has
    reason: str  # the resource for whose sake a core takes no more
    whole: bool  # units stay together where a core has room for them
    out_axons: list[int]  # of each neuron of a unit, as far as they are known; 0 before


def grow(demand: Demand, aim: Aim) -> tuple[list[Held], Counter[str]]:
    """Returns cores filled one after the other with what shares its sources, and what ended how many of them.

    Raises InfeasibleError where one neuron asks for more than a core has.
    """
    growth = _Growth(demand, aim)
    cores: list[Held] = []
    ended_by = Counter[str]()
    while growth.left:
        cores.append(growth.core())
        if growth.left:
            ended_by[growth.ended_by] += 1
    return cores, ended_by


@dataclass(slots=True)
class _Growth:
    """The units, or parts of units, that no core has taken yet."""

    demand: Demand
    aim: Aim
    left: Held = field(init=False)
    each: list[int] = field(init=False)  # out-axons of each neuron, no more than a core has
    weight: list[int] = field(init=False)  # list -> out-axons that one more core costs
    arriving: list[int] = field(init=False)  # unit -> the same of all lists into it
    smallest: int = field(init=False)  # neurons of a unit
    first: list[int] = field(init=False)  # population -> the first unit that may be left
    behind: list[int] = field(init=False)  # population -> the next one with units left; the last entry: the first
    end: list[int] = field(init=False)  # population -> the first unit behind it
    mean_out_axons: float = field(init=False)  # of each neuron
    large_list: int = field(init=False)
    filling: Core = field(init=False)  # the core that is being filled
    begun: int | None = field(init=False, default=None)  # the unit that the last core took a part of
    ended_by: str = field(init=False, default="")  # the resource for want of which the last core refused a unit

    def __post_init__(self) -> None:
        demand = self.demand
        most = self.aim.most_out_axons or demand.limits.out_axons_per_core
        self.filling = Core(demand, out_axons_limit=most)
        self.each = [min(axons, most) for axons in self.aim.out_axons]
        self.left = dict(enumerate(demand.sizes))
        weight = demand.out_axons_a_core()
        self.weight = weight.tolist()
        self.arriving = demand.lists_into.sums(weight).tolist()
        self.end = list(accumulate(pools.units for pools in demand.pools))
        self.first = [end - pools.units for end, pools in zip(self.end, demand.pools, strict=True)]
        self.behind = [*range(1, len(self.end) + 1), 0]
        self.smallest = min(demand.sizes)
        axons = sum(neurons * each for neurons, each in zip(demand.sizes, self.each, strict=True))
        self.mean_out_axons = axons / sum(demand.sizes)
        self.large_list = min(LARGE_LIST, max(SMALL_LIST, int(LARGE_SHARE * len(self.left))))

    def core(self) -> Held:
        """Fills a core. Raises InfeasibleError where one neuron asks for more than it has."""
        self.filling = core = self.filling.emptied()
        gain: dict[int, int] = {}
        heap: list[tuple[int, int]] = []
        refused: set[int] = set()
        in_vain = 0
        for unit in self._candidates(heap, gain, refused, core):
            into = self.demand.lists_into[unit]
            entered = into[~core.entered[into]].tolist()
            if not self._take(core, unit):
                refused.add(unit)
                in_vain += 1
                if in_vain >= self.aim.tries:
                    break
                continue
            in_vain = 0
            if self.begun is not None or self.aim.most_neurons - core.neurons < (
                self.smallest if self.aim.whole else 1
            ):
                self.ended_by = self.ended_by or self.aim.reason
                break
            for tied in self._tied(entered, gain):
                if tied not in refused:
                    heapq.heappush(heap, (self.arriving[tied] - 2 * gain[tied], tied))
        return core.held

    def _candidates(
        self, heap: list[tuple[int, int]], gain: dict[int, int], refused: set[int], core: Core
    ) -> Iterator[int]:
        """What is begun, then what is tied most, or else the first that is left of a population."""
        if self.begun is not None:
            unit, self.begun = self.begun, None
            yield unit
        while True:
            while heap:
                cost, unit = heapq.heappop(heap)
                fresh = cost == self.arriving[unit] - 2 * gain[unit]
                if fresh and unit in self.left and unit not in refused:
                    yield unit
            taken = core.neurons
            for unit in self._heads(core):
                if unit not in refused:
                    yield unit
                    if core.neurons > taken:
                        break
            if core.neurons == taken:
                return

    def _heads(self, core: Core) -> list[int]:
        """The first unit that is left of every population: those behind it ask for the same.

        Those that send to many cores come first while the core has more out-axons left than the mean, else last. Of
        very many populations the first ones are looked at.
        """
        found: list[int] = []
        first, ends, behind, left = self.first, self.end, self.behind, self.left  # looked up a million times
        before, index, last = len(ends), behind[-1], len(ends)
        while index < last and len(found) < HEADS:
            end, unit = ends[index], first[index]
            while unit < end and unit not in left:
                unit += 1
            first[index] = unit
            if unit < end:
                found.append(unit)
                before = index
            else:
                behind[before] = behind[index]
            index = behind[index]
        sends_more = core.out_axons > self.mean_out_axons * core.neurons
        return sorted(found, key=self.each.__getitem__, reverse=not sends_more)

    def _tied(self, lists: list[int], gain: dict[int, int]) -> dict[int, None]:
        """Lists have come to the core: what is left of the units that they reach belongs there a little more."""
        tied: dict[int, None] = {}
        for index in lists:
            targets, weight = self.demand.targets[index], self.weight[index]
            if weight and len(targets) <= self.large_list:
                for unit in targets.tolist():
                    if unit in self.left:
                        gain[unit] = gain.get(unit, 0) + weight
                        tied[unit] = None
        return tied

    def _take(self, core: Core, unit: int) -> bool:
        """Whether the core takes a unit: all that is left of it or, where units may be split, a part."""
        wanted = self.left[unit]
        if self.aim.hasty and core.neurons and (lacking := core.full_of(wanted, self.each[unit])):
            self.ended_by = lacking
            return False
        count, self.ended_by = core.room(unit, wanted, self.each[unit])
        if not core.neurons and not count:
            raise InfeasibleError(too_much_for_a_core(self.demand, unit, 0, self.ended_by))
        if (core.neurons or not self.aim.whole) and self.aim.most_neurons - core.neurons < count:
            count = self.aim.most_neurons - core.neurons
            self.ended_by = self.aim.reason
        if count <= 0 or (count < wanted and self.aim.whole and core.neurons):
            return False
        core.add(unit, count, self.each[unit])
        if count < wanted:
            self.left[unit] = wanted - count
            self.begun = unit
        else:
            del self.left[unit]
        return True
