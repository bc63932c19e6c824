"""Compiles networks of single neurons for simulators in real numbers: Brian2 runs them by their framework's rules."""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from neurocmc.backends.brian2.emit_neurons import emit_neurons
from neurocmc.backends.files import TRIALS_EMITTED, stimulus_file
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import read_npz
from neurocmc.ir.neurons.network import NeuronNetwork, SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.passes.neurons.one_spike import OneSpike
from neurocmc.pipeline.child_program import ISOLATED, edge_unless_run
from neurocmc.pipeline.chips.faults import FaultyNeuronChips
from neurocmc.pipeline.chips.faulty_ideal import FaultyIdealNeurons
from neurocmc.pipeline.chips.neurons import TWIN_NEURON_TICKS, TWIN_TRIALS, NeuronBuilt, NeuronStaging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified
from neurocmc.report.bits import BitBudget, SynapticWork
from neurocmc.report.budget import Budget, ResourceUse
from neurocmc.report.load import SpikeLoad
from neurocmc.sim.neurons import simulate_neurons
from neurocmc.targets import IdealTarget
from neurocmc.verification.edges import Edge, mismatch_edge


@dataclass(frozen=True, kw_only=True, eq=False)
class IdealNeurons(NeuronBuilt):
    """A network whose neurons spike once in a tick, which is its own lowest level."""

    level: ClassVar[str] = "brian2"

    target: IdealTarget
    given: NeuronNetwork
    fitted: NeuronNetwork

    @property
    def name(self) -> str:
        """The name of the network."""
        return self.fitted.name

    @property
    def tick_s(self) -> float:
        """The model's time of a tick, in s."""
        return self.fitted.semantics.dt_s

    @property
    def inputs(self) -> tuple[SpikeInput, ...]:
        """The inputs and their channels."""
        return self.fitted.inputs

    @property
    def sizes(self) -> Mapping[str, int]:
        """Population -> its neurons."""
        return {population.name: population.size for population in self.fitted.populations}

    def run(self, stimulus: EventStimulus) -> NeuronRecording:
        """Runs on Brian2, in double precision."""
        from neurocmc.sim.brian2_neurons import simulate_neurons_brian2  # Brian2 takes seconds to import

        return simulate_neurons_brian2(self.fitted, stimulus)

    def save(self, folder: Path) -> None:
        """Writes nothing: there is no level below the fitted network."""

    def emit(self, folder: Path, stimuli: Mapping[str, EventStimulus], trials: int | None = None) -> None:
        """Writes a Brian2 script."""
        emit_neurons(self.fitted, stimuli, folder, TRIALS_EMITTED if trials is None else trials)

    def faulty_chips(self) -> FaultyNeuronChips:
        """Returns what draws networks that are not as they should be; noise of a current Brian2 has no rule for."""
        return FaultyIdealNeurons(self.fitted)

    def budget(self, stimulus: EventStimulus, seen: NeuronRecording) -> Budget:
        """Counts what a simulator has to hold; it has no limits."""
        return Budget(
            circuit=self.name,
            target=self.target.name,
            cores_used=None,
            cores_lower_bound=None,
            cores_per_chip=None,
            in_all=(
                ResourceUse.of("neurons", self.fitted.neurons, None),
                ResourceUse.of("synapses", self.fitted.synapses, None),
            ),
            cores=(),
            bits=BitBudget(ours=_work(self.fitted, stimulus, seen)),
        )

    def twin_edges(self, stimulus: EventStimulus) -> list[Edge]:
        """Compares Brian2 with our own interpreter in double precision, whose network is the same."""
        part = stimulus.part(TWIN_NEURON_TICKS, self.fitted.neurons, TWIN_TRIALS)
        double = replace(self.fitted, semantics=replace(self.fitted.semantics, precision="float64"))
        wanted = simulate_neurons(double, part)
        note = f"{part.batch} of {stimulus.batch} trials, both in float64"
        return [mismatch_edge("brian2 == float", _differing(wanted, self.run(part).spikes), wanted.total, note)]

    def emitted_edges(self, program: Path, stimulus: EventStimulus) -> list[Edge]:
        """Runs the script on a trial in an interpreter of its own, and compares it with our own simulation."""
        part = stimulus.take(slice(1))
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "spikes.npz"
            command = [sys.executable or "python3", ISOLATED, str(program / "run.py")]
            command += ["--stimulus", str(program / stimulus_file(stimulus.name)), "--out", str(out)]
            if edge := edge_unless_run("brian2 ~ emitted", command, Path(folder)):
                return [edge]
            theirs = read_spikes(out, self.fitted, part.ticks)
        ours = self.run(part)
        note = "program/run.py in an interpreter of its own, 1 trial"
        return [mismatch_edge("brian2 ~ emitted", _differing(ours, theirs), ours.total, note)]


def _work(network: NeuronNetwork, stimulus: EventStimulus, seen: NeuronRecording) -> SynapticWork:
    """Spikes times the synapses that each reaches, those of the inputs included."""
    sent = {name: seen.counts(name).sum(axis=0) for name in seen.sizes}
    sent |= {e.name: stimulus.spikes[e.name].counts(stimulus.batch, e.channels).sum(axis=0) for e in network.inputs}
    operations = sum(int(sent[p.source][p.source_index].sum()) for p in network.projections)
    trials = f"{stimulus.batch:,} trials of {stimulus.ticks:,} ticks"
    source = f"measured on {seen.level}: stimulus {stimulus.name}, {trials}"
    load = SpikeLoad(source=source, ticks=stimulus.ticks, trials=stimulus.batch, populations=(), inputs=())
    return SynapticWork.of(operations, load, neurons=network.neurons, counted="a spike at a synapse")


def lower_to_ideal(staging: NeuronStaging, target: IdealTarget, clock: Clock) -> IdealNeurons:
    """Exchanges what Brian2 cannot have; nothing else changes, and nothing rounds."""
    with clock.timing(OneSpike.name, 1.0):
        fitted, exchanged = OneSpike().run(staging.network)
    return IdealNeurons(target=target, given=staging.network, fitted=verified(fitted), notes=exchanged)


def load_from_ideal(
    folder: Path,
    given: NeuronNetwork | None,
    fitted: NeuronNetwork | None,
    notes: tuple[str, ...],
    target: IdealTarget,
) -> IdealNeurons:
    """Returns the network as it was read; there is no level below. Raises InputError where there is none."""
    if given is None or fitted is None:
        what = f"it holds no network in real numbers, which is all that {target.name} runs"
        raise InputError(Problem("artifact-inconsistent", str(folder), what, "compile again"))
    return IdealNeurons(target=target, given=given, fitted=fitted, notes=notes)


def read_spikes(path: Path, network: NeuronNetwork, ticks: int) -> dict[str, SpikeList]:
    """Reads the one trial that `run.py` has written, in the time of the framework: population -> spikes."""
    arrays = read_npz(path)
    late = network.semantics.output_late_ticks
    found: dict[str, SpikeList] = {}
    for index, population in enumerate(network.populations):
        own = arrays["population"] == index
        spikes = SpikeList.in_order(arrays["trial"][own], arrays["tick"][own], arrays["unit"][own])
        found[population.name] = spikes.later(late, ticks)
    return found


def _differing(wanted: NeuronRecording, found: Mapping[str, SpikeList]) -> int:
    """Spikes that only one side has."""
    return sum(spikes.differing(found[name]).total for name, spikes in wanted.spikes.items())
