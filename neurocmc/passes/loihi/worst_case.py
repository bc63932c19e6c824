"""Bounds every current and voltage of an integer network by intervals, whatever its pools do.

All arithmetic is the chip's, on intervals: a bound is the largest value that the registers of a network without any
width could reach. Where it fits the true register, nothing has wrapped, so both networks are the same one and the
bound is a proof. Three facts make it tight enough to be of use:

- Excitation and inhibition are bounded apart: the highest current is that of all excitation and no inhibition.
- A bound on a current is a bound on who can fire. Beginning with every neuron in every tick, currents and spikes are
  bounded in turn; each round follows from the one before, so that every round holds and the last is the tightest.
- A neuron that fired starts from 0, and after the fewest ticks in which its highest current lifts it over threshold
  it can fire again. Spikes n ticks apart add up to 1 / (1 - keep^n) of one, not to 1 / (1 - keep).

What a clock adds to a pool's current and takes away again, without a rest, is known: between nothing and its gate.
It is bounded as a current that is held, and no spike of the clock is counted. Of copies that take turns one of a
unit's fires in a tick, and of the others those neurons that a current lifts over threshold without a gate. These are
taken to be none at first, then those that the bounds let fire, until the bounds let no others: by induction from the
first tick on it was always so.

A unit whose current may leave its register could then hold anything: it counts as firing with every neuron, always.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.matrices import diagonal, mapped
from neurocmc.ir.copies import Copies
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation, IntegerProjection
from neurocmc.sim.loihi.registers import decay, shift
from neurocmc.sim.loihi.weight_groups import WeightGroup, weight_groups
from neurocmc.theory.feedback import is_feedback

ROUNDS = 100  # every round holds; self-excitation makes them converge slowly, and the last are worth little
LONGEST_INTERVAL = 32  # ticks between two spikes of a neuron that are still told apart
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
class PopulationBound:
    """Bounds of one population, in LSB; all arrays (units,) and reached or not, but never passed."""

    current_low: Int
    current_high: Int
    sum_largest: Int  # magnitude of the shifted input sum, before it meets the current
    voltage_low: Int  # before it saturates
    voltage_high: Int
    firing: Int  # neurons that can fire in one tick
    wraps: Bool  # whether the current, or a sum on its way, may leave its register

    def fits(self, voltage_limit: int) -> bool:
        """Whether nothing wraps and no voltage of magnitude above `voltage_limit` occurs."""
        clips = self.voltage_high.max() > voltage_limit or self.voltage_low.min() < -voltage_limit
        return not (self.wraps.any() or clips)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Firing:
    """Who can fire, of one population: (units, neurons); intervals in ticks, infinite where once at most."""

    able: Bool
    interval: Float

    @property
    def count(self) -> Int:
        return self.able.sum(axis=1, dtype=np.int64)

    def in_turn(self, copies: Copies, free: Int) -> "_Firing":
        """Returns the same of copies that take turns: as many of one as any has, of the others those `free`.

        `free` (copies,) is how many of each copy fire without a gate.
        """
        most = copies.repeated(self.count.reshape(copies.units, copies.phases).max(axis=1))
        firing = np.where(copies.phase == 0, most, np.minimum(free, most))
        able = np.arange(self.able.shape[1])[None, :] < firing[:, None]
        return _Firing(able=able, interval=np.where(able, 1.0, np.inf))

    def sustained(self, keep: float) -> Float:
        """Returns (units,) the largest sum over past spikes of keep^age, all neurons of the unit together."""
        each = 1.0 / np.maximum(1.0 - np.power(keep, self.interval), 1.0 / FOR_EVER)
        return np.where(self.able, each, 0.0).sum(axis=1)


def worst_case(network: IntegerNetwork, host: Mapping[str, HostBound]) -> dict[str, PopulationBound]:
    """Maps each population to its bounds; `host` has an entry for every population.

    Raises ValueError for decay registers beyond 30 bits, or a decay larger than the whole current.
    """
    _check(network)
    pinned = {p.name: np.zeros(p.units, dtype=np.bool_) for p in network.populations}
    free = {p.name: np.zeros(p.units, dtype=np.int64) for p in network.populations if _take_turns(network, p)}
    while True:
        bounds = _narrowed(network, host, pinned, free)
        grown = {name: pinned[name] | bound.wraps for name, bound in bounds.items()}
        freed = {name: np.maximum(free[name], _ungated(network, name, bounds[name])) for name in free}
        if all((grown[name] == pinned[name]).all() for name in grown) and all(
            (freed[name] == free[name]).all() for name in freed
        ):
            return bounds
        pinned, free = grown, freed


def settled(arriving: int, decay: int, decay_bits: int) -> int:
    """Returns where a register that loses decay / 2^decay_bits a tick, and gains `arriving`, comes to rest."""
    size = abs(arriving)
    if size == 0:
        return 0
    # At rest |u| - floor(|u| keep) = size, which is ceil(|u| decay / full) = size: the smallest such |u|.
    rest = (((size - 1) << decay_bits) // decay + 1) if decay else BEYOND
    return rest if arriving > 0 else -rest


def _check(network: IntegerNetwork) -> None:
    if network.rule.decay_bits > 30:
        raise ValueError(f"decay_bits is {network.rule.decay_bits}; bounds are computed for 30 at most")
    for population in network.populations:
        if network.rule.keep_u(population.decay_u) < 0:
            raise ValueError(f"population {population.name} decays by more than its whole current")


def _take_turns(network: IntegerNetwork, population: IntegerPopulation) -> bool:
    """Whether a clock gates its copies, and all copies of a unit send the same."""
    return network.sending_the_same(population.name) > 1 and network.gate_lsb(population.name) > 0


def _ungated(network: IntegerNetwork, name: str, bound: PopulationBound) -> Int:
    """(copies,) neurons that fire without a gate at the highest current of any copy of their unit."""
    rule, population = network.rule, network.population(name)
    theta = rule.threshold_lsb(population.threshold_mantissa)
    drive = bound.current_high[:, None] - network.gate_lsb(name) + population.bias_lsb
    rest = _settled_at(np.clip(drive, 0, theta + 1), population.decay_v, rule.decay_bits)
    fires = (rest > theta) | bound.wraps[:, None]
    copies = population.copies[0]
    return copies.repeated(fires.sum(axis=1).reshape(copies.units, copies.phases).max(axis=1))


def _narrowed(
    network: IntegerNetwork, host: Mapping[str, HostBound], pinned: Mapping[str, Bool], free: Mapping[str, Int]
) -> dict[str, PopulationBound]:
    """Bounds after rounds of currents and spikes in turn, from every neuron in every tick down."""
    groups = _arriving(network)
    host = {p.name: _gated(network, p, host[p.name]) for p in network.populations}
    firing = {
        p.name: _Firing(able=np.ones((p.units, p.neurons), np.bool_), interval=np.ones((p.units, p.neurons)))
        for p in network.populations
    }
    turns = {name: network.population(name).copies[0] for name in free}
    firing |= {name: firing[name].in_turn(copies, free[name]) for name, copies in turns.items()}
    currents: dict[str, tuple[Int, Int, Int]] = {}
    for _ in range(ROUNDS):
        currents = {p.name: _currents(network, p, groups[p.name], firing, host[p.name]) for p in network.populations}
        narrower = {p.name: _firing(network, p, currents[p.name][1], pinned[p.name]) for p in network.populations}
        narrower |= {name: narrower[name].in_turn(copies, free[name]) for name, copies in turns.items()}
        same = all(
            (narrower[name].able == firing[name].able).all()
            and (narrower[name].interval == firing[name].interval).all()
            for name in firing
        )
        firing = narrower
        if same:
            break
    return {p.name: _bound(network, p, currents[p.name], firing[p.name].count) for p in network.populations}


def _gated(network: IntegerNetwork, population: IntegerPopulation, host: HostBound) -> HostBound:
    """What the host holds of a population's current, and a clock besides."""
    gate = network.gate_lsb(population.name)
    if not gate:
        return host
    held, sums = host.held_high + gate, host.held_sum + gate
    return replace(host, held_high=held, held_sum=sums, held=host.held + 1)


