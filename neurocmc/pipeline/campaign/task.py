"""Says what a run of a campaign is to do, and what came of it: plain data, which any process can be sent.

What travels between processes are names, texts and numbers as JSON. What decides the result of a run (`what`) is kept
apart from where its files are on this machine (`where`), so that the same campaign in another folder is the same.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from neurocmc.common.errors import InfeasibleError, InputError, Problem

State = Literal["done", "refused", "lost", "defect"]
MACHINES_OWN = ("memory-short", "system-refused")  # refusals that another machine, or a later hour, may not repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run: its name, which function does it, and what that is called with."""

    name: str  # of the run, which is that of its file as well
    work: str  # "module:function", called with `what`, `where` and a Progress; returns a mapping
    what: Mapping[str, Any]  # what decides the result, as JSON has it
    where: Mapping[str, str] = field(default_factory=dict[str, str])  # name -> path of what it reads and writes

    def sent(self, version: str) -> bytes:
        """Returns what a worker is sent; it refuses the work of another version of neurocmc."""
        order = {"work": self.work, "what": self.what, "where": self.where, "neurocmc": version}
        return json.dumps(order, allow_nan=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run: its value, why it was refused, or that it, or its workers, failed."""

    state: State
    value: Mapping[str, Any] = field(default_factory=dict[str, Any])  # of a run that is done
    problems: tuple[Problem, ...] = ()  # of one that is not
    infeasible: bool = False  # whether a chip refused it, not its input

    @property
    def lasting(self) -> bool:
        """Whether the run would come to the same again, so that it need not be done again."""
        return self.state == "done" or (
            self.state == "refused" and not any(problem.id in MACHINES_OWN for problem in self.problems)
        )

    def raise_if_not_done(self) -> None:
        """Raises InputError or InfeasibleError with the problems of a run that is not done."""
        if self.state != "done":
            raise (InfeasibleError if self.infeasible else InputError)(self.problems)

    def as_json(self) -> dict[str, Any]:
        """Returns plain values, which `outcome_of` reads."""
        problems = [asdict(problem) for problem in self.problems]
        return {"state": self.state, "value": self.value, "problems": problems, "infeasible": self.infeasible}


def outcome_of(plain: Mapping[str, Any]) -> Outcome:
    """Returns the outcome that `Outcome.as_json` wrote."""
    problems = tuple(Problem(**entry) for entry in plain["problems"])
    return Outcome(state=plain["state"], value=plain["value"], problems=problems, infeasible=plain["infeasible"])


def lost(task: Task, what: str) -> Outcome:
    """Returns the outcome of a run whose workers died while they did it."""
    cure = "give workers more memory, or fewer of them (--workers); the same command continues with the other runs"
    return Outcome(state="lost", problems=(Problem("run-lost", f"run {task.name}", what, cure),))


def worst_state(outcomes: Sequence[Outcome]) -> State:
    """Returns the state that decides how a command ends: a defect before a loss, and that before a refusal."""
    order: tuple[State, ...] = ("done", "refused", "lost", "defect")
    return order[max((order.index(outcome.state) for outcome in outcomes), default=0)]
