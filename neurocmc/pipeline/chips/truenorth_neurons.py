"""Compiles networks of threshold units for neurosynaptic cores, where they spike as in real numbers, to the tick."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neurocmc.backends.files import TRIALS_EMITTED
from neurocmc.backends.truenorth import (
    CORELETS_FILE,
    emit_host_spikes,
    read_corelets,
    read_host_spikes,
    spikes_of_neurons,
    stimulus_file,
)
from neurocmc.common.errors import InputError, Problem
from neurocmc.ir.neurons.network import NeuronNetwork, SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.store import load_level
from neurocmc.ir.truenorth.neurons import CoreNeurons, print_core_neurons
from neurocmc.passes.neurons.skew import Skew
from neurocmc.passes.truenorth.registers import CoreRegisters
from neurocmc.passes.truenorth.units_on_cores import UnitsOnCores
from neurocmc.pipeline.chips.neurons import TWIN_NEURON_TICKS, TWIN_TRIALS, NeuronBuilt, NeuronStaging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified, write_level
from neurocmc.report.budget import Budget
from neurocmc.report.pictures import Drawn
from neurocmc.report.truenorth.budget import core_budget
from neurocmc.report.truenorth.load import core_load
from neurocmc.sim.neurons import simulate_neurons, with_host
from neurocmc.sim.truenorth import CoreRecord, run_cores
from neurocmc.sim.truenorth.neurons import host_spikes, simulate_core_neurons, ticks_of
from neurocmc.sim.truenorth.reference import run_cores_reference
from neurocmc.targets import TrueNorthTarget
from neurocmc.verification.edges import Edge, mismatch_edge

CORES = "30-cores"


@dataclass(frozen=True, kw_only=True, eq=False)
class TrueNorthNeurons(NeuronBuilt):
    """Threshold units on neurosynaptic cores."""

    target: TrueNorthTarget
    given: NeuronNetwork
    fitted: NeuronNetwork
    cores: CoreNeurons

    @property
    def levels(self) -> tuple[CoreNeurons, ...]:
        """The neurons on their cores."""
        return (self.cores,)

    @property
    def cores_used(self) -> int:
        """Cores of the program."""
        return self.cores.program.network.cores

    @property
    def name(self) -> str:
        """The name of the network."""
        return self.fitted.name

    @property
    def tick_s(self) -> float:
        """The model's time of a tick, in s."""
        return self.cores.program.tick_s

    @property
    def inputs(self) -> tuple[SpikeInput, ...]:
        """The inputs and their channels."""
        return self.fitted.inputs

    @property
    def sizes(self) -> Mapping[str, int]:
        """Population -> its neurons, copies not counted."""
        return {population.name: population.size for population in self.cores.populations}

    def run(self, stimulus: EventStimulus) -> NeuronRecording:
        """Runs on the emulator of cores."""
        return with_host(self.given, simulate_core_neurons(self.cores, stimulus))

    def save(self, folder: Path) -> None:
        """Writes the program of cores with the places of neurons and channels."""
        write_level(folder, CORES, self.cores, print_core_neurons(self.cores))

    def emit(self, folder: Path, stimuli: Mapping[str, EventStimulus], trials: int | None = None) -> None:
        """Writes corelets, and where RANC can hold them its files."""
        many = TRIALS_EMITTED if trials is None else trials
        emit_host_spikes(self.cores.program, spikes_of_neurons(self.cores, stimuli, many), folder)

    def budget(self, stimulus: EventStimulus, seen: NeuronRecording) -> Budget:
        """Counts cores and their axons, and the spikes of every neuron, copies too."""
        host = host_spikes(self.cores, stimulus)
        run = run_cores(
            self.cores.program.network,
            host,
            ticks_of(self.cores, stimulus),
            batch=stimulus.batch,
            record=CoreRecord(outputs=False, neuron_totals=True),
            threads=None,
        )
        return core_budget(self.cores.program, self.target, core_load(self.cores.program, run, host, stimulus.name))

    def twin_edges(self, stimulus: EventStimulus) -> list[Edge]:
        """Compares every spike with the network in real numbers, which nothing was rounded of."""
        part = stimulus.part(TWIN_NEURON_TICKS, self.fitted.neurons, TWIN_TRIALS)
        wanted, found = simulate_neurons(self.fitted, part, level="fitted"), self.run(part)
        apart = sum(spikes.differing(found.spikes[name]).total for name, spikes in wanted.spikes.items())
        note = f"every spike of {part.batch} of {stimulus.batch} trials"
        return [mismatch_edge("fitted == cores", apart, wanted.total, note)]

    def emitted_edges(self, program: Path, stimulus: EventStimulus) -> list[Edge]:
        """Reads corelets.json and the host's spikes back, steps them in the readable twin, and compares."""
        part = stimulus.take(slice(TRIALS_EMITTED))
        ticks, network = ticks_of(self.cores, part), self.cores.program.network
        record = CoreRecord(outputs=False, spikes="all")
        ours = run_cores(network, host_spikes(self.cores, part), ticks, batch=part.batch, record=record).spikes
        read = read_corelets(program / CORELETS_FILE)
        host = read_host_spikes(program / stimulus_file(stimulus.name), ticks)
        apart = 0
        for trial in range(part.batch):
            theirs = run_cores_reference(read.network, host.of_trial(trial), ticks).spikes.reshape(ticks, -1)
            apart += int((ours[trial] != theirs).sum())
        note = f"program/ read back from its files and run in numpy: {part.batch} trials of {ticks} ticks, all copies"
        return [mismatch_edge("emulator ~ emitted", apart, int(ours.sum()), note)]

    def pictures(self) -> tuple[Drawn, ...]:
        """Returns the picture of the cores on their grid."""

        def draw(path: Path) -> None:
            from neurocmc.report.truenorth.core_grid import draw_core_grid  # matplotlib is a quarter of all imports

            draw_core_grid(self.cores.program, self.target, path)

        caption = "The cores on the grid, with their populations, and how full they are."
        return (Drawn(file="core-grid.png", section="cores", caption=caption, draw=draw),)


