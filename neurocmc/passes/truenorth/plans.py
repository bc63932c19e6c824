"""Plans for every node its leak, its weights, its input axons, and the way that its spikes take.

Latency and weights depend on each other: splitters and partial sums cost ticks, which the unit's filter gives back,
which changes what a spike must add. The plan is made anew until the latencies stand still.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.passes.truenorth.fan_out import Branch, plan_fan_out
from neurocmc.passes.truenorth.graph import Node, with_latency
from neurocmc.passes.truenorth.leaks import FILTER_NEURONS, Leak, choose_leak, sum_leak
from neurocmc.passes.truenorth.weights import SCALES, WeightFit, fit_weights
from neurocmc.targets import TrueNorthLimits

ROUNDS = 4  # of plan and latency; two are enough unless a plan changes with its latencies
INPUT_AXONS = 24  # for a jump of the drive within one tick; the host spreads a larger one over several
LEAST_DRIVE_WEIGHT = 64
LEAST_COPIES = 8  # neurons that serve a target at least, before a splitter is worth its tick
LEAST_LEVELS = 2 / 3  # of a sum's levels that reach the unit behind it
SETTLED_TICKS = 0.05
SPAN_SLACK = 1.05  # of the largest scale, out of the margin that spans have
FINE_SCALES = np.linspace(1.0, 0.7, 301)
INPUT_ROOM = 1.1  # of the axons' reach beyond what calibration needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The inputs from outside the graph: the drive type's weight, axons for the host, neurons that always fire."""

    weight: int  # of the drive type; 0 where there is none
    up: int  # axons of the drive type for the host, for each input
    down: int  # axons of the feedback type for the host, for each input
    bias: int  # neurons that always fire, on axons of the drive type
    leak: int  # what is left for the leak register


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A node as its core will hold it; `node` has the filter that makes up for the latency of its sources."""

    node: Node
    leak: Leak
    fit: WeightFit
    feed: Feed
    branches: tuple[Branch, ...]  # beside the pool's own target
    pool_target: int | None  # the node that all neurons of the pool reach, where they do not serve the output bus


# A node by its index, latency and limits on axons -> what was planned for it.
Known = dict[tuple[int, float, bytes], Plan]


def plan_nodes(nodes: tuple[Node, ...], neurons: int, limits: TrueNorthLimits) -> tuple[Plan, ...]:
    """Plans every node. Raises InfeasibleError naming the units that do not fit a core."""
    latency = before = np.zeros(len(nodes))
    most = [np.array([nodes[s.node].points.size for s in node.sources], dtype=np.int64) for node in nodes]
    known: Known = {}
    plans = _planned(nodes, latency, most, neurons, limits, known)
    most = _thinned(plans, most, limits)
    for _ in range(ROUNDS):
        plans = _planned(nodes, latency, most, neurons, limits, known)
        arrives = latencies(plans)
        found = np.array([_mean_latency(nodes, arrives, index) for index in range(len(nodes))])
        if np.allclose(found, latency, atol=SETTLED_TICKS):
            return tuple(plans)
        latency, before = found, latency
    return tuple(_settled(plans, latency, before, neurons, limits, nodes))


def _settled(
    plans: list[Plan], latency: Float, before: Float, neurons: int, limits: TrueNorthLimits, nodes: tuple[Node, ...]
) -> list[Plan]:
    """Plans that chase their own latencies, made once more with the ways that they have.

    What reaches such a unit keeps its number of axons, so no way changes, and no latency; only weights and scale are
    chosen anew, for the filter that makes up for the latency found.
    """
    settled = list(plans)
    for index in np.flatnonzero(np.abs(latency - before) > SETTLED_TICKS).tolist():
        plan, node = plans[index], nodes[index]
        if node.is_sum:
            continue
        pinned = plan.fit.axons, plan.fit.axons
        shortened = with_latency(node, float(latency[index]))
        again = _unit_plan(shortened, pinned, neurons, limits, FINE_SCALES)
        fit = min(again.fit, _rescaled(plan, again, limits) or again.fit, key=lambda fit: fit.residual)
        settled[index] = replace(again, fit=fit, branches=plan.branches, pool_target=plan.pool_target)
    return settled


def _rescaled(plan: Plan, again: Plan, limits: TrueNorthLimits) -> WeightFit | None:
    """The weights of the plan before at the scale at which they mean the same; None where V would leave its span."""
    types = limits.axon_types - 1 - (1 if again.feed.weight else 0)
    if not plan.node.sources or len(plan.fit.strength) > types:
        return None
    before, now = (abs(p.node.sources[0].amplitude) * _pole_factor(p.node, p.leak) for p in (plan, again))
    scale = plan.fit.scale * before / now
    widest = SPAN_SLACK * again.leak.largest_scale(again.node.low, again.node.high)
    return replace(plan.fit, scale=scale) if scale <= widest else None


def _pole_factor(node: Node, leak: Leak) -> float:
    """What a spike adds is matched to the pole as it came out: gains at rest are then those wanted."""
    return (1.0 - leak.keep) / (1.0 - node.keep)


def _thinned(plans: list[Plan], most: list[Int], limits: TrueNorthLimits) -> list[Int]:
    """Fewer neurons a connection where a unit's core could then serve all its targets itself.

    Fewer neurons count more coarsely; a splitter costs a tick. The tick is the worse of the two where filters are
    fast: a unit whose filter lags by n ticks is better served by n neurons, or `LEAST_COPIES`, than by a splitter.
    """
    room = [_free_neurons(plan, limits) for plan in plans]
    wanted: list[list[int]] = [[] for _ in plans]
    least = [LEAST_COPIES for _ in plans]
    for plan in plans:
        lag_ticks = plan.node.keep / (1.0 - plan.node.keep)
        for source, axons in zip(plan.node.sources, plan.fit.axons.tolist(), strict=True):
            wanted[source.node].append(axons)
            least[source.node] = max(least[source.node], round(lag_ticks))
    factor = np.ones(len(plans))
    for index, copies in enumerate(wanted):
        if sum(copies) > room[index] >= least[index] * len(copies):
            factor[index] = room[index] / sum(copies)
    thinned: list[Int] = []
    for plan, limit in zip(plans, most, strict=True):
        share = np.array([factor[source.node] for source in plan.node.sources])
        fewer = np.maximum(np.floor(plan.fit.axons * share), LEAST_COPIES).astype(np.int64)
        thinned.append(np.where(share < 1.0, np.minimum(fewer, limit), limit))
    return thinned


def _free_neurons(plan: Plan, limits: TrueNorthLimits) -> int:
    """Neurons of the unit's core beside filter, bias and pool."""
    return limits.neurons_per_core - plan.leak.neurons - plan.feed.bias - plan.node.points.size


