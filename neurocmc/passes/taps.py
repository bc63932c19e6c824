"""Finds delayed parts of a spike that, behind a neuron's one filter, do what another kernel would.

A neuron has one first-order filter, and synapses that may be late. What a spike is wanted to do in its target may be
something else: act through a second-order kernel, or a slower filter, or be spread over the ticks for which a code
lets it stand. Shares of the weight that arrive one after the other through the filter that is there come close to it:
six of them to within a fiftieth of a critically damped kernel's step response, without a relay and its neurons.

The response to a *step* is fitted, by non-negative least squares with the shares adding up to 1: activities are slow,
so it is the response to a lasting change that must be right, and the gain exactly. (Fitted to impulses instead, six
taps leave ten times the error in a canonical microcircuit.) Delays are found by adding one after the other and then
exchanging each for a better one; as few are taken as keep the response within `TOLERANCE`.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple, cast

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.spiking import Tap

TOLERANCE = 0.02  # of a step, by which no moment of the response may be off
MOST = 8  # taps, however far they are off then
SETTLED = 0.998  # of a step, beyond which no tap is looked for
UNIT_SUM = 30.0  # the weight of the condition that shares add up to 1, beside the response in each tick


class Response(NamedTuple):
    """A low-pass filter in whole ticks: what it keeps of itself in a tick, and its order."""

    keep: float
    order: Literal[1, 2]

    def impulse(self, ticks: int) -> Float:
        """Returns (ticks,) what a spike of tick -1 does; a second stage takes the first as it was a tick ago."""
        tick, keep = np.arange(ticks, dtype=np.float64), self.keep
        if self.order == 1:
            return (1.0 - keep) * keep**tick
        return (1.0 - keep) ** 2 * tick * keep ** np.maximum(tick - 1, 0)


@lru_cache(maxsize=256)
def taps_for(kernel: tuple[float, ...], wanted: Response, own: Response, latest: int | None) -> tuple[Tap, ...]:
    """Returns the taps with which the filter `own` answers as `wanted` does to spikes spread by `kernel`.

    `kernel` are shares that add up to 1; `latest` is the longest delay there is. Returns no tap where there is
    nothing to approximate, and the kernel itself where it is short and the filters are the same.
    """
    if wanted == own and len(kernel) == 1:
        return ()
    if wanted == own and len(kernel) <= 2:
        return tuple(Tap(delay_ticks=late, share=share) for late, share in enumerate(kernel))
    step = _step(kernel, wanted)
    last = int(np.searchsorted(step, SETTLED))
    candidates = range(min(last, last if latest is None else latest) + 1)
    alone = np.stack([_late(np.cumsum(own.impulse(step.size)), late) for late in candidates], axis=1)
    chosen: tuple[int, ...] = ()
    for _ in range(min(MOST, len(candidates))):
        chosen = _exchanged(alone, step, _with_another(alone, step, chosen))
        shares = _shares(alone, step, chosen)
        if np.abs(alone[:, chosen] @ shares - step).max() <= TOLERANCE:
            break
    return _normalised(chosen, _shares(alone, step, chosen))


def tapped_error(kernel: tuple[float, ...], wanted: Response, own: Response, arrivals: Sequence[Tap]) -> float:
    """Returns the largest error of the response to a step, as a share of the step."""
    step = _step(kernel, wanted)
    alone = np.cumsum(own.impulse(step.size))
    got = sum((tap.share * _late(alone, min(tap.delay_ticks, step.size)) for tap in arrivals), np.zeros(step.size))
    return float(np.abs(got - step).max())


def _step(kernel: tuple[float, ...], wanted: Response) -> Float:
    """The wanted response to a step, until it has settled."""
    ticks = 64
    while True:
        spread = np.convolve(kernel, np.cumsum(wanted.impulse(ticks)))[:ticks]
        if spread[-1] >= SETTLED or ticks >= 4096:
            return cast(Float, spread)
        ticks *= 2


def _late(step: Float, ticks: int) -> Float:
    return np.concatenate([np.zeros(ticks), step[: step.size - ticks]])


def _shares(alone: Float, step: Float, chosen: Sequence[int]) -> Float:
    from scipy.optimize import nnls  # here and not above: most circuits have no taps, and need not wait for it

    system = np.vstack([alone[:, chosen], np.full((1, len(chosen)), UNIT_SUM)])
    return cast(Float, nnls(system, np.append(step, UNIT_SUM))[0])


def _error(alone: Float, step: Float, chosen: Sequence[int]) -> float:
    return float(np.sum((alone[:, chosen] @ _shares(alone, step, chosen) - step) ** 2))


def _with_another(alone: Float, step: Float, chosen: tuple[int, ...]) -> tuple[int, ...]:
    free = (late for late in range(alone.shape[1]) if late not in chosen)
    return min((tuple(sorted((*chosen, late))) for late in free), key=lambda taps: _error(alone, step, taps))


def _exchanged(alone: Float, step: Float, chosen: tuple[int, ...]) -> tuple[int, ...]:
    """The taps after each was moved by a tick as long as that helps."""
    best, improved = _error(alone, step, chosen), True
    while improved:
        improved = False
        for index, by in product(range(len(chosen)), (-1, 1)):
            late = chosen[index] + by
            if late in chosen or not 0 <= late < alone.shape[1]:
                continue
            moved = tuple(sorted((*chosen[:index], late, *chosen[index + 1 :])))
            if (error := _error(alone, step, moved)) < best * (1.0 - 1e-6):
                chosen, best, improved = moved, error, True
    return chosen


def _normalised(chosen: Sequence[int], shares: Float) -> tuple[Tap, ...]:
    total = float(shares.sum())
    kept = [(late, float(share) / total) for late, share in zip(chosen, shares, strict=True) if share > 0]
    return tuple(Tap(delay_ticks=late, share=share) for late, share in kept)
