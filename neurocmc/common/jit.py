"""Compiles the hot loops with numba and keeps the result on disk where there is a place for it, else in memory.

Every kernel is decorated with `jit`. What numba compiled stands beside the module, in the user's cache, or in
NUMBA_CACHE_DIR; where none of them can be written (a package owned by another, no home, a full disk) each process
compiles anew, which costs seconds and changes no result.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

import numba
from numba.core.caching import FunctionCache

F = TypeVar("F", bound=Callable[..., Any])


class KernelCache(FunctionCache):
    """numba's own cache, which is never a reason to fail: what it cannot read or write is compiled."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # an entry cut short, or written by another numba, can fail in any way
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        # An index that cannot be read cannot be added to either.
        with suppress(Exception):
            super().save_overload(sig, data)


def jit(*, nogil: bool = False, inline: Literal["never", "always"] = "never") -> Callable[[F], F]:
    """Decorates a function for numba's nopython mode, cached on disk where that is possible."""

    def compiled(function: F) -> F:
        dispatcher: Any = numba.njit(nogil=nogil, inline=inline)(function)
        # With NUMBA_DISABLE_JIT it is the function itself, which compiles nothing.
        if dispatcher is not function and (cache := _cache_of(function)) is not None:
            dispatcher._cache = cache
        return dispatcher

    return compiled


def _cache_of(function: Callable[..., Any]) -> KernelCache | None:
    """The cache of a function; None where no place for it can be written."""
    beside = Path(function.__code__.co_filename).parent
    named = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    try:
        if not named and not os.access(beside, os.W_OK):
            Path.home()  # it raises where there is none: numba would make a folder called "~" where one happens to be
        return KernelCache(function)
    except (RuntimeError, OSError):  # what numba raises where it finds no place
        return None
