"""Encodes stimuli as NeuroCoreX is sent them, one spike a tick of the chip, and decodes the spikes of neurons."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.ir.neurocorex.program import BoardProgram
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus

_QUIET = 2  # ticks at the end in which none spikes: what the chip holds of one run is seen in the next


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sending:
    """What the host sends in a trial, and when neurons are tested for the network."""

    channel_of_tick: Int  # (ticks of the chip,) -1: none
    tested: Int  # (frames,) ticks of the chip

    @property
    def answers(self) -> int:
        """Ticks of the chip that it answers: with its last spike it stops."""
        return len(self.channel_of_tick) - 1


def sending(program: BoardProgram, stimulus: EventStimulus, trial: int) -> Sending:
    """Returns what the host sends in one trial.

    Args:
        program: The program.
        stimulus: Spikes of each input.
        trial: Which trial.

    Returns:
        A channel for each tick of the chip, and the tick in which the neurons of each frame are tested.
    """
    columns = _columns_of_frames(program, stimulus, trial)
    channels: list[int] = []
    tested = np.zeros(len(columns), dtype=np.int64)
    forgets = program.mode == "forget"
    last = 1 if forgets else 0  # the tick in which neurons were tested last
    if forgets:
        channels.append(program.pace)
    for frame, sent in enumerate(columns):
        channels += _frame(program, sent)
        last += len(_frame(program, sent))
        tested[frame] = last
    if forgets:
        channels[-1] = -1  # no pacemaker without a frame
    channels += [program.hold, *[-1] * _QUIET, program.pad]
    return Sending(channel_of_tick=np.array(channels, dtype=np.int64), tested=tested)


def _frame(program: BoardProgram, sent: list[int]) -> list[int]:
    """The channels of a frame; what is sent in a tick acts in the one after."""
    if program.mode == "integrate":
        if len(sent) < 2:
            return [*(sent or [-1]), -1]
        return [program.hold, *sent, program.release, -1]
    if not sent:
        return [program.kick, -1, program.cancel, program.pace]
    return [program.kick, -1, program.cancel_hold, *sent, program.release, program.pace]


def _columns_of_frames(program: BoardProgram, stimulus: EventStimulus, trial: int) -> list[list[int]]:
    """The columns that carry the inputs of each frame, rising."""
    frames = stimulus.ticks + program.deepest_ticks
    found: list[list[int]] = [[] for _ in range(frames)]
    sent = program.columns
    order = np.argsort(sent.column)
    for index in order.tolist():
        spikes = stimulus.spikes[program.inputs[sent.input[index]].name]
        own = (spikes.trial == trial) & (spikes.unit == sent.channel[index])
        for tick in (spikes.tick[own] + sent.delay_ticks[index]).tolist():
            if tick < frames:
                found[tick].append(int(sent.column[index]))
    return found


def decoded(program: BoardProgram, seen: Mapping[int, NDArray[np.uint8]], ticks: int) -> dict[str, SpikeList]:
    """Returns the spikes of each population in the network's own time.

    Args:
        program: The program.
        seen: Trial -> (frames, 90) spikes in the ticks in which neurons are tested.
        ticks: Of a trial.
    """
    found: dict[str, SpikeList] = {}
    for population in program.populations:
        parts = [np.zeros((3, 0), dtype=np.int64)]
        for trial, spikes in seen.items():
            late = spikes[population.depth_ticks : population.depth_ticks + ticks, population.neuron]
            tick, unit = np.nonzero(late)
            parts.append(np.stack([np.full(tick.size, trial), tick, unit]))
        found[population.name] = SpikeList.in_order(*np.concatenate(parts, axis=1))
    return found
