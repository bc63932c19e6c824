"""Watches what a wiring asks of V on some trials, in real numbers, before its weights are rounded."""

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.ir.neurocorex.program import Mode
from neurocmc.ir.neurocorex.wiring import Extremes, Wiring
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus


def watched(
    wiring: Wiring, mode: Mode, inputs: tuple[str, ...], stimulus: EventStimulus, seen: NeuronRecording, depth: Int
) -> Extremes:
    """Returns how far V goes, and what arrives in a tick.

    Args:
        wiring: The network in one row.
        mode: Whether V stays from tick to tick.
        inputs: Names of the inputs that the columns of the wiring count.
        stimulus: The trials, as long as the chip runs, and the one tick in which what was sent last is held down.
        seen: The spikes of all populations on them.
        depth: (neurons without relays,) frames that each is later on the chip than in `seen`.
    """
    frames = stimulus.ticks
    recurrent, sent = matrices(wiring)
    lowest, highest, least, most = (np.zeros(wiring.neurons) for _ in range(4))
    largest = 0
    for trial in range(stimulus.batch):
        spikes = _spikes(wiring, seen, trial, frames, depth)
        given = _given(wiring, inputs, stimulus, trial, frames)
        largest = max(largest, int(given.sum(axis=1).max(initial=0)))
        arriving = np.zeros((frames, wiring.neurons))
        arriving[1:] = spikes[:-1] @ recurrent.T
        least, most = np.minimum(least, arriving.min(axis=0)), np.maximum(most, arriving.max(axis=0))
        tested = arriving + given @ sent.T + wiring.bias
        if mode == "integrate":
            tested = _summed(tested, spikes)
        lowest, highest = np.minimum(lowest, tested.min(axis=0)), np.maximum(highest, tested.max(axis=0))
    return Extremes(lowest=lowest, highest=highest, least=least, most=most, inputs=largest)


def matrices(wiring: Wiring) -> tuple[Float, Float]:
    """Returns (neurons, neurons) and (neurons, columns) weights in voltage."""
    recurrent = np.zeros((wiring.neurons, wiring.neurons))
    np.add.at(recurrent, (wiring.target, wiring.source), wiring.weight)
    sent = np.zeros((wiring.neurons, len(wiring.sent)))
    np.add.at(sent, (wiring.sent_target, wiring.sent_column), wiring.sent_weight)
    return recurrent, sent


def _spikes(wiring: Wiring, seen: NeuronRecording, trial: int, frames: int, depth: Int) -> Float:
    """(frames, neurons), relays a tick after what they repeat."""
    found = np.zeros((frames, wiring.neurons))
    place = 0
    for name, size in seen.sizes.items():
        own = seen.spikes[name]
        chosen = own.trial == trial
        late = own.tick[chosen] + depth[place]
        inside = late < frames
        found[late[inside], place + own.unit[chosen][inside]] = 1.0
        place += size
    for relay in range(place, wiring.neurons):
        found[1:, relay] = found[:-1, int(wiring.source[wiring.target == relay][0])]
    return found


def _given(wiring: Wiring, inputs: tuple[str, ...], stimulus: EventStimulus, trial: int, frames: int) -> Float:
    found = np.zeros((frames, len(wiring.sent)))
    for column, (entry, channel, late) in enumerate(wiring.sent.tolist()):
        spikes = stimulus.spikes[inputs[entry]]
        ticks = spikes.tick[(spikes.trial == trial) & (spikes.unit == channel)] + late
        found[ticks[ticks < frames], column] = 1.0
    return found


def _summed(arriving: Float, spikes: Float) -> Float:
    """V before each test, where a spike takes it to 0."""
    found = np.zeros_like(arriving)
    v = np.zeros(arriving.shape[1])
    for frame, now in enumerate(arriving):
        v = v + now
        found[frame] = v
        v = np.where(spikes[frame] > 0, 0.0, v)
    return found
