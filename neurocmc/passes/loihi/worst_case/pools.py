"""Knows which neurons can fire under bounds on their currents, and after how many ticks again.

Neurons stand in blocks, one for each size of pools.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.jit import jit
from neurocmc.ir.loihi.network import IntegerPopulation, StepRule
from neurocmc.passes.loihi.worst_case.registers import FOR_EVER
from neurocmc.sim.loihi.registers import decay

LONGEST_INTERVAL = 32  # ticks between two spikes of a neuron that are still told apart
SLOWER, NEVER = LONGEST_INTERVAL + 1, LONGEST_INTERVAL + 2  # longer ones; once at most


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """The pools of one size: (units, neurons) arrays, and (units, 1) of what the neurons of a unit share."""

    units: Int  # where they stand in the row
    bias: Int
    start: Int  # voltages before the first tick
    theta: Int
    keep_v: Int
    decay_v: Int

    @classmethod
    def of(cls, populations: list[IntegerPopulation], units: list[Int], rule: StepRule) -> "Block":
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


def units_of(blocks: Sequence[Block]) -> int:
    """Returns how many units all blocks together have."""
    return sum(block.units.size for block in blocks)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Firing:
    """Who can fire: of each block of pools (units, neurons) whether, and after how many ticks again."""

    able: tuple[Bool, ...]
    interval: tuple[NDArray[np.int8], ...]  # ticks, SLOWER or NEVER
    count: Int  # (units,) neurons of each unit that can

    @classmethod
    def always(cls, blocks: Sequence[Block]) -> "Firing":
        """Returns every neuron in every tick."""
        able = tuple(np.ones(block.bias.shape, dtype=np.bool_) for block in blocks)
        return cls.of(blocks, able, tuple(np.ones(block.bias.shape, dtype=np.int8) for block in blocks))

    @classmethod
    def of(cls, blocks: Sequence[Block], able: tuple[Bool, ...], interval: tuple[NDArray[np.int8], ...]) -> "Firing":
        """Returns these, counted."""
        count = np.zeros(units_of(blocks), dtype=np.int64)
        for block, own in zip(blocks, able, strict=True):
            count[block.units] = own.sum(axis=1, dtype=np.int64)
        return cls(able=able, interval=interval, count=count)

    def same_as(self, other: "Firing") -> bool:
        """Whether the same neurons fire as often."""
        pairs = [*zip(self.able, other.able, strict=True), *zip(self.interval, other.interval, strict=True)]
        return all(np.array_equal(one, two) for one, two in pairs)

    def sustained(self, blocks: Sequence[Block], keep: float) -> Float:
        """Returns (units,) the largest sum over past spikes of keep^age, all neurons of a unit together."""
        ticks = np.array([*range(1, SLOWER + 1), np.inf])
        each = np.zeros(NEVER + 1)
        each[1:] = 1.0 / np.maximum(1.0 - np.power(keep, ticks), 1.0 / FOR_EVER)
        found = np.zeros(units_of(blocks))
        for block, able, interval in zip(blocks, self.able, self.interval, strict=True):
            found[block.units] = np.where(able, each[interval], 0.0).sum(axis=1)
        return found


def firing_at(highest: Int, pinned: Bool, blocks: Sequence[Block], decay_bits: int) -> Firing:
    """Returns who can fire at the highest current, and how soon again after a spike; `pinned` always do."""
    able: list[Bool] = []
    interval: list[NDArray[np.int8]] = []
    for block in blocks:
        own, held = highest[block.units], pinned[block.units]
        found = np.empty(block.bias.shape, dtype=np.int8)
        _intervals(own, block.bias, block.theta, block.keep_v, block.decay_v, decay_bits, found)
        # Beyond the threshold all drives are alike: a neuron then fires in every tick.
        drive = np.minimum(own[:, None] + block.bias, block.theta + 1)
        from_start = decay(block.start, block.keep_v, decay_bits) + drive > block.theta
        able.append((found < NEVER) | from_start | held[:, None])
        interval.append(np.where(held[:, None], np.int8(1), found))
    return Firing.of(blocks, tuple(able), tuple(interval))


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
