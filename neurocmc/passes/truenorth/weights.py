"""Chooses the few weights of a neuron, and how many neurons of each source reach it.

A synapse's strength is that of its axon's type, so a unit has a few weights s for all its sources; what source j adds
a tick is s times the number m_j of its neurons that have an axon. Wanted are amplitudes a_j [thresholds a tick] at a
scale L [LSB a threshold] that is free below its largest value. The optimisation, over L, the weights, the sources'
types and the m_j, is::

    minimise    max_j |s_type(j) m_j - L a_j|  over  max_j |L a_j|
    subject to  sum_j m_j <= axons,  fewest_j <= m_j <= most_j

Weights of one sign take the sources of that sign in contiguous groups of falling strength, which is optimal for a
maximum norm; L is searched on a grid, weights within a factor of the least the axons allow, since a larger weight
means fewer neurons a source and a coarser count. The minimum found is the `residual`.

*Counted* fits also look at what rounding of counts does, where trials are too short for counts to move on:

    minimise    sum_j (s_type(j) m_j - L a_j)^2 + s_type(j)^2 / 12      over  max_j (L a_j)^2

Groups of which a source would be counted by a few neurons then get smaller weights, where axons are left, and the
strongest sources that take away may share the type of the unit's own leak, whose weight is given, and leave the
others to weaker ones. That takes more axons, and so more cores.
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
COUNTING = 1.0 / 12.0  # of a squared weight: the mean square by which rounding to whole neurons is off
ENOUGH = 12  # neurons of a source, that count finely enough: more would cost cores
ON_LEAK = 2  # sources at most that share the type of the leak
LEAK_TYPE = -1  # index of that type


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightFit:
    """The solution: LSB a threshold, weights of the types, and for each source its type and its axons."""

    scale: float
    strength: tuple[int, ...]
    type_of: NDArray[np.int64]  # (sources,) index into `strength`, or LEAK_TYPE
    axons: NDArray[np.int64]  # (sources,)
    residual: float  # the largest error over the largest amplitude
    loss: float  # what was minimised
    leak_strength: int = 0  # of a spike on the type of the leak

    @property
    def on_leak(self) -> bool:
        """Whether a source shares the type of the leak."""
        return bool((self.type_of == LEAK_TYPE).any())

    def realised(self) -> Float:
        """Returns (sources,) amplitudes [thresholds a tick] as they came out."""
        strength = np.array([*self.strength, self.leak_strength], dtype=np.float64)
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
    leak_weight: int = 0,
) -> WeightFit | None:
    """Finds the best fit with `fewest` to `most` (sources,) neurons of each.

    With a `leak_weight` the fit is a counted one. None where the axons do not suffice for one neuron a source, a sign
    has no type, or no weight is large enough.
    """
    taking = np.argsort(np.where(amplitude < 0, amplitude, np.inf), kind="stable")[: int((amplitude < 0).sum())]
    if amplitude.size > axons or len(_signs_left(amplitude, taking)) > types:
        return None
    size, limits = np.abs(amplitude), _Limits(axons, fewest, most, largest_weight, leak_weight > 0)
    shared = range(min(ON_LEAK, taking.size) + 1 if leak_weight else 1)
    if size.size:  # no weight is large enough beyond these scales
        largest_scale = min(
            largest_scale,
            largest_weight * float(np.where(most > 0, most / size, np.inf).min()),
            ROOM * largest_weight * axons / float(size.sum()),
        )
    best: WeightFit | None = None
    for factor in scales:
        for count in shared:
            on_leak = _OnLeak(taking[:count], leak_weight)
            for shares in _type_shares(_signs_left(amplitude, taking[count:]), types):
                found = _fit_at(amplitude, largest_scale * float(factor), shares, limits, on_leak)
                if found is not None and (best is None or found.loss < BETTER * best.loss):
                    best = found
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Limits:
    """What there is of axons, of each source's neurons, and of a weight."""

    axons: int
    fewest: Int
    most: Int
    largest_weight: int
    counted: bool


@dataclass(frozen=True, slots=True, eq=False)
class _OnLeak:
    """Sources that share the type of the leak, and its weight."""

    sources: Int
    weight: int


def _signs_left(amplitude: Float, taking: Int) -> list[int]:
    """The signs of sources that need types of their own."""
    return [*([1] if (amplitude > 0).any() else []), *([-1] if taking.size else [])]


def _type_shares(signs: list[int], types: int) -> list[dict[int, int]]:
    """How many types each sign may have."""
    if len(signs) < 2:
        return [dict.fromkeys(signs, types)]
    return [{1: k, -1: types - k} for k in range(1, types)]


