"""Waits for what another process does, however slow the machine is."""

import time
from collections.abc import Callable

HANGS_S = 3600.0  # ends what would never end; nothing that works comes near it, on the busiest machine


def until(happened: Callable[[], bool]) -> None:
    """Return once something has happened. Raises TimeoutError where it never does."""
    limit = time.monotonic() + HANGS_S
    while not happened():
        if time.monotonic() > limit:
            raise TimeoutError(f"it has not happened in {HANGS_S:g} s")
        time.sleep(0.01)
