"""Worker processes in tests: which there are, those of a scheduler of one's own, and waiting until they are gone."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psutil
from distributed import LocalCluster

from neurocmc.pipeline.campaign.local import MODULE, LocalWorkers
from tests.made.waiting import until


def workers_of(pid: int | None = None) -> list[int]:
    """The worker processes that a process (this one) has started and that live."""
    found: list[int] = []
    for child in psutil.Process(pid).children():
        try:
            if MODULE in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child.pid)
        except psutil.Error:
            continue
    return sorted(found)


def kill_one() -> None:
    """Kill a worker of this process at once, as the system does where memory is short."""
    os.kill(workers_of()[0], signal.SIGKILL)


def until_gone(pids: list[int]) -> None:
    """Wait until none of these processes lives."""
    until(lambda: not any(_lives(pid) for pid in pids))


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def scheduler(workers: int) -> Generator[str]:
    """The address of a scheduler with so many workers, as somebody else would run it."""
    own: Any = LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=False)
    with own as cluster:
        processes = LocalWorkers(cluster.scheduler_address, workers)
        try:
            yield cluster.scheduler_address
        finally:
            processes.close()
