"""Changes to nested plain data, such as a checkpoint's: what a test of damage does to it."""

from collections.abc import Callable
from typing import Any

Change = Callable[[Any], None]


def put(*path: str | int, to: object) -> Change:
    """The entry at `path` becomes `to`."""

    def change(plain: Any) -> None:
        for part in path[:-1]:
            plain = plain[part]
        plain[path[-1]] = to

    return change


def drop(*path: str | int) -> Change:
    """The entry at `path` goes."""

    def change(plain: Any) -> None:
        for part in path[:-1]:
            plain = plain[part]
        del plain[path[-1]]

    return change
