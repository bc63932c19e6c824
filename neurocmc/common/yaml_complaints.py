"""Puts pydantic's complaints in our words, with the nearest known name as cure."""

import json
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from neurocmc.common.errors import FieldError
from neurocmc.common.names import nearest_name

Model = TypeVar("Model", bound=BaseModel)
FieldPath = tuple[str | int, ...]

MAX_FAULTS = 20
MAX_SHOWN = 60
_WORDS = (
    ("Input should", "should"),
    ("Value error, ", ""),
    ("a valid dictionary", "a mapping"),
    ("an object", "a mapping"),
    ("a valid array", "a list"),
    ("a valid string", "text"),
    ("a valid boolean", "true or false"),
    ("Tuple should have", "should have"),
    ("List should have", "should have"),
    ("Dictionary should have", "should have"),
    ("String should have", "should have"),
    ("String should match", "should match"),
    (" after validation", ""),
)
# Kinds of pydantic's complaints, by how they begin, and what to write instead.
_OF_KINDS: Mapping[str | tuple[str, ...], str] = {
    "int_": "write a whole number, without quotes",
    "float_": "write a number, without quotes",
    "finite_number": "write a finite number",
    "bool_": "write true or false, without quotes",
    "string_type": "write text, in quotes where it looks like a number",
    ("model_", "dict_", "mapping_"): "write its fields, each as `name: value`",
    ("list_", "tuple_"): "write a list, such as [1, 2]",
    "none_required": "leave the value out",
}
_OTHERWISE = "change the value, or leave the field out"
_OF_LIMITS: Mapping[str, tuple[str, str]] = {  # kind -> which limit of its context, and the words around it
    "greater_than": ("gt", "give more than {}"),
    "greater_than_equal": ("ge", "give {} or more"),
    "less_than": ("lt", "give less than {}"),
    "less_than_equal": ("le", "give {} or less"),
    "multiple_of": ("multiple_of", "give a multiple of {}"),
    "too_short": ("min_length", "give at least {}"),
    "too_long": ("max_length", "give at most {}"),
    "string_too_short": ("min_length", "write at least {} characters"),
    "string_too_long": ("max_length", "write at most {} characters"),
}
_OF_PATTERNS: Mapping[str, str] = {
    r"^[A-Za-z][A-Za-z0-9_-]*$": "begin with a letter; then letters, digits, _ and - may stand",
    r"^[A-Za-z][A-Za-z0-9_-]*([.][A-Za-z0-9_-]+)*$": (
        "begin with a letter; then letters, digits, _ and - may stand, and between them single dots"
    ),
    r"^[a-z][a-z0-9_-]*$": "begin with a small letter; then small letters, digits, _ and - may stand",
    r"^[^\x00-\x1f\x7f]+$": "leave line breaks and other control characters out",
    r"^([0-9a-f]{2})*$": "write pairs of the digits 0 to 9 and a to f",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One complaint about the field at `path`; `branch` is (where a union stands, which of its kinds complains)."""

    id: str
    path: FieldPath
    what: str
    cure: str
    branch: tuple[FieldPath, str] | None = None


def checked(data: Mapping[str, Any], model: type[Model]) -> tuple[Model | None, tuple[Fault, ...]]:
    """Returns `data` as an instance of `model`, or None and the reasons (at most MAX_FAULTS, then how many more).

    Values go through JSON: only there does pydantic's strict mode take a list for a tuple, and a text for an enum.
    """
    try:
        return model.model_validate_json(json.dumps(data)), ()
    except ValidationError as error:
        details = error.errors(include_url=False)
    faults = list(_best_branches([_fault(detail, data, model) for detail in _own_faults(details)]))
    if (left_out := len(faults) - MAX_FAULTS) > 0:
        faults = [
            *faults[:MAX_FAULTS],
            Fault("more-faults", (), f"{left_out} more errors are not shown", "fix these first"),
        ]
    return None, tuple(faults)


def shown(value: Any) -> str:
    """Returns `value` as an error message shows it: one short line."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def _own_faults(details: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """All but the complaints that a list is too short once its bad entries are left out: those are named already."""
    above = {detail["loc"][:depth] for detail in details for depth in range(len(detail["loc"]))}
    return (detail for detail in details if detail["type"] != "too_short" or detail["loc"] not in above)


def _fault(detail: ErrorDetails, data: Mapping[str, Any], model: type[BaseModel]) -> Fault:
    path, branch = _locate(detail, data)
    kind, got = detail["type"], detail["input"]
    if kind == "missing":
        return Fault("field-missing", path, "is missing", "add it", branch)
    if kind == "extra_forbidden":
        cure = nearest_name(str(path[-1]), _names_at(model, path[:-1]))
        return Fault("field-unknown", path, f"unknown field (got {shown(got)})", cure, branch)
    what = detail["msg"]
    for theirs, ours in _WORDS:
        what = what.replace(theirs, ours)
    cure = cure_of(kind, got, detail.get("ctx", {}))
    if "[key]" in detail["loc"]:
        return Fault("field-wrong", path, f"the name {what}", cure, branch)
    fault = "field-inconsistent" if isinstance(detail.get("ctx", {}).get("error"), FieldError) else "field-wrong"
    return Fault(fault, path, f"{what} (got {shown(got)})", cure, branch)


def cure_of(kind: str, got: Any, context: Mapping[str, Any]) -> str:
    """Returns what to write instead, from the kind of complaint and the limit that belongs to it."""
    match kind, context.get("error"):
        case "value_error", FieldError() as error:
            return error.cure
        case (("literal_error" | "enum"), _):
            choices = [choice.strip("'") for choice in context["expected"].replace(" or ", ", ").split(", ")]
            near = nearest_name(str(got), choices) if isinstance(got, str) else ""
            return near if near.startswith("did you") else f"use one of: {', '.join(choices)}"
        case "string_pattern_mismatch", _:
            return _OF_PATTERNS.get(context["pattern"], f"write what matches {context['pattern']}")
        case _ if kind in _OF_LIMITS:
            limit, words = _OF_LIMITS[kind]
            value = context[limit]
            return words.format(f"{value:,}" if isinstance(value, int) else f"{value:g}")
        case _:
            return next((words for kinds, words in _OF_KINDS.items() if kind.startswith(kinds)), _OTHERWISE)


def _locate(detail: ErrorDetails, data: Any) -> tuple[FieldPath, tuple[FieldPath, str] | None]:
    """The path in the document, without the names of union branches that pydantic puts between."""
    path: FieldPath = ()
    branch: tuple[FieldPath, str] | None = None
    here = data
    for depth, part in enumerate(detail["loc"], start=1):
        if isinstance(here, dict) and part in here:
            here = cast(dict[str | int, Any], here)[part]
            path = (*path, part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(cast(list[Any], here)):
            here = cast(list[Any], here)[part]
            path = (*path, part)
        elif detail["type"] == "missing" and depth == len(detail["loc"]):
            path = (*path, part)
        elif part != "[key]" and branch is None:
            branch = (path, str(part))
    return path, branch


def _best_branches(faults: Sequence[Fault]) -> Iterator[Fault]:
    """Of a union only what its most plausible kind says: the one that got deepest into the value."""
    told: set[FieldPath] = set()
    for fault in faults:
        if fault.branch is None:
            yield fault
            continue
        site = fault.branch[0]
        if site in told:
            continue
        told.add(site)
        kinds: dict[str, list[Fault]] = {}
        for other in faults:
            if other.branch is not None and other.branch[0] == site:
                kinds.setdefault(other.branch[1], []).append(other)
        best = max(kinds.values(), key=lambda group: (max(len(entry.path) for entry in group), -len(group)))
        if all(entry.path == site for entry in best):
            wanted = [group[0].what.partition(" (got ")[0].removeprefix("should be ") for group in kinds.values()]
            got = fault.what.partition(" (got ")[2]
            cures = ", or ".join(dict.fromkeys(group[0].cure for group in kinds.values()))
            yield replace(fault, what=f"should be {' or '.join(dict.fromkeys(wanted))} (got {got}", cure=cures)
        else:
            yield from best


def _names_at(annotation: Any, path: FieldPath) -> Iterator[str]:
    """The field names that `annotation` allows at `path`, over all kinds of its unions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {entry.alias or name: entry.annotation for name, entry in annotation.model_fields.items()}
        if not path:
            yield from fields
        elif path[0] in fields:
            yield from _names_at(fields[str(path[0])], path[1:])
        return
    arguments = get_args(annotation)
    match get_origin(annotation):
        case None:
            return
        case origin if origin in (Union, types.UnionType):
            for argument in arguments:
                yield from _names_at(argument, path)
        case origin if origin is Annotated:
            yield from _names_at(arguments[0], path)
        case _ if path and arguments:
            # A mapping's values or a list's entries: the last type that is not the "..." of a tuple.
            entry = [argument for argument in arguments if argument is not Ellipsis][-1]
            yield from _names_at(entry, path[1:])
        case _:
            return
