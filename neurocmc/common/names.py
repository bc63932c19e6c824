"""Finds free names for what a pass adds beside what a person named."""

from collections.abc import Container
from itertools import count


def free_name(name: str, taken: Container[str]) -> str:
    """Returns `name` if nothing has it, else the first of `name2`, `name3`, ... that nothing has."""
    return next(free for n in count(1) if (free := name if n == 1 else f"{name}{n}") not in taken)
