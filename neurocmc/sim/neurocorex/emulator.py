"""Runs programs of NeuroCoreX on the emulator of its logic, and says where a V left its register."""

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.neurocorex.program import BoardProgram
from neurocmc.ir.neurocorex.registers import LARGEST, ONE
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.neurocorex.core import run_core
from neurocmc.sim.neurocorex.host import Sending, sending


def run_board(program: BoardProgram, stimulus: EventStimulus) -> dict[int, NDArray[np.uint8]]:
    """Runs all trials.

    Args:
        program: A program without problems.
        stimulus: Spikes of each input.

    Returns:
        Trial -> (frames, 90) spikes in the ticks in which neurons are tested.

    Raises:
        InfeasibleError: Where a V wrapped around, or a neuron did not spike when all must, or did when none may.
    """
    found: dict[int, NDArray[np.uint8]] = {}
    for trial in range(stimulus.batch):
        sent = sending(program, stimulus, trial)
        spikes, voltages = run_core(program.registers, sent.channel_of_tick)
        _check(program, stimulus, trial, sent, spikes, voltages)
        found[trial] = spikes[sent.tested]
    return found


def _check(
    program: BoardProgram,
    stimulus: EventStimulus,
    trial: int,
    sent: Sending,
    spikes: NDArray[np.uint8],
    voltages: NDArray[np.int32],
) -> None:
    """Frames are exact only while each neuron spikes in the ticks that are meant for it."""
    logic = program.logic
    own = spikes[:, logic]
    may = np.zeros(len(spikes), dtype=bool)
    may[sent.tested] = True
    must = np.zeros(len(spikes), dtype=bool)
    if program.mode == "forget":
        must[np.concatenate([[1], sent.tested[:-1]]) + 2] = True
        silent = must[:, None] & (own == 0)
    else:
        silent = np.zeros_like(own, dtype=bool)
    early = ~(may | must)[:, None] & (own == 1)
    wraps = _wraps(voltages[:, logic])
    for what, at in (("does not spike when all must", silent), ("spikes when none may", early), ("wraps", wraps)):
        if at[: len(spikes) - 1].any():
            tick, index = np.argwhere(at)[0]
            where = f"stimulus {stimulus.name}, trial {trial}, neuron {logic[index]} of the chip"
            text = f"its V {what}, in tick {tick} of the chip: V holds -128 to 127, and wraps"
            cure = "compile with a calibration (--calibration) that holds such input, or with smaller weights"
            raise InfeasibleError(Problem("current-wraps", where, text, cure))


def _wraps(voltages: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Where V jumps by more than half its range, which no sum that is meant does."""
    jumps = np.abs(np.diff(voltages.astype(np.int64), axis=0, prepend=0))
    return jumps > 2 * LARGEST - 64 * ONE
