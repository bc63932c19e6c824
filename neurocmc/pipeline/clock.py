"""Measures how long each pass took, and reports how much of the compilation is done."""

from time import perf_counter, process_time
from typing import Any

from neurocmc.common.progress import Progress, silent


class Clock:
    """Times passes, one after the other; the time since the last `done` is that of the pass that is done now."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.seconds: dict[str, float] = {}  # pass -> time that it took, all runs of it together
        self.processor_seconds: dict[str, float] = {}  # the same, of this process on any of its processors
        self._progress = progress or silent
        self._last = perf_counter(), process_time()

    def done(self, name: str, share: float | None = None) -> None:
        """Notes that a pass is done, and with it `share` of the line; None for what takes no time to speak of."""
        now = perf_counter(), process_time()
        for spent, before, after in zip((self.seconds, self.processor_seconds), self._last, now, strict=True):
            spent[name] = spent.get(name, 0.0) + after - before
        self._last = now
        if share is not None:
            self._progress(name, share)

    def as_json(self) -> dict[str, Any]:
        """Returns what `timings.json` holds."""
        return {"seconds": self.seconds, "processor_seconds": self.processor_seconds}
