"""What is not a regular file, has no sound name or is too large is refused by name, and nothing of it is read."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import neurocmc.common.opening as opening
from neurocmc.common.errors import InputError
from neurocmc.common.opening import YAML, FileKind, check_name, name_problem, opened, read_bytes

SMALL = FileKind("a small file", 10, "make it smaller", "look elsewhere")


def refusal(path: Path, kind: FileKind = SMALL) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read_bytes(path, kind)
    (problem,) = caught.value.problems
    assert problem.where == str(path)
    return problem.what, problem.cure


def test_a_regular_file_is_read_through_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    (tmp_path / "b").symlink_to("a")
    assert read_bytes(tmp_path / "a", SMALL) == read_bytes(tmp_path / "b", SMALL) == b"0123456789"
    with opened(tmp_path / "b", SMALL) as stream:
        assert stream.read(3) == b"012"


@pytest.fixture
def special(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """A path of each kind that is not a regular file."""
    paths = {name: tmp_path / name for name in ("pipe", "socket", "folder", "device", "block")}
    os.mkfifo(paths["pipe"])
    paths["folder"].mkdir()
    paths["device"].symlink_to("/dev/zero")
    paths["block"].symlink_to(next(iter(sorted(Path("/dev").glob("loop[0-9]*"))), Path("/dev/null")))
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's path has 108 bytes at most
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
        yield paths


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("pipe", "a pipe"),
        ("socket", "a socket"),
        ("folder", "a directory"),
        ("device", "a device"),
        ("block", "a device"),
    ],
)
def test_what_is_no_regular_file(name: str, called: str, special: dict[str, Path]) -> None:
    what, cure = refusal(special[name])
    assert what == f"is {called}, a small file is needed"
    assert cure == ("name the file in it" if name == "folder" else "write its content to a file, and give that file")


@pytest.mark.parametrize(
    "name",
    ["/proc/self/status", "/proc/self/environ", "/proc/version", "/sys/kernel/uevent_seqnum"],
)
def test_what_the_kernel_makes_up(name: str) -> None:
    if not Path(name).is_file():
        pytest.skip(f"there is no {name}")
    what, cure = refusal(Path(name), YAML)
    assert what in (
        "is a file of the kernel (proc); a YAML file is needed",
        "is a file of the kernel (sysfs); a YAML file is needed",
    )
    assert cure == "write its content to a file, and give that file"


def test_a_file_is_taken_elsewhere_than_on_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_MOUNTS", tmp_path / "none")
    opening._made_up.cache_clear()
    try:
        (tmp_path / "a").write_bytes(b"a")
        assert read_bytes(tmp_path / "a", SMALL) == b"a"
    finally:
        opening._made_up.cache_clear()


def test_the_size_is_looked_at_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(2**40)  # of no block on the disk
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
    what, cure = refusal(tmp_path / "huge")
    assert (what, cure) == ("holds more than 10 bytes, the limit for a small file", "make it smaller")


def test_what_becomes_a_pipe_after_it_was_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a")
    really_open = os.open

    def late(name: Any, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return really_open(name, flags)  # it would block for ever without O_NONBLOCK

    monkeypatch.setattr(os, "open", late)
    assert refusal(path)[0] == "is a pipe, a small file is needed"


def test_what_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a")
    really_fstat = os.fstat

    def late(handle: int) -> os.stat_result:
        status = really_fstat(handle)
        path.write_bytes(b"a" * (status.st_size + 1))
        return status

    monkeypatch.setattr(os, "fstat", late)
    assert refusal(path)[0] == "grew while it was read"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links"),
        (lambda path: path.symlink_to(path.with_name("none")), "no such file"),
    ],
)
def test_what_is_not_there(make: Any, words: str, tmp_path: Path) -> None:
    make(tmp_path / "a")
    assert refusal(tmp_path / "a") == (words, "look elsewhere")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert refusal(tmp_path / "a" / "b") == ("cannot be read: Not a directory", "look elsewhere")


@pytest.mark.parametrize(
    ("name", "where", "words"),
    [
        ("a\0b", "a\\x00b", "holds a NUL"),
        ("a\udcffb", "a\\udcffb", "is not UTF-8"),
        ("a\ud800b", "a\\ud800b", "is not UTF-8"),
        ("n" * 256, f"{'n' * 28}...{'n' * 28}", "a name of 256 bytes, limit 255"),
        ("é" * 128, f"{'é' * 28}...{'é' * 28}", "a name of 256 bytes"),
        ("/".join(["n" * 200] * 21), f"{'n' * 28}...{'n' * 28}", "a path of 4,220 bytes, limit 4,095"),
    ],
)
def test_names_that_are_none(name: str, where: str, words: str) -> None:
    for refuse in (check_name, lambda path: read_bytes(path, SMALL), lambda path: opened(path, SMALL)):
        with pytest.raises(InputError) as caught:
            refuse(Path(name))
        (problem,) = caught.value.problems
        assert problem.where == where
        assert problem.what.startswith(words)


@pytest.mark.parametrize("name", ["a", "n" * 255, "é" * 127, "/".join(["n" * 200] * 20), "", ".", "/"])
def test_names_that_are_sound(name: str) -> None:
    assert name_problem(name) is None
