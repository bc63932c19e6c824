"""Runs of stock Lava in tests: a script in Lava's own interpreter, with a limit, and nothing left running."""

import subprocess
from pathlib import Path

import pytest

from neurocmc.common.system import apart, end_all
from tests.made.waiting import HANGS_S


def run_script(python: Path, *arguments: str | Path, folder: Path) -> str:
    """What a script printed; the test fails where the script does, or never ends."""
    lava = subprocess.Popen(
        [str(python), *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **apart(),  # so that all of Lava's processes can be ended at once
    )
    try:
        output, _ = lava.communicate(timeout=HANGS_S)
    except BaseException as error:
        end_all(lava)
        output, _ = lava.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            pytest.fail(f"Lava took more than {HANGS_S:g} s:\n{output}")
        raise
    assert lava.returncode == 0, output
    return output
