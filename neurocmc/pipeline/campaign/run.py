"""Does all runs of a campaign that are not done yet, and returns what came of each in the order of the plan.

Runs may end in any order: whoever makes a table of them sees the order of the plan alone. A run that is refused does
not end the campaign. An interruption does, and leaves what was done.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.pipeline.campaign.crew import Crew, Told, crew_at, run_named
from neurocmc.pipeline.campaign.kept import Kept
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.task import Outcome, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Who is told of progress, and how a run that is done is put in words."""

    told: Told
    words: Callable[[Task, Outcome], str]


def _no_words(_task: Task, outcome: Outcome) -> str:
    return outcome.state


SILENT = Watching(told=lambda _text, _share, _line: None, words=_no_words)


def run_all(
    tasks: Sequence[Task], place: Place, kept: Kept | None = None, watching: Watching = SILENT
) -> tuple[Outcome, ...]:
    """Does every run that is not kept yet.

    Args:
        tasks: The runs, each of a name of its own.
        place: Where they are done.
        kept: Where outcomes are kept; None keeps none.
        watching: Who is told of progress.

    Returns:
        The outcome of each task, in their order.

    Raises:
        InputError: Where what is kept is of another campaign, a scheduler does not answer, or workers are unfit.
    """
    raise_input_problems(place.problems())
    known: dict[str, Outcome] = {} if kept is None else kept.read(tasks)
    left = [task for task in tasks if task.name not in known]
    if left:
        with crew_at(place, len(left)) as crew:
            known |= done_by(crew, left, kept, watching)
    return tuple(known[task.name] for task in tasks)


def done_by(
    crew: Crew, tasks: Sequence[Task], kept: Kept | None = None, watching: Watching = SILENT
) -> dict[str, Outcome]:
    """Has a crew do runs, keeps what lasts, and returns the outcomes by name. Raises InputError as `run_all`."""
    found: dict[str, Outcome] = {}
    with closing(crew.ended(tasks, watching.told)) as ended:
        for task, outcome in ended:
            if any(problem.id == "worker-unfit" for problem in outcome.problems):
                raise InputError(outcome.problems)
            if kept is not None and outcome.lasting:
                kept.write(task, outcome)
            found[task.name] = outcome
            line = f"{run_named(len(found), len(tasks), task)}: {watching.words(task, outcome)}"
            watching.told(line, len(found) / len(tasks), line)
    return found


def raise_first(outcomes: Sequence[Outcome]) -> None:
    """Raises what kept a run from being done, the first in the order of the plan, where all are needed.

    A defect is raised as RuntimeError: it is no fault of the user's.
    """
    for outcome in outcomes:
        if outcome.state == "defect":
            problem: Problem = outcome.problems[0]
            raise RuntimeError(f"{problem.where}: {problem.what}")
        outcome.raise_if_not_done()
