"""Bounds how far V of the neurons on cores can go in the worst case, against its register.

For every neuron the bound adds up all axons that excite it, or all that inhibit it, in every tick. What holds V is
its reset, its floor, or a filter: neurons of one unit that never reset, hear the same axons and start from the same V
all have the same V, so that above the highest threshold of those whose spikes come back all of them inhibit it. Where
none of these holds V the bound is None: it would grow for as long as such a tick lasts, until its register clips it.
How much of the worst tick a filter does hold is said beside it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.ir.truenorth.cores import RESET_NONE, RESET_SUBTRACT, RESET_TO, CoreNetwork
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.report.budget import PotentialRange

_UNBOUNDED = np.inf


def potential_ranges(program: CoreProgram) -> tuple[PotentialRange, ...]:
    """Returns one row for each population and role, in the order of the program's groups."""
    bounds = potential_bounds(program.network, {group.core for group in program.neuron_groups})
    limit = (1 << (program.network.potential_bits - 1)) - 1
    members: dict[tuple[str, str], list[tuple[Float, ...]]] = {}
    for group in program.neuron_groups:
        part = (group.core, slice(group.start, group.stop))
        members.setdefault((population_of(group.corelet), group.role), []).append(
            tuple(bound[part] for bound in bounds)
        )
    return tuple(_range(name, role, pairs, limit) for (name, role), pairs in members.items())


def population_of(corelet: str) -> str:
    """Returns the first part of a corelet's path: the population it belongs to."""
    return corelet.partition("/")[0]


def _range(name: str, role: str, parts: Iterable[tuple[Float, ...]], limit: int) -> PotentialRange:
    low, high, held = (np.concatenate(side) for side in zip(*parts, strict=True))
    lowest, highest = float(low.min()), float(high.max())
    return PotentialRange(
        population=name,
        role=role,
        neurons=low.size,
        low=None if np.isinf(lowest) else int(lowest),
        high=None if np.isinf(highest) else int(highest),
        limit=limit,
        beyond=int(((low < -limit - 1) | (high > limit)).sum()),
        held=None if np.isnan(held).any() else float(held.min()),
    )


class PotentialBounds(NamedTuple):
    """The bounds of V of some neurons; infinite where nothing stops it."""

    low: Float  # least V before reset and clipping
    high: Float  # greatest V before reset and clipping
    held: Float  # the share of excitation that a filter holds; NaN where there is no filter


def potential_bounds(network: CoreNetwork, cores: Iterable[int]) -> PotentialBounds:
    """Returns (C, neurons) bounds of the neurons of some cores; of cores that are not asked for all are 0."""
    low, high, held = (np.zeros((network.cores, network.neurons)) for _ in range(3))
    for core in sorted(set(cores)):
        low[core], high[core], held[core] = _Core(network, core).bounds()
    return PotentialBounds(low, high, held)


