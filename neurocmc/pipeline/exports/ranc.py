"""Exports the cores of a circuit with the first trial of each stimulus, as the files that UA-RCL/RANC runs."""

from collections.abc import Mapping
from pathlib import Path

from neurocmc.backends.truenorth.emit import Emitted, write_ranc, write_ranc_of
from neurocmc.common.errors import InputError, Problem, raise_infeasible
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.pipeline.chips.neurons import NeuronBuilt
from neurocmc.pipeline.chips.truenorth_neurons import TrueNorthNeurons
from neurocmc.pipeline.exports.registry import Export


def _write(program: CoreProgram, stimuli: Mapping[str, Stimulus], folder: Path) -> tuple[str, ...]:
    return _told(program, write_ranc(program, stimuli, folder))


def _write_neurons(built: NeuronBuilt, stimuli: Mapping[str, EventStimulus], folder: Path) -> tuple[str, ...]:
    if not isinstance(built, TrueNorthNeurons):
        what = f"RANC takes a program of cores, and {built.target.name} has none"
        raise InputError(
            Problem("export-unfit", f"network {built.name}", what, "compile for truenorth or ranc (--target)")
        )
    program = built.cores.program
    return _told(program, write_ranc_of(program, built.sent(stimuli, 1), folder))


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
)
