"""Puts a file or a folder in the place of another at one instant, whatever kills the process that does it.

What is new is written beside its place under a hidden name (`.NAME.xxxxxxxx.part`) and then moved over it. A folder
that is not empty cannot be moved over: the two are exchanged at one instant where the system can (`renameat2` of
Linux), else the old one is moved aside into `.NAME.xxxxxxxx.old/`, and comes back at the next run if a kill fell
between the two moves. As long as a process lives, it holds a lock on what it left beside; what nobody holds is left
over from a process that was killed, and is cleared by the next one that writes, or looks, at the same place.
"""

import ctypes
import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

try:
    import fcntl
except ImportError:  # a system without such locks: nothing is ever taken for left over there
    fcntl = None

PART, OLD = ".part", ".old"
LONGEST_PREFIX_BYTES = 200
_RANDOM = "[a-zA-Z0-9_]+"  # what tempfile puts in the middle of a name, or a process's number
_LEFTOVER = re.compile(rf"\.(.+)\.{_RANDOM}({re.escape(PART)}|{re.escape(OLD)})")
_AT_FDCWD, _EXCHANGE = -100, 2  # of Linux's renameat2
# What a system or a file system answers that cannot exchange two names.
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EXDEV)


@contextmanager
def beside(path: Path, suffix: str = PART, *, folder: bool = False) -> Generator[Path]:
    """Yields a new file or folder beside `path`, which nobody takes for left over while the block runs.

    What still has its name at the end is removed. Raises OSError where it cannot be made.
    """
    made, handle = _made(path, suffix, folder=folder)
    try:
        yield made
    finally:
        remove(made)
        os.close(handle)


def put_file(new: Path, path: Path) -> None:
    """Moves a file over `path`, at one instant. Raises OSError."""
    new.replace(path)


def put_folder(new: Path, path: Path) -> None:
    """Puts a folder in the place of `path`, which may be a folder with content, at one instant where the system can.

    Raises OSError, and leaves what stood there, where that fails; what stood there is removed where it does not.
    """
    try:
        new.rename(path)  # over nothing, or over an empty folder
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    else:
        return
    if not exchange(new, path):
        _swap(new, path)


def exchange(first: Path, second: Path) -> bool:
    """Exchanges two names at one instant; False where this system cannot. Raises OSError where it fails."""
    call = _renameat2()
    if call is None:
        return False
    if call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(second))


def clear_leftovers(path: Path) -> None:
    """Puts back, or removes, what killed processes left beside `path`; what a living one is at is left alone."""
    for name in _leftovers(path):
        with _held(path.parent / name) as left:
            if left is None:
                continue
            if name.endswith(OLD) and _put_back(left, path):
                continue
            remove(left)


def put_back(path: Path) -> None:
    """Puts back the folder at `path` where a kill left it aside; nothing else is touched."""
    if path.exists():
        return
    for name in _leftovers(path):
        with _held(path.parent / name) as left:
            if left is not None and name.endswith(OLD):
                _put_back(left, path)


def is_leftover(name: str) -> bool:
    """Whether a file is called as what is written beside its place, by a process that lives or does no more."""
    return _LEFTOVER.fullmatch(name) is not None


def place_of_leftover(path: Path) -> Path | None:
    """Returns what a hidden name stands beside, None where it is no such name; a very long one is not found again."""
    found = _LEFTOVER.fullmatch(path.name)
    return None if found is None else path.with_name(found[1])


def remove(path: Path) -> None:
    """Removes a file or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _swap(new: Path, path: Path) -> None:
    """Two moves where one is not to be had; what stood at `path` comes back if the second fails."""
    aside, handle = _made(path, OLD, folder=True)
    try:
        old = path.rename(aside / path.name)
        try:
            new.rename(path)
        except BaseException:
            old.rename(path)
            raise
        remove(aside)
    finally:
        os.close(handle)
        with suppress(OSError):
            aside.rmdir()  # only if it is empty: what could not be put back is kept


def _put_back(aside: Path, path: Path) -> bool:
    """Whether what was moved aside must stay there: it is wanted at `path` and could not be put there."""
    kept = aside / path.name
    if not kept.exists() or os.path.lexists(path):
        return False
    try:
        kept.rename(path)
    except OSError:
        return True
    return False


def _made(path: Path, suffix: str, *, folder: bool) -> tuple[Path, int]:
    """A new, locked file or folder beside `path`, and the handle that holds its lock.

    It gets its mode from the system: to ask for the mode mask of the process is to change it for a moment, for all of
    its threads.
    """
    while True:
        made = path.with_name(f"{_prefix(path)}{uuid4().hex[:8]}{suffix}")
        try:
            if folder:
                made.mkdir()
                handle = os.open(made, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
            else:
                handle = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        except FileExistsError:
            continue
        except FileNotFoundError:
            if path.parent.is_dir():
                continue  # somebody took it for left over before it was locked
            raise
        _lock(handle, wait=True)
        if _is(made, handle):
            return made, handle
        os.close(handle)


@contextmanager
def _held(path: Path) -> Generator[Path | None]:
    """`path` while we hold its lock; None where another process does, or where it cannot be told."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        yield None
        return
    try:
        mine = os.fstat(handle).st_uid == os.geteuid() if hasattr(os, "geteuid") else False
        yield path if mine and _lock(handle, wait=False) and _is(path, handle) else None
    finally:
        os.close(handle)


def _lock(handle: int, *, wait: bool) -> bool:
    """Whether the lock was had; a file system without locks gives none, and then nothing counts as left over."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is(path: Path, handle: int) -> bool:
    """Whether `path` is still the name of what the handle is open on."""
    try:
        named, open_ = path.lstat(), os.fstat(handle)
    except OSError:
        return False
    return (named.st_dev, named.st_ino) == (open_.st_dev, open_.st_ino) and not stat.S_ISLNK(named.st_mode)


def _leftovers(path: Path) -> Iterator[str]:
    pattern = re.compile(rf"{re.escape(_prefix(path))}{_RANDOM}({re.escape(PART)}|{re.escape(OLD)})")
    try:
        with os.scandir(path.parent) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError:  # there is no such folder, or it may not be looked into: then nothing of ours is in it
        return
    yield from (name for name in names if pattern.fullmatch(name))


def _prefix(path: Path) -> str:
    """How the hidden names for `path` begin; of a very long name only its hash fits."""
    name = path.name
    if len(os.fsencode(name)) > LONGEST_PREFIX_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f".{name}."


@cache
def _renameat2() -> Any:
    """The C library's function, None where it has none."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    call.restype = ctypes.c_int
    return call
