"""The environment that stock Lava lives in: made once, beside the checkout's own, never imported by neurocmc.

    python tests/lava_environment.py

makes `.venv-lava` (the first time: 38 s and 273 MB) and prints the path of its interpreter. NEUROCMC_LAVA_PYTHON
names another interpreter that has lava-nc 0.10.0. Lava declares Python 3.10 only; on newer versions it is installed
without its dependencies, of which four are enough for bit-accurate LIF networks.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

DEPENDENCIES = ("numpy", "scipy", "networkx", "asteval")
LAVA = "lava-nc==0.10.0"
INSTALL_LIMIT_S = 600


def lava_python() -> Path:
    """The interpreter with Lava, made if need be. Raises CalledProcessError where it cannot be installed."""
    if named := os.environ.get("NEUROCMC_LAVA_PYTHON"):
        return Path(named)
    folder = Path(__file__).resolve().parents[1] / ".venv-lava"
    python = folder / "bin" / "python"
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("w") as lock:  # several test workers may come here at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = folder / ".ready"
        if not ready.is_file() or ready.read_text() != _recipe():
            _empty(folder)
            venv.create(folder, with_pip=True)
            _install(python, *DEPENDENCIES)
            _install(python, "--no-deps", "--ignore-requires-python", LAVA)
            ready.write_text(_recipe())
    return python


def _empty(folder: Path) -> None:
    """Remove what an interrupted installation or another Python left; the lock stays."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != ".lock":
            entry.unlink()


def _recipe() -> str:
    return f"{sys.version}\n{DEPENDENCIES}\n{LAVA}\n"


def _install(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True, timeout=INSTALL_LIMIT_S)


if __name__ == "__main__":
    print(lava_python())
