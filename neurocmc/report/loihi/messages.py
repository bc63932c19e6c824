"""Counts the messages from core to core that the spikes of a placed program are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurocmc.common.arrays import Float, Int, row_starts
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.passes.loihi.placing.ragged import Ragged, joined, summed, unique
from neurocmc.targets import LoihiLimits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Connections:
    """Connections of units, counted through all populations, whose spikes enter the same axon of a core."""

    source: Int  # (connections,)
    target: Int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Messages:
    """Messages in a mean tick from core to core, one entry for each pair between which there are any."""

    source: Int  # core
    target: Int  # core
    per_tick: Float

    @property
    def total(self) -> float:
        """All messages of a mean tick."""
        return float(self.per_tick.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The ways of the messages of a mean tick along a target's meshes: first along a row, then along a column."""

    east_west: float  # hops from tile to tile
    north_south: float
    between_chips: float  # of these, steps from chip to chip
    crossing: float  # messages that leave their chip


def ways(program: ChipProgram[Any], sent: Messages, limits: LoihiLimits) -> Ways | None:
    """Returns the ways of messages; None where cores have no places."""
    if not program.places:
        return None
    chip = np.array([place.chip for place in program.places], dtype=np.int64)
    on_mesh = np.stack(np.divmod(chip, limits.chip_columns)[::-1], axis=1)
    tile = np.array([(place.x, place.y) for place in program.places], dtype=np.int64)
    everywhere = on_mesh * [limits.tile_columns, limits.tile_rows] + tile
    hops = np.abs(everywhere[sent.source] - everywhere[sent.target])
    steps = np.abs(on_mesh[sent.source] - on_mesh[sent.target]).sum(axis=1)
    return Ways(
        east_west=float(sent.per_tick @ hops[:, 0]),
        north_south=float(sent.per_tick @ hops[:, 1]),
        between_chips=float(sent.per_tick @ steps),
        crossing=float(sent.per_tick[chip[sent.source] != chip[sent.target]].sum()),
    )


def messages(program: ChipProgram[Any], axons: Iterable[Connections], rates: Float) -> Messages:
    """Returns the messages of a program: one for every spike and out-axon that it takes.

    Args:
        program: What is placed.
        axons: The connections; each entry of them has axons of its own.
        rates: (units,) spikes of all neurons of each unit in a mean tick.
    """
    parts, share = _parts(program)
    pairs: list[Int] = []  # unit * cores + core that it reaches, once for each of its axons
    for wires in axons:
        cores, place = parts.gathered(wires.target)
        pairs.append(unique(wires.source[place] * program.cores + cores))
    reached = joined(pairs)
    unit, target = reached // program.cores, reached % program.cores
    source, place = parts.gathered(unit)
    within = np.arange(place.size) - np.searchsorted(place, place)
    part = parts.start[unit[place]] + within
    keys, per_tick = summed(source * program.cores + target[place], rates[unit[place]] * share[part])
    return Messages(source=keys // program.cores, target=keys % program.cores, per_tick=per_tick)


def _parts(program: ChipProgram[Any]) -> tuple[Ragged, Float]:
    """The cores of each unit, and the share of its neurons that stand on each."""
    first, rows = program.network.first_unit(), program.network.populations
    size = {population.name: population.neurons for population in rows}
    units: list[Int] = []
    cores: list[Int] = []
    neurons: list[Int] = []
    for segment in program.segments:
        each = size[segment.population]
        low, high = segment.start // each, (segment.stop - 1) // each
        own = np.arange(low, high + 1)
        units.append(first[segment.population] + own)
        cores.append(np.full(own.size, segment.core))
        neurons.append(np.minimum((own + 1) * each, segment.stop) - np.maximum(own * each, segment.start))
    count = sum(population.units for population in rows)
    keys, held = summed(joined(units) * program.cores + joined(cores), joined(neurons))
    unit = keys // program.cores
    sizes = program.network.each_unit([population.neurons for population in rows])
    start = row_starts(np.bincount(unit, minlength=count))
    return Ragged(start=start, flat=keys % program.cores), held / sizes[unit]
