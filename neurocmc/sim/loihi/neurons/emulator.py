"""Runs networks of single neurons on all trials of a stimulus, in the chip's integers."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.loihi.neurons.kernel import Held, Registers, run_trial
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
    steps = stimulus.ticks + network.deepest_ticks if ticks is None else ticks
    return run_tables(tables_of(network), stimulus, steps, record_state=record_state, threads=threads)


def run_tables(
    tables: Tables,
    stimulus: EventStimulus,
    ticks: int,
    *,
    extra: Callable[[int], NDArray[np.int32]] | None = None,
    record_state: bool = False,
    threads: int | None = None,
) -> NeuronRun:
    """Steps tables, whatever network they are of; `extra` gives (ticks, neurons) mantissas that reach a trial too."""
    neurons = tables.cells.keep_u.size
    shape = (stimulus.batch, ticks if record_state else 0, neurons)
    u, v = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int32)
    held = [_nothing_held(neurons) for _ in range(stimulus.batch)]
    events = _events(stimulus, tables)
    none = np.zeros((0, 0), dtype=np.int32)

    def step(trial: int) -> NDArray[np.int32]:
        more = none if extra is None else extra(trial)
        return _trial(tables, ticks, (*events[trial], more), held[trial], u[trial], v[trial])

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
        **{
            name: np.sum([getattr(entry, name) for entry in held], axis=0)
            for name in ("wraps", "below", "above", "rounded")
        },
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
    arriving: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]],
    held: Held,
    u: NDArray[np.int32],
    v: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Steps one trial; returns its spikes as (2, spikes) tick, neuron. Steps it again where there was no room."""
    room, neurons = FIRST_ROOM, tables.cells.keep_u.size
    while True:
        spikes = np.zeros((2, room), dtype=np.int32)
        for column, start in zip(held, _nothing_held(neurons), strict=True):
            column[:] = start
        count = run_trial(
            ticks,
            _registers(tables),
            tables.cells,
            tables.fans,
            tables.inputs,
            *arriving,
            spikes[0],
            spikes[1],
            u,
            v,
            held,
        )
        if count <= room:
            return spikes[:, :count]
        room = count


def _registers(tables: Tables) -> Registers:
    """The registers before the first tick."""
    neurons = tables.cells.keep_u.size
    return Registers(
        u=tables.u_initial.copy(),
        v=tables.v_initial.copy(),
        waiting=np.zeros(neurons, dtype=np.int64),
        ring=np.zeros((tables.depth, tables.planes, neurons), dtype=np.int64),
        fired=np.zeros(neurons, dtype=np.int64),
    )
