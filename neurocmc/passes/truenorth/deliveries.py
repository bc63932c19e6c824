"""Says which axons carry what: one delivery for all units of a core that hear a source alike.

They hear it alike that hear it through axons of one type, with one delay, and want as many of its neurons: a part of
a larger count, whose steps are finer, would have gaps between its own.

Units count the axon types they use from 0, the type of their own feedback; those are their own types. An axon has one
type for all who hear it, so each unit's types are mapped to types of its core: one to one, and the same for all units
but for those that hear a neighbour's ladder, whose axons have the type of that neighbour's feedback.
"""

from dataclasses import dataclass

from neurocmc.passes.truenorth.homes import Homes
from neurocmc.passes.truenorth.unit_plans import Plan

FEEDBACK = 0  # the type of a unit's own feedback, before it is mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Spikes of one source on axons of one core and type, for all units that hear them there."""

    source: int
    core: int
    kind: int  # of the axons
    delay_ticks: int  # by which they arrive later than in the next tick
    neurons: int  # of the source's count
    listeners: tuple[tuple[int, int], ...]  # nodes; of a whole pool or a ladder each may hear a part of the axons

    @property
    def first(self) -> int:
        """The first node that hears it."""
        return self.listeners[0][0]


def types_on_core(plans: list[Plan] | tuple[Plan, ...], homes: Homes, types: int) -> list[tuple[int, ...]]:
    """Returns for each node the type on its core of each of its own types."""
    found: list[tuple[int, ...]] = []
    for index, plan in enumerate(plans):
        mapped = list(range(types))
        if index in homes.hears:
            sources = [source.node for source in plan.node.sources]
            own = int(plan.fit.type_of[sources.index(homes.hears[index])]) + 1
            mapped[FEEDBACK], mapped[own] = mapped[own], mapped[FEEDBACK]
        found.append(tuple(mapped))
    return found


def deliveries_of(plans: list[Plan] | tuple[Plan, ...], homes: Homes, types: int) -> list[tuple[Delivery, ...]]:
    """Returns for each node what it must deliver, in the order of those who hear it."""
    mapped = types_on_core(plans, homes, types)
    heard: list[dict[tuple[int, int, int, int], list[tuple[int, int]]]] = [{} for _ in plans]
    for index, plan in enumerate(plans):
        for source, kind, axons in zip(
            plan.node.sources, plan.fit.type_of.tolist(), plan.fit.axons.tolist(), strict=True
        ):
            if axons:
                all_there = source.node in homes.whole or homes.hears.get(index) == source.node
                sent = plans[source.node].node.points.size if all_there else axons
                place = homes.core[index], mapped[index][kind + 1], source.delay_ticks, sent
                heard[source.node].setdefault(place, []).append((index, axons))
    return [
        tuple(
            Delivery(source=source, core=core, kind=kind, delay_ticks=delay, neurons=sent, listeners=tuple(listeners))
            for (core, kind, delay, sent), listeners in found.items()
        )
        for source, found in enumerate(heard)
    ]
