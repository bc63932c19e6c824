"""Writes the Brian2 program of a network of single neurons: arrays in npz files, and a `run.py` that people can read.

The rules in the script are the very text of our own simulation (`sim.brian2_rules`), so both fire the same spikes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.backends.brian2.emit import Arrays, in_docstring
from neurocmc.backends.files import NETWORK_FILE, README_FILE, RUN_FILE, TRIALS_EMITTED, stimulus_file
from neurocmc.common.errors import raise_input_problems
from neurocmc.common.files import write_file, write_npz
from neurocmc.common.templates import templates
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronProjection
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.stimulus import name_problems
from neurocmc.sim.brian2_equations import Names
from neurocmc.sim.brian2_rules import STAGES, NeuronText, neuron_text, sent_late, slot_of_source

TEMPLATES = {RUN_FILE: "run_neurons.py.j2", README_FILE: "README_neurons.md.j2"}


def emit_neurons(
    network: NeuronNetwork, stimuli: Mapping[str, EventStimulus], directory: Path, trials: int = TRIALS_EMITTED
) -> None:
    """Writes `run.py`, `network.npz`, `README.md` and a `stimulus-NAME.npz` for each stimulus into `directory`.

    Of each stimulus the first `trials` trials are written. `directory` is made if it is not there. Raises InputError
    where the network is faulty or a stimulus does not fit its inputs, ValueError where there is no stimulus, or where
    a neuron can spike several times in a tick.
    """
    if not stimuli:
        raise ValueError("a program needs at least one stimulus for run.py to run")
    if network.semantics.several_spikes:
        raise ValueError("a Brian2 neuron spikes once in a tick: exchange that rule first")
    faults = [fault for name in sorted(stimuli) for fault in stimuli[name].problems(network.inputs)]
    raise_input_problems((*network.problems(), *name_problems(stimuli), *faults))
    names = Names.of(network)
    texts = {each.name: neuron_text(network, each, names) for each in network.populations}
    directory.mkdir(parents=True, exist_ok=True)
    write_npz(directory / NETWORK_FILE, network_arrays(network, names, texts))
    for name in sorted(stimuli):
        write_npz(directory / stimulus_file(name), stimulus_arrays(stimuli[name].take(slice(trials)), names))
    fields = _fields(network, names, texts, sorted(stimuli)) | {"trials": trials}
    environment = templates(Path(__file__).parent, trim=True, comment=in_docstring)
    for file, template in TEMPLATES.items():
        write_file(directory / file, environment.get_template(template).render(fields))


def network_arrays(network: NeuronNetwork, names: Names, texts: Mapping[str, NeuronText]) -> Arrays:
    """Returns all arrays of the program, as README.md describes them."""
    arrays: Arrays = {
        f"neurons_{names.population[name]}.{variable}": values
        for name, text in texts.items()
        for variable, values in text.parameters.items()
    }
    for projection in network.projections:
        if projection.synapses:
            key = f"via_{names.projection[projection.name]}"
            arrays[f"{key}.source"] = projection.source_index
            arrays[f"{key}.target"] = projection.target_index
            arrays[f"{key}.weight"] = projection.weight
            arrays[f"{key}.delay_ticks"] = sent_late(network, projection)
    return arrays


def stimulus_arrays(stimulus: EventStimulus, names: Names) -> Arrays:
    """Returns a stimulus as run.py reads it: its spikes, input by input."""
    arrays: Arrays = {"ticks": np.asarray(stimulus.ticks), "labels": stimulus.labels}
    for name, spikes in stimulus.spikes.items():
        key = f"input_{names.input[name]}"
        arrays |= {f"{key}.trial": spikes.trial, f"{key}.tick": spikes.tick, f"{key}.channel": spikes.unit}
    return arrays


def _fields(
    network: NeuronNetwork, names: Names, texts: Mapping[str, NeuronText], stimuli: list[str]
) -> dict[str, Any]:
    return {
        "name": network.name,
        "tick_s": network.semantics.dt_s,
        "semantics": network.semantics.name,
        "late": network.semantics.output_late_ticks,
        "neurons": network.neurons,
        "synapses": network.synapses,
        "stages": STAGES,
        "stimulus_file": stimulus_file(stimuli[0]),
        "stimulus_files": [stimulus_file(name) for name in stimuli],
        "inputs": [
            {"name": entry.name, "id": names.input[entry.name], "channels": entry.channels}
            for entry in network.inputs
        ],
        "populations": [
            {"name": each.name, "id": names.population[each.name], "size": each.size, "text": texts[each.name]}
            for each in network.populations
        ],
        "projections": [_projection_fields(network, each, names) for each in network.projections],
        "host": [
            f"Readout {entry.name} is not in run.py: {entry.units} integrators on the host, behind {entry.population}"
            for entry in network.host_readouts
        ],
    }


def _projection_fields(network: NeuronNetwork, projection: NeuronProjection, names: Names) -> dict[str, Any]:
    inputs = {entry.name for entry in network.inputs}
    source = projection.source
    return {
        "name": projection.name,
        "id": names.projection[projection.name],
        "source": f"input_{names.input[source]}" if source in inputs else f"neurons_{names.population[source]}",
        "target": f"neurons_{names.population[projection.target]}",
        "when": slot_of_source(network, projection, names),
        "synapses": projection.synapses,
        "delays": ", ".join(map(str, projection.delays())),
    }
