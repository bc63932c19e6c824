"""Holds programs that are written twice to the same bytes."""

from collections.abc import Callable
from pathlib import Path


def same_bytes(write: Callable[[Path], None], folder: Path) -> list[str]:
    """Writes a program twice and compares the files; their names, sorted."""
    first, second = folder / "first", folder / "second"
    for each in (first, second):
        write(each)
    written = sorted(path.name for path in first.iterdir())
    assert written == sorted(path.name for path in second.iterdir())
    for name in written:
        assert (first / name).read_bytes() == (second / name).read_bytes()
    return written