def latencies(plans: list[Plan] | tuple[Plan, ...]) -> list[Mapping[int, int]]:
    """Returns for each node a mapping from target to the ticks that splitters cost on the way there."""
    found: list[Mapping[int, int]] = []
    for plan in plans:
        ticks = {node: late for branch in plan.branches for node, late in branch.latencies().items()}
        found.append(ticks | ({} if plan.pool_target is None else {plan.pool_target: 0}))
    return found


def _mean_latency(nodes: tuple[Node, ...], arrives: list[Mapping[int, int]], index: int) -> float:
    """Mean over a node's sources of the ticks that splitters and partial sums cost, weighted by their strength."""
    total = weight = 0.0
    for source in nodes[index].sources:
        behind = 1.0 + _mean_latency(nodes, arrives, source.node) if nodes[source.node].is_sum else 0.0
        total += abs(source.amplitude) * (arrives[source.node].get(index, 0) + behind)
        weight += abs(source.amplitude)
    return total / weight if weight else 0.0


def _planned(
    nodes: tuple[Node, ...],
    latency: Float,
    most: list[Int],
    neurons: int,
    limits: TrueNorthLimits,
    known: Known,
) -> list[Plan]:
    """One round: each node by itself, unless it was planned so before, then who is reached by whom."""
    plans: list[Plan] = []
    problems: list[Problem] = []
    for index, (node, ticks, limit) in enumerate(zip(nodes, latency.tolist(), most, strict=True)):
        key = (index, ticks, limit.tobytes())
        if key in known:
            plans.append(known[key])
            continue
        try:
            # A partial sum has no filter to shorten: the units behind it account for its sources' latency.
            shortened = node if node.is_sum else with_latency(node, ticks)
            # A sum is counted by most of its levels: thinned further, its whole numbers would come out too low.
            least = [LEAST_LEVELS * nodes[s.node].points.size * nodes[s.node].is_sum for s in node.sources]
            bounds = np.array(least).astype(np.int64), limit
            known[key] = _unit_plan(shortened, bounds, neurons, limits)
            plans.append(known[key])
        except InfeasibleError as error:
            problems += error.problems
    if problems:
        raise InfeasibleError(problems)
    wanted: list[list[tuple[int, int]]] = [[] for _ in nodes]
    for index, plan in enumerate(plans):
        for source, axons in zip(plan.node.sources, plan.fit.axons.tolist(), strict=True):
            if axons:
                wanted[source.node].append((index, axons))
    return [_with_branches(plan, reached, limits) for plan, reached in zip(plans, wanted, strict=True)]


