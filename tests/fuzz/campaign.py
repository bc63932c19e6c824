"""A campaign: cases by number on several workers, each verdict a line of a file from which it can go on."""

import json
import multiprocessing
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.corpus import Corpus, make_corpus

AHEAD = 8  # cases that wait for each worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which cases, and where they are worked on."""

    seed: int
    cases: int
    workers: int
    real: int  # of the cases, run as processes of their own
    folder: Path
    name: str  # of its files in the folder

    @property
    def corpus(self) -> Path:
        return self.folder / "corpus"

    @property
    def verdicts(self) -> Path:
        return self.folder / f"{self.name}.jsonl"

    @property
    def kills(self) -> Path:
        return self.folder / f"{self.name}-kills.jsonl"

    @property
    def kept(self) -> Path:
        return self.folder / f"{self.name}-broken"

    def is_real(self, number: int) -> bool:
        """Whether a case is one of the real processes, which are spread over the campaign."""
        return self.real > 0 and number % max(1, self.cases // self.real) == 0


def known(plan: Plan) -> dict[int, dict[str, Any]]:
    """The verdicts that an earlier call wrote; a line that a kill cut short is none."""
    found: dict[int, dict[str, Any]] = {}
    if plan.verdicts.exists():
        for line in plan.verdicts.read_text().splitlines():
            try:
                verdict = json.loads(line)
            except ValueError:
                continue
            found[verdict["number"]] = verdict
    return found


def run(plan: Plan, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    """The verdicts on cases, as they come, each written before it is yielded."""
    shutil.rmtree(plan.folder / "scratch", ignore_errors=True)  # of workers that were killed
    make_corpus(plan.corpus)
    with plan.verdicts.open("a") as stream:
        for verdict in _verdicts(plan, numbers):
            stream.write(json.dumps(verdict) + "\n")
            stream.flush()
            yield verdict


def _verdicts(plan: Plan, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(plan.workers, context, _begin, (plan,)) as workers:
        waiting: set[Future[dict[str, Any]]] = set()
        for number in numbers:
            waiting.add(workers.submit(_judge, number))
            if len(waiting) >= AHEAD * plan.workers:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in waiting)


@dataclass
class _Worker:
    """What a worker process keeps between cases."""

    plan: Plan
    corpus: Corpus
    scratch: Path
    stack: ExitStack


_worker: list[_Worker] = []


def _begin(plan: Plan) -> None:
    import os

    from tests.fuzz.sandbox import warm

    scratch = plan.folder / "scratch" / str(os.getpid())
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    stack = ExitStack()
    stack.callback(shutil.rmtree, scratch, ignore_errors=True)
    stack.enter_context(warm(plan.corpus, scratch))
    _worker.append(_Worker(plan, Corpus(plan.corpus), scratch, stack))


def _judge(number: int) -> dict[str, Any]:
    from tests.fuzz.running import judge

    worker = _worker[0]
    plan = worker.plan
    verdict = judge(plan.seed, number, worker.corpus, worker.scratch, real=plan.is_real(number), keep=plan.kept)
    return verdict.as_json()


def run_kills(plan: Plan, commands: Iterable[str], every: int) -> Iterator[dict[str, Any]]:
    """Kills of commands before every so-manieth event, those that an earlier call wrote down first."""
    make_corpus(plan.corpus)
    done = [json.loads(line) for line in plan.kills.read_text().splitlines()] if plan.kills.exists() else []
    yield from done
    context = multiprocessing.get_context("spawn")
    parts = 1 if plan.workers == 1 else 4 * plan.workers  # of the kills of a command; each runs it twice without one
    with plan.kills.open("a") as stream, ProcessPoolExecutor(plan.workers, context, _begin, (plan,)) as workers:
        waiting = [
            workers.submit(
                _kill,
                name,
                1 + part * every,
                every * parts,
                {kill["event"] for kill in done if kill["command"] == name},
            )
            for name in commands
            for part in range(parts)
        ]
        for future in as_completed(waiting):
            for kill in future.result():
                stream.write(json.dumps(kill) + "\n")
                stream.flush()
                yield kill


def _kill(name: str, first: int, every: int, known_events: set[int]) -> list[dict[str, Any]]:
    from tests.fuzz.kills import kills

    worker = _worker[0]
    found = kills(name, worker.corpus, worker.scratch, first=first, every=every, known=known_events)
    return [asdict(kill) for kill in found]


def counts(verdicts: Iterable[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """How often each kind came to each outcome."""
    return Counter((verdict["kind"], verdict["outcome"]) for verdict in verdicts)
