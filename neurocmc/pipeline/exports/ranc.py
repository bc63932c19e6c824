"""Exports the cores of a circuit with the first trial of each stimulus, as the files that UA-RCL/RANC runs."""

from collections.abc import Mapping
from pathlib import Path

from neurocmc.backends.truenorth.emit import Emitted, spikes_of_neurons, write_ranc, write_ranc_of
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.neurons import CoreNeurons
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.pipeline.exports.registry import Export


def _write(program: CoreProgram, stimuli: Mapping[str, Stimulus], folder: Path) -> tuple[str, ...]:
    return _told(program, write_ranc(program, stimuli, folder))


def _write_neurons(level: CoreNeurons, stimuli: Mapping[str, EventStimulus], folder: Path) -> tuple[str, ...]:
    return _told(level.program, write_ranc_of(level.program, spikes_of_neurons(level, stimuli, 1), folder))


def _told(program: CoreProgram, emitted: Emitted) -> tuple[str, ...]:
    """What there is to know of the files. Raises InfeasibleError where RANC cannot run the program."""
    raise_infeasible(
        Problem(
            "ranc-cannot-hold",
            f"circuit {program.name}",
            f"RANC cannot run it: {reason}",
            "compile for ranc (--target ranc)",
        )
        for reason in emitted.reasons
    )
    notes = [f"the output bus has {emitted.lines} lines"]
    if emitted.unread:
        notes.append(f"{emitted.unread:,} neurons whose spikes go nowhere send to one more line")
    if emitted.unproved:
        notes.append(f"{emitted.unproved:,} neurons are not proved to stay within the 9 bits of RANC's RTL")
    return tuple(notes)


EXPORT = Export(
    takes=CoreProgram,
    called="a program of cores",
    made_by="truenorth or ranc",
    folder=True,
    write=_write,
    neurons=_write_neurons,
    takes_neurons=CoreNeurons,
)
