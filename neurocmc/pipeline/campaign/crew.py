"""Says who does runs: this process, one after the other, or workers, as many at once as there are."""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from neurocmc.common.progress import Progress
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.task import Outcome, Task, outcome_of
from neurocmc.pipeline.campaign.work import own_version, perform

Told = Callable[[str, float, str], None]  # text beside the bar, share done, a line for what is done, or ""


class Crew(Protocol):
    """Whoever does runs; it may be asked again and again."""

    def ended(self, tasks: Sequence[Task], told: Told) -> Generator[tuple[Task, Outcome]]:
        """Yields each run with its outcome, in the order in which they end."""
        ...


def crew_at(place: Place, runs: int) -> AbstractContextManager[Crew]:
    """Returns the crew of a place for so many runs at once; worker processes live as long as the block."""
    if place.scheduler is None and not place.for_runs(runs):
        return _here()
    from neurocmc.pipeline.campaign.cluster import workers_at  # here and not above: Dask is for those who use it

    return workers_at(place, runs)


@contextmanager
def _here() -> Generator[Crew]:
    yield _Here()


class _Here:
    """This process."""

    def ended(self, tasks: Sequence[Task], told: Told) -> Generator[tuple[Task, Outcome]]:
        """Does one run after the other, and tells how far each is."""
        for index, task in enumerate(tasks):
            name = run_named(index + 1, len(tasks), task)
            told(name, index / len(tasks), "")
            order = task.sent(own_version())
            yield task, outcome_of(json.loads(perform(order, _within(told, name, index, len(tasks)))))


def run_named(number: int, of: int, task: Task) -> str:
    """Returns how progress names a run."""
    return f"run {number:,} of {of:,}, {task.name}"


def _within(told: Told, name: str, index: int, of: int) -> Progress:
    return lambda stage, share: told(f"{name}: {stage}", (index + min(share, 1.0)) / of, "")
