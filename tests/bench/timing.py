"""Repeated measurements, by the clock and in processor time, told as median and spread, never one number alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time

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


def rates(amount: float, run: Callable[[], object], repeats: int) -> tuple[Sample, Sample]:
    """`amount` over the time of `run`, by the clock and in processor time; one run goes before, to compile."""
    run()
    taken = [spent(run) for _ in range(repeats)]
    wall, processor = ([getattr(one, name) for one in taken] for name in ("wall_s", "processor_s"))
    return Sample(values=tuple(amount / s for s in wall)), Sample(values=tuple(amount / s for s in processor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a run took: seconds by the clock, and of all processors together."""

    wall_s: float
    processor_s: float


def spent(run: Callable[[], object]) -> Spent:
    """The time that `run` takes, by the clock and of this process on all its threads."""
    wall, processor = perf_counter(), process_time()
    run()
    return Spent(wall_s=perf_counter() - wall, processor_s=process_time() - processor)


def seconds(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
