"""Decides which nodes share a core, and what each may claim there.

A unit that counts in even steps and has one target, as a relay has, stands beside that target, which then hears the
unit's own ladder: neither a filter nor a copy is needed. Other units stand side by side where a core holds them and
counts of theirs that are as quiet as a filter. They need not share anything else: weights belong to neurons, types to
axons and the crossbar keeps units apart, so that each can use every type.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.passes.truenorth.graph import Source
from neurocmc.passes.truenorth.ladders import extra_neurons, is_joinable
from neurocmc.passes.truenorth.leaks import FILTER_NEURONS
from neurocmc.passes.truenorth.unit_plans import Plan, Room
from neurocmc.targets import TrueNorthLimits

LEAST_COPIES = 8  # neurons that serve a target at least, before a splitter is worth its tick
LEAST_PART = 1 / 2  # of a pool on a core, that a unit hears
BIAS_NEURONS = 8  # kept for neurons that always fire, of a pair beside others
OPEN_CORES = 16  # of those begun, the last are asked for room
COARSEST = 0.125  # of a pool's range, that one neuron of each copy may mean where copies must make room for a ladder
SHARED_QUIET = 0.007  # noise of the counts that units side by side may be thinned to
QUIET = 0.011  # noise of a count in units of a neuron's own: of 32 neurons behind a filter that lags 3.5 ticks


@dataclass(frozen=True, slots=True)
class Homes:
    """The core of each node, its room there, and who hears whose ladder."""

    core: tuple[int, ...]
    rooms: tuple[Room, ...]
    hears: dict[int, int]  # a node -> the node on the same core whose joined ladder it hears
    whole: frozenset[int]  # nodes whose pool itself serves their only target
    crowd: tuple[int, ...]  # how many nodes each core has

    @property
    def joined(self) -> frozenset[int]:
        """The nodes whose filter and pool are one ladder."""
        return frozenset(self.hears.values())

    @property
    def cores(self) -> int:
        return len(self.crowd)

    def is_shared(self, node: int) -> bool:
        """Whether another node stands on the node's core."""
        return self.crowd[self.core[node]] > 1


def quiet_neurons(keep: float, noise: float = QUIET) -> int:
    """Returns how many neurons count as quietly as that behind a filter: a slow one averages over more ticks."""
    lag_ticks = keep / (1.0 - keep) if keep < 1.0 else math.inf
    return max(math.ceil(1.0 / (noise * math.sqrt(2.0 * lag_ticks + 1.0))), LEAST_COPIES)


def find_homes(alone: list[Plan], limits: TrueNorthLimits, unpaired: frozenset[int], apart: frozenset[int]) -> Homes:
    """Returns homes of nodes that were planned `alone`.

    Those in `unpaired` hear no ladder, nor does any node hear theirs; those in `apart` have cores of their own. Cores
    are numbered by the first node that stands on them.
    """
    listeners: list[list[int]] = [[] for _ in alone]
    for index, plan in enumerate(alone):
        for node in dict.fromkeys(source.node for source in plan.node.sources):
            listeners[node].append(index)
    search = _Search(alone, listeners, limits)
    hears = search.pairs(unpaired | apart)
    paired = set(hears) | set(hears.values())
    single = [index for index in range(len(alone)) if index not in paired | apart]
    items = sorted([tuple(sorted(pair)) for pair in hears.items()] + [(index,) for index in single])
    groups = [*search.packed(items, hears), *([(index,)] for index in sorted(apart))]
    groups.sort()
    core = [0 for _ in alone]
    rooms = [_own_core(limits) for _ in alone]
    for place, group in enumerate(groups):
        for item in group:
            for index in item:
                core[index] = place
        for index, room in search.rooms(group, hears).items():
            rooms[index] = room
    whole = frozenset(index for index in range(len(alone)) if search.serves_whole(index))
    crowd = tuple(sum(map(len, group)) for group in groups)
    return Homes(tuple(core), tuple(rooms), hears, whole, crowd)


def homes_apart(nodes: int, limits: TrueNorthLimits) -> Homes:
    """Returns a core for each node."""
    rooms = (_own_core(limits),) * nodes
    return Homes(tuple(range(nodes)), rooms, {}, frozenset(), (1,) * nodes)


