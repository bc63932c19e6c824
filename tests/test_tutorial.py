"""The tutorial: every command of the page runs in an empty folder, in the order in which it stands there.

The part that needs torch runs where torch is installed; `tests/interpreters.py` runs the rest on every Python, from
the wheel. What `pip` would install is there.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.made.waiting import HANGS_S
from tests.torch_extra import needs_torch

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "tutorial.md"
COUNTED = 12  # commands of ours before the part with torch; fewer would mean that blocks are read no more


def commands(kind: str) -> list[str]:
    """The commands of the page's blocks of a kind, `sh` or `sh torch`."""
    blocks = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("neurocmc ")]


def run(line: str, folder: Path) -> None:
    """A command as it stands on the page. Fails unless it leaves with 0."""
    done = subprocess.run(
        [sys.executable, "-m", "neurocmc", *shlex.split(line)[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.slow
def test_every_command_of_the_tutorial_runs_in_an_empty_folder(tmp_path: Path) -> None:
    told = commands("sh")
    assert len(told) == COUNTED
    for line in told:
        run(line, tmp_path)
    assert (tmp_path / "build" / "report.html").is_file()


@needs_torch
@pytest.mark.nightly
def test_the_part_that_trains(tmp_path: Path) -> None:
    told = commands("sh torch")
    assert len(told) == 4
    for line in told:
        run(line, tmp_path)
