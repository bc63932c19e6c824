"""Writes the Brian2 program of a spiking network: arrays in npz files, and a `run.py` that a person can read and run.

The script spells out the network population by population, as somebody who works with Brian2 would write it. Its
equations are the very text of our own simulation (`sim.brian2_equations`), so that both fire the same spikes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.backends.files import NETWORK_FILE, README_FILE, RUN_FILE, TRIALS_EMITTED, stimulus_file
from neurocmc.common.arrays import Float
from neurocmc.common.errors import raise_input_problems
from neurocmc.common.files import write_file, write_npz
from neurocmc.common.matrices import FloatMatrix, any_entry, entries, is_sparse
from neurocmc.common.templates import comment, templates
from neurocmc.ir.host_start import started
from neurocmc.ir.rate import RateInput
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation, SpikingProjection
from neurocmc.ir.stimulus import Stimulus, name_problems
from neurocmc.sim.brian2_equations import (
    RESET,
    THRESHOLD,
    Names,
    initial_currents,
    population_text,
    projection_text,
)

Arrays = dict[str, NDArray[Any]]


def emit_brian2(network: SpikingNetwork, stimuli: Mapping[str, Stimulus], directory: Path) -> None:
    """Writes `run.py`, `network.npz`, `README.md` and a `stimulus-NAME.npz` for each stimulus into `directory`.

    Of each stimulus the first TRIALS_EMITTED trials are written. `directory` is made if it is not there. Raises
    InputError where the network is faulty or a stimulus does not fit its inputs, ValueError where there is none.
    """
    names = write_numbers(network, stimuli, directory)
    fields = _template_fields(network, names, sorted(stimuli))
    environment = templates(Path(__file__).parent, trim=True, comment=in_docstring)
    for file in (RUN_FILE, README_FILE):
        write_file(directory / file, environment.get_template(f"{file}.j2").render(fields))


def write_numbers(network: SpikingNetwork, stimuli: Mapping[str, Stimulus], directory: Path) -> Names:
    """Writes `network.npz` and a `stimulus-NAME.npz` for each stimulus, and returns the identifiers they use.

    What is written and what is raised is said at `emit_brian2`; the program of PyNN reads the same files.
    """
    if not stimuli:
        raise ValueError("a program needs at least one stimulus for run.py to run")
    inputs = [RateInput(name=e.name, target=e.target, weight=e.weight) for e in network.inputs if not e.start]
    faults = [fault for name in sorted(stimuli) for fault in stimuli[name].problems(inputs)]
    raise_input_problems((*network.problems(), *name_problems(stimuli), *faults))
    names = Names.of(network)
    directory.mkdir(parents=True, exist_ok=True)
    write_npz(directory / NETWORK_FILE, network_arrays(network, names))
    for name in sorted(stimuli):
        completed = started(stimuli[name].take(slice(TRIALS_EMITTED)), network.inputs, network.tick_s)
        write_npz(directory / stimulus_file(name), stimulus_arrays(completed, names, network.tick_s))
    return names


def network_arrays(network: SpikingNetwork, names: Names) -> Arrays:
    """Returns all arrays of the program, as README.md describes them."""
    arrays: Arrays = {}
    for population in network.populations:
        key = f"cells_{names.population[population.name]}"
        arrays[f"{key}.bias"] = population.bias
        arrays[f"{key}.v_initial"] = population.v_initial
        arrays[f"{key}.trace_start"] = population.trace.start
    for projection in network.projections:
        key = f"via_{names.projection[projection.name]}"
        arrays |= _matrix(f"{key}.weight", projection.weight)
        for state, current in _initial(network, projection).items():
            arrays[f"{key}.{state}"] = current
    for entry in network.inputs:
        arrays |= _matrix(f"drive_{names.input[entry.name]}.weight", entry.weight)
    return arrays


def _matrix(key: str, matrix: FloatMatrix) -> Arrays:
    """All of a matrix, or its shape and the places and values of what is not 0 in it."""
    if not is_sparse(matrix):
        return {key: matrix}
    row, column, value = entries(matrix)
    shape = np.array(matrix.shape, dtype=np.int64)
    return {f"{key}.row": row, f"{key}.column": column, f"{key}.value": value, f"{key}.shape": shape}


def _initial(network: SpikingNetwork, projection: SpikingProjection) -> dict[str, Float]:
    """States that do not start at 0."""
    return initial_currents(projection, network.tick_s) if projection.standing.any() else {}


def stimulus_arrays(stimulus: Stimulus, names: Names, tick_s: float) -> Arrays:
    """Returns a stimulus as run.py reads it: edges, all on ticks, and each channel of each input from then on."""
    drive = stimulus.on_ticks(tick_s)
    values = {f"drive_{names.input[name]}.values": value for name, value in drive.values.items()}
    return {
        "duration_s": np.asarray(stimulus.duration_s, dtype=np.float64),
        "edges_s": drive.edges_s,
        "labels": stimulus.labels,
        **values,
    }


def _template_fields(network: SpikingNetwork, names: Names, stimuli: list[str]) -> dict[str, Any]:
    return {
        "name": network.name,
        "tick_s": network.tick_s,
        "neurons": network.neurons,
        "threshold": THRESHOLD,
        "reset": RESET,
        "stimulus_file": stimulus_file(stimuli[0]),
        "stimulus_files": [stimulus_file(name) for name in stimuli],
        "trials": TRIALS_EMITTED,
        "sparse": any(is_sparse(entry.weight) for entry in (*network.projections, *network.inputs)),
        "populations": [
            {**population_fields(population, names), "text": population_text(network, population, names)}
            for population in network.populations
        ],
        "projections": [_projection_fields(network, projection, names) for projection in network.projections],
        "inputs": [
            {"name": e.name, "key": f"drive_{names.input[e.name]}", "target": e.target, "tau_s": e.tau_s}
            for e in network.inputs
        ],
    }


def population_fields(population: SpikingPopulation, names: Names) -> dict[str, Any]:
    """Returns what a template says of a population: its sizes, and how its spikes are decoded."""
    return {
        "name": population.name,
        "id": names.population[population.name],
        "units": population.units,
        "neurons": population.neurons,
        "code": population.code,
        "activity_per_spike": population.activity_per_spike,
        "trace_tau_s": population.trace.tau_s,
        "trace_order": population.trace.order,
        "kernel": population.trace.kernel or (1.0,),
    }


def projection_fields(projection: SpikingProjection, names: Names) -> dict[str, Any]:
    """Returns what a template says of a projection: its two ends, its time constant, whether a weight is not 0."""
    return {
        "name": projection.name,
        "id": names.projection[projection.name],
        "source": names.population[projection.source],
        "target": names.population[projection.target],
        "tau_s": projection.tau_s,
        "connects": any_entry(projection.weight),
    }


def _projection_fields(network: SpikingNetwork, projection: SpikingProjection, names: Names) -> dict[str, Any]:
    source = population_text(network, network.population(projection.source), names)
    return {
        **projection_fields(projection, names),
        "order": projection.order,
        "delays": ", ".join(str(tap.delay_ticks) for tap in projection.arrivals),
        "initial": tuple(_initial(network, projection)),
        "model": projection_text(projection, names, source.counter).splitlines(),
    }


def in_docstring(value: object) -> str:
    """`comment` that may stand in a docstring too."""
    return comment(value).replace('"', "'").replace("\\", "/")
