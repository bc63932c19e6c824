"""Running the command line in tests: in this process, or as a real one."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from neurocmc.cli.main import app
from tests.made.waiting import HANGS_S

ROOT = Path(__file__).parents[2]
CHECKPOINT = ROOT / "models" / "swta-digits.pt"
CIRCUIT = ROOT / "examples" / "circuit.yaml"
ONE_SCREEN = 24


@dataclass(frozen=True)
class Run:
    """What a command said and how it left."""

    code: int
    out: str
    err: str


def run(*arguments: str | Path) -> Run:
    """The command in this process."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="neurocmc")
    return Run(result.exit_code, result.stdout, result.stderr)


def run_process(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> Run:
    """The command as `python -m neurocmc`, without a terminal."""
    # Whatever the developer's shell says about colours and width must not reach the goldens.
    ours = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS")}
    done = subprocess.run(
        [sys.executable, "-m", "neurocmc", *map(str, arguments)],
        cwd=cwd,
        env={**ours, **environment},
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def listing(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, hidden files too."""
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in paths}
