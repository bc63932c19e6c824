"""Reads a Target from a name or a path, checks its YAML to the last number, and takes no number without a source."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, field_validator

from neurocmc.common.errors import FieldError, InputError, Problem
from neurocmc.common.names import nearest_name
from neurocmc.common.resources import resource_folder
from neurocmc.common.strict_yaml import Document, StrictModel, load_document, parse_document
from neurocmc.common.yaml_complaints import Fault, FieldPath, checked
from neurocmc.targets.kinds import TargetSchema, known_kinds, schema_of
from neurocmc.targets.schema import Provenance, Target

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]
Text = Annotated[str, Field(min_length=1)]
Numbers = TypeVar("Numbers", bound=StrictModel)


class Entry(StrictModel):
    """One number of a target and where it comes from; what `value` may be, the kind's schema says."""

    value: Any
    source: Text | Annotated[tuple[Text, ...], Field(min_length=1)]
    note: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,) if isinstance(self.source, str) else self.source


class _TargetFile(StrictModel):
    name: Name
    title: Text
    kind: Name
    aliases: tuple[Name, ...] = ()
    sources: Annotated[dict[Text, Text], Field(min_length=1)]
    limits: dict[str, Entry]
    unverified: tuple[str, ...] = ()


class _FileWithEnergy(_TargetFile):
    energy: Annotated[dict[str, Entry], Field(default_factory=dict)]
    energy_caveat: Text


class _Kind(StrictModel):
    model_config = ConfigDict(extra="ignore")

    kind: Name

    @field_validator("kind")
    @classmethod
    def _is_known(cls, kind: str) -> str:
        if kind not in known_kinds():
            raise FieldError(f"there is no kind {kind!r}", nearest_name(kind, known_kinds()))
        return kind


def load_target(name_or_path: str) -> Target:
    """Returns the target of a name or alias, or of the YAML file at a path.

    Args:
        name_or_path: What ends in .yaml or .yml, or holds a path separator, is a path.

    Returns:
        The target.

    Raises:
        InputError: For an unknown name with the known ones, for a bad file with the line of every fault.

    Example:
        >>> neurocmc.targets.load_target("loihi1").limits.cores_per_chip
        128
    """
    separators = {os.sep, "/", *([os.altsep] if os.altsep else [])}
    if name_or_path.endswith((".yaml", ".yml")) or any(mark in name_or_path for mark in separators):
        return _read(load_document(Path(name_or_path)))
    for target in _bundled():
        if name_or_path == target.name or name_or_path in target.aliases:
            return target
    names = [name for target in _bundled() for name in (target.name, *target.aliases)]
    listed = f"known targets: {', '.join(names)}; or give a path to a .yaml file"
    near = nearest_name(name_or_path, names)
    cure = f"{near} ({listed})" if near.startswith("did you mean") else listed
    raise InputError(Problem("target-unknown", "target", f"no target is named {name_or_path!r}", cure))


def parse_target(text: str, filename: str) -> Target:
    """Returns the target that YAML text describes.

    Args:
        text: The text.
        filename: What errors name as the place.

    Returns:
        The target.

    Raises:
        InputError: With the line of every fault.

    Example:
        >>> neurocmc.targets.parse_target(neurocmc.targets.load_target("loihi2").text, "mine.yaml").name
        'loihi2'
    """
    return _read(parse_document(text, filename))


def known_targets() -> tuple[str, ...]:
    """Returns the names of the bundled targets, without aliases, in alphabetical order."""
    return tuple(target.name for target in _bundled())


@cache
def _bundled() -> tuple[Target, ...]:
    paths = sorted(resource_folder("targets").glob("*.yaml"))
    return tuple(_read(load_document(path)) for path in paths)


def _read(document: Document) -> Target:
    schema = schema_of(document.validate(_Kind).kind)
    assert schema is not None  # _Kind knows the kinds that have one
    if schema.energy is None:
        file, energy = document.validate(_TargetFile), {}
    else:
        file = document.validate(_FileWithEnergy)
        energy = file.energy
    sections = {"limits": file.limits, "energy": energy}
    limits, faults = _numbers("limits", file.limits, schema.limits, schema)
    fields: dict[str, Any] = {"energy": None, "energy_caveat": ""}
    if isinstance(file, _FileWithEnergy) and schema.energy is not None:
        fields["energy"], energy_faults = _numbers("energy", energy, schema.energy, schema)
        fields["energy_caveat"] = " ".join(file.energy_caveat.split())
        faults = (*faults, *energy_faults)
    faults = [*faults, *_source_faults(file, sections)]
    if faults or limits is None:
        raise _error(document, faults)
    return schema.target(
        name=file.name,
        title=file.title,
        aliases=file.aliases,
        limits=limits,
        provenance=_provenance(file, {**file.limits, **energy}),
        text=document.text,
        **fields,
    )


def _numbers(
    section: str, entries: Mapping[str, Entry], model: type[Numbers], schema: TargetSchema
) -> tuple[Numbers | None, tuple[Fault, ...]]:
    """The plain numbers of a section, or the faults at the places of their values in the file."""
    numbers, faults = checked({name: entry.value for name, entry in entries.items()}, model)
    return numbers, tuple(replace(fault, path=_in_file(section, fault.path, entries, schema)) for fault in faults)


def _in_file(section: str, path: FieldPath, entries: Mapping[str, Entry], schema: TargetSchema) -> FieldPath:
    """Where in the file the plain number at `path` stands: its value, or its whole entry if the name is wrong."""
    if path and path[0] in entries and path[0] in schema.numbers:
        return (section, path[0], "value", *path[1:])
    return (section, *path)


def _source_faults(file: _TargetFile, sections: Mapping[str, Mapping[str, Entry]]) -> Iterable[Fault]:
    known = {name for entries in sections.values() for name in entries}
    for section, entries in sections.items():
        for name, entry in entries.items():
            for key in entry.sources:
                if key not in file.sources:
                    what = f"there is no such source (got {key!r})"
                    yield Fault("source-unknown", (section, name, "source"), what, nearest_name(key, file.sources))
    for index, name in enumerate(file.unverified):
        if name not in known:
            what = f"there is no such field (got {name!r})"
            yield Fault("field-unknown", ("unverified", index), what, nearest_name(name, known))


def _error(document: Document, faults: Iterable[Fault]) -> InputError:
    by_line = sorted(faults, key=lambda fault: document.line(*fault.path))
    return InputError(document.problem(fault.id, fault.path, fault.what, fault.cure) for fault in by_line)


def _provenance(file: _TargetFile, entries: Mapping[str, Entry]) -> Mapping[str, Provenance]:
    return MappingProxyType(
        {
            name: Provenance(
                citations=tuple(" ".join(file.sources[key].split()) for key in entry.sources),
                unverified=name in file.unverified,
                note=" ".join(entry.note.split()),
            )
            for name, entry in entries.items()
        }
    )
