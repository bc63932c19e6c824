"""Does one run, in whatever process it is asked for: in the known state, on one thread, as JSON in and out.

Sums of floating point depend on how many threads share them, so that the libraries of linear algebra get one here,
whatever the machine has: the same numbers in the caller's process, in one worker, and in many.
"""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import Any

from neurocmc.common.errors import InfeasibleError, NeurocmcError, Problem
from neurocmc.common.process import known_state
from neurocmc.common.progress import Progress, silent
from neurocmc.pipeline.campaign.task import Outcome

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@cache
def own_version() -> str:
    """Returns the version of neurocmc in this process."""
    return version("neurocmc")


def perform(order: bytes, progress: Progress = silent) -> bytes:
    """Does the run that `Task.sent` describes and returns its outcome as JSON.

    What a user can mend is an outcome, and so is a defect of neurocmc or of a plug-in: one run must not end all.
    """
    asked: dict[str, Any] = json.loads(order)
    if asked["neurocmc"] != own_version():
        return _sent(Outcome(state="refused", problems=(_other_version(asked["neurocmc"]),)))
    try:
        with one_thread():
            module, _, name = str(asked["work"]).partition(":")
            work = getattr(import_module(module), name)
            with known_state():
                return _sent(Outcome(state="done", value=work(asked["what"], asked["where"], progress)))
    except NeurocmcError as error:
        return _sent(Outcome(state="refused", problems=error.problems, infeasible=isinstance(error, InfeasibleError)))
    except MemoryError:
        cure = "fewer workers, fewer samples, or fewer neurons"
        problem = Problem("memory-short", "memory", "this run needs more memory than there is", cure)
        return _sent(Outcome(state="refused", problems=(problem,)))
    except Exception as error:
        first = (str(error).splitlines() or [""])[0][:200]
        what = f"{type(error).__name__}: {first}" if first else type(error).__name__
        cure = "please report it, unless it is of a plug-in; NEUROCMC_DEBUG=1 with --workers 1 shows the traceback"
        _show_traceback()
        return _sent(Outcome(state="defect", problems=(Problem("defect", asked["work"], what, cure),)))


def _sent(outcome: Outcome) -> bytes:
    return json.dumps(outcome.as_json(), allow_nan=False).encode()


def _other_version(wanted: str) -> Problem:
    what = f"neurocmc {own_version()} runs there, and the campaign is of {wanted}"
    return Problem("worker-unfit", "worker", what, "install the same version on all workers")


def _show_traceback() -> None:
    if os.environ.get("NEUROCMC_DEBUG"):
        import traceback

        traceback.print_exc()


@contextmanager
def one_thread() -> Generator[None]:
    """Gives the libraries of linear algebra one thread: those that are loaded, and those that the body loads."""
    from threadpoolctl import threadpool_limits  # here and not above: what runs nothing need not wait for it

    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
