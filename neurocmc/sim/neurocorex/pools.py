"""Encodes drives as digits for a NeuroCoreX, and decodes the activity of pools from its spikes."""

from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.ir.neurocorex.pools import DriveDigits, PoolBoard
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.neurocorex.emulator import run_board
from neurocmc.sim.neurocorex.host import decoded
from neurocmc.sim.recording import Spikes, counted, recording

_ROUNDING = 0.5  # of a step, by which a drive may lie beside what calibration had


def digits_of(program: PoolBoard, stimulus: Stimulus) -> EventStimulus:
    """Returns the spikes that carry a stimulus.

    Args:
        program: Pools on a board.
        stimulus: A value for each channel of each input.

    Raises:
        InputError: Where a drive lies beyond what calibration had.
    """
    tick_s = program.board.tick_s
    ticks, labels = stimulus.ticks(tick_s), stimulus.labels
    parts = {each.name: _digits(each, stimulus, tick_s) for each in program.digits}
    events = [EventStimulus.of_dense(stimulus.name, part, labels, entry=name) for name, part in parts.items()]
    spikes = {name: each.spikes[name] for each in events for name in each.spikes}
    return EventStimulus(name=stimulus.name, ticks=ticks, labels=np.asarray(labels, dtype=np.int64), spikes=spikes)


def _digits(entry: DriveDigits, stimulus: Stimulus, tick_s: float) -> Int:
    """(batch, ticks, channels x bits) of 0 and 1."""
    driven = stimulus.on_ticks(tick_s, entry.name)
    values = driven.values[entry.name][:, driven.segment_of_tick]
    steps: Float = np.divide(values - entry.lowest, entry.step, out=np.zeros(values.shape), where=entry.step > 0)
    still = (entry.step == 0) & (np.abs(values - entry.lowest) > 1e-9)
    if still.any() or steps.min(initial=0) < -_ROUNDING or steps.max(initial=0) > (1 << entry.bits) - 1 + _ROUNDING:
        what = "it leaves the range that calibration had"
        cure = "compile with a calibration stimulus that covers this drive, or scale the drive down"
        raise InputError(Problem("drive-beyond-input", f"stimulus {stimulus.name}, input {entry.name}", what, cure))
    whole = np.clip(np.rint(steps), 0, (1 << entry.bits) - 1).astype(np.int64)
    bits = (whole[..., None] >> np.arange(entry.bits)) & 1
    return bits.reshape(*whole.shape[:2], -1)


def run_pools(program: PoolBoard, stimulus: Stimulus, *, record_spikes: bool, level: str) -> Recording:
    """Runs all trials of a stimulus on the emulator of the board's logic.

    Args:
        program: Pools on a board.
        stimulus: A value for each channel of each input.
        record_spikes: Whether every spike is kept.
        level: What the recording says it is of.

    Returns:
        The activity of every population, (batch, ticks, units) in units of the rate circuit.

    Raises:
        InputError: Where the stimulus does not fit.
        InfeasibleError: Where a V leaves its register.
    """
    events = digits_of(program, stimulus)
    seen = decoded(program.board, run_board(program.board, events), events.ticks)
    first, parts = 0, list[Spikes]()
    for pool in program.populations:
        own = seen[pool.name]
        parts.append(Spikes(tick=own.tick, trial=own.trial, neuron=(own.unit + first).astype(np.int32)))
        first += pool.units * pool.neurons
    spikes = Spikes.joined(parts)
    counts = counted(program.populations, spikes, events.batch, events.ticks)
    told = spikes if record_spikes else None
    return recording(
        program.populations, counts, told, level=level, stimulus=stimulus.name, tick_s=program.board.tick_s
    )


def observed(program: PoolBoard, own: dict[str, bool], tau_s: float) -> PoolBoard:
    """Returns the same with the spikes of some populations decoded through another filter, of first order."""
    pools = (
        replace(p, trace=replace(p.trace, tau_s=tau_s, order=1)) if own.get(p.name, False) else p
        for p in program.populations
    )
    return replace(program, populations=tuple(pools))
