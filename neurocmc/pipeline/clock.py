"""Measures how long each pass took, and tells which one runs and how much of the whole is done."""

from collections.abc import Generator
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import Any

from neurocmc.common.progress import Progress, silent


class Clock:
    """Times passes, one after the other, and tells the name of each when it begins.

    Args:
        progress: Is told the name of a pass as it begins, and the share of the whole that is done before it.
        until: The share at which the passes of a lowering end; what is written afterwards has the rest.
    """

    def __init__(self, progress: Progress | None = None, *, until: float = 1.0) -> None:
        self.seconds: dict[str, float] = {}  # pass -> time that it took, all runs of it together
        self.processor_seconds: dict[str, float] = {}  # the same, of this process on any of its processors
        self._progress = progress or silent
        self._until = until
        self._share = 0.0

    @contextmanager
    def timing(self, name: str, share: float | None = None) -> Generator[None]:
        """Times what is in the block as one pass.

        Args:
            name: Of the pass.
            share: Of the lowering that is done when it ends; None where it takes no time to speak of.
        """
        self._progress(name, self._share)
        began = perf_counter(), process_time()
        try:
            yield
        finally:
            ended = perf_counter(), process_time()
            for spent, before, after in zip((self.seconds, self.processor_seconds), began, ended, strict=True):
                spent[name] = spent.get(name, 0.0) + after - before
            if share is not None:
                self._share = self._until * share

    @contextmanager
    def writing(self, name: str, share: float) -> Generator[None]:
        """Times what is in the block as one part of what is written after the lowering; `share` is of that."""
        self._share = max(self._share, self._until)
        with self.timing(name):
            yield
        self._share = self._until + (1.0 - self._until) * share

    def told_to(self, progress: Progress | None, until: float) -> "Clock":
        """Returns the same clock, which from now on tells another one, where a search has run many lowerings."""
        self._progress, self._until = progress or silent, until
        return self

    def as_json(self) -> dict[str, Any]:
        """Returns what `timings.json` holds."""
        return {"seconds": self.seconds, "processor_seconds": self.processor_seconds}
