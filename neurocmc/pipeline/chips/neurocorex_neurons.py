"""Compiles networks of single neurons for NeuroCoreX: delays, places, registers, packets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from neurocmc.backends.files import TRIALS_EMITTED
from neurocmc.backends.neurocorex.emit import emit_board, run_emitted
from neurocmc.common.errors import InfeasibleError, InputError, Problem, raise_infeasible
from neurocmc.ir.neurocorex.printer import print_board
from neurocmc.ir.neurocorex.program import BoardColumns, BoardPopulation, BoardProgram, Mode
from neurocmc.ir.neurocorex.wiring import Extremes, Wiring
from neurocmc.ir.neurons.network import NeuronNetwork, SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.store import load_level
from neurocmc.passes.neurocorex.registers import FILLED, Placed, Registers
from neurocmc.passes.neurocorex.relays import Relays
from neurocmc.passes.neurons.reset_swap import ResetSwap
from neurocmc.passes.neurons.skew import Skew, Skewed
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified, write_level
from neurocmc.report.budget import Budget
from neurocmc.report.neurocorex.budget import board_budget
from neurocmc.report.pictures import Drawn
from neurocmc.sim.neurocorex.emulator import run_board
from neurocmc.sim.neurocorex.host import decoded
from neurocmc.sim.neurocorex.watch import watched
from neurocmc.sim.neurons import simulate_neurons, with_host
from neurocmc.targets.neurocorex import NeuroCoreXTarget
from neurocmc.verification.edges import Edge, mismatch_edge

BOARD = "30-board"
LONGEST_DELAY = 88  # ticks: a relay each
WATCHED_TRIALS = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuroCoreXNeurons(NeuronBuilt):
    """Single neurons on a board."""

    target: NeuroCoreXTarget
    given: NeuronNetwork
    fitted: NeuronNetwork
    program: BoardProgram

    @property
    def name(self) -> str:
        """The name of the network."""
        return self.program.name

    @property
    def tick_s(self) -> float:
        """The model's time of a tick, in s."""
        return self.program.tick_s

    @property
    def cores_used(self) -> int:
        """A board is one core."""
        return 1

    @property
    def inputs(self) -> tuple[SpikeInput, ...]:
        """The inputs and their channels."""
        return self.program.inputs

    @property
    def sizes(self) -> Mapping[str, int]:
        """Population -> its neurons."""
        return {population.name: population.size for population in self.program.populations}

    def run(self, stimulus: EventStimulus) -> NeuronRecording:
        """Runs on the emulator of the board's logic."""
        seen = run_board(self.program, stimulus)
        recording = NeuronRecording(
            level=self.level,
            stimulus=stimulus.name,
            batch=stimulus.batch,
            ticks=stimulus.ticks,
            sizes=self.sizes,
            spikes=decoded(self.program, seen, stimulus.ticks),
            host={},
        )
        return with_host(self.given, recording)

    def save(self, folder: Path) -> None:
        """Writes the program."""
        write_level(folder, BOARD, self.program, print_board(self.program))

    def emit(self, folder: Path, stimuli: Mapping[str, EventStimulus], trials: int | None = None) -> None:
        """Writes packets and a script that sends them."""
        queue = self.target.limits.input_queue
        emit_board(self.program, stimuli, folder, queue, TRIALS_EMITTED if trials is None else trials)

    def budget(self, stimulus: EventStimulus, seen: NeuronRecording) -> Budget:
        """Counts neurons, channels and weights."""
        return board_budget(self.program, self.target)

    def emitted_edges(self, program: Path, stimulus: EventStimulus) -> list[Edge]:
        """Reads the packets back as the board does, and compares every spike of the trials that were written."""
        part = stimulus.take(slice(TRIALS_EMITTED))
        ours = run_board(self.program, part)
        theirs = run_emitted(program, stimulus.name)
        logic = self.program.logic
        apart = sum(int((ours[trial] != theirs[trial])[:, logic].sum()) for trial in ours)
        spikes = sum(int(each[:, logic].sum()) for each in ours.values())
        note = f"packets.bin read back byte by byte, {part.batch} trials"
        return [mismatch_edge("emulator ~ emitted", apart, spikes, note)]

    def verdicts(self) -> tuple[str, ...]:
        """Returns what the program's neurons stand for."""
        program = self.program
        told = [
            f"mode {program.mode}: V {'stays from tick to tick' if program.mode == 'integrate' else 'is forgotten'}"
        ]
        if program.relays.size:
            told.append(f"{program.relays.size} neurons are delays")
        return tuple(told)

    def pictures(self) -> tuple[Drawn, ...]:
        """Returns the picture of both matrices."""
        return board_pictures(self.program)


