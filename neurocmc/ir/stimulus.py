"""Defines stimuli: batches of piecewise-constant drives, the one way in which a circuit is driven at every level.

A stimulus holds, for each input of a circuit, the value of each channel between given edges in time; a thousand
digits are a batch of a thousand with one edge. Every interpreter samples it on its own tick, by one rule, so that
rate circuit, Brian2 and chip see the same signal.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from neurocmc.common.arrays import Float, Int, frozen_array, set_frozen
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.ticks import ON_TICK, Sampled, not_whole, sampled
from neurocmc.ir.rate import RateInput

MAX_TICKS = 10_000_000  # of one stimulus: hours of model time at 1 ms
MAX_CELLS = 500_000_000  # trials x ticks x units of recorded activity: 2 GB
LARGEST_VALUE = 1e9  # of a drive, as in a circuit written by hand
_SHORTER = "shorten it (duration_s, --duration), give fewer trials, or a longer tick (dt_ms)"

# A stimulus's name is that of its files: one that every file system takes, beside what else stands in their names.
LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_DEVICES = re.compile(r"(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9])(?:\..*)?", re.IGNORECASE)  # of Windows, whatever follows


def name_fault(name: str) -> str | None:
    """Returns why a text is no name for a stimulus; None for one that is."""
    if len(name) > LONGEST_NAME:
        return f"should have at most {LONGEST_NAME} characters (it has {len(name):,})"
    if not _NAME.fullmatch(name):
        return "cannot be part of a file name: use letters, digits, _ - and ., a letter or digit first, no . last"
    if _DEVICES.fullmatch(name):
        return "cannot be part of a file name: on Windows it is the name of a device"
    return None


def name_clashes(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields every name that differs from an earlier one only in case, and what is wrong with it."""
    first: dict[str, str] = {}
    for name in names:
        if first.setdefault(name.casefold(), name) != name:
            yield name, f"the name differs from {first[name.casefold()]} only in case: their files could be one"


def name_problems(names: Iterable[str]) -> tuple[Problem, ...]:
    """Returns every name that cannot be a stimulus's, or not beside the others."""
    names = tuple(names)
    faults = [(name, f"the name {fault}") for name in names if (fault := name_fault(name))]
    faults += name_clashes(names)
    return tuple(
        Problem("stimulus-name", f"stimulus {ascii(name)[:80]}", what, "give another name") for name, what in faults
    )


