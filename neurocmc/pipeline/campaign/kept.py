"""Keeps the outcome of every run on disk, each in a file of its own, whole or not there.

What is kept is compared with what is asked for, to the last number, before it counts: results of another campaign,
another version or altered files are refused in one message, never mixed in. Nothing in it is executed.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from neurocmc.common.catalogue import is_known
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import json_text, write_file
from neurocmc.common.opening import RUN
from neurocmc.common.strict_json import problem_at, read_json
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.common.yaml_complaints import checked
from neurocmc.pipeline.campaign.task import Outcome, Task, outcome_of

FORMAT = "neurocmc-run"
AGAIN = "delete it; its run is then repeated"
Text = Annotated[str, Field(max_length=20_000)]


class _KeptProblem(StrictModel):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]
    where: Text
    what: Text
    cure: Annotated[str, Field(min_length=1, max_length=20_000)]


class _KeptOutcome(StrictModel):
    state: Literal["done", "refused"]
    value: dict[str, Any]
    problems: list[_KeptProblem]
    infeasible: bool


class _KeptRun(StrictModel):
    format: Literal["neurocmc-run"]
    neurocmc: str
    work: str
    what: dict[str, Any]
    outcome: _KeptOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A folder of outcomes, a file a run."""

    folder: Path
    version: str  # of neurocmc
    values: Mapping[str, type[StrictModel]]  # work of a task -> what its value must be

    def path(self, task: Task) -> Path:
        """Returns the file of a run."""
        return self.folder / f"{task.name}.json"

    def read(self, tasks: Iterable[Task]) -> dict[str, Outcome]:
        """Returns the outcomes that are there, by name of the run.

        Raises InputError where a file is damaged, or of another campaign than these tasks are.
        """
        found: dict[str, Outcome] = {}
        others: list[Problem] = []
        for task in tasks:
            path = self.path(task)
            if not os.path.lexists(path):
                continue
            run = _read(path)
            if (difference := self._difference(run, task)) is not None:
                cure = "name another output folder, or delete this one to start from the beginning"
                others.append(Problem("campaign-other", str(path), difference, cure))
            else:
                found[task.name] = self._outcome(run, path)
        if others:
            first, more = others[0], len(others) - 1
            what = f"{first.what}; so are {more:,} more" if more else first.what
            raise InputError(Problem(first.id, first.where, what, first.cure))
        return found

    def write(self, task: Task, outcome: Outcome) -> None:
        """Keeps the outcome of a run. Raises InputError where it cannot be written."""
        content = {
            "format": FORMAT,
            "neurocmc": self.version,
            "work": task.work,
            "what": task.what,
            "outcome": outcome.as_json(),
        }
        write_file(self.path(task), json_text(content))

    def _outcome(self, run: _KeptRun, path: Path) -> Outcome:
        """The outcome, whose value is checked: an altered one must not be tabled. Raises InputError."""
        if run.outcome.state == "done":
            value, faults = checked(run.outcome.value, self.values[run.work])
            if value is None:
                raise InputError(
                    problem_at(fault.id, path, ("outcome", "value", *fault.path), fault.what, AGAIN)
                    for fault in faults
                )
        return outcome_of(run.outcome.model_dump())

    def _difference(self, run: _KeptRun, task: Task) -> str | None:
        """Says why what is kept is not of the task; None where it is."""
        if run.work != task.work:
            return "is a run of another kind of campaign"
        if run.neurocmc != self.version:
            return f"was run with neurocmc {run.neurocmc}, and this is {self.version}"
        asked: dict[str, Any] = json.loads(json.dumps(task.what))
        if run.what != asked:
            return f"is a run of another campaign: {_named(run.what, asked)} differs"
        return None


def _read(path: Path) -> _KeptRun:
    data = read_json(path, RUN, AGAIN)
    if data.get("format") != FORMAT:
        raise InputError(Problem("run-file-wrong", str(path), "is not the outcome of a run", AGAIN))
    run, faults = checked(data, _KeptRun)
    if run is None:
        raise InputError(problem_at(fault.id, path, fault.path, fault.what, AGAIN) for fault in faults)
    if unknown := [problem.id for problem in run.outcome.problems if not is_known(problem.id)]:
        what = f"{unknown[0]!r} is not an id of an error"
        raise InputError(Problem("run-file-wrong", str(path), what, AGAIN))
    return run


def _named(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """The first thing in which two descriptions differ."""
    return next((name for name in sorted({*kept, *asked}) if kept.get(name) != asked.get(name)), "nothing")
