"""Plans one node by itself: its leak, its weights and its inputs, within the axons that it may claim on its core."""

import math
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.phrases import SMALLER
from neurocmc.passes.truenorth.fan_out import Branch
from neurocmc.passes.truenorth.graph import Node
from neurocmc.passes.truenorth.ladders import extra_neurons, joined_leaks
from neurocmc.passes.truenorth.leaks import (
    COSTS,
    FILTER_NEURONS,
    LIFTED_COSTS,
    Leak,
    choose_leak,
    leak_range,
    sum_leak,
)
from neurocmc.passes.truenorth.weights import WeightFit, fit_weights
from neurocmc.targets import TrueNorthLimits

INPUT_AXONS = 24  # for a jump of the drive within one tick; the host spreads a larger one over several
LEAST_DRIVE_WEIGHT = 64
LIFT_AXONS = 64  # for the way from the bottom of the span to its top, in one tick
INPUT_ROOM = 1.1  # of the axons' reach beyond what calibration needs
# Of a joined ladder, as shares of the largest gain: an error of the pole, a bit less of its steps, a bias neuron.
POLE_LOSS, BIT_LOSS, BIAS_LOSS = 0.5, 0.001, 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The inputs from outside the graph: the drive type's weight, axons for the host, neurons that always fire."""

    weight: int  # of the drive type; 0 where there is none
    up: int  # axons of the drive type for the host, for each input
    down: int  # axons of the feedback type for the host, for each input
    bias: int  # neurons that always fire, on axons of the drive type
    leak: int  # what is left for the leak register
    given_back: int = 0  # of the leak, what makes up for rounding of the sources


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A node as its core will hold it; `node` has the filter that makes up for the latency of its sources."""

    node: Node
    leak: Leak
    fit: WeightFit
    feed: Feed
    joined_from: int | None = None  # the filter neuron from which on filter neurons are the pool
    branches: tuple[Branch, ...] = ()  # beside the pool's own target
    pool_end: int | None = None  # the delivery that all neurons of the pool bring, where they do not serve the bus

    @property
    def neurons(self) -> int:
        """Neurons beside copies."""
        pool = 0 if self.joined_from is not None else self.node.points.size
        return self.leak.neurons + self.feed.bias + pool

    @property
    def fixed_axons(self) -> int:
        """Axons beside those of sources."""
        return self.leak.neurons + self.feed.bias + (self.feed.up + self.feed.down) * len(self.node.drives)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a node may have of its core; axons that it hears a neighbour's ladder through are counted as its own."""

    axons: int
    filters: int  # neurons of its filter
    bias: int  # neurons that always fire


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claim:
    """A node's room, and how many neurons of each of its sources must and may reach it."""

    room: Room
    fewest: Int  # (sources,)
    most: Int  # (sources,)
    joined: bool  # filter and pool are one ladder
    scales: Float

    def key(self) -> tuple[Room, bytes, bytes, bool]:
        """Returns what tells two claims of the same scales apart."""
        return self.room, self.fewest.tobytes(), self.most.tobytes(), self.joined


def unit_plan(node: Node, claim: Claim, limits: TrueNorthLimits) -> Plan:
    """Plans a node. Raises InfeasibleError where its sources do not fit its axons, or nothing holds its pole."""
    if node.points.size > limits.neurons_per_core - FILTER_NEURONS:
        fitting = limits.neurons_per_core - FILTER_NEURONS
        what = (
            f"a pool of {node.points.size} neurons; {fitting} fit on a core next to the {FILTER_NEURONS} "
            "neurons of its filter"
        )
        raise InfeasibleError(Problem("pool-beyond-core", f"unit {node.corelet}", what, SMALLER))
    return _joined_plan(node, claim, limits) if claim.joined else _separate_plan(node, claim, limits)


def _separate_plan(node: Node, claim: Claim, limits: TrueNorthLimits) -> Plan:
    costs = COSTS if node.lift is None else LIFTED_COSTS
    leak = (
        sum_leak(node.points.size, limits)
        if node.is_sum
        else choose_leak(node.corelet, node.keep, node.span, claim.room.filters, limits, costs)
    )
    # What one count of a sum stands for is agreed with the unit behind it.
    scales = claim.scales[:1] if node.is_sum else claim.scales
    scale = leak.largest_scale(*node.span)
    plan = _filled(node, leak, scale, scales, claim, limits)
    if plan is None:
        feed = _feed(node, leak, scale, limits)
        inputs = (feed.up + feed.down) * len(node.drives)
        raise _crowded(node, f"{inputs} axons of inputs and {leak.neurons} of its filter", claim, limits)
    return plan


def _joined_plan(node: Node, claim: Claim, limits: TrueNorthLimits) -> Plan:
    """The ladder that loses least by weights, pole, noise and constant drive; its steps fix the scale."""
    below, above = extra_neurons(node)
    best: tuple[float, Plan] | None = None
    for leak, scale in joined_leaks(node, limits):
        plan = _filled(node, leak, scale, np.ones(1), claim, limits)
        if plan is None or plan.fit.scale < scale or plan.feed.bias > claim.room.bias:
            continue
        loss = plan.fit.residual + POLE_LOSS * abs((1.0 - leak.keep) / (1.0 - node.keep) - 1.0)
        loss += BIT_LOSS * max(limits.noise_mask_bits - math.log2(leak.spacing), 0.0) + BIAS_LOSS * plan.feed.bias
        if best is None or loss < best[0]:
            best = loss, replace(plan, joined_from=below)
    if best is None:
        raise _crowded(node, f"a ladder of {below + node.points.size + above} neurons", claim, limits)
    return best[1]


