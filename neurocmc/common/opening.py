"""Opens files that others wrote: only a regular file with a sound name, and only one that is not too large, is read.

A device can yield bytes without end and a pipe without a writer blocks for ever; both are refused by name, before
they are opened. The size is looked at before the first byte is read. The kinds below are the one table of limits.
"""

import errno
import os
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.printable import printable

MAX_NAME_BYTES = 255  # of one part of a path: what file systems take
MAX_PATH_BYTES = 4095
MIB, GIB = 2**20, 2**30


@dataclass(frozen=True, slots=True)
class FileKind:
    """The kind of a file: its name, how long it may be, and what to do if it is longer or missing."""

    called: str  # as in "a YAML file is needed"
    max_bytes: int
    if_larger: str
    if_missing: str = "check the path"


_RIGHT_ONE = "check that it is the correct file"
_WHOLE = "check the path, and that the artifact is complete"
YAML = FileKind("a YAML file", MIB, "give large arrays as a checkpoint or .npz instead")
JSON = FileKind("a JSON file", 256 * MIB, _RIGHT_ONE)
CORELETS = FileKind("a corelet description", JSON.max_bytes, "describe fewer cores")
RANC = FileKind("an input file of RANC", JSON.max_bytes, "list fewer cores or packets")
RANC_CONFIG = FileKind("a config file of RANC", MIB, _RIGHT_ONE)
CORES = FileKind("a file of RANC or a corelet description", JSON.max_bytes, "describe fewer cores")
CHECKPOINT = FileKind(
    "a checkpoint",
    64 * MIB,
    "no circuit of neurocmc is so large; check that it is the correct file",
    "check the path, or train a model first",
)
# A training keeps its model, its best model, and two moments of every parameter.
TRAINING_STATE = FileKind("the state of a training", 4 * CHECKPOINT.max_bytes + MIB, _RIGHT_ONE)
ARRAYS = FileKind("an .npz file", 4 * GIB, _RIGHT_ONE)
NIR = FileKind("a NIR file", 256 * MIB, _RIGHT_ONE)
IMAGES = FileKind("a file of images", GIB, "split it", "check the path")
STUDY_RESULT = FileKind("a result of a study", MIB, "delete it; its run is then repeated")
RUN = FileKind("the outcome of a run", 64 * MIB, "delete it; its run is then repeated")
MANIFEST_FILE = FileKind("a manifest", 16 * MIB, "compile again", "give a directory made by `neurocmc compile`")
LEVEL = FileKind("a level of an artifact", 64 * MIB, "compile again", _WHOLE)
SUMMARY = FileKind("a summary of an artifact", 64 * MIB, "compile again", _WHOLE)
PROGRAM = FileKind("an emitted program", 64 * MIB, "compile again", _WHOLE)
MEMBER = FileKind("a file of an artifact", 4 * GIB, "compile again", _WHOLE)

