"""Compiles for the Loihi family: integers that are proved to stay in their registers, then cores, slots and axons."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from neurocmc.backends.loihi import emit_loihi, stimulus_file
from neurocmc.backends.loihi.readback import run_emitted
from neurocmc.common.arrays import Bool, Float
from neurocmc.common.errors import InfeasibleError, InputError, Problem
from neurocmc.common.files import write_file
from neurocmc.ir.excerpt import excerpt
from neurocmc.ir.headroom import Headroom
from neurocmc.ir.kept import Kept
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.loihi.printer import print_chip, print_integer
from neurocmc.ir.loihi.store import load_chip, save_chip
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.store import load_level
from neurocmc.passes.check_neurons import CheckNeurons
from neurocmc.passes.gain_match import GainMatch
from neurocmc.passes.loihi.capacity import Capacity
from neurocmc.passes.loihi.keep_states import KeepStates
from neurocmc.passes.loihi.overflow import Overflow
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.passes.loihi.registers import Registers
from neurocmc.passes.loihi.route import Route
from neurocmc.passes.scales import CURRENT_MARGIN
from neurocmc.pipeline.chips.built import Built, ProgramRun, decoded_through
from neurocmc.pipeline.chips.family import Family
from neurocmc.pipeline.chips.faults import FaultyChips
from neurocmc.pipeline.chips.faulty_loihi import FaultyLoihi
from neurocmc.pipeline.chips.lava import lava_edge, simulate_lava
from neurocmc.pipeline.chips.loihi_neurons import CHIP, INTEGER, load_from_loihi, lower_integers, lower_to_loihi
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified, write_level
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.budget import Budget
from neurocmc.report.loihi.budget import chip_budget, chip_pictures
from neurocmc.report.loihi.losses import integer_losses
from neurocmc.report.loihi.spike_load import spike_load
from neurocmc.report.losses import Losses
from neurocmc.report.pictures import Drawn
from neurocmc.sim.loihi.emulator import emulate, simulate_emulator
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.loihi.late import LateRun
from neurocmc.sim.mesh import SpikeMesh, Times, along
from neurocmc.sim.passing import Passed
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import LoihiTarget
from neurocmc.targets.kinds import BUILT_IN
from neurocmc.theory.certificate import Certificate
from neurocmc.theory.loihi import kept_by_integers
from neurocmc.verification.edges import Edge, mismatch_edge

CHECKED_S = 1.0  # model time of the first trial that the emitted program is compared on
MARGIN_DOUBLINGS = 4  # of the room in a current register: more of it, and weights round too much


@dataclass(frozen=True, kw_only=True, eq=False)
class LoihiBuilt(Built):
    """An integer network with the places of its neurons on cores."""

    tool: ClassVar[str] = "lava"

    target: LoihiTarget
    integer: IntegerNetwork
    chip: ChipProgram
    headroom: tuple[Headroom, ...] = ()  # of each population's registers, where it was compiled and not read

    @property
    def levels(self) -> tuple[Any, ...]:
        """All levels, with the integers and their places."""
        return (*super().levels, self.integer, self.chip)

    @property
    def cores_used(self) -> int:
        """Cores on which there are neurons."""
        return self.chip.cores

    @cached_property
    def kept(self) -> Kept | None:
        """What weights, poles and thresholds came to by rounding."""
        return kept_by_integers(self.matched, self.spiking, self.integer)

    def run(self, stimulus: Stimulus, *, seed: int = 0, record_spikes: bool = False) -> Recording:
        """Runs on the emulator, which has no noise."""
        return simulate_emulator(self.integer, stimulus, record_spikes=record_spikes)

    def check(self, stimulus: Stimulus) -> None:
        """Refuses values beyond the input axons of a unit."""
        encode(self.integer, stimulus)

    def save(self, folder: Path) -> None:
        """Writes the integers, and the program with their places."""
        write_level(folder, INTEGER, self.integer, print_integer(self.integer))
        save_chip(self.chip, folder, CHIP)
        write_file(folder / f"{CHIP}.txt", print_chip(self.chip))

    def page(self, names: Sequence[str]) -> str:
        """Returns the integers."""
        return print_integer(excerpt(self.integer, names), sys.maxsize)

    def emit(self, folder: Path, stimuli: Mapping[str, Stimulus]) -> None:
        """Writes arrays and a script for Lava."""
        emit_loihi(self.chip, stimuli, folder, self.target.limits.lava_run_config)

    def budget(self, stimulus: Stimulus, seen: Recording) -> Budget:
        """Counts every resource of every core, with the headroom of registers and the energy of the spikes seen."""
        return chip_budget(self.chip, self.target, spike_load(self.integer, stimulus, seen), self.headroom)

    def emitted_edges(self, program: Path, stimulus: Stimulus, seed: int) -> list[Edge]:
        """Reads the program back from its files, and runs it on Lava where an interpreter that has it is named."""
        ours = self._spikes(stimulus)
        file = stimulus_file(stimulus.name)
        theirs = run_emitted(program, file, 0, self.integer.rule)[: len(ours)]
        note = f"program/ read back from its files and run: {len(ours)} ticks"
        read_back = mismatch_edge("emulator ~ emitted", int((ours != theirs).sum()), int(ours.sum()), note)
        return [read_back, lava_edge(program, file, ours[None])]

    def _spikes(self, stimulus: Stimulus) -> Bool:
        """(ticks, neurons) spikes of the emulator in the first second."""
        ticks = min(stimulus.ticks(self.integer.tick_s), round(CHECKED_S / self.integer.tick_s))
        values = {name: value[:, :ticks] for name, value in encode(self.integer, stimulus).items()}
        return emulate(self.integer, values, 1, ticks, record_spikes=True).spikes[0].astype(np.bool_)

    def run_program(self, program: Path, stimulus: Stimulus, request: ProgramRun) -> Recording:
        """Runs the program on stock Lava, in an interpreter of its own."""
        return simulate_lava(
            self.integer,
            program,
            stimulus,
            record_spikes=request.record_spikes,
            time_limit_s=request.time_limit_s,
            progress=request.progress,
        )

    def faulty_chips(self) -> FaultyChips:
        """Returns what draws chips whose compartments and synapses are not as they were compiled."""
        return FaultyLoihi(self.integer)

    def spike_mesh(self) -> SpikeMesh:
        """Returns the tiles that its cores were placed on; of cores without places, tiles in order along the mesh."""
        return _spike_mesh(self.chip, self.target)

    def pass_spikes(self, stimulus: Stimulus, mesh: SpikeMesh, tick_ps: int = 0, *, seed: int = 0) -> Passed:
        """Runs on the emulator's arithmetic, with messages on their way."""
        return LateRun(self.chip, mesh).run(stimulus, tick_ps)

    def observed_through(self, own: Mapping[str, bool], tau_s: float) -> Self:
        """Returns the same with the spikes of both levels decoded through another filter."""
        integer = decoded_through(self.integer, own, tau_s)
        return replace(self, spiking=decoded_through(self.spiking, own, tau_s), integer=integer)

    def losses(self) -> Losses | None:
        """Returns what rounding did."""
        return integer_losses(self.integer)

    def pictures(self) -> tuple[Drawn, ...]:
        """Returns the picture of the cores and how full they are."""

        def draw(path: Path) -> None:
            from neurocmc.report.loihi.core_map import draw_core_map  # matplotlib is a quarter of all imports

            draw_core_map(self.chip, self.target, path)

        caption = "How full each core is, by population."
        cores = Drawn(file="core-map.png", section="cores", caption=caption, draw=draw)
        return (cores, *chip_pictures(self.chip, self.target))


