"""Reads a content-addressable memory from a YAML file, strictly: cues, and the content bits of each.

    name: animals
    memory:
      cues: [dog, cat, bird]
      features: [fur, wings, barks]     # names of the content bits, where they should have some
      contents:
        - [fur, barks]                  # names of bits,
        - [1, 0, 0]                     # or bits,
        - "010"                         # or bits as text

Without `features`, names of bits are numbered in the order in which they are first named. A cortical program that
holds one of several items in an up-state is written `memory: {items: ...}` and is read by `frontends.automaton`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from neurocmc.common.arrays import Bool
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.names import nearest_name
from neurocmc.common.strict_yaml import Document, StrictModel, parse_document, read_text
from neurocmc.common.yaml_complaints import FieldPath
from neurocmc.frontends.automaton.documents import Word
from neurocmc.frontends.circuit_yaml import Name
from neurocmc.ir.neurons.memories import MOST_CUES, MOST_FEATURES, Memories

BITS = 'write bits as text ("101") or as a list ([1, 0, 1]), or a list of names'
Feature = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


class RecallField(StrictModel):
    """Cues, and the content of each in the same order."""

    cues: Annotated[tuple[Word, ...], Field(min_length=1, max_length=MOST_CUES)]
    contents: Annotated[tuple[str | int | tuple[Feature | int, ...], ...], Field(min_length=1)]
    features: Annotated[tuple[Feature, ...], Field(min_length=1, max_length=MOST_FEATURES)] | None = None


class RecallFile(StrictModel):
    """The whole file."""

    name: Name
    dt_ms: Annotated[float, Field(ge=0.01, le=1000)] = 1.0
    memory: RecallField


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRecall:
    """A memory as it was read, the time of a tick, and the bytes of the file."""

    memories: Memories
    dt_s: float
    content: bytes


def read_recall_yaml(path: Path) -> LoadedRecall:
    """Reads a memory. Raises InputError with the line of every fault."""
    text = read_text(path)
    document = parse_document(text, str(path))
    file = document.validate(RecallFile)
    field = file.memory
    raise_input_problems(_name_problems(document, field))
    features = field.features or _named(field)
    raise_input_problems(_content_problems(document, field, features))
    memories = Memories(
        name=file.name,
        cues=tuple(str(cue) for cue in field.cues),
        features=features or tuple(f"bit-{index}" for index in range(_width(field))),
        contents=np.array([_bits(content, features) for content in field.contents], dtype=np.bool_),
    )
    raise_input_problems(problem.inside(path) for problem in memories.problems())
    return LoadedRecall(memories=memories, dt_s=1e-3 * file.dt_ms, content=text.encode())


def _named(field: RecallField) -> tuple[str, ...]:
    """The names of content bits in the order in which they are first named."""
    lists = [content for content in field.contents if isinstance(content, tuple)]
    return tuple(dict.fromkeys(entry for content in lists for entry in content if isinstance(entry, str)))


def _width(field: RecallField) -> int:
    """The bits of the first content that is written as bits; 0 where none is."""
    return next((len(content) for content in field.contents if not isinstance(content, int)), 0)


def _bits(content: str | int | tuple[str | int, ...], features: tuple[str, ...]) -> Bool:
    if _is_named(content):
        return np.isin(np.array(features), np.array(content))
    assert not isinstance(content, int)
    return np.array([str(entry) == "1" for entry in content], dtype=np.bool_)


def _is_named(content: str | int | tuple[str | int, ...]) -> bool:
    return isinstance(content, tuple) and any(isinstance(entry, str) for entry in content)


def _name_problems(document: Document, field: RecallField) -> Iterator[Problem]:
    """Names that stand twice, and lists that do not fit."""
    for what, fault, names, cure in (
        ("cues", "memory-cue-twice", field.cues, "give each content a cue of its own"),
        ("features", "name-twice", field.features or (), "give each content bit a name of its own"),
    ):
        first: dict[str, int] = {}
        for index, name in enumerate(str(name) for name in names):
            if name in first:
                told = f"{name} stands here and in {what}[{first[name]}]"
                yield document.problem(fault, ("memory", what, index), told, cure)
            first.setdefault(name, index)
    if len(field.cues) != len(field.contents):
        what = f"{len(field.contents):,} contents, there are {len(field.cues):,} cues"
        yield document.problem("lengths-differ", ("memory", "contents"), what, "give each cue one content")


def _content_problems(document: Document, field: RecallField, features: tuple[str, ...]) -> Iterator[Problem]:
    width = len(features) or _width(field)
    for index, content in enumerate(field.contents):
        path = ("memory", "contents", index)
        if _is_named(content):
            assert isinstance(content, tuple)
            yield from _named_problems(document, path, content, features)
            continue
        entries = () if isinstance(content, int) else tuple(str(entry) for entry in content)
        if isinstance(content, int):
            what = f"{content} is a number, whose zeros in front are lost"
            yield document.problem("memory-not-bits", path, what, f'write it in quotes ("{content}"), or as a list')
        elif wrong := [entry for entry in entries if entry not in ("0", "1")]:
            yield document.problem("memory-not-bits", path, f"{wrong[0][:20]!r} is not a bit", BITS)
        elif "1" not in entries:
            cure = "give it a bit, or leave the cue out"
            yield document.problem("memory-content-empty", path, "it has no bit", cure)
        elif len(entries) != width:
            what = f"{len(entries):,} bits, there are {width:,} content bits"
            yield document.problem("lengths-differ", path, what, "give each content as many bits")


def _named_problems(
    document: Document, path: FieldPath, content: tuple[str | int, ...], features: tuple[str, ...]
) -> Iterator[Problem]:
    for place, entry in enumerate(content):
        if isinstance(entry, int):
            what = f"{entry} is listed among names"
            yield document.problem(
                "memory-not-bits", (*path, place), what, "give names alone, in quotes, or bits alone"
            )
        elif entry not in features:
            cure = nearest_name(entry, features)
            yield document.problem("memory-feature-unknown", (*path, place), f"no content bit is {entry}", cure)
        elif entry in content[:place]:
            yield document.problem("name-twice", (*path, place), f"{entry} occurs twice", "name it once")
