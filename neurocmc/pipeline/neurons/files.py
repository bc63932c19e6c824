"""Tells files of networks that spike already from those of rate circuits, and loads them."""

from pathlib import Path
from typing import TYPE_CHECKING

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.frontends.recall.recognise import is_recall

if TYPE_CHECKING:  # who only asks what a file is waits for no reader
    from neurocmc.ir.neurons.network import Decide
    from neurocmc.pipeline.neurons.model import NeuronModel

NIR_ENDING = ".nir"


def is_spiking(path: Path) -> bool:
    """Whether a file holds a network that spikes already: NIR, or the YAML of a content-addressable memory.

    Raises InputError for a YAML file that cannot be read.
    """
    return path.suffix == NIR_ENDING or is_recall(path)


def load_spiking(
    path: Path,
    semantics: str | None,
    dt_s: float | None,
    reset: str | None,
    decide: "Decide | None",
    stimuli: tuple[Path | None, Path | None],
) -> "NeuronModel":
    """Reads such a file, with its events and calibration.

    Raises InputError with all that is wrong with it, where a NIR file's framework is not named, and for options of
    NIR that a memory would pass over.
    """
    from neurocmc.pipeline.neurons.model import load_named_nir
    from neurocmc.pipeline.neurons.recall import load_recall

    if path.suffix == NIR_ENDING:
        return load_named_nir(path, semantics, dt_s, reset, decide or "last", stimuli)
    given = {"--semantics": semantics, "--dt": dt_s, "--reset": reset, "--decide": decide}
    raise_input_problems(
        Problem("option-not-for-this", name, "is for a .nir file; a memory says it all", "leave it out")
        for name, value in given.items()
        if value is not None
    )
    return load_recall(path, stimuli)


def refuse_spiking(path: Path) -> None:
    """Refuses such a file where a rate circuit is asked for. Raises InputError."""
    if is_recall(path):
        what = "holds a content-addressable memory, neurons that spike already, where a rate circuit is asked for"
        cure = "compile it as it is: its neurons need no gain"
        raise InputError(Problem("recall-not-a-circuit", str(path), what, cure))
