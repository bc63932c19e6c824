"""Has runs done by the workers of a Dask scheduler, its own on this machine or one that somebody else runs.

Runs are given to single workers that are free, one a thread, and not to the scheduler to queue: a worker that dies
takes the run with it that it was at, and no other. That run is done again, elsewhere or on the worker that takes its
place; one whose workers die `RETRIES` times more is given up, by name.
"""

import asyncio
import json
import logging
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from dask import config
from distributed import Client, LocalCluster, wait
from distributed.core import rpc
from distributed.scheduler import KilledWorker

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.pipeline.campaign.crew import Crew, Told
from neurocmc.pipeline.campaign.local import LocalWorkers
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.task import Outcome, Task, lost, outcome_of
from neurocmc.pipeline.campaign.work import own_version, perform

RETRIES = 3  # of a run whose worker died
ANSWERS_S = 10.0  # in which a scheduler must answer
LOOKS_S = 0.2  # between two looks at the workers
FETCHED_S = 2.0  # in which the outcome of a run is there, unless its worker is not
NO_WORKERS_S = 60.0  # for which a cluster may have no workers
_SETTINGS = {
    "distributed.scheduler.worker-ttl": None,  # a run may keep its worker from answering for hours
    "distributed.comm.timeouts.connect": f"{ANSWERS_S:g}s",
    "distributed.comm.retry.count": 0,
    "distributed.client.preload": [],
    "distributed.admin.tick.limit": "1h",
}
_OWN: Mapping[str, Any] = {  # a scheduler alone: its workers are started by us
    "n_workers": 0,
    "processes": True,
    "host": "127.0.0.1",
    "dashboard_address": "127.0.0.1:0",
    "silence_logs": False,
}


@contextmanager
def workers_at(place: Place, runs: int) -> Generator[Crew]:
    """Yields the workers of a scheduler, or as many processes of this machine as so many runs can use at once.

    Raises InputError where the scheduler does not answer or is gone, or workers are unfit or cannot start.
    """
    with _quiet(), config.set(_SETTINGS):
        if place.scheduler is None:
            with _on_this_machine(place.for_runs(runs)) as (client, workers):
                yield _Workers(client, workers)
            return
        with _connected(place.scheduler) as client:
            _check_workers(client, place.scheduler)
            yield _Workers(client, None)


@contextmanager
def _connected(address: str) -> Generator[Any]:
    """A client of a scheduler that somebody else runs."""
    try:
        _asked(address)
        client = Client(address, timeout=ANSWERS_S, set_as_default=False)
    except Exception as error:  # addresses and servers of other kinds are met with whatever they happen to raise
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        what = f"no Dask scheduler answers there within {ANSWERS_S:g} s ({reason})"
        cure = "check the address, that `dask scheduler` runs there, and that both are of one version of distributed"
        raise InputError(Problem("scheduler-unreachable", f"--scheduler {address}", what, cure)) from None
    try:
        yield client
    finally:
        with suppress(Exception):  # a scheduler that is gone cannot be told that we go
            client.close(timeout=ANSWERS_S)


@contextmanager
def _on_this_machine(many: int) -> Generator[tuple[Any, LocalWorkers]]:
    """A scheduler in this process, which listens to this machine alone, and worker processes beside it."""
    own: Any = LocalCluster(**_OWN)
    with own as cluster, Client(cluster, timeout=ANSWERS_S, set_as_default=False) as client:
        workers = LocalWorkers(cluster.scheduler_address, many)
        try:
            yield client, workers
        finally:
            workers.close()


def _asked(address: str) -> None:
    """Asks what is at an address. Raises whatever distributed does where it is no scheduler or does not answer.

    A Client has no end of its patience with what takes a connection and says nothing. The question is put in a thread
    of its own: the caller's may have a loop that runs, as those of notebooks do.
    """

    async def identity() -> Any:
        async with rpc(address) as there:
            return await there.identity()

    async def in_time() -> Any:
        return await asyncio.wait_for(identity(), ANSWERS_S)

    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(asyncio.run, in_time()).result()
    if answer.get("type") != "Scheduler":
        raise ValueError(f"it is a {str(answer.get('type'))[:40]}")


def _check_workers(client: Any, address: str) -> None:
    """Refuses a cluster without workers, and workers of other versions of neurocmc, by name."""
    where = f"--scheduler {address}"
    try:
        client.wait_for_workers(1, timeout=ANSWERS_S)
    except TimeoutError:
        what = f"the scheduler has no workers, and none joined within {ANSWERS_S:g} s"
        cure = f"start some: dask worker {address} --nthreads 1"
        raise InputError(Problem("scheduler-without-workers", where, what, cure)) from None
    # A function of Python's own, so that a worker without neurocmc can answer as well.
    answers: dict[str, Any] = client.run(version, "neurocmc", on_error="return")
    unfit: list[Problem] = []
    for worker, answer in sorted(answers.items()):
        if answer != own_version():
            there = f"has neurocmc {answer}" if isinstance(answer, str) else "has no neurocmc"
            what = f"worker {worker} {there}, and the campaign is of {own_version()}"
            cure = "install the same version on all workers, and restart them"
            unfit.append(Problem("worker-unfit", where, what, cure))
    raise_input_problems(unfit)


