"""Repeated wall-clock measurements, and how they are told: median and spread, never one number alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Values of one quantity over repeats."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return float(np.median(self.values))

    @property
    def lowest(self) -> float:
        return min(self.values)

    @property
    def highest(self) -> float:
        return max(self.values)

    def over(self, other: "Sample") -> "Sample":
        """The ratio to another quantity: of medians, with the least and the greatest that the spreads allow."""
        low, high = self.lowest / other.highest, self.highest / other.lowest
        return Sample(values=(low, self.median / other.median, high))

    def told(self, pattern: str = "{:,.0f}") -> str:
        """median (lowest to highest)"""
        middle, low, high = (pattern.format(value) for value in (self.median, self.lowest, self.highest))
        return middle if len(self.values) == 1 else f"{middle} ({low} to {high})"


def per_second(amount: float, run: Callable[[], object], repeats: int) -> Sample:
    """`amount` of work over the time of `run`, repeated; one run goes before, so that compiling is not counted."""
    run()
    return Sample(values=tuple(amount / seconds(run) for _ in range(repeats)))


def seconds(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
