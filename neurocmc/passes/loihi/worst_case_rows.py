"""Bounds currents, spikes and voltages of all units of an integer network side by side (see `worst_case`).

Units stand in one row through all populations, and what reaches them in one matrix for each group of weights and
decay. Neurons stand in blocks, one for each size of pools.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.jit import jit
from neurocmc.common.matrices import Sparse, diagonal, entries, sparse
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation, IntegerProjection, StepRule
from neurocmc.sim.loihi.registers import decay, shift
from neurocmc.sim.loihi.weight_groups import WeightGroup, weight_groups
from neurocmc.theory.feedback import is_feedback

LONGEST_INTERVAL = 32  # ticks between two spikes of a neuron that are still told apart
SLOWER, NEVER = LONGEST_INTERVAL + 1, LONGEST_INTERVAL + 2  # longer ones; once at most
INT32 = 1 << 31  # sums pass through signed integers of 32 bits
FOR_EVER = 1e30  # ticks that a current without decay remembers
BEYOND = 1 << 40  # larger than any register: currents beyond it need not be told apart


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostBound:
    """The share of the host in the currents of one population: a sum each tick, or a current that it holds.

    `sum_low`, `sum_high` (units,): mantissas << exponent that may arrive in every tick. `held_low`, `held_high`
    (units,): LSB between which the current of the host's spikes alone stays; `held` counts the inputs of which only
    this is known, each a truncation of its own, and what they send in a tick is no more than `held_sum` (units,).
    """

    sum_low: Int
    sum_high: Int
    held_low: Int
    held_high: Int
    held_sum: Int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Firing:
    """Who can fire: of each block of pools (units, neurons) whether, and after how many ticks again."""

    able: tuple[Bool, ...]
    interval: tuple[NDArray[np.int8], ...]  # ticks, SLOWER or NEVER
    count: Int  # (units,) neurons of each unit that can

    @classmethod
    def always(cls, rows: "Rows") -> "Firing":
        """Returns every neuron in every tick."""
        able = tuple(np.ones(block.bias.shape, dtype=np.bool_) for block in rows.blocks)
        return cls.of(rows, able, tuple(np.ones(block.bias.shape, dtype=np.int8) for block in rows.blocks))

    @classmethod
    def of(cls, rows: "Rows", able: tuple[Bool, ...], interval: tuple[NDArray[np.int8], ...]) -> "Firing":
        """Returns these, counted."""
        count = np.zeros(rows.units, dtype=np.int64)
        for block, own in zip(rows.blocks, able, strict=True):
            count[block.units] = own.sum(axis=1, dtype=np.int64)
        return cls(able=able, interval=interval, count=count)

    def same_as(self, other: "Firing") -> bool:
        """Whether the same neurons fire as often."""
        pairs = [*zip(self.able, other.able, strict=True), *zip(self.interval, other.interval, strict=True)]
        return all(np.array_equal(one, two) for one, two in pairs)

    def sustained(self, rows: "Rows", keep: float) -> Float:
        """Returns (units,) the largest sum over past spikes of keep^age, all neurons of a unit together."""
        ticks = np.array([*range(1, SLOWER + 1), np.inf])
        each = np.zeros(NEVER + 1)
        each[1:] = 1.0 / np.maximum(1.0 - np.power(keep, ticks), 1.0 / FOR_EVER)
        found = np.zeros(rows.units)
        for block, able, interval in zip(rows.blocks, self.able, self.interval, strict=True):
            found[block.units] = np.where(able, each[interval], 0.0).sum(axis=1)
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """The pools of one size: (units, neurons) arrays, and (units, 1) of what the neurons of a unit share."""

    units: Int  # where they stand in the row
    bias: Int
    start: Int  # voltages before the first tick
    theta: Int
    keep_v: Int
    decay_v: Int

    @classmethod
    def of(cls, populations: list[IntegerPopulation], units: list[Int], rule: StepRule) -> "_Block":
        counts = [len(own) for own in units]

        def each(values: list[int]) -> Int:
            return np.repeat(np.array(values, dtype=np.int64), counts)[:, None]

        return cls(
            units=np.concatenate(units),
            bias=np.concatenate([p.bias_lsb for p in populations]),
            start=np.concatenate([p.v_initial for p in populations]),
            theta=each([rule.threshold_lsb(p.threshold_mantissa) for p in populations]),
            keep_v=each([rule.keep_v(p.decay_v) for p in populations]),
            decay_v=each([p.decay_v for p in populations]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Arriving:
    """The weights of one group into units of one decay: what all sources send, and what others than they do."""

    exponent: int
    keep: float  # of the current, a tick
    targets: Int  # (targets,) units
    negative: Sparse  # (targets, units) mantissas below 0
    positive: Sparse
    others_negative: Sparse  # the same without what pools send to themselves
    others_positive: Sparse


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Held:
    """What the host and clocks hold and send, (units,)."""

    sum_low: Int
    sum_high: Int
    low: Int
    high: Int
    sums: Int
    inputs: Int  # how many hold a current


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """A network with its units side by side, and what the host does to them."""

    rule: StepRule
    places: dict[str, slice]  # population -> its units
    blocks: tuple[_Block, ...]
    arriving: tuple[_Arriving, ...]
    feedback: tuple[tuple[slice, list[IntegerProjection]], ...]
    turns: tuple[tuple[slice, IntegerPopulation, int], ...]  # whose copies take turns, and their gate
    starts: Int  # (units,) currents before the first tick, without the gate that stands in it
    lost: Int  # (units,) what a tick takes of a current, in units of 1 / full
    held: _Held

    @property
    def units(self) -> int:
        return len(self.starts)

    @classmethod
    def of(cls, network: IntegerNetwork, host: Mapping[str, HostBound]) -> "Rows":
        """Lays a network out."""
        rule, populations = network.rule, network.populations
        first = network.first_unit()
        places = {p.name: slice(first[p.name], first[p.name] + p.units) for p in populations}
        sizes = sorted({p.neurons for p in populations})
        of_size = {size: [p for p in populations if p.neurons == size] for size in sizes}
        gates = {p.name: network.gate_lsb(p.name) for p in populations} if network.has_clocks else {}
        parts: dict[str, list[IntegerProjection]] = {}
        for p in network.projections:
            if is_feedback(p):
                parts.setdefault(p.target, []).append(p)
        return cls(
            rule=rule,
            places=places,
            blocks=tuple(
                _Block.of(own, [np.arange(first[p.name], first[p.name] + p.units) for p in own], rule)
                for own in of_size.values()
            ),
            arriving=tuple(_arriving(network)),
            feedback=tuple((places[name], own) for name, own in parts.items()),
            turns=tuple(
                (places[p.name], p, gate)
                for p in populations
                if (gate := gates.get(p.name, 0)) > 0 and network.sending_the_same(p.name) > 1
            ),
            starts=np.concatenate([_starts(p, gates.get(p.name, 0), rule) for p in populations]),
            lost=network.each_unit([rule.lost_u(p.decay_u) for p in populations]),
            held=_held([(host[p.name], gates.get(p.name, 0)) for p in populations]),
        )

    def in_turn(self, firing: Firing, free: Int) -> Firing:
        """Returns the same where copies take turns: as many of one as any has, of the others those `free`.

        `free` (units,) is how many of each copy fire without a gate.
        """
        if not self.turns:
            return firing
        able, interval = [own.copy() for own in firing.able], [own.copy() for own in firing.interval]
        for place, population, _ in self.turns:
            copies, (block, rows) = population.copies[0], self._within(place)
            most = copies.repeated(firing.count[place].reshape(copies.units, copies.phases).max(axis=1))
            many = np.where(copies.phase == 0, most, np.minimum(free[place], most))
            able[block][rows] = np.arange(population.neurons)[None, :] < many[:, None]
            interval[block][rows] = np.where(able[block][rows], 1, NEVER)
        return Firing.of(self, tuple(able), tuple(interval))

    def _within(self, place: slice) -> tuple[int, slice]:
        """The block in which units stand, and where."""
        for index, block in enumerate(self.blocks):
            start = int(np.searchsorted(block.units, place.start))
            if start < block.units.size and block.units[start] == place.start:
                return index, slice(start, start + place.stop - place.start)
        raise KeyError(place)

    def ungated(self, highest: Int, wraps: Bool) -> Int:
        """Returns (units,) neurons that fire without a gate at the highest current of any copy of their unit."""
        found = np.zeros(self.units, dtype=np.int64)
        for place, population, gate in self.turns:
            rule, copies = self.rule, population.copies[0]
            theta = rule.threshold_lsb(population.threshold_mantissa)
            drive = highest[place, None] - gate + population.bias_lsb
            rest = settled(np.clip(drive, 0, theta + 1), np.int64(population.decay_v), rule.decay_bits)
            fires = (rest > theta) | wraps[place, None]
            found[place] = copies.repeated(fires.sum(axis=1).reshape(copies.units, copies.phases).max(axis=1))
        return found

    def currents(self, firing: Firing) -> tuple[Int, Int, Int]:
        """Returns (units,) lowest and highest current, and the largest magnitude of a shifted sum."""
        rule, held = self.rule, self.held
        full = rule.full_decay
        remembered = np.where(self.lost > 0, full / np.maximum(self.lost, 1), FOR_EVER)
        low, high = held.sum_low.copy(), held.sum_high.copy()
        lasting_low, lasting_high = np.zeros(self.units), np.zeros(self.units)
        sustained: dict[float, Float] = {}
        for own in self.arriving:
            low[own.targets] += shift(own.negative @ firing.count, own.exponent)
            high[own.targets] += shift(own.positive @ firing.count, own.exponent)
            if own.keep not in sustained:
                sustained[own.keep] = firing.sustained(self, own.keep)
            lasting_low[own.targets] += np.ldexp(own.others_negative @ sustained[own.keep], own.exponent)
            lasting_high[own.targets] += np.ldexp(own.others_positive @ sustained[own.keep], own.exponent)
            if own.exponent < 0:
                # Rounding the sum down loses less than 1 in each tick.
                lasting_low[own.targets] -= remembered[own.targets]
        for place, parts in self.feedback:
            keep, ticks = float((full - self.lost[place.start]) / full), float(remembered[place.start])
            taken_low, taken_high = _taken_back(parts, firing.count[place], keep, ticks)
            lasting_low[place] += taken_low
            lasting_high[place] += taken_high
        lasting_low += held.sum_low * remembered
        lasting_high += held.sum_high * remembered
        unit_lsb = float(1 << rule.weight_shift)
        # What the host holds and what the pools send truncate apart: less than 2 LSB a tick for each held current.
        slack = np.ceil(np.minimum((2 * held.inputs + 1) * remembered, BEYOND)).astype(np.int64)
        slack = np.where((held.inputs > 0) & (self.lost < full), slack, 0)
        sums_low, sums_high = low << rule.weight_shift, high << rule.weight_shift
        start = self.starts
        lowest = np.maximum(
            np.minimum(start, settled(sums_low, self.lost, rule.decay_bits)),
            np.minimum(start, 0) + _outward(lasting_low * unit_lsb),
        )
        highest = np.minimum(
            np.maximum(start, settled(sums_high, self.lost, rule.decay_bits)),
            np.maximum(start, 0) + _outward(lasting_high * unit_lsb),
        )
        lowest = np.where(held.inputs > 0, np.minimum(lowest, 0) - slack, lowest)
        highest = np.where(held.inputs > 0, np.maximum(highest, 0) + slack, highest)
        return (
            np.maximum(lowest + held.low, -BEYOND),
            np.minimum(highest + held.high, BEYOND),
            np.minimum(np.maximum(-sums_low, sums_high) + held.sums, BEYOND),
        )

    def firing(self, highest: Int, pinned: Bool) -> Firing:
        """Returns who can fire at the highest current, and how soon again after a spike; `pinned` always do."""
        able: list[Bool] = []
        interval: list[NDArray[np.int8]] = []
        for block in self.blocks:
            own, held = highest[block.units], pinned[block.units]
            found = np.empty(block.bias.shape, dtype=np.int8)
            _intervals(own, block.bias, block.theta, block.keep_v, block.decay_v, self.rule.decay_bits, found)
            # Beyond the threshold all drives are alike: a neuron then fires in every tick.
            drive = np.minimum(own[:, None] + block.bias, block.theta + 1)
            from_start = decay(block.start, block.keep_v, self.rule.decay_bits) + drive > block.theta
            able.append((found < NEVER) | from_start | held[:, None])
            interval.append(np.where(held[:, None], np.int8(1), found))
        return Firing.of(self, tuple(able), tuple(interval))

    def voltages(self, low: Int, high: Int, sums: Int) -> tuple[Int, Int, Bool]:
        """Returns (units,) lowest and highest voltage before it saturates, and whether anything may wrap."""
        rule, half = self.rule, self.rule.half_current
        voltage_low, voltage_high = np.zeros(self.units, dtype=np.int64), np.zeros(self.units, dtype=np.int64)
        lowest_drive = np.zeros(self.units, dtype=np.int64)
        for block in self.blocks:
            drive_low, drive_high = low[block.units, None] + block.bias, high[block.units, None] + block.bias
            # Between ticks no voltage stands above the threshold, nor above where the highest drive would leave it.
            rest = settled(np.clip(drive_high, 0, block.theta + 1), block.decay_v, rule.decay_bits)
            between = np.maximum(block.start, np.minimum(rest, block.theta))
            above = np.maximum(decay(between, block.keep_v, rule.decay_bits) + drive_high, between)
            lowest = settled(np.clip(drive_low, -INT32, 0), block.decay_v, rule.decay_bits)
            below = np.minimum(np.minimum(lowest, drive_low), np.minimum(block.start, 0))
            voltage_high[block.units], voltage_low[block.units] = above.max(axis=1), below.min(axis=1)
            lowest_drive[block.units] = drive_low.min(axis=1)
        # Of a population the lowest drive of all its units stands for each.
        least = np.zeros(self.units, dtype=np.int64)
        for place in self.places.values():
            least[place] = lowest_drive[place].min()
        wraps = (high >= half) | (low <= -half) | (sums >= INT32)
        wraps |= np.maximum(np.abs(low), np.abs(high)) + sums >= INT32
        fallen = np.maximum(voltage_low, -(1 << (rule.voltage_bits - 1)) + least)
        wraps |= np.maximum(voltage_high, -fallen) >= INT32
        return voltage_low, voltage_high, wraps


def _arriving(network: IntegerNetwork) -> list[_Arriving]:
    """What reaches units, group by group and decay by decay; clocks' gates are held, not sent."""
    first, units = network.first_unit(), sum(p.units for p in network.populations)
    found: list[_Arriving] = []
    for group in weight_groups(network):
        by_decay: dict[int, list[IntegerProjection]] = {}
        for projection in map(network.projection, group.projections):
            if not (network.has_clocks and network.is_gate(projection)):
                by_decay.setdefault(network.population(projection.target).decay_u, []).append(projection)
        found += [_of_decay(network, group, first, units, decay_u, own) for decay_u, own in by_decay.items()]
    return found


