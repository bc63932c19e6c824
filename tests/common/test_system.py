"""What only some systems have is done otherwise where it is switched off."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurocmc.common import system

# A process that starts another, says its number, and waits.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def started() -> "tuple[subprocess.Popen[str], int]":
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, **system.apart())
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def is_alive(number: int) -> bool:
    """Whether a process is there that was not ended; one that ended and waits for init is none."""
    told = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False
    ).stdout
    return bool(told.strip()) and not told.strip().startswith("Z")


def ends(number: int) -> bool:
    for _ in range(300):
        if not is_alive(number):
            return True
        time.sleep(0.1)
    return False


def test_a_process_is_ended_with_all_it_started() -> None:
    parent, child = started()
    system.end_all(parent)
    assert parent.returncode == -signal.SIGKILL
    assert ends(child)
    system.end_all(parent)  # nothing is left of it, and nothing is wrong with that


def test_without_process_groups_taskkill_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "killpg")
    asked = tmp_path / "asked"
    tool = tmp_path / "taskkill"
    tool.write_text(f'#!/bin/sh\necho "$@" > {asked}\nkill -9 "$4"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    parent, child = started()
    system.end_all(parent)
    assert asked.read_text().split() == ["/F", "/T", "/PID", str(parent.pid)]
    assert parent.returncode is not None
    os.kill(child, signal.SIGKILL)


def test_without_groups_and_taskkill_the_process_itself_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "killpg")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    parent, child = started()
    system.end_all(parent)
    assert parent.returncode is not None
    os.kill(child, signal.SIGKILL)


def test_how_a_process_is_set_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert system.apart() == {"start_new_session": True}
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 512, raising=False)
    assert system.apart() == {"creationflags": 512}


def test_cores_without_an_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    if affinity := getattr(os, "sched_getaffinity", None):
        assert system.usable_cores() == len(affinity(0))
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert system.usable_cores() == os.cpu_count()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert system.usable_cores() == 1


def test_the_interpreter_of_an_environment(tmp_path: Path) -> None:
    assert system.interpreter_of(tmp_path) == tmp_path / "bin" / "python"
    (tmp_path / "Scripts").mkdir()
    (tmp_path / "Scripts" / "python.exe").touch()
    assert system.interpreter_of(tmp_path) == tmp_path / "Scripts" / "python.exe"
