"""Reads an artifact: the directory that holds everything a compilation made, readable without neurocmc.

manifest.json          what was compiled, for what, with which options; SHA-256 of every file that follows
target.yaml            the target as used
model.pt, circuit.yaml a copy of the source, byte for byte (circuit.npz of a circuit file); left out by --no-source
ir/10-rate ...         each level as JSON + npz, and as text
stimuli/NAME.npz       what it was calibrated on and is judged by
program/               what the chip or the simulator takes; runs without neurocmc
budget.json  certificate.json  report.html  figures/  timings.json
verify.json            once `neurocmc verify` has run
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurocmc.common.arrays import Int
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.extras import INSTALL_TORCH, is_installed
from neurocmc.common.files import MANIFEST, sha256_of
from neurocmc.common.process import known_state
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.sensitivity import Sensitivity
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.store import load_level, load_stimulus
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.levels import DIVIDED, RATE, SENSITIVITY, SPIKING, STAGED
from neurocmc.pipeline.manifest import read_manifest
from neurocmc.pipeline.model import CHECKPOINTS, Model, StimulusSet, load
from neurocmc.pipeline.shown import ShownInNotebooks
from neurocmc.targets import Code, Target, load_target
from neurocmc.targets.kinds import lowest_of

if TYPE_CHECKING:
    from neurocmc.pipeline.chips.built import Built
    from neurocmc.theory.certificate import Certificate

PRESENTATION = (MANIFEST, "timings.json", "verify.json", "report.html", "figures/")
NO_SOURCE = "it was compiled with --no-source, so it holds no copy of the model"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # no slots: levels are read once, when first asked for
class Artifact(ShownInNotebooks):
    """A compiled circuit on disk, whose levels are read when they are asked for.

    `open_artifact` and `neurocmc.compile` make one.

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
        what = (
            f"{self.manifest['circuit']} for {self.target.name}, {self.neurons:,} neurons per unit, {self.code} code"
        )
        return f"<Artifact {self.directory}: {what}>"

    @property
    def neurons(self) -> int:
        """Neurons per unit."""
        return int(self.manifest["options"]["neurons"])

    @property
    def code(self) -> Code:
        """The code of the pools: "threshold", "feedback", "interleaved" or "rate"."""
        return self.manifest["options"]["code"]

    @property
    def seed(self) -> int:
        """The seed that the circuit was compiled with."""
        return int(self.manifest["options"]["seed"])

    @cached_property
    def circuit(self) -> RateCircuit:
        """The rate circuit of the model."""
        return load_level(self.directory / "ir", RATE, RateCircuit)

    @cached_property
    def staged(self) -> RateCircuit:
        """The rate circuit that was matched: with relays, offsets and its own tick; often the circuit itself."""
        if f"ir/{STAGED}.json" not in self.manifest["files"]:
            return self.circuit
        return load_level(self.directory / "ir", STAGED, RateCircuit)

    @cached_property
    def spiking(self) -> SpikingNetwork:
        """The pools of neurons."""
        return load_level(self.directory / "ir", SPIKING, SpikingNetwork)

    @cached_property
    def built(self) -> "Built":
        """The circuit as the chip holds it, which can be run, emitted and counted.

        Raises:
            InputError: Where its levels are damaged.
        """
        built = family_of(self.target).load(self.directory / "ir", self.staged, self.spiking, self.target)
        if f"ir/{DIVIDED}.json" not in self.manifest["files"]:
            return built
        return replace(
            built,
            divided=load_level(self.directory / "ir", DIVIDED, RateCircuit),
            sensitivity=load_level(self.directory / "ir", SENSITIVITY, Sensitivity),
        )

    @cached_property
    def certificate(self) -> "Certificate":
        """What theory says of the circuit and of what the chip made of it, computed anew from the levels."""
        # Here and not above: only what certifies waits for the import of the theory.
        from neurocmc.pipeline.certificates import certificate_anew

        return certificate_anew(self.built.matched, self.built.kept, self.stimuli.calibration, self.directory)

    @cached_property
    def stimuli(self) -> StimulusSet:
        """Calibration and test stimuli, as they were at compilation."""
        return StimulusSet(
            calibration=tuple(self._stimulus(name) for name in self.manifest["stimuli"]["calibration"]),
            test=tuple(self._stimulus(name) for name in self.manifest["stimuli"]["test"]),
        )

    def decisions(self, recording: Recording) -> dict[str, Int]:
        """Returns what each readout of the circuit answers to each trial of a recording.

        Args:
            recording: Of this artifact, on any interpreter.

        Returns:
            By readout (batch,): the unit that wins, or of a classifier the class; -1 where all units are silent, -2
            where the two highest are equal. They compare with the `labels` of the stimulus.

        Raises:
            InputError: Where a readout decides over a longer time than was run.

        Example:
            >>> artifact = neurocmc.compile("models/working-memory.yaml", out="build/held", figures=False)
            >>> artifact.decisions(neurocmc.simulate(artifact, stimulus="distractor"))
            {'remembered': array([0])}
        """
        from neurocmc.verification.metrics import decisions  # here and not above: only who judges waits for it

        readouts = (*self.staged.readouts, *self.staged.classifiers)
        return {readout.name: decisions(recording, readout) for readout in readouts}

    def emit(self, folder: Path) -> None:
        """Emits the program from the levels into a new folder.

        Args:
            folder: The folder of the program.
        """
        self.built.emit(folder, self.stimuli.by_name())

    def with_levels(self, manifest: Mapping[str, Any], **levels: Any) -> "Artifact":
        """Returns the artifact with another manifest and with levels in memory.

        Args:
            manifest: Taken instead of the one on disk.
            levels: Each under the name of its property, such as `circuit` or `built`; the others are read from disk.

        Returns:
            A new artifact; nothing is written.
        """
        made = Artifact(directory=self.directory, manifest=manifest, target=self.target)
        made.__dict__.update(levels)
        return made

    def observed_through(self, tau_s: float) -> "Artifact":
        """Returns the artifact with what its circuit observes as r itself seen through a filter, at every level.

        Args:
            tau_s: Time constant of the filter in s; 0 is no filter.

        Returns:
            A new artifact; nothing is written.

        Example:
            >>> smooth = neurocmc.pipeline.artifact.open_artifact("build/two-state").observed_through(0.02)
        """
        own = {p.name: p.trace_tau_s == 0 for p in self.staged.populations}
        built = self.built.observed_through(own, tau_s)
        return self.with_levels(
            self.manifest,
            circuit=_circuit_seen_through(self.circuit, tau_s),
            staged=_circuit_seen_through(self.staged, tau_s),
            spiking=built.spiking,
            built=built,
        )

    @property
    def has_source(self) -> bool:
        """Whether the artifact holds a copy of the model that it was compiled from."""
        return self.manifest["source"] is not None

    @known_state()
    def model(self) -> Model:
        """Reads the source again from the copy in the artifact.

        A checkpoint needs torch to be read. Without torch the artifact's own circuit and stimuli stand in, and the
        edge that compares with torch is told as not run.

        Returns:
            The model that was compiled.

        Raises:
            InputError: Where the artifact holds no copy, or the copy is damaged.

        Example:
            >>> neurocmc.pipeline.artifact.open_artifact("build/two-state").model().circuit.name
            'two-state'
        """
        if not self.has_source:
            raise InputError(
                Problem("source-left-out", str(self.directory), NO_SOURCE, "compile again without --no-source")
            )
        source = self.directory / self.manifest["source"]
        if source.suffix in CHECKPOINTS and not is_installed("torch"):
            return self._without_reference(f"torch is not installed: {INSTALL_TORCH}")
        return load(source, self.manifest["options"]["images"])

    def compared_with(self) -> Model:
        """Returns what `verify` compares with: the source, or without a copy of it the artifact's own circuit.

        Raises:
            InputError: Where the copy is damaged.
        """
        return self.model() if self.has_source else self._without_reference(NO_SOURCE)

    def _without_reference(self, why: str) -> Model:
        return Model(
            path=self.directory / (self.manifest["source"] or "no-source"),
            circuit=self.circuit,
            facts={},
            read_stimuli=lambda: self.stimuli,
            reference=None,
            no_reference=why,
        )

    def _stimulus(self, name: str) -> Stimulus:
        stimulus = load_stimulus(self.directory / "stimuli" / f"{name}.npz")
        raise_input_problems(stimulus.problems(self.circuit.inputs))
        return stimulus


