"""Plans for every node its core, its leak, its weights, its input axons, and the way that its spikes take.

Latency and weights depend on each other: splitters and partial sums cost ticks, which the unit's filter gives back,
which changes what a spike must add. The plan is made anew until the latencies stand still. Nodes that do not fit
beside each other get cores of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.passes.truenorth.copies import free_neurons, thinned, with_branches
from neurocmc.passes.truenorth.deliveries import Delivery, deliveries_of, types_on_core
from neurocmc.passes.truenorth.graph import Node, with_latency
from neurocmc.passes.truenorth.homes import LEAST_PART, Homes, find_homes, homes_apart
from neurocmc.passes.truenorth.unit_plans import Claim, Plan, Room, pole_factor, unit_plan
from neurocmc.passes.truenorth.weights import SCALES, WeightFit
from neurocmc.targets import TrueNorthLimits

ROUNDS = 4  # of plan and latency; two are enough unless a plan changes with its latencies
LEAST_LEVELS = 2 / 3  # of a sum's levels that reach the unit behind it
PAIR_RESIDUAL = 0.04  # of a unit's largest gain: with more, neither unit of a pair is worth a core less
SETTLED_TICKS = 0.05
SPAN_SLACK = 1.05  # of the largest scale, out of the margin that spans have
FINE_SCALES = np.linspace(1.0, 0.7, 301)


Way = tuple[int, int]  # a target, and the delay with which it hears a node


@dataclass(frozen=True, slots=True)
class Layout:
    """All plans, where their nodes stand, and what reaches which axons."""

    plans: tuple[Plan, ...]
    homes: Homes
    types: tuple[tuple[int, ...], ...]  # of each node: the type on its core of each of its own types
    deliveries: tuple[tuple[Delivery, ...], ...]  # of each node

    @classmethod
    def of(cls, plans: list[Plan], homes: Homes, limits: TrueNorthLimits) -> "Layout":
        kinds = limits.axon_types
        deliveries = tuple(deliveries_of(plans, homes, kinds))
        return cls(tuple(plans), homes, tuple(types_on_core(plans, homes, kinds)), deliveries)

    def latencies(self) -> list[Mapping[Way, int]]:
        """Returns for each node a mapping from target and delay to the ticks that splitters cost on the way there.

        What a splitter costs is taken off the delay, as far as there is one.
        """
        found: list[Mapping[Way, int]] = []
        for plan, deliveries in zip(self.plans, self.deliveries, strict=True):
            ticks = {end: late for branch in plan.branches for end, late in branch.latencies().items()}
            found.append(
                {
                    (node, d.delay_ticks): max(ticks.get(end, 0) - d.delay_ticks, 0)
                    for end, d in enumerate(deliveries)
                    for node, _ in d.listeners
                }
            )
        return found


# A node by its index, latency and claim -> what was planned for it.
Known = dict[tuple[int, float, tuple[Room, bytes, bytes, bool]], Plan]


@dataclass(frozen=True, slots=True)
class _Planner:
    """Plans rounds; what was planned for the same claim and latency is kept."""

    nodes: tuple[Node, ...]
    homes: Homes
    limits: TrueNorthLimits
    known: Known

    def all_of_each(self) -> list[Int]:
        """For each node all neurons of each of its sources."""
        sizes = [[self.nodes[source.node].points.size for source in node.sources] for node in self.nodes]
        return [np.array(size, dtype=np.int64) for size in sizes]

    def claim(self, index: int, most: Int, scales: Float = SCALES) -> Claim:
        """What a node may claim; of sums, and of pools that reach nothing else, most neurons do."""
        sources = self.nodes[index].sources
        size = np.array([self.nodes[s.node].points.size for s in sources], dtype=np.int64)
        is_sum = np.array([self.nodes[s.node].is_sum for s in sources], dtype=np.bool_)
        whole = np.array(
            [s.node in self.homes.whole or s.node == self.homes.hears.get(index) for s in sources], dtype=np.bool_
        )
        # Thinned further, the whole numbers of a sum would come out too low, and those of a pool uneven.
        levels = np.where(whole, LEAST_PART, LEAST_LEVELS * is_sum)
        fewest = np.floor(levels * size).astype(np.int64)
        return Claim(
            room=self.homes.rooms[index],
            fewest=fewest,
            most=np.where(whole, size, most),
            joined=index in self.homes.joined,
            scales=scales,
        )

    def planned(self, latency: Float, most: list[Int]) -> list[Plan]:
        """One round: each node by itself, unless it was planned so before."""
        plans: list[Plan] = []
        problems: dict[int, tuple[Problem, ...]] = {}
        for index, (node, ticks, limit) in enumerate(zip(self.nodes, latency.tolist(), most, strict=True)):
            claim = self.claim(index, limit)
            key = (index, ticks, claim.key())
            try:
                if key not in self.known:
                    # A partial sum has no filter to shorten: the units behind it account for its sources' latency.
                    shortened = node if node.is_sum else with_latency(node, ticks)
                    self.known[key] = unit_plan(shortened, claim, self.limits)
                plans.append(self.known[key])
            except InfeasibleError as error:
                problems[index] = error.problems
        if problems:
            raise _NoRoomError(problems)
        return plans

    def beyond_axons(self, plans: list[Plan], deliveries: list[tuple[Delivery, ...]]) -> list[int]:
        """Nodes of shared cores that have fewer axons than their nodes together need."""
        used = [0 for _ in range(self.homes.cores)]
        for plan, core in zip(plans, self.homes.core, strict=True):
            used[core] += plan.fixed_axons
        for delivery in (entry for found in deliveries for entry in found):
            on_ladder = self.homes.hears.get(delivery.first) == delivery.source
            used[delivery.core] += 0 if on_ladder else delivery.neurons
        return [index for index, core in enumerate(self.homes.core) if used[core] > self.limits.axons_per_core]

    def too_coarse(self, plans: list[Plan]) -> list[int]:
        """Nodes of pairs whose gains the fixed steps of a ladder, or its number of neurons, do not let come out."""
        paired = self.homes.joined | set(self.homes.hears)
        return [index for index in sorted(paired) if plans[index].fit.residual > PAIR_RESIDUAL]

    def reaching(self, plans: list[Plan]) -> list[Plan]:
        """The same plans with branches to all who hear them."""
        deliveries = deliveries_of(plans, self.homes, self.limits.axon_types)
        free = free_neurons(plans, deliveries, self.homes, self.limits)
        problems: dict[int, tuple[Problem, ...]] = {}
        for index in [*self.beyond_axons(plans, deliveries), *self.too_coarse(plans)]:
            problems[index] = ()
        if problems:
            raise _NoRoomError(problems)
        reached: list[Plan] = []
        for index, plan in enumerate(plans):
            try:
                found = with_branches(plan, deliveries[index], free[index], self.limits)
            except InfeasibleError as error:
                problems[index] = error.problems
                continue
            reached.append(found)
            if self.homes.is_shared(index) and any(branch.end is None for branch in found.branches):
                problems[index] = ()  # beside another it needs splitters, which cost a tick: it stands alone
        if problems:
            raise _NoRoomError(problems)
        return reached


class _NoRoomError(Exception):
    """Nodes that found no room, with their problems."""

    def __init__(self, problems: dict[int, tuple[Problem, ...]]) -> None:
        super().__init__()
        self.problems = problems

    def as_error(self) -> InfeasibleError:
        """Returns all problems as one error."""
        return InfeasibleError([problem for found in self.problems.values() for problem in found])


def plan_nodes(nodes: tuple[Node, ...], limits: TrueNorthLimits) -> Layout:
    """Plans every node. Raises InfeasibleError naming the units that do not fit a core."""
    known: Known = {}
    try:
        by_itself = _Planner(nodes, homes_apart(len(nodes), limits), limits, known)
        alone = by_itself.planned(np.zeros(len(nodes)), by_itself.all_of_each())
    except _NoRoomError as refused:
        raise refused.as_error() from None
    unpaired, apart = frozenset[int](), frozenset[int]()
    while True:
        homes = find_homes(alone, limits, unpaired, apart)
        try:
            return _laid_out(_Planner(nodes, homes, limits, known))
        except _NoRoomError as refused:
            crowded = {homes.core[index] for index in refused.problems}
            beside = {index for index, core in enumerate(homes.core) if core in crowded and homes.is_shared(index)}
            if not beside:
                raise refused.as_error() from None
            paired = beside & (homes.joined | set(homes.hears))
            unpaired, apart = unpaired | paired, apart | (beside - paired)


def _laid_out(planner: _Planner) -> Layout:
    nodes, homes, limits = planner.nodes, planner.homes, planner.limits
    latency = before = np.zeros(len(nodes))
    most = planner.all_of_each()
    plans = planner.planned(latency, most)
    most = thinned(plans, most, homes, limits)
    for _ in range(ROUNDS):
        plans = planner.reaching(planner.planned(latency, most))
        layout = Layout.of(plans, homes, limits)
        arrives = layout.latencies()
        found = np.array([_mean_latency(nodes, arrives, index) for index in range(len(nodes))])
        if np.allclose(found, latency, atol=SETTLED_TICKS):
            return layout
        latency, before = found, latency
    return Layout.of(_settled(planner, plans, latency, before), homes, limits)


def _settled(planner: _Planner, plans: list[Plan], latency: Float, before: Float) -> list[Plan]:
    """Plans that chase their own latencies, made once more with the ways that they have.

    What reaches such a unit keeps its number of axons, so no way changes, and no latency; only weights and scale are
    chosen anew, for the filter that makes up for the latency found.
    """
    settled = list(plans)
    for index in np.flatnonzero(np.abs(latency - before) > SETTLED_TICKS).tolist():
        plan, node = plans[index], planner.nodes[index]
        if node.is_sum:
            continue
        claim = replace(planner.claim(index, plan.fit.axons, FINE_SCALES), fewest=plan.fit.axons, most=plan.fit.axons)
        try:
            again = unit_plan(with_latency(node, float(latency[index])), claim, planner.limits)
        except InfeasibleError:  # with another leak its inputs may take more axons: it stays as it was
            continue
        fit = again.fit
        if again.joined_from is None:
            fit = min(fit, _rescaled(plan, again, planner.limits) or fit, key=lambda fit: fit.residual)
        settled[index] = replace(again, fit=fit, branches=plan.branches, pool_end=plan.pool_end)
    return settled


def _rescaled(plan: Plan, again: Plan, limits: TrueNorthLimits) -> WeightFit | None:
    """The weights of the plan before at the scale at which they mean the same; None where V would leave its span."""
    types = limits.axon_types - 1 - (1 if again.feed.weight else 0)
    other_leak = plan.fit.on_leak and plan.leak.weight != again.leak.weight
    if not plan.node.sources or len(plan.fit.strength) > types or other_leak:
        return None
    before, now = (abs(p.node.sources[0].amplitude) * pole_factor(p.node, p.leak) for p in (plan, again))
    scale = plan.fit.scale * before / now
    widest = SPAN_SLACK * again.leak.largest_scale(again.node.low, again.node.high)
    return replace(plan.fit, scale=scale) if scale <= widest else None


def _mean_latency(nodes: tuple[Node, ...], arrives: list[Mapping[Way, int]], index: int) -> float:
    """Mean over a node's sources of the ticks that splitters and partial sums cost, weighted by their strength."""
    total = weight = 0.0
    for source in nodes[index].sources:
        behind = 1.0 + _mean_latency(nodes, arrives, source.node) if nodes[source.node].is_sum else 0.0
        total += abs(source.amplitude) * (arrives[source.node].get((index, source.delay_ticks), 0) + behind)
        weight += abs(source.amplitude)
    return total / weight if weight else 0.0
