"""Parts the neurons that a core has left among copies of its units' counts, and says what serves each target.

Fewer neurons count more coarsely; a splitter costs a tick. The tick is the worse of the two where filters are fast:
a unit whose filter lags by n ticks is better served by n neurons, or `LEAST_COPIES`, than by a splitter.
"""

from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.passes.truenorth.deliveries import Delivery, deliveries_of
from neurocmc.passes.truenorth.fan_out import plan_fan_out
from neurocmc.passes.truenorth.homes import LEAST_COPIES, Homes
from neurocmc.passes.truenorth.unit_plans import Plan
from neurocmc.targets import TrueNorthLimits

ENOUGH_COPIES = 12  # where all targets of a unit can have them, the weakest has as many
UNLIMITED = 1e6  # times what is wanted
SHARE_STEPS = 24  # of a bisection


def thinned(plans: list[Plan], most: list[Int], homes: Homes, limits: TrueNorthLimits) -> list[Int]:
    """Returns for each node the most neurons of each source with which cores serve all targets, where they can."""
    room = _room_for_copies(plans, homes, limits)
    wanted: dict[int, list[int]] = {index: [] for index in room}
    for plan in plans:
        for source, axons in zip(plan.node.sources, plan.fit.axons.tolist(), strict=True):
            if axons and source.node in wanted:
                wanted[source.node].append(axons)
    share_of = {index: _share_that_fits(found, room[index]) for index, found in wanted.items() if found}
    fewer: list[Int] = []
    for plan, limit in zip(plans, most, strict=True):
        found = [share_of.get(source.node, (UNLIMITED, LEAST_COPIES)) for source in plan.node.sources]
        share, least = np.array(found).reshape(-1, 2).T
        parts = np.minimum(np.floor(plan.fit.axons * share + 1e-9), limit)
        fewer.append(np.minimum(np.maximum(parts, least), limit).astype(np.int64))
    return fewer


def _share_that_fits(wanted: list[int], room: int) -> tuple[float, int]:
    """The share of what is wanted that fills the room, and the copies that each has at least."""
    least = min(max(room // len(wanted), LEAST_COPIES), ENOUGH_COPIES)
    low, high = 0.0, float(room)
    for _ in range(SHARE_STEPS):
        share = 0.5 * (low + high)
        fits = sum(max(int(most * share + 1e-9), least) for most in wanted) <= room
        low, high = (share, high) if fits else (low, share)
    return low, least


def _room_for_copies(plans: list[Plan], homes: Homes, limits: TrueNorthLimits) -> dict[int, int]:
    """Neurons for copies of each node that shall serve all its targets itself, beside what its pool serves."""
    deliveries = deliveries_of(plans, homes, limits.axon_types)
    free = free_neurons(plans, deliveries, homes, limits)
    least = [LEAST_COPIES for _ in plans]
    for plan in plans:
        lag_ticks = plan.node.keep / (1.0 - plan.node.keep)
        for source, axons in zip(plan.node.sources, plan.fit.axons.tolist(), strict=True):
            if axons:
                least[source.node] = max(least[source.node], round(lag_ticks))
    room: dict[int, int] = {}
    for index, (plan, found) in enumerate(zip(plans, deliveries, strict=True)):
        own = _pool_delivery(plan, found)
        if own is not None and copies_of(plan, found) <= free[index]:
            room[index] = free[index] + own.neurons
        elif free[index] >= least[index] * len(found):  # thinned, no delivery takes the whole pool
            room[index] = free[index]
    return room


def copies_of(plan: Plan, deliveries: tuple[Delivery, ...]) -> int:
    """Neurons beside the pool that serve all deliveries without a splitter."""
    own = _pool_delivery(plan, deliveries)
    return sum(delivery.neurons for delivery in deliveries if delivery is not own)


def _pool_delivery(plan: Plan, deliveries: tuple[Delivery, ...]) -> Delivery | None:
    """What the pool's own neurons bring: they serve the output bus, or one delivery that takes all of them."""
    if plan.node.on_bus:
        return None
    return next((delivery for delivery in deliveries if delivery.neurons == plan.node.points.size), None)


def free_neurons(
    plans: list[Plan], deliveries: list[tuple[Delivery, ...]], homes: Homes, limits: TrueNorthLimits
) -> list[int]:
    """Returns the neurons that each node may have for copies: what its core has left, parted by what all want."""
    left = [limits.neurons_per_core for _ in range(homes.cores)]
    wants = [0 for _ in left]
    copies = [copies_of(plan, found) for plan, found in zip(plans, deliveries, strict=True)]
    for plan, core, wanted in zip(plans, homes.core, copies, strict=True):
        left[core] -= plan.neurons
        wants[core] += wanted
    return [
        left[core] if wanted == wants[core] else max(left[core], 0) * wanted // wants[core]
        for core, wanted in zip(homes.core, copies, strict=True)
    ]


def with_branches(plan: Plan, deliveries: tuple[Delivery, ...], free: int, limits: TrueNorthLimits) -> Plan:
    """The plan with its pool's own delivery, and branches for all others."""
    own = _pool_delivery(plan, deliveries)
    rest = [(end, delivery.neurons) for end, delivery in enumerate(deliveries) if delivery is not own]
    branches = plan_fan_out(plan.node.corelet, rest, free, limits.neurons_per_core)
    return replace(plan, branches=branches, pool_end=None if own is None else deliveries.index(own))
