"""Completes names on the command line: targets, models, stimuli, populations, faults, and files of the right kind.

A shell asks at every press of a key, so that a fault here must say nothing: who completes gets no names, and learns
what is wrong when the command itself runs.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from typer import Context

from neurocmc.common.errors import NeurocmcError

Names = Callable[[Context], Iterable[str]]
MANIFEST = "manifest.json"  # here, so that completing takes no import of arrays
MODEL_FILES = (".pt", ".circuit.npz", ".yaml", ".yml", ".nir")


def _completing(names: Names, *endings: str) -> Callable[[Context, str], list[str]]:
    """What completes names, and files that end so."""

    def complete(ctx: Context, incomplete: str) -> list[str]:
        try:
            known = [name for name in names(ctx) if name.startswith(incomplete)]
        except (NeurocmcError, OSError):
            known = []
        return [*dict.fromkeys(known), *(_files(incomplete, endings) if endings else ())]

    return complete


def _files(incomplete: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Files below what was typed that end so, and folders, which may hold some."""
    folder, slash, begun = incomplete.rpartition("/")
    try:
        entries = sorted(Path(f"{folder}{slash}" or ".").iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(begun) and (begun.startswith(".") or not entry.name.startswith(".")):
            if entry.is_dir():
                yield f"{folder}{slash}{entry.name}/"
            elif entry.name.endswith(endings):
                yield f"{folder}{slash}{entry.name}"


def _none(_ctx: Context) -> Iterable[str]:
    return ()


def _targets(_ctx: Context) -> Iterable[str]:
    from neurocmc.targets import known_targets, load_target

    known = known_targets()
    return (*known, *(alias for name in known for alias in load_target(name).aliases))


def _bundled(*kinds: str) -> Names:
    def names(_ctx: Context) -> Iterable[str]:
        from neurocmc.pipeline.bundled import bundled

        return (entry.name for entry in bundled() if entry.kind in kinds)

    return names


def _demos(_ctx: Context) -> Iterable[str]:
    from neurocmc.pipeline.demos import DEMOS

    return DEMOS


def _exports(_ctx: Context) -> Iterable[str]:
    from neurocmc.pipeline.exports.registry import known_exports

    return known_exports()


def _semantics(_ctx: Context) -> Iterable[str]:
    from neurocmc.frontends.nir.semantics import NAMES

    return NAMES


def _resets(_ctx: Context) -> Iterable[str]:
    from neurocmc.ir.neurons.semantics import RESETS

    return RESETS


def _artifact(ctx: Context) -> Path:
    """The artifact that was typed before: not parsed yet where an option that lacks its value stands behind it."""
    if (typed := ctx.params.get("directory")) is not None:
        return Path(str(typed))
    words = " ".join(os.environ.get(name, "") for name in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")).split()
    return next((Path(word) for word in words if (Path(word) / MANIFEST).is_file()), Path())


def _stimuli(ctx: Context) -> Iterable[str]:
    return (path.stem for path in sorted((_artifact(ctx) / "stimuli").glob("*.npz")))


def _populations(ctx: Context) -> Iterable[str]:
    from neurocmc.pipeline.artifact import open_artifact

    return (population.name for population in open_artifact(_artifact(ctx)).circuit.populations)


def _faults(ctx: Context) -> Iterable[str]:
    from neurocmc.pipeline.neurons.artifact import open_any

    return open_any(_artifact(ctx)).built.faulty_chips().kinds


targets = _completing(_targets, ".yaml", ".yml")
models = _completing(_bundled("trained", "spiking", "circuit"), *MODEL_FILES)
recipes = _completing(_bundled("recipe"), ".yaml", ".yml")
everything = _completing(_bundled("trained", "spiking", "circuit", "recipe"))
demos = _completing(_demos)
exports = _completing(_exports)
semantics = _completing(_semantics)
resets = _completing(_resets)
stimuli = _completing(_stimuli, ".npz")
populations = _completing(_populations)
faults = _completing(_faults)
yaml_files = _completing(_none, ".yaml", ".yml")
npz_files = _completing(_none, ".npz")
