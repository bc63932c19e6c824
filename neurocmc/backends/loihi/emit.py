"""Writes the Lava program of a placed network: arrays in npz files, and a `run.py` that a person can read and run.

Nothing here decides anything: weights are grouped as `sim.loihi.weight_groups` says, host spikes are those of
`sim.loihi.host`, places those of the ChipProgram. The program needs lava-nc 0.10.0 alone and is bit for bit the
emulator's network.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.backends.files import (
    NETWORK_FILE,
    NETX_FILE,
    README_FILE,
    RUN_FILE,
    TRIALS_EMITTED,
    stimulus_file,
)
from neurocmc.backends.loihi.lava_limits import check_lava_holds, input_sign
from neurocmc.backends.loihi.netx import LayeredPart, layered_part, write_netx
from neurocmc.common.arrays import Int
from neurocmc.common.errors import raise_input_problems
from neurocmc.common.files import write_file, write_npz
from neurocmc.common.matrices import entries
from neurocmc.common.printable import printable
from neurocmc.common.templates import templates
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork
from neurocmc.ir.phrases import counted
from neurocmc.ir.stimulus import Stimulus, name_problems
from neurocmc.sim.loihi.host import axon_spikes, encode
from neurocmc.sim.loihi.weight_groups import first_neurons, unit_matrix, weight_groups
from neurocmc.targets import LavaRunConfig, SignMode

Arrays = dict[str, NDArray[Any]]
MOST_NAMED = 256  # of populations, projections or inputs in text that people read; the files hold all


def emit_loihi(
    program: ChipProgram,
    stimuli: Mapping[str, Stimulus],
    directory: Path,
    run_config: LavaRunConfig = "Loihi1SimCfg",
) -> None:
    """Writes `run.py`, `network.npz`, `README.md` and a `stimulus-NAME.npz` for each stimulus into `directory`.

    Where a part of the network is a chain of layers that lava-dl's netx holds as it is, `network.net` as well.
    Of each stimulus the first TRIALS_EMITTED trials are written, as spikes of the input axons. `directory` is made
    if it is not there. `run_config` is the one that the target states (`lava_run_config`).

    Raises InputError where a stimulus does not fit the network's inputs or cannot name a file, InfeasibleError where
    Lava's models cannot hold a number of it as it is, ValueError where there is no stimulus.
    """
    first = {name: stimulus.take(slice(TRIALS_EMITTED)) for name, stimulus in stimuli.items()}
    encoded = {name: encode(program.network, stimulus) for name, stimulus in first.items()}
    ticks = {name: stimulus.ticks(program.network.tick_s) for name, stimulus in first.items()}
    labels = {name: stimulus.labels for name, stimulus in first.items()}
    emit_encoded(program, encoded, ticks, labels, directory, run_config)


def emit_encoded(
    program: ChipProgram,
    values: Mapping[str, Mapping[str, NDArray[np.int32]]],
    ticks: Mapping[str, int],
    labels: Mapping[str, Int],
    directory: Path,
    run_config: LavaRunConfig = "Loihi1SimCfg",
) -> None:
    """Emits host values that are already encoded: stimulus name -> input name -> (trials, ticks, units).

    `ticks` and `labels`, (trials,), say of each stimulus how long it is and what its trials are.
    """
    if not values:
        raise ValueError("a program needs at least one stimulus for run.py to run")
    check_lava_holds(program.network)
    raise_input_problems(name_problems(values))
    write_npz(directory / NETWORK_FILE, network_arrays(program))
    for name in sorted(values):
        arrays = stimulus_arrays(program.network, values[name], ticks[name], labels[name])
        write_npz(directory / stimulus_file(name), arrays)
    layered = layered_part(program.network)
    if layered.layers:
        write_netx(directory / NETX_FILE, layered, program.network.name, program.network.tick_s)
    fields = _template_fields(program, sorted(values), max(ticks.values()))
    fields |= {"netx": _netx_fields(layered), "run_config": run_config, "refractory": False, "shifts_inputs": False}
    environment = templates(Path(__file__).parent, literal=literal)
    for file in (RUN_FILE, README_FILE):
        write_file(directory / file, environment.get_template(f"{file}.j2").render(fields))


def network_arrays(program: ChipProgram) -> Arrays:
    """Returns all numbers of the program, as README.md describes them."""
    network = program.network
    populations = network.populations
    arrays: Arrays = {
        "population.name": np.array([population.name for population in populations], dtype=np.str_),
        "population.first": np.array([place.start for place in network.neuron_slices().values()], dtype=np.int64),
        "population.units": np.array([population.units for population in populations], dtype=np.int64),
        "population.neurons": np.array([population.neurons for population in populations], dtype=np.int64),
        "unit.first": first_neurons(network),
        **_neuron_arrays(program),
    }
    for group in weight_groups(network):
        target, source, mantissa = entries(unit_matrix(network, group))
        arrays |= synapse_arrays(f"weights.{group.name}", target, source, mantissa)
    for group in input_groups(network):
        arrays |= _input_axons(network, group)
    return arrays


def stimulus_arrays(
    network: IntegerNetwork, values: Mapping[str, NDArray[np.int32]], ticks: int, labels: Int
) -> Arrays:
    """Returns host spikes of some trials, index t being what arrives in tick t; bits packed eight to a byte."""
    arrays: Arrays = {"ticks": np.asarray(ticks), "trials": np.asarray(len(labels)), "labels": labels}
    for group in input_groups(network):
        if group.payload_bits:
            payloads = [values[entry.name] for entry in group.entries]
            arrays[f"{group.key}.payload"] = np.concatenate(payloads, axis=2).astype(np.int32)
            continue
        spikes = [axon_spikes(entry, values[entry.name]) for entry in group.entries]
        rows = [own.reshape(*own.shape[:2], -1) for own in spikes]
        arrays[f"{group.key}.bits"] = np.packbits(np.concatenate(rows, axis=2), axis=-1)
    return arrays


def _neuron_arrays(program: ChipProgram) -> Arrays:
    populations = program.network.populations
    sizes = [population.units * population.neurons for population in populations]

    def repeated(values: list[int]) -> NDArray[np.int32]:
        return np.repeat(np.array(values, dtype=np.int32), sizes)

    def row(values: list[NDArray[np.int64]]) -> NDArray[np.int32]:
        return np.concatenate([value.ravel() for value in values]).astype(np.int32)

    core, slot = places(program)
    return {
        "neuron.population": repeated(list(range(len(populations)))),
        "neuron.unit": row([np.repeat(np.arange(p.units), p.neurons) for p in populations]),
        "neuron.core": core,
        "neuron.slot": slot,
        "neuron.decay_u": repeated([p.decay_u for p in populations]),
        "neuron.decay_v": repeated([p.decay_v for p in populations]),
        "neuron.threshold_mantissa": repeated([p.threshold_mantissa for p in populations]),
        "neuron.bias_mantissa": row([p.bias_mantissa for p in populations]),
        "neuron.bias_exponent": repeated([p.bias_exponent for p in populations]),
        "neuron.u_initial": row([np.repeat(p.u_initial, p.neurons) for p in populations]),
        "neuron.v_initial": row([p.v_initial for p in populations]),
    }


def places(program: ChipProgram[Any]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Returns (core, slot) of every neuron. Raises ValueError where one has none."""
    place = program.network.neuron_slices()
    core = np.full(program.network.neurons, -1, dtype=np.int32)
    slot = np.full(program.network.neurons, -1, dtype=np.int32)
    for segment in program.segments:
        first = place[segment.population].start
        core[first + segment.start : first + segment.stop] = segment.core
        slot[first + segment.start : first + segment.stop] = segment.slot + np.arange(segment.neurons)
    if (core < 0).any():
        raise ValueError(f"{(core < 0).sum()} neurons have no core; check ChipProgram.problems() first")
    return core, slot


