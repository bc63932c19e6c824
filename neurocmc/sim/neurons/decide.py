"""Decides each trial by what the readouts of a network saw: the unit with most spikes, or the highest integrator."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.ir.neurons.network import Decide, NeuronNetwork
from neurocmc.ir.neurons.recording import NeuronRecording


def decisions(network: NeuronNetwork, recording: NeuronRecording) -> dict[str, Int]:
    """Returns for each readout (trials,) the unit that has won; among equals the first, as torch.argmax does."""
    return {name: scores.argmax(axis=1).astype(np.int64) for name, scores in _scores(network, recording)}


def ties(network: NeuronNetwork, recording: NeuronRecording) -> dict[str, int]:
    """Returns for each readout in how many trials several units have the highest score."""
    return {
        name: int(((scores == scores.max(axis=1, keepdims=True)).sum(axis=1) > 1).sum())
        for name, scores in _scores(network, recording)
    }


def _scores(network: NeuronNetwork, recording: NeuronRecording) -> Iterator[tuple[str, NDArray[Any]]]:
    """(trials, units) scores of each readout."""
    for readout in network.readouts:
        yield readout.name, recording.counts(readout.population)
    for readout in network.host_readouts:
        yield readout.name, _of_values(recording.host[readout.name], readout.decide)


def _of_values(values: NDArray[np.float64], decide: Decide) -> NDArray[np.float64]:
    """(trials, units) of (trials, ticks, units); an integrator has no spikes: to "count" them is to take its mean."""
    if decide == "last":
        return values[:, -1]
    return values.max(axis=1) if decide == "max" else values.mean(axis=1)
