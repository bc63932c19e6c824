"""The peers' environments: which interpreter has which peer, and running a script there with a time limit.

Each peer needs packages that exclude the others', so each has a virtual environment of its own, made by `make bench`,
or an interpreter that an environment variable names. None is ever imported here.
"""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# One thread a process: libraries that start more only make them wait for each other on two cores.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A virtual environment in the checkout, and the variable that names an interpreter to use instead."""

    folder: str
    variable: str
    requirements: str

    def python(self) -> Path | None:
        """The interpreter to use, or None where there is none."""
        if named := os.environ.get(self.variable):
            return Path(named)
        made = ROOT / self.folder / "bin" / "python"
        return made if made.is_file() else None

    def how_to(self) -> str:
        """What to type where there is none."""
        return (
            f"No environment {self.folder}: its columns stay empty. To make one (Python 3.11):\n"
            f"    python3.11 -m venv {self.folder}\n"
            f"    {self.folder}/bin/pip install -r tests/bench/{self.requirements}\n"
            f"or name an interpreter that has it: {self.variable}=PATH."
        )


NENGO = Environment(folder=".venv-nengo", variable="NEUROCMC_NENGO_PYTHON", requirements="requirements-nengo.txt")
BRIAN2_LOIHI = Environment(
    folder=".venv-brian2-loihi",
    variable="NEUROCMC_BRIAN2_LOIHI_PYTHON",
    requirements="requirements-brian2-loihi.txt",
)


def run_script(python: Path, script: Path, arguments: list[str], limit_s: float) -> None:
    """Run a script with one thread; a script and all that it started are killed at the limit.

    Raises RuntimeError with what it printed where it fails or comes to no end.
    """
    command = [str(python), "-W", "ignore", str(script), *arguments]
    process = subprocess.Popen(
        command,
        env=os.environ | ONE_THREAD,
        start_new_session=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        output, _ = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        raise RuntimeError(f"{script.name} took more than {limit_s:.0f} s:\n{output}") from None
    if process.returncode:
        raise RuntimeError(f"{script.name} ended with {process.returncode}:\n{output}")
