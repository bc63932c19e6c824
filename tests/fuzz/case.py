"""A case: files that were written into a folder, and the one command that reads them."""

from dataclasses import dataclass
from pathlib import Path
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a kind of file put into a folder. Paths are relative to it: a case is the same wherever it is made."""

    what: str  # the mutation in words
    arguments: tuple[str, ...]  # of `neurocmc`
    writes: tuple[str, ...] = ()  # patterns of what the command may write, see fnmatch
    keeps: tuple[str, ...] = ()  # of those, what it may write and then refuse
    training: bool = False  # what is accepted is trained, which takes its time: it ends where training begins
    oracle: str = ""  # how to look at what was accepted: "recurrences", "ranc", "verify" or not at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case of a campaign, by its seed and number."""

    seed: int
    number: int
    kind: str
    made: Made
    folder: Path


def random_of(seed: int, number: int) -> Random:
    """The random numbers of one case: the same for the same seed and number, whatever ran before."""
    return Random(f"{seed}:{number}")