def _of_decay(
    network: IntegerNetwork,
    group: WeightGroup,
    first: Mapping[str, int],
    units: int,
    decay_u: int,
    projections: list[IntegerProjection],
) -> _Arriving:
    names = dict.fromkeys(p.target for p in projections)
    targets = np.concatenate([first[name] + np.arange(network.population(name).units) for name in names])
    row = dict(zip(names, _row_starts(network, names), strict=True))
    rows, columns, mantissas, own = ([np.zeros(0, dtype=np.int64)] for _ in range(4))
    for p in projections:
        target, source, mantissa = entries(p.mantissa)
        rows.append(target + row[p.target])
        columns.append(source + first[p.source])
        mantissas.append(mantissa)
        own.append(np.full(target.size, is_feedback(p), dtype=np.int64))
    places = np.concatenate(rows), np.concatenate(columns)
    mantissa, to_itself = np.concatenate(mantissas), np.concatenate(own)

    def signed(kept: Bool) -> Sparse:
        return sparse((mantissa[kept], (places[0][kept], places[1][kept])), (targets.size, units))

    others = to_itself == 0
    return _Arriving(
        exponent=group.exponent,
        keep=network.rule.pole(decay_u),
        targets=targets,
        negative=signed(mantissa < 0),
        positive=signed(mantissa > 0),
        others_negative=signed((mantissa < 0) & others),
        others_positive=signed((mantissa > 0) & others),
    )


