"""Moves mantissas between the units of a lost up-state by a step or two, until the state stands again.

All combinations are tried in the order of how many steps they take in all; of those with as few steps, the one with
the widest margin that keeps every other state stands. No weight moves further from what was wanted than `BUDGET` of
its unit's strongest, the limit that `verify` holds rounding to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, product

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerProjection, RoundingLoss
from neurocmc.ir.rate import RateCircuit
from neurocmc.targets import LoihiLimits
from neurocmc.theory.certificate import up_states_of
from neurocmc.theory.feedback import is_feedback
from neurocmc.theory.fixed_points import FixedPoint
from neurocmc.theory.judged import counterparts
from neurocmc.theory.linear_threshold import LinearThreshold, NoTheory, linear_threshold
from neurocmc.theory.realised import Rounded
from neurocmc.theory.stack import Stack

BUDGET = 0.01
MOST_STEPS = 4  # of all mantissas together
STEPS = (1, -1, 2, -2)  # of one mantissa
CANDIDATES = 6000  # combinations tried for one state


@dataclass(frozen=True, slots=True, eq=False)
class UpStates:
    """The up-states of a circuit as trained, which every rounding of it is held against."""

    network: LinearThreshold | NoTheory
    ups: tuple[FixedPoint, ...]

    @classmethod
    def of(cls, circuit: RateCircuit) -> "UpStates":
        network = linear_threshold(circuit)
        return cls(network, () if isinstance(network, NoTheory) else up_states_of(network)[1])

    def lost_in(self, rounded: Rounded) -> tuple[FixedPoint, ...]:
        """Returns those that the rounded circuit does not have with the same units active; solved, nothing is run."""
        held = rounded.network
        if isinstance(held, NoTheory):
            return self.ups
        return tuple(state for state in self.ups if counterpart(held, state, run=False) is None)


@dataclass(frozen=True, slots=True)
class _Synapse:
    """One weight that a state lives on: its place in the integers and in the network."""

    projection: int  # index
    row: int
    column: int
    target: int  # unit of the network
    filter: int  # of the network
    gain_per_step: float  # drive per unit of activity that one step of the mantissa is worth
    steps: tuple[int, ...]  # that keep mantissa and budget


def critical_populations(states: UpStates, lost: Sequence[FixedPoint]) -> tuple[str, ...]:
    """Returns the populations with units active in a lost state, in the circuit's order."""
    if isinstance(states.network, NoTheory):
        return ()
    names = np.array(states.network.populations)
    active = np.any([state.active for state in lost], axis=0)
    return tuple(dict.fromkeys(names[active].tolist()))


def moved_mantissas(
    states: UpStates, rounded: Rounded, integer: IntegerNetwork, limits: LoihiLimits
) -> tuple[IntegerNetwork, tuple[str, ...]] | None:
    """Returns the integers with as few mantissas moved as all states need to stand, and what was moved.

    `rounded` is what the integers are. None where one of the states is not found again.
    """
    held = rounded.network
    if isinstance(held, NoTheory):
        return None
    moves: dict[tuple[int, int, int], int] = {}
    for state in states.ups:
        if counterpart(held, state, run=False) is not None:
            continue
        standing = [other for other in states.ups if counterpart(held, other, run=False) is not None]
        synapses = _synapses(held, state, rounded.circuit, integer, limits, moves)
        found = _smallest_move(held, state, standing, synapses)
        if found is None:
            return None
        held, steps = found
        for synapse, count in steps:
            place = (synapse.projection, synapse.row, synapse.column)
            moves[place] = moves.get(place, 0) + count
    return _with_moves(integer, moves, limits)


def _smallest_move(
    held: LinearThreshold, state: FixedPoint, standing: Sequence[FixedPoint], synapses: Sequence[_Synapse]
) -> tuple[LinearThreshold, tuple[tuple[_Synapse, int], ...]] | None:
    tried = 0
    for total in range(1, MOST_STEPS + 1):
        good: list[tuple[float, LinearThreshold, tuple[tuple[_Synapse, int], ...]]] = []
        for steps in islice(_combinations(synapses, total), CANDIDATES - tried):
            tried += 1
            network = _stepped(held, steps)
            point = counterpart(network, state, run=False)
            if point is not None:
                good.append((_margin(network, point), network, steps))
        for _, network, steps in sorted(good, key=lambda entry: -entry[0]):
            if all(counterpart(network, other, run=False) is not None for other in standing):
                return network, steps
    return None


def _margin(network: LinearThreshold, point: FixedPoint) -> float:
    """The least slack of a unit, relative to the largest threshold; or how fast disturbances die, if that is less."""
    scale = float(np.abs(network.threshold).max(initial=0.0)) or float(point.activity.max(initial=1.0))
    keep = float(network.keep.max(initial=0.0))
    return min(float(point.slack.min()) / scale, (1.0 - point.step_radius) / (1.0 - keep))


def _combinations(synapses: Sequence[_Synapse], total: int) -> Iterator[tuple[tuple[_Synapse, int], ...]]:
    """All choices of synapses and steps that take `total` steps in all, fewest synapses last."""
    for count in range(1, total + 1):
        for chosen in combinations(synapses, count):
            for steps in product(*(synapse.steps for synapse in chosen)):
                if sum(abs(step) for step in steps) == total:
                    yield tuple(zip(chosen, steps, strict=True))


