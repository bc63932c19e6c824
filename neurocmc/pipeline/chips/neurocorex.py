"""Compiles for NeuroCoreX, an FPGA with 90 neurons that add up what arrives, every one with every other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from neurocmc.backends.files import TRIALS_EMITTED
from neurocmc.backends.neurocorex.emit import emit_board, run_emitted
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.matrices import full
from neurocmc.ir.kept import Kept, KeptPopulation, KeptProjection
from neurocmc.ir.neurocorex.pools import BoardPool, PoolBoard
from neurocmc.ir.neurocorex.printer import print_board
from neurocmc.ir.neurocorex.program import BoardColumns, BoardPopulation, BoardProgram
from neurocmc.ir.neurons.network import NeuronNetwork, SpikeInput
from neurocmc.ir.phrases import SMALLER
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.store import load_level
from neurocmc.passes.check_neurons import CheckNeurons
from neurocmc.passes.gain_match import GainMatch
from neurocmc.passes.lost_states import refuse_lost
from neurocmc.passes.neurocorex.pools import Pools, PoolWiring
from neurocmc.passes.neurocorex.registers import Placed, Registers
from neurocmc.pipeline.chips.built import Built, decoded_through
from neurocmc.pipeline.chips.family import Family
from neurocmc.pipeline.chips.neurocorex_neurons import (
    BOARD,
    board_pictures,
    load_from_neurocorex,
    lower_to_neurocorex,
)
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified, write_level
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.budget import Budget
from neurocmc.report.neurocorex.budget import board_budget
from neurocmc.report.pictures import Drawn
from neurocmc.sim.neurocorex.emulator import run_board
from neurocmc.sim.neurocorex.pools import digits_of, observed, run_pools
from neurocmc.targets.kinds import BUILT_IN
from neurocmc.targets.neurocorex import NeuroCoreXTarget
from neurocmc.theory.certificate import Certificate, certify
from neurocmc.theory.realised import rounded_circuit
from neurocmc.verification.edges import Edge, mismatch_edge


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuroCoreXBuilt(Built):
    """Pools of the threshold code on a board."""

    lost_on: ClassVar[str] = "spiking ~ board"

    target: NeuroCoreXTarget
    program: PoolBoard

    @property
    def levels(self) -> tuple[Any, ...]:
        """All levels, with the board."""
        return (*super().levels, self.program)

    @property
    def cores_used(self) -> int:
        """A board is one core."""
        return 1

    @cached_property
    def kept(self) -> Kept | None:
        """What gains came to in whole weights, read from the matrix."""
        return kept_by_board(self.staged, self.spiking, self.program)

    def run(self, stimulus: Stimulus, *, seed: int = 0, record_spikes: bool = False) -> Recording:
        """Runs on the emulator of the board's logic, which has no noise."""
        return run_pools(self.program, stimulus, record_spikes=record_spikes, level=self.level)

    def check(self, stimulus: Stimulus) -> None:
        """Refuses a drive that calibration did not have."""
        digits_of(self.program, stimulus)

    def save(self, folder: Path) -> None:
        """Writes the board."""
        write_level(folder, BOARD, self.program, print_board(self.program.board))

    def emit(self, folder: Path, stimuli: Mapping[str, Stimulus]) -> None:
        """Writes packets and a script that sends them."""
        folder.mkdir(exist_ok=True)
        sent = {name: digits_of(self.program, s.take(slice(TRIALS_EMITTED))) for name, s in stimuli.items()}
        emit_board(self.program.board, sent, folder, self.target.limits.input_queue)

    def budget(self, stimulus: Stimulus, seen: Recording) -> Budget:
        """Counts neurons, channels and weights."""
        return board_budget(self.program.board, self.target)

    def emitted_edges(self, program: Path, stimulus: Stimulus, seed: int) -> list[Edge]:
        """Reads the packets back as the board does, and compares every spike of the first trial."""
        board, logic = self.program.board, self.program.board.logic
        ours = run_board(board, digits_of(self.program, stimulus.take(slice(1))))[0][:, logic]
        theirs = run_emitted(program, stimulus.name)[0][: len(ours), logic]
        note = "packets.bin read back byte by byte, 1 trial"
        return [mismatch_edge("emulator ~ emitted", int((ours != theirs).sum()), int(ours.sum()), note)]

    def observed_through(self, own: Mapping[str, bool], tau_s: float) -> Self:
        """Returns the same with spikes decoded through another filter."""
        program = observed(self.program, dict(own), tau_s)
        return replace(self, spiking=decoded_through(self.spiking, own, tau_s), program=program)

    def pictures(self) -> tuple[Drawn, ...]:
        """Returns the picture of both matrices."""
        return board_pictures(self.program.board)


