"""Lists the states of all blocks of a circuit by their names, with margins, and counts those that are not listed.

A state is calculated once for all blocks of its kind; what differs between these are the names of units and channels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import log10

import numpy as np

from neurocmc.common.arrays import Bool
from neurocmc.common.matrices import entries
from neurocmc.theory.basin import boundary, guaranteed_drop
from neurocmc.theory.blocks import SEARCHED_UNITS, Blocks
from neurocmc.theory.fixed_points import FULL, LINEAR, SILENT, FixedPoint, is_seen, slack_of, stability
from neurocmc.theory.judged import Judged
from neurocmc.theory.linear_threshold import LinearThreshold

LISTED = 1024  # states of a kind that are all listed
SOME = 256  # of more, that are listed of the first, and of the lost
NAMED_BLOCKS = 64  # blocks that are not searched, or kinds of blocks, that are told one by one
BOUNDARIES = 16  # up-states whose boundary is solved for: the others have theirs left out
DROP_WORK = 1 << 28  # cubes of linear filters of the states whose guaranteed drop is solved for, together


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFacts:
    """A state at one level: activities and margins, in units of the circuit."""

    activity: float  # of its most active excitatory unit
    settle_s: float
    slack: float
    slack_unit: str
    ignition: (
        float | None
    )  # activity of that unit at the boundary to rest; None where there is none, or not looked for
    guaranteed_drop: float | None  # None where it was not solved for


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCertificate:
    """One state, as trained and as rounded."""

    units: tuple[str, ...]  # excitatory units that are active
    channel: str  # the input channel that is driven, or "" for an up-state
    drive: float  # its value
    trained: StateFacts
    rounded: StateFacts | None
    lost: str  # what rounding did to it, with numbers; "" where it stands or nothing was rounded

    @property
    def name(self) -> str:
        return " ".join(self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many states all blocks together have, and how many of them rounding destroys or makes."""

    up_states: int
    lost_up_states: int
    winners: int
    lost_winners: int
    appeared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockKind:
    """Blocks that are the same, and how many states each of them has."""

    first: str  # the first unit of the first of them
    populations: tuple[str, ...]
    blocks: int
    units: int  # of each
    how: str
    up_states: int
    lost_up_states: int
    winners: int
    lost_winners: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsearchedBlock:
    """A block that is too large: whether it has up-states, and keeps them, is not known."""

    first: str  # its first unit
    populations: tuple[str, ...]
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFacts:
    """What a circuit falls into; of many kinds, and of many blocks that were not searched, the first are listed."""

    count: int
    kinds: int  # of those that were searched
    listed_kinds: tuple[BlockKind, ...]
    log10_combinations: float  # of the states of all searched blocks, one each
    feed_forward: int  # blocks too large to be searched in which no activity comes back: one state under each drive
    not_searched: int
    units_not_searched: int
    limit_units: int
    listed_not_searched: tuple[UnsearchedBlock, ...]
    lost_rests: int  # searched blocks whose state at rest rounding destroys
    listed_lost_rests: tuple[str, ...]  # what rounding did to it
    not_driven: int  # channels beyond those that were driven to find winners
    appeared_how: tuple[str, ...]  # what was left out to find up-states that only rounded blocks have


