"""A replacement is whole or has not happened, wherever the process that does it is killed; the next one cleans up.

The kills are real ones: a child ends itself, as by kill -9, before the n-th thing that it asks of the file system,
for n = 1, 2, ... until it gets to its end.
"""

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import neurocmc.common.replacing as replacing
from neurocmc.common.errors import InputError
from neurocmc.common.files import replace_directory, write_file
from neurocmc.common.replacing import beside, clear_leftovers, exchange, put_back
from tests.common.test_files import artifact, names_in

# Runs `job` in a child again and again, killed before its n-th event; after each the state is written to stdout.
KILLED = """
import os, sys
from pathlib import Path

import neurocmc.common.replacing as replacing
from neurocmc.common.files import replace_directory, write_file

folder, exchanging, what = Path(sys.argv[1]), sys.argv[2] == "exchange", sys.argv[3]
if not exchanging:
    replacing._renameat2 = lambda: None
else:
    real = replacing._renameat2()
    def counted(*arguments):
        sys.audit("exchange")  # ctypes does not announce its calls
        return real(*arguments)
    replacing._renameat2 = lambda: counted
EVENTS = ("open", "os.", "shutil.", "tempfile.", "fcntl.", "exchange")


def job(content):
    if what == "folder":
        with replace_directory(folder / "out") as new:
            write_file(new / "manifest.json", '{"format": "neurocmc-artifact"}')
            write_file(new / "ir" / "level", content)
    else:
        write_file(folder / "out", content)


def killed_before(number):
    seen = 0

    def count(event, arguments):
        nonlocal seen
        if event.startswith(EVENTS):
            seen += 1
            if seen == number:
                os._exit(9)

    child = os.fork()
    if child == 0:
        sys.addaudithook(count)
        job("new" * 1000)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def state():
    place = folder / "out" / "ir" / "level" if what == "folder" else folder / "out"
    try:
        content = place.read_text()
    except FileNotFoundError:
        return "nothing"
    return {"old" * 1000: "old", "new" * 1000: "new"}.get(content, "half")


number = 0
while True:
    number += 1
    job("old" * 1000)
    assert sorted(os.listdir(folder)) == ["out"], os.listdir(folder)
    code = killed_before(number)
    found = state()
    replacing.put_back(folder / "out")
    print(number, code, found, state(), sep=" ", flush=True)
    if code == 0:
        break
    job("old" * 1000)
    assert sorted(os.listdir(folder)) == ["out"], (number, os.listdir(folder))
"""


def killed(folder: Path, how: str, what: str) -> list[tuple[int, int, str, str]]:
    """(event, exit code, what is there after the kill, what is there once somebody has looked) of every kill."""
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(folder), how, what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    return [(int(number), int(code), found, looked) for number, code, found, looked in rows]


@pytest.mark.skipif(replacing._renameat2() is None, reason="this system cannot exchange two names")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_kill_at_any_event_leaves_the_old_or_the_new(what: str, tmp_path: Path) -> None:
    rows = killed(tmp_path, "exchange", what)
    assert len(rows) >= 8
    assert {code for _, code, _, _ in rows[:-1]} == {9}
    states = [found for _, _, found, _ in rows]
    assert set(states) == {"old", "new"}
    assert states == sorted(states, reverse=True)  # from old to new once, and not back
    assert rows[-1][1:3] == (0, "new")


def test_where_names_cannot_be_exchanged_the_old_one_comes_back(tmp_path: Path) -> None:
    rows = killed(tmp_path, "two moves", "folder")
    assert {code for _, code, _, _ in rows[:-1]} == {9}
    assert {found for _, _, found, _ in rows} == {"old", "nothing", "new"}  # "nothing": between the two moves
    assert {looked for _, _, _, looked in rows} == {"old", "new"}
    assert all(looked == "old" for _, _, found, looked in rows if found == "nothing")


