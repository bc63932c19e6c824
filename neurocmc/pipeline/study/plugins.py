"""Finds what a study names, families, measures and pictures: built in, of another distribution, or in one's own file.

A study names one by its name alone, as FILE.py:NAME, or as MODULE:NAME. Files lie beside the study, and are known by
their content: what a changed file would measure is not mixed with what it measured before.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from neurocmc.common.errors import InputError, NeurocmcError, Problem
from neurocmc.common.files import sha256_of
from neurocmc.common.names import nearest_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of what can be added, and those that come along."""

    called: str  # "measure"
    group: str  # of entry points
    built_in: Mapping[str, str]  # name -> "module:attribute"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlugIn:
    """Something that was named: where it is, and for a file what is in it."""

    name: str  # as the study has it
    place: str  # "module:attribute" or "/folder/file.py:attribute"
    sha256: str = ""  # of the file

    @property
    def known_by(self) -> dict[str, str]:
        """What a run that uses it depends on."""
        return {"name": self.name, "sha256": self.sha256}


def found(named: str, folder: Path, kind: Kind) -> PlugIn:
    """Returns what a study in `folder` names, which is imported to see that it is there. Raises InputError."""
    module, colon, attribute = named.partition(":")
    if not colon:
        plug = PlugIn(name=named, place=_installed(named, kind))
    elif module.endswith(".py"):
        path = (folder / module).absolute()
        plug = PlugIn(name=named, place=f"{path}:{attribute}", sha256=sha256_of(path))
    else:
        plug = PlugIn(name=named, place=named)
    loaded(plug.place, plug.sha256, kind.called)
    return plug


def loaded(place: str, sha256: str, called: str) -> Any:
    """Returns what is at a place. Raises InputError where there is nothing, or the file is another by now."""
    module, _, attribute = place.rpartition(":")
    try:
        home = _module_of(module, sha256) if module.endswith(".py") else import_module(module)
        return getattr(home, attribute)
    except NeurocmcError:
        raise
    except AttributeError:
        what = f"{module} has no {attribute!r}"
        raise InputError(Problem("plug-in-unknown", f"{called} {place}", what, "check the name")) from None
    except ModuleNotFoundError as error:
        what = f"there is no module {error.name!r}"
        cure = "install it where neurocmc is, or name a file beside the study: FILE.py:NAME"
        raise InputError(Problem("plug-in-unknown", f"{called} {place}", what, cure)) from None
    except Exception as error:
        raise InputError(broken(f"{called} {place}", "cannot be imported", error)) from None


def function_of(plug: PlugIn, kind: Kind, does: str) -> Callable[..., Any]:
    """Returns the function that a plug-in is, which `does` something. Raises InputError where it cannot be called."""
    function = loaded(plug.place, plug.sha256, kind.called)
    if not callable(function):
        what = f"is no function but a {type(function).__name__}"
        raise InputError(
            Problem("plug-in-unknown", f"{kind.called} {plug.name}", what, f"name the function that {does}")
        )
    return function


def broken(where: str, what: str, error: Exception) -> Problem:
    """Returns the problem of a plug-in that failed."""
    reason = (str(error).splitlines() or [""])[0][:200]
    return Problem(
        "plug-in-broken", where, f"{what} ({type(error).__name__}: {reason})", "fix it: it is not part of neurocmc"
    )


@lru_cache(maxsize=64)
def _module_of(path: str, sha256: str) -> Any:
    """The module in a file, executed once a content."""
    if sha256_of(Path(path)) != sha256:
        what = "is not the file that it was when the study began, or is another on this worker"
        cure = "leave it alone while a study runs, and give all workers the same"
        raise InputError(Problem("run-input-changed", path, what, cure))
    name = f"neurocmc_study_{sha256[:16]}"
    spec = spec_from_file_location(name, path)
    assert spec is not None  # of a .py there always is one
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of the file look themselves up there
    spec.loader.exec_module(module)
    return module


def names_of(kind: Kind) -> list[str]:
    """Returns what can be named alone: built in, or of another distribution."""
    return sorted({*kind.built_in, *(entry.name for entry in entry_points(group=kind.group))})


def _installed(name: str, kind: Kind) -> str:
    """Where something of a name alone is. Raises InputError naming those that there are."""
    if name in kind.built_in:
        return kind.built_in[name]
    added = sorted(entry_points(group=kind.group), key=lambda entry: (entry.name, entry.value))
    places = {entry.name: entry.value for entry in reversed(added)}
    if name in places:
        return places[name]
    known = names_of(kind)
    near = nearest_name(name, known)
    listed = f"known are {', '.join(known)}; or name one of your own, FILE.py:NAME"
    cure = f"{near} ({listed})" if near.startswith("did you") else listed
    raise InputError(Problem("plug-in-unknown", f"{kind.called} {name}", f"there is no {kind.called} {name!r}", cure))
