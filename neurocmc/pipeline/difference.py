"""Says how two artifacts differ: options, levels, resources, and the verdicts of `verify`.

Levels are compared as their files hold them, so that an artifact of any family, of circuits or of neurons, can be
held against any other. Of a level that both have, each value that differs is a line; entries of lists go
by name.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.files import read_npz
from neurocmc.common.strict_json import read_json
from neurocmc.pipeline.neurons.artifact import open_any
from neurocmc.report.wording import amount

PARTS = ("options", "target", "levels", "budget", "verification")
ABSENT = "–"
SKIPPED = ("files", "format", "neurocmc", "version", "neurons_tried")
SUMMED_UP = ("cores_used", "in_all", "energy: dynamic", "chips: chips_used")  # of a budget
MOST_SHOWN = 40  # characters of one value


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs.

    Args:
        part: Of which part of an artifact, one of `PARTS`.
        where: The level or file, and the path to the value in it.
        first: The value in the first artifact; "–" where it has none.
        second: The value in the second one.
        detail: Whether a line above it sums it up: values of levels, and resources of single cores.
    """

    part: str
    where: str
    first: str
    second: str
    detail: bool = False


def differences(first: Path, second: Path) -> tuple[Difference, ...]:
    """Compares two artifacts.

    Args:
        first: The folder of one artifact.
        second: The folder of another.

    Returns:
        All that differs, in the order of `PARTS`; nothing where both say the same.

    Raises:
        InputError: Where a folder holds no artifact, or one of its files is damaged.
    """
    return tuple(_all(first, second))


def _all(first: Path, second: Path) -> Iterator[Difference]:
    manifests = [open_any(folder).manifest for folder in (first, second)]
    kept = [{name: value for name, value in manifest.items() if name not in SKIPPED} for manifest in manifests]
    options = [{**own.pop("options"), **own} for own in kept]  # what was chosen comes first, by its own name
    yield from _trees("options", "", *options)
    files = [{name for name in manifest["files"] if name.startswith("ir/")} for manifest in manifests]
    if _hash(manifests[0], "target.yaml") != _hash(manifests[1], "target.yaml"):
        yield Difference(
            part="target", where="target.yaml", first=manifests[0]["target"], second=manifests[1]["target"]
        )
    for name in sorted(name.removesuffix(".json") for name in files[0] | files[1] if name.endswith(".json")):
        if any(f"{name}.json" not in own for own in files):
            there = ["there" if f"{name}.json" in own else ABSENT for own in files]
            yield Difference(part="levels", where=name.removeprefix("ir/"), first=there[0], second=there[1])
        elif any(
            _hash(manifests[0], f"{name}{end}") != _hash(manifests[1], f"{name}{end}") for end in (".json", ".npz")
        ):
            found = [replace(entry, detail=True) for entry in _level(name, first, second)]
            told = f"{len(found):,} {'value or array differs' if len(found) == 1 else 'values and arrays differ'}"
            yield Difference(part="levels", where=name.removeprefix("ir/"), first="", second=told)
            yield from found
    for entry in _trees("budget", "", _json(first / "budget.json"), _json(second / "budget.json")):
        yield replace(entry, detail=not entry.where.startswith(SUMMED_UP) or entry.where.endswith("percent"))
    yield from _verdicts(_json(first / "verify.json"), _json(second / "verify.json"))


def _hash(manifest: Mapping[str, Any], name: str) -> str:
    return str(manifest["files"].get(name, ""))


def _json(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def _level(name: str, first: Path, second: Path) -> Iterator[Difference]:
    """One level that both have: its values, then its arrays."""
    label = name.removeprefix("ir/")
    documents = [_json(folder / f"{name}.json").get("level", {}) for folder in (first, second)]
    yield from _trees("levels", label, *documents)
    arrays = [
        read_npz(folder / f"{name}.npz") if (folder / f"{name}.npz").is_file() else {} for folder in (first, second)
    ]
    for key in sorted(set(arrays[0]) | set(arrays[1])):
        own, other = arrays[0].get(key), arrays[1].get(key)
        if own is None or other is None or own.shape != other.shape:
            yield Difference(part="levels", where=f"{label}: {key}", first=_shape(own), second=_shape(other))
        elif not np.array_equal(own, other):
            yield Difference(part="levels", where=f"{label}: {key}", first=_shape(own), second=_changed(own, other))


def _shape(array: "NDArray[Any] | None") -> str:
    return ABSENT if array is None else f"array {' x '.join(str(length) for length in array.shape) or 'of one'}"


def _changed(own: "NDArray[Any]", other: "NDArray[Any]") -> str:
    differs = own != other
    told = f"{int(differs.sum()):,} of {own.size:,} entries differ"
    if not np.issubdtype(own.dtype, np.number):
        return told
    largest = np.abs(own[differs].astype(np.float64) - other[differs].astype(np.float64)).max()
    return f"{told}, by {largest:.3g} at most"


def _trees(part: str, where: str, first: Any, second: Any) -> Iterator[Difference]:
    """All leaves of two trees of JSON that differ."""
    if first == second:
        return
    if isinstance(first, dict) and isinstance(second, dict):
        own, other = cast("dict[str, Any]", first), cast("dict[str, Any]", second)
        for key in dict.fromkeys((*own, *other)):
            inner = f"{where}.{key}" if where and ":" in where else f"{where}: {key}" if where else key
            yield from _trees(part, inner, own.get(key), other.get(key))
        return
    if isinstance(first, list) and isinstance(second, list):
        rows, others = _named(cast("list[Any]", first)), _named(cast("list[Any]", second))
        for key in dict.fromkeys((*rows, *others)):
            yield from _trees(part, f"{where}[{key}]", rows.get(key), others.get(key))
        return
    yield Difference(part=part, where=where, first=_shown(first), second=_shown(second))


def _named(rows: Sequence[Any]) -> dict[str, Any]:
    """The entries of a list by their name or resource, where each has one of its own; else by their place."""
    for field in ("name", "resource", "operation"):
        names = [str(row[field]) for row in rows if isinstance(row, dict) and field in row]
        if names and len(set(names)) == len(rows):
            return dict(zip(names, rows, strict=True))
    return {str(index): row for index, row in enumerate(rows)}


def _shown(value: Any) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict) and "used" in value:  # a resource that the other artifact does not have
        return f"{value['used']:,} used"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _verdicts(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    """The edges of both, by name and quantity: what was not verified is absent."""
    if bool(first) != bool(second):
        told = ["verified" if verified else "not verified yet" for verified in (first, second)]
        yield Difference(part="verification", where="verify.json", first=told[0], second=told[1])
        return
    own, other = (
        {f"{edge['name']}: {edge['quantity']}": edge for edge in verified.get("edges", ())}
        for verified in (first, second)
    )
    for key in dict.fromkeys((*own, *other)):
        told = [_verdict(edges.get(key)) for edges in (own, other)]
        if told[0] != told[1]:
            yield Difference(part="verification", where=key, first=told[0], second=told[1])


def _verdict(edge: Mapping[str, Any] | None) -> str:
    if edge is None:
        return ABSENT
    value = edge.get("value")
    return edge["verdict"] if value is None else f"{amount(value, edge.get('unit', ''))}, {edge['verdict']}"
