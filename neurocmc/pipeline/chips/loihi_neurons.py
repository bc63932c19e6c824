"""Compiles networks of single neurons for the Loihi family: resets and latencies, scales, integers, cores, Lava."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import ClassVar

import numpy as np

from neurocmc.backends.files import TRIALS_EMITTED, stimulus_file
from neurocmc.backends.loihi.emit_neurons import emit_neurons, stimulus_arrays
from neurocmc.backends.loihi.readback import run_emitted
from neurocmc.common.arrays import Int
from neurocmc.common.errors import InfeasibleError, InputError, Problem, raise_infeasible
from neurocmc.common.files import write_file, write_npz
from neurocmc.common.progress import silent
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.neuron_losses import NeuronLosses, ScaledFacts
from neurocmc.ir.loihi.neuron_printer import print_neuron_integers, print_placed
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.loihi.store import load_placed, save_chip
from neurocmc.ir.neurons.network import NeuronNetwork, SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.store import load_level, save_level
from neurocmc.passes.loihi.neuron_limits import neuron_limits
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.placing.wiring import neuron_wiring
from neurocmc.passes.loihi.route import Route
from neurocmc.passes.loihi.scale_neurons import ScaledNeurons, ScaleNeurons, part_of
from neurocmc.passes.neurons.reset_swap import ResetSwap
from neurocmc.passes.neurons.skew import Skew
from neurocmc.passes.neurons.starts import start_notes, starts_of
from neurocmc.pipeline.chips.faults import FaultyNeuronChips
from neurocmc.pipeline.chips.faulty_loihi import FaultyLoihiNeurons
from neurocmc.pipeline.chips.lava import LavaRun, check_lava_python, lava_edge
from neurocmc.pipeline.chips.neurons import TWIN_NEURON_TICKS, TWIN_TRIALS, NeuronBuilt, NeuronStaging
from neurocmc.pipeline.chips.real_neurons import real_neurons
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified, write_level
from neurocmc.report.budget import Budget
from neurocmc.report.loihi.budget import chip_pictures
from neurocmc.report.loihi.neuron_budget import neuron_budget
from neurocmc.report.loihi.neuron_losses import neuron_losses, register_verdicts
from neurocmc.report.losses import Losses
from neurocmc.report.pictures import Drawn
from neurocmc.sim.loihi.neurons.emulator import recording_of, run_neurons
from neurocmc.sim.loihi.neurons.groups import synapse_groups
from neurocmc.sim.loihi.neurons.twin import run_twin
from neurocmc.sim.neurons import simulate_neurons, with_host
from neurocmc.targets import LoihiTarget
from neurocmc.verification.edges import Edge, mismatch_edge

INTEGER, FACTS, CHIP = "30-integer", "31-registers", "40-chip"
SMALLER = "use --weights one, which halves the synapses, a smaller network, or a larger chip (--target)"
LAVA_NEURONS = 16_384  # of one run, over all of its trials


@dataclass(frozen=True, kw_only=True, eq=False)
class LoihiNeurons(NeuronBuilt):
    """Single neurons, their integers, and the program with a place for each."""

    tool: ClassVar[str] = "lava"

    target: LoihiTarget
    chip: ChipProgram[IntegerNeurons]
    facts: ScaledFacts

    @property
    def integer(self) -> IntegerNeurons:
        """The integers that stand on the cores."""
        return self.chip.network

    @property
    def name(self) -> str:
        """The name of the network."""
        return self.integer.name

    @property
    def tick_s(self) -> float:
        """The model's time of a tick, in s."""
        return self.integer.tick_s

    @property
    def inputs(self) -> tuple[SpikeInput, ...]:
        """The inputs; shapes are known where the network was in real numbers before."""
        if self.given is not None:
            return self.given.inputs
        return tuple(
            SpikeInput(name=entry.name, channels=entry.channels, shape=(entry.channels,))
            for entry in self.integer.inputs
        )

    @property
    def cores_used(self) -> int:
        """Cores that it takes of the target."""
        return self.chip.cores

    @property
    def sizes(self) -> Mapping[str, int]:
        """Population -> its neurons."""
        return self.integer.sizes()

    def run(self, stimulus: EventStimulus) -> NeuronRecording:
        """Runs on the emulator."""
        ran = run_neurons(self.integer, stimulus)
        raise_infeasible(self._wrapped(stimulus, ran.wraps))
        return self._with_host(recording_of(self.integer, ran.spikes, stimulus))

    def _with_host(self, recording: NeuronRecording) -> NeuronRecording:
        return recording if self.given is None else with_host(self.given, recording)

    def _wrapped(self, stimulus: EventStimulus, wraps: Int) -> list[Problem]:
        """Populations whose currents left their register: what follows a wrap means nothing."""
        places = self.integer.neuron_slices()
        return [
            Problem(
                "current-wraps",
                f"stimulus {stimulus.name}, population {pool.name}",
                f"its current leaves the {self.integer.rule.current_bits}-bit register {count:,} times and wraps",
                "compile with a calibration (--calibration) that holds such input",
            )
            for pool in self.integer.populations
            if (count := int(wraps[places[pool.name]].sum()))
        ]

    def save(self, folder: Path) -> None:
        """Writes the integers, what their registers were asked to hold, and the program with their places."""
        write_level(folder, INTEGER, self.integer, print_neuron_integers(self.integer))
        save_level(self.facts, folder, FACTS)
        save_chip(self.chip, folder, CHIP)
        write_file(folder / f"{CHIP}.txt", print_placed(self.chip, print_neuron_integers(self.integer)))

    def emit(self, folder: Path, stimuli: Mapping[str, EventStimulus], trials: int | None = None) -> None:
        """Writes arrays and a script for Lava."""
        many = TRIALS_EMITTED if trials is None else trials
        emit_neurons(self.chip, stimuli, folder, self.target.limits.lava_run_config, many)

    def budget(self, stimulus: EventStimulus, seen: NeuronRecording) -> Budget:
        """Counts every resource of every core, and the energy of the spikes seen."""
        return neuron_budget(self.chip, self.target, stimulus, seen)

    def twin_edges(self, stimulus: EventStimulus) -> list[Edge]:
        """Runs the same numbers on the emulator of hand-made compartments."""
        part = self._part(stimulus, TWIN_TRIALS)
        ours = run_neurons(self.integer, part).spikes
        apart = ours.differing(run_twin(self.integer, part)).total
        note = f"CompartmentNetwork, {part.batch} of {stimulus.batch} trials"
        return [mismatch_edge("emulator == compartments", apart, ours.total, note)]

    def emitted_edges(self, program: Path, stimulus: EventStimulus) -> list[Edge]:
        """Reads the program back from its files, and runs it on Lava where an interpreter that has it is named."""
        part = self._part(stimulus, TRIALS_EMITTED)
        ticks = part.ticks + self.integer.deepest_ticks
        ours = run_neurons(self.integer, part).spikes
        dense = ours.dense(part.batch, ticks, self.integer.neurons) > 0
        file = stimulus_file(stimulus.name)
        apart = sum(
            int((dense[trial] != run_emitted(program, file, trial, self.integer.rule)).sum())
            for trial in range(part.batch)
        )
        note = f"program/ read back from its files and run: {part.batch} trials of {ticks} ticks"
        read_back = mismatch_edge("emulator ~ emitted", apart, ours.total, note)
        return [read_back, lava_edge(program, file, dense)]

    def run_program(self, program: Path, stimulus: EventStimulus, time_limit_s: float) -> NeuronRecording:
        """Runs the program on stock Lava, in an interpreter of its own, some trials at a time."""
        python = check_lava_python()
        at_once = max(LAVA_NEURONS // self.integer.neurons, 1)
        groups, deadline = synapse_groups(self.integer), monotonic() + time_limit_s
        columns: list[Int] = [np.zeros((3, 0), dtype=np.int64)]
        for first in range(0, stimulus.batch, at_once):
            part = stimulus.take(slice(first, first + at_once))
            with tempfile.TemporaryDirectory(prefix="neurocmc-lava-") as folder:
                write_npz(Path(folder) / "stimulus.npz", stimulus_arrays(self.integer, groups, part))
                run = LavaRun(python, program / "run.py", Path(folder), part.batch, time_limit_s)
                recorded = run.to_the_end(deadline, silent)
            ran = np.stack([recorded["trial"] + first, recorded["tick"], recorded["neuron"]])
            columns.append(ran.astype(np.int64))
        trial, tick, neuron = np.concatenate(columns, axis=1)
        spikes = SpikeList.in_order(trial, tick, neuron)
        return self._with_host(recording_of(self.integer, spikes, stimulus, "lava"))

    def _part(self, stimulus: EventStimulus, trials: int) -> EventStimulus:
        return stimulus.part(TWIN_NEURON_TICKS, self.integer.neurons, trials)

    def faulty_chips(self) -> FaultyNeuronChips:
        """Returns what draws chips whose neurons and synapses are not as they were compiled."""
        return FaultyLoihiNeurons(self.integer, self._with_host)

    def realised(self) -> NeuronNetwork:
        """Returns what the integers are in real numbers."""
        return real_neurons(self.integer, self.fitted)

    def verdicts(self) -> tuple[str, ...]:
        """Returns what is known of every population's current and voltage."""
        return register_verdicts(self.integer, self.facts)

    def losses(self) -> Losses | None:
        """Returns what the grid took, where the network was in real numbers before."""
        return neuron_losses(self.facts.losses) if self.fitted is not None else None

    def pictures(self) -> tuple[Drawn, ...]:
        """Returns the picture of the cores and how full they are."""

        def draw(path: Path) -> None:
            from neurocmc.report.loihi.core_map import draw_core_map  # matplotlib is a quarter of all imports

            owners = {pool.name: pool.population for pool in self.integer.populations}
            draw_core_map(self.chip, self.target, path, lambda name: owners[name])

        caption = "How full each core is, by population."
        cores = Drawn(file="core-map.png", section="cores", caption=caption, draw=draw)
        return (cores, *chip_pictures(self.chip, self.target))


def lower_to_loihi(staging: NeuronStaging, target: LoihiTarget, clock: Clock) -> LoihiNeurons:
    """Exchanges resets, fits latencies, scales, rounds, places and routes.

    Raises InfeasibleError where the chip cannot have its delays or resets, or has too few cores.
    """
    raise_infeasible(_beyond_chip(staging.network, target))
    with clock.timing(ResetSwap.name, 0.05):
        swapped, exchanged = ResetSwap(target.limits.refractory_ticks_max).run(staging.network)
    with clock.timing(Skew.name, 0.1):
        skewed = Skew(target.limits.delay_ticks_max).run(swapped)
    part = part_of(staging.calibration, swapped.neurons)
    with clock.timing(ScaleNeurons.name, 0.5):
        wanted = simulate_neurons(skewed.network, part, level="fitted")
        scaled = ScaleNeurons(planes=staging.planes).run(skewed, part, wanted, target)
    facts = facts_of(scaled, part)
    chip = placed(verified(scaled.network), target, clock)
    return LoihiNeurons(
        target=target,
        given=staging.network,
        fitted=skewed.network,
        notes=(*exchanged, *skewed.notes, *start_notes(starts_of(skewed.network, skewed.depth_ticks))),
        chip=chip,
        facts=facts,
    )


def _beyond_chip(network: NeuronNetwork, target: LoihiTarget) -> list[Problem]:
    """What is too large whatever becomes of its weights, found before scales are tried on it."""
    room = target.limits.cores * target.limits.compartments_per_core
    if network.neurons <= room:
        return []
    what = f"{network.neurons:,} neurons, limit {room:,} compartments on {target.name}"
    cure = "use a smaller network, or a larger chip (--target)"
    return [Problem("neurons-beyond-limit", f"network {network.name}", what, cure)]


def lower_integers(
    network: IntegerNeurons, calibration: EventStimulus, target: LoihiTarget, clock: Clock
) -> LoihiNeurons:
    """Places and routes what was brought in integers. Raises InfeasibleError also where registers do not hold it."""
    raise_infeasible(neuron_limits(network, target))
    part = part_of(calibration, network.neurons)
    seen = run_neurons(network, part)
    none = NeuronLosses(populations=(), projections=())
    scaled = ScaledNeurons(network=network, losses=none, seen=seen, tried=(), offset=0)
    chip = placed(verified(network), target, clock, "use a smaller network, or a larger chip (--target)")
    return LoihiNeurons(target=target, given=None, fitted=None, chip=chip, facts=facts_of(scaled, part))


def placed(
    network: IntegerNeurons, target: LoihiTarget, clock: Clock, cure: str = SMALLER
) -> ChipProgram[IntegerNeurons]:
    """Returns the program with a place for every neuron. Raises InfeasibleError with a cure for such networks."""
    wiring = neuron_wiring(network)
    try:
        with clock.timing(Place.name, 0.9):
            placement = Place().place(wiring, target)
        with clock.timing(Route.name, 1.0):
            return verified(Route().route(network, wiring, placement, target))
    except InfeasibleError as error:
        raise InfeasibleError(replace(problem, cure=cure) for problem in error.problems) from None


def load_from_loihi(
    folder: Path,
    given: NeuronNetwork | None,
    fitted: NeuronNetwork | None,
    notes: tuple[str, ...],
    target: LoihiTarget,
) -> LoihiNeurons:
    """Reads what `LoihiNeurons.save` wrote. Raises InputError where it is damaged."""
    integer = load_level(folder, INTEGER, IntegerNeurons)
    sent = [(entry.name, entry.channels) for entry in integer.inputs]
    if given is not None and sent != [(entry.name, entry.channels) for entry in given.inputs]:
        what = "its inputs are not those of the imported network"
        raise InputError(Problem("artifact-inconsistent", str(folder / INTEGER), what, "compile again"))
    return LoihiNeurons(
        target=target,
        given=given,
        fitted=fitted,
        notes=notes,
        chip=load_placed(folder, CHIP, integer),
        facts=load_level(folder, FACTS, ScaledFacts),
    )


def facts_of(scaled: ScaledNeurons, calibration: EventStimulus) -> ScaledFacts:
    """Returns what calibration asked of the registers, population by population, for an artifact."""
    seen, network = scaled.seen, scaled.network
    return ScaledFacts.of(
        network,
        scaled.losses,
        calibration=f"{calibration.name}, {calibration.batch:,} trials of {calibration.ticks:,} ticks",
        neuron_ticks=calibration.batch * (calibration.ticks + network.deepest_ticks),
        registers=(seen.largest_u, seen.lowest_v, seen.highest_v, seen.below, seen.above),
        tried=scaled.tried,
        offset=scaled.offset,
    )
