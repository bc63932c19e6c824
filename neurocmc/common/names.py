"""Finds free names for what a pass adds, and the known name that a person who mistyped one meant."""

from collections.abc import Container, Iterable
from difflib import get_close_matches
from itertools import count

ALIKE = 0.6  # share of the letters that two names must have in common


def free_name(name: str, taken: Container[str]) -> str:
    """Returns `name` if nothing has it, else the first of `name2`, `name3`, ... that nothing has."""
    return next(free for n in count(1) if (free := name if n == 1 else f"{name}{n}") not in taken)


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Returns the cure for a name that is not known: the nearest one, or the list of all; never empty."""
    names = sorted(set(known))
    if near := did_you_mean(name, names):
        return near.rstrip()
    return f"known names: {', '.join(names)}" if names else "leave it out: there is none"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns "did you mean X? ", to stand before another cure; "" where no known name is near."""
    close = get_close_matches(name, sorted(set(known)), n=1, cutoff=ALIKE)
    return f"did you mean {close[0]}? " if close else ""