class Tally:
    """The states of all blocks, listed and counted."""

    def __init__(self, network: LinearThreshold, blocks: Blocks, kinds: Sequence[Judged], listed: int | None) -> None:
        self._network, self._blocks, self._kinds = network, blocks, kinds
        self._listed, self._spent, self._boundaries = listed, 0, BOUNDARIES
        self._template: dict[tuple[int, bool, int], StateCertificate] = {}
        self._place = {b: (k, i) for k, judged in enumerate(kinds) for i, b in enumerate(judged.kind.blocks)}
        self._left = np.flatnonzero(~blocks.searched & blocks.feedback)
        self._large_forward = np.flatnonzero(~blocks.searched & ~blocks.feedback)
        self.up_states, self.winners = self._states(winners=False), self._states(winners=True)
        self.appeared = tuple(self._appeared())
        self.counts = self._counts()
        self.facts = None if blocks.count == 1 and blocks.searched.all() else self._facts()
        self.complete = not len(self._left) and all(judged.complete for judged in kinds)
        self.how = self._how()

    def _how(self) -> str:
        counted: dict[str, int] = {}
        for judged in self._kinds:
            counted[judged.how] = counted.get(judged.how, 0) + len(judged.kind.blocks)
        if len(self._large_forward):
            counted["no activity comes back"] = len(self._large_forward)
        if self._blocks.count == 1 and counted:
            return next(iter(counted))
        told = [f"{count:,} block{'s' * (count > 1)}: {how}" for how, count in counted.items()]
        return "; ".join([*told[:3], *([f"and {len(told) - 3:,} other ways"] if len(told) > 3 else [])])

    def _counts(self) -> Counts | None:
        """None where all are listed."""
        found = Counts(
            up_states=self._sum(lambda judged: len(judged.ups)),
            lost_up_states=self._sum(lambda judged: _lost(judged, winners=False)),
            winners=self._sum(lambda judged: len(judged.winners)),
            lost_winners=self._sum(lambda judged: _lost(judged, winners=True)),
            appeared=self._sum(lambda judged: len(judged.appeared)),
        )
        all_listed = (len(self.up_states), len(self.winners), len(self.appeared))
        return None if all_listed == (found.up_states, found.winners, found.appeared) else found

    def _sum(self, of: Callable[[Judged], int]) -> int:
        return sum(len(judged.kind.blocks) * of(judged) for judged in self._kinds)

    def _facts(self) -> BlockFacts:
        states = [(len(judged.ups) + (judged.rest is not None), len(judged.kind.blocks)) for judged in self._kinds]
        return BlockFacts(
            count=self._blocks.count,
            kinds=len(self._kinds),
            listed_kinds=tuple(_kind(judged) for judged in self._kinds[:NAMED_BLOCKS]),
            log10_combinations=round(sum(count * log10(max(own, 1)) for own, count in states), 6),
            feed_forward=len(self._large_forward),
            not_searched=len(self._left),
            units_not_searched=int(self._blocks.sizes[self._left].sum()),
            limit_units=SEARCHED_UNITS,
            listed_not_searched=tuple(self._unsearched(block) for block in self._left[:NAMED_BLOCKS].tolist()),
            lost_rests=self._sum(lambda judged: int(judged.rest_lost)),
            listed_lost_rests=tuple(islice(self._lost_rests(), NAMED_BLOCKS)),
            not_driven=self._sum(lambda judged: judged.not_driven) + self._channels_of_large_forward(),
            appeared_how=tuple(sorted({judged.appeared_how for judged in self._kinds} - {""})),
        )

    def _lost_rests(self) -> Iterator[str]:
        for block, (kind, _) in sorted(self._place.items()):
            judged = self._kinds[kind]
            if judged.rest_lost and judged.rest is not None and judged.kind.held is not None:
                told = why_lost(judged.kind.held, judged.rest, unseen_in_real=False)
                yield _renamed(told, self._names(block, judged))

    def _names(self, block: int, judged: Judged) -> dict[str, str]:
        """The units of a block by the names of those of the first of its kind."""
        units = (self._network.units[unit] for unit in self._blocks.units(block).tolist())
        return dict(zip(judged.kind.network.units, units, strict=True))

    def _channels_of_large_forward(self) -> int:
        if not len(self._large_forward):
            return 0
        channel, unit, _ = entries(self._network.channel_drive)
        return len(np.unique(channel[np.isin(self._blocks.part[unit], self._large_forward)]))

    def _unsearched(self, block: int) -> UnsearchedBlock:
        units = self._blocks.units(block)
        populations = dict.fromkeys(self._network.populations[unit] for unit in units.tolist())
        return UnsearchedBlock(
            first=self._network.units[int(units[0])], populations=tuple(populations), units=len(units)
        )

    def _states(self, *, winners: bool) -> tuple[StateCertificate, ...]:
        places = list(self._places(winners=winners))
        if self._listed is not None and len(places) > self._listed:
            lost = [place for place in places if _rounded(self._kinds[place[1]], place[3], winners=winners) is None]
            lost = lost if any(judged.kind.held is not None for judged in self._kinds) else []
            places = sorted({*places[:SOME], *lost[:SOME], *self._thinnest(places, winners=winners)})
        return tuple(self._named(*place, winners=winners) for place in places)

    def _places(self, *, winners: bool) -> Iterator[tuple[int, int, int, int]]:
        """Block, kind, which of its blocks, which of its states: of all states."""
        for block, (kind, instance) in sorted(self._place.items()):
            judged = self._kinds[kind]
            for state in range(len(judged.winners if winners else judged.ups)):
                yield block, kind, instance, state

    def _thinnest(
        self, places: Sequence[tuple[int, int, int, int]], *, winners: bool
    ) -> list[tuple[int, int, int, int]]:
        """The state that stands as rounded with the least slack relative to its activity."""
        least: dict[tuple[int, int], float] = {}
        for kind, judged in enumerate(self._kinds):
            excite = ~judged.kind.network.inhibitory
            for state, held in enumerate(judged.winners_rounded if winners else judged.ups_rounded):
                if held is not None:
                    most = float(np.where(excite, held.activity, 0.0).max())
                    least[kind, state] = max(float(held.slack.min()), 0.0) / most
        if not least:
            return []
        kind, state = min(least, key=lambda place: least[place])
        return [next(place for place in places if (place[1], place[3]) == (kind, state))]

    def _named(self, block: int, kind: int, instance: int, state: int, *, winners: bool) -> StateCertificate:
        """A state in the names of a block."""
        judged, key = self._kinds[kind], (kind, winners, state)
        if key not in self._template:
            self._template[key] = self._certified(judged, state, winners=winners)
        found = self._template[key]
        if winners:
            found = replace(found, channel=judged.kind.channels[instance][judged.driven[state]])
        if not instance:
            return found
        names = self._names(block, judged)
        return replace(
            found,
            units=tuple(names[unit] for unit in found.units),
            trained=replace(found.trained, slack_unit=names[found.trained.slack_unit]),
            rounded=found.rounded and replace(found.rounded, slack_unit=names[found.rounded.slack_unit]),
            lost=_renamed(found.lost, names),
        )

    def _certified(self, judged: Judged, state: int, *, winners: bool) -> StateCertificate:
        """A state in the names of the first block of its kind."""
        network, held = judged.kind.network, judged.kind.held
        point = (judged.winners if winners else judged.ups)[state]
        after = _rounded(judged, state, winners=winners)
        with_boundary = not winners and self._boundaries > 0
        self._boundaries -= not winners
        return StateCertificate(
            units=excitatory_units(network, point),
            channel=judged.kind.network.channels[judged.driven[state]] if winners else "",
            drive=float(judged.kind.levels[judged.driven[state]]) if winners else 0.0,
            trained=self._state_facts(network, point, with_boundary=with_boundary),
            rounded=None
            if held is None or after is None
            else self._state_facts(held, after, with_boundary=with_boundary),
            lost="" if held is None or after is not None else why_lost(held, point),
        )

    def _state_facts(self, network: LinearThreshold, state: FixedPoint, *, with_boundary: bool) -> StateFacts:
        between = boundary(network, state) if with_boundary else None
        nearest = int(np.argmin(state.slack))
        excite = np.where(network.inhibitory, 0.0, state.activity)
        most = int(np.argmax(excite))
        self._spent += int(np.count_nonzero((state.piece == LINEAR)[network.source])) ** 3
        return StateFacts(
            activity=float(excite[most]),
            settle_s=state.settle_s(network.dt_s),
            slack=max(float(state.slack[nearest]), 0.0),
            slack_unit=network.units[nearest],
            ignition=None if between is None else float(between.activity[most]),
            guaranteed_drop=guaranteed_drop(network, state) if self._spent <= DROP_WORK else None,
        )

    def _appeared(self) -> Iterator[str]:
        most = self._listed if self._listed is not None else self._sum(lambda judged: len(judged.appeared))
        for block, (kind, _) in sorted(self._place.items()):
            for units in self._kinds[kind].appeared:
                if most <= 0:
                    return
                most -= 1
                own = self._blocks.units(block)
                yield " ".join(self._network.units[int(own[unit])] for unit in units)


