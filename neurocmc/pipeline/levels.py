"""Writes the levels into `ir/` of an artifact, and checks that each pass leaves them without a fault."""

from pathlib import Path
from typing import TypeVar

from neurocmc.common.errors import Problem
from neurocmc.common.files import write_file
from neurocmc.ir.store import Level, save_level

RATE, STAGED, DIVIDED, SPIKING = (
    "10-rate",
    "15-staged",
    "17-divided",
    "20-spiking",
)  # each family has its own from 30 on
SENSITIVITY = "16-sensitivity"  # of the staged circuit
L = TypeVar("L", bound=Level)


class FaultyPassError(Exception):
    """A pass broke a rule of its own level: a defect of neurocmc, not of the input."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))


def verified(level: L) -> L:
    """Returns the level itself. Raises FaultyPassError where it has a fault."""
    if problems := level.problems():
        raise FaultyPassError(problems)
    return level


def write_level(folder: Path, stem: str, level: Level, text: str) -> None:
    """Writes a level as numbers and as text. Raises InputError where that fails."""
    save_level(level, folder, stem)
    write_file(folder / f"{stem}.txt", text)
