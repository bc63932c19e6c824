"""Has the units of a network side by side, through all populations, and bounds their currents and voltages."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation, IntegerProjection, StepRule
from neurocmc.passes.loihi.worst_case.arriving import Arriving, arriving, taken_back
from neurocmc.passes.loihi.worst_case.host import Held, HostBound, held_by
from neurocmc.passes.loihi.worst_case.pools import NEVER, Block, Firing, firing_at
from neurocmc.passes.loihi.worst_case.registers import BEYOND, FOR_EVER, INT32, outward, settled
from neurocmc.sim.loihi.registers import decay, shift
from neurocmc.theory.feedback import is_feedback


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """A network with its units side by side, and what the host does to them."""

    rule: StepRule
    places: dict[str, slice]  # population -> its units
    blocks: tuple[Block, ...]
    arriving: tuple[Arriving, ...]
    feedback: tuple[tuple[slice, list[IntegerProjection]], ...]
    turns: tuple[tuple[slice, IntegerPopulation, int], ...]  # whose copies take turns, and their gate
    starts: Int  # (units,) currents before the first tick, without the gate that stands in it
    lost: Int  # (units,) what a tick takes of a current, in units of 1 / full
    held: Held

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
                Block.of(own, [np.arange(first[p.name], first[p.name] + p.units) for p in own], rule)
                for own in of_size.values()
            ),
            arriving=tuple(arriving(network)),
            feedback=tuple((places[name], own) for name, own in parts.items()),
            turns=tuple(
                (places[p.name], p, gate)
                for p in populations
                if (gate := gates.get(p.name, 0)) > 0 and network.sending_the_same(p.name) > 1
            ),
            starts=np.concatenate([_starts(p, gates.get(p.name, 0), rule) for p in populations]),
            lost=network.each_unit([rule.lost_u(p.decay_u) for p in populations]),
            held=held_by([(host[p.name], gates.get(p.name, 0)) for p in populations]),
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
        return Firing.of(self.blocks, tuple(able), tuple(interval))

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
                sustained[own.keep] = firing.sustained(self.blocks, own.keep)
            lasting_low[own.targets] += np.ldexp(own.others_negative @ sustained[own.keep], own.exponent)
            lasting_high[own.targets] += np.ldexp(own.others_positive @ sustained[own.keep], own.exponent)
            if own.exponent < 0:
                # Rounding the sum down loses less than 1 in each tick.
                lasting_low[own.targets] -= remembered[own.targets]
        for place, parts in self.feedback:
            keep, ticks = float((full - self.lost[place.start]) / full), float(remembered[place.start])
            taken_low, taken_high = taken_back(parts, firing.count[place], keep, ticks)
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
            np.minimum(start, 0) + outward(lasting_low * unit_lsb),
        )
        highest = np.minimum(
            np.maximum(start, settled(sums_high, self.lost, rule.decay_bits)),
            np.maximum(start, 0) + outward(lasting_high * unit_lsb),
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
        return firing_at(highest, pinned, self.blocks, self.rule.decay_bits)

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


def _starts(population: IntegerPopulation, gate: int, rule: StepRule) -> Int:
    """(units,) currents before the first tick, without the gate that stands in it."""
    keep = rule.keep_u(population.decay_u)
    if not (gate and keep and population.copies):
        return population.u_initial
    ahead = -(-gate * rule.full_decay // keep)
    return population.u_initial - np.where(population.copies[0].phase == 0, ahead, 0)
