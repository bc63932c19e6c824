"""Compiles for simulators in real numbers, on which the spiking network itself runs: Brian2."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from neurocmc.backends.brian2 import emit_brian2, stimulus_file
from neurocmc.common.files import read_npz
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.check_neurons import CheckNeurons
from neurocmc.passes.gain_match import GainMatch
from neurocmc.pipeline.child_program import ISOLATED, edge_unless_run
from neurocmc.pipeline.chips.built import Built, Walked
from neurocmc.pipeline.chips.family import Family
from neurocmc.pipeline.chips.faults import FaultyChips
from neurocmc.pipeline.chips.faulty_ideal import FaultyIdeal
from neurocmc.pipeline.chips.ideal_neurons import load_from_ideal, lower_to_ideal
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.budget import Budget, ideal_budget
from neurocmc.sim.brian2_equations import Names
from neurocmc.targets import IdealTarget
from neurocmc.targets.kinds import BUILT_IN
from neurocmc.theory.certificate import Certificate, certify
from neurocmc.verification.edges import Edge, mismatch_edge
from neurocmc.verification.seen import Seen


@dataclass(frozen=True, kw_only=True, eq=False)
class IdealBuilt(Built):
    """A spiking network, which is its own lowest level."""

    level: ClassVar[str] = "brian2"

    target: IdealTarget

    def run(self, stimulus: Stimulus, *, seed: int = 0, record_spikes: bool = False) -> Recording:
        """Runs on Brian2, which has no noise."""
        from neurocmc.sim.brian2_lif import simulate_brian2  # here and not above: Brian2 takes seconds to import

        return simulate_brian2(self.spiking, stimulus, record_spikes=record_spikes)

    def save(self, folder: Path) -> None:
        """Writes nothing: there is no level below the spiking network."""

    def emit(self, folder: Path, stimuli: Mapping[str, Stimulus]) -> None:
        """Writes a Brian2 script."""
        emit_brian2(self.spiking, stimuli, folder)

    def faulty_chips(self) -> FaultyChips:
        """Returns what draws pools that are not as they should be."""
        return FaultyIdeal(self.spiking)

    def budget(self, stimulus: Stimulus, seen: Recording) -> Budget:
        """Counts what a simulator has to hold."""
        return ideal_budget(self.spiking, self.target, seen)

    def edges(self, seen: Seen, brian2: Sequence[Recording] | None, seeds: range) -> Walked:
        """Returns no edge: Brian2 is the lowest level."""
        return Walked(fixed=[], drawn=[])

    def emitted_edges(self, program: Path, stimulus: Stimulus, seed: int) -> list[Edge]:
        """Runs the script in an interpreter of its own, and compares it with our own simulation."""
        recording = self.run(stimulus, record_spikes=True)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "spikes.npz"
            command = [sys.executable or "python3", ISOLATED, str(program / "run.py")]
            command += ["--stimulus", str(program / stimulus_file(stimulus.name)), "--out", str(out)]
            if edge := edge_unless_run("brian2 ~ emitted", command, Path(folder)):
                return [edge]
            theirs = read_npz(out)
        ours = recording.spikes
        names = Names.of(self.spiking).population
        differ = sum(_differing(train, theirs, names[name]) for name, train in ours.items())
        spikes = sum(train.tick.size for train in ours.values())
        return [mismatch_edge("brian2 ~ emitted", differ, spikes, "program/run.py in an interpreter of its own")]


class IdealFamily(Family[IdealTarget]):
    """The family of simulators, which matches gains and rounds nothing."""

    schema = BUILT_IN["ideal"]
    rounds_neurons = False

    def lower(
        self, staging: Staging, target: IdealTarget, options: CompileOptions, clock: Clock
    ) -> tuple[Built, Certificate]:
        """Matches gains; nothing rounds, so the certificate is of one side only."""
        with clock.timing(GainMatch.name, 0.9):
            matched = staging.gain_match(options).run(staging.staged, target)
        with clock.timing(CheckNeurons.name, 1.0):
            spiking = verified(CheckNeurons().run(staging.dealt(matched, target, options), target))
        built = IdealBuilt(target=target, staged=staging.staged, spiking=spiking)
        return built, certify(staging.staged, staging.levels())

    def load(self, folder: Path, staged: RateCircuit, spiking: SpikingNetwork, target: IdealTarget) -> Built:
        """Returns the spiking network as it was read; there is no level below."""
        return IdealBuilt(target=target, staged=staged, spiking=spiking)

    def lower_neurons(self, staging: NeuronStaging, target: IdealTarget, clock: Clock) -> NeuronBuilt:
        """Leaves a network that spikes already as it is, but for what Brian2 cannot have."""
        return lower_to_ideal(staging, target, clock)

    def load_neurons(
        self,
        folder: Path,
        given: NeuronNetwork | None,
        fitted: NeuronNetwork | None,
        notes: tuple[str, ...],
        target: IdealTarget,
    ) -> NeuronBuilt:
        """Returns the network as it was read; there is no level below."""
        return load_from_ideal(folder, given, fitted, notes, target)


def _differing(train: SpikeTrain, theirs: Mapping[str, NDArray[Any]], name: str) -> int:
    """Spikes of one population that only one side has."""
    mine = {tuple(row) for row in zip(train.tick.tolist(), train.unit.tolist(), train.neuron.tolist(), strict=True)}
    columns = [theirs[f"cells_{name}.{field}"].tolist() for field in ("tick", "unit", "neuron")]
    return len(mine ^ {tuple(row) for row in zip(*columns, strict=True)})
