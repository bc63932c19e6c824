"""Makes the input spikes that recall everything that a memory holds, and decodes what was recalled."""

import numpy as np

from neurocmc.common.arrays import Bool
from neurocmc.ir.neurons.memories import CONTENT, CUE, GIVEN_TICKS, OUT, RECALLED_TICKS, TRIAL_TICKS, Memories, Side
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus

RECALLS = "recalls"


def recall_trials(memories: Memories, ticks: int = TRIAL_TICKS) -> EventStimulus:
    """Returns C + M trials: each cue spikes once, in tick 0 of a trial of its own, then each content bit.

    Args:
        memories: The memory.
        ticks: Of a trial.
    """
    cues, features = len(memories.cues), len(memories.features)
    first: dict[Side, tuple[int, int]] = {CUE: (0, cues), CONTENT: (cues, features)}
    return EventStimulus(
        name=RECALLS,
        ticks=ticks,
        labels=np.full(cues + features, -1),
        spikes={
            side: SpikeList.of(start + np.arange(size), np.zeros(size, dtype=np.int32), np.arange(size))
            for side, (start, size) in first.items()
        },
    )


def recalled(recording: NeuronRecording, side: Side, tick: int = 0) -> Bool:
    """Decodes what a recall that began in `tick` has given back on one side.

    Args:
        recording: Of a network of `recall_network`.
        side: "cue" or "content".
        tick: Of the input spikes.

    Returns:
        (trials, C) cues or (trials, M) content bits that the output of this side spiked for: in tick + 5 those that
        were given, in tick + 6 those that were recalled.
    """
    found = recording.spikes[OUT[side]]
    own = (found.tick == tick + GIVEN_TICKS) | (found.tick == tick + RECALLED_TICKS)
    values = np.zeros((recording.batch, recording.sizes[OUT[side]]), dtype=np.bool_)
    values[found.trial[own], found.unit[own]] = True
    return values
