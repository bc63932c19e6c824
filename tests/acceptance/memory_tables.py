"""Measures trained working memory, compiled: python -m tests.acceptance.memory_tables CHECKPOINT.pt [TARGET ...].

Prints the rows of the tables in docs/working-memory-tasks.md as Markdown: accuracy on each interpreter delay by
delay, and for context integration against coherence. No test: it takes minutes.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from neurocmc.frontends.checkpoint import read_checkpoint
from neurocmc.frontends.memory_checkpoint import LoadedMemory
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.simulate import Interpreter, simulate
from neurocmc.verification.metrics import decisions

NEURONS = 64
DELAYS_TAU = (1.0, 2.0, 5.0, 10.0)
BEYOND_TAU = (20.0, 50.0, 100.0)
BEYOND_TRIALS = 100
COHERENCES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)


def answers(artifact: Artifact, on: Interpreter, stimulus: Stimulus) -> np.ndarray:
    """(batch,) what an interpreter answers."""
    return decisions(simulate(artifact, on, stimulus, record_spikes=False), artifact.circuit.readouts[0])


def row(artifact: Artifact, ons: tuple[Interpreter, ...], stimulus: Stimulus, name: str) -> None:
    """One line of a table: accuracy of the rate circuit, then of each interpreter with its agreement."""
    rate = answers(artifact, "rate", stimulus)
    cells = [name, str(stimulus.batch), f"{100 * np.mean(rate == stimulus.labels):.1f} %"]
    for on in ons:
        chosen = answers(artifact, on, stimulus)
        right, agree = np.mean(chosen == stimulus.labels), np.mean(chosen == rate)
        cells += [f"{100 * right:.1f} %", f"{100 * agree:.1f} %"]
    print(f"| {' | '.join(cells)} |", flush=True)


def tables(path: Path, target: str, directory: Path) -> None:
    """All tables of a checkpoint on a target."""
    loaded = read_checkpoint(path)
    assert isinstance(loaded, LoadedMemory), f"{path} is not of the memory family"
    artifact = compile_model(path, target, directory, CompileOptions(neurons=NEURONS, figures=False))
    chip: tuple[Interpreter, ...] = ("emulator",) if artifact.built.level == "emulator" else ()
    both: tuple[Interpreter, ...] = ("brian2", *chip)
    print(f"\n{path.name}, seed {loaded.seed}, {target}: trials, rate, then {', '.join(both)} and agreement")
    for delay_tau in DELAYS_TAU:
        row(artifact, both, loaded.test_stimulus(delay_tau), f"{delay_tau:g}")
    if not chip:
        return
    print("beyond, emulator alone")
    for delay_tau in BEYOND_TAU:
        row(artifact, chip, loaded.test_stimulus(delay_tau, BEYOND_TRIALS), f"{delay_tau:g}")
    if loaded.recipe.task == "context-integration":
        print(f"coherence, delay of {DELAYS_TAU[-1]:g} tau, emulator alone")
        for coherence in COHERENCES:
            stimulus = loaded.test_stimulus(DELAYS_TAU[-1], coherences=(coherence,))
            row(artifact, chip, stimulus, f"{coherence:g}")


if __name__ == "__main__":
    for chosen in sys.argv[2:] or ("loihi1",):
        with TemporaryDirectory() as built:
            tables(Path(sys.argv[1]), chosen, Path(built) / "build")
