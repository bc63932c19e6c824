"""Says where the runs of a campaign are done: in this process, in worker processes beside it, or on a cluster."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from neurocmc.common.errors import Problem

MOST_WORKERS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where runs are done.

    One worker is this process itself, as is any number of them for a single run. `scheduler` is the address of a Dask
    scheduler, whose workers do all runs.
    """

    workers: int = 1
    scheduler: str | None = None

    def problems(self) -> Iterator[Problem]:
        """Yields what cannot be."""
        if not 1 <= self.workers <= MOST_WORKERS:
            cure = f"give 1 to {MOST_WORKERS:,}"
            yield Problem("number-out-of-range", "--workers", f"got {self.workers:,}", cure)
        if self.scheduler is not None and not self.scheduler.strip():
            yield Problem("option-empty", "--scheduler", "is empty", "give an address, such as tcp://10.0.0.1:8786")

    def for_runs(self, runs: int) -> int:
        """Returns how many worker processes so many runs are given; 0: they are done in this process."""
        many = min(self.workers, runs)
        return 0 if many < 2 else many


def place_of(workers: int | None, scheduler: str | None) -> Place:
    """Returns the place that options name: a cluster, so many workers, or as many as this process has processors."""
    return Place(workers=processors() if workers is None else workers, scheduler=scheduler)


def processors() -> int:
    """Returns how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
