"""Runs a network of neurons on all trials of a stimulus: the float reference of everything that is compiled from it.

A tick goes through the populations in the order in which they stand. Trials do not know of each other and are run in
blocks, of which only the spikes are kept.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InfeasibleError, Problem, raise_input_problems
from neurocmc.common.progress import Progress, silent
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import FIELDS, SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.neurons.filters import Real
from neurocmc.sim.neurons.membranes import Membranes
from neurocmc.sim.neurons.readouts import HostUnits
from neurocmc.sim.neurons.synapses import History, history_lengths, synapses_into

BLOCK = 64  # trials that are run at once
MOST_AT_ONCE = 1 << 24  # spikes of a neuron in one tick
MOST_HELD = 1 << 24  # spikes that the histories of a block hold, which may make it smaller


def simulate_neurons(
    network: NeuronNetwork,
    stimulus: EventStimulus,
    *,
    level: str = "float",
    progress: Progress | None = None,
    currents: Mapping[str, NDArray[Any]] | None = None,
) -> NeuronRecording:
    """Runs a network in real numbers, in the precision and order of its framework.

    Args:
        network: A network without problems.
        stimulus: Spikes of each input.
        level: What the recording says it is of.
        progress: Called with the level and the share of the trials that is done.
        currents: Input name -> (trials, ticks, channels) numbers that its channels carry beside its spikes, for
            graphs that are driven by real numbers.

    Returns:
        The spikes of every population, and the values of the host's readouts in every tick.

    Raises:
        InputError: Where the stimulus or the currents do not fit the inputs of the network.
        InfeasibleError: Where neurons that spike several times in a tick do so without end.

    Example:
        >>> recording = simulate_neurons(network, stimulus)
        >>> (decisions(network, recording)["output"] == stimulus.labels).mean()
    """
    given = dict(currents or {})
    raise_input_problems([*stimulus.problems(network.inputs), *_current_problems(network, stimulus, given)])
    tell = progress or silent
    size = _block_size(network)
    parts: dict[str, list[SpikeList]] = {population.name: [] for population in network.populations}
    shape = (stimulus.batch, stimulus.ticks)
    host = {entry.name: np.zeros((*shape, entry.units)) for entry in network.host_readouts}
    for first in range(0, stimulus.batch, size):
        last = min(first + size, stimulus.batch)
        block = _Block(network, stimulus, given, first, last)
        for tick in range(stimulus.ticks):
            block.step(tick)
            for name, values in block.readout_values().items():
                host[name][first:last, tick] = values
        for name, found in block.found.items():
            parts[name].append(found.listed(first))
        tell(level, last / stimulus.batch)
    late = network.semantics.output_late_ticks
    spikes = {name: _joined(lists).later(late, stimulus.ticks) for name, lists in parts.items()}
    return NeuronRecording(
        level=level,
        stimulus=stimulus.name,
        batch=stimulus.batch,
        ticks=stimulus.ticks,
        sizes={population.name: population.size for population in network.populations},
        spikes=spikes,
        host=host,
    )


def _current_problems(
    network: NeuronNetwork, stimulus: EventStimulus, currents: Mapping[str, NDArray[Any]]
) -> Iterator[Problem]:
    channels = {entry.name: entry.channels for entry in network.inputs}
    for name, values in currents.items():
        if name not in channels:
            cure = f"its inputs are: {', '.join(channels) or 'none'}"
            yield Problem("input-unknown", "currents", f"the network has no input {name}", cure)
        elif values.shape != (wanted := (stimulus.batch, stimulus.ticks, channels[name])):
            what = f"has shape {values.shape}"
            yield Problem("array-shape", f"currents of input {name}", what, f"give {wanted}: trials, ticks, channels")


class _Block:
    """Some trials on their way through time."""

    def __init__(
        self,
        network: NeuronNetwork,
        stimulus: EventStimulus,
        currents: Mapping[str, NDArray[Any]],
        first: int,
        last: int,
    ) -> None:
        dtype, batch = np.dtype(network.semantics.precision), last - first
        self._network = network
        self._histories = {
            name: History.of(length, batch, network.size_of(name), dtype)
            for name, length in history_lengths(network).items()
        }
        self._inputs = {
            entry.name: _TickEvents(stimulus.spikes[entry.name], first, last, stimulus.ticks)
            for entry in network.inputs
        }
        self._currents = {name: values[first:last] for name, values in currents.items()}
        self._synapses = {each.name: synapses_into(network, each.name, dtype) for each in network.populations}
        self._membranes = {each.name: Membranes(each, network.semantics, batch) for each in network.populations}
        self._readouts = [(entry, HostUnits(network, entry, batch)) for entry in network.host_readouts]
        self._spikes: dict[str, Real] = {}
        self.found = {each.name: _Found() for each in network.populations}

    def step(self, tick: int) -> None:
        """Goes on by a tick, and keeps its spikes."""
        for name, events in self._inputs.items():
            history = self._histories[name]
            spikes = np.zeros_like(history.ring[0])
            spikes[events.at(tick)] = 1
            if name in self._currents:
                spikes += self._currents[name][:, tick].astype(spikes.dtype)
            history.write(tick, spikes)
        for population in self._network.populations:
            parts = (entry.arriving(self._histories, tick) for entry in self._synapses[population.name])
            spikes = self._membranes[population.name].step([part for part in parts if part is not None])
            self._histories[population.name].write(tick, spikes)
            self._spikes[population.name] = spikes
            self.found[population.name].add(tick, spikes)

    def readout_values(self) -> dict[str, Real]:
        """Steps the host's integrators by the spikes of the tick, and returns (batch, units) values of each."""
        return {entry.name: units.step(self._spikes[entry.population]) for entry, units in self._readouts}


