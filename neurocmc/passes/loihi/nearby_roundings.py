"""Moves mantissas between the units of a lost up-state by a step or two, until the state stands again.

All combinations are tried in the order of how many steps they take in all; of those with as few steps, the one with
the widest margin that keeps every other state stands. No weight moves further from what was wanted than `BUDGET` of
its unit's strongest, the limit that `verify` holds rounding to. States are those of connected blocks: what is moved
in one touches no other, and blocks that are the same are moved alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, islice, product

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.matrices import Matrix, at, difference, divided_rows, from_entries, total
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerProjection, RoundingLoss
from neurocmc.ir.rate import RateCircuit
from neurocmc.passes.loihi.movable_weights import MovableWeights, Synapse, gain_per_step, grain_of
from neurocmc.targets import LoihiLimits
from neurocmc.theory.blocks import Blocks, Kind, blocks_of, fingerprint, kinds_of
from neurocmc.theory.judged import counterparts, lost_of, ups_of
from neurocmc.theory.linear_threshold import LinearThreshold, NoTheory, linear_threshold, summed_by_source
from neurocmc.theory.realised import Rounded
from neurocmc.theory.stack import FixedPoint, Stack

MOST_STEPS = 4  # of all mantissas together
CANDIDATES = 6000  # combinations tried for one state
ALL_CANDIDATES = 60_000  # combinations tried for all states together
TRIED_AT_ONCE = 1 << 20  # weights of the networks that are tried side by side


@dataclass(frozen=True, slots=True, eq=False)
class LostStates:
    """The up-states that blocks of a kind lose, beside all that they had."""

    kind: Kind
    ups: tuple[FixedPoint, ...]
    lost: tuple[FixedPoint, ...]

    @property
    def count(self) -> int:
        """In all blocks of the kind together."""
        return len(self.lost) * len(self.kind.blocks)


@dataclass(frozen=True, slots=True, eq=False)
class UpStates:
    """The up-states of a circuit as trained, block by block, which every rounding of it is held against."""

    network: LinearThreshold | NoTheory
    _known: dict[bytes, tuple[FixedPoint, ...]] = field(default_factory=dict[bytes, tuple[FixedPoint, ...]])

    @classmethod
    def of(cls, circuit: RateCircuit) -> "UpStates":
        return cls(linear_threshold(circuit))

    def lost_in(self, rounded: Rounded) -> tuple[LostStates, ...]:
        """Returns those that the rounded circuit does not have with the same units active; solved, nothing is run."""
        return self.lost_by_block(rounded)[1]

    def lost_by_block(self, rounded: Rounded) -> tuple[Blocks | None, tuple[LostStates, ...]]:
        """Returns the blocks of the circuit beside these; None for them where theory says nothing."""
        held = rounded.network
        if isinstance(self.network, NoTheory) or isinstance(held, NoTheory):
            return None, ()
        blocks = blocks_of(self.network, held)
        kinds = kinds_of(self.network, held, {}, blocks)
        ups = self._ups(kinds)
        lost = lost_of(kinds, ups)
        return blocks, tuple(LostStates(*each) for each in zip(kinds, ups, lost, strict=True) if each[2])

    def _ups(self, kinds: Sequence[Kind]) -> list[tuple[FixedPoint, ...]]:
        """Those of each kind as trained, which roundings have in common."""
        prints = [fingerprint(kind.network) for kind in kinds]
        new = {each: kind for each, kind in zip(prints, kinds, strict=True) if each not in self._known}
        self._known.update(zip(new, ups_of(tuple(new.values())), strict=True))
        return [self._known[each] for each in prints]


_Steps = tuple[tuple[Synapse, int], ...]


def critical_populations(states: UpStates, lost: Sequence[LostStates]) -> tuple[str, ...]:
    """Returns the populations with units active in a lost state, in the circuit's order."""
    if isinstance(states.network, NoTheory):
        return ()
    names: set[str] = set()
    for each in lost:
        active = np.any([state.active for state in each.lost], axis=0)
        names |= {name for name, own in zip(each.kind.network.populations, active, strict=True) if own}
    return tuple(name for name in dict.fromkeys(states.network.populations) if name in names)


