"""Finds permitted and forbidden sets: which excitatory units can, and which cannot, be active together and stay so.

A set is permitted if some constant drive gives a stable state in which exactly its units are active, with the
inhibition that they excite awake; otherwise it is forbidden (Hahnloser, Seung & Slotine 2003, Neural Computation
15:621). Since a drive can be found that makes any set consistent, only the stability of the step around it counts,
and that of the rate circuit's own step is what is judged. In a symmetric network every subset of a permitted set is
permitted; with inhibitory units of their own that is not a law, so small circuits are enumerated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from neurocmc.common.arrays import Bool, Int
from neurocmc.theory.linear_threshold import LinearThreshold

ENUMERATED_UNITS = 12  # excitatory units up to which all 2^n sets are judged; the caller may ask for more
GROWN_SETS = 20_000
_BATCH = 2048

Units = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermittedSets:
    """Sets of excitatory units, as indices, and those at the border between permitted and forbidden."""

    permitted: tuple[Units, ...]
    largest_permitted: tuple[Units, ...]  # no unit can be added
    smallest_forbidden: tuple[Units, ...]  # no proper subset is forbidden
    complete: bool
    how: str


def permitted_sets(network: LinearThreshold, units: int = ENUMERATED_UNITS) -> PermittedSets:
    """Judges all sets of up to `units` excitatory units; of more, those whose every subset is permitted."""
    excite = [int(i) for i in np.flatnonzero(~network.inhibitory)]
    if len(excite) <= units:
        sets = [s for size in range(1, len(excite) + 1) for s in combinations(excite, size)]
        good = set(_stable_of(network, sets))
        forbidden = _minimal([s for s in sets if s not in good])
        return _answer(good, forbidden, complete=True, how=f"all {len(sets):,} sets of {len(excite)} units")
    good, forbidden, whole = _grown(network, excite)
    how = f"grown from single units, {len(good) + len(forbidden):,} sets judged" + ("" if whole else ", then stopped")
    return _answer(good, forbidden, complete=False, how=how)


def is_permitted(network: LinearThreshold, units: Sequence[int]) -> bool:
    """Whether exactly these excitatory units can stand together."""
    return bool(_stable_of(network, [tuple(units)]))


def awake_with(network: LinearThreshold, units: Sequence[int]) -> Bool:
    """Returns (units,) the set and the inhibition that it excites, itself or through other inhibitory units."""
    awake = np.zeros(network.size, dtype=np.bool_)
    awake[list(units)] = True
    excited = (network.total_weight[:, awake] > 0).any(axis=1)
    return np.logical_or(awake, np.logical_and(network.inhibitory, excited))


def _answer(good: set[Units], forbidden: Sequence[Units], *, complete: bool, how: str) -> PermittedSets:
    ordered = tuple(sorted(good, key=lambda s: (len(s), s)))
    largest = tuple(s for s in ordered if not any(set(s) < set(other) for other in ordered))
    return PermittedSets(
        permitted=ordered,
        largest_permitted=largest,
        smallest_forbidden=tuple(sorted(forbidden, key=lambda s: (len(s), s))),
        complete=complete,
        how=how,
    )


def _minimal(sets: Sequence[Units]) -> list[Units]:
    """Those that contain none of the others; `sets` come by rising size."""
    kept: list[Units] = []
    for candidate in sets:
        if not any(set(other) <= set(candidate) for other in kept):
            kept.append(candidate)
    return kept


def _grown(network: LinearThreshold, excite: Sequence[int]) -> tuple[set[Units], list[Units], bool]:
    """Sets judged size by size, each only if all its subsets of one unit less are permitted."""
    level: list[Units] = [(unit,) for unit in excite]
    good: set[Units] = set()
    forbidden: list[Units] = []
    while level and len(good) + len(forbidden) < GROWN_SETS:
        stands = set(_stable_of(network, level))
        forbidden += [s for s in level if s not in stands]
        good |= stands
        level = [
            (*s, unit)
            for s in sorted(stands)
            for unit in excite
            if unit > s[-1] and all((*s[:i], *s[i + 1 :], unit) in stands for i in range(len(s)))
        ]
    return good, forbidden, not level


def _stable_of(network: LinearThreshold, sets: Sequence[Units]) -> list[Units]:
    """Those of the sets around which the step is stable."""
    keep, source = network.keep, network.source
    gain = ((1.0 - keep)[:, None]) * (network.gain[:, None] * network.full_weight)[source]
    found: list[Units] = []
    for start in range(0, len(sets), _BATCH):
        batch = sets[start : start + _BATCH]
        awake = np.stack([awake_with(network, s) for s in batch])[:, source]
        radius = _radius(np.diag(keep) + awake[:, :, None] * gain)
        found += [s for s, r in zip(batch, radius, strict=True) if r < 1.0]
    return found


def _radius(steps: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    return np.abs(np.linalg.eigvals(steps)).max(axis=1, initial=0.0)


def named(network: LinearThreshold, units: Sequence[int] | Int) -> str:
    """Returns the names of units, in one text."""
    return " ".join(network.units[int(i)] for i in units)