class _TickEvents:
    """The input spikes of some trials by tick."""

    def __init__(self, spikes: SpikeList, first: int, last: int, ticks: int) -> None:
        own = np.flatnonzero((spikes.trial >= first) & (spikes.trial < last))
        own = own[np.argsort(spikes.tick[own], kind="stable")]
        self._trial, self._unit = spikes.trial[own] - first, spikes.unit[own]
        self._ends = np.searchsorted(spikes.tick[own], np.arange(ticks + 1))

    def at(self, tick: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Returns the trials, counted from the first of them, and channels of the spikes in a tick."""
        own = slice(self._ends[tick], self._ends[tick + 1])
        return self._trial[own], self._unit[own]


class _Found:
    """The spikes of a population in a block, as they come."""

    def __init__(self) -> None:
        self._columns: list[NDArray[np.int32]] = [np.zeros((4, 0), dtype=np.int32)]

    def add(self, tick: int, spikes: Real) -> None:
        trial, unit = np.nonzero(spikes)
        if trial.size:
            if not spikes.max() <= MOST_AT_ONCE:
                what = f"a neuron spikes {spikes.max():.3g} times in tick {tick}: its activity grows without end"
                cure = "check the weights of its loops, and --semantics: most frameworks have one spike a tick"
                raise InfeasibleError(Problem("network-explodes", "network", what, cure))
            columns = np.stack([trial, np.full_like(trial, tick), unit, spikes[trial, unit].astype(np.int64)])
            self._columns.append(columns.astype(np.int32))

    def listed(self, first: int) -> SpikeList:
        """Returns them in order, trials counted from `first`."""
        trial, tick, unit, count = np.concatenate(self._columns, axis=1)
        own = np.lexsort((unit, tick, trial))
        return SpikeList(trial=trial[own] + first, tick=tick[own], unit=unit[own], count=count[own])


def _block_size(network: NeuronNetwork) -> int:
    """Trials for which all histories fit."""
    held = sum(length * network.size_of(name) for name, length in history_lengths(network).items())
    return max(1, min(BLOCK, MOST_HELD // max(held, 1)))


def _joined(lists: list[SpikeList]) -> SpikeList:
    columns = {field: np.concatenate([getattr(each, field) for each in lists]) for field in FIELDS}
    return SpikeList(**columns)
