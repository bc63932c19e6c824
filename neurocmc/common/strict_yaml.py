"""Reads YAML strictly: whatever comes in is checked to the last field, and every fault has its line.

The documents are the core schema of YAML 1.2 (`1e-3` is a number, `no` and `1:30` are texts) without what makes
YAML dangerous or surprising: no aliases, no merge keys, no tags, no duplicate keys, one document, at most 1 MB. A
pydantic model says what a document must hold; all of its complaints come back at once as Problems::

    targets/mine.yaml:10: limits.cores_per_chip.value: should be a valid integer (got 'many')
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.opening import YAML, read_bytes
from neurocmc.common.yaml_complaints import MAX_FAULTS, FieldPath, checked

MAX_DEPTH = 32
MAX_DIGITS = 40

Model = TypeVar("Model", bound=BaseModel)


class StrictModel(BaseModel):
    """Base of all our YAML schemas: no unknown fields, no conversions, no NaN or infinity, frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document as plain data that remembers the line of every key and list entry."""

    filename: str
    text: str
    data: dict[str, Any]
    lines: dict[FieldPath, int] = field(repr=False)

    @classmethod
    def of(cls, data: Mapping[str, Any], filename: str = "recipe") -> "Document":
        """Returns plain data as a document without lines, such as a recipe that was kept as JSON."""
        return cls(filename=filename, text="", data=dict(data), lines={})

    def where(self, *path: str | int) -> str:
        """Returns `file:line` of the key at `path`, or of its nearest ancestor that exists."""
        return f"{self.filename}:{self.line(*path)}"

    def line(self, *path: str | int) -> int:
        """Returns the line of the key at `path`, or of its nearest ancestor that exists."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, fault: str, path: FieldPath, what: str, cure: str) -> Problem:
        """Returns a Problem about the field at `path`, in the form that schema faults have."""
        name = field_name(path)
        return Problem(fault, self.where(*path), f"{name}: {what}" if name else what, cure)

    def validate(self, model: type[Model]) -> Model:
        """Returns the document as an instance of `model`. Raises InputError holding every fault."""
        instance, faults = checked(self.data, model)
        if instance is None:
            by_line = sorted(faults, key=lambda fault: self.line(*fault.path))
            raise InputError(self.problem(fault.id, fault.path, fault.what, fault.cure) for fault in by_line)
        return instance


def field_name(path: FieldPath) -> str:
    """Returns `projections[2].weight` for ("projections", 2, "weight")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def load_model(path: Path, model: type[Model]) -> Model:
    """Reads a YAML file as an instance of `model`. Raises InputError with the line of every fault."""
    return load_document(path).validate(model)


def parse_model(text: str, filename: str, model: type[Model]) -> Model:
    """Reads YAML text as an instance of `model`; `filename` is only named in errors. Raises InputError."""
    return parse_document(text, filename).validate(model)


def load_document(path: Path) -> Document:
    """Reads a YAML file whose top is a mapping. Raises InputError for what cannot be read or is not allowed."""
    return parse_document(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Returns the text of a UTF-8 file of at most 1 MB. Raises InputError saying why it cannot be had."""
    content = read_bytes(path, YAML)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"is not UTF-8 text (byte 0x{content[error.start]:02x})"
        raise InputError(
            Problem("file-not-utf8", f"{path}:{line}", what, "save it as UTF-8, and check that it is a YAML file")
        ) from None


def parse_document(text: str, filename: str) -> Document:
    """Reads YAML text whose top is a mapping. Raises InputError for what is malformed or not allowed."""
    if len(text.encode("utf-8", errors="replace")) > YAML.max_bytes:
        what = f"holds more than {YAML.max_bytes:,} bytes, the limit for {YAML.called}"
        raise InputError(Problem("file-too-large", filename, what, YAML.if_larger))
    root = _compose(text, filename)
    if root is None:
        raise InputError(Problem("file-empty", f"{filename}:1", "is empty", "it must hold at least a `name`"))
    if not isinstance(root, yaml.MappingNode):
        what = "a mapping (`field: value`) is needed at the top"
        raise InputError(
            Problem("not-a-mapping", f"{filename}:{_line(root)}", what, "write each field as `name: value`")
        )
    builder = _Builder()
    data = builder.build(root, ())
    if builder.faults:
        told = [
            Problem(fault, f"{filename}:{line}", what, cure)
            for fault, line, what, cure in builder.faults[:MAX_FAULTS]
        ]
        if (left_out := len(builder.faults) - MAX_FAULTS) > 0:
            told.append(Problem("more-faults", filename, f"{left_out} more errors are not shown", "fix these first"))
        raise InputError(told)
    return Document(filename=filename, text=text, data=data, lines=builder.lines)


