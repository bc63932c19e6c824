"""Measures how much the state of the core at one step says of the next: information flux, and what it rests on.

Flux is the mutual information of binary states of successive steps (Krauss et al., Front. Comput. Neurosci. 13:64,
2019; Metzner et al., Neural Computation 36:351, 2024). A whole core has too many states to count: here it is the mean
over pairs of triplets of units, one at a step and one at the next. What such an estimate finds in any sequence of the
same length, it finds in one whose steps have been shuffled as well, which is taken off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.draws import stream
from neurocmc.literature.flux.network import SHUFFLES, TRIPLETS

PAIRS, UNITS = 100, 3
STATES = 2**UNITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Flux:
    """What was found of a sequence of states."""

    bits: float  # less those of the shuffled sequence
    shuffled_bits: float
    distinct: float  # different states of all units, a step: 1 where none returns, 0 where few alternate
    moving: float  # share of the units that are seen both above and below 1/2


def flux_of(activity: Float, seed: int) -> Flux:
    """Returns the flux of an activity.

    Args:
        activity: (steps, units), each in 0 to 1; a unit counts as on above 1/2.
        seed: Of the triplets, the same for all circuits of a seed, and of the shuffles.
    """
    on = np.asarray(activity > 0.5)
    triplets, shuffles = stream(seed, TRIPLETS), stream(seed, SHUFFLES)
    plain = shuffled = 0.0
    for _ in range(PAIRS):
        now = _states(on[:-1], triplets)
        later = _states(on[1:], triplets)
        plain += mutual_information(now, later)
        shuffled += mutual_information(now, shuffles.permutation(later))
    return Flux(
        bits=(plain - shuffled) / PAIRS,
        shuffled_bits=shuffled / PAIRS,
        distinct=len(np.unique(np.packbits(on, axis=1), axis=0)) / len(on),
        moving=float((on.any(axis=0) & ~on.all(axis=0)).mean()),
    )


def mean_flux(activity: Float, seed: int) -> Flux:
    """Returns the mean over the trials of an activity (trials, steps, units)."""
    return mean_of([flux_of(trial, seed) for trial in activity])


def mean_of(found: Sequence[Flux]) -> Flux:
    """Returns the mean of what was found of several sequences."""
    return Flux(
        bits=float(np.mean([one.bits for one in found])),
        shuffled_bits=float(np.mean([one.shuffled_bits for one in found])),
        distinct=float(np.mean([one.distinct for one in found])),
        moving=float(np.mean([one.moving for one in found])),
    )


def mutual_information(now: Int, later: Int) -> float:
    """Returns the mutual information in bits of two sequences of states, (steps,), each state in 0 to 7."""
    joint = np.bincount(STATES * now + later, minlength=STATES**2).reshape(STATES, STATES) / len(now)
    apart = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    seen = joint > 0
    return float((joint[seen] * np.log2(joint[seen] / apart[seen])).sum())


def _states(on: Bool, triplets: np.random.Generator) -> Int:
    """The states of three units that are drawn, as numbers."""
    drawn = triplets.choice(on.shape[1], UNITS, replace=False)
    return on[:, drawn] @ (1 << np.arange(UNITS))
