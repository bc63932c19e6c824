"""Compiles for neurosynaptic cores, where one pass chooses weights, axons and places of a unit, and noise stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from neurocmc.backends.truenorth import CORELETS_FILE, emit_truenorth, read_corelets, read_host_spikes, stimulus_file
from neurocmc.ir.excerpt import excerpt
from neurocmc.ir.gates import CORE_GATES, Gates
from neurocmc.ir.kept import Kept
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.store import load_level
from neurocmc.ir.truenorth.printer import print_cores
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.passes.check_neurons import CheckNeurons
from neurocmc.passes.gain_match import GainMatch
from neurocmc.passes.lost_states import refuse_lost
from neurocmc.passes.truenorth.capacity import CoreCapacity
from neurocmc.passes.truenorth.corelets import Corelets
from neurocmc.passes.truenorth.registers import CoreRegisters
from neurocmc.pipeline.chips.built import Built, Walked, decoded_through
from neurocmc.pipeline.chips.family import Family
from neurocmc.pipeline.chips.faults import FaultyChips
from neurocmc.pipeline.chips.faulty_truenorth import FaultyTrueNorth
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.chips.truenorth_neurons import load_from_truenorth, lower_to_truenorth
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified, write_level
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.budget import Budget
from neurocmc.report.losses import Losses
from neurocmc.report.pictures import Drawn
from neurocmc.report.truenorth.budget import core_budget
from neurocmc.report.truenorth.load import CoreLoad, core_load
from neurocmc.report.truenorth.losses import core_losses
from neurocmc.sim.mesh import SpikeMesh, Times, along
from neurocmc.sim.passing import Passed
from neurocmc.sim.rate import seen_as, simulate_rate
from neurocmc.sim.truenorth import CoreInputSpikes, CoreRecord, run_cores
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.sim.truenorth.late import LateRun
from neurocmc.sim.truenorth.reference import run_cores_reference
from neurocmc.targets import TrueNorthTarget
from neurocmc.targets.kinds import BUILT_IN
from neurocmc.theory.certificate import Certificate, certify
from neurocmc.theory.realised import late_circuit, realised_circuit, rounded_circuit
from neurocmc.theory.truenorth import kept_by_cores
from neurocmc.verification.edges import Edge, mismatch_edge
from neurocmc.verification.fidelity import fidelity_edges
from neurocmc.verification.seen import Seen

CORES = "30-cores"
READ_BACK_TICKS = 200  # of the first trial: the readable twin takes all neurons of all cores


@dataclass(frozen=True, kw_only=True, eq=False)
class TrueNorthBuilt(Built):
    """A program of neurosynaptic cores."""

    gates: ClassVar[Gates] = CORE_GATES
    lost_on: ClassVar[str] = "spiking ~ cores"
    has_noise: ClassVar[bool] = True

    target: TrueNorthTarget
    cores: CoreProgram

    @property
    def levels(self) -> tuple[Any, ...]:
        """All levels, with the cores."""
        return (*super().levels, self.cores)

    @property
    def cores_used(self) -> int:
        """Cores of the program."""
        return self.cores.network.cores

    @cached_property
    def kept(self) -> Kept | None:
        """What gains, poles and latencies came to on cores."""
        return kept_by_cores(self.matched, self.cores)

    def run(self, stimulus: Stimulus, *, seed: int = 0, record_spikes: bool = False) -> Recording:
        """Runs on the emulator of cores, whose thresholds are noisy."""
        return simulate_cores(self.cores, stimulus, seed=seed, record_spikes=record_spikes)

    def save(self, folder: Path) -> None:
        """Writes the program of cores."""
        write_level(folder, CORES, self.cores, print_cores(self.cores))

    def page(self, names: Sequence[str]) -> str:
        """Returns the program of cores; what stands on a core is told of all of them."""
        return print_cores(excerpt(self.cores, names))

    def emit(self, folder: Path, stimuli: Mapping[str, Stimulus]) -> None:
        """Writes corelets, and where RANC can hold them its files."""
        emit_truenorth(self.cores, stimuli, folder)

    def budget(self, stimulus: Stimulus, seen: Recording) -> Budget:
        """Counts cores and their axons, and the spikes of every neuron anew, copies and filters too."""
        return core_budget(self.cores, self.target, _load(self.cores, stimulus))

    def edges(self, seen: Seen, brian2: Sequence[Recording] | None, seeds: range) -> Walked:
        """Judges one cause of error after the other: weights, latency, then counting and noise."""
        kept = kept_by_cores(self.matched, self.cores)
        traces = {p.name: p.trace for p in self.cores.populations}
        weighted, late = (
            [simulate_rate(seen_as(circuit, traces), stimulus) for stimulus in seen.stimuli]
            for circuit in (realised_circuit(self.matched, kept), late_circuit(self.matched, kept))
        )
        fixed = self.lost_edges()
        fixed += fidelity_edges("rate ~ weights", seen.pairs(weighted), self.readouts)
        fixed += fidelity_edges("weights ~ latency", seen.pairs(late, weighted), self.readouts)
        drawn: list[list[Edge]] = []
        for seed in seeds:
            noisy = [self.run(stimulus, seed=seed) for stimulus in seen.stimuli]
            last = fidelity_edges("latency ~ emulator", seen.pairs(noisy, late), self.readouts, gates=self.gates)
            whole = fidelity_edges(
                self.edge_to_rate, seen.pairs(noisy), self.readouts, gates=self.gates, network=self.spiking
            )
            drawn.append([*last, *whole])
        return Walked(fixed=fixed, drawn=drawn)

    def emitted_edges(self, program: Path, stimulus: Stimulus, seed: int) -> list[Edge]:
        """Reads corelets.json and the host's spikes back, steps them in the readable twin, and compares."""
        ticks = min(self.cores.ticks(stimulus), READ_BACK_TICKS)
        sent = encode_cores(self.cores, stimulus)
        early = sent.tick < ticks
        own = CoreInputSpikes(
            trial=sent.trial[early], tick=sent.tick[early], core=sent.core[early], axon=sent.axon[early]
        )
        record = CoreRecord(outputs=False, spikes="all")
        ours = run_cores(self.cores.network, own, ticks, seed=seed, record=record).spikes[0]
        read = read_corelets(program / CORELETS_FILE)
        host = read_host_spikes(program / stimulus_file(stimulus.name), ticks)
        theirs = run_cores_reference(read.network, host.of_trial(0), ticks, seed=seed).spikes.reshape(ticks, -1)
        note = f"program/ read back from its files and run in numpy: {ticks} ticks, {read.network.cores} cores"
        return [mismatch_edge("emulator ~ emitted", int((ours != theirs).sum()), int(ours.sum()), note)]

    def faulty_chips(self) -> FaultyChips:
        """Returns what draws chips whose cores are not as they were compiled."""
        return FaultyTrueNorth(self.cores, self.target.limits.threshold_bits)

    def spike_mesh(self) -> SpikeMesh:
        """Returns the grid that its cores stand on, each with a router of its own."""
        limits, place = self.target.limits, self.cores.network.coordinates.astype(np.int64)
        size = np.array([limits.grid_columns, limits.grid_rows])
        chips = np.unique(place // size, axis=0)
        grid = along(limits.grid_columns, limits.grid_rows)
        free = np.concatenate([grid + size * chip for chip in chips])
        return SpikeMesh(place=place, free=free, times=Times.of(self.target), note="cores as placed")

    def pass_spikes(self, stimulus: Stimulus, mesh: SpikeMesh, tick_ps: int = 0, *, seed: int = 0) -> Passed:
        """Runs on the emulator's arithmetic, with spikes on their way."""
        return LateRun(self.cores, mesh).run(stimulus, tick_ps, seed)

    def observed_through(self, own: Mapping[str, bool], tau_s: float) -> Self:
        """Returns the same with the spikes of both levels decoded through another filter."""
        cores = decoded_through(self.cores, own, tau_s)
        return replace(self, spiking=decoded_through(self.spiking, own, tau_s), cores=cores)

    def losses(self) -> Losses | None:
        """Returns what the circuit lost on cores."""
        return core_losses(self.cores)

    def pictures(self) -> tuple[Drawn, ...]:
        """Returns the picture of the cores on their grid."""

        def draw(path: Path) -> None:
            from neurocmc.report.truenorth.core_grid import draw_core_grid  # matplotlib is a quarter of all imports

            draw_core_grid(self.cores, self.target, path)

        caption = "The cores on the grid, with their populations, and how full they are."
        return (Drawn(file="core-grid.png", section="cores", caption=caption, draw=draw),)


class TrueNorthFamily(Family[TrueNorthTarget]):
    """The family of neurosynaptic cores, which makes corelets and places them on a grid."""

    schema = BUILT_IN["truenorth"]
    rounds_neurons = False
    keeps_weights = "the target holds whole weights as they are"

    def refuse(self, staged: RateCircuit, target: TrueNorthTarget, options: CompileOptions) -> None:
        """Refuses more units than cores, and a pool that no core takes in."""
        CoreCapacity(neurons=options.pool).run(staged, target)

    def lower(
        self, staging: Staging, target: TrueNorthTarget, options: CompileOptions, clock: Clock
    ) -> tuple[Built, Certificate]:
        """Makes corelets of pools; refuses an up-state that their gains lose, for no other rounding is searched."""
        staged = staging.staged
        with clock.timing(GainMatch.name, 0.4):
            matched = staging.gain_match(options).run(staged, target)
        with clock.timing(CheckNeurons.name, 0.5):
            spiking = verified(CheckNeurons().run(matched, target))
        with clock.timing(Corelets.name, 0.9):
            placed = verified(Corelets(staged, staging.ranges).run(spiking, target))
        with clock.timing(CoreRegisters.name, 0.95):
            cores = CoreRegisters().run(placed, target)
        with clock.timing("certify", 1.0):
            certificate = certify(staged, staging.levels(), rounded_circuit(staged, kept_by_cores(staged, cores)))
            refuse_lost(certificate, target.name, allow_lost=options.allow_lost_states)
        return TrueNorthBuilt(target=target, staged=staged, spiking=spiking, cores=cores), certificate

    def load(self, folder: Path, staged: RateCircuit, spiking: SpikingNetwork, target: TrueNorthTarget) -> Built:
        """Reads the program of cores."""
        cores = load_level(folder, CORES, CoreProgram)
        return TrueNorthBuilt(target=target, staged=staged, spiking=spiking, cores=cores)

    def lower_neurons(self, staging: NeuronStaging, target: TrueNorthTarget, clock: Clock) -> NeuronBuilt:
        """Puts threshold units without memory on cores."""
        return lower_to_truenorth(staging, target, clock)

    def load_neurons(
        self,
        folder: Path,
        given: NeuronNetwork | None,
        fitted: NeuronNetwork | None,
        notes: tuple[str, ...],
        target: TrueNorthTarget,
    ) -> NeuronBuilt:
        """Reads the cores of threshold units."""
        return load_from_truenorth(folder, given, fitted, notes, target)


def _load(program: CoreProgram, stimulus: Stimulus) -> CoreLoad:
    """Spikes of every neuron over all trials of a stimulus."""
    host = encode_cores(program, stimulus)
    run = run_cores(
        program.network,
        host,
        program.ticks(stimulus),
        batch=stimulus.batch,
        record=CoreRecord(outputs=False, neuron_totals=True),
        threads=None,
    )
    return core_load(program, run, host, stimulus.name)