def _fit_at(
    amplitude: Float, scale: float, shares: dict[int, int], limits: _Limits, on_leak: _OnLeak
) -> WeightFit | None:
    """The best types, weights and axons at one scale."""
    wanted, fewest, most = np.abs(amplitude) * scale, limits.fewest, limits.most
    type_of, size = np.zeros(amplitude.size, dtype=np.int64), np.ones(amplitude.size)
    type_of[on_leak.sources], size[on_leak.sources] = LEAK_TYPE, max(on_leak.weight, 1)
    chosen = np.clip(np.rint(wanted / size), fewest, most).astype(np.int64)
    rest = np.flatnonzero(type_of != LEAK_TYPE)
    left = limits.axons - int(chosen[on_leak.sources].sum())
    if left < rest.size:
        return None
    least = _least_weight(wanted[rest], left, fewest[rest], most[rest])
    strength: list[int] = []
    for sign, types in shares.items():
        own = rest[np.sign(amplitude[rest]) == sign]
        own = own[np.argsort(-wanted[own], kind="stable")]
        if not own.size:
            continue
        ends, weights = _grouped(
            wanted[own], fewest[own], most[own], least, types, limits.largest_weight, limits.counted
        )
        start = 0
        for end, weight in zip(ends.tolist(), weights.tolist(), strict=True):
            if end > start:
                type_of[own[start:end]], size[own[start:end]] = len(strength), weight
                strength.append(sign * weight)
            start = end
    chosen = np.clip(np.rint(wanted / size), fewest, most).astype(np.int64)
    if chosen.sum() > limits.axons or least > limits.largest_weight:
        return None
    if limits.counted:
        _refine(wanted, type_of, size, chosen, strength, limits)
    off, largest = np.abs(chosen * size - wanted), max(float(wanted.max(initial=0.0)), 1e-300)
    residual = float(off.max(initial=0.0)) / largest
    return WeightFit(
        scale=scale,
        strength=tuple(strength),
        type_of=type_of,
        axons=chosen,
        residual=residual,
        loss=float(np.sqrt(_counted_loss(wanted, size, chosen))) / largest if limits.counted else residual,
        leak_strength=-on_leak.weight,
    )


def _refine(wanted: Float, type_of: Int, size: Float, chosen: Int, strength: list[int], limits: _Limits) -> None:
    """Gives groups that are counted coarsely smaller weights, the weakest first, as far as axons are left."""
    for group in sorted(range(len(strength)), key=lambda index: abs(strength[index])):
        own = np.flatnonzero(type_of == group)
        spare = limits.axons - int(chosen.sum()) + int(chosen[own].sum())
        least = _counted_loss(wanted[own], size[own], chosen[own])
        for weight in range(abs(strength[group]) - 1, 0, -1):
            if chosen[own].min() >= ENOUGH:
                break
            axons = np.clip(np.rint(wanted[own] / weight), limits.fewest[own], limits.most[own]).astype(np.int64)
            if axons.sum() > spare:
                break
            loss = _counted_loss(wanted[own], np.full(own.size, float(weight)), axons)
            if loss < least:
                least, chosen[own], size[own] = loss, axons, weight
                strength[group] = weight if strength[group] > 0 else -weight


def _counted_loss(wanted: Float, size: Float, axons: Int) -> float:
    """The sum of squared errors of sources [LSB], and of what rounding their counts costs."""
    return float(((axons * size - wanted) ** 2 + COUNTING * size**2).sum())


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
def _grouped(
    wanted: Float, fewest: Int, most: Int, least: int, types: int, largest_weight: int, counted: bool
) -> tuple[Int, Int]:
    """Ends and weights of at most `types` contiguous groups, strongest sources first, with the least loss.

    Dynamic programming over where groups end; cost[k, j] is the least loss of the first j sources in k groups.
    """
    count = wanted.size
    cost = np.full((types + 1, count + 1), np.inf)
    cost[0, 0] = 0.0
    came = np.zeros((types + 1, count + 1), dtype=np.int64)
    used = np.ones((types + 1, count + 1), dtype=np.int64)
    for end in range(1, count + 1):
        for start in range(end):
            part = slice(start, end)
            weight, error = _best_weight(wanted[part], fewest[part], most[part], least, largest_weight, counted)
            for groups in range(types):
                total = cost[groups, start] + error if counted else max(cost[groups, start], error)
                if total < 0.999 * cost[groups + 1, end]:
                    cost[groups + 1, end], came[groups + 1, end], used[groups + 1, end] = total, start, weight
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
def _best_weight(
    wanted: Float, fewest: Int, most: Int, least: int, largest_weight: int, counted: bool
) -> tuple[int, float]:
    """The weight, and its loss, that suits a group best."""
    start = max(least, 1)
    for j in range(wanted.size):
        start = max(start, int(np.rint(wanted[j] / max(most[j], 1))))
    start = min(start, largest_weight)
    stop = min(max(int(np.ceil(start * SLACK)), start + 1), largest_weight)
    best, error = start, np.inf
    for weight in range(start, stop + 1):
        total = 0.0
        for j in range(wanted.size):
            neurons = max(min(np.rint(wanted[j] / weight), float(most[j])), float(fewest[j]))
            off = abs(neurons * weight - wanted[j])
            total = total + off**2 + COUNTING * weight**2 if counted else max(total, off)
        if total < error:
            best, error = weight, total
    return best, error
