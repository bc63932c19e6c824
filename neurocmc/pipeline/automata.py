"""Runs a compiled machine on any interpreter and judges every symbol, for demos, tests and studies."""

from pathlib import Path

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.progress import Progress
from neurocmc.frontends.automaton.read import MachineProgram
from neurocmc.frontends.automaton.score import MachineScore, score
from neurocmc.frontends.automaton.walks import random_walks, walk_stimulus
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.simulate import Interpreter, find_stimulus, simulate


def machine_of(artifact: Artifact) -> MachineProgram:
    """Returns the machine that an artifact was compiled from. Raises InputError where it was something else."""
    machine = artifact.model().machine
    if machine is None:
        what = "was not compiled from an automaton or a sequence"
        raise InputError(
            Problem("machine-missing", str(artifact.directory), what, "compile one, e.g. models/automaton.yaml")
        )
    return machine


def random_symbols(program: MachineProgram, trials: int, symbols: int, seed: int) -> Stimulus:
    """Makes a stimulus of random symbols, each trial from a reset; every symbol is drawn evenly."""
    walks = random_walks(program.machine, trials=trials, symbols=symbols, seed=seed)
    return walk_stimulus("random", program.machine, program.timing, walks)


def run_machine(
    artifact: Artifact,
    on: Interpreter,
    stimulus: str | Path | Stimulus | None = None,
    *,
    record_spikes: bool = False,
    progress: Progress | None = None,
) -> tuple[Recording, MachineScore]:
    """Runs a compiled machine and judges it.

    `stimulus` is as in `simulate`. Raises InputError as that and `score` do.
    """
    program = machine_of(artifact)
    chosen = find_stimulus(artifact, stimulus)
    recording = simulate(artifact, on, chosen, record_spikes=record_spikes, progress=progress)
    return recording, score(program, chosen, recording)
