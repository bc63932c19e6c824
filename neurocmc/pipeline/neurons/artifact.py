"""Reads the artifact of a network of neurons: the directory that holds everything a compilation made.

manifest.json          what was compiled, for what, with which options; SHA-256 of every file that follows
target.yaml            the target as used
network.nir            a copy of the source, byte for byte, or memory.yaml; left out by --no-source
ir/05-memory           what a content-addressable memory must recall
ir/10-neurons          the network as it was brought, as JSON + npz, and as text
ir/20-fitted           the same with the chip's resets and latencies, where that is another one
ir/30-integer ...      the levels of the chip
stimuli/NAME.npz       what scales were chosen on, and what it is judged by
program/               what the chip or the simulator takes; runs without neurocmc
budget.json  report.html  figures/  timings.json
verify.json            once `neurocmc verify` has run
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.opening import SUMMARY, read_bytes
from neurocmc.ir.neurons.memories import Memories
from neurocmc.ir.neurons.network import NeuronNetwork, SpikeInput
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import load_events
from neurocmc.ir.store import Level, load_level
from neurocmc.pipeline.artifact import Artifact, check_files, load_target_of, open_artifact
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.manifest import BUDGET
from neurocmc.pipeline.neurons.manifest import is_of_neurons, read_neuron_manifest
from neurocmc.pipeline.shown import ShownInNotebooks
from neurocmc.report.budget import Budget
from neurocmc.targets import Target

if TYPE_CHECKING:
    from neurocmc.pipeline.chips.neurons import NeuronBuilt

MEMORY, GIVEN, FITTED = "05-memory", "10-neurons", "20-fitted"

L = TypeVar("L", bound=Level)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # no slots: levels are read once, when first asked for
class NeuronArtifact(ShownInNotebooks):
    """A compiled network of neurons on disk, whose levels are read when they are asked for.

    Args:
        directory: The folder of the artifact.
        manifest: What was compiled, for what, with which options, as manifest.json holds it.
        target: The target as used.
    """

    directory: Path
    manifest: Mapping[str, Any]
    target: Target

    def __repr__(self) -> str:
        """One line: what was compiled, for what, and where it lies."""
        what = f"{self.manifest['network']} for {self.target.name}, {sum(self.built.sizes.values()):,} neurons"
        return f"<NeuronArtifact {self.directory}: {what}>"

    @cached_property
    def memories(self) -> Memories | None:
        """What it must recall, where it is a content-addressable memory."""
        return self._level(MEMORY, Memories)

    @cached_property
    def given(self) -> NeuronNetwork | None:
        """The network as it was brought; None where it was brought in integers."""
        return self._level(GIVEN, NeuronNetwork)

    @cached_property
    def fitted(self) -> NeuronNetwork | None:
        """The same with the chip's resets and latencies; often the network itself."""
        return self._level(FITTED, NeuronNetwork) or self.given

    @cached_property
    def built(self) -> "NeuronBuilt":
        """The network as the chip holds it. Raises InputError where its levels are damaged."""
        folder, exchanged = self.directory / "ir", tuple(self.manifest["exchanged"])
        built = family_of(self.target).load_neurons(folder, self.given, self.fitted, exchanged, self.target)
        wanted = (dict(built.sizes), _channels(built.inputs))
        for stem, network in ((GIVEN, self.given), (FITTED, self.fitted)):
            if network is not None and wanted != (_sizes(network), _channels(network.inputs)):
                what = "its populations or inputs are not those of the levels below it"
                raise InputError(Problem("artifact-inconsistent", str(folder / stem), what, "compile again"))
        return built

    @cached_property
    def inputs(self) -> tuple[SpikeInput, ...]:
        """The inputs and their channels."""
        return self.built.inputs

    @cached_property
    def calibration(self) -> EventStimulus:
        """The spikes that scales were chosen on."""
        return self.stimulus(self.manifest["stimuli"]["calibration"])

    @cached_property
    def test(self) -> EventStimulus:
        """The spikes that it is judged by."""
        return self.stimulus(self.manifest["stimuli"]["test"])

    @property
    def stimuli(self) -> Mapping[str, EventStimulus]:
        """Every stimulus once, by name."""
        return {stimulus.name: stimulus for stimulus in (self.calibration, self.test)}

    @property
    def dt_s(self) -> float:
        """The length of a tick in s."""
        return self.built.tick_s

    @property
    def budget(self) -> Budget:
        """The budget that was written when it was compiled. Raises InputError where the file is damaged."""
        path = self.directory / BUDGET
        return Budget.from_json(read_bytes(path, SUMMARY), str(path))

    def emit(self, folder: Path) -> None:
        """Emits the program from the levels into a new folder."""
        self.built.emit(folder, self.stimuli)

    def stimulus(self, name: str) -> EventStimulus:
        """Reads a stimulus of the artifact. Raises InputError where it is damaged or does not fit."""
        found = load_events(self.directory / "stimuli" / f"{name}.npz", self.inputs, 1.0)
        raise_input_problems(found.problems(self.inputs))
        return found

    def _level(self, stem: str, kind: type[L]) -> L | None:
        if f"ir/{stem}.json" not in self.manifest["files"]:
            return None
        return load_level(self.directory / "ir", stem, kind)


def _sizes(network: NeuronNetwork) -> dict[str, int]:
    return {population.name: population.size for population in network.populations}


def _channels(inputs: Sequence[SpikeInput]) -> list[tuple[str, int]]:
    return [(entry.name, entry.channels) for entry in inputs]


def open_neurons(directory: str | Path) -> NeuronArtifact:
    """Opens a compiled network and checks that every file is the one that was written. Raises InputError."""
    directory = Path(directory)
    manifest = read_neuron_manifest(directory)
    check_files(directory, manifest)
    return NeuronArtifact(directory=directory, manifest=manifest, target=load_target_of(directory, manifest))


def open_any(directory: str | Path) -> Artifact | NeuronArtifact:
    """Opens whatever a directory holds: a compiled circuit, or a compiled network of neurons. Raises InputError."""
    return open_neurons(directory) if is_of_neurons(Path(directory)) else open_artifact(directory)
