"""Defines a demo and its result, and reads states from activity to judge them, for all demos."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.extras import is_installed
from neurocmc.common.progress import Progress
from neurocmc.common.resources import resource_path
from neurocmc.frontends.circuit_file import ENDING
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingPopulation
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.neurons.artifact import NeuronArtifact
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.simulate import Interpreter
from neurocmc.report.figures import draw_activity
from neurocmc.report.figures.film import FilmKind
from neurocmc.report.figures.states import NONE
from neurocmc.targets import Target
from neurocmc.verification.edges import Edge, misses


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """The result of a demo: lines to print, pictures to look at, edges that judge it, the artifact it made."""

    lines: tuple[str, ...]
    pictures: tuple[Path, ...]  # and films
    edges: tuple[Edge, ...]
    artifact: Artifact | NeuronArtifact

    @property
    def passed(self) -> bool:
        return not misses(self.edges)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where a demo runs, how it is compiled, and what it leaves behind; `film` is that of its main picture."""

    target: str | Target
    directory: Path
    options: CompileOptions = field(default_factory=CompileOptions)
    film: FilmKind | None = None
    progress: Progress | None = None

    @property
    def figures(self) -> Path:
        """The folder of the pictures; it exists once the artifact does."""
        return self.directory / "figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A demo: what it shows in a line and in a paragraph, and the function that shows it."""

    title: str
    explanation: str
    run: Callable[[Setting], DemoResult]


def trained(name: str) -> tuple[Path, tuple[str, ...]]:
    """Finds a bundled trained circuit: its checkpoint, or without torch its circuit file and a line that says so."""
    if is_installed("torch"):
        return resource_path(f"models/{name}.pt"), ()
    file = resource_path(f"models/{name}{ENDING}")
    return file, (f"torch is not installed, so this is {file.name}: nothing is compared with the model in torch",)


def interpreters(artifact: Artifact) -> tuple[Interpreter, ...]:
    """Returns the interpreters that an artifact can run on: an emulator where the target is a chip."""
    return ("rate", "brian2", "emulator") if artifact.built.level == "emulator" else ("rate", "brian2")


def units_and_neurons(artifact: Artifact) -> str:
    """Returns text such as `12 rate units as 768 neurons on Loihi 1`."""
    return f"{artifact.circuit.units} rate units as {artifact.spiking.neurons:,} neurons on {artifact.target.title}"


def neurons_of(artifact: Artifact) -> dict[str, int]:
    """Maps each population to the neurons of its largest unit, in the order of the network, without relays."""
    return {p.name: _of_largest_unit(artifact.spiking.population(p.name)) for p in artifact.circuit.populations}


def _of_largest_unit(population: SpikingPopulation) -> int:
    """Neurons of a unit, all its segments and copies together."""
    segments = max((1 + int(found.index_in_unit().max()) for found in population.segments), default=1)
    return segments * population.neurons_of_unit


def strongest_above(activity: NDArray[np.float32], level: float) -> Int:
    """Returns (ticks,) the most active unit, NONE where none is above `level`; `activity` is (ticks, units)."""
    strongest = activity.argmax(axis=1)
    return np.where(activity.max(axis=1) > level, strongest, NONE).astype(np.int64)


def draw_levels(
    artifact: Artifact, seen: Mapping[str, Recording], stimulus: Stimulus, path: Path, film: Path | None
) -> None:
    """Draws the first trial on every interpreter, side by side: input, raster, decoded activity."""
    path.parent.mkdir(exist_ok=True)
    draw_activity(
        seen,
        stimulus,
        path,
        neurons=neurons_of(artifact),
        labels=next((readout.labels for readout in artifact.circuit.readouts), ()),
        film=film,
    )
