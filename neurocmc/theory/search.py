"""Searches the states that networks of one shape have under a drive: all of them where they are few, else by runs.

Up to `pieces` guesses of which units are active all are tried, and the list of fixed points is complete (but for
whole lines of them, where a matrix is singular). Beyond, stable ones are searched for: from every unit alone, every
pair that excites, and every input channel pulsed, each at several strengths; a list found so may miss some, and says
so. Where there is no room for all starts, every unit is started at one strength before any is at another.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.theory.active_sets import candidates, guesses
from neurocmc.theory.settling import all_reached, settle
from neurocmc.theory.stack import FixedPoint, Stack, pieces_of, solved_at
from neurocmc.theory.steps import may_run_away, stepped

PIECES = 1 << 16
LADDER = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # strengths of a start, in units of the network's largest threshold
PULSE_TAUS = 5.0
FIRST = (3, 1, 5, 2, 4, 0)  # the strengths in the order in which they are tried where not all can be
ELEMENTS = 1 << 20  # filters of all starts and pulses of a network together


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixedPoints:
    """The fixed points that were found, and whether these are all."""

    points: tuple[FixedPoint, ...]
    complete: bool
    how: str

    @property
    def stable(self) -> tuple[FixedPoint, ...]:
        return tuple(point for point in self.points if point.stable)


def states_under(
    stack: Stack,
    drive: Float,
    channels: Float,
    pieces: int = PIECES,
    *,
    stable: bool = False,
    elements: int = ELEMENTS,
) -> list[FixedPoints]:
    """Finds fixed points of each network at its drive (networks, units), with `stable` only those that are.

    `channels` (networks, channels, units) are the drives that are pulsed where they are searched for, and `elements`
    how many filters all starts and pulses of a network may have then.
    """
    count = guesses(stack)
    if count <= pieces:
        points = _all(stack, drive, stable=stable)
        return [FixedPoints(points=tuple(p), complete=True, how=f"all {int(count):,} active sets") for p in points]
    points, starts, pulses = _searched(stack, drive, channels, elements)
    how = f"searched from {starts} starts and {pulses} pulses; {count:.3g} active sets are too many"
    return [FixedPoints(points=tuple(p), complete=False, how=how) for p in points]


def without_full(stack: Stack, drive: Float) -> list[list[FixedPoint]]:
    """Finds all stable fixed points of each network in which no unit is at its ceiling."""
    return _all(stack, drive, stable=True, with_full=False)


def from_silence(stack: Stack, drive: Float) -> list[list[FixedPoint | None]]:
    """Returns where silence leads to under each drive (networks, trials, units); None where it does not settle."""
    return all_reached(stack, np.zeros((stack.networks, drive.shape[1], stack.source.size)), drive)


def _all(stack: Stack, drive: Float, *, stable: bool, with_full: bool = True) -> list[list[FixedPoint]]:
    found: list[list[FixedPoint]] = [[] for _ in range(stack.networks)]
    for which, piece in candidates(stack, drive, with_full=with_full):
        for network, point in zip(which, solved_at(stack, which, drive[which], piece, stable=stable), strict=True):
            if point is not None:
                found[network].append(point)
    return found


def _searched(stack: Stack, drive: Float, channels: Float, elements: int) -> tuple[list[list[FixedPoint]], str, str]:
    """The stable states that runs from starts and pulses end in, and how many of which were run."""
    most = max(elements // (2 * max(stack.source.size, 1)), len(LADDER))
    starts, all_starts = _starts(stack, most)
    pulses, all_pulses = _pulsed(stack, drive, channels, most)
    ends, settled = settle(stack, np.concatenate([starts, pulses], axis=1), drive[:, None])
    network, trial = np.nonzero(settled)
    with may_run_away():
        pieces = pieces_of(stack, ends, drive[:, None])[network, trial]
    found: list[list[FixedPoint]] = [[] for _ in range(stack.networks)]
    guess = np.unique(np.column_stack([network, pieces]), axis=0)
    which, piece = guess[:, 0], guess[:, 1:]
    for each, point in zip(which, solved_at(stack, which, drive[which], piece, stable=True), strict=True):
        if point is not None:
            found[each].append(point)
    return found, _of(starts.shape[1], all_starts), _of(pulses.shape[1], all_pulses)


def _of(run: int, count: int) -> str:
    return f"{run:,}" if run == count else f"{run:,} of {count:,}"


def typical_drives(stack: Stack) -> Float:
    """Returns (networks,) the scale of starts and pulses: the largest threshold, or 1 where there is none."""
    largest = np.abs(stack.threshold).max(axis=1, initial=0.0)
    return np.where(largest > 0, largest, 1.0)


def _starts(stack: Stack, most: int) -> tuple[Float, int]:
    """(networks, starts, filters) silence, each unit alone and each pair that excites, at several strengths."""
    excite = ~stack.inhibitory
    single = np.flatnonzero(excite.any(axis=0))
    joined = (stack.total > 0) & excite[:, :, None] & excite[:, None, :]
    pairs = np.argwhere(np.triu((joined | joined.transpose(0, 2, 1)).any(axis=0), 1))
    members = np.concatenate([np.column_stack([single, single]), pairs]).astype(np.int64)
    count = len(members) * len(LADDER)
    chosen = _chosen(len(members), most - 1)
    member, strength = members[chosen // len(LADDER)], np.array(LADDER)[chosen % len(LADDER)]
    level = strength * typical_drives(stack)[:, None]
    rows = np.zeros((stack.networks, 1 + len(chosen), stack.units))
    for unit in member.T:
        rows[:, np.arange(1, len(rows[0])), unit] = np.minimum(level, stack.ceiling[:, unit])
    return rows[..., stack.source], 1 + count


def _chosen(members: int, most: int) -> Int:
    """Indices of members at each strength, of `most` of them at most."""
    by_strength = [member * len(LADDER) + strength for strength in FIRST for member in range(members)]
    return np.sort(np.array(by_strength[: max(most, 0)], dtype=np.int64))


def _pulsed(stack: Stack, drive: Float, channels: Float, most: int) -> tuple[Float, int]:
    """(networks, pulses, filters) after a pulse on each input channel at several strengths, from silence."""
    count = channels.shape[1] * len(LADDER)
    chosen = _chosen(channels.shape[1], most)
    silence = np.zeros((stack.networks, len(chosen), stack.source.size))
    if not chosen.size:
        return silence, count
    strength = np.array(LADDER)[chosen % len(LADDER)] * typical_drives(stack)[:, None]
    pulses = strength[:, :, None] * channels[:, chosen // len(LADDER)] + drive[:, None]
    steps = round(PULSE_TAUS * float(stack.tau_s.max(initial=stack.dt_s)) / stack.dt_s)
    weight = (stack.gain[:, :, None] * stack.weight)[:, stack.source]
    constant = (stack.gain[:, None] * (pulses - stack.threshold[:, None]))[..., stack.source]
    ends = stepped(
        weight,
        constant.transpose(0, 2, 1),
        stack.keep[:, None],
        stack.ceiling[:, stack.source, None],
        silence.transpose(0, 2, 1),
        steps,
    )
    return ends.transpose(0, 2, 1), count
