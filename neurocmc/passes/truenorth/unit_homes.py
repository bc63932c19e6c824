"""Divides threshold units among cores: how often each is copied depends on where those are that hear it.

A neuron of a core sends to one axon, so a unit stands on its core once for every axon that it reaches. Units are
taken in order, each to the core among the last ones that has to hear fewest new axons for it. Where that scatters the
listeners of a unit, it needs more copies than it was given room for; then all are divided again with that room, until
every unit has it. Room only grows, so this ends.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurocmc.common.arrays import Int, row_starts
from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.passes.truenorth.unit_list import UnitList
from neurocmc.targets import TrueNorthLimits

OPEN_CORES = 8  # of the last ones, that a unit may still go to
_ELSEWHERE = "use a smaller network, or --target loihi1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitHomes:
    """Where units stand, and where their spikes go.

    Args:
        core: (units,) of each.
        cores: How many there are.
        source: (wires,) a unit or channel, in order; then core and key.
        target_core: (wires,) a core that hears it.
        key: (wires,) through which axon.
    """

    core: Int
    cores: int
    source: Int
    target_core: Int
    key: Int


def unit_homes(units: UnitList, key: Int, limits: TrueNorthLimits) -> UnitHomes:
    """Returns where units stand. Raises InfeasibleError where a unit, or all of them, do not fit."""
    heard = _heard(units, key, limits)
    out = np.unique(np.stack([units.source, key]), axis=1)[0]
    room = np.bincount(out[out < units.units], minlength=units.units) + units.on_bus
    room = np.maximum(room, 1)
    while True:
        _check(units, room, limits)
        core = _divided(heard, room, limits)
        cores = int(core.max()) + 1
        wires = np.unique(np.stack([units.source, core[units.target], key]), axis=1)
        needed = np.bincount(wires[0][wires[0] < units.units], minlength=units.units) + units.on_bus
        if (needed <= room).all():
            break
        room = np.maximum(room, needed)
    if cores > limits.cores:
        what = f"{cores:,} cores, limit {limits.cores:,} ({limits.columns} x {limits.rows})"
        raise InfeasibleError(Problem("cores-beyond-chip", f"network {units.network.name}", what, _ELSEWHERE))
    return UnitHomes(core=core, cores=cores, source=wires[0], target_core=wires[1], key=wires[2])


def _heard(units: UnitList, key: Int, limits: TrueNorthLimits) -> list[frozenset[int]]:
    """The axons that each unit hears."""
    pairs = np.unique(np.stack([units.target, key]), axis=1)
    counts = np.bincount(pairs[0], minlength=units.units)
    if (most := int(counts.max(initial=0))) > limits.axons_per_core:
        what = f"it hears {most:,} axons, limit {limits.axons_per_core:,} of a core"
        raise InfeasibleError(Problem("fan-in-beyond-core", units.owner(int(counts.argmax())), what, _ELSEWHERE))
    ends = row_starts(counts).tolist()
    return [frozenset(pairs[1, low:high].tolist()) for low, high in pairwise(ends)]


def _check(units: UnitList, room: Int, limits: TrueNorthLimits) -> None:
    if (most := int(room.max())) > limits.neurons_per_core:
        what = (
            f"its spikes go to {most:,} axons, for each of which it needs a copy; limit {limits.neurons_per_core:,}"
        )
        raise InfeasibleError(Problem("fan-out-beyond-core", units.owner(int(room.argmax())), what, _ELSEWHERE))


def _divided(heard: list[frozenset[int]], room: Int, limits: TrueNorthLimits) -> Int:
    """(units,) the core of each."""
    axons: list[set[int]] = []
    neurons: list[int] = []
    home: list[int] = []
    for own, copies in zip(heard, room.tolist(), strict=True):
        best: tuple[int, int] | None = None
        for core in range(max(0, len(axons) - OPEN_CORES), len(axons)):
            new = len(own - axons[core])
            fits = len(axons[core]) + new <= limits.axons_per_core
            if fits and neurons[core] + copies <= limits.neurons_per_core and (best is None or new < best[0]):
                best = (new, core)
        if best is None:
            axons.append(set())
            neurons.append(0)
            best = (len(own), len(axons) - 1)
        axons[best[1]] |= own
        neurons[best[1]] += copies
        home.append(best[1])
    return np.array(home, dtype=np.int64)
