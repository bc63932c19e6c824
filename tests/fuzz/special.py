"""What may stand at a path and is not a regular file with a sound name; and names that are none."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from random import Random

NAMES = (
    "n" * 256,
    "n" * 300,
    "n" * 5000,
    "a\0b",
    os.fsdecode(b"a\xff"),
    "a\nb",
    "\x1b[31m",
    "\u202eevil",
    "-o",
    "--json",
    " ",
    "a" * 255,
    "\u00e9" * 127,
    "~",
    "*",
    "$x",
    "a:b",
    "/" * 200,
    ".",
)


def _socket(path: Path) -> None:
    """A socket at `path`, however long that is; nobody listens any longer."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


def _link(to: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(to)


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(64 * 2**30)


def _looped(path: Path) -> None:
    path.symlink_to(path.name)


KINDS: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a link to a pipe": lambda path: (os.mkfifo(path.with_name("pipe")), path.symlink_to("pipe"))[0],
    "a socket": _socket,
    "a folder": Path.mkdir,
    "an endless device": _link("/dev/zero"),
    "an empty device": _link("/dev/null"),
    "a full device": _link("/dev/full"),
    "a random device": _link("/dev/urandom"),
    "the memory of the process": _link("/proc/self/mem"),
    "the environment of the process": _link("/proc/self/environ"),
    "the kernel's log": _link("/proc/kmsg"),
    "what is mounted": _link("/proc/self/mountinfo"),
    "a setting of the kernel": _link("/sys/kernel/mm/transparent_hugepage/enabled"),
    "standard input": _link("/dev/stdin"),
    "a link to itself": _looped,
    "a link to nowhere": _link("none/there"),
    "64 GB of nothing": _sparse,
    "an empty file": Path.touch,
    "nothing": lambda _path: None,
}


def put(rng: Random, path: Path) -> str:
    """Put something at `path`, where nothing is, and say what."""
    name = rng.choice(sorted(KINDS))
    KINDS[name](path)
    return name
