"""Reads RANC's JSON and config, made by whomever, as a network of cores and input spikes.

The other way than `ranc`, for all that RANC's simulator runs: any grid, cores of any size, axons and neurons that
are not listed (they are silent), cores that are not listed (spikes that go there are lost). A neuron of
`neuron_reset_type` 1 goes down *at* its negative threshold, not only below it; where that is no neuron of ours, the
file is refused, as are files for which RANC's simulator would read beyond its arrays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.backends.truenorth.ranc_schema import RancConfig, RancCore, RancFile, RancNeuron
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.opening import RANC, RANC_CONFIG
from neurocmc.common.strict_json import problem_at, read_json, validated
from neurocmc.common.yaml_complaints import FieldPath
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, RESET_TO, CoreNetwork, packed
from neurocmc.sim.truenorth import CoreInputSpikes

STRICT, INCLUSIVE = 0, 1  # neuron_reset_type
POTENTIAL_BITS = 30  # the widest register there is here; RANC's simulator has 32
MOST_BYTES = 2**31  # of the arrays of a network, at their largest
MOST_TOLD = 20
Place = tuple[int, int]
Found = Iterator[tuple[FieldPath, str, str]]


@dataclass(frozen=True, slots=True)
class RancInput:
    """A network of cores in the order of the file, and its packets as spikes of trial 0."""

    network: CoreNetwork
    spikes: CoreInputSpikes
    notes: tuple[str, ...]  # what RANC's simulator would warn of, or do without a word


def read_ranc(path: Path, config_path: Path) -> RancInput:
    """Reads RANC's input file and its config. Raises InputError with the place of everything that is wrong."""
    return ranc_of(path, read_json(path, RANC), config_path)


def ranc_of(path: Path, document: dict[str, Any], config_path: Path) -> RancInput:
    """Reads what `read_ranc` does, from a document that was read from `path`."""
    config = validated(config_path, read_json(config_path, RANC_CONFIG), RancConfig)
    connections = _taken_connections(document)
    file = validated(path, document, RancFile)
    found = [*_size_faults(file, config), *_faults(file, config)]
    _raise(path, found)
    wiring = [_connected(path, index, connections[index], core, config) for index, core in enumerate(file.cores)]
    return _Reader(file, config, wiring).read()


def _taken_connections(document: dict[str, Any]) -> list[Any]:
    """The matrices of connections, taken out of their cores."""
    cores = document.get("cores")
    entries = cores if isinstance(cores, list) else []
    return [entry.pop("connections", None) if isinstance(entry, dict) else None for entry in entries]


def _connected(path: Path, index: int, rows: Any, core: RancCore, config: RancConfig) -> NDArray[np.bool_]:
    """(num_neurons, num_axons) of one core; what is not listed is not connected. Raises InputError."""
    keys: FieldPath = ("cores", index, "connections")
    if not isinstance(rows, list):
        raise InputError(
            problem_at("cores-inconsistent", path, keys, "a list of rows is needed", "give one row a neuron")
        )
    if not len(core.neurons) <= len(rows) <= config.num_neurons:
        what = f"{len(rows)} rows for {len(core.neurons)} neurons, config has {config.num_neurons} at most"
        raise InputError(problem_at("cores-inconsistent", path, keys, what, "give one row a neuron"))
    connected = np.zeros((config.num_neurons, config.num_axons), dtype=np.bool_)
    for neuron, row in enumerate(rows):
        if not isinstance(row, list) or not set(map(type, row)) <= {int} or not set(row) <= {0, 1}:
            what = "a list of 0 and 1 is needed"
            raise InputError(
                problem_at("cores-inconsistent", path, (*keys, neuron), what, "1 where the axon reaches the neuron")
            )
        if len(row) > config.num_axons:
            what = f"{len(row)} entries, config has {config.num_axons} axons"
            raise InputError(
                problem_at("cores-inconsistent", path, (*keys, neuron), what, "raise num_axons in the config")
            )
        connected[neuron, : len(row)] = row
    return connected


def _raise(path: Path, found: list[tuple[FieldPath, str, str]]) -> None:
    problems = [problem_at("cores-inconsistent", path, place, what, cure) for place, what, cure in found[:MOST_TOLD]]
    if (left_out := len(found) - MOST_TOLD) > 0:
        problems.append(
            Problem("more-faults", str(path), f"{left_out:,} more errors are not shown", "fix these first")
        )
    raise_input_problems(problems)


def _size_faults(file: RancFile, config: RancConfig) -> Found:
    each = config.num_axons * (8 + config.num_neurons) + 8 * config.num_neurons * (config.num_weights + 12)
    if (needed := len(file.cores) * each) > MOST_BYTES:
        what = f"their arrays would take {needed:,} bytes, limit {MOST_BYTES:,}"
        yield ("cores",), what, "list fewer cores, or make cores smaller in the config"
    if not file.cores:
        yield ("cores",), "there is none", "list at least one"