def synapse_arrays(key: str, target: Int, source: Int, mantissa: NDArray[Any]) -> Arrays:
    """Returns one entry for each pair of units, or input axon and unit: all synapses between their neurons."""
    return {
        f"{key}.target": target.astype(np.int32),
        f"{key}.source": source.astype(np.int32),
        f"{key}.mantissa": mantissa.astype(np.int16),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class InputGroup:
    """Inputs whose spikes add up with one exponent: their axons stand in one row."""

    key: str
    exponent: int
    sign: SignMode
    payload_bits: int
    entries: tuple[IntegerInput, ...]


def input_groups(network: IntegerNetwork) -> tuple[InputGroup, ...]:
    """Returns the inputs by exponent, sign mode and payload, in the order of the first of each."""
    found: dict[tuple[int, SignMode, int], list[IntegerInput]] = {}
    for entry in network.inputs:
        found.setdefault((entry.exponent, input_sign(entry), entry.payload_bits), []).append(entry)
    return tuple(
        InputGroup(
            key=f"input.{index}", exponent=exponent, sign=sign, payload_bits=payload_bits, entries=tuple(entries)
        )
        for index, ((exponent, sign, payload_bits), entries) in enumerate(found.items())
    )


def _axons(network: IntegerNetwork, entry: IntegerInput) -> int:
    return entry.axon_mantissa.size * network.population(entry.target).units


def _input_axons(network: IntegerNetwork, group: InputGroup) -> Arrays:
    """Input axons, each onto all neurons of a unit: axon k of unit i of an input is its first + i * axons + k."""
    first = network.first_unit()
    units = [network.population(entry.target).units for entry in group.entries]
    target = [
        first[entry.target] + np.repeat(np.arange(count), entry.axon_mantissa.size)
        for entry, count in zip(group.entries, units, strict=True)
    ]
    mantissa = [np.tile(entry.axon_mantissa, count) for entry, count in zip(group.entries, units, strict=True)]
    axons = sum(_axons(network, entry) for entry in group.entries)
    return {
        **synapse_arrays(group.key, np.concatenate(target), np.arange(axons), np.concatenate(mantissa)),
        f"{group.key}.axons": np.asarray(axons, dtype=np.int64),
    }


def _template_fields(program: ChipProgram, stimuli: list[str], steps: int) -> dict[str, Any]:
    network = program.network
    first = network.neuron_slices()
    return {
        "name": network.name,
        "target": program.target,
        "tick_s": network.tick_s,
        "steps": steps,
        "cores": program.cores,
        "neurons": network.neurons,
        "stimulus_file": stimulus_file(stimuli[0]),
        "stimulus_files": [stimulus_file(name) for name in stimuli],
        "populations": [
            {"name": p.name, "units": p.units, "neurons": p.neurons, "first": first[p.name].start}
            for p in network.populations[:MOST_NAMED]
        ],
        "more_populations": max(len(network.populations) - MOST_NAMED, 0),
        "groups": [
            {
                "key": f"weights.{group.name}",
                "exponent": group.exponent,
                "sign": group.sign,
                "delay_ticks": group.delay_ticks,
                "projections": some_names(group.projections, "projection"),
            }
            for group in weight_groups(network)
        ],
        "inputs": [
            {
                "name": ", ".join(some_names([entry.name for entry in group.entries], "input")),
                "key": group.key,
                "exponent": group.exponent,
                "sign": group.sign,
                "payload_bits": group.payload_bits,
                "axons": sum(_axons(network, entry) for entry in group.entries),
            }
            for group in input_groups(network)
        ],
    }


def some_names(names: Sequence[str], called: str) -> list[str]:
    """Returns names that a person may read: of very many the first, and how many more there are."""
    more = len(names) - MOST_NAMED
    return list(names) if more <= 0 else [*names[:MOST_NAMED], f"and {counted(more, f'more {called}')}"]


def _netx_fields(part: LayeredPart) -> dict[str, Any]:
    return {
        "layers": [
            {"populations": layer.populations, "neurons": len(layer.weight), "sources": layer.weight.shape[1]}
            for layer in part.layers
        ],
        "left_out": [f"{problem.where}: {problem.what}" for problem in part.left_out],
        "message_bits": part.message_bits,
    }


def literal(value: object) -> str:
    """Returns a Python literal, so that no name in a circuit can become code; a JSON text is one, in double quotes.

    What JSON leaves as it is and does not print, say what reverses a line, is escaped as Python writes it.
    """
    return printable(json.dumps(value, ensure_ascii=False)) if isinstance(value, str) else repr(value)