class _Core:
    """The neurons of one core, with what a tick can add to each."""

    def __init__(self, network: CoreNetwork, core: int) -> None:
        self.network, self.core = network, core
        weight = network.weight[core].astype(np.int64)
        weight = np.where(network.stochastic_weight[core], np.sign(weight), weight)
        #  (axons, neurons)
        self.adds: Int = np.where(network.connected(core), weight[:, network.axon_type[core]].T, 0)
        leak = network.leak[core].astype(np.int64)
        drawn, either = network.stochastic_leak[core], network.leak_reversal[core]
        leak = np.where(drawn, np.sign(leak), leak)
        self.leak_up: Int = np.where(either, np.abs(leak), np.where(drawn, np.maximum(leak, 0), leak))
        self.leak_down: Int = np.where(either, -np.abs(leak), np.where(drawn, np.minimum(leak, 0), leak))
        self.threshold = network.threshold[core].astype(np.int64)
        self.mask = network.noise_mask[core].astype(np.int64)
        self.floor = network.floor[core].astype(np.int64)
        self.start = network.potential[core].astype(np.int64)
        self.saturates: Bool = network.floor_saturates[core]
        self.mode = network.reset_mode[core]
        self.reset_to = network.reset_potential[core].astype(np.int64)

    def bounds(self) -> PotentialBounds:
        up = np.maximum(self.adds, 0).sum(axis=0) + self.leak_up
        down = np.minimum(self.adds, 0).sum(axis=0) + self.leak_down
        high = np.maximum(self._after_highest(up), self.start) + np.maximum(up, 0)
        low = np.minimum(self._after_lowest(down), self.start) + np.minimum(down, 0)
        held = np.full(high.shape, np.nan)
        for group in self._units():
            if (found := self._filter(group)) is None:
                continue
            top, falls = found
            excited = max(int(up[group[0]]), 0)
            held[group] = falls / excited if excited else _UNBOUNDED
            if falls >= excited:
                before = max(top - 1, int(self.start[group[0]]), -int(self.floor[group[0]]))
                high[group] = np.minimum(high[group], before + excited)
        return PotentialBounds(low, high, held)

    def _after_highest(self, up: Int) -> Float:
        """The greatest V that a tick can end with."""
        below = (self.threshold + self.mask - 1).astype(np.float64)  # of a neuron that did not fire
        to = np.where(self.saturates, self.reset_to, np.abs(self.reset_to))  # also when it falls below its floor
        after = np.where(self.mode == RESET_TO, np.maximum(below, to), below)
        grows = ((self.mode == RESET_SUBTRACT) & (up > self.threshold)) | ((self.mode == RESET_NONE) & (up > 0))
        return np.where(grows, _UNBOUNDED, after)

    def _after_lowest(self, down: Int) -> Float:
        """The least V that a tick can end with."""
        floor = -self.floor.astype(np.float64)
        after = np.where(
            self.mode == RESET_TO, np.minimum(floor, -np.abs(self.reset_to)) - self.mask, floor - self.mask
        )
        after = np.where(self.saturates, np.minimum(floor, np.where(self.mode == RESET_TO, self.reset_to, 0)), after)
        falls = ((self.mode == RESET_SUBTRACT) & (-down > self.floor)) | ((self.mode == RESET_NONE) & (down < 0))
        after = np.where(falls & ~self.saturates, -_UNBOUNDED, after)
        # What nothing pulls down ends at its reset or at 0 and above.
        return np.where(down >= 0, np.where(self.mode == RESET_TO, np.minimum(self.reset_to, 0), 0), after)

    def _units(self) -> Iterator[NDArray[np.int64]]:
        """Neurons that have one V at all times: none resets, and all hear, leak, start and stop alike."""
        still = np.flatnonzero((self.mode == RESET_NONE) & self.adds.any(axis=0))
        if not still.size:
            return
        drawn = self.network.stochastic_weight[self.core][still].any(axis=1)
        rows = (self.leak_up, self.leak_down, self.start, self.floor, self.saturates)
        alike = np.vstack([self.adds[:, still], *(row[still] for row in rows), drawn])
        units: dict[bytes, list[int]] = {}  # numpy's unique would sort what need only be told apart
        for neuron, column in zip(still.tolist(), np.ascontiguousarray(alike.T), strict=True):
            units.setdefault(column.tobytes(), []).append(neuron)
        for unit in units.values():
            yield np.array(unit)

    def _filter(self, group: NDArray[np.int64]) -> tuple[int, int] | None:
        """The potential from which on all filter neurons of a unit fire, and what that takes off V a tick later."""
        network, core = self.network, self.core
        drawn = network.stochastic_weight[core][group].any() or network.stochastic_leak[core][group].any()
        if drawn or not self.saturates[group].all():
            return None
        back = group[(network.target_core[core][group] == core) & (network.delay[core][group] == 1)]
        axons = network.target_axon[core][back]
        falls = -self.adds[axons, group[0]]
        back, axons, falls = back[falls > 0], axons[falls > 0], falls[falls > 0]
        if not back.size or np.unique(axons).size < axons.size:
            return None
        return int((self.threshold[back] + self.mask[back]).max()), int(falls.sum())