def _circuit_seen_through(circuit: RateCircuit, tau_s: float) -> RateCircuit:
    populations = (replace(p, trace_tau_s=tau_s) if not p.trace_tau_s else p for p in circuit.populations)
    return replace(circuit, populations=tuple(populations))


def open_artifact(directory: str | Path) -> Artifact:
    """Opens a compiled circuit and checks that every file is the one that was written.

    Args:
        directory: The folder that `neurocmc.compile` made.

    Returns:
        The artifact.

    Raises:
        InputError: Where the directory is not an artifact, or a file is missing or was changed.

    Example:
        >>> neurocmc.pipeline.artifact.open_artifact("build/two-state").target.name
        'loihi1'
    """
    directory = Path(directory)
    manifest = read_manifest(directory)
    check_files(directory, manifest)
    target = load_target_of(directory, manifest)
    lowest = lowest_of(target.kind)
    if f"ir/{lowest}.json" not in manifest["files"]:
        what = f"its target is {target.name}, but files does not name ir/{lowest}.json"
        raise InputError(Problem("artifact-inconsistent", str(directory / MANIFEST), what, "compile again"))
    return Artifact(directory=directory, manifest=manifest, target=target)


def load_target_of(directory: Path, manifest: Mapping[str, Any]) -> Target:
    """Returns the target that an artifact holds. Raises InputError where it is not the one of the manifest."""
    target = load_target(str(directory / "target.yaml"))
    if target.name != manifest["target"]:
        what = f"it was compiled for {manifest['target']}, but target.yaml is {target.name}"
        raise InputError(Problem("artifact-inconsistent", str(directory / MANIFEST), what, "compile again"))
    return target


def file_hashes(directory: Path) -> dict[str, str]:
    """Maps the path of every file that is compiled to its SHA-256; pictures and reports may be made again."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    names = {path: path.relative_to(directory).as_posix() for path in files}
    return {name: sha256_of(path) for path, name in names.items() if not name.startswith(PRESENTATION)}


def check_files(directory: Path, manifest: Mapping[str, Any]) -> None:
    """Raises InputError naming every file of an artifact that is missing, or is not the one that was written."""
    problems: list[Problem] = []
    for name, digest in manifest["files"].items():
        path = directory / name
        if not os.path.lexists(path):
            problems.append(Problem("artifact-file-missing", str(path), "it is missing", "compile again"))
            continue
        try:
            changed = sha256_of(path) != digest
        except InputError as error:
            problems += error.problems
            continue
        if changed:
            problems.append(
                Problem("artifact-changed", str(path), "it was changed after the compilation", "compile again")
            )
    if problems:
        raise InputError(problems)
