"""Filters what a rate circuit sends, drives or shows, all trials and units at once."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float


@dataclass(slots=True)
class Filter:
    """A bank of equal first- or second-order low-pass filters of unit gain, and what it put out before."""

    keep: float
    first: Float
    second: Float | None
    past: list[Float]  # outputs before the present one, newest last; as many as any delay asks for

    @classmethod
    def settled(
        cls, value: Float, batch: int, tau_s: float, order: int, dt_s: float, delay_ticks: int = 0
    ) -> "Filter":
        """Returns a filter for each trial and unit that has held `value` (units,) for ever."""
        keep = float(np.exp(-dt_s / tau_s)) if tau_s > 0 else 0.0
        start = np.tile(value, (batch, 1))
        return cls(keep, start, start.copy() if order == 2 else None, [start] * delay_ticks)

    def advance(self, value: Float) -> None:
        if self.past:
            self.past = [*self.past[1:], self.output]
        if self.second is not None:
            self.second = self.keep * self.second + (1 - self.keep) * self.first
        self.first = self.keep * self.first + (1 - self.keep) * value

    def delayed(self, ticks: int) -> Float:
        """Returns the output of so many steps ago."""
        return self.past[-ticks] if ticks else self.output

    @property
    def output(self) -> Float:
        return self.first if self.second is None else self.second
