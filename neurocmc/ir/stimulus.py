"""Stimuli: batches of piecewise-constant drives, the one way a circuit is driven at every level.

A stimulus holds, for each input of a circuit, the value of each channel between given edges in time; a thousand
digits are a batch of a thousand with one edge. Every interpreter samples it on its own tick, so that rate circuit,
Brian2 and chip see the same signal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from neurocmc.common.arrays import Float, Int, frozen_array, set_frozen
from neurocmc.common.errors import InputError, Problem
from neurocmc.ir.rate import RateInput

MAX_TICKS = 10_000_000  # of one stimulus: hours of model time at 1 ms
MAX_CELLS = 500_000_000  # trials x ticks x units of recorded activity: 2 GB
_SHORTER = "shorten it (duration_s, --duration), give fewer trials, or a longer tick (dt_ms)"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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

    @property
    def batch(self) -> int:
        return len(self.labels)

    def ticks(self, tick_s: float) -> int:
        """Number of whole ticks in the stimulus. Raises InputError for none and for more than MAX_TICKS."""
        ticks = self.duration_s / tick_s
        if not ticks <= MAX_TICKS:
            what = f"{self.duration_s:g} s are {ticks:.4g} ticks of {1e3 * tick_s:g} ms, limit {MAX_TICKS:,}"
            raise InputError(Problem(f"stimulus {self.name}", what, _SHORTER))
        if round(ticks) < 1:
            what = f"{self.duration_s:g} s are less than a tick of {1e3 * tick_s:g} ms"
            raise InputError(Problem(f"stimulus {self.name}", what, "times are in s: give a longer one"))
        return round(ticks)

    def edge_of_tick(self, tick_s: float) -> Int:
        """(ticks,) index of the edge in force at each tick; an edge takes effect at the tick nearest to it."""
        ticks = self.ticks(tick_s)
        # An edge after the end, however far, is never in force.
        first_tick = np.rint(np.minimum(self.edges_s / tick_s, ticks)).astype(np.int64)
        return np.searchsorted(first_tick, np.arange(ticks), side="right") - 1

    def take(self, trials: Int | slice) -> "Stimulus":
        """The same stimulus with only some of its trials."""
        return Stimulus(
            name=self.name,
            duration_s=self.duration_s,
            edges_s=self.edges_s,
            values={name: value[trials] for name, value in self.values.items()},
            labels=self.labels[trials],
        )

    def lasting(self, duration_s: float) -> "Stimulus":
        """The same stimulus cut or, holding its last value, prolonged to `duration_s`."""
        keep = self.edges_s < duration_s
        return Stimulus(
            name=self.name,
            duration_s=duration_s,
            edges_s=self.edges_s[keep],
            values={name: value[:, keep] for name, value in self.values.items()},
            labels=self.labels,
        )

    def size_problems(self, tick_s: float, units: int) -> tuple[Problem, ...]:
        """What recording the activity of `units` units would need beyond MAX_CELLS. Raises InputError as `ticks`."""
        cells = self.batch * self.ticks(tick_s) * units
        if cells <= MAX_CELLS:
            return ()
        what = (
            f"{self.batch:,} trials of {self.duration_s:g} s on {units:,} units make {cells:,} values of activity, "
            f"limit {MAX_CELLS:,}"
        )
        return (Problem(f"stimulus {self.name}", what, _SHORTER),)

    def problems(self, inputs: Iterable[RateInput]) -> tuple[Problem, ...]:
        """Every way in which the stimulus does not fit the inputs of a circuit."""
        return tuple(_problems(self, {entry.name: entry.channels for entry in inputs}))


def side_by_side(name: str, stimuli: Sequence[Stimulus]) -> Stimulus:
    """Stimuli of one duration and the same inputs as one batch, in order: what costs one run instead of many.

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
    if not stimulus.batch:
        yield Problem(where, "it has no trial", "give at least one")
    if not stimulus.duration_s > 0:
        yield Problem(where, f"duration is {stimulus.duration_s} s", "give a positive time")
    edges = stimulus.edges_s
    if not len(edges) or edges[0] != 0 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        found = np.array2string(edges, threshold=6)
        yield Problem(where, f"edges_s must start at 0 and rise (got {found})", "put the edges in order of time")
    for name in sorted(channels.keys() - stimulus.values.keys()):
        yield Problem(where, f"input {name} is missing", f"give an array of shape (batch, edges, {channels[name]})")
    for name in sorted(stimulus.values.keys() - channels.keys()):
        yield Problem(where, f"the circuit has no input {name}", f"its inputs are: {', '.join(channels) or 'none'}")
    for name in sorted(channels.keys() & stimulus.values.keys()):
        value = stimulus.values[name]
        if value.shape[2] != channels[name]:
            yield Problem(where, f"input {name} has {value.shape[2]} channels, the circuit {channels[name]}")
        if not np.isfinite(value).all():
            yield Problem(where, f"input {name} holds NaN or infinity", "repair the values")
