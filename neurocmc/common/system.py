"""Does what differs between Linux, macOS and Windows in one place, with a way for systems that lack it."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any


def usable_cores() -> int:
    """Returns how many cores this process may run on; where the system does not say which, all it has."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def interpreter_of(environment: Path) -> Path:
    """Returns the Python of a virtual environment, which Windows keeps in another folder."""
    windows = environment / "Scripts" / "python.exe"
    return windows if windows.is_file() else environment / "bin" / "python"


def apart() -> dict[str, Any]:
    """Returns arguments of Popen for a process that `end_all` can end as a whole, and no Ctrl-C of ours reaches."""
    group: int | None = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", None)  # Windows
    return {"start_new_session": True} if group is None else {"creationflags": group}


def end_all(process: "subprocess.Popen[Any]") -> None:
    """Ends a process that was started `apart`, and all that it started, if anything of it is left.

    Without process groups and without `taskkill` the process alone is ended.
    """
    kill_group = getattr(os, "killpg", None)
    if kill_group is not None:
        try:
            kill_group(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    elif taskkill := shutil.which("taskkill"):
        subprocess.run([taskkill, "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        process.kill()
    process.wait()
