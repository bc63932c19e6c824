"""Tells the YAML of a content-addressable memory from others, without what reads any of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from neurocmc.common.strict_yaml import parse_document, read_text

SUFFIXES = (".yaml", ".yml")
FIELDS = {"cues", "contents", "features"}


def is_recall(path: Path) -> bool:
    """Whether a file is a YAML of a content-addressable memory. Raises InputError where it cannot be read."""
    if path.suffix not in SUFFIXES or path.is_dir():
        return False
    text = read_text(path)
    if "memory" not in text or not any(field in text for field in FIELDS):
        return False  # without waiting for the YAML of a large circuit
    memory = parse_document(text, str(path)).data.get("memory")
    return isinstance(memory, Mapping) and not FIELDS.isdisjoint(cast("Mapping[str, Any]", memory))