def _faults(file: RancFile, config: RancConfig) -> Found:
    bus = file.output_bus.coordinates
    seen: set[Place] = {bus}
    if not _inside(bus, config):
        yield ("output_bus", "coordinates"), *_beside(bus, config)
    for index, core in enumerate(file.cores):
        keys: FieldPath = ("cores", index)
        if not _inside(core.coordinates, config):
            yield (*keys, "coordinates"), *_beside(core.coordinates, config)
        if core.coordinates in seen:
            what = f"{list(core.coordinates)} is the place of another core or of the output bus"
            yield (*keys, "coordinates"), what, "give each a place of its own"
        seen.add(core.coordinates)
        for name, count, most in (
            ("axons", len(core.axons), config.num_axons),
            ("neurons", len(core.neurons), config.num_neurons),
        ):
            if count > most:
                yield (*keys, name), f"{count} are listed, num_{name} is {most}", f"raise num_{name} in the config"
        if core.axons and max(core.axons) >= config.num_weights:
            yield (*keys, "axons"), f"type {max(core.axons)}, num_weights is {config.num_weights}", "count from 0"
        for number, neuron in enumerate(core.neurons):
            yield from _neuron_faults((*keys, "neurons", number), neuron, core.coordinates, file, config)
    yield from _packet_faults(file, config)


def _packet_faults(file: RancFile, config: RancConfig) -> Found:
    for tick, packets in enumerate(file.packets):
        for index, packet in enumerate(packets):
            keys: FieldPath = ("packets", tick, index)
            if not _inside(packet.destination_core, config):
                yield (*keys, "destination_core"), *_beside(packet.destination_core, config)
            if packet.destination_core == file.output_bus.coordinates:
                yield (*keys, "destination_core"), "it goes to the output bus, not to a core", "send it to a core"
            if packet.destination_axon >= config.num_axons:
                what = f"axon {packet.destination_axon}, num_axons is {config.num_axons}"
                yield (*keys, "destination_axon"), what, "count from 0"
            yield from _tick_faults(keys, packet.destination_tick, config)


def _neuron_faults(keys: FieldPath, neuron: RancNeuron, here: Place, file: RancFile, config: RancConfig) -> Found:
    goes = (here[0] + neuron.destination_core_offset[0], here[1] + neuron.destination_core_offset[1])
    axons, name = config.num_axons, "num_axons"
    if not _inside(goes, config):
        yield (*keys, "destination_core_offset"), *_beside(goes, config)
    elif goes == file.output_bus.coordinates:
        axons, name = file.output_bus.num_outputs, "num_outputs"
    if neuron.destination_axon >= axons:
        yield (*keys, "destination_axon"), f"axon {neuron.destination_axon}, {name} is {axons}", "count from 0"
    if len(neuron.weights) > config.num_weights:
        yield (*keys, "weights"), f"{len(neuron.weights)} weights, num_weights is {config.num_weights}", "give fewer"
    yield from _tick_faults(keys, neuron.destination_tick, config)
    if neuron.positive_threshold < 0:
        yield (*keys, "positive_threshold"), f"{neuron.positive_threshold} is below 0", "use 0 or more"
    if _floor(neuron, config.neuron_reset_type) is None:
        what = f"{neuron.negative_threshold} with neuron_reset_type {config.neuron_reset_type}, reset_mode "
        what += f"{neuron.reset_mode} and reset_potential {neuron.reset_potential} is not a neuron of TrueNorth"
        cure = "use 0 or less" if neuron.negative_threshold > 0 else "use neuron_reset_type 0, which RANC's RTL has"
        yield (*keys, "negative_threshold"), what, cure


def _tick_faults(keys: FieldPath, tick: int, config: RancConfig) -> Found:
    if tick >= config.max_tick_offset:
        what = f"{tick}, max_tick_offset is {config.max_tick_offset}"
        yield (*keys, "destination_tick"), what, f"use 0 to {config.max_tick_offset - 2}"


def _inside(place: Place, config: RancConfig) -> bool:
    return 0 <= place[0] < config.num_cores_x and 0 <= place[1] < config.num_cores_y


def _beside(place: Place, config: RancConfig) -> tuple[str, str]:
    what = f"[{place[0]}, {place[1]}] is not on the grid of {config.num_cores_x} x {config.num_cores_y}"
    return what, "correct it, or raise num_cores_x and num_cores_y in the config"


def _floor(neuron: RancNeuron, reset_type: int) -> int | None:
    """Our floor for RANC's negative threshold, None where no floor does what RANC does.

    With `reset_type` 1 V goes down at the threshold itself as well: to -reset_potential, which is what a floor one
    higher does, or by the threshold, to 0, which no floor does; neither matters where 0 goes to 0.
    """
    lowest = neuron.negative_threshold
    absolute = neuron.reset_mode == RESET_TO
    if lowest > 0:
        return None
    if reset_type == STRICT or (lowest == 0 and not (absolute and neuron.reset_potential)):
        return -lowest
    return -lowest - 1 if absolute and lowest < 0 else None