def as_name(text: str) -> str:
    """Returns the name nearest to a text, such as that of a file: what no name can hold becomes a hyphen."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).lstrip("_.-")[:LONGEST_NAME].rstrip(".")
    return name if name_fault(name) is None else f"stimulus-{name}"[:LONGEST_NAME].rstrip(".")


def duration_fault(duration_s: float, tick_s: float) -> tuple[str, str] | None:
    """Returns what is wrong with the duration of a stimulus on ticks of `tick_s`, and its cure; else None."""
    ticks, tick = duration_s / tick_s, f"{1e3 * tick_s:g} ms"
    if not ticks <= MAX_TICKS:
        return f"{duration_s:g} s are {ticks:.4g} ticks of {tick}, limit {MAX_TICKS:,}", _SHORTER
    if ticks < 1 - ON_TICK:
        return f"{duration_s:g} s are less than a tick of {tick}", "give a longer duration; times are in s"
    return not_whole(duration_s, tick_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Stimulus:
    """`batch` trials of piecewise-constant drives.

    From `edges_s[k]` until `edges_s[k + 1]` (the last: until `duration_s`) input `name` has the value
    `values[name][:, k, :]`, shape (batch, channels). The first edge is 0. `labels` are the right answers, -1 for
    trials that have none.
    """

    name: str
    duration_s: float
    edges_s: Float  # (edges,)
    values: Mapping[str, Float]  # input name -> (batch, edges, channels)
    labels: Int  # (batch,)

    def __post_init__(self) -> None:
        set_frozen(self, "edges_s", np.float64, (None,))
        set_frozen(self, "labels", np.int64, (None,))
        shape = (len(self.labels), len(self.edges_s), None)
        frozen = {name: frozen_array(value, np.float64, shape, name) for name, value in self.values.items()}
        object.__setattr__(self, "values", MappingProxyType(frozen))

    def __repr__(self) -> str:
        """One line, whatever the sizes of its arrays."""
        inputs = ", ".join(f"{name} ({value.shape[2]:,})" for name, value in self.values.items()) or "no input"
        return f"<Stimulus {self.name}: {self.batch:,} x {1e3 * self.duration_s:g} ms; {inputs}>"

    @property
    def batch(self) -> int:
        return len(self.labels)

    def ticks(self, tick_s: float) -> int:
        """Returns the number of ticks. Raises InputError where it is not whole, and for more than MAX_TICKS."""
        if fault := duration_fault(self.duration_s, tick_s):
            raise InputError(Problem("stimulus-duration", f"stimulus {self.name}", *fault))
        return round(self.duration_s / tick_s)

    def on_ticks(self, tick_s: float, *inputs: str) -> Sampled:
        """Returns the drive of these inputs, or of all, in each tick: its mean over a tick within which it changes.

        Raises InputError as `ticks`.
        """
        values = {name: self.values[name] for name in inputs} if inputs else self.values
        return sampled(self.edges_s, values, self.ticks(tick_s), tick_s)

    def take(self, trials: Int | slice) -> "Stimulus":
        """Returns the same stimulus with only some of its trials."""
        return Stimulus(
            name=self.name,
            duration_s=self.duration_s,
            edges_s=self.edges_s,
            values={name: value[trials] for name, value in self.values.items()},
            labels=self.labels[trials],
        )

    def lasting(self, duration_s: float) -> "Stimulus":
        """Returns the same stimulus cut or, holding its last value, prolonged to `duration_s`."""
        keep = self.edges_s < duration_s
        return Stimulus(
            name=self.name,
            duration_s=duration_s,
            edges_s=self.edges_s[keep],
            values={name: value[:, keep] for name, value in self.values.items()},
            labels=self.labels,
        )

    def size_problems(self, tick_s: float, units: int) -> tuple[Problem, ...]:
        """Returns why the duration is no number of ticks, or what a recording needs beyond MAX_CELLS."""
        if fault := duration_fault(self.duration_s, tick_s):
            return (Problem("stimulus-duration", f"stimulus {self.name}", *fault),)
        cells = self.batch * self.ticks(tick_s) * units
        if cells <= MAX_CELLS:
            return ()
        what = (
            f"{self.batch:,} trials of {self.duration_s:g} s on {units:,} units make {cells:,} values of activity, "
            f"limit {MAX_CELLS:,}"
        )
        return (Problem("stimulus-too-large", f"stimulus {self.name}", what, _SHORTER),)

    def problems(self, inputs: Iterable[RateInput]) -> tuple[Problem, ...]:
        """Returns every way in which the stimulus does not fit the inputs of a circuit, and faults of its name."""
        return tuple(_problems(self, {entry.name: entry.channels for entry in inputs}))


def side_by_side(name: str, stimuli: Sequence[Stimulus]) -> Stimulus:
    """Puts stimuli of one duration and the same inputs into one batch, in order: one run instead of many.

    Raises ValueError where durations or inputs differ.
    """
    first = stimuli[0]
    if any(s.duration_s != first.duration_s or s.values.keys() != first.values.keys() for s in stimuli):
        raise ValueError(f"{name}: stimuli side by side need one duration and the same inputs")
    edges = np.unique(np.concatenate([stimulus.edges_s for stimulus in stimuli]))
    in_force = [np.searchsorted(stimulus.edges_s, edges, side="right") - 1 for stimulus in stimuli]
    return Stimulus(
        name=name,
        duration_s=first.duration_s,
        edges_s=edges,
        values={
            key: np.concatenate([s.values[key][:, edge] for s, edge in zip(stimuli, in_force, strict=True)])
            for key in first.values
        },
        labels=np.concatenate([stimulus.labels for stimulus in stimuli]),
    )


def _problems(stimulus: Stimulus, channels: dict[str, int]) -> Iterable[Problem]:
    where = f"stimulus {stimulus.name}"
    yield from name_problems((stimulus.name,))
    if not stimulus.batch:
        yield Problem("level-empty", where, "it has no trial", "give at least one")
    if not stimulus.duration_s > 0:
        yield Problem("stimulus-duration", where, f"duration is {stimulus.duration_s} s", "give a positive time")
    edges = stimulus.edges_s
    if not len(edges) or edges[0] != 0 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        found = np.array2string(edges, threshold=6)
        yield Problem(
            "times-disordered",
            where,
            f"edges_s must start at 0 and rise (got {found})",
            "put the edges in order of time",
        )
    for name in sorted(channels.keys() - stimulus.values.keys()):
        yield Problem(
            "input-missing",
            where,
            f"input {name} is missing",
            f"give an array of shape (batch, edges, {channels[name]})",
        )
    for name in sorted(stimulus.values.keys() - channels.keys()):
        yield Problem(
            "input-unknown",
            where,
            f"the circuit has no input {name}",
            f"its inputs are: {', '.join(channels) or 'none'}",
        )
    for name in sorted(channels.keys() & stimulus.values.keys()):
        value = stimulus.values[name]
        if value.shape[2] != channels[name]:
            what = f"input {name} has {value.shape[2]} channels, the circuit {channels[name]}"
            yield Problem(
                "stimulus-channels", where, what, f"give an array of shape (batch, edges, {channels[name]})"
            )
        if not np.isfinite(value).all():
            yield Problem("value-not-finite", where, f"input {name} holds NaN or infinity", "repair the values")
        elif (largest := float(np.abs(value).max(initial=0.0))) > LARGEST_VALUE:
            what = f"input {name} holds a value of magnitude {largest:g}, limit {LARGEST_VALUE:g}"
            yield Problem("drive-too-large", where, what, "scale the drive down, and the input's weight up")