class NeuroCoreXFamily(Family[NeuroCoreXTarget]):
    """The family of the NeuroCoreX board."""

    schema = BUILT_IN["neurocorex"]
    rounds_neurons = False  # a weight is one number of 8 bits

    def refuse(self, staged: RateCircuit, target: NeuroCoreXTarget, options: CompileOptions) -> None:
        """Refuses filters, and more neurons than there are."""
        raise_infeasible(_beyond(staged, target, options.pool))

    def lower(
        self, staging: Staging, target: NeuroCoreXTarget, options: CompileOptions, clock: Clock
    ) -> tuple[Built, Certificate]:
        """Makes a row of threshold neurons of pools, and rounds it; no other rounding is searched."""
        staged = staging.staged
        with clock.timing(GainMatch.name, 0.4):
            matched = staging.gain_match(options).run(staged, target)
        with clock.timing(CheckNeurons.name, 0.5):
            spiking = verified(CheckNeurons().run(matched, target))
        with clock.timing(Pools.name, 0.7):
            made = Pools(calibration=staging.calibration).run(spiking, target.limits.channels)
        with clock.timing(Registers.name, 0.9):
            placed = Registers(mode="forget").run(made.wiring, made.seen, f"circuit {staged.name}", target)
        program = verified(_program(spiking, made, placed, target))
        built = NeuroCoreXBuilt(target=target, staged=staged, spiking=spiking, program=program)
        with clock.timing("certify", 1.0):
            for stimulus in staging.calibration:
                built.run(stimulus)  # refuses what leaves its registers
            kept = kept_by_board(staged, spiking, program)
            certificate = certify(staged, staging.levels(), rounded_circuit(staged, kept))
            refuse_lost(certificate, target.name, allow_lost=options.allow_lost_states)
        return built, certificate

    def load(self, folder: Path, staged: RateCircuit, spiking: SpikingNetwork, target: NeuroCoreXTarget) -> Built:
        """Reads the board."""
        program = load_level(folder, BOARD, PoolBoard)
        return NeuroCoreXBuilt(target=target, staged=staged, spiking=spiking, program=program)

    def lower_neurons(self, staging: NeuronStaging, target: NeuroCoreXTarget, clock: Clock) -> NeuronBuilt:
        """Makes delays neurons, gives places, rounds."""
        return lower_to_neurocorex(staging, target, clock)

    def load_neurons(
        self,
        folder: Path,
        given: NeuronNetwork | None,
        fitted: NeuronNetwork | None,
        notes: tuple[str, ...],
        target: NeuroCoreXTarget,
    ) -> NeuronBuilt:
        """Reads the program of a board."""
        return load_from_neurocorex(folder, given, fitted, notes, target)


def _beyond(staged: RateCircuit, target: NeuroCoreXTarget, pool: int) -> list[Problem]:
    found = [
        Problem(
            "kernel-order-unfit",
            f"projection {each.name}",
            f"a filter of {1e3 * each.tau_s:g} ms; input to a neuron of {target.name} acts for one tick only",
            "leave the filter out (tau_ms: 0), or use --target loihi1",
        )
        for each in staged.projections
        if each.tau_s > 0
    ]
    room = target.limits.neurons - 3  # pacemaker, companion, and the last one
    if (needed := staged.units * pool) > room:
        what = f"{needed:,} neurons, limit {room} on {target.name}"
        found.append(Problem("neurons-beyond-limit", f"circuit {staged.name}", what, SMALLER))
    return found


def kept_by_board(staged: RateCircuit, spiking: SpikingNetwork, program: PoolBoard) -> Kept:
    """Returns what full pools send over what they should; poles there are none."""
    board, held = program.board, list[KeptProjection]()
    neuron = {each.name: each.neuron for each in board.populations}
    pools = {each.name: each for each in program.populations}
    for wanted in staged.projections:
        matched = next(each for each in spiking.projections if each.name == wanted.name)
        target, source = pools[wanted.target], pools[wanted.source]
        rows = 6 + neuron[wanted.target].reshape(target.units, target.neurons)[:, 0]
        columns = 5 + neuron[wanted.source]
        sent = board.registers.all_to_all[np.ix_(rows, columns)].astype(np.float64)
        sums = sent.reshape(target.units, source.units, source.neurons).sum(axis=2)
        full_pool = full(matched.weight) * source.neurons * program.scale
        share = np.divide(sums, full_pool, out=np.ones(sums.shape), where=full_pool != 0)
        held.append(KeptProjection.of(wanted, wanted.dc_gain * full(wanted.weight) * share))
    populations = (
        KeptPopulation.counted(each.name, np.full(each.units, 0.5 * each.activity_per_spike))
        for each in program.populations
    )
    return Kept(tick_s=board.tick_s, populations=tuple(populations), projections=tuple(held))


def _program(spiking: SpikingNetwork, made: PoolWiring, placed: Placed, target: NeuroCoreXTarget) -> PoolBoard:
    first, populations = 0, list[BoardPopulation]()
    for each in spiking.populations:
        size = each.units * each.neurons
        own = placed.neuron[first : first + size].astype(np.int32)
        populations.append(BoardPopulation(name=each.name, neuron=own, depth_ticks=0))
        first += size
    sent = made.wiring.sent.astype(np.int32)
    counts = [each.bits * each.lowest.size for each in made.digits]
    board = BoardProgram(
        name=spiking.name,
        target=target.name,
        tick_s=spiking.tick_s,
        mode="forget",
        registers=placed.registers,
        populations=tuple(populations),
        relays=np.zeros(0, dtype=np.int32),
        pacemaker=placed.pacemaker,
        companion=placed.companion,
        inputs=tuple(
            SpikeInput(name=each.name, channels=count, shape=(count,))
            for each, count in zip(made.digits, counts, strict=True)
        ),
        columns=BoardColumns(
            input=sent[:, 0], channel=sent[:, 1], delay_ticks=sent[:, 2], column=placed.column.astype(np.int32)
        ),
        **placed.roles,
    )
    pools = tuple(
        BoardPool(
            name=each.name,
            units=each.units,
            neurons=each.neurons,
            activity_per_spike=each.activity_per_spike,
            trace=each.trace,
        )
        for each in spiking.populations
    )
    return PoolBoard(board=board, populations=pools, digits=made.digits, scale=made.scale)