def _renamed(told: str, names: Mapping[str, str]) -> str:
    """What `why_lost` says of a unit, with its name in another block."""
    first, space, rest = told.partition(" ")
    return names.get(first, first) + space + rest


def _rounded(judged: Judged, state: int, *, winners: bool) -> FixedPoint | None:
    return (judged.winners_rounded if winners else judged.ups_rounded)[state]


def _lost(judged: Judged, *, winners: bool) -> int:
    """How many states of a kind rounding destroys."""
    held = judged.winners_rounded if winners else judged.ups_rounded
    return 0 if judged.kind.held is None else sum(state is None for state in held)


def _kind(judged: Judged) -> BlockKind:
    network = judged.kind.network
    return BlockKind(
        first=network.units[0],
        populations=tuple(dict.fromkeys(network.populations)),
        blocks=len(judged.kind.blocks),
        units=network.size,
        how=judged.how,
        up_states=len(judged.ups),
        lost_up_states=_lost(judged, winners=False),
        winners=len(judged.winners),
        lost_winners=_lost(judged, winners=True),
    )


def excitatory_units(network: LinearThreshold, state: FixedPoint) -> tuple[str, ...]:
    """Returns the excitatory units that a state shows: of pools, those of which a neuron fires."""
    return tuple(network.units[int(i)] for i in np.flatnonzero(is_seen(network, state) & ~network.inhibitory))


