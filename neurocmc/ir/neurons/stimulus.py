"""Defines the stimuli of networks of neurons: trials of input spikes, such as those of an event camera."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from neurocmc.common.arrays import Int, set_frozen
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.ir.neurons.network import SpikeInput
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.stimulus import name_problems

MOST_TICKS = 10_000_000
MOST_TRIALS = 10_000_000
MOST_CHANNELS = 1 << 30
_ON_TICK = 1e-6  # of a tick, by which a time may miss the one that it means


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EventStimulus:
    """Trials of `ticks` ticks; `spikes` of each input by channel. A channel spikes once in a tick, or not.

    Args:
        name: Of the stimulus and its files.
        ticks: The length of every trial.
        labels: (trials,) right answers, -1 for trials that have none.
        spikes: Input name -> its spikes; units are channels.
        merged: Events that fell on a spike of the same channel and tick, and were not counted twice.
    """

    name: str
    ticks: int
    labels: Int
    spikes: Mapping[str, SpikeList]
    merged: int = 0

    def __post_init__(self) -> None:
        set_frozen(self, "labels", np.int64, (None,))
        object.__setattr__(self, "spikes", MappingProxyType(dict(self.spikes)))

    def __repr__(self) -> str:
        """One line, whatever its size."""
        inputs = ", ".join(f"{name} ({entry.total:,} spikes)" for name, entry in self.spikes.items())
        return f"<EventStimulus {self.name}: {self.batch:,} x {self.ticks:,} ticks; {inputs}>"

    @property
    def batch(self) -> int:
        """The number of trials."""
        return len(self.labels)

    @classmethod
    def of_dense(
        cls, name: str, values: Any, labels: Any = None, entry: str = "input", where: str = "spikes"
    ) -> "EventStimulus":
        """Makes a stimulus of (trials, ticks, channels) numbers, each 0 or 1.

        Raises:
            InputError: For another shape, and for numbers that are no spikes.
        """
        array = np.asarray(values)
        if array.ndim != 3 or array.dtype.kind not in "biuf":
            cure = "give an array (trials, ticks, channels) of 0 and 1"
            raise InputError(Problem("array-shape", where, f"has shape {array.shape}", cure))
        _check_spikes(array, where)
        spikes = SpikeList.of_dense((array != 0).astype(np.int32))
        return cls(
            name=name,
            ticks=array.shape[1],
            labels=labels_of(labels, array.shape[0]),
            spikes={entry: spikes},
        )

    @classmethod
    def of_events(
        cls,
        name: str,
        *,
        channel: Any,
        tick: Any = None,
        time_s: Any = None,
        dt_s: float | None = None,
        trial: Any = None,
        ticks: int | None = None,
        labels: Any = None,
        entry: str = "input",
    ) -> "EventStimulus":
        """Makes a stimulus of events, as an event camera gives them: a channel, and a tick or a time in s.

        Events of one channel in one tick are one spike: `merged` says how many were not counted twice.

        Raises:
            InputError: For arrays of different lengths, negative numbers, and times without the length of a tick.
        """
        faults: list[Problem] = []
        tick = _ticks_of(tick, time_s, dt_s, faults)
        columns = {"channel": np.ravel(channel)} | ({} if faults else {"tick": tick})
        if trial is not None:
            columns["trial"] = np.ravel(trial)
        most = {"channel": MOST_CHANNELS, "tick": MOST_TICKS, "trial": MOST_TRIALS}
        for field, column in columns.items():
            faults += _column_problems(field, column, columns["channel"].size, most[field])
        raise_input_problems(faults)
        whose = columns.get("trial", np.zeros(tick.size, dtype=np.int64))
        spikes = SpikeList.of_events(whose, columns["tick"], columns["channel"])
        merged = int((spikes.count - 1).sum())
        known = 0 if labels is None else len(np.ravel(labels))
        batch = max(int(spikes.trial.max(initial=0)) + 1, known)
        once = SpikeList.of(spikes.trial, spikes.tick, spikes.unit)
        return cls(
            name=name,
            ticks=int(spikes.tick.max(initial=0)) + 1 if ticks is None else ticks,
            labels=labels_of(labels, batch),
            spikes={entry: once},
            merged=merged,
        )

    def take(self, trials: Any) -> "EventStimulus":
        """Returns the same stimulus with only some of its trials: their indices, or a slice."""
        chosen = np.arange(self.batch)[trials]
        if chosen.size == self.batch and np.array_equal(chosen, np.arange(self.batch)):
            return self
        return EventStimulus(
            name=self.name,
            ticks=self.ticks,
            labels=self.labels[chosen],
            spikes={name: entry.take(chosen) for name, entry in self.spikes.items()},
        )

    def part(self, neuron_ticks: int, neurons: int, most: int | None = None) -> "EventStimulus":
        """Returns the first trials, at most `most` and at least one, that so many neurons run in `neuron_ticks`."""
        trials = neuron_ticks // max(1, neurons * self.ticks)
        return self.take(slice(max(1, trials if most is None else min(most, trials))))

    def problems(self, inputs: Iterable[SpikeInput]) -> tuple[Problem, ...]:
        """Returns every way in which the stimulus does not fit the inputs of a network."""
        where = f"stimulus {self.name}"
        channels = {entry.name: entry.channels for entry in inputs}
        faults = list(name_problems((self.name,)))
        if not self.batch:
            faults.append(Problem("level-empty", where, "it has no trial", "give at least one"))
        if not 1 <= self.ticks <= MOST_TICKS:
            what = f"it has {self.ticks:,} ticks"
            faults.append(Problem("stimulus-duration", where, what, f"give 1 to {MOST_TICKS:,}"))
        for name in sorted(channels.keys() - self.spikes.keys()):
            cure = f"give its spikes, of {channels[name]} channels"
            faults.append(Problem("input-missing", where, f"input {name} is missing", cure))
        for name in sorted(self.spikes.keys() - channels.keys()):
            cure = f"its inputs are: {', '.join(channels) or 'none'}"
            faults.append(Problem("input-unknown", where, f"the network has no input {name}", cure))
        for name in sorted(channels.keys() & self.spikes.keys()):
            entry = self.spikes[name]
            for field, values, limit in (
                ("channel", entry.unit, channels[name]),
                ("tick", entry.tick, self.ticks),
                ("trial", entry.trial, self.batch),
            ):
                if (highest := int(values.max(initial=-1))) >= limit > 0:
                    what = f"a spike of input {name} has {field} {highest}, there are {limit:,}"
                    faults.append(Problem("index-beyond-range", where, what, f"count from 0 to {limit - 1:,}"))
            if (entry.count > 1).any():
                what = f"input {name} spikes several times in a tick"
                faults.append(Problem("input-not-spikes", where, what, "give each spike a tick of its own"))
        return tuple(faults)


def _check_spikes(array: Any, where: str) -> None:
    wrong = ~((array == 0) | (array == 1))
    if wrong.any():
        cure = "a chip takes spikes as input: encode the values as spikes over ticks, before the first layer"
        what = f"holds {array[wrong].flat[0]:g}: an input must be spikes, 0 or 1"
        raise InputError(Problem("input-not-spikes", where, what, cure))


def labels_of(labels: Any, batch: int) -> Int:
    """Returns (trials,) right answers, -1 where none are known. Raises InputError for what is no such list."""
    if labels is None:
        return np.full(batch, -1, dtype=np.int64)
    found = np.asarray(labels)
    if found.shape != (batch,) or found.dtype.kind not in "iu":
        what = f"has shape {found.shape} of {found.dtype.name}, there are {batch} trials"
        raise InputError(Problem("array-shape", "labels", what, "give one whole number for each trial, -1 for none"))
    if found.size and found.max() > np.iinfo(np.int64).max:
        raise InputError(Problem("index-beyond-range", "labels", f"holds {found.max()}", "count answers from 0"))
    return found.astype(np.int64)


def _ticks_of(tick: Any, time_s: Any, dt_s: float | None, faults: list[Problem]) -> Int:
    """The tick of each event, given as such or as a time in s."""
    if (tick is None) == (time_s is None):
        what = "give the tick of each event, or its time in s, and not both"
        faults.append(Problem("array-missing", "events", "they need a tick or a time", what))
        return np.zeros(0, dtype=np.int64)
    if tick is not None:
        return np.ravel(tick)
    if dt_s is None or not dt_s > 0:
        faults.append(Problem("time-not-positive", "events", "times in s need the length of a tick", "give dt_s"))
        return np.zeros(0, dtype=np.int64)
    times = np.ravel(time_s)
    if times.dtype.kind not in "iuf":
        faults.append(Problem("array-type", "events: time_s", f"holds {times.dtype.name}", "give times in s"))
        return np.zeros(0, dtype=np.int64)
    times = times.astype(np.float64)
    if not np.isfinite(times).all():
        faults.append(Problem("value-not-finite", "events", "a time is NaN or infinite", "repair the times"))
        return np.zeros(0, dtype=np.int64)
    with np.errstate(over="ignore"):  # what lies beyond is refused as a tick
        ticks = np.clip(np.floor(times / dt_s + _ON_TICK), -1, MOST_TICKS)
    return ticks.astype(np.int64)


def _column_problems(field: str, column: Any, length: int, most: int) -> Iterable[Problem]:
    if column.shape != (length,):
        what = f"{column.size:,} entries, there are {length:,} events"
        yield Problem("array-shape", f"events: {field}", what, "give one for each event")
    elif column.size and column.dtype.kind not in "iu":
        cure = "give whole numbers, from 0"
        yield Problem("not-whole-numbers", f"events: {field}", f"holds {column.dtype.name}", cure)
    elif column.size and (column.min() < 0 or column.max() >= most):
        what = f"holds {column.min() if column.min() < 0 else column.max()}"
        yield Problem("index-beyond-range", f"events: {field}", what, f"count from 0 to {most - 1:,}")