@dataclass(slots=True)
class _Flight:
    """A run that is at work on a worker."""

    task: Task
    future: Any
    worker: str  # its address


@dataclass(slots=True)
class _Campaign:
    """The runs that wait, those at work, and how often the workers of each died."""

    client: Any  # of distributed, whose annotations are of its coroutines
    waiting: deque[Task]
    flights: list[_Flight] = field(default_factory=list[_Flight])
    deaths: dict[str, int] = field(default_factory=dict[str, int])

    def submit(self, threads: Mapping[str, int]) -> None:
        """Gives every free thread of a worker a run that waits."""
        at_work = Counter(flight.worker for flight in self.flights)
        for worker, many in sorted(threads.items()):
            for _ in range(many - at_work[worker]):
                if not self.waiting:
                    return
                task = self.waiting.popleft()
                order, key = task.sent(own_version()), f"neurocmc-{uuid4().hex}"
                future = self.client.submit(perform, order, key=key, workers=[worker], pure=False, retries=0)
                self.flights.append(_Flight(task=task, future=future, worker=worker))

    def ended(self, threads: Mapping[str, int]) -> Iterator[tuple[Task, Outcome]]:
        """Yields the runs that have ended, and puts those back whose worker is gone."""
        for flight in tuple(self.flights):
            if flight.worker not in threads:
                flight.future.cancel(force=True)
                outcome = self._died(flight.task)
            elif flight.future.status == "pending":
                continue
            else:
                outcome = _outcome(flight.future)
                if outcome is None:  # its worker went away with it: the next look sees that
                    continue
            self.flights.remove(flight)
            if outcome is None:
                self.waiting.appendleft(flight.task)
            else:
                yield flight.task, outcome

    def _died(self, task: Task) -> Outcome | None:
        """None where the run is to be tried again."""
        self.deaths[task.name] = deaths = self.deaths.get(task.name, 0) + 1
        return lost(task, f"its worker died {deaths} times during the run") if deaths > RETRIES else None

    def wait(self) -> None:
        """Waits until a run ends, or it is time to look at the workers."""
        if not self.flights:
            time.sleep(LOOKS_S)
            return
        with suppress(TimeoutError), self.client.as_current():
            wait([flight.future for flight in self.flights], timeout=LOOKS_S, return_when="FIRST_COMPLETED")


@dataclass(frozen=True, slots=True)
class _Workers:
    """The workers of a scheduler."""

    client: Any  # of distributed, whose annotations are of its coroutines
    processes: LocalWorkers | None  # of this machine, which are replaced where they die

    def ended(self, tasks: Sequence[Task], told: Told) -> Generator[tuple[Task, Outcome]]:
        """Yields each run with its outcome as they end; as many are at work as workers have threads."""
        campaign, done = _Campaign(self.client, deque(tasks)), 0
        seen_s = time.monotonic()  # when there was a worker last
        try:
            while done < len(tasks):
                if self.processes is not None:
                    self.processes.replace_dead()
                threads = _threads_of(self.client)
                if threads:
                    seen_s = time.monotonic()
                elif self.processes is None and time.monotonic() - seen_s > NO_WORKERS_S:
                    raise InputError(_gone(f"it has had no workers for {NO_WORKERS_S:g} s"))
                for task, outcome in campaign.ended(threads):
                    done += 1
                    yield task, outcome
                campaign.submit(threads)
                if done < len(tasks):
                    at_work = f"{done:,} of {len(tasks):,} runs, {len(campaign.flights):,} at work"
                    told(at_work, done / len(tasks), "")
                    campaign.wait()
        finally:
            with suppress(Exception):
                self.client.cancel([flight.future for flight in campaign.flights], force=True)


def _threads_of(client: Any) -> dict[str, int]:
    """The workers by address, and how many threads each has. Raises InputError where the scheduler is gone."""
    try:
        return dict(client.nthreads())
    except Exception as error:
        raise InputError(_gone(type(error).__name__)) from None


def _outcome(future: Any) -> Outcome | None:
    """What came of a run that has ended; None where its worker went away before it could be asked.

    Raises InputError where the scheduler is gone, or the worker cannot do runs of neurocmc.
    """
    try:
        return outcome_of(json.loads(future.result(timeout=FETCHED_S)))
    except (TimeoutError, KilledWorker):
        return None
    except ImportError as error:
        what = f"a worker cannot do runs of neurocmc ({' '.join(str(error).split())[:120]})"
        raise InputError(Problem("worker-unfit", "--scheduler", what, "install neurocmc on all workers")) from None
    except Exception as error:  # futures that were cancelled, connections that were cut
        raise InputError(_gone(type(error).__name__)) from None


def _gone(reason: str) -> Problem:
    cure = "start it again; the same command continues with the remaining runs"
    return Problem("scheduler-lost", "--scheduler", f"the scheduler is gone ({reason})", cure)


@contextmanager
def _quiet() -> Generator[None]:
    """What Dask tells of its work is not for our page: of what matters we tell ourselves."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
