"""Judges what spiking networks keep on their way to a chip: decisions, numbers of spikes, and spikes themselves.

Recurrent spiking networks are chaotic: rounding that changes no decision moves a third of the spikes. So an edge
between real numbers and integers is judged by decisions and by how often each neuron spikes; how far the trains lie
apart, and from which tick on, is told beside it. Where two runs are to be the same network, every spike is compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.verification.edges import Edge, judged, mismatch_edge
from neurocmc.verification.intervals import wilson

AGREEING = 0.95  # of trials, whose decision is the same
LOST_ACCURACY = 0.01  # share of trials, or one trial where that is more
COUNT_ERROR = 0.1  # NRMSE of spike counts, of range
TRAIN_TICKS = 10.0  # time constant of the filter of van Rossum's distance
TRAIN_CELLS = 20_000_000  # neuron-ticks that it is computed on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What one interpreter did on a stimulus: its spikes, and by readout its decisions and how many were ties."""

    recording: NeuronRecording
    decisions: Mapping[str, Int]  # readout -> (trials,)
    ties: Mapping[str, int]


def fidelity_edges(name: str, wanted: Seen, found: Seen, labels: Int) -> list[Edge]:
    """Judges one interpreter by another: decisions that agree, accuracy that is lost, and spike counts.

    Args:
        name: Of the edge, "float ~ emulator".
        wanted: What the level above did.
        found: What the level below did, on the same trials.
        labels: (trials,) right answers, -1 where there is none.

    Returns:
        An edge on decisions for each readout, one on accuracy where there are labels, and one on counts.
    """
    edges: list[Edge] = []
    known = labels >= 0
    for readout, decided in wanted.decisions.items():
        same = decided == found.decisions[readout]
        interval = wilson(float(same.mean()), float(same.size))
        ties = found.ties[readout]
        note = f"{same.size:,} trials" + (f", {ties:,} of them ties, which the first neuron wins" if ties else "")
        edges.append(
            judged(
                name,
                f"decisions of {readout} that agree",
                float(same.mean()),
                AGREEING,
                "of trials",
                better="high",
                note=note,
                interval=(interval.low, interval.high),
            )
        )
        if known.any():
            right, kept = (float((d[known] == labels[known]).mean()) for d in (decided, found.decisions[readout]))
            edges.append(
                judged(
                    name,
                    f"accuracy of {readout} that is lost",
                    max(right - kept, 0.0),
                    max(LOST_ACCURACY, 1.0 / int(known.sum())),
                    "of trials",
                    note=f"{100 * right:.1f} % above, {100 * kept:.1f} % below, {int(known.sum()):,} trials",
                )
            )
    edges.append(_count_edge(name, wanted.recording, found.recording))
    return edges


def recorded_edge(name: str, recorded: Mapping[str, SpikeList], ours: NeuronRecording) -> Edge:
    """Compares spikes that a framework recorded with an interpreter's, one by one."""
    apart = {population: spikes.differing(ours.spikes[population]) for population, spikes in recorded.items()}
    total = sum(spikes.total for spikes in recorded.values())
    first = [
        f"{name}, tick {int(spikes.tick[place])}, trial {int(spikes.trial[place])}"
        for name, spikes in apart.items()
        if spikes.total and (place := int(np.argmin(spikes.tick))) >= 0
    ]
    note = f"populations {', '.join(recorded)}; first in {', '.join(first)}" if first else ", ".join(recorded)
    return mismatch_edge(name, sum(spikes.total for spikes in apart.values()), total, note)


def _count_edge(name: str, wanted: NeuronRecording, found: NeuronRecording) -> Edge:
    """How often each neuron spikes in a trial, population by population, of the largest count there."""
    errors: dict[str, float] = {}
    for population in wanted.spikes:
        ours, theirs = wanted.counts(population), found.counts(population)
        largest = max(int(ours.max(initial=0)), 1)
        errors[population] = float(np.sqrt(np.mean((ours - theirs).astype(np.float64) ** 2))) / largest
    worst = max(errors, key=lambda population: errors[population])
    return judged(
        name,
        "NRMSE of spike counts",
        errors[worst],
        COUNT_ERROR,
        "of range",
        worst=worst,
        note=_trains(wanted, found),
    )


def _trains(wanted: NeuronRecording, found: NeuronRecording) -> str:
    """How far the trains lie apart, and the first tick in which they differ."""
    ticks = [
        int(apart.tick.min())
        for population, spikes in wanted.spikes.items()
        if (apart := spikes.differing(found.spikes[population])).total
    ]
    if not ticks:
        return "every spike is the same"
    return f"first differing tick {min(ticks)}; van Rossum distance {van_rossum(wanted, found):.2g} of 1"


def van_rossum(wanted: NeuronRecording, found: NeuronRecording) -> float:
    """Returns the distance of two sets of spike trains, 0 if they are the same and 1 if they share nothing.

    Trains behind an exponential filter of TRAIN_TICKS ticks, the norm of their difference over that of both (M. C. W.
    van Rossum 2001, A novel spike distance, Neural Computation 13(4):751-763). As many trials as are computed in
    seconds are taken, the first ones.
    """
    neurons = sum(wanted.sizes.values())
    trials = int(min(wanted.batch, max(1, TRAIN_CELLS // (neurons * wanted.ticks))))
    keep = np.exp(-1.0 / TRAIN_TICKS)
    apart, both = 0.0, 0.0
    for population, size in wanted.sizes.items():
        chosen = np.arange(trials)
        ours, theirs = (
            _filtered(recording.spikes[population].take(chosen).dense(trials, wanted.ticks, size), float(keep))
            for recording in (wanted, found)
        )
        apart += float(np.square(ours - theirs).sum())
        both += float(np.square(ours).sum() + np.square(theirs).sum())
    return float(np.sqrt(apart / both)) if both else 0.0


def _filtered(trains: NDArray[np.float32], keep: float) -> NDArray[np.float32]:
    """(trials, ticks, neurons) trains behind an exponential filter, of which a tick keeps a share."""
    for tick in range(1, trains.shape[1]):
        trains[:, tick] += keep * trains[:, tick - 1]
    return trains