class _Target(NamedTuple):
    core: int
    axon: int
    delay: int


class _Reader:
    """One file that was checked, on its way to arrays."""

    def __init__(self, file: RancFile, config: RancConfig, connected: list[NDArray[np.bool_]]) -> None:
        self._file = file
        self._config = config
        self._connected = connected
        self._index = {core.coordinates: index for index, core in enumerate(file.cores)}
        self._dropped = 0  # neurons whose spikes RANC's scheduler drops
        self._notes: list[str] = []

    def read(self) -> RancInput:
        config, cores = self._config, self._file.cores
        shape = (len(cores), config.num_neurons)
        weight = np.zeros((*shape, config.num_weights), dtype=np.int64)
        axon_type = np.zeros((len(cores), config.num_axons), dtype=np.int64)
        names = (
            "leak",
            "threshold",
            "floor",
            "reset_potential",
            "reset_mode",
            "potential",
            "target_core",
            "target_axon",
            "delay",
        )
        table: dict[str, NDArray[Any]] = {name: np.zeros(shape, dtype=np.int64) for name in names}
        table["threshold"][:], table["target_core"][:], table["delay"][:] = 1, NOWHERE, 1
        for index, core in enumerate(cores):
            axon_type[index, : len(core.axons)] = core.axons
            for number, neuron in enumerate(core.neurons):
                place = (index, number)
                weight[place][: len(neuron.weights)] = neuron.weights
                for name, value in self._parameters(neuron, core.coordinates).items():
                    table[name][place] = value
        none = np.zeros(shape, dtype=np.bool_)
        network = CoreNetwork(
            name="ranc",
            neurons=config.num_neurons,
            coordinates=np.array([core.coordinates for core in cores], dtype=np.int32),
            axon_type=axon_type.astype(np.uint8),
            crossbar=packed(np.stack([connected.T for connected in self._connected])),
            weight=weight.astype(np.int16),
            stochastic_weight=np.zeros(weight.shape, dtype=np.bool_),
            noise_mask=np.zeros(shape, dtype=np.int32),
            stochastic_leak=none,
            leak_reversal=none,
            floor_saturates=none,
            outputs=self._file.output_bus.num_outputs,
            potential_bits=POTENTIAL_BITS,
            **table,
        )
        spikes = self._spikes()
        if self._dropped:
            last = config.max_tick_offset - 1
            note = f"neurons with destination_tick {last}, whose spikes RANC's scheduler drops: {self._dropped:,}"
            self._notes.append(note)
        return RancInput(network, spikes, tuple(self._notes))

    def _parameters(self, neuron: RancNeuron, here: Place) -> dict[str, int]:
        target = self._target(neuron, here)
        return {
            "leak": neuron.leak,
            "threshold": neuron.positive_threshold,
            "floor": _floor(neuron, self._config.neuron_reset_type) or 0,
            "reset_potential": neuron.reset_potential,
            "reset_mode": neuron.reset_mode,
            "potential": neuron.current_potential,
            "target_core": target.core,
            "target_axon": target.axon,
            "delay": target.delay,
        }

    def _target(self, neuron: RancNeuron, here: Place) -> _Target:
        goes = (here[0] + neuron.destination_core_offset[0], here[1] + neuron.destination_core_offset[1])
        if goes == self._file.output_bus.coordinates:
            return _Target(OUTPUT, neuron.destination_axon, 1)
        if goes not in self._index:
            return _Target(NOWHERE, 0, 1)
        if neuron.destination_tick == self._config.max_tick_offset - 1:
            self._dropped += 1
            return _Target(NOWHERE, 0, 1)
        return _Target(self._index[goes], neuron.destination_axon, neuron.destination_tick + 1)

    def _spikes(self) -> CoreInputSpikes:
        """Packets as spikes; entry k with destination_tick t arrives in tick k + t."""
        rows: list[Place | tuple[int, int, int]] = []
        dropped = lost = 0
        for tick, packets in enumerate(self._file.packets):
            for packet in packets:
                if packet.destination_tick == self._config.max_tick_offset - 1:
                    dropped += 1
                elif packet.destination_core not in self._index:
                    lost += 1
                else:
                    core = self._index[packet.destination_core]
                    rows.append((tick + packet.destination_tick, core, packet.destination_axon))
        if dropped:
            last = self._config.max_tick_offset - 1
            self._notes.append(f"packets with destination_tick {last}, which RANC's scheduler drops: {dropped:,}")
        if lost:
            self._notes.append(f"packets to cores that the file does not list and that nothing receives:  {lost:,}")
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        trial = np.zeros(len(table), dtype=np.int64)
        return CoreInputSpikes(trial=trial, tick=table[:, 0], core=table[:, 1], axon=table[:, 2])
