"""Starts worker processes on this machine, starts others where some die, and leaves none behind.

A worker is `python -m neurocmc.pipeline.campaign.worker ADDRESS`, a process of its own with one thread for linear
algebra. It holds the reading end of a pipe: however this process ends, the pipe is closed and the worker leaves.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.process import child_environment
from neurocmc.pipeline.campaign.work import THREADS

MODULE = "neurocmc.pipeline.campaign.worker"
TRIES = 3  # of starting workers, after the first
ENDS_S = 10.0  # in which a worker that is asked to leave does


class LocalWorkers:
    """So many worker processes of a scheduler on this machine."""

    def __init__(self, address: str, many: int) -> None:
        self._address = address
        self._unready = 0  # how many workers in a row died before they were ready
        self._scratch = tempfile.TemporaryDirectory(prefix="neurocmc-workers-")
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as workers are)
        self._processes = [self._started() for _ in range(many)]

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes."""
        return tuple(process.pid for process in self._processes)

    def replace_dead(self) -> None:
        """Starts a worker for each that died. Raises InputError where they do not even start."""
        for index, process in enumerate(self._processes):
            if process.poll() is None:
                continue
            ready = ready_file(self._scratch.name, process.pid)
            self._unready = 0 if ready.exists() else self._unready + 1
            if self._unready > TRIES:
                raise InputError(self._problem(process.returncode))
            self._close_pipe(process)
            self._processes[index] = self._started()

    def close(self) -> None:
        """Ends all workers, those at work at once, and waits until they are gone."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(ENDS_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._close_pipe(process)
        self._errors.close()
        self._scratch.cleanup()

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", MODULE, self._address, self._scratch.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env=_environment(),
        )

    @staticmethod
    def _close_pipe(process: "subprocess.Popen[bytes]") -> None:
        if process.stdin is not None:
            process.stdin.close()

    def _problem(self, status: int) -> Problem:
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        how = f"exit code {status}" if status >= 0 else f"signal {-status}"
        what = f"a worker process ended before its first run ({how}){f': {said[-1][:200]}' if said else ''}"
        cure = "use --workers 1, which needs no worker processes and shows the error"
        return Problem("workers-cannot-start", "--workers", what, cure)


def ready_file(scratch: str, pid: int) -> Path:
    """Returns the file by which a worker says that it has started."""
    return Path(scratch) / f"{pid}.ready"


def _environment() -> Mapping[str, str]:
    """One thread a worker, and modules from where this process has them."""
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return child_environment() | dict.fromkeys(THREADS, "1") | {"PYTHONPATH": path}