def lower_to_truenorth(staging: NeuronStaging, target: TrueNorthTarget, clock: Clock) -> TrueNorthNeurons:
    """Fits latencies, and puts the units on cores; nothing rounds.

    Raises InfeasibleError where neurons are no threshold units without memory, and where cores cannot hold them.
    """
    with clock.timing(Skew.name, 0.1):
        skewed = Skew(target.delay_ticks_max or 0).run(staging.network)
    with clock.timing(UnitsOnCores.name, 0.9):
        cores = verified(UnitsOnCores().run(skewed, target))
    with clock.timing(CoreRegisters.name, 1.0):
        CoreRegisters().run(cores.program, target)
    return TrueNorthNeurons(
        target=target, given=staging.network, fitted=skewed.network, notes=skewed.notes, cores=cores
    )


def load_from_truenorth(
    folder: Path,
    given: NeuronNetwork | None,
    fitted: NeuronNetwork | None,
    notes: tuple[str, ...],
    target: TrueNorthTarget,
) -> TrueNorthNeurons:
    """Reads what `TrueNorthNeurons.save` wrote. Raises InputError where it is damaged."""
    if given is None or fitted is None:
        what = f"it holds no network in real numbers, of which {target.name} has the units"
        raise InputError(Problem("artifact-inconsistent", str(folder), what, "compile again"))
    cores = load_level(folder, CORES, CoreNeurons)
    channels = [(entry.name, entry.channels) for entry in given.inputs]
    if cores.program.target != target.name or [(each.name, each.channels) for each in cores.inputs] != channels:
        what = "its target or inputs are not those of the levels above it"
        raise InputError(Problem("artifact-inconsistent", str(folder / CORES), what, "compile again"))
    return TrueNorthNeurons(target=target, given=given, fitted=fitted, notes=notes, cores=cores)
