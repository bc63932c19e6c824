"""Completes a stimulus by what the host sends of its own in the first ticks of every trial."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem
from neurocmc.common.ticks import ON_TICK
from neurocmc.ir.stimulus import Stimulus

StartRows = tuple[tuple[float, ...], ...]  # (ticks, channels); none where the values are a stimulus's


class StartedInput(Protocol):
    """An input that may have values of its own."""

    @property
    def name(self) -> str: ...
    @property
    def start(self) -> StartRows: ...


def started(stimulus: Stimulus, inputs: Sequence[StartedInput], tick_s: float) -> Stimulus:
    """Returns the stimulus with the values of all inputs that have their own; the stimulus itself where none has.

    After its last row such an input is 0. What the stimulus says of other inputs stays what it is.
    """
    own = {entry.name: np.array(entry.start) for entry in inputs if entry.start}
    if not own:
        return stimulus
    longest = max(len(rows) for rows in own.values())
    ticks: Float = np.arange(longest + 1, dtype=np.float64) * tick_s
    edges = np.concatenate([stimulus.edges_s, ticks])
    edges = np.unique(edges[edges < stimulus.duration_s])
    given = np.searchsorted(stimulus.edges_s, edges, side="right") - 1
    tick = np.floor(edges / tick_s + ON_TICK).astype(np.int64)
    values = {name: value[:, given] for name, value in stimulus.values.items()}
    for name, rows in own.items():
        padded = np.concatenate([rows, np.zeros((1, rows.shape[1]))])[np.minimum(tick, len(rows))]
        values[name] = np.broadcast_to(padded, (stimulus.batch, *padded.shape))
    return Stimulus(
        name=stimulus.name,
        duration_s=stimulus.duration_s,
        edges_s=edges,
        values=values,
        labels=stimulus.labels,
    )


def start_problems(where: str, start: StartRows, channels: int) -> Sequence[Problem]:
    """Returns what is wrong with the values that an input has of its own."""
    if any(len(row) != channels for row in start):
        lengths = ", ".join(str(len(row)) for row in start)
        what = f"its own values have rows of {lengths} numbers for {channels} channels"
        return [Problem("level-array-shape", where, what, "give a row for each tick, with a number for each channel")]
    if not np.isfinite(np.array(start)).all():
        return [Problem("value-not-finite", where, "a value of its own is not finite", "give finite numbers")]
    return []
