"""Defines errors that a person can act on: faults are values, gathered first, then raised once.

Everything that is the user's to mend (a damaged checkpoint, a misspelled field, a circuit too large for the chip)
is a `Problem` with an id, a place, a fact and a cure. The id names the fault and stays when words change: tests,
scripts and `docs/errors.md` go by it. The command line prints problems and leaves with exit code 2; a traceback
always means a defect of neurocmc itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from neurocmc.common.catalogue import is_known
from neurocmc.common.printable import printable


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault, addressed to a place that a person can open."""

    id: str  # "neurons-beyond-limit", one of neurocmc.common.catalogue
    where: str  # "targets/mine.yaml:10", "projection excite->inhibit"
    what: str  # "1,088,512 synapse bits, limit 1,048,576 on one core"
    cure: str  # "use --neurons 48, or split the population"

    def __post_init__(self) -> None:
        if not is_known(self.id):
            raise ValueError(f"the catalogue of errors has no {self.id!r}: {self.where}: {self.what}")
        if not self.cure.strip():
            raise ValueError(f"a Problem needs a cure: {self.where}: {self.what}")

    def __str__(self) -> str:
        return f"{printable(self.where)}: {printable(self.what)} [{self.id}]\n    cure: {printable(self.cure)}"

    def inside(self, place: object) -> Self:
        """Returns the same fault of something that was read from `place`, which is put before where it is."""
        return replace(self, where=f"{place}: {self.where}")


class FieldError(ValueError):
    """A fault that the validator of a schema finds, with its cure; to pydantic it is any ValueError."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.cure = cure


class NeurocmcError(Exception):
    """Base of everything a user can mend; carries all problems found, not only the first."""

    exit_code = 2
    headline = "neurocmc cannot go on"

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InputError(NeurocmcError):
    """A file or an option that cannot be read as what it should be."""

    headline = "bad input"


class InfeasibleError(NeurocmcError):
    """A well-formed circuit that the target cannot hold, or whose dynamics cannot be kept."""

    headline = "infeasible"


def raise_input_problems(problems: Iterable[Problem]) -> None:
    """Raises one InputError that holds all problems, or returns if there are none."""
    if found := tuple(problems):
        raise InputError(found)


def raise_infeasible(problems: Iterable[Problem]) -> None:
    """Raises one InfeasibleError that holds all problems, or returns if there are none."""
    if found := tuple(problems):
        raise InfeasibleError(found)