# The weights that reach a population, group by group.
_Arriving = list[tuple[WeightGroup, list[IntegerProjection]]]


def _arriving(network: IntegerNetwork) -> dict[str, _Arriving]:
    """Population -> what reaches it; groups and projections in their own order."""
    projections = {p.name: p for p in network.projections}
    found: dict[str, dict[WeightGroup, list[IntegerProjection]]] = {p.name: {} for p in network.populations}
    for group in weight_groups(network):
        for projection in (projections[name] for name in group.projections):
            if network.is_gate(projection):
                continue
            found[projection.target].setdefault(group, []).append(projection)
    return {name: list(own.items()) for name, own in found.items()}


def _currents(
    network: IntegerNetwork,
    population: IntegerPopulation,
    groups: _Arriving,
    firing: Mapping[str, _Firing],
    host: HostBound,
) -> tuple[Int, Int, Int]:
    """(units,) lowest and highest current, and largest magnitude of a shifted sum."""
    rule = network.rule
    full, lost = rule.full_decay, rule.lost_u(population.decay_u)
    keep, remembered = rule.pole(population.decay_u), (full / lost if lost else FOR_EVER)
    low, high = host.sum_low.copy(), host.sum_high.copy()
    lasting_low, lasting_high = np.zeros(population.units), np.zeros(population.units)
    of_itself = [p for _, members in groups for p in members if is_feedback(p)]
    for group, members in groups:
        negative, positive = _signed_sums(
            members, {p.source: firing[p.source].count for p in members}, population.units
        )
        low += shift(negative.astype(np.int64), group.exponent)
        high += shift(positive.astype(np.int64), group.exponent)
        from_others = [p for p in members if not is_feedback(p)]
        sustained = {p.source: firing[p.source].sustained(keep) for p in from_others}
        negative, positive = _signed_sums(from_others, sustained, population.units)
        lasting_low += np.ldexp(negative, group.exponent)
        lasting_high += np.ldexp(positive, group.exponent)
        if group.exponent < 0:
            lasting_low -= remembered  # rounding the sum down loses less than 1 in each tick
    if of_itself:
        taken_low, taken_high = _taken_back(of_itself, firing[population.name].count, keep, remembered)
        lasting_low += taken_low
        lasting_high += taken_high
    lasting_low += host.sum_low * remembered
    lasting_high += host.sum_high * remembered
    unit_lsb = float(1 << rule.weight_shift)
    # What the host holds and what the pools send truncate apart: less than 2 LSB a tick for each held current.
    slack = int(np.ceil(min((2 * host.held + 1) * remembered, BEYOND))) if host.held and lost < full else 0
    bounds, starts = np.zeros((3, population.units), dtype=np.int64), _starts(network, population)
    for unit in range(population.units):
        sums = int(low[unit]) << rule.weight_shift, int(high[unit]) << rule.weight_shift
        start = int(starts[unit])
        lasting = (_outward(lasting_low[unit] * unit_lsb), _outward(lasting_high[unit] * unit_lsb))
        lowest = max(min(start, settled(sums[0], lost, rule.decay_bits)), min(start, 0) + lasting[0])
        highest = min(max(start, settled(sums[1], lost, rule.decay_bits)), max(start, 0) + lasting[1])
        if host.held:
            lowest, highest = min(lowest, 0) - slack, max(highest, 0) + slack
        bounds[0, unit] = max(lowest + int(host.held_low[unit]), -BEYOND)
        bounds[1, unit] = min(highest + int(host.held_high[unit]), BEYOND)
        bounds[2, unit] = min(max(-sums[0], sums[1]) + int(host.held_sum[unit]), BEYOND)
    return bounds[0], bounds[1], bounds[2]


