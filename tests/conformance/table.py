"""The table: every circuit for every target and code, and what came of it.

`python -m tests.conformance.table` prints it: a pass, the id of a refusal, or the edges that are missed.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from neurocmc.common.errors import NeurocmcError
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.emitted import emitted_edges
from neurocmc.pipeline.model import Model, StimulusSet
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.walk import walk
from neurocmc.targets import CODES, Code
from neurocmc.verification.edges import misses
from tests.conformance.circuits import ROWS, row

NEURONS = 16
TARGETS = ("loihi1", "loihi2", "truenorth", "ranc", "neurocorex", "brian2")
PASS = "pass"


def outcome(name: str, target: str, code: Code, folder: Path) -> str:
    """`pass`, the id of the first refusal, or `misses` and the edges that are missed."""
    taken = row(name)
    try:
        artifact = compiled(taken.circuit, taken.stimuli, target, code, folder)
        stimuli = artifact.stimuli.calibration
        # Brian2 beside a chip, and theory, have suites of their own; here the chip and its program are asked.
        edges = [*walk(artifact, None, stimuli, parts=()).edges, *emitted_edges(artifact, stimuli[0])]
    except NeurocmcError as error:
        return error.problems[0].id
    missed = [edge.key for edge in misses(edges)]
    return f"misses {', '.join(missed)}" if missed else PASS


def compiled(circuit: RateCircuit, stimuli: tuple[Stimulus, ...], target: str, code: Code, folder: Path) -> Artifact:
    model = Model(
        path=folder / "circuit.yaml",
        circuit=circuit,
        facts={},
        read_stimuli=lambda: StimulusSet(calibration=stimuli, test=()),
        reference=None,
    )
    options = CompileOptions(neurons=NEURONS, code=code, source=False, figures=False)
    return compile_model(model, target, folder / "artifact", options)


def cells() -> list[tuple[str, str, Code]]:
    """All of the table, row by row."""
    return [(name, target, code) for name in ROWS for target in TARGETS for code in CODES]


def main() -> None:
    """Print the table, and how long it took."""
    os.environ["NEUROCMC_LAVA_PYTHON"] = ""
    begun = process_time()
    for name, target, code in cells():
        with TemporaryDirectory() as folder:
            before = process_time()
            told = outcome(name, target, code, Path(folder))
        sys.stdout.write(f"{name:16}{target:11}{code:11}{process_time() - before:6.2f} s  {told}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{process_time() - begun:.0f} s of this process\n")


if __name__ == "__main__":
    main()
