"""A case as a process of its own, `python -m neurocmc`: what only a new interpreter can do wrong is found here."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.cli.running import ROOT
from tests.fuzz import texts
from tests.fuzz.case import Made
from tests.fuzz.sandbox import IN, TMP, Ran

# The imports of everything, on a machine that has other things to do, are no hang.
WALL_S = 300


def run_real(made: Made, place: Path) -> Ran:
    """The command of a case whose files are in `place`/in."""
    began = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS")}
    environment |= {"TMPDIR": str(place / TMP), texts.CANARY: str(place / "canary"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "neurocmc", *made.arguments]
    try:
        done = subprocess.run(
            command,
            cwd=place / IN,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=WALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran(code=None, signal="waited", out="", err="", stack="", seconds=WALL_S)
    out, err = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    code = done.returncode
    return Ran(
        code=code if code >= 0 else None,
        signal="" if code >= 0 else f"signal {-code}",
        out=out,
        err=err,
        stack="",
        seconds=round(time.monotonic() - began, 3),
    )
