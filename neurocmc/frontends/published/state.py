"""Finds the state dict of a published microcircuit in what a training script saved, whatever it was wrapped in.

A script may save the state dict itself, or keep it under a name beside its optimiser; and the names of its entries
hold those of the modules around the model or a part of it: `module.` (DataParallel), `_orig_mod.` (torch.compile), or
the attribute of a larger module. Such names say nothing of the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from neurocmc.circuits.archive import Archive, listed, shown
from neurocmc.common.errors import InputError, Problem

HELD_UNDER = ("state_dict", "model_state_dict", "model", "net", "network")
WRAPPERS = ("module", "_orig_mod")  # anywhere in a name, for a part of the model may be wrapped
AROUND = (*WRAPPERS, "model", "net", "network")  # at its beginning
_OWN = ("cmc.", "retina.")  # how entries begin that no other model has


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedState:
    """A state dict by the names that the published model itself gives its entries."""

    entries: Mapping[Any, Any]
    stripped: Mapping[str, int]  # what was left out of names -> of how many


def published_state(archive: Archive) -> Mapping[Any, Any] | None:
    """Returns the state dict in the archive if its names are those of the published model; else None."""
    if "format" in archive.plain:
        return None
    for candidate in (archive.plain, *(archive.plain.get(name) for name in HELD_UNDER)):
        if isinstance(candidate, dict):
            state = cast(dict[Any, Any], candidate)
            if any(isinstance(name, str) and _split(name)[1].startswith(_OWN) for name in state):
                return state
    return None


def unwrapped(state: Mapping[Any, Any], path: Path) -> PublishedState:
    """Returns the state dict without the names of what its model was wrapped in.

    Raises InputError where two entries would then have one name: the file holds two models, or parts of them.
    """
    entries: dict[Any, Any] = {}
    stripped: dict[str, int] = {}
    twice: list[str] = []
    for name, value in state.items():
        wrappers, bare = _split(name) if isinstance(name, str) else ("", name)
        if bare in entries:
            twice.append(name)
        entries[bare] = value
        if wrappers:
            stripped[wrappers] = stripped.get(wrappers, 0) + 1
    if twice:
        what = f"without {listed(stripped)} two entries have one name: {listed(twice)}"
        raise InputError(Problem("name-twice", str(path), what, "save the state dict of one model"))
    return PublishedState(entries=entries, stripped=stripped)


def stripped_text(stripped: Mapping[str, int]) -> str:
    """Returns what was left out of names, in words."""
    return ", ".join(f"{shown(part)} left out of {count:,} names" for part, count in stripped.items())


def _split(name: str) -> tuple[str, str]:
    """What a name holds of wrappers, in a row, and the name that the model itself gives."""
    segments = name.split(".")
    start = next((place for place, segment in enumerate(segments[:-1]) if segment not in AROUND), 0)
    wrappers = [*segments[:start], *(segment for segment in segments[start:] if segment in WRAPPERS)]
    own = [segment for segment in segments[start:] if segment not in WRAPPERS]
    return "".join(f"{segment}." for segment in wrappers), ".".join(own)