def board_pictures(program: BoardProgram) -> tuple[Drawn, ...]:
    """Returns the picture of a program's matrices."""

    def draw(path: Path) -> None:
        from neurocmc.report.neurocorex.matrix import draw_board  # matplotlib is a quarter of all imports

        draw_board(program, path)

    caption = "The weights between neurons, and from the host's channels."
    return (Drawn(file="board.png", section="cores", caption=caption, draw=draw),)


def lower_to_neurocorex(staging: NeuronStaging, target: NeuroCoreXTarget, clock: Clock) -> NeuroCoreXNeurons:
    """Exchanges resets, makes delays neurons, gives places, rounds.

    Raises InfeasibleError where the board has no such neurons, too few of them, or too narrow registers.
    """
    network = staging.network
    raise_infeasible(_unfit(network, target))
    swapped, exchanged = _swapped(network)
    with clock.timing(Skew.name, 0.1):
        skewed = Skew(LONGEST_DELAY).run(swapped)
    raise_infeasible(_unfit_depths(skewed, target))
    with clock.timing(Relays.name, 0.2):
        wiring = Relays().run(skewed)
    part = staging.calibration.take(slice(WATCHED_TRIALS))
    mode = _mode(network)
    longer = replace(part, ticks=part.ticks + max(skewed.depth_ticks.values(), default=0) + 1)
    depth = np.concatenate(
        [np.full(each.size, skewed.depth_ticks[each.name], dtype=np.int64) for each in network.populations]
    )
    names = tuple(entry.name for entry in network.inputs)
    with clock.timing("watch", 0.5):
        wanted = simulate_neurons(skewed.network, longer, level="fitted")
        seen = watched(wiring, mode, names, longer, wanted, depth)
    with clock.timing(Registers.name, 1.0):
        program, placed = _held(skewed, wiring, seen, mode, part, target)
    return NeuroCoreXNeurons(
        target=target,
        given=network,
        fitted=skewed.network,
        program=program,
        notes=(*exchanged, *skewed.notes, *_rounded(skewed, placed)),
    )


def _held(
    skewed: Skewed, wiring: Wiring, seen: Extremes, mode: Mode, part: EventStimulus, target: NeuroCoreXTarget
) -> tuple[BoardProgram, Placed]:
    """Rounds with as large numbers as V holds on calibration; what rounding adds up to is known once it has run."""
    at_threshold, name = skewed.network.semantics.at_threshold, skewed.network.name
    for filled in FILLED:
        rounds = Registers(mode=mode, at_threshold=at_threshold, filled=filled)
        placed = rounds.run(wiring, seen, f"network {name}", target)
        program = verified(_program(skewed, wiring, placed, mode, target))
        try:
            run_board(program, part)
        except InfeasibleError:
            if filled == FILLED[-1]:
                raise
        else:
            return program, placed
    raise AssertionError


def load_from_neurocorex(
    folder: Path,
    given: NeuronNetwork | None,
    fitted: NeuronNetwork | None,
    notes: tuple[str, ...],
    target: NeuroCoreXTarget,
) -> NeuroCoreXNeurons:
    """Reads what `NeuroCoreXNeurons.save` wrote. Raises InputError where it is damaged."""
    if given is None or fitted is None:
        what = f"it holds no network in real numbers, as one for {target.name} does"
        raise InputError(Problem("artifact-inconsistent", str(folder), what, "compile again"))
    program = load_level(folder, BOARD, BoardProgram)
    return NeuroCoreXNeurons(target=target, given=given, fitted=fitted, notes=notes, program=program)


def _mode(network: NeuronNetwork) -> Mode:
    return "integrate" if all(bool((each.pole_mem == 1).all()) for each in network.populations) else "forget"


