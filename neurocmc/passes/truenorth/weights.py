"""Chooses the few weights of a neuron, and how many neurons of each source reach it.

A synapse's strength is that of its axon's type, so a unit has a few weights s for all its sources; what source j adds
a tick is s times the number m_j of its neurons that have an axon. Wanted are amplitudes a_j [thresholds a tick] at a
scale L [LSB a threshold] that is free below its largest value. The optimisation, over L, the weights, the sources'
types and the m_j, is::

    minimise    max_j |s_type(j) m_j - L a_j| / max_j |L a_j|
    subject to  sum_j m_j <= axons,  fewest_j <= m_j <= most_j

Weights of one sign take the sources of that sign in contiguous groups of falling strength, which is optimal for a
maximum norm; L is searched on a grid, weights within a factor of the least the axons allow, since a larger weight
means fewer neurons a source and a coarser count. The minimum found is the `residual`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int
from neurocmc.common.jit import jit

SCALES = np.linspace(1.0, 0.75, 41)  # of the largest scale
SLACK = 1.3  # a weight may be that many times the least one
ROOM = 0.95  # of the axons at the largest weight, for the rounding of their numbers
BETTER = 0.98  # of a residual: a smaller gain is not worth a smaller scale


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightFit:
    """The solution: LSB a threshold, weights of the types, and for each source its type and its axons."""

    scale: float
    strength: tuple[int, ...]
    type_of: NDArray[np.int64]  # (sources,) index into `strength`
    axons: NDArray[np.int64]  # (sources,)
    residual: float

    def realised(self) -> Float:
        """Returns (sources,) amplitudes [thresholds a tick] as they came out."""
        strength = np.array([*self.strength, 0], dtype=np.float64)
        return strength[self.type_of] * self.axons / self.scale


def fit_weights(
    amplitude: Float,
    largest_scale: float,
    *,
    axons: int,
    fewest: Int,
    most: Int,
    types: int,
    largest_weight: int,
    scales: Float = SCALES,
) -> WeightFit | None:
    """Finds the best fit with `fewest` to `most` (sources,) neurons of each.

    None where the axons do not suffice for one neuron a source, a sign has no type, or no weight is large enough.
    """
    signs = [sign for sign in (1, -1) if (np.sign(amplitude) == sign).any()]
    if amplitude.size > axons or len(signs) > types:
        return None
    size = np.abs(amplitude)
    if size.size:  # no weight is large enough beyond these scales
        largest_scale = min(
            largest_scale,
            largest_weight * float((most / size).min()),
            ROOM * largest_weight * axons / float(size.sum()),
        )
    best: WeightFit | None = None
    for factor in scales:
        scale = largest_scale * float(factor)
        for shares in _type_shares(signs, types):
            found = _fit_at(amplitude, scale, shares, axons, (fewest, most), largest_weight)
            if found is not None and (best is None or found.residual < BETTER * best.residual):
                best = found
    return best


def _type_shares(signs: list[int], types: int) -> list[dict[int, int]]:
    """How many types each sign may have."""
    if len(signs) < 2:
        return [dict.fromkeys(signs, types)]
    return [{1: k, -1: types - k} for k in range(1, types)]


def _fit_at(
    amplitude: Float, scale: float, shares: dict[int, int], axons: int, bounds: tuple[Int, Int], largest_weight: int
) -> WeightFit | None:
    """The best types, weights and axons at one scale."""
    wanted, (fewest, most) = np.abs(amplitude) * scale, bounds
    least = _least_weight(wanted, axons, fewest, most)
    strength: list[int] = []
    type_of = np.zeros(amplitude.size, dtype=np.int64)
    for sign, types in shares.items():
        own = np.flatnonzero(np.sign(amplitude) == sign)
        own = own[np.argsort(-wanted[own], kind="stable")]
        ends, weights = _grouped(wanted[own], fewest[own], most[own], least, types, largest_weight)
        start = 0
        for end, weight in zip(ends.tolist(), weights.tolist(), strict=True):
            if end > start:
                type_of[own[start:end]] = len(strength)
                strength.append(sign * weight)
            start = end
    size = np.abs(np.array([*strength, 1]))[type_of]
    chosen = np.clip(np.rint(wanted / size), fewest, most).astype(np.int64)
    if chosen.sum() > axons or least > largest_weight:
        return None
    residual = float((np.abs(chosen * size - wanted) / max(wanted.max(initial=0.0), 1e-300)).max(initial=0.0))
    return WeightFit(scale=scale, strength=tuple(strength), type_of=type_of, axons=chosen, residual=residual)


@jit()
def _least_weight(wanted: Float, axons: int, fewest: Int, most: Int) -> int:
    """The smallest weight at which all sources together fit the axons."""
    low, high = 1, 1
    for amplitude in wanted:
        high = max(high, int(np.ceil(amplitude)))
    while low < high:
        middle = (low + high) // 2
        total = 0.0
        for j in range(wanted.size):
            total += max(min(np.rint(wanted[j] / middle), float(most[j])), float(fewest[j]))
        if total <= axons:
            high = middle
        else:
            low = middle + 1
    return low


@jit()
def _grouped(wanted: Float, fewest: Int, most: Int, least: int, types: int, largest_weight: int) -> tuple[Int, Int]:
    """Ends and weights of at most `types` contiguous groups, strongest sources first, with the least worst error.

    Dynamic programming over where groups end; cost[k, j] is the least worst error of the first j sources in k groups.
    """
    count = wanted.size
    cost = np.full((types + 1, count + 1), np.inf)
    cost[0, 0] = 0.0
    came = np.zeros((types + 1, count + 1), dtype=np.int64)
    used = np.ones((types + 1, count + 1), dtype=np.int64)
    for end in range(1, count + 1):
        for start in range(end):
            part = slice(start, end)
            weight, error = _best_weight(wanted[part], fewest[part], most[part], least, largest_weight)
            for groups in range(types):
                worst = max(cost[groups, start], error)
                if worst < 0.999 * cost[groups + 1, end]:
                    cost[groups + 1, end], came[groups + 1, end], used[groups + 1, end] = worst, start, weight
    groups = 1
    for k in range(2, types + 1):
        if cost[k, count] < 0.999 * cost[groups, count]:
            groups = k
    ends, weights = np.zeros(groups, dtype=np.int64), np.ones(groups, dtype=np.int64)
    end = count
    for k in range(groups, 0, -1):
        ends[k - 1], weights[k - 1] = end, used[k, end]
        end = came[k, end]
    return ends, weights


@jit()
def _best_weight(wanted: Float, fewest: Int, most: Int, least: int, largest_weight: int) -> tuple[int, float]:
    """The weight, and its worst error, that suits a group best."""
    start = max(least, 1)
    for j in range(wanted.size):
        start = max(start, int(np.rint(wanted[j] / most[j])))
    start = min(start, largest_weight)
    stop = min(max(int(np.ceil(start * SLACK)), start + 1), largest_weight)
    best, error = start, np.inf
    for weight in range(start, stop + 1):
        worst = 0.0
        for j in range(wanted.size):
            neurons = max(min(np.rint(wanted[j] / weight), float(most[j])), float(fewest[j]))
            worst = max(worst, abs(neurons * weight - wanted[j]))
        if worst < error:
            best, error = weight, worst
    return best, error
