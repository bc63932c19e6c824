"""Drives a compiled reservoir with inputs of one's own, and returns what its units did, as its spikes are decoded."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import neurocmc
from neurocmc.api import Artifact, Interpreter, Recording
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import write_npz

DRIVEN = "x."  # how the inputs begin that a model of arrays has, one for each population


def states(artifact: Artifact, inputs: Float, on: Interpreter = "emulator") -> Float:
    """Returns what units do after each step of an input.

    Args:
        artifact: A compiled reservoir.
        inputs: (trials, steps, m).
        on: The interpreter, as `neurocmc.simulate` has it.

    Returns:
        (trials, steps, units), in the order of the reservoir's units.

    Raises:
        InputError: For a reservoir that does not begin at rest, of whose filter the host would have to begin each
            trial, and as `neurocmc.simulate` does.
    """
    circuit = artifact.circuit
    if others := [entry.name for entry in circuit.inputs if not entry.name.startswith(DRIVEN)]:
        what = f"it has an input {others[0]}: it never came to rest, and its filters would begin elsewhere"
        raise InputError(Problem("measure-unfit", f"circuit {circuit.name}", what, "choose a reservoir that settles"))
    # Where a filter comes first, the activity of a step is that before it (docs/circuits.md): one step more is run.
    late = int(circuit.inputs[0].tau_s > 0.0)
    driven = np.concatenate([inputs, inputs[:, -1:]], axis=1) if late else inputs
    steps = driven.shape[1]
    arrays = {
        "duration_s": np.array(steps * circuit.dt_s),
        "edges_s": np.arange(steps) * circuit.dt_s,
        **{f"value/{entry.name}": driven for entry in circuit.inputs},
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "drive.npz"
        write_npz(path, arrays)
        recording = neurocmc.simulate(artifact, on, path)
    if not isinstance(recording, Recording):
        raise TypeError("a rate circuit was recorded as spiking neurons")
    shown = [recording.activity[population.name][:, late:] for population in circuit.populations]
    return np.concatenate(shown, axis=2).astype(np.float64)