def _own_core(limits: TrueNorthLimits) -> Room:
    """What a node may have of a core of its own."""
    filters = min(FILTER_NEURONS, limits.axons_per_core // 8)
    return Room(axons=limits.axons_per_core, filters=filters, bias=limits.neurons_per_core)


@dataclass(frozen=True, slots=True)
class _Search:
    """Nodes by themselves, and who hears each of them."""

    alone: list[Plan]
    listeners: list[list[int]]
    limits: TrueNorthLimits

    def pairs(self, apart: frozenset[int]) -> dict[int, int]:
        """Target -> the source that stands beside it; the first that can, in the order of nodes."""
        hears: dict[int, int] = {}
        taken = set(apart)
        for index, plan in enumerate(self.alone):
            if index in taken or len(self.listeners[index]) != 1 or not is_joinable(plan.node, self.limits):
                continue
            (target,) = self.listeners[index]
            if [way.delay_ticks for way in self._ways(index, target)] != [0]:
                continue  # the spikes of a ladder come back as the leak, which must not wait
            if target not in taken | {index} and not self.alone[target].node.is_sum and self._is_pair(target, index):
                hears[target] = index
                taken |= {index, target}
        return hears

    def _ways(self, source: int, target: int) -> list[Source]:
        """The connections from a node to a target: one for each delay."""
        return [entry for entry in self.alone[target].node.sources if entry.node == source]

    def _is_pair(self, target: int, source: int) -> bool:
        """Whether one core holds both, a quiet filter, and as few copies as may be."""
        node = self.alone[target].node
        sources = len(self.alone[source].node.sources) + len(node.sources) - 1
        axons = sum(self._pair_axons(target, source)) + LEAST_COPIES * sources
        spare = self._spare_neurons(target, source)
        copies = max(spare - FILTER_NEURONS, 0) + LEAST_COPIES * len(self.listeners[target])
        fits = spare >= min(quiet_neurons(node.keep), FILTER_NEURONS) and axons <= self.limits.axons_per_core
        return fits and self._coarseness(target, copies) <= COARSEST

    def _coarseness(self, index: int, copies: int) -> float:
        """What one neuron of each copy more or less means for all who hear a node, in shares of their pools.

        Of `copies` each target has as many as make the sum of squares least, its influence to the power 2/3.
        """
        influence = np.array([self._influence(index, target) for target in self.listeners[index]])
        return float((influence ** (2 / 3)).sum() ** 1.5 / copies) if influence.size else 0.0

    def _influence(self, source: int, target: int) -> float:
        """By how much of its range a target's pool moves for all of the source's; a relay's target in its place."""
        moved = self._moved(source, target)
        behind = self.listeners[target]
        if len(behind) == 1 and is_joinable(self.alone[target].node, self.limits):
            return moved * self._moved(target, behind[0])
        return moved

    def _moved(self, source: int, target: int) -> float:
        node = self.alone[target].node
        amplitude = sum(abs(entry.amplitude) for entry in self._ways(source, target))
        return amplitude / (1.0 - node.keep) / max(float(np.ptp(node.points)), 1e-6 * node.high)

    def _spare_neurons(self, target: int, source: int) -> int:
        """Neurons of a pair's core that are left for a filter and for neurons that always fire."""
        ladder = self.alone[source].node.points.size + sum(extra_neurons(self.alone[source].node))
        copies = LEAST_COPIES * len(self.listeners[target])
        return self.limits.neurons_per_core - ladder - self.alone[target].node.points.size - copies

    def _pair_axons(self, target: int, source: int) -> tuple[int, int]:
        """Axons of target and source beside those of their sources; the ladder's are those of the source."""
        first, second = self.alone[target], self.alone[source]
        ladder = second.node.points.size + sum(extra_neurons(second.node))
        return first.fixed_axons, ladder + second.fixed_axons - second.leak.neurons

    def pair_rooms(self, target: int, source: int, axons: int, spare: int) -> dict[int, Room]:
        """The axons left are parted by the number of sources, those of the ladder count for both.

        `spare` are the neurons of a filter and of neurons that always fire.
        """
        fixed, ladder = self._pair_axons(target, source)
        others = len(self.alone[target].node.sources) - 1
        own = fixed + (axons - fixed - ladder) * others // max(others + len(self.alone[source].node.sources), 1)
        filters = min(_own_core(self.limits).filters, spare)
        # As if the target heard as little of the ladder as it may: what it hears less is not there for others.
        shared = own + math.floor(LEAST_PART * self.alone[source].node.points.size)
        if not others:
            shared = own + self.alone[source].node.points.size
        return {
            target: Room(axons=shared, filters=filters, bias=spare),
            source: Room(axons=axons - own, filters=filters, bias=spare - filters),
        }

    def rooms(self, group: list[tuple[int, ...]], hears: dict[int, int]) -> dict[int, Room]:
        """What a core leaves of its axons is parted by the number of sources."""
        found: dict[int, Room] = {}
        needs = [self._need(item, hears)[1] for item in group]
        sources = [sum(len(self.alone[index].node.sources) for index in item) for item in group]
        left = max(self.limits.axons_per_core - sum(needs), 0)
        for item, need, count in zip(group, needs, sources, strict=True):
            axons = need + left * count // max(sum(sources), 1)
            if len(item) == 2:
                target, source = item if item[0] in hears and hears[item[0]] == item[1] else item[::-1]
                spare = FILTER_NEURONS + BIAS_NEURONS
                if len(group) == 1:
                    axons, spare = self.limits.axons_per_core, self._spare_neurons(target, source)
                found |= self.pair_rooms(target, source, axons, spare)
            elif len(group) > 1:
                found[item[0]] = replace(_own_core(self.limits), axons=axons)
        return found

    def packed(self, items: list[tuple[int, ...]], hears: dict[int, int]) -> list[list[tuple[int, ...]]]:
        """Groups of items: each joins the core of a source or target if that has room, else one of the last begun."""
        groups: list[list[tuple[int, ...]]] = []
        place: dict[int, int] = {}
        left: list[tuple[int, int]] = []
        for item in items:
            neurons, axons = self._need(item, hears)
            near = [source.node for index in item for source in self.alone[index].node.sources]
            near += [target for index in item for target in self.listeners[index]]
            tried = [place[node] for node in near if node in place]
            tried += range(max(len(groups) - OPEN_CORES, 0), len(groups))
            fits = (at for at in dict.fromkeys(tried) if left[at][0] >= neurons and left[at][1] >= axons)
            at = next(fits, len(groups))
            if at == len(groups):
                groups.append([])
                left.append((self.limits.neurons_per_core, self.limits.axons_per_core))
            groups[at].append(item)
            place |= dict.fromkeys(item, at)
            left[at] = left[at][0] - neurons, left[at][1] - axons
        return groups

    def _need(self, item: tuple[int, ...], hears: dict[int, int]) -> tuple[int, int]:
        """Neurons and axons that a node, or a pair, must have beside others: its counts stay quiet."""
        if len(item) == 2:
            target, source = item if hears.get(item[0]) == item[1] else item[::-1]
            ladder = self.alone[source].node.points.size + sum(extra_neurons(self.alone[source].node))
            neurons = ladder + self.alone[target].node.points.size + FILTER_NEURONS + BIAS_NEURONS
            fixed, joined = self._pair_axons(target, source)
            heard = [(node, index) for index in item for node in self._heard(index)]
            heard.remove((source, target))
            axons = fixed + joined + BIAS_NEURONS + sum(self._count(*pair) for pair in heard)
            return neurons + self._copies(target), axons
        (index,) = item
        plan = self.alone[index]
        copies = 0 if self.serves_whole(index) else self._copies(index)
        heard_axons = sum(self._count(node, index) for node in self._heard(index))
        return plan.neurons + copies, plan.fixed_axons + heard_axons

    def _heard(self, index: int) -> list[int]:
        """The nodes that a node hears, each once."""
        return list(dict.fromkeys(source.node for source in self.alone[index].node.sources))

    def _copies(self, index: int) -> int:
        return sum(self._count(index, target) for target in self.listeners[index])

    def _count(self, source: int, target: int) -> int:
        """Neurons of a source that a target hears: as with a core for each, or fewer that are quiet enough.

        A target that hears it with several delays hears so many for each.
        """
        plan = self.alone[target]
        if self.serves_whole(source):
            return self.alone[source].node.points.size
        own = zip(plan.node.sources, plan.fit.axons.tolist(), strict=True)
        axons = [count for entry, count in own if entry.node == source]
        if plan.node.is_sum or self.alone[source].node.is_sum or not self.limits.stochastic:
            return sum(axons)
        return sum(min(count, quiet_neurons(plan.node.keep, SHARED_QUIET)) for count in axons)

    def serves_whole(self, source: int) -> bool:
        """Whether a node's pool itself serves its target: it serves nothing else, and the target hears no other.

        Where nothing is random potentials have few bits, and weights need the choice among numbers of neurons.
        """
        if self.alone[source].node.on_bus or len(self.listeners[source]) != 1 or not self.limits.stochastic:
            return False
        return len(self.alone[self.listeners[source][0]].node.sources) == 1