def _stepped(network: LinearThreshold, steps: Sequence[tuple[_Synapse, int]]) -> LinearThreshold:
    weight = network.weight.copy()
    for synapse, count in steps:
        weight[synapse.target, synapse.filter] += count * synapse.gain_per_step
    return replace(network, weight=weight)


def _synapses(
    held: LinearThreshold,
    state: FixedPoint,
    rounded: RateCircuit,
    integer: IntegerNetwork,
    limits: LoihiLimits,
    moves: dict[tuple[int, int, int], int],
) -> list[_Synapse]:
    """The weights between active units of a state, with the steps that each may take."""
    active = {held.units[int(i)] for i in np.flatnonzero(state.active)}
    taus = {p.name: p.tau_s for p in rounded.projections}
    strongest, realised = _strongest(integer), integer.realised_gains()
    found: list[_Synapse] = []
    for index, projection in enumerate(integer.projections):
        if projection.name not in taus:  # a later or finer part of one, or what a pool sends to itself
            continue
        step = _gain_per_step(projection, integer, limits)
        for row, column in zip(*np.nonzero(projection.wanted_gain), strict=True):
            target, source = f"{projection.target}[{row}]", f"{projection.source}[{column}]"
            if target not in active or source not in active:
                continue
            before = moves.get((index, int(row), int(column)), 0)
            off = (
                float((realised[projection.name] - projection.wanted_gain)[row, column]) / step[row, column] + before
            )
            room = BUDGET * strongest[projection.target][row] / step[row, column]
            mantissa = int(projection.mantissa[row, column]) + before * _grain(projection)
            source_unit = held.units.index(source)
            found.append(
                _Synapse(
                    projection=index,
                    row=int(row),
                    column=int(column),
                    target=held.units.index(target),
                    filter=_filter(held, source_unit, taus[projection.name]),
                    gain_per_step=float(step[row, column]),
                    steps=tuple(
                        s
                        for s in STEPS
                        if abs(off + s) <= room and _fits(mantissa + s * _grain(projection), projection, limits)
                    ),
                )
            )
    return found


def _filter(held: LinearThreshold, source: int, tau_s: float) -> int:
    return int(np.flatnonzero((held.source == source) & (held.tau_s == tau_s))[0])


def _strongest(integer: IntegerNetwork) -> dict[str, Float]:
    """(units,) of each population: the strongest wanted weight on each unit, as `verify` takes it."""
    strongest = {population.name: np.zeros(population.units) for population in integer.populations}
    for p in integer.projections:
        if p.refines or is_feedback(p):
            continue
        own = np.abs(p.wanted_gain).max(axis=1, initial=0.0)
        strongest[p.target] = np.maximum(strongest[p.target], own)
    return strongest


def _grain(projection: IntegerProjection) -> int:
    return 2 if projection.sign == "mixed" else 1


def _fits(mantissa: int, projection: IntegerProjection, limits: LoihiLimits) -> bool:
    highest = (1 << limits.weight_mantissa_bits) - _grain(projection)
    low = 0 if projection.sign == "excitatory" else -highest
    high = 0 if projection.sign == "inhibitory" else highest
    return low <= mantissa <= high


def _gain_per_step(projection: IntegerProjection, integer: IntegerNetwork, limits: LoihiLimits) -> Float:
    """(target units, source units) drive per unit of activity that one step of a mantissa is worth."""
    source, target = integer.population(projection.source), integer.population(projection.target)
    arrives = integer.rule.arriving(target.decay_u)
    per_gain = target.lsb_per_drive[:, None] * (arrives * source.activity_per_spike)
    lsb = _grain(projection) * 2.0 ** (limits.weight_shift + projection.exponent)
    return np.broadcast_to(lsb / per_gain, projection.mantissa.shape)


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
        mantissa: Int = projection.mantissa.copy()
        realised = projection.realised_gain.copy()
        step = _gain_per_step(projection, integer, limits)
        for (row, column), count in own.items():
            before = (int(mantissa[row, column]), float(realised[row, column]))
            mantissa[row, column] += count * _grain(projection)
            realised[row, column] += count * step[row, column]
            told.append(
                f"weight {projection.source}[{column}] -> {projection.target}[{row}]: mantissa {before[0]} to "
                f"{mantissa[row, column]}, gain {before[1]:.5g} to {realised[row, column]:.5g}, wanted "
                f"{projection.wanted_gain[row, column]:.5g}"
            )
        others = together[projection.name] - projection.realised_gain
        lost, wanted = (realised + others - projection.wanted_gain) / step, projection.wanted_gain / step
        loss = RoundingLoss.of(lost, wanted, projection.loss.clipped)
        projections.append(replace(projection, mantissa=mantissa, realised_gain=realised, loss=loss))
    return replace(integer, projections=tuple(projections)), tuple(told)


def counterpart(network: LinearThreshold, state: FixedPoint, *, run: bool = True) -> FixedPoint | None:
    return counterparts(Stack.of([network]), np.zeros(1, dtype=np.int64), [state], run=run)[0]