class _Refused(yaml.MarkedYAMLError):
    """Something that is YAML but that we do not take."""


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2's core schema, without aliases, and of bounded depth."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  (PyYAML's own way: replaced below, for this class alone)
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(problem=f"aliases (*{event.anchor}) are not allowed", problem_mark=event.start_mark)
        if getattr(event, "anchor", None) is not None:
            raise _Refused(problem=f"anchors (&{event.anchor}) are not allowed", problem_mark=event.start_mark)
        if self.depth >= MAX_DEPTH:
            raise _Refused(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


_NULL, _BOOL, _INT, _FLOAT = (f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))
_TEXT, _MAP, _SEQ = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))
_NUMBER_START = list("-+.0123456789")
_WRITTEN: dict[str, re.Pattern[str]] = {}  # tag -> how its values are written
for _tag, _pattern, _first in (
    (_NULL, r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    (_BOOL, r"^(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    (_INT, r"^([-+]?[0-9]+|0x[0-9a-fA-F]+)$", _NUMBER_START),
    (
        _FLOAT,
        r"^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$",
        _NUMBER_START,
    ),
):
    _WRITTEN[_tag] = re.compile(_pattern)
    _CoreLoader.add_implicit_resolver(_tag, _WRITTEN[_tag], _first)


def _compose(text: str, filename: str) -> yaml.Node | None:
    loader = None
    try:
        loader = _CoreLoader(text)
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        fault, cure = "yaml-not-allowed", "write the value out in full"
        if not isinstance(error, _Refused):
            fault, cure = "yaml-malformed", "check indentation, colons and quotes"
            what = f"not well-formed YAML: {what}"
        raise InputError(Problem(fault, f"{filename}:{mark.line + 1 if mark else 1}", what, cure)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"holds a character that YAML does not allow (U+{ord(text[error.position]):04X})"
        raise InputError(Problem("yaml-malformed", f"{filename}:{line}", what, "remove it")) from None
    except (ValueError, OverflowError) as error:  # PyYAML on "\UFFFFFFFF" and on a version of thousands of digits
        line = 1 if loader is None else loader.get_mark().line + 1
        what = f"not well-formed YAML: {' '.join(str(error).split())[:120]}"
        raise InputError(
            Problem("yaml-malformed", f"{filename}:{line}", what, "check escapes (\\U) and %YAML lines")
        ) from None
    finally:
        if loader is not None:
            loader.dispose()


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def _is_written(node: yaml.ScalarNode) -> bool:
    """Whether a number, truth or null is written as one: `!!int abc` claims to be what it is not."""
    return node.tag in _WRITTEN and _WRITTEN[node.tag].match(str(node.value)) is not None


class _Builder:
    """Turns composed nodes into plain data; gathers lines and faults (id, line, what, cure) on the way."""

    def __init__(self) -> None:
        self.lines: dict[FieldPath, int] = {(): 1}
        self.faults: list[tuple[str, int, str, str]] = []

    def build(self, node: yaml.Node, path: FieldPath) -> Any:
        """Returns the plain value of `node`, which stands at `path`."""
        match node:
            case yaml.MappingNode() if node.tag == _MAP:
                return dict(self._entries(node, path))
            case yaml.SequenceNode() if node.tag == _SEQ:
                return [self._entry(item, (*path, index)) for index, item in enumerate(node.value)]
            case yaml.ScalarNode() if node.tag == _TEXT or _is_written(node):
                return self._scalar(node, path)
            case _:
                self.faults.append(
                    ("yaml-not-allowed", _line(node), f"the tag {node.tag!r} is not allowed", "write a plain value")
                )
                return None

    def _entry(self, item: yaml.Node, path: FieldPath) -> Any:
        self.lines[path] = _line(item)
        return self.build(item, path)

    def _entries(self, node: yaml.MappingNode, path: FieldPath) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append(
                    ("yaml-not-allowed", _line(key), "a key must be a plain name", "put the name before a colon")
                )
                continue
            name, line = self._text(key), _line(key)
            full_name = field_name((*path, name))
            if name == "<<":
                self.faults.append(
                    ("yaml-not-allowed", line, "merge keys (<<) are not allowed", "write the fields out in full")
                )
            elif name in seen:
                what = f"{full_name}: the field occurs twice (first on line {seen[name]})"
                self.faults.append(("field-twice", line, what, "keep one of them"))
            else:
                seen[name] = self.lines[*path, name] = line
                yield name, self.build(value, (*path, name))

    def _scalar(self, node: yaml.ScalarNode, path: FieldPath) -> Any:
        text = str(node.value)
        match node.tag:
            case "tag:yaml.org,2002:null":
                return None
            case "tag:yaml.org,2002:bool":
                return text.lower() == "true"
            case "tag:yaml.org,2002:int" if len(text) > MAX_DIGITS:
                what = f"{field_name(path)}: a number of {len(text)} digits"
                self.faults.append(("yaml-not-allowed", _line(node), what, f"give at most {MAX_DIGITS}"))
                return None
            case "tag:yaml.org,2002:int":
                return int(text, 16) if text.startswith("0x") else int(text)
            case "tag:yaml.org,2002:float":
                return float(re.sub(r"\.(inf|nan)$", r"\1", text.lower()))
            case _:
                return self._text(node)

    def _text(self, node: yaml.ScalarNode) -> str:
        text = str(node.value)
        if any("\ud800" <= character <= "\udfff" for character in text):  # from "\uD800" in double quotes
            self.faults.append(
                (
                    "text-not-unicode",
                    _line(node),
                    "holds half of a character (\\uD800 to \\uDFFF)",
                    "write the whole character",
                )
            )
            return ""
        return text
