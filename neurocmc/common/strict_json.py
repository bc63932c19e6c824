"""Reads JSON strictly: one object of bounded size, no key twice, no NaN; a pydantic model says what it holds.

Where `strict_yaml` names a line, JSON written by programs has few: a fault names the path of keys to its place::

    corelets.json: cores[3].crossbar[7]: should be greater than or equal to 0 (got -1)
"""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.opening import JSON, FileKind, read_bytes
from neurocmc.common.strict_yaml import FieldPath, field_name
from neurocmc.common.yaml_complaints import checked

Model = TypeVar("Model", bound=BaseModel)


def read_json(path: Path, kind: FileKind = JSON, cure: str = "") -> dict[str, Any]:
    """Returns the object at the top of a JSON file of some kind.

    Raises InputError where the file cannot be had (see `opening`), is not well-formed UTF-8 JSON, names a key twice
    in one object, or has no object at the top; `cure` says what to do then.
    """
    cure = cure or f"check that it is {kind.called}"
    content = read_bytes(path, kind)
    try:
        document = parsed(content)
    except RecursionError:
        raise InputError(Problem("nested-too-deeply", str(path), "is nested too deeply", cure)) from None
    except ValueError as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(Problem("json-malformed", str(path), f"is not well-formed JSON ({reason})", cure)) from None
    if not isinstance(document, dict):
        raise InputError(Problem("not-a-mapping", str(path), "an object is needed at the top", cure))
    return document


def parsed(content: bytes) -> Any:
    """Returns what UTF-8 JSON holds, of any kind. Raises ValueError, or RecursionError where nested too deeply."""
    return json.loads(content.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_unique)


def validated(path: Path, data: dict[str, Any], model: type[Model]) -> Model:
    """Returns `data`, read from `path`, as an instance of `model`. Raises InputError with the key of every fault."""
    try:
        instance, faults = checked(data, model)
    except RecursionError:  # lists deep enough to be read but not to be written again
        raise InputError(
            Problem("nested-too-deeply", str(path), "is nested too deeply", "check that it is the correct file")
        ) from None
    if any(not fault.path and fault.what.startswith("Invalid JSON") for fault in faults):
        # Python's reader lets half of a character through, pydantic's does not.
        raise InputError(
            Problem("text-not-unicode", str(path), "holds a text that is not Unicode", "write its characters in full")
        )
    if instance is None:
        raise InputError(problem_at(fault.id, path, fault.path, fault.what, fault.cure) for fault in faults)
    return instance


def problem_at(fault: str, path: Path, keys: FieldPath, what: str, cure: str) -> Problem:
    """Returns a Problem at the place that `keys` lead to in a file."""
    name = field_name(keys)
    return Problem(fault, f"{path}: {name}" if name else str(path), what, cure)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found