def test_an_exchange_at_one_instant(tmp_path: Path) -> None:
    if replacing._renameat2() is None:
        pytest.skip("this system cannot exchange two names")
    artifact(tmp_path / "a")
    (tmp_path / "b").write_text("b")
    assert exchange(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").read_text() == "b"
    assert (tmp_path / "b" / "manifest.json").is_file()
    with pytest.raises(OSError, match="No such file"):
        exchange(tmp_path / "a", tmp_path / "none")


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EINVAL, errno.EXDEV])
def test_a_file_system_that_cannot_exchange(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    def refuse(*_: object) -> int:
        ctypes.set_errno(number)
        return -1

    monkeypatch.setattr(replacing, "_renameat2", lambda: refuse)
    artifact(tmp_path / "out")
    with replace_directory(tmp_path / "out") as folder:
        write_file(folder / "manifest.json", "new")
    assert names_in(tmp_path) == ["out"]
    assert names_in(tmp_path / "out") == ["manifest.json"]


@pytest.mark.parametrize("folder", [True, False])
def test_what_a_living_process_is_at_is_left_alone(folder: bool, tmp_path: Path) -> None:
    path = tmp_path / "out"
    with beside(path, folder=folder) as mine:
        clear_leftovers(path)
        child = "import sys; from pathlib import Path; from neurocmc.common.replacing import clear_leftovers"
        command = [sys.executable, "-c", f"{child}; clear_leftovers(Path(sys.argv[1]))", str(path)]
        subprocess.run(command, check=True, timeout=60)
        assert mine.exists()
    assert names_in(tmp_path) == []


def test_two_replace_one_artifact_at_a_time(tmp_path: Path) -> None:
    artifact(tmp_path / "out")
    with replace_directory(tmp_path / "out") as first:
        with replace_directory(tmp_path / "out") as second:
            write_file(second / "manifest.json", '{"format": "neurocmc-artifact"}')
        write_file(first / "manifest.json", '{"format": "neurocmc-artifact", "by": "the first"}')
    assert "the first" in (tmp_path / "out" / "manifest.json").read_text()
    assert names_in(tmp_path) == ["out"]


def test_leftovers_of_other_names_and_what_is_none_are_left(tmp_path: Path) -> None:
    kept = [
        ".out.old",
        ".out.part",
        ".out.b.abcdefgh.part",
        ".other.abcdefgh.part",
        ".out.ab-cd.part",
        "out.abc.part",
    ]
    for name in kept:
        (tmp_path / name).write_text("mine")
    gone = [".out.abcdefgh.part", ".out.4711.part", ".out.abcdefgh.old"]
    for name in gone:
        (tmp_path / name).write_text("left over")
    (tmp_path / ".out.link.part").symlink_to(tmp_path / ".out.old")
    clear_leftovers(tmp_path / "out")
    assert names_in(tmp_path) == sorted([*kept, ".out.link.part"])


def moved_aside(folder: Path) -> Path:
    """What a kill between two moves leaves."""
    artifact(folder / "out")
    aside = folder / ".out.abcdefgh.old"
    aside.mkdir()
    (folder / "out").rename(aside / "out")
    return aside


def test_what_was_moved_aside_comes_back(tmp_path: Path) -> None:
    moved_aside(tmp_path)
    put_back(tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").is_file()
    clear_leftovers(tmp_path / "out")
    assert names_in(tmp_path) == ["out"]


def test_what_was_moved_aside_is_removed_once_something_else_is_there(tmp_path: Path) -> None:
    moved_aside(tmp_path)
    artifact(tmp_path / "out")
    assert names_in(tmp_path) == ["out"]


def test_what_cannot_be_put_back_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = moved_aside(tmp_path)

    def broken(self: Path, target: Path) -> Path:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "rename", broken)
    clear_leftovers(tmp_path / "out")
    assert (aside / "out" / "manifest.json").is_file()


def test_neither_of_two_moves_back_loses_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second move fails, and so does the move back: what was aside stays there, and comes back later."""
    monkeypatch.setattr(replacing, "_renameat2", lambda: None)
    artifact(tmp_path / "out")
    moves = iter([OSError(errno.ENOTEMPTY, "Directory not empty"), None, OSError(28, "No space"), OSError(5, "I/O")])
    rename = Path.rename

    def broken(self: Path, target: Path) -> Path:
        if (fault := next(moves)) is not None:
            raise fault
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", broken)
        with pytest.raises(InputError, match=r"\[path-unwritable\]"), replace_directory(tmp_path / "out") as folder:
            write_file(folder / "manifest.json", "new")
    put_back(tmp_path / "out")
    assert (tmp_path / "out" / "ir" / "10-rate.json").read_text() == "old"


@pytest.mark.parametrize("length", [200, 201, 241, 255])
def test_a_name_as_long_as_names_may_be(length: int, tmp_path: Path) -> None:
    write_file(tmp_path / ("f" * length), "text")
    artifact(tmp_path / ("d" * length))
    artifact(tmp_path / ("d" * length))
    assert names_in(tmp_path) == ["d" * length, "f" * length]


def test_without_locks_nothing_is_taken_for_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "fcntl", None)
    (tmp_path / ".out.abcdefgh.part").write_text("perhaps another's")
    write_file(tmp_path / "out", "text")
    assert names_in(tmp_path) == [".out.abcdefgh.part", "out"]


def test_what_another_user_owns_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".out.abcdefgh.part").write_text("another's")
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    write_file(tmp_path / "out", "text")
    assert names_in(tmp_path) == [".out.abcdefgh.part", "out"]
