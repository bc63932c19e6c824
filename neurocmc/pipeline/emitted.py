"""Checks that the emitted program does what the interpreter of its level did, spike for spike."""

from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.program import emitted_again
from neurocmc.verification.edges import Edge


def emitted_edges(artifact: Artifact, stimulus: Stimulus) -> list[Edge]:
    """Runs the program on the first trial of a stimulus and compares every spike of its beginning.

    What is run is not program/ but its like, emitted again from the levels: raises InputError where the two differ.
    """
    with emitted_again(artifact) as program:
        return artifact.built.emitted_edges(program, stimulus.take(slice(0, 1)), artifact.seed)