def why_lost(network: LinearThreshold, state: FixedPoint, *, unseen_in_real: bool = True) -> str:
    """Says in numbers what is wrong in a network with the state that another had; a unit's name stands first."""
    if unseen_in_real and not excitatory_units(
        network, state
    ):  # pools that show none of its units are judged in real numbers
        network = replace(network, half_neuron=np.zeros(network.size))
    linear: Bool = state.piece == LINEAR
    radius, _ = stability(network, linear)
    if radius >= 1.0:
        return f"a disturbance grows by {100 * (radius - 1):.3g} % a step"
    total = network.total_weight
    matrix = np.eye(network.size) - linear[:, None] * (network.gain[:, None] * total)
    ceiling = np.where(np.isfinite(network.ceiling), network.ceiling, 0.0)
    pinned = np.where(state.piece == FULL, ceiling, 0.0)
    wanted = np.where(linear, network.gain * (state.drive - network.threshold), pinned)
    activity = np.asarray(np.linalg.solve(matrix, wanted), dtype=np.float64)
    above = network.drive_of(activity, state.drive)
    unit = int(np.argmin(slack_of(network, state.piece, above)))
    room, first = (network.ceiling / network.gain - above)[unit], (network.half_neuron / network.gain)[unit]
    name, most = network.units[unit], f"its ceiling of {network.ceiling[unit]:.3g}"
    if state.piece[unit] == SILENT:
        fires = f", where its first neuron fires {first:.3g} above it" if first else ""
        return f"{name} would be {above[unit]:.3g} above its threshold{fires}"
    if state.piece[unit] == FULL:
        return f"{name} would be {room:.3g} below {most}"
    if above[unit] < room:
        return f"{name} would be {abs(above[unit]):.3g} below its threshold"
    return f"{name} would pass {most} by {-room:.3g}"
