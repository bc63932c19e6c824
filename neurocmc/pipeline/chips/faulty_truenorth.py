"""Runs a circuit on neurosynaptic cores with faults, for `pipeline.robustness`."""

from collections.abc import Mapping
from dataclasses import dataclass

from neurocmc.common.arrays import Int
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.pipeline.chips.faults import NO_FAULT, FaultyChips, meanings
from neurocmc.sim.truenorth import CoreInputSpikes
from neurocmc.sim.truenorth.faulty import KINDS, FaultyCores, draw_cores, run_faulty
from neurocmc.sim.truenorth.host import encode_cores


@dataclass(frozen=True, slots=True)
class FaultyTrueNorth(FaultyChips):
    """A program of cores, from which each seed draws a faulty chip."""

    program: CoreProgram
    threshold_bits: int

    @property
    def kinds(self) -> Mapping[str, str]:
        """All but mismatch of single synapses, which are bits; a potential holds what is a current elsewhere."""
        return meanings(*KINDS, current="noise of the potential")

    def host(self, stimulus: Stimulus) -> CoreInputSpikes:
        """Encodes the host's spikes of all trials."""
        return encode_cores(self.program, stimulus)

    def draw(self, seed: int, kind: str, level: float) -> "FaultyTrueNorthChip":
        """Draws a chip; without a fault its crossbars are those of the program."""
        kind, level = ("dropped", 0.0) if kind == NO_FAULT else (kind, level)
        return FaultyTrueNorthChip(draw_cores(self.program, kind, level, seed, self.threshold_bits))


@dataclass(frozen=True, slots=True)
class FaultyTrueNorthChip:
    """A faulty chip of neurosynaptic cores."""

    faulty: FaultyCores

    def run(self, stimulus: Stimulus, trials: Int, host: CoreInputSpikes) -> Recording:
        """Runs the trials core by core."""
        return run_faulty(self.faulty, stimulus, trials.tolist(), host)