def _unit_plan(
    node: Node,
    bounds: tuple[Int, Int],
    neurons: int,
    limits: TrueNorthLimits,
    scales: Float = SCALES,
) -> Plan:
    if neurons > limits.neurons_per_core - FILTER_NEURONS:
        fitting = limits.neurons_per_core - FILTER_NEURONS
        what = f"a pool of {neurons} neurons; {fitting} fit a core beside the {FILTER_NEURONS} of its filter"
        raise InfeasibleError(
            Problem("pool-beyond-core", f"unit {node.corelet}", what, f"use --neurons {fitting} or fewer")
        )
    filters = min(FILTER_NEURONS, limits.axons_per_core // 8)
    leak = (
        sum_leak(node.points.size, limits)
        if node.is_sum
        else choose_leak(node.corelet, node.keep, node.low, node.high, filters, limits)
    )
    scale = leak.largest_scale(node.low, node.high)
    feed = _feed(node, leak, scale, limits)
    inputs = (feed.up + feed.down) * len(node.drives)
    amplitude = np.array([source.amplitude for source in node.sources]) * _pole_factor(node, leak)
    fit = fit_weights(
        amplitude,
        scale,
        axons=limits.axons_per_core - leak.neurons - feed.bias - inputs,
        fewest=bounds[0],
        most=bounds[1],
        types=limits.axon_types - 1 - (1 if feed.weight else 0),
        largest_weight=(1 << (limits.weight_bits - 1)) - 1,
        # What one count of a sum stands for is agreed with the unit behind it.
        scales=scales[:1] if node.is_sum else scales,
    )
    if fit is None:
        raise InfeasibleError(
            Problem(
                "fan-in-beyond-core",
                f"unit {node.corelet}",
                f"{len(node.sources)} sources, {inputs} axons of inputs and {leak.neurons} of its filter do not fit "
                f"{limits.axons_per_core} axons of {limits.axon_types} types",
                "reduce the fan-in, or its largest weights against the range of its drive",
            )
        )
    return Plan(node=node, leak=leak, fit=fit, feed=feed, branches=(), pool_target=None)


def _feed(node: Node, leak: Leak, scale: float, limits: TrueNorthLimits) -> Feed:
    largest_leak = (1 << (limits.leak_bits - 1)) - 1
    largest = (1 << (limits.weight_bits - 1)) - 1
    # What leaks away of the drive in every tick must be replaced; an unfiltered one has its jumps besides.
    jumps = [
        INPUT_ROOM * scale * max((1.0 - leak.keep) * d.largest, 0.0 if d.filtered else d.largest_step)
        for d in node.drives
    ]
    missing = leak.constant - largest_leak
    if not jumps and missing <= 0:
        return Feed(weight=0, up=0, down=0, bias=0, leak=leak.constant)
    jump = max(jumps, default=0.0)
    least = LEAST_DRIVE_WEIGHT if jumps else largest
    weight = min(max(int(np.ceil(jump / INPUT_AXONS)), min(least, largest)), largest)
    bias = max(-(-missing // weight), 0)
    up = min(int(np.ceil(jump / weight)), 2 * INPUT_AXONS)
    down = min(int(np.ceil(jump / leak.weight)), INPUT_AXONS)
    return Feed(weight=weight, up=up, down=down, bias=bias, leak=leak.constant - bias * weight)


def _with_branches(plan: Plan, reached: list[tuple[int, int]], limits: TrueNorthLimits) -> Plan:
    """The pool's own neurons serve the output bus, or a target that takes all of them; others get branches."""
    node = plan.node
    whole = [] if node.on_bus else [pair for pair in reached if pair[1] == node.points.size]
    own = whole[0][0] if whole else None
    free = _free_neurons(plan, limits)
    rest = [pair for pair in reached if pair[0] != own]
    branches = plan_fan_out(node.corelet, rest, free, limits.neurons_per_core)
    return replace(plan, branches=branches, pool_target=own)
