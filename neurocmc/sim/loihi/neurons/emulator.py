"""Runs networks of single neurons on all trials of a stimulus, in the chip's integers."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.loihi.neurons.kernel import Held, run_trial
from neurocmc.sim.loihi.neurons.tables import Tables, tables_of
from neurocmc.sim.trials import each_trial

FIRST_ROOM = 1 << 16  # spikes of a trial for which there is room at first


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeuronRun:
    """Spikes of a run in the chip's own time, by neuron of the row, and what registers were asked to hold."""

    spikes: SpikeList
    u: NDArray[np.int32]  # (trials, ticks, neurons), or (trials, 0, neurons) if not recorded
    v: NDArray[np.int32]
    largest_u: Int  # (neurons,) over all trials and ticks
    lowest_v: Int
    highest_v: Int
    wraps: Int  # (neurons,) how often a current left its register
    below: Int  # (neurons,) neuron-ticks in which v saturated at its lower end
    above: Int
    rounded: Int  # (neurons,) what sums lost by shifts to the right, in 2^-ROUNDED_BITS mantissas


def run_neurons(
    network: IntegerNeurons,
    stimulus: EventStimulus,
    *,
    ticks: int | None = None,
    record_state: bool = False,
    threads: int | None = None,
) -> NeuronRun:
    """Steps a network on all trials of a stimulus, in the chip's own time.

    Args:
        network: The integer neurons.
        stimulus: The stimulus; spikes of tick t arrive in tick t.
        ticks: How many to step. None takes those of the stimulus, and as many more as its deepest population is late.
        record_state: Whether u and v are recorded after each tick.
        threads: How many the trials are shared out over. None takes one for each core that the process may use.

    Returns:
        Every spike, and what registers were asked to hold.
    """
    tables = tables_of(network)
    steps = stimulus.ticks + network.deepest_ticks if ticks is None else ticks
    shape = (stimulus.batch, steps if record_state else 0, network.neurons)
    u, v = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int32)
    held = [_nothing_held(network.neurons) for _ in range(stimulus.batch)]
    events = _events(stimulus, tables)

    def step(trial: int) -> NDArray[np.int32]:
        return _trial(tables, steps, events[trial], held[trial], u[trial], v[trial], network.neurons)

    trains = each_trial(step, stimulus.batch, threads)
    trial = np.repeat(np.arange(stimulus.batch), [train.shape[1] for train in trains])
    tick, neuron = np.concatenate([np.zeros((2, 0), dtype=np.int32), *trains], axis=1)
    return NeuronRun(
        spikes=SpikeList.of(trial, tick, neuron),
        u=u,
        v=v,
        largest_u=np.max([entry.largest_u for entry in held], axis=0),
        lowest_v=np.min([entry.lowest_v for entry in held], axis=0),
        highest_v=np.max([entry.highest_v for entry in held], axis=0),
        wraps=np.sum([entry.wraps for entry in held], axis=0),
        below=np.sum([entry.below for entry in held], axis=0),
        above=np.sum([entry.above for entry in held], axis=0),
        rounded=np.sum([entry.rounded for entry in held], axis=0),
    )


def recording_of(
    network: IntegerNeurons, spikes: SpikeList, stimulus: EventStimulus, level: str = "emulator"
) -> NeuronRecording:
    """Returns spikes of the row in terms of populations, each in the time of the network that it came from."""
    population = np.zeros(network.neurons, dtype=np.int64)
    member = np.zeros(network.neurons, dtype=np.int64)
    sizes, places = network.sizes(), network.neuron_slices()
    names = list(sizes)
    for pool in network.populations:
        population[places[pool.name]] = names.index(pool.population)
        member[places[pool.name]] = pool.members
    found: dict[str, SpikeList] = {}
    whose = population[spikes.unit]
    for index, name in enumerate(names):
        own = np.flatnonzero(whose == index)
        alone = SpikeList.in_order(spikes.trial[own], spikes.tick[own], member[spikes.unit[own]])
        found[name] = alone.later(-network.depth_of(name), stimulus.ticks)
    return NeuronRecording(
        level=level,
        stimulus=stimulus.name,
        batch=stimulus.batch,
        ticks=stimulus.ticks,
        sizes=sizes,
        spikes=found,
        host={},
    )


def _nothing_held(neurons: int) -> Held:
    return Held(*(np.zeros(neurons, dtype=np.int64) for _ in Held._fields))


def _events(stimulus: EventStimulus, tables: Tables) -> list[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """For each trial the ticks and channels of its spikes, in order, the channels of all inputs in one row."""
    parts: list[Int] = [np.zeros((3, 0), dtype=np.int64)]
    for name, first in tables.first_channel.items():
        entry = stimulus.spikes[name]
        parts.append(np.stack([entry.trial, entry.tick, entry.unit + first]).astype(np.int64))
    trial, tick, channel = np.concatenate(parts, axis=1)
    order = np.lexsort((channel, tick, trial))
    ends = np.searchsorted(trial[order], np.arange(stimulus.batch + 1))
    ticks, channels = tick[order].astype(np.int32), channel[order].astype(np.int32)
    return [(ticks[low:high], channels[low:high]) for low, high in itertools.pairwise(ends.tolist())]


def _trial(
    tables: Tables,
    ticks: int,
    events: tuple[NDArray[np.int32], NDArray[np.int32]],
    held: Held,
    u: NDArray[np.int32],
    v: NDArray[np.int32],
    neurons: int,
) -> NDArray[np.int32]:
    """Steps one trial; returns its spikes as (2, spikes) tick, neuron. Steps it again where there was no room."""
    room = FIRST_ROOM
    while True:
        spikes = np.zeros((2, room), dtype=np.int32)
        for column, start in zip(held, _nothing_held(neurons), strict=True):
            column[:] = start
        count = run_trial(
            ticks,
            tables.u_initial.copy(),
            tables.v_initial.copy(),
            np.zeros((tables.depth, tables.planes, neurons), dtype=np.int64),
            tables.cells,
            tables.fans,
            tables.inputs,
            *events,
            spikes[0],
            spikes[1],
            u,
            v,
            held,
        )
        if count <= room:
            return spikes[:, :count]
        room = count