def _row_starts(network: IntegerNetwork, names: Mapping[str, None]) -> list[int]:
    ends = np.cumsum([0, *(network.population(name).units for name in names)])
    return ends[:-1].tolist()


def _held(of_populations: list[tuple[HostBound, int]]) -> _Held:
    """What the host holds, and clocks besides."""
    units = [bound.sum_low.size for bound, _ in of_populations]

    def row(field: str, *, gated: bool = False) -> Int:
        parts = [getattr(bound, field) + (gate if gated else 0) for bound, gate in of_populations]
        return np.concatenate(parts).astype(np.int64)

    inputs = [bound.held + (1 if gate else 0) for bound, gate in of_populations]
    return _Held(
        sum_low=row("sum_low"),
        sum_high=row("sum_high"),
        low=row("held_low"),
        high=row("held_high", gated=True),
        sums=row("held_sum", gated=True),
        inputs=np.repeat(np.array(inputs, dtype=np.int64), units),
    )


def _starts(population: IntegerPopulation, gate: int, rule: StepRule) -> Int:
    """(units,) currents before the first tick, without the gate that stands in it."""
    keep = rule.keep_u(population.decay_u)
    if not (gate and keep and population.copies):
        return population.u_initial
    ahead = -(-gate * rule.full_decay // keep)
    return population.u_initial - np.where(population.copies[0].phase == 0, ahead, 0)


def _taken_back(parts: list[IntegerProjection], count: Int, keep: float, remembered: float) -> tuple[Float, Float]:
    """(units,) bounds on what pools take from themselves, in mantissas << exponent.

    Its parts are of both signs and of one and the same spike, so that they are bounded together: by what one spike
    has left in the filter k ticks later, in every k by all neurons or by none. The current truncates as a whole, by
    less than 1 a tick either way.
    """
    last = max(part.delay_ticks for part in parts)
    left, low, high = np.zeros(count.size), np.zeros(count.size), np.zeros(count.size)
    for late in range(last + 1):
        arrives = [np.ldexp(diagonal(part.mantissa), part.exponent) for part in parts if part.delay_ticks == late]
        left = keep * left + sum(arrives, np.zeros(count.size))
        low, high = low + np.minimum(left, 0.0), high + np.maximum(left, 0.0)
    rest = left * keep * remembered  # what is left decays from then on
    return (low + np.minimum(rest, 0.0)) * count - remembered, (high + np.maximum(rest, 0.0)) * count + remembered


def _outward(value: Float) -> Int:
    """Bounds computed in floats, moved outward to whole numbers by more than their rounding."""
    within = np.abs(value) < BEYOND
    spare = np.where(within, np.abs(value) * 1e-9, 0.0)
    bound = np.where(within, value, np.where(np.isnan(value), 0.0, np.sign(value) * BEYOND))
    return np.where(value >= 0, np.floor(bound + spare), np.ceil(bound - spare)).astype(np.int64)


def settled(arriving: Int, lost: Int | np.int64, decay_bits: int) -> Int:
    """Where registers that lose lost / 2^decay_bits a tick, and gain `arriving`, come to rest.

    At rest |u| - floor(|u| keep) = size, which is ceil(|u| lost / full) = size: the smallest such |u|. What is far
    beyond every register, as where nothing is lost, is BEYOND.
    """
    size = np.minimum(np.abs(arriving), 1 << (62 - decay_bits))
    rest = np.where(lost > 0, ((size - 1) << decay_bits) // np.maximum(lost, 1) + 1, BEYOND)
    return np.where(size > 0, np.sign(arriving) * rest, 0)


@jit()
def _intervals(
    highest: Int, bias: Int, theta: Int, keep: Int, decay: Int, bits: int, found: NDArray[np.int8]
) -> None:
    """Fills in after how many ticks of its highest drive each neuron is over its threshold again."""
    units, neurons = bias.shape
    for unit in range(units):
        limit, kept, lost = theta[unit, 0], keep[unit, 0], decay[unit, 0]
        for neuron in range(neurons):
            drive = min(highest[unit] + bias[unit, neuron], limit + 1)
            if drive > limit:
                found[unit, neuron] = 1
                continue
            if drive <= 0:
                found[unit, neuron] = NEVER
                continue
            rest = ((drive - 1) << bits) // lost + 1 if lost > 0 else limit + 1
            if rest <= limit:
                found[unit, neuron] = NEVER
                continue
            voltage, ticks = np.int64(0), 0
            while voltage <= limit and ticks <= LONGEST_INTERVAL:
                voltage = min(((voltage * kept) >> bits) + drive, limit + 1)
                ticks += 1
            found[unit, neuron] = ticks if voltage > limit and ticks <= LONGEST_INTERVAL else SLOWER
