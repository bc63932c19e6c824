"""Runs trials on all cores: they do not know of each other, so the compiled loops step several at the same time.

The loops release Python's lock, and each trial writes what is its own: results do not depend on how many threads
there are.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from neurocmc.common.system import usable_cores

Result = TypeVar("Result")


def each_trial(run: Callable[[int], Result], batch: int, threads: int | None = None) -> list[Result]:
    """Calls `run(trial)` for all trials, in their order, on `threads` threads (None: one for each core)."""
    workers = min(usable_threads(threads), batch)
    if workers <= 1:
        return [run(trial) for trial in range(batch)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(batch)))


def usable_threads(wanted: int | None) -> int:
    """Returns as many as wanted (None: one for each usable core); one where Python starts no pool.

    It starts none once the main thread has come to its end, though others may still be at work.
    """
    if not threading.main_thread().is_alive():
        return 1
    return wanted or usable_cores()
