"""Judges what a content-addressable memory recalls by what it holds: every spike of its outputs, to the tick.

Nothing here knows the circuit: cues and contents say which outputs spike when, and every other spike is wrong.
"""

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.neurons.memories import CONTENT, CUE, GIVEN_TICKS, OUT, RECALLED_TICKS, Memories, Side
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.verification.edges import Edge, judged

MOST_NAMED = 3  # trials that a note lists
_EDGE = "memory ~ "


def is_of_recall(name: str) -> bool:
    """Whether an edge of this name judges what a memory recalls."""
    return name.startswith(_EDGE)


def wanted_spikes(memories: Memories) -> dict[str, SpikeList]:
    """Returns the spikes of both outputs in C + M trials: each cue alone in tick 0, then each content bit."""
    found: dict[Side, list[Int]] = {CUE: [], CONTENT: []}
    first = 0
    sides: tuple[tuple[Side, Side], ...] = ((CUE, CONTENT), (CONTENT, CUE))
    for given, answering in sides:
        recalled = memories.recalled(given)
        channel = np.arange(len(recalled))
        trial, unit = np.nonzero(recalled)
        found[given].append(np.stack([first + channel, np.full_like(channel, GIVEN_TICKS), channel]))
        found[answering].append(np.stack([first + trial, np.full_like(trial, RECALLED_TICKS), unit]))
        first += len(recalled)
    return {OUT[side]: SpikeList.in_order(*np.concatenate(parts, axis=1)) for side, parts in found.items()}


def recall_edges(memories: Memories, recording: NeuronRecording, chosen: Int) -> list[Edge]:
    """Compares what was recalled with what the memory holds.

    Args:
        memories: Cues and contents.
        recording: Of the trials that were chosen; an input spikes in tick 0 of each.
        chosen: (trials,) their numbers among C + M: first each cue, then each content bit.

    Returns:
        An edge on recall by cue and one on recall by content, which count spikes of the outputs that are missing, or
        stand where none belongs. None is allowed.
    """
    wanted = {name: spikes.take(chosen) for name, spikes in wanted_spikes(memories).items()}
    apart = {name: spikes.differing(recording.spikes[name]) for name, spikes in wanted.items()}
    edges: list[Edge] = []
    cues = len(memories.cues)
    for side, by_cue in ((CUE, True), (CONTENT, False)):
        own = np.flatnonzero((chosen < cues) == by_cue)
        if not own.size:
            continue
        wrong = {name: spikes.take(own) for name, spikes in apart.items()}
        total = sum(spikes.take(own).total for spikes in wanted.values())
        trials = np.unique(np.concatenate([spikes.trial for spikes in wrong.values()]))
        names = memories.cues if by_cue else memories.features
        called = [names[int(chosen[own[trial]]) - (0 if by_cue else cues)] for trial in trials[:MOST_NAMED].tolist()]
        more = f" and {trials.size - MOST_NAMED:,} more" if trials.size > MOST_NAMED else ""
        note = f"wrong for {', '.join(called)}{more}" if called else f"{own.size:,} recalls, every spike and tick"
        edges.append(
            judged(
                f"{_EDGE}{recording.level}",
                f"wrong spikes of a recall by {side}",
                float(sum(spikes.total for spikes in wrong.values())),
                0.0,
                f"of {total:,}",
                worst=called[0] if called else "",
                note=note,
            )
        )
    return edges
