"""Takes the parts of a level that some populations have a share in: what pages of large circuits leave out."""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.names import nearest_name

L = TypeVar("L", bound=Any)  # a level with populations, projections and inputs


def excerpt(level: L, patterns: Sequence[str]) -> L:
    """Returns a level with some populations alone, and all projections and inputs that begin or end there.

    It is for reading: its projections may name populations that it has not.

    Args:
        level: A rate circuit, spiking network, integer network or program of cores.
        patterns: Names of populations, or patterns of these as of files (`wta*`). None: all of them.

    Returns:
        The level itself without a pattern.

    Raises:
        InputError: For each pattern that no population has.

    Example:
        >>> circuit = neurocmc.load("models/two-state.yaml").circuit
        >>> [population.name for population in excerpt(circuit, ["x*"]).populations]
        ['x']
    """
    if not patterns:
        return level
    names = [population.name for population in level.populations]
    if missing := [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]:
        raise InputError(_unknown(pattern, names) for pattern in missing)
    chosen = {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}
    return replace(
        level,
        populations=tuple(p for p in level.populations if p.name in chosen),
        projections=tuple(p for p in level.projections if {p.source, p.target} & chosen),
        inputs=tuple(given for given in level.inputs if given.target in chosen),
    )


def _unknown(pattern: str, names: Sequence[str]) -> Problem:
    what = f"no population is called {pattern!r}"
    return Problem("population-unknown", "NAME", what, f"{nearest_name(pattern, names)}; a * stands for any letters")