class LoihiFamily(Family[LoihiTarget]):
    """The Loihi family, which quantises, certifies, places and routes."""

    schema = BUILT_IN["loihi"]

    def refuse(self, staged: RateCircuit, target: LoihiTarget, options: CompileOptions) -> None:
        """Refuses too many compartments, synapses or axons, and a fan-in that no core can take in."""
        Capacity(neurons=options.pool).run(staged, _with_axons(target, options))

    def lower(
        self, staging: Staging, target: LoihiTarget, options: CompileOptions, clock: Clock
    ) -> tuple[Built, Certificate]:
        """Rounds to integers within their registers that keep the up-states, then places and routes them."""
        staged, overflow = staging.staged, Overflow(calibration=staging.calibration)
        spiking, integer, headroom = _with_headroom(staging, target, options, overflow, clock)
        keep_states = KeepStates(
            staging.levels(),
            options.allow_lost_states,
            search=options.code != "interleaved",  # nearby roundings are of whole units
            planes=options.planes or 1,
        )
        with clock.timing(KeepStates.name, 0.75):
            kept = keep_states.run(staged, spiking, integer, target)
            if kept.integer is not integer:
                headroom = overflow.run(verified(kept.integer))
            spiking, integer = verified(kept.spiking), kept.integer
        laid = _with_axons(target, options)
        spikes = _spikes(staging, integer) if target.limits.has_mesh else {}
        with clock.timing(Place.name, 0.9):
            placement = Place(spikes=spikes).run(integer, laid)
        with clock.timing(Route.name, 1.0):
            chip = verified(Route().run(integer, placement, laid))
        built = LoihiBuilt(
            target=target, staged=staged, spiking=spiking, integer=integer, chip=chip, headroom=headroom
        )
        return built, kept.certificate

    def lower_neurons(self, staging: NeuronStaging, target: LoihiTarget, clock: Clock) -> NeuronBuilt:
        """Exchanges resets and latencies, scales and rounds, then places and routes."""
        return lower_to_loihi(staging, target, clock)

    def lower_integers(
        self, network: IntegerNeurons, calibration: EventStimulus, target: LoihiTarget, clock: Clock
    ) -> NeuronBuilt:
        """Places and routes."""
        return lower_integers(network, calibration, target, clock)

    def load_neurons(
        self,
        folder: Path,
        given: NeuronNetwork | None,
        fitted: NeuronNetwork | None,
        notes: tuple[str, ...],
        target: LoihiTarget,
    ) -> NeuronBuilt:
        """Reads the integers, the program with their places, and what registers were asked to hold."""
        return load_from_loihi(folder, given, fitted, notes, target)

    def load(self, folder: Path, staged: RateCircuit, spiking: SpikingNetwork, target: LoihiTarget) -> Built:
        """Reads the integers, and the program with their places."""
        integer = load_level(folder, INTEGER, IntegerNetwork)
        chip = load_chip(folder, CHIP, integer)
        return LoihiBuilt(target=target, staged=staged, spiking=spiking, integer=integer, chip=chip)


