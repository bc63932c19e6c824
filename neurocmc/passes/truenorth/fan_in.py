"""Puts partial sums, as a tree, before a unit with more sources than its axons can tell apart.

A partial sum is a node without memory: what it counts it takes from its potential, and the rounding stays for the
next tick, so nothing is lost but one tick. Sources of one sign share a sum, which is then never negative and needs
no constant drive; the sign is given where the sum arrives. All sums of a unit have one scale and count in as many
steps as their axons on the unit's core, so that one strength serves all of them, and counts are hardly thinned.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from neurocmc.passes.truenorth.graph import Node, Source

LEAST_AXONS = 12  # neurons a source should have on a unit's core: with fewer, its count is too coarse
ROOT_SHARE = 0.6  # of the axons of a unit's core, for the sums that reach it
SUM_AXONS = 20  # and on the core of a sum, which exists for nothing else


def with_fan_in_trees(nodes: tuple[Node, ...], axons: int, neurons: int) -> tuple[Node, ...]:
    """Returns the same units with partial sums, so that no node has more than axons / LEAST_AXONS sources."""
    most = max(axons // LEAST_AXONS, 2)
    grown, sums = list(nodes), list[Node]()
    for index, node in enumerate(nodes):
        depth = 0
        while len(grown[index].sources) > most:
            groups = _groups(grown[index].sources, max(axons // SUM_AXONS, 2))
            levels = max(min(neurons, int(ROOT_SHARE * axons) // len(groups)), 2)
            whole = max(sum(abs(source.amplitude) for source in group) for group in groups)
            kept: list[Source] = []
            for number, group in enumerate(groups):
                sums.append(_sum_of(f"{node.corelet}/sum{depth}.{number}", group, whole, levels))
                sign = float(np.sign(group[0].amplitude))
                kept.append(Source(node=len(nodes) + len(sums) - 1, amplitude=sign * whole, standing=sums[-1].fires))
            grown[index] = replace(grown[index], sources=tuple(kept))
            depth += 1
    return (*grown, *sums)


def _groups(sources: tuple[Source, ...], most: int) -> list[list[Source]]:
    """Sources in as few groups of one sign and about equal strength as there must be."""
    groups: list[list[Source]] = []
    for sign in (1, -1):
        own = sorted((s for s in sources if s.amplitude * sign > 0), key=lambda s: (-abs(s.amplitude), s.node))
        count = -(-len(own) // most)
        ends = [len(own) * k // count for k in range(count + 1)] if own else []
        groups += [own[start:stop] for start, stop in pairwise(ends)]
    return groups


def _sum_of(corelet: str, group: list[Source], whole: float, levels: int) -> Node:
    """The node that counts what a group of sources adds a tick, in `levels` equal steps up to `whole`.

    It begins with what its sources sent before the first tick.
    """
    standing = sum(abs(source.amplitude) * source.standing for source in group) / whole
    return Node(
        corelet=corelet,
        population="",
        unit=0,
        keep=0.0,
        low=0.0,
        high=whole,
        least=0.0,
        greatest=whole,
        points=(np.arange(levels) + 1.0) * whole / levels,
        start=standing * whole,
        fires=standing,
        sources=tuple(replace(source, amplitude=abs(source.amplitude)) for source in group),
        drives=(),
        on_bus=False,
    )