def moved_mantissas(
    states: UpStates, rounded: Rounded, integer: IntegerNetwork, limits: LoihiLimits
) -> tuple[IntegerNetwork, tuple[str, ...]] | None:
    """Returns the integers with as few mantissas moved as all states need to stand, and what was moved.

    `rounded` is what the integers are. None where one of the states is not found again.
    """
    blocks, lost = states.lost_by_block(rounded)
    if blocks is None:
        return None
    numbers = MovableWeights.of(rounded.circuit, integer, limits)
    moves: dict[tuple[int, int, int], int] = {}
    left = ALL_CANDIDATES
    for each in lost:
        alike: dict[tuple[tuple[object, ...], ...], list[tuple[Synapse, int]]] = {}
        for block in each.kind.blocks:
            # Blocks with the same weights may have been rounded from others: then they have other steps to go.
            units = blocks.units(block)
            active = np.any([state.active for state in each.ups], axis=0)
            own = numbers.synapses(each.kind, units, active, {})
            key = tuple((s.projection, s.target, s.filter, s.gain_per_step, s.steps) for s in own)
            if key not in alike:
                found, left = _moves_of(each, numbers, units, left)
                if found is None:
                    return None
                alike[key] = found
            places = {(s.projection, s.target, s.filter): (s.projection, s.row, s.column) for s in own}
            for synapse, count in alike[key]:
                place = places[synapse.projection, synapse.target, synapse.filter]
                moves[place] = moves.get(place, 0) + count
    return _with_moves(integer, moves, limits)


def _moves_of(
    lost: LostStates, numbers: MovableWeights, units: Int, left: int
) -> tuple[list[tuple[Synapse, int]] | None, int]:
    """What brings back the lost states of a block, one after the other, and how many combinations may still be tried.

    None instead of the moves where nothing does.
    """
    held, found = lost.kind.held, list[tuple[Synapse, int]]()
    if held is None:
        return None, left
    moves: dict[tuple[int, int, int], int] = {}
    for state in lost.ups:
        stands = _stand(held, lost.ups)
        if stands[next(i for i, other in enumerate(lost.ups) if other is state)]:
            continue
        standing = [other for other, own in zip(lost.ups, stands, strict=True) if own]
        synapses = numbers.synapses(lost.kind, units, state.active, moves)
        best, tried = _smallest_move(held, state, standing, synapses, min(CANDIDATES, left))
        left -= tried
        if best is None:
            return None, left
        held = _stepped(held, best)
        for synapse, count in best:
            place = (synapse.projection, synapse.row, synapse.column)
            moves[place] = moves.get(place, 0) + count
        found += best
    return found, left


def _stand(held: LinearThreshold, states: Sequence[FixedPoint]) -> list[bool]:
    which = np.zeros(len(states), dtype=np.int64)
    return [point is not None for point in counterparts(Stack.of([held]), which, states, run=False)]