def _crowded(node: Node, beside: str, claim: Claim, limits: TrueNorthLimits) -> InfeasibleError:
    return InfeasibleError(
        Problem(
            "fan-in-beyond-core",
            f"unit {node.corelet}",
            f"{len(node.sources)} sources, {beside} do not fit {claim.room.axons} axons of {limits.axon_types} types",
            "reduce the fan-in, or its largest weights against the range of its drive",
        )
    )


def _filled(
    node: Node, leak: Leak, scale: float, scales: Float, claim: Claim, limits: TrueNorthLimits
) -> Plan | None:
    """The plan with this leak, at the best of the scales; None where axons, types or weights do not suffice."""
    feed = _feed(node, leak, scale, limits)
    inputs = (feed.up + feed.down) * len(node.drives)
    amplitude = np.array([source.amplitude for source in node.sources]) * pole_factor(node, leak)
    fit = fit_weights(
        amplitude,
        scale,
        axons=claim.room.axons - leak.neurons - feed.bias - inputs,
        fewest=claim.fewest,
        most=claim.most,
        types=limits.axon_types - 1 - (1 if feed.weight else 0),
        largest_weight=(1 << (limits.weight_bits - 1)) - 1,
        scales=scales,
        leak_weight=0 if node.lift is None else leak.weight,
    )
    if fit is None:
        return None
    if node.lift is not None and not claim.joined and not 0 <= leak.rest <= leak.neurons:
        # A smaller scale would leave the ladder at its other end: the span stands on its first step.
        leak = replace(leak, rest=math.ceil(-node.span[0] * fit.scale / leak.spacing))
        feed = _feed(node, leak, fit.scale, limits)
    return Plan(node=node, leak=leak, fit=fit, feed=_compensated(node, amplitude, fit, feed, limits))


def _compensated(node: Node, amplitude: Float, fit: WeightFit, feed: Feed, limits: TrueNorthLimits) -> Feed:
    """The feed with what rounding takes of the sources as trials begin, as a constant drive; where that is known."""
    standing = np.array([source.standing for source in node.sources])
    if node.is_sum or not standing.any():  # a sum must not count below 0, nor what never came
        return feed
    taken = round(fit.scale * float((amplitude - fit.realised()) @ standing))
    lowest, largest = leak_range(limits)
    leak = min(max(feed.leak + taken, lowest), largest)
    return replace(feed, leak=leak, given_back=leak - feed.leak)


def pole_factor(node: Node, leak: Leak) -> float:
    """What a spike adds is matched to the pole as it came out: gains at rest are then those wanted."""
    return (1.0 - leak.keep) / (1.0 - node.keep)


def _lift(node: Node, leak: Leak, scale: float, largest_weight: int, largest_leak: int) -> Feed:
    """Axons that bring a node from the bottom of its span to anywhere within, to half a weight of the leak."""
    reach = INPUT_ROOM * scale * (node.greatest - node.least)
    weight = min(max(int(np.ceil(reach / LIFT_AXONS)), 1), largest_weight)
    bias = -(-max(leak.constant - largest_leak, 0) // weight)  # a negative one is the leak register's alone
    return Feed(
        weight=weight,
        up=min(int(np.ceil(reach / weight)), 2 * LIFT_AXONS),
        down=min(int(np.ceil(weight / leak.weight)), LIFT_AXONS),
        bias=bias,
        leak=leak.constant - bias * weight,
    )


def _feed(node: Node, leak: Leak, scale: float, limits: TrueNorthLimits) -> Feed:
    lowest_leak, largest_leak = leak_range(limits)
    if leak.has_ceiling:  # without the neurons that always fire V must fall
        largest_leak = min(largest_leak, leak.neurons * leak.weight // 2)
    largest = (1 << (limits.weight_bits - 1)) - 1
    if node.lift is not None:
        return _lift(node, leak, scale, largest, largest_leak)
    # What leaks away of the drive in every tick must be replaced; an unfiltered one has its jumps besides.
    jumps = [
        INPUT_ROOM * scale * max((1.0 - leak.keep) * d.largest, 0.0 if d.filtered else d.largest_step)
        for d in node.drives
    ]
    missing = max(leak.constant - largest_leak, 0) + min(leak.constant - lowest_leak, 0)
    if not jumps and not missing:
        return Feed(weight=0, up=0, down=0, bias=0, leak=leak.constant)
    jump = max(jumps, default=0.0)
    least = LEAST_DRIVE_WEIGHT if jumps else largest
    weight = min(max(int(np.ceil(jump / INPUT_AXONS)), min(least, largest)), largest)
    # Only a ladder without inputs stands above a current of 0 and is held down by a constant drive.
    sign = -1 if missing < 0 else 1
    bias = -(-abs(missing) // weight)
    up = min(int(np.ceil(jump / weight)), 2 * INPUT_AXONS)
    down = min(int(np.ceil(jump / leak.weight)), INPUT_AXONS)
    return Feed(weight=sign * weight, up=up, down=down, bias=bias, leak=leak.constant - sign * bias * weight)
