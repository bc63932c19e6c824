"""Defines the filter through which activity is observed, and what it held before the first step.

A circuit whose filters follow the nonlinearity is observed by what those filters put out, x; one whose filters come
before it by the rate r itself, and its spikes, where they must be smoothed to be seen, through a short filter that is
stated (`observe_tau_s` of a rate population). A code whose spikes stand for more than their own tick says how their
activity is spread over the ticks that follow: its `kernel` comes first.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.ir.codec import SELDOM


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """A low-pass filter of unit gain, of `order` equal stages; `tau_s` 0 lets everything through as it is."""

    tau_s: float
    order: Literal[1, 2]
    start: Float  # (units,) activity before the first step, which every stage has settled at
    kernel: tuple[float, ...] = dataclasses.field(
        default=(), metadata=SELDOM
    )  # shares of a spike's activity in its own tick and in those that follow; none: all of it in its own

    def __post_init__(self) -> None:
        set_frozen(self, "start", np.float64, (None,))

    @classmethod
    def at_rest(cls, tau_s: float, units: int, order: Literal[1, 2] = 1) -> "Trace":
        """Returns a filter of the activity of units that were silent."""
        return cls(tau_s=tau_s, order=order, start=np.zeros(units))

    def problems(self, where: str, units: int) -> Iterable[Problem]:
        """Yields what keeps the filter from observing so many units."""
        if not 0 <= self.tau_s < np.inf:
            yield Problem(
                "tau-out-of-range", where, f"what is observed has a tau of {self.tau_s} s", "use 0 or a positive time"
            )
        if self.kernel and not (min(self.kernel) >= 0 and abs(sum(self.kernel) - 1.0) < 1e-9):
            yield Problem(
                "level-malformed",
                where,
                f"the shares of a spike's activity add up to {sum(self.kernel):g}",
                "give shares of 0 or more that add up to 1",
            )
        if len(self.start) != units:
            yield Problem(
                "level-array-shape",
                where,
                f"{len(self.start)} starts of what is observed for {units} units",
                "give one a unit",
            )

    @property
    def text(self) -> str:
        """What is observed, in words: `r`, or `r filtered by 20 ms`."""
        spread = f", spikes spread over {len(self.kernel)} ticks" if len(self.kernel) > 1 else ""
        if not self.tau_s:
            return f"r{spread}"
        return f"r filtered{' twice' if self.order == 2 else ''} by {1e3 * self.tau_s:g} ms{spread}"
