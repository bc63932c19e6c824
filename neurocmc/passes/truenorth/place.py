"""Gives every core a coordinate on the grid, so that spikes have short ways."""

import heapq

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.phrases import SMALLER
from neurocmc.targets import TrueNorthLimits


def place_cores(name: str, traffic: list[dict[int, int]], limits: TrueNorthLimits) -> NDArray[np.int64]:
    """Returns (cores, 2) column and row; `traffic[i]` is target core -> neurons of core i that reach it.

    Cores are taken in the order in which they are most tied to those taken before, and laid out along a Hilbert
    curve, which keeps what is close in order close on the grid. Raises InfeasibleError where the grid is too small.
    """
    count = len(traffic)
    if count > limits.cores:
        what = f"{count:,} cores, limit {limits.cores:,} ({limits.columns} x {limits.rows})"
        raise InfeasibleError(Problem("cores-beyond-chip", f"circuit {name}", what, SMALLER))
    side = 1
    while side * side < count:
        side *= 2
    if side > min(limits.columns, limits.rows):
        where = np.arange(count)
        spots = np.stack([where % limits.columns, where // limits.columns], axis=1)
    else:
        spots = np.array([_hilbert(step, side) for step in range(count)])
    coordinates = np.zeros((count, 2), dtype=np.int64)
    coordinates[_tied_order(traffic)] = spots
    return coordinates


def _tied_order(traffic: list[dict[int, int]]) -> list[int]:
    """Greedy order: next comes the core with most neurons to and from those already taken; ties to the first."""
    count = len(traffic)
    tie = [0] * count
    into: list[dict[int, int]] = [{} for _ in traffic]
    for source, targets in enumerate(traffic):
        for target, neurons in targets.items():
            into[target][source] = neurons
    free = [True] * count
    order: list[int] = []
    heap = [(0, core) for core in range(count)]
    while heap:
        strength, chosen = heapq.heappop(heap)
        if not free[chosen] or -strength != tie[chosen]:
            continue
        free[chosen] = False
        order.append(chosen)
        for other, neurons in (*traffic[chosen].items(), *into[chosen].items()):
            tie[other] += neurons
            if free[other]:
                heapq.heappush(heap, (-tie[other], other))
    return order


def _hilbert(step: int, side: int) -> tuple[int, int]:
    """The point of a Hilbert curve through a square of side 2^k after so many steps."""
    x = y = 0
    size = 1
    while size < side:
        right, up = 1 & (step // 2), 1 & (step ^ (step // 2))
        if not up:
            if right:
                x, y = size - 1 - x, size - 1 - y
            x, y = y, x
        x, y = x + size * right, y + size * up
        step //= 4
        size *= 2
    return x, y