def _spike_mesh(chip: ChipProgram, target: LoihiTarget) -> SpikeMesh:
    """The mesh of all chips in use, one router a tile. Raises InputError where the target's file states none."""
    times, limits = Times.of(target), target.limits
    if not limits.tile_columns:
        what = "its file states no mesh of tiles (tile_columns, tile_rows)"
        cure = "state one, with its source, in a file of your own (--target mine.yaml), and compile again"
        raise InputError(Problem("latency-needs-mesh", f"target {target.name}", what, cure))
    tiles = along(limits.tile_columns, limits.tile_rows, limits.cores_per_tile)[: limits.cores_per_chip]
    if not chip.places:
        note = "cores have no stated places and are put along the mesh in their order"
        return SpikeMesh(place=tiles[: chip.cores], free=tiles, times=times, note=note)
    size = np.array([limits.tile_columns, limits.tile_rows], dtype=np.int64)
    held = np.array([(place.chip, place.x, place.y) for place in chip.places], dtype=np.int64)
    on_mesh = np.stack([held[:, 0] % limits.chip_columns, held[:, 0] // limits.chip_columns], axis=1)
    place = on_mesh * size + held[:, 1:]
    free = np.concatenate([tiles + size * own for own in np.unique(on_mesh, axis=0)])
    return SpikeMesh(place=place, free=free, times=times, note="cores as placed")


def _spikes(staging: Staging, network: IntegerNetwork) -> dict[str, Float]:
    """Spikes of each unit in a mean tick of the first trial of calibration, by the activity of the rate circuit.

    Of populations whose units are not those of the rate circuit nothing is said.
    """
    seen = simulate_rate(staging.staged, staging.calibration[0].take(slice(0, 1))).activity
    means = {name: activity.mean(axis=(0, 1), dtype=np.float64) for name, activity in seen.items()}
    return {
        p.name: means[p.name] / p.activity_per_spike
        for p in network.populations
        if p.name in means and means[p.name].size == p.units
    }


def _with_axons(target: LoihiTarget, options: CompileOptions) -> LoihiTarget:
    """The target as if its file stated no shared axons, where each neuron is to have its own."""
    return target.with_own_axons if options.axons == "own" else target


def _with_headroom(
    staging: Staging, target: LoihiTarget, options: CompileOptions, overflow: Overflow, clock: Clock
) -> tuple[SpikingNetwork, IntegerNetwork, tuple[Headroom, ...]]:
    """Gains matched and rounded at the largest scales at which no register is proved to be too small.

    Larger scales round less, so they are tried first; where a worst case does not fit, the populations it is of get
    more room, doubled each time. Of several in which some are left, the first with fewest stands; its headroom names
    them.
    """
    margins: dict[str, float] = {}
    known: dict[str, SpikingPopulation] = {}
    matched: SpikingNetwork | None = None
    results: list[tuple[SpikingNetwork, IntegerNetwork, tuple[Headroom, ...]]] = []
    for _ in range(MARGIN_DOUBLINGS + 1):
        try:
            match_gains = replace(staging.gain_match(options), current_margins=margins, known=known, before=matched)
            with clock.timing(GainMatch.name, 0.5):
                matched = match_gains.run(staging.staged, target)
            with clock.timing(CheckNeurons.name, 0.5):
                spiking = verified(CheckNeurons().run(staging.dealt(matched, target, options), target))
            before = results[-1][:2] if results else None
            with clock.timing(Quantise.name, 0.6):
                rounded = verified(Quantise(planes=options.planes or 1, before=before).run(spiking, target))
            with clock.timing(Registers.name, 0.65):
                integer = Registers().run(rounded, target)
        except InfeasibleError:
            if results:
                break
            raise
        with clock.timing(Overflow.name, 0.7):
            headroom = overflow.run(integer, results[-1][1:] if results else None)
        results.append((spiking, integer, headroom))
        unproved = [entry.population for entry in results[-1][2] if entry.proved == "no"]
        if not unproved:
            return results[-1]
        known = {pool.name: pool for pool in matched.populations if pool.name not in unproved}
        margins = margins | {name: 2.0 * margins.get(name, CURRENT_MARGIN) for name in unproved}
    return min(results, key=lambda result: sum(entry.proved == "no" for entry in result[2]))