def _smallest_move(
    held: LinearThreshold,
    state: FixedPoint,
    standing: Sequence[FixedPoint],
    synapses: Sequence[Synapse],
    candidates: int,
) -> tuple[_Steps | None, int]:
    """The steps that bring a state back and keep those standing, and how many combinations were tried."""
    tried = 0
    for steps_in_all in range(1, MOST_STEPS + 1):
        good: list[tuple[float, _Steps]] = []
        rest = islice(_combinations(synapses, steps_in_all), candidates - tried)
        while batch := list(islice(rest, max(TRIED_AT_ONCE // held.full_weight.size, 1))):
            tried += len(batch)
            points = counterparts(_all_stepped(held, batch), np.arange(len(batch)), [state] * len(batch), run=False)
            good += [(_margin(held, p), steps) for p, steps in zip(points, batch, strict=True) if p is not None]
        for _, steps in sorted(good, key=lambda entry: -entry[0]):
            if not standing or all(_stand(_stepped(held, steps), standing)):
                return steps, tried
    return None, tried


def _margin(network: LinearThreshold, point: FixedPoint) -> float:
    """The least slack of a unit, relative to the largest threshold; or how fast disturbances die, if that is less."""
    scale = float(np.abs(network.threshold).max(initial=0.0)) or float(point.activity.max(initial=1.0))
    keep = float(network.keep.max(initial=0.0))
    return min(float(point.slack.min()) / scale, (1.0 - point.step_radius) / (1.0 - keep))


def _combinations(synapses: Sequence[Synapse], total: int) -> Iterator[tuple[tuple[Synapse, int], ...]]:
    """All choices of synapses and steps that take `total` steps in all, fewest synapses last."""
    for count in range(1, total + 1):
        for chosen in combinations(synapses, count):
            for steps in product(*(synapse.steps for synapse in chosen)):
                if sum(abs(step) for step in steps) == total:
                    yield tuple(zip(chosen, steps, strict=True))


def _stepped(network: LinearThreshold, steps: _Steps) -> LinearThreshold:
    return replace(network, weight=_stepped_weight(network.full_weight, steps))


def _stepped_weight(weight: Float, steps: _Steps) -> Float:
    weight = weight.copy()
    for synapse, count in steps:
        weight[synapse.target, synapse.filter] += count * synapse.gain_per_step
    return weight


def _all_stepped(network: LinearThreshold, tried: Sequence[_Steps]) -> Stack:
    """The network with each of the steps, side by side."""
    weight = np.stack([_stepped_weight(network.full_weight, steps) for steps in tried])
    shape = (len(tried), network.size)
    return Stack(
        dt_s=network.dt_s,
        gain=np.broadcast_to(network.gain, shape),
        threshold=np.broadcast_to(network.threshold, shape),
        ceiling=np.broadcast_to(network.ceiling, shape),
        half_neuron=np.broadcast_to(network.half_neuron, shape),
        weight=weight,
        total=summed_by_source(weight, network.source),
        source=network.source,
        tau_s=network.tau_s,
    )


def _with_moves(
    integer: IntegerNetwork, moves: dict[tuple[int, int, int], int], limits: LoihiLimits
) -> tuple[IntegerNetwork, tuple[str, ...]]:
    projections: list[IntegerProjection] = []
    told: list[str] = []
    together = integer.realised_gains()
    for index, projection in enumerate(integer.projections):
        own = {place[1:]: count for place, count in sorted(moves.items()) if place[0] == index and count}
        if not own:
            projections.append(projection)
            continue
        row, column = np.array(list(own)).T
        count, step = np.array(list(own.values())), gain_per_step(projection, integer, limits)
        mantissa = _added(projection.mantissa, row, column, count * grain_of(projection))
        realised = _added(projection.realised_gain, row, column, count * step[row])
        numbers = (
            at(matrix, row, column)
            for matrix in (projection.mantissa, mantissa, projection.realised_gain, realised, projection.wanted_gain)
        )
        for r, c, before, after, gain_before, gain, wanted in zip(row, column, *numbers, strict=True):
            told.append(
                f"weight {projection.source}[{c}] -> {projection.target}[{r}]: mantissa {before} to {after}, gain "
                f"{gain_before:.5g} to {gain:.5g}, wanted {wanted:.5g}"
            )
        others = difference(together[projection.name], projection.realised_gain)
        lost = difference(total([realised, others]), projection.wanted_gain)
        loss = RoundingLoss.of(
            divided_rows(lost, step), divided_rows(projection.wanted_gain, step), projection.loss.clipped
        )
        projections.append(replace(projection, mantissa=mantissa, realised_gain=realised, loss=loss))
    return replace(integer, projections=tuple(projections)), tuple(told)


def _added(matrix: Matrix, row: Int, column: Int, value: Float | Int) -> Matrix:
    """The matrix with values added in some places."""
    return total([matrix, from_entries(row, column, value, matrix.shape)])
