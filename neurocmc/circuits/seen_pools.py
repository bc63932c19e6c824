"""Puts pools with the ranges that the compiler would give them behind the populations of a circuit in training.

The compiler finds the range of a pool on the calibration stimuli: a rectifier's ends a margin above its highest
activity, a sigmoid's is the part that is visited with a margin on either side, a relay's is that of each unit. A
range that training learned would be a promise which no compiler keeps, so that these are found as the compiler finds
them, by running the circuit without pools, and anew every few batches. They follow from the circuit's numbers alone:
nothing of them is saved, and a training that is resumed goes on with the same.
"""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from neurocmc.circuits.chip_pool import staircase

# The compiler's numbers, those of `passes.gain_match`, `passes.offsets` and `sim.rate`: circuits stand below passes.
CEILING_MARGIN = 0.1
MARGIN, SMALLEST, NARROWEST, WHOLE, LEAST = 0.08, 1e-6, 0.5, 0.02, 0.1
SILENT = 1e-12

Kind = Literal["rectifier", "sigmoid", "relay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The units of one population, where they stand among all, and how the compiler finds their range."""

    units: slice
    kind: Kind
    base: float = 0.0  # lower end of a sigmoid: -1 of a tanh
    height: float = 1.0  # of a sigmoid: 2 of a tanh


class Watching(Protocol):
    """Pools that find their ranges while the circuit runs."""

    def watching(self) -> AbstractContextManager[None]:
        """Lets activity pass within the context; at its end every pool has the range that it went through."""
        ...


class SeenPools:
    """The pools of all units of a circuit; units of no group, and those that stay silent, send what they are."""

    def __init__(self, groups: Sequence[Group], units: int, neurons: int) -> None:
        self.groups, self.neurons = tuple(groups), neurons
        self.floor, self.width = torch.zeros(units), torch.zeros(units)
        self._seen: tuple[Tensor, Tensor] | None = None  # lowest and highest activity of each unit, while watching

    def __call__(self, activity: Tensor) -> Tensor:
        """Returns what pools send of `activity` (..., units); while watching, activity itself."""
        if self._seen is not None:
            flat = activity.detach().flatten(0, -2)
            low, high = self._seen
            self._seen = torch.minimum(low, flat.amin(dim=0)), torch.maximum(high, flat.amax(dim=0))
            return activity
        live = self.width > 0
        if bool(live.all()):
            return staircase(activity, self.floor, self.width, self.neurons)
        sent = staircase(activity, self.floor, torch.where(live, self.width, 1.0), self.neurons)
        return torch.where(live, sent, activity)

    @contextmanager
    def watching(self) -> Generator[None]:
        """Lets activity pass while the circuit runs, then gives every pool the range that it went through."""
        endless = torch.full_like(self.floor, torch.inf)
        self._seen = endless, -endless
        try:
            yield
            low, high = self._seen
        finally:
            self._seen = None
        self.floor, self.width = torch.zeros_like(low), torch.zeros_like(low)
        for group in self.groups:
            if bool(torch.isfinite(high[group.units]).all()):
                self.floor[group.units], self.width[group.units] = _range(group, low[group.units], high[group.units])


def _range(group: Group, low: Tensor, high: Tensor) -> tuple[Tensor | float, Tensor | float]:
    """Floor and width of the pools of a population whose units went from `low` to `high`, (units,) each."""
    match group.kind:
        case "rectifier":
            highest = float(high.max())
            return 0.0, highest * (1.0 + CEILING_MARGIN) if highest > SILENT else 0.0
        case "sigmoid":
            return _cut_off(group, float(low.min()), float(high.max()))
        case "relay":
            return _of_each(low, high)


def _cut_off(group: Group, low: float, high: float) -> tuple[float, float]:
    """The part of a sigmoid that `passes.offsets` gives its pool."""
    whole, low, high = group.height, low - group.base, high - group.base
    margin = max(MARGIN * (high - low), 0.5 * (LEAST * whole - (high - low)))
    floor, top = low - margin, high + margin
    floor = floor if floor > WHOLE * whole else 0.0
    top = top if top < (1.0 - WHOLE) * whole else whole
    return floor + group.base, top - floor


def _of_each(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """The range that `passes.offsets` gives each unit of a relay, cut where `passes.gain_match` cuts its pool."""
    level = torch.maximum(low.abs(), high.abs())
    largest = float(level.max())
    least = NARROWEST * torch.where(level > SMALLEST * largest, level, torch.full_like(level, largest))
    least = least if largest > SILENT else torch.ones_like(level)
    width = torch.maximum((1.0 + 2.0 * MARGIN) * (high - low), least)
    floor = 0.5 * (low + high) - 0.5 * width
    highest = float(((high - floor) / width).max())
    return floor, width * min(1.0, highest * (1.0 + CEILING_MARGIN))
