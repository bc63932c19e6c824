"""Emits the program of an artifact again, and compares: what lies in an artifact is never run from there.

Whoever can write into an artifact could put a line before `run.py`, or a file named as a module beside it, and set
the hashes right. So what is run is emitted anew from the levels, into a folder of its own, after it was found to be
the artifact's byte for byte; and the interpreter is an isolated one, which looks for modules in its own folders only.
"""

import os
import stat
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.files import MANIFEST, sha256_of
from neurocmc.common.replacing import is_leftover

PROGRAM = "program"
_AGAIN = "compile again"
# What neurocmc itself writes into an artifact after its compilation, by folder and ending.
_LATER = (MANIFEST, "timings.json", "verify.json", "report.html")
_PICTURES = (".png", ".svg", ".gif", ".mp4")
_TABLES = (*_PICTURES, ".csv", ".md")
_MOST_TOLD = 20


class Emits(Protocol):
    """An artifact whose levels can emit its program again."""

    @property
    def directory(self) -> Path: ...
    @property
    def manifest(self) -> Mapping[str, Any]: ...
    def emit(self, folder: Path) -> None:
        """Emits the program from the levels into a new folder."""
        ...


@contextmanager
def emitted_again(artifact: Emits) -> Generator[Path]:
    """Emits the artifact's program from its levels into a folder of its own, which is gone after the block.

    Raises InputError naming each file of program/ that differs from it, is missing, or is one too many.
    """
    check_nothing_added(artifact)
    with TemporaryDirectory(prefix="neurocmc-program-") as folder:
        fresh = Path(folder) / PROGRAM
        artifact.emit(fresh)
        raise_input_problems(_differences(artifact.directory / PROGRAM, fresh))
        yield fresh


def check_nothing_added(artifact: Emits) -> None:
    """Refuses, naming it, what lies in an artifact that neither its manifest lists nor neurocmc writes later."""
    added = [name for name in _files(artifact.directory) if name not in artifact.manifest["files"]]
    strange = [name for name in added if not _is_later(artifact.directory, name)]
    problems = [
        Problem(
            "artifact-file-added",
            str(artifact.directory / name),
            _what(artifact.directory / name),
            "move it out of the artifact",
        )
        for name in strange[:_MOST_TOLD]
    ]
    if (left_out := len(strange) - _MOST_TOLD) > 0:
        problems.append(
            Problem(
                "artifact-file-added",
                str(artifact.directory),
                f"{left_out:,} more such files",
                "move them out as well",
            )
        )
    raise_input_problems(problems)


def _files(directory: Path) -> Iterator[str]:
    """Everything below a directory but real folders, by its path within; links are not followed."""
    for folder, folders, files in os.walk(directory):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        yield from ((here / name).relative_to(directory).as_posix() for name in sorted([*files, *links]))


def _is_later(directory: Path, name: str) -> bool:
    """Whether neurocmc writes such a file into an artifact that is there: reports, pictures, tables, variants."""
    if not stat.S_ISREG((directory / name).lstat().st_mode):
        return False
    path = PurePosixPath(name)
    match path.parts:
        case (only,):
            return only in _LATER or is_leftover(only)
        case ("figures", picture):
            return path.suffix in _PICTURES or is_leftover(picture)
        case ("robustness", table):
            return path.suffix in _TABLES or is_leftover(table)
        case ("variants", *_):  # of the demo of interneurons: artifacts of their own, of which nothing is run here
            return True
        case _:
            return False


def _what(path: Path) -> str:
    if path.is_symlink():
        return "is a link, an artifact holds files alone"
    return "is not listed in the manifest: it was added after compilation"


def _differences(found: Path, fresh: Path) -> Iterator[Problem]:
    wanted = set(_files(fresh))
    for name in sorted(wanted | set(_files(found))):
        path = found / name
        if name not in wanted:
            yield Problem("artifact-file-added", str(path), "is no part of the program that the levels emit", _AGAIN)
        elif not os.path.lexists(path):
            yield Problem("artifact-file-missing", str(path), "it is missing", _AGAIN)
        elif sha256_of(path) != sha256_of(fresh / name):
            yield Problem(
                "artifact-changed",
                str(path),
                "is not what the levels of the artifact emit",
                f"{_AGAIN}: it was altered, or emitted by another version of neurocmc",
            )
