"""Judges the states of all kinds of blocks, as trained and as rounded; kinds of one shape side by side.

Of every kind: its up-states and its winners (`certificate` says what these are), what each of them is as rounded, and
the up-states that only the rounded blocks have. Runs are of many kinds, all channels and all starts at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.matrices import full
from neurocmc.theory.active_sets import guesses
from neurocmc.theory.blocks import Kind
from neurocmc.theory.linear_threshold import LinearThreshold
from neurocmc.theory.search import ELEMENTS, LADDER, PIECES, FixedPoints, from_silence, states_under, without_full
from neurocmc.theory.settling import SPARSE_FILTERS, all_reached
from neurocmc.theory.stack import AT_ONCE, FULL, LINEAR, SILENT, FixedPoint, Stack, in_neurons, solved_at, some_of

ROUNDED_PIECES = 1 << 13
SEARCHED = 1 << 22  # filters of all starts and pulses together that search all kinds of blocks
LEAST = 1 << 14  # of these, that each kind has
DRIVEN = 1 << 20  # filters of all channels of a block together that are run to find winners
APPEARED = 1 << 19  # filters of all runs together that search rounded blocks for states of their own
GUESSED = 1 << 22  # active sets without full units, of all kinds together, that are tried for the same


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """What holds of the blocks of a kind; states are those of the first of them."""

    kind: Kind
    how: str
    complete: bool
    rest: FixedPoint | None  # where silence leads to without drive, if that is stable
    rest_lost: bool  # whether rounding destroys that
    ups: tuple[FixedPoint, ...]
    ups_rounded: tuple[FixedPoint | None, ...]
    winners: tuple[FixedPoint, ...]
    winners_rounded: tuple[FixedPoint | None, ...]
    driven: tuple[int, ...]  # of each winner, the channel that is driven
    not_driven: int  # channels that are too many to be driven, each by itself
    appeared: tuple[tuple[int, ...], ...]  # excitatory units of up-states that are there only as rounded
    appeared_how: str  # what was left out to find these, or ""


def judged(kinds: Sequence[Kind]) -> list[Judged]:
    """Judges kinds of blocks, in their order."""
    found: list[Judged | None] = [None] * len(kinds)
    elements = _elements(kinds)
    spent = 0  # filters of runs that search rounded blocks
    guessed = sum(2.0 ** min(kind.network.size, 60) for kind in kinds) <= GUESSED
    for part in _batches(kinds):
        results, cost = _judged([kinds[index] for index in part], APPEARED - spent, elements, guessed=guessed)
        spent += cost
        for index, result in zip(part, results, strict=True):
            found[index] = result
    return [result for result in found if result is not None]


def _elements(kinds: Sequence[Kind]) -> int:
    """How many filters of starts and pulses each of the kinds has that are searched by runs."""
    searched = sum(2.0**kind.network.size > PIECES for kind in kinds)
    return min(max(SEARCHED // max(searched, 1), LEAST), ELEMENTS)


def ups_of(kinds: Sequence[Kind]) -> list[tuple[FixedPoint, ...]]:
    """Returns the up-states of kinds of blocks as trained, in their order."""
    elements = _elements(kinds)
    found: list[tuple[FixedPoint, ...]] = [()] * len(kinds)
    for part in _batches(kinds):
        stack = Stack.of([kinds[index].network for index in part])
        rests = [row[0] for row in from_silence(stack, np.zeros((len(part), 1, stack.units)))]
        channels = _channels([kinds[index] for index in part])
        _, ups = up_states(stack, channels, rests, PIECES, elements)
        for index, own in zip(part, ups, strict=True):
            found[index] = tuple(own)
    return found


def lost_of(kinds: Sequence[Kind], ups: Sequence[Sequence[FixedPoint]]) -> list[tuple[FixedPoint, ...]]:
    """Returns those of the up-states of each kind that it does not have as rounded; solved, nothing is run."""
    found: list[tuple[FixedPoint, ...]] = [()] * len(kinds)
    for part in _batches(kinds):
        held = Stack.of([network for index in part if (network := kinds[index].held) is not None])
        after = _counterparts(held, [ups[index] for index in part], run=False)
        for index, points in zip(part, after, strict=True):
            found[index] = tuple(s for s, point in zip(ups[index], points, strict=True) if point is None)
    return found


def _batches(kinds: Sequence[Kind]) -> Iterator[list[int]]:
    """Kinds of one shape, so many at a time that their weights and runs have room."""
    shapes: dict[object, list[int]] = {}
    for index, kind in enumerate(kinds):
        shapes.setdefault(kind.shape, []).append(index)
    for same in shapes.values():
        first = kinds[same[0]].network
        filters = max(first.source.size, 1)
        a_kind = filters * max(first.size, 1 + len(first.channels))
        if 2.0**first.size > PIECES:
            a_kind = max(a_kind, _run_filters(first))
        size = 1 if filters >= SPARSE_FILTERS else max(AT_ONCE // (2 * a_kind), 1)
        for start in range(0, len(same), size):
            yield same[start : start + size]


def _run_filters(network: LinearThreshold) -> int:
    """Filters of the runs that search a network from about as many starts as there are."""
    runs = len(LADDER) * (network.size + len(network.channels))
    return min(runs * max(network.source.size, 1), ELEMENTS)


def _judged(kinds: Sequence[Kind], room: int, elements: int, *, guessed: bool) -> tuple[list[Judged], int]:
    stack, channels = Stack.of([kind.network for kind in kinds]), _channels(kinds)
    levels = np.stack([kind.levels for kind in kinds])
    most = max(DRIVEN // max(stack.source.size, 1), 1)
    none = np.zeros((len(kinds), 1, stack.units))
    drive = np.concatenate([none, (levels[:, :, None] * channels)[:, :most]], axis=1)
    ends = from_silence(stack, drive)
    found, ups = up_states(stack, channels, [row[0] for row in ends], PIECES, elements)
    excite = ~stack.inhibitory
    driven = [
        [c for c in range(drive.shape[1] - 1) if levels[k, c] and _is_winner(row[c + 1], excite[k], stack, k)]
        for k, row in enumerate(ends)
    ]
    winners = [[p for c in own if (p := row[c + 1]) is not None] for own, row in zip(driven, ends, strict=True)]
    ups_rounded, winners_rounded = [[None] * len(u) for u in ups], [[None] * len(w) for w in winners]
    rests = [row[0] if row[0] is not None and row[0].stable else None for row in ends]
    stand = np.ones(len(kinds), dtype=np.bool_)
    appeared, how, cost = [()] * len(kinds), "", 0
    if all(kind.held is not None for kind in kinds):
        held = Stack.of([kind.held for kind in kinds if kind.held is not None])
        ups_rounded, winners_rounded = _counterparts(held, ups), _counterparts(held, winners)
        at = np.array([k for k, rest in enumerate(rests) if rest is not None], dtype=np.int64)
        own = counterparts(held, at, [rest for rest in rests if rest is not None], unseen_in_real=False)
        stand[at] = [point is not None for point in own]
        appeared, how, cost = _appeared(held, channels, ups, room, guessed=guessed)
    results = [
        Judged(
            kind=kind,
            how=found[k].how,
            complete=found[k].complete,
            rest=rests[k],
            rest_lost=not stand[k],
            ups=tuple(ups[k]),
            ups_rounded=tuple(ups_rounded[k]),
            winners=tuple(winners[k]),
            winners_rounded=tuple(winners_rounded[k]),
            driven=tuple(driven[k]),
            not_driven=int(np.count_nonzero(levels[k, most:])),
            appeared=appeared[k],
            appeared_how=how,
        )
        for k, kind in enumerate(kinds)
    ]
    return results, cost


def _channels(kinds: Sequence[Kind]) -> Float:
    """(kinds, channels, units) what a value of 1 of each channel adds to the drive of each unit."""
    return np.stack([full(kind.network.channel_drive) for kind in kinds])


def _is_winner(state: FixedPoint | None, excite: Bool, stack: Stack, network: int) -> bool:
    return state is not None and state.stable and bool((_seen(state, stack.half_neuron[network]) & excite).any())


def _seen(state: FixedPoint, half_neuron: Float) -> Bool:
    """(units,) the active units of which at least one neuron fires."""
    return np.logical_and(state.active, state.activity > half_neuron)


def up_states(
    stack: Stack, channels: Float, rests: Sequence[FixedPoint | None], pieces: int, elements: int = ELEMENTS
) -> tuple[list[FixedPoints], list[list[FixedPoint]]]:
    """Finds all states without drive, and the up-states: stable ones other than `rests`, where silence leads to."""
    none = np.zeros((stack.networks, stack.units))
    found = states_under(stack, none, channels, pieces, stable=True, elements=elements)
    excite = ~stack.inhibitory
    return found, [
        _ups(points.stable, rest, stack.half_neuron[n], excite[n])
        for n, (points, rest) in enumerate(zip(found, rests, strict=True))
    ]


def _ups(points: Sequence[FixedPoint], rest: FixedPoint | None, half: Float, excite: Bool) -> list[FixedPoint]:
    if not points:
        return []
    seen = np.stack([point.active for point in points]) & (np.stack([p.activity for p in points]) > half)
    other = np.ones(len(points), dtype=np.bool_) if rest is None else (seen != _seen(rest, half)).any(axis=1)
    ups = [points[i] for i in np.flatnonzero(other & (seen & excite).any(axis=1))]
    return sorted(ups, key=lambda p: tuple(np.flatnonzero(p.active).tolist()))


def _counterparts(
    held: Stack, states: Sequence[Sequence[FixedPoint]], *, run: bool = True
) -> list[list[FixedPoint | None]]:
    which = np.repeat(np.arange(held.networks), [len(own) for own in states])
    found = iter(counterparts(held, which, [state for own in states for state in own], run=run))
    return [[next(found) for _ in own] for own in states]


def counterparts(
    held: Stack, which: Int, states: Sequence[FixedPoint], *, run: bool = True, unseen_in_real: bool = True
) -> list[FixedPoint | None]:
    """Finds for each state the stable one of a network `which` in which the same excitatory units are active, if any.

    Solved with the same units active; where that is no state, and with `run`, the one that a run from there ends in.
    What lies within half a neuron of a threshold or a ceiling may stand on either side of it, but for a state that
    would be nowhere seen then: pools that show none of its units are judged in real numbers (`unseen_in_real`).
    """
    found: list[FixedPoint | None] = [None] * len(states)
    if not states:
        return found
    drive, activity = (np.stack([getattr(s, name) for s in states]) for name in ("drive", "activity"))
    piece, ceiling, half = np.stack([s.piece for s in states]), held.ceiling[which], held.half_neuron[which]
    shown = (piece != SILENT) & (activity > half) & ~held.inhibitory[which]
    if unseen_in_real:
        half = np.where(shown.any(axis=1, keepdims=True), half, 0.0)
    full = np.where((piece == LINEAR) & (activity >= ceiling), FULL, piece)
    tried: list[Int] = []
    for guess in (piece, full, in_neurons(ceiling, half, piece, activity)):
        new = [not any(np.array_equal(guess[i], before[i]) for before in tried) for i in range(len(states))]
        left = np.array([i for i, point in enumerate(found) if point is None and new[i]], dtype=np.int64)
        for i, point in zip(left, solved_at(held, which[left], drive[left], guess[left], half[left]), strict=True):
            found[i] = point if point is not None and point.stable else None
        tried.append(guess)
    left = np.array([i for i, point in enumerate(found) if point is None], dtype=np.int64)
    if run and left.size:
        ends = _run_from(held, which[left], drive[left], activity[left], half[left])
        for i, end in zip(left, ends, strict=True):
            if end is not None and end.stable and _agree(held, int(which[i]), half[i], states[i], end):
                found[i] = end
    return found


def _agree(held: Stack, which: int, half: Float, state: FixedPoint, end: FixedPoint) -> bool:
    """Whether the excitatory units of two states are active alike, but for less than half a neuron."""
    silent = np.logical_or(~end.active, end.activity <= half)
    same = np.where(state.active, np.logical_or(end.active, state.activity <= half), silent)
    return bool(same[~held.inhibitory[which]].all())


def _run_from(held: Stack, which: Int, drive: Float, activity: Float, half: Float) -> list[FixedPoint | None]:
    """Where runs from activities (states, units) end."""
    start, found = activity[:, held.source], list[FixedPoint | None]()
    if held.networks == 1:
        # Side by side are trials of one network, apart only those with and without half neurons.
        counted, ends = half.any(axis=1), {}
        for some in (counted, ~counted):
            at = np.flatnonzero(some)
            if at.size:
                alone = replace(held, half_neuron=half[at[:1]])
                ends |= dict(zip(at.tolist(), all_reached(alone, start[None, at], drive[None, at])[0], strict=True))
        return [ends[i] for i in range(len(which))]
    size = max(AT_ONCE // held.weight[0].size, 1)
    for at in (slice(first, first + size) for first in range(0, len(which), size)):
        each = replace(some_of(held, which[at]), half_neuron=half[at])
        found += [row[0] for row in all_reached(each, start[at, None], drive[at, None])]
    return found


def _appeared(
    held: Stack, channels: Float, ups: Sequence[Sequence[FixedPoint]], room: int, *, guessed: bool
) -> tuple[list[tuple[tuple[int, ...], ...]], str, int]:
    """Up-states of rounded networks whose excitatory units are those of no up-state before; what was not looked at.

    Those with units at their ceiling are searched by runs only while there is `room` for them; `guessed` is whether
    others are looked for by their active sets.
    """
    excite, cost, how = ~held.inhibitory, 0, ""
    rests = [row[0] for row in from_silence(held, np.zeros((held.networks, 1, held.units)))]
    if guesses(held) > ROUNDED_PIECES:
        cost = held.networks * len(LADDER) * (held.units + channels.shape[1]) * max(held.source.size, 1)
        cost = min(cost, held.networks * ELEMENTS)
    if cost <= room:
        _, now = up_states(held, channels, rests, ROUNDED_PIECES)
    elif guessed and guesses(held, with_full=False) <= PIECES:
        how, cost = "none with units at their ceiling", 0
        points = without_full(held, np.zeros((held.networks, held.units)))
        now = [
            _ups(own, rest, held.half_neuron[n], excite[n])
            for n, (own, rest) in enumerate(zip(points, rests, strict=True))
        ]
    else:
        how, cost, now = "not searched", 0, [[] for _ in range(held.networks)]
    found: list[tuple[tuple[int, ...], ...]] = []
    for n, (own, before) in enumerate(zip(now, ups, strict=True)):
        known = {_units(state, held.half_neuron[n], excite[n]) for state in before}
        units = dict.fromkeys(_units(state, held.half_neuron[n], excite[n]) for state in own)
        found.append(tuple(each for each in units if each not in known))
    return found, how, cost


def _units(state: FixedPoint, half_neuron: Float, excite: Bool) -> tuple[int, ...]:
    return tuple(np.flatnonzero(_seen(state, half_neuron) & excite).tolist())