# File systems whose files the kernel makes up as they are read: some of them block, some never end.
_MADE_UP = (
    "proc",
    "sysfs",
    "debugfs",
    "tracefs",
    "securityfs",
    "configfs",
    "cgroup",
    "cgroup2",
    "bpf",
    "pstore",
    "efivarfs",
    "binfmt_misc",
    "fusectl",
    "selinuxfs",
    "nsfs",
    "mqueue",
    "devpts",
)
_MOUNTS = Path("/proc/self/mountinfo")
_CALLED = {
    stat.S_IFDIR: "a directory",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


def name_problem(path: Path | str) -> Problem | None:
    """Returns why no file can have this name, or why it could not be told to anybody; None for a sound name."""
    text = str(path)
    if "\0" in text:
        return Problem(
            "path-impossible",
            printable(text),
            "holds a NUL character, which no path can contain",
            "name another path",
        )
    try:
        encoded = text.encode("utf-8")
    except UnicodeEncodeError:
        cure = "rename it, or give it a link with a name in UTF-8"
        return Problem(
            "path-impossible",
            printable(text),
            "is not UTF-8, so it can be neither shown nor written into a file",
            cure,
        )
    longest = max((part.encode("utf-8") for part in Path(text).parts), key=len, default=b"")
    if len(longest) > MAX_NAME_BYTES:
        what = f"a name of {len(longest):,} bytes, limit {MAX_NAME_BYTES}"
        return Problem("path-impossible", _shortened(text), what, "give a shorter name")
    if len(encoded) > MAX_PATH_BYTES:
        what = f"a path of {len(encoded):,} bytes, limit {MAX_PATH_BYTES:,}"
        return Problem(
            "path-impossible",
            _shortened(text),
            what,
            "give a shorter path, or change to a directory closer to it first",
        )
    return None


def check_name(path: Path | str) -> None:
    """Raises InputError where `path` is no name of a file."""
    if problem := name_problem(path):
        raise InputError(problem)


def read_bytes(path: Path, kind: FileKind) -> bytes:
    """Reads all of a file. Raises InputError for what `opened` refuses, and for a file that grows meanwhile."""
    with opened(path, kind) as stream:
        size = os.fstat(stream.fileno()).st_size
        try:
            content = stream.read(size + 1)
        except OSError as error:
            raise cannot_read(path, error, kind) from None
    if len(content) > size:
        raise InputError(Problem("file-grew", str(path), "grew while it was read", "wait until it is written"))
    return content


def opened(path: Path, kind: FileKind) -> BinaryIO:
    """Opens a file for reading bytes.

    Raises InputError where its name is none, it is not there, is no regular file, is longer than its kind may be, or
    cannot be read.
    """
    check_name(path)
    try:
        check_regular(path, path.stat(), kind)
        # What was looked at may be replaced before it is opened: opening must not block, and is looked at again.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    except OSError as error:
        raise cannot_read(path, error, kind) from None
    try:
        check_regular(path, os.fstat(handle), kind)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def check_regular(path: Path, status: os.stat_result, kind: FileKind) -> None:
    """Raises InputError where `status`, that of `path`, is of no regular file or of one that is too long."""
    if not stat.S_ISREG(status.st_mode):
        called = _CALLED.get(stat.S_IFMT(status.st_mode), "not a regular file")
        cure = "name the file in it" if called == "a directory" else "write its content to a file, and give that file"
        raise InputError(Problem("not-a-regular-file", str(path), f"is {called}, {kind.called} is needed", cure))
    if made_up := _made_up(status.st_dev):
        what = f"is a file of the kernel ({made_up}); {kind.called} is needed"
        raise InputError(
            Problem("not-a-regular-file", str(path), what, "write its content to a file, and give that file")
        )
    if status.st_size > kind.max_bytes:
        what = f"holds more than {kind.max_bytes:,} bytes, the limit for {kind.called}"
        raise InputError(Problem("file-too-large", str(path), what, kind.if_larger))


def cannot_read(path: Path, error: OSError, kind: FileKind) -> InputError:
    """Returns the error for a file that the system does not give."""
    if isinstance(error, FileNotFoundError):
        return InputError(Problem("file-missing", str(path), "no such file", kind.if_missing))
    if error.errno in (errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR):
        return InputError(Problem("file-unreadable", str(path), f"cannot be read: {error.strerror}", kind.if_missing))
    return InputError(
        Problem("file-unreadable", str(path), f"cannot be read: {error.strerror or error}", "check its permissions")
    )


@cache
def _made_up(device: int) -> str:
    """The kind of file system behind a device number, where the kernel makes its files up; else empty."""
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # another system, without such file systems
        return ""
    for mount in mounts:
        fields, _, rest = mount.partition(" - ")
        if fields.split()[2] == number and (kind := rest.split()[0]) in _MADE_UP:
            return kind
    return ""


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:28]}...{text[-28:]}"
