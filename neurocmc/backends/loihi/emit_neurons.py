"""Writes the Lava program of a placed network of single neurons: the same `run.py` and arrays as of pools.

An input has an entry for each group of its synapses, of one exponent, delay and sign mode; where synapses are delayed
the host sends that group's spikes later instead. Lava's fixed-point LIF has no refractory time: where neurons have
one, the model in `run.py` holds their voltage.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.backends.files import NETWORK_FILE, README_FILE, RUN_FILE, TRIALS_EMITTED, stimulus_file
from neurocmc.backends.loihi.emit import MOST_NAMED, Arrays, literal, places, some_names, synapse_arrays
from neurocmc.backends.loihi.lava_limits import check_rule
from neurocmc.common.arrays import in_row
from neurocmc.common.errors import raise_input_problems
from neurocmc.common.files import write_file, write_npz
from neurocmc.common.templates import templates
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.stimulus import name_problems
from neurocmc.sim.loihi.neurons.groups import SynapseGroup, synapse_groups
from neurocmc.targets import LavaRunConfig

NO_LAYERS = {
    "layers": [],
    "left_out": ["network: its neurons are single ones, with decays and thresholds of their own"],
    "message_bits": 0,
}


def emit_neurons(
    program: ChipProgram[IntegerNeurons],
    stimuli: Mapping[str, EventStimulus],
    directory: Path,
    run_config: LavaRunConfig = "Loihi1SimCfg",
    trials: int = TRIALS_EMITTED,
) -> None:
    """Writes `run.py`, `network.npz`, `README.md` and a `stimulus-NAME.npz` for each stimulus into `directory`.

    Of each stimulus the first `trials` trials are written. Raises InputError where a stimulus cannot name a file,
    InfeasibleError where Lava does not compute as the target does, ValueError where there is no stimulus.
    """
    if not stimuli:
        raise ValueError("a program needs at least one stimulus for run.py to run")
    network = program.network
    check_rule(network.rule)
    raise_input_problems(name_problems(stimuli))
    groups = synapse_groups(network)
    write_npz(directory / NETWORK_FILE, network_arrays(program, groups))
    for name in sorted(stimuli):
        arrays = stimulus_arrays(network, groups, stimuli[name].take(slice(trials)))
        write_npz(directory / stimulus_file(name), arrays)
    ticks = max(stimulus.ticks for stimulus in stimuli.values()) + network.deepest_ticks
    fields = _fields(program, groups, sorted(stimuli), ticks) | {"run_config": run_config}
    environment = templates(Path(__file__).parent, literal=literal)
    for file in (RUN_FILE, README_FILE):
        write_file(directory / file, environment.get_template(f"{file}.j2").render(fields))


def network_arrays(program: ChipProgram[IntegerNeurons], groups: tuple[SynapseGroup, ...]) -> Arrays:
    """Returns all numbers of the program, as README.md describes them."""
    network = program.network
    pools = network.populations
    core, slot = places(program)
    arrays: Arrays = {
        "population.name": np.array([pool.name for pool in pools], dtype=np.str_),
        "population.first": np.array([place.start for place in network.neuron_slices().values()], dtype=np.int64),
        "population.units": np.array([pool.units for pool in pools], dtype=np.int64),
        "population.neurons": np.ones(len(pools), dtype=np.int64),
        "unit.first": np.arange(network.neurons + 1),
        "neuron.core": core,
        "neuron.slot": slot,
    }
    registers = {
        "population": network.each_unit(list(range(len(pools)))),
        "unit": in_row(np.arange(pool.units) for pool in pools),
        "decay_u": network.each_unit([pool.decay_u for pool in pools]),
        "decay_v": network.each_unit([pool.decay_v for pool in pools]),
        "threshold_mantissa": network.each_unit([pool.threshold_mantissa for pool in pools]),
        "bias_mantissa": in_row(pool.bias_mantissa for pool in pools),
        "bias_exponent": network.each_unit([pool.bias_exponent for pool in pools]),
        "u_initial": in_row(pool.u_initial for pool in pools),
        "v_initial": in_row(pool.v_initial for pool in pools),
    }
    if network.has_refractory:
        registers["refractory_ticks"] = network.each_unit([pool.refractory_ticks for pool in pools])
    arrays |= {f"neuron.{name}": values.astype(np.int32) for name, values in registers.items()}
    for key, group in _keys(groups):
        matrix = group.matrix.tocsr()
        matrix.sort_indices()
        target = np.repeat(np.arange(network.neurons), np.diff(matrix.indptr))
        arrays |= synapse_arrays(key, target, np.asarray(matrix.indices, dtype=np.int64), matrix.data)
        if group.input:
            arrays[f"{key}.axons"] = np.asarray(group.sources, dtype=np.int64)
    return arrays


def stimulus_arrays(network: IntegerNeurons, groups: tuple[SynapseGroup, ...], stimulus: EventStimulus) -> Arrays:
    """Returns host spikes of all trials, index t being what arrives in tick t; bits packed eight to a byte."""
    ticks = stimulus.ticks + network.deepest_ticks
    arrays: Arrays = {
        "ticks": np.asarray(ticks),
        "trials": np.asarray(stimulus.batch),
        "labels": stimulus.labels,
    }
    for key, group in _keys(groups):
        if group.input:
            spikes = stimulus.spikes[group.input].later(group.delay_ticks, ticks)
            dense = spikes.dense(stimulus.batch, ticks, group.sources)
            arrays[f"{key}.bits"] = np.packbits(dense.astype(np.uint8), axis=-1)
    return arrays


def _keys(groups: tuple[SynapseGroup, ...]) -> list[tuple[str, SynapseGroup]]:
    """Each group with its key in the files: inputs are numbered, in the order of the groups."""
    inputs = [group for group in groups if group.input]
    return [(f"input.{inputs.index(group)}" if group.input else f"weights.{group.name}", group) for group in groups]


def _fields(
    program: ChipProgram[IntegerNeurons], groups: tuple[SynapseGroup, ...], stimuli: list[str], steps: int
) -> dict[str, Any]:
    network = program.network
    first = network.neuron_slices()
    keys = _keys(groups)
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
            {"name": pool.name, "units": pool.units, "neurons": 1, "first": first[pool.name].start}
            for pool in network.populations[:MOST_NAMED]
        ],
        "more_populations": max(len(network.populations) - MOST_NAMED, 0),
        "groups": [
            {
                "key": key,
                "exponent": group.exponent,
                "sign": group.sign,
                "delay_ticks": group.delay_ticks,
                "projections": some_names(group.projections, "projection"),
            }
            for key, group in keys
            if not group.input
        ],
        "inputs": [
            {
                "name": f"{group.input}: {', '.join(group.projections)}",
                "key": key,
                "exponent": group.exponent,
                "sign": group.sign,
                "payload_bits": 0,
                "axons": group.sources,
            }
            for key, group in keys
            if group.input
        ],
        "netx": NO_LAYERS,
        "refractory": network.has_refractory,
        "shifts_inputs": any(group.exponent < 0 for group in groups if group.input),
    }
