"""Puts threshold units without memory on neurosynaptic cores: copies, axons, crossbars and wiring, all exact.

The order: read the units (`unit_list`), choose types of axons (`unit_axons`), divide units among cores
(`unit_homes`), then write the cores, and give each a place on the grid (`place`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, RESET_TO, CoreNetwork, packed
from neurocmc.ir.truenorth.neurons import CoreNeurons, PlacedChannels, PlacedNeurons
from neurocmc.ir.truenorth.program import AxonGroup, CoreProgram, NeuronGroup
from neurocmc.passes.neurons.skew import Skewed
from neurocmc.passes.truenorth.place import place_cores
from neurocmc.passes.truenorth.unit_axons import axon_keys
from neurocmc.passes.truenorth.unit_homes import UnitHomes, unit_homes
from neurocmc.passes.truenorth.unit_list import UnitList, unit_list
from neurocmc.targets import TrueNorthLimits, TrueNorthTarget


@dataclass(frozen=True)
class UnitsOnCores:
    """Skewed network of threshold units -> CoreNeurons, which spikes as it does, to the tick."""

    name: ClassVar[str] = "units-on-cores"

    def run(self, skewed: Skewed, target: TrueNorthTarget) -> CoreNeurons:
        """Raises InfeasibleError naming what is no such unit, and what no core or grid can hold."""
        limits = target.limits
        units = unit_list(skewed, limits)
        kind, key = axon_keys(units, limits)
        homes = unit_homes(units, key, limits)
        return _Writer(units, kind, key, homes, limits).written(target.name)


class _Writer:
    """The cores while they are written."""

    def __init__(self, units: UnitList, kind: Int, key: Int, homes: UnitHomes, limits: TrueNorthLimits) -> None:
        self._units, self._homes, self._limits = units, homes, limits
        self._kind, self._key = kind, key
        shape = (homes.cores, limits.neurons_per_core)
        # What no one uses can never fire: it stays at 0 below its threshold.
        idle = min((1 << limits.threshold_bits) - 1, (1 << (limits.potential_bits - 1)) - 1)
        self._values: dict[str, Any] = {
            "weight": np.zeros((*shape, limits.axon_types), dtype=np.int16),
            "leak": np.zeros(shape, dtype=np.int16),
            "threshold": np.full(shape, idle, dtype=np.int32),
            "target_core": np.full(shape, NOWHERE, dtype=np.int32),
            "target_axon": np.zeros(shape, dtype=np.int32),
            "delay": np.ones(shape, dtype=np.uint8),
        }
        self._axons = np.unique(np.stack([homes.target_core, homes.key]), axis=1)  # (2, axons) core and key
        self._axon_start = np.searchsorted(self._axons[0], np.arange(homes.cores + 1))
        self._first, self._copies = self._places()

    def _places(self) -> tuple[Int, Int]:
        """(units,) the first neuron of each on its core, and how many copies it has."""
        units, homes = self._units, self._homes
        own = homes.source < units.units
        copies = np.maximum(np.bincount(homes.source[own], minlength=units.units) + units.on_bus, 1)
        first = np.zeros(units.units, dtype=np.int64)
        used = np.zeros(homes.cores, dtype=np.int64)
        for unit, (core, count) in enumerate(zip(homes.core.tolist(), copies.tolist(), strict=True)):
            first[unit], used[core] = used[core], used[core] + count
        return first, copies

    def written(self, target: str) -> CoreNeurons:
        """Returns the level."""
        units = self._units
        outputs = self._wire()
        network = self._network(outputs)
        populations = tuple(
            PlacedNeurons(
                name=each.name,
                size=each.size,
                depth_ticks=units.skewed.depth_ticks[each.name],
                core=self._homes.core[place : place + each.size],
                neuron=self._first[place : place + each.size],
            )
            for each in units.network.populations
            for place in (units.first[each.name],)
        )
        program = CoreProgram(
            network=network,
            target=target,
            tick_s=units.network.semantics.dt_s,
            populations=(),
            projections=(),
            inputs=(),
            readouts=(),
            neuron_groups=tuple(self._neuron_groups()),
            axon_groups=tuple(self._axon_groups()),
        )
        return CoreNeurons(program=program, populations=populations, inputs=tuple(self._channels()))

    def _wire(self) -> int:
        """Gives every copy one target, and units that leave the chip a line of the bus; returns how many lines."""
        units, homes, values = self._units, self._homes, self._values
        own = np.flatnonzero(homes.source < units.units)
        source = homes.source[own]
        copy = np.arange(own.size) - np.searchsorted(source, source)
        at = homes.core[source], self._first[source] + copy
        values["target_core"][at] = homes.target_core[own]
        values["target_axon"][at] = self._axon_of(homes.target_core[own], homes.key[own])
        values["delay"][at] = self._delay_of(homes.key[own])
        lines = np.flatnonzero(units.on_bus)
        last = homes.core[lines], self._first[lines] + self._copies[lines] - 1
        values["target_core"][last] = OUTPUT
        values["target_axon"][last] = np.arange(lines.size)
        return lines.size

    def _network(self, outputs: int) -> CoreNetwork:
        units, homes, limits, values = self._units, self._homes, self._limits, self._values
        shape = (homes.cores, limits.neurons_per_core)
        whose = np.repeat(np.arange(units.units), self._copies)
        copy = np.arange(whose.size) - np.repeat(np.cumsum(self._copies) - self._copies, self._copies)
        at = homes.core[whose], self._first[whose] + copy
        weights = np.zeros((units.units, limits.axon_types), dtype=np.int16)
        weights[units.target, self._kind] = units.weight
        values["weight"][at] = weights[whose]
        values["leak"][at] = -units.fires_at[whose]
        values["threshold"][at] = 0
        connected = np.zeros((homes.cores, limits.axons_per_core, limits.neurons_per_core), dtype=np.bool_)
        core = homes.core[units.target]
        axon = self._axon_of(core, self._key)
        for extra in range(int(self._copies.max())):
            has = self._copies[units.target] > extra
            connected[core[has], axon[has], self._first[units.target[has]] + extra] = True
        axon_type = np.zeros((homes.cores, limits.axons_per_core), dtype=np.uint8)
        axon_type[self._axons[0], self._axon_of(*self._axons)] = self._axons[1] % limits.axon_types
        none, zeros = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.int32)
        return CoreNetwork(
            name=units.network.name,
            neurons=limits.neurons_per_core,
            coordinates=place_cores(units.network.name, self._traffic(), limits).astype(np.int32),
            axon_type=axon_type,
            crossbar=packed(connected),
            stochastic_weight=np.zeros((*shape, limits.axon_types), dtype=np.bool_),
            stochastic_leak=none,
            leak_reversal=none,
            noise_mask=zeros,
            floor=zeros,
            floor_saturates=np.full(shape, limits.floor_saturates),
            reset_potential=zeros,
            reset_mode=np.full(shape, RESET_TO, dtype=np.uint8),
            potential=zeros,
            outputs=outputs,
            potential_bits=limits.potential_bits,
            **values,
        )

    def _traffic(self) -> list[dict[int, int]]:
        """Core -> core that it sends to -> neurons that do."""
        found: list[dict[int, int]] = [{} for _ in range(self._homes.cores)]
        own = self._homes.source < self._units.units
        ends = zip(
            self._homes.core[self._homes.source[own]].tolist(), self._homes.target_core[own].tolist(), strict=True
        )
        for source, target in ends:
            found[source][target] = found[source].get(target, 0) + 1
        return found

    def _channels(self) -> Iterator[PlacedChannels]:
        homes = self._homes
        for entry in self._units.network.inputs:
            first = self._units.first[entry.name]
            own = np.flatnonzero((homes.source >= first) & (homes.source < first + entry.channels))
            yield PlacedChannels(
                name=entry.name,
                channels=entry.channels,
                channel=homes.source[own] - first,
                core=homes.target_core[own],
                axon=self._axon_of(homes.target_core[own], homes.key[own]),
                delay_ticks=self._delay_of(homes.key[own]),
            )

    def _axon_of(self, core: Int, key: Int) -> Int:
        """The index on its core of each axon."""
        span = int(self._axons[1].max(initial=0)) + 1
        place = np.searchsorted(self._axons[0] * span + self._axons[1], core * span + key)
        return place - self._axon_start[core]

    def _delay_of(self, key: Int) -> Int:
        return key // self._limits.axon_types % (int(self._units.delay.max(initial=0)) + 1)

    def _source_of(self, key: Int) -> Int:
        return key // self._limits.axon_types // (int(self._units.delay.max(initial=0)) + 1)

    def _owners(self, unit: Int) -> list[str]:
        """The population or input of each unit or channel, as a corelet is called."""
        names = list(self._units.first)
        starts = np.array([self._units.first[name] for name in names])
        return [
            names[index].replace("/", "_") for index in (np.searchsorted(starts, unit, side="right") - 1).tolist()
        ]

    def _neuron_groups(self) -> Iterator[NeuronGroup]:
        """The neurons of each population on each core: those that are read alone, and copies."""
        owners = self._owners(np.arange(self._units.units))
        columns = (self._homes.core.tolist(), self._first.tolist(), self._copies.tolist())
        for name, core, first, copies in zip(owners, *columns, strict=True):
            yield NeuronGroup(corelet=name, role="pool", core=core, start=first, stop=first + 1)
            if copies > 1:
                yield NeuronGroup(corelet=name, role="copy", core=core, start=first + 1, stop=first + copies)

    def _axon_groups(self) -> Iterator[AxonGroup]:
        """Axons of each core that carry the spikes of one population or input, side by side."""
        source = self._source_of(self._axons[1])
        owners = self._owners(source)
        places = self._axon_of(*self._axons).tolist()
        run: AxonGroup | None = None
        for core, place, owner, unit in zip(self._axons[0].tolist(), places, owners, source.tolist(), strict=True):
            if run is not None and (run.core, run.source, run.stop) == (core, owner, place):
                run = AxonGroup(**{**_fields(run), "stop": place + 1})
                continue
            if run is not None:
                yield run
            role = "input" if unit >= self._units.units else "projection"
            run = AxonGroup(corelet=owner, role=role, source=owner, core=core, start=place, stop=place + 1)
        if run is not None:
            yield run


def _fields(group: AxonGroup) -> dict[str, Any]:
    return {field: getattr(group, field) for field in ("corelet", "role", "source", "core", "start", "stop")}
