"""Writes and reads stimuli of events and recordings of spikes as .npz; `docs/neurons.md` says what a user writes.

A stimulus of events, as a user may write it with numpy.savez::

    spikes     (trials, ticks, channels)   0 and 1; or instead, as an event camera gives them,
    channel    (events,)                   from 0
    tick       (events,)                   from 0; or instead
    time_s     (events,)                   from the beginning of its trial, in s
    trial      (events,)                   from 0; without it, all are of trial 0
    ticks      ()                          the length of a trial; without it, up to the last event
    labels     (trials,)                   the right answers, -1 for none
    name       ()                          of the stimulus; without it, the file's

Where a network has several inputs, `spikes`, or `channel`, `tick`, `time_s` and `trial`, stand under the name of
each: `left/spikes`. Numbers of spikes that a framework recorded, to hold our interpreter against (`verify
--against`), stand beside them as `recorded/<population>`, (trials, ticks, units).

Everything read here may be damaged or hostile: what is wrong is an InputError that names file and key.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.files import read_npz, write_npz
from neurocmc.ir.neurons.network import SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus, labels_of
from neurocmc.ir.stimulus import as_name

_EVENT_KEYS = ("spikes", "channel", "tick", "time_s", "trial")
_WHOLE_KEYS = ("ticks", "labels", "name")
RECORDED = "recorded/"


def save_events(stimulus: EventStimulus, path: Path) -> None:
    """Writes a stimulus as events. Raises InputError where the file cannot be written."""
    arrays: dict[str, NDArray[Any]] = {
        "name": np.array(stimulus.name),
        "ticks": np.array(stimulus.ticks),
        "labels": stimulus.labels,
    }
    alone = len(stimulus.spikes) == 1
    for name, spikes in stimulus.spikes.items():
        prefix = "" if alone else f"{name}/"
        arrays |= {f"{prefix}trial": spikes.trial, f"{prefix}tick": spikes.tick, f"{prefix}channel": spikes.unit}
    write_npz(path, arrays)


def load_events(path: Path, inputs: Sequence[SpikeInput], dt_s: float) -> EventStimulus:
    """Reads a stimulus of the form given at the top of this module, for the inputs of a network.

    Args:
        path: The file.
        inputs: Of the network.
        dt_s: The length of a tick in s, for events that have times.

    Returns:
        The stimulus; whether it fits the network is for `EventStimulus.problems` to say.

    Raises:
        InputError: Naming every key that is missing, unknown, or holds what it should not.
    """
    arrays = read_npz(path)
    raise_input_problems(_unread(path, arrays, [entry.name for entry in inputs]))
    name = _text(path, arrays["name"]) if "name" in arrays else as_name(path.name.removesuffix(".npz"))
    parts = {entry.name: _part(path, arrays, entry.name, name, dt_s, alone=len(inputs) == 1) for entry in inputs}
    ticks = max((part.ticks for part in parts.values()), default=1)
    batch = max((part.batch for part in parts.values()), default=1)
    labels = arrays.get("labels")
    if labels is not None and not any(key.rpartition("/")[2] == "spikes" for key in arrays):
        batch = max(batch, labels.size)  # trials without an event at the end
    try:
        answers = labels_of(labels, batch)
    except InputError as error:
        raise InputError(problem.inside(path) for problem in error.problems) from None
    return EventStimulus(
        name=name,
        ticks=ticks,
        labels=answers,
        spikes={key: part.spikes[key] for key, part in parts.items()},
        merged=sum(part.merged for part in parts.values()),
    )


def load_recorded(path: Path, sizes: Mapping[str, int], stimulus: EventStimulus) -> dict[str, SpikeList]:
    """Reads the spikes that a framework recorded on a stimulus: population -> spikes.

    Raises InputError where the file has none, or names a population or a shape that is not the network's.
    """
    arrays = {key.removeprefix(RECORDED): value for key, value in read_npz(path).items() if key.startswith(RECORDED)}
    if not arrays:
        cure = f"give {RECORDED}<population>, (trials, ticks, units), of: {', '.join(sizes)}"
        raise InputError(Problem("array-missing", str(path), "it holds no recorded spikes", cure))
    faults: list[Problem] = []
    found: dict[str, SpikeList] = {}
    for name, values in arrays.items():
        where = f"{path}: {RECORDED}{name}"
        if name not in sizes:
            cure = f"its populations are: {', '.join(sizes)}"
            faults.append(Problem("population-unknown", where, f"the network has no population {name}", cure))
            continue
        shape = (stimulus.batch, stimulus.ticks, sizes[name])
        if values.shape != shape or values.dtype.kind not in "biuf":
            what = f"has shape {values.shape} of {values.dtype.name}, stimulus and network say {shape}"
            faults.append(Problem("array-shape", where, what, "give the number of spikes of each neuron and tick"))
            continue
        counts = np.rint(values.astype(np.float64))
        if not np.array_equal(counts, values) or (counts < 0).any():
            faults.append(Problem("not-whole-numbers", where, "numbers of spikes are whole, from 0", "repair it"))
            continue
        found[name] = SpikeList.of_dense(counts.astype(np.int32))
    raise_input_problems(faults)
    return found


def save_spikes(recording: NeuronRecording, path: Path) -> None:
    """Writes a recording: of each population trial, tick, unit and count. Raises InputError as `save_events`."""
    arrays: dict[str, NDArray[Any]] = {
        "level": np.array(recording.level),
        "stimulus": np.array(recording.stimulus),
        "trials": np.array(recording.batch),
        "ticks": np.array(recording.ticks),
        "populations": np.array(list(recording.spikes), dtype=np.str_),
        "sizes": np.array([recording.sizes[name] for name in recording.spikes]),
    }
    for name, spikes in recording.spikes.items():
        for field in ("trial", "tick", "unit", "count"):
            arrays[f"spikes/{name}/{field}"] = getattr(spikes, field)
    arrays |= {f"host/{name}": value for name, value in recording.host.items()}
    write_npz(path, arrays)


def _unread(path: Path, arrays: Mapping[str, Any], inputs: Sequence[str]) -> Iterator[Problem]:
    """Arrays that nothing reads: unknown ones, and those of one input that stand twice or say not whose they are."""
    bare = _EVENT_KEYS if len(inputs) == 1 else ()
    prefixed = [f"{entry}/{key}" for entry in inputs for key in _EVENT_KEYS]
    for key in sorted(arrays):
        if key.startswith(RECORDED) or key in _WHOLE_KEYS:
            continue
        if key not in (*bare, *prefixed):
            cure = f"arrays are {', '.join(bare or prefixed)}"
            yield Problem("array-unknown", f"{path}: {key}", "nothing reads this array", cure)
        elif key in bare and f"{inputs[0]}/{key}" in arrays:
            what = f"it stands beside {inputs[0]}/{key}, which is the same"
            yield Problem("array-unknown", f"{path}: {key}", what, "give one of them")


def _part(path: Path, arrays: Mapping[str, Any], entry: str, name: str, dt_s: float, *, alone: bool) -> EventStimulus:
    """The spikes of one input, without answers."""
    bare = arrays if alone else {}
    own = {key: arrays.get(f"{entry}/{key}", bare.get(key)) for key in _EVENT_KEYS}
    ticks = _number(path, arrays["ticks"]) if "ticks" in arrays else None
    try:
        if own["spikes"] is not None:
            raise_input_problems(_unused(own, entry, ticks))
            return EventStimulus.of_dense(name, own["spikes"], None, entry, f"{entry}/spikes")
        if own["channel"] is None:
            cure = "give spikes, (trials, ticks, channels), or channel with tick or time_s"
            raise InputError(Problem("array-missing", f"input {entry}", "it has neither spikes nor events", cure))
        return EventStimulus.of_events(
            name,
            channel=own["channel"],
            tick=own["tick"],
            time_s=own["time_s"],
            dt_s=dt_s,
            trial=own["trial"],
            ticks=ticks,
            entry=entry,
        )
    except InputError as error:
        raise InputError(problem.inside(path) for problem in error.problems) from None


def _unused(own: Mapping[str, Any], entry: str, ticks: int | None) -> Iterator[Problem]:
    """What stands beside spikes, and would be passed over."""
    for key in _EVENT_KEYS[1:]:
        if own[key] is not None:
            what = f"it stands beside the array spikes of input {entry}, which is enough"
            yield Problem("array-unknown", key, what, "give spikes, or events, and not both")
    length = np.shape(own["spikes"])[1:2]
    if ticks is not None and length and length[0] != ticks:
        what = f"is {ticks}, the array spikes of input {entry} has {length[0]:,} ticks"
        yield Problem("lengths-differ", "ticks", what, "leave it out")


def _number(path: Path, value: Any) -> int:
    if value.shape != () or value.dtype.kind not in "iu":
        what, cure = f"has shape {value.shape} of {value.dtype}", "give one whole number"
        raise InputError(Problem("not-whole-numbers", f"{path}: ticks", what, cure))
    return int(value)


def _text(path: Path, value: Any) -> str:
    if value.shape != () or value.dtype.kind != "U":
        raise InputError(Problem("array-type", f"{path}: name", f"holds {value.dtype.name}", "give one text"))
    return str(value)