def _starts(network: IntegerNetwork, population: IntegerPopulation) -> Int:
    """(units,) currents before the first tick, without the gate that stands in it."""
    gate, keep = network.gate_lsb(population.name), network.rule.keep_u(population.decay_u)
    if not (gate and keep and population.copies):
        return population.u_initial
    ahead = -(-gate * network.rule.full_decay // keep)
    return population.u_initial - np.where(population.copies[0].phase == 0, ahead, 0)


def _signed_sums(
    members: list[IntegerProjection], sent: Mapping[str, NDArray[np.generic]], units: int
) -> tuple[Float, Float]:
    """Sums of all negative and of all positive mantissas, weighed with what their sources send."""
    negative = sum((mapped(p.mantissa, _negative) @ sent[p.source] for p in members), np.zeros(units))
    positive = sum((mapped(p.mantissa, _positive) @ sent[p.source] for p in members), np.zeros(units))
    return negative, positive


def _negative(mantissa: Int) -> Int:
    return np.minimum(mantissa, 0)


def _positive(mantissa: Int) -> Int:
    return np.maximum(mantissa, 0)


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


def _outward(value: float) -> int:
    """A bound computed in floats, moved outward to a whole number by more than its rounding."""
    if not abs(value) < BEYOND:
        return int(np.sign(value)) * BEYOND
    spare = abs(value) * 1e-9
    return int(np.floor(value + spare)) if value >= 0 else int(np.ceil(value - spare))


def _firing(network: IntegerNetwork, population: IntegerPopulation, highest: Int, pinned: Bool) -> _Firing:
    """Who can fire at the highest current, and how soon again after a spike."""
    rule = network.rule
    keep, theta = rule.keep_v(population.decay_v), rule.threshold_lsb(population.threshold_mantissa)
    # Beyond the threshold all drives are alike: a neuron then fires in every tick.
    drive = np.minimum(highest[:, None] + population.bias_lsb, theta + 1)
    interval = np.where(
        _settled_at(drive, population.decay_v, rule.decay_bits) > theta, LONGEST_INTERVAL + 1.0, np.inf
    )
    voltage = np.zeros_like(drive)
    for ticks in range(1, LONGEST_INTERVAL + 1):
        voltage = np.minimum(decay(voltage, keep, rule.decay_bits) + drive, theta + 1)
        interval = np.where((voltage > theta) & (interval > ticks), ticks, interval)
        if not (np.isfinite(interval) & (interval > ticks)).any():
            break
    from_start = decay(population.v_initial, keep, rule.decay_bits) + drive > theta
    able = np.isfinite(interval) | from_start | pinned[:, None]
    return _Firing(able=able, interval=np.where(pinned[:, None], 1.0, interval))


def _bound(
    network: IntegerNetwork, population: IntegerPopulation, currents: tuple[Int, Int, Int], firing: Int
) -> PopulationBound:
    rule = network.rule
    low, high, sums = currents
    half, keep = rule.half_current, rule.keep_v(population.decay_v)
    theta = rule.threshold_lsb(population.threshold_mantissa)
    start, bias = population.v_initial, population.bias_lsb
    drive_low, drive_high = low[:, None] + bias, high[:, None] + bias
    # Between ticks no voltage stands above the threshold, nor above where the highest drive would leave it.
    rest = _settled_at(np.clip(drive_high, 0, theta + 1), population.decay_v, rule.decay_bits)
    between = np.maximum(start, np.minimum(rest, theta))
    voltage_high = np.maximum(decay(between, keep, rule.decay_bits) + drive_high, between).max(axis=1)
    lowest = _settled_at(np.clip(drive_low, -INT32, 0), population.decay_v, rule.decay_bits)
    voltage_low = np.minimum(np.minimum(lowest, drive_low), np.minimum(start, 0)).min(axis=1)
    wraps = (high >= half) | (low <= -half) | (sums >= INT32)
    wraps |= np.maximum(np.abs(low), np.abs(high)) + sums >= INT32
    wraps |= (
        np.maximum(voltage_high, -np.maximum(voltage_low, -(1 << (rule.voltage_bits - 1)) + drive_low.min())) >= INT32
    )
    return PopulationBound(
        current_low=low,
        current_high=high,
        sum_largest=sums,
        voltage_low=voltage_low,
        voltage_high=voltage_high,
        firing=firing,
        wraps=wraps,
    )


def _settled_at(drive: Int, decay: int, decay_bits: int) -> Int:
    """`settled` for arrays of drives within 32 bits; beyond every register where nothing decays."""
    size = np.abs(drive)
    rest = ((size - 1) << decay_bits) // decay + 1 if decay else np.full_like(size, BEYOND)
    return np.where(size > 0, np.sign(drive) * rest, 0)