def _unfit(network: NeuronNetwork, target: NeuroCoreXTarget) -> Iterator[Problem]:
    """What no neuron of the board can do."""
    cure = "use neurons that add up what arrives (IF), or that forget it within a tick, or --target loihi1"
    poles = {float(pole) for each in network.populations for pole in each.pole_mem}
    for each in network.populations:
        where = f"population {each.name}"
        if each.pole_syn.any():
            yield _no(where, f"its current decays, and {target.name} has no synaptic filter", cure)
        if not np.isin(each.pole_mem, (0.0, 1.0)).all():
            share = float(each.pole_mem[~np.isin(each.pole_mem, (0.0, 1.0))][0])
            yield _no(where, f"a tick leaves {share:g} of its voltage; {target.name} has no such decay", cure)
        if each.refractory_ticks > 1:
            what = f"it rests {each.refractory_ticks} ticks after a spike; ticks of {target.name} differ in length"
            yield _no(where, what, "leave the refractory time out")
    if poles == {0.0, 1.0}:
        yield _no(
            f"network {network.name}", "some neurons keep their voltage from tick to tick and others do not", cure
        )
    if network.semantics.several_spikes:
        yield _no(
            f"network {network.name}", "its neurons spike several times in a tick", "use semantics with one spike"
        )
    room = target.limits.neurons - 1
    if network.neurons > room:
        what = f"{network.neurons:,} neurons, limit {room} on {target.name}"
        cure = "use a smaller network, or a larger chip (--target)"
        yield Problem("neurons-beyond-limit", f"network {network.name}", what, cure)


def _unfit_depths(skewed: Skewed, target: NeuroCoreXTarget) -> Iterator[Problem]:
    """Biases that no channel of the host's own carries from tick 0 on."""
    forgets = _mode(skewed.network) == "forget"
    for projection in skewed.network.projections:
        if projection.bias.any() and not (
            forgets and projection.bias_from_tick == 0 and skewed.depth_ticks[projection.target] == 0
        ):
            what = f"it has a bias, which {target.name} has for neurons that forget, and for the first layer alone"
            cure = "train without biases, or give them as a channel of input that spikes in every tick"
            yield _no(f"projection {projection.name}", what, cure)


def _no(where: str, what: str, cure: str) -> Problem:
    return Problem("network-unfit-for-target", where, what, cure)


def _swapped(network: NeuronNetwork) -> tuple[NeuronNetwork, tuple[str, ...]]:
    """The chip's reset to 0. Its test is V >= threshold, so that a voltage at it can stay a spike."""
    strict = replace(network, semantics=replace(network.semantics, at_threshold=False))
    swapped, told = ResetSwap(refractory_ticks_max=1).run(strict)
    at = network.semantics.at_threshold
    return (replace(swapped, semantics=replace(swapped.semantics, at_threshold=at)) if told or at else network), told


def _program(skewed: Skewed, wiring: Wiring, placed: Placed, mode: Mode, target: NeuroCoreXTarget) -> BoardProgram:
    network = skewed.network
    first, populations = 0, list[BoardPopulation]()
    for each in network.populations:
        own = placed.neuron[first : first + each.size].astype(np.int32)
        populations.append(BoardPopulation(name=each.name, neuron=own, depth_ticks=skewed.depth_ticks[each.name]))
        first += each.size
    return BoardProgram(
        name=network.name,
        target=target.name,
        tick_s=network.semantics.dt_s,
        mode=mode,
        registers=placed.registers,
        populations=tuple(populations),
        relays=placed.neuron[first:].astype(np.int32),
        pacemaker=placed.pacemaker,
        companion=placed.companion,
        inputs=network.inputs,
        columns=BoardColumns(
            input=wiring.sent[:, 0].astype(np.int32),
            channel=wiring.sent[:, 1].astype(np.int32),
            delay_ticks=wiring.sent[:, 2].astype(np.int32),
            column=placed.column.astype(np.int32),
        ),
        **placed.roles,
    )


def _rounded(skewed: Skewed, placed: Placed) -> Iterator[str]:
    first = 0
    for each in skewed.network.populations:
        worst = float(placed.rounding[first : first + each.size].max(initial=0.0))
        first += each.size
        if worst > 1e-9:
            yield f"{each.name}: weights are rounded to 8 bits, by up to {100 * worst:.2g} % of a threshold"
