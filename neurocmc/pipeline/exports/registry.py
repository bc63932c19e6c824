"""Finds by the name of an export what writes it, and imports that when it is first asked for.

A distribution adds one by an entry point of the group `neurocmc.exports`, named as users ask for it, which points at
an `Export`. `docs/extending.md` writes one from nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.names import nearest_name
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.neurons.artifact import NeuronArtifact

GROUP = "neurocmc.exports"
BUILT_IN = {
    "brian2": "neurocmc.pipeline.exports.brian2:EXPORT",
    "netx": "neurocmc.pipeline.exports.netx:EXPORT",
    "nir": "neurocmc.pipeline.exports.nir:EXPORT",
    "pynn": "neurocmc.pipeline.exports.pynn:EXPORT",
    "ranc": "neurocmc.pipeline.exports.ranc:EXPORT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Says how a level of a compiled circuit is written for another tool.

    Args:
        takes: The class of the level.
        called: What that level is called, in errors.
        made_by: A target whose compilation has it, in errors.
        folder: Whether `write` fills a folder; otherwise it makes a file. What it writes beside that file, under its
            name with a dot and more, is put beside the file that the user named.
        write: Called with the level, the stimuli of the artifact by name, and a path that does not exist, or where
            `folder` is set that of the new folder. Returns what there is to know of it, a line each, and raises
            InfeasibleError where the tool cannot hold the circuit.
        neurons: The same for a network of neurons, called with what a chip made of it; None refuses those by name.
        takes_neurons: The class of the level that `neurons` is called with instead, where it takes one of a family.

    Example:
        >>> from neurocmc.ir.rate import RateCircuit
        >>> from neurocmc.pipeline.exports.registry import Export
        >>> def write(circuit, stimuli, path):
        ...     path.write_text(circuit.name)
        ...     return (f"{circuit.units} units",)
        >>> EXPORT = Export(
        ...     takes=RateCircuit, called="a rate circuit", made_by="loihi1", folder=False, write=write
        ... )
    """

    takes: type[Any]  # the class of the level
    called: str  # what that level is called, in errors
    made_by: str  # a target whose compilation has it, in errors
    folder: bool
    write: Callable[[Any, Mapping[str, Stimulus], Path], tuple[str, ...]]
    neurons: Callable[[Any, Mapping[str, EventStimulus], Path], tuple[str, ...]] | None = None  # of a NeuronBuilt
    takes_neurons: type[Any] | None = None  # or of this level of one


def known_exports() -> tuple[str, ...]:
    """Returns the names in alphabetical order."""
    return tuple(sorted({*BUILT_IN, *_added()}))


def find_export(name: str) -> Export:
    """Returns the export of that name. Raises InputError naming those that there are."""
    if name in BUILT_IN:
        return EntryPoint(name, BUILT_IN[name], GROUP).load()
    if name in _added():
        return _added()[name].load()
    known = known_exports()
    cure = f"known are {', '.join(known)}"
    near = nearest_name(name, known)
    raise InputError(
        Problem(
            "export-unknown",
            "--to",
            f"there is no export {name!r}",
            f"{near} ({cure})" if near.startswith("did you") else cure,
        )
    )


def writer_for(export: Export, name: str, artifact: Artifact | NeuronArtifact) -> Callable[[Path], tuple[str, ...]]:
    """Returns what writes an artifact to a path. Raises InputError where the artifact has not what is needed."""
    if isinstance(artifact, NeuronArtifact):
        if export.neurons is None:
            what = f"{name} takes {export.called}, and this is a network of neurons"
            raise InputError(Problem("export-unfit", str(artifact.directory), what, "use --to nir"))
        if export.takes_neurons is None:
            return partial(export.neurons, artifact.built, artifact.stimuli)
        for level in artifact.built.levels:
            if isinstance(level, export.takes_neurons):
                return partial(export.neurons, level, artifact.stimuli)
        what = f"{name} takes {export.called}, and a network of neurons for {artifact.target.name} has none"
        cure = f"use --to nir, or compile for {export.made_by} (--target)"
        raise InputError(Problem("export-unfit", str(artifact.directory), what, cure))
    for level in artifact.built.levels:
        if isinstance(level, export.takes):
            return partial(export.write, level, artifact.stimuli.by_name())
    what = f"{name} takes {export.called}, and {artifact.target.name} has none"
    raise InputError(
        Problem("export-unfit", str(artifact.directory), what, f"compile for {export.made_by} (--target)")
    )


@cache
def _added() -> dict[str, EntryPoint]:
    """Exports of other distributions; those built in are not to be replaced, and of two the first by name stands."""
    found = sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))
    return {entry.name: entry for entry in reversed(found) if entry.name not in BUILT_IN}
