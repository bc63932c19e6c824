"""CI tells the seconds of its parts however it ends, and finds the Pythons of a machine that run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import interpreters

ROOT = Path(__file__).resolve().parents[1]
# A make that takes no time: what .ci/run does around it is what is tested.
MAKE = """#!/bin/sh
echo "make $1"
if [ "$1" = "$STOPS_AT" ]; then [ "$1" = test ] && echo "1 failed, 2 passed in 3.45s"; exit 2; fi
if [ "$1" = test ]; then echo ".... [100%]"; echo "3 passed, 1 skipped in 3.45s"; fi
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="CI runs in bash")


def ci(folder: Path, stops_at: str) -> subprocess.CompletedProcess[str]:
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    tool = folder / "tools" / "make"
    tool.parent.mkdir()
    tool.write_text(MAKE)
    tool.chmod(0o755)
    environment = os.environ | {"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}", "STOPS_AT": stops_at}
    command = ["bash", str(folder / ".ci" / "run")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def ledger(output: str) -> list[str]:
    lines = output.splitlines()
    return [line.split(" s  ")[1] for line in lines[lines.index("seconds of each part") + 1 :] if " s  " in line]


def test_the_ledger_comes_at_the_end_and_pytests_line_closes_the_log(tmp_path: Path) -> None:
    done = ci(tmp_path, "")
    assert done.returncode == 0
    assert ledger(done.stdout) == ["quality", "docs", "browser", "interpreters", "tests", "in all, of 1200"]
    assert done.stdout.splitlines()[-1] == "3 passed, 1 skipped in 3.45s"


@pytest.mark.parametrize(
    ("stops_at", "parts", "last"),
    [
        ("docs", ["quality", "docs, failed"], "in all, of 1200"),
        ("test", ["quality", "docs", "browser", "interpreters", "tests, failed"], "1 failed, 2 passed in 3.45s"),
    ],
)
def test_the_ledger_is_told_when_a_part_fails(tmp_path: Path, stops_at: str, parts: list[str], last: str) -> None:
    done = ci(tmp_path, stops_at)
    assert done.returncode == 2
    assert ledger(done.stdout) == [*parts, "in all, of 1200"]
    assert done.stdout.splitlines()[-1].endswith(last)


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_shim_that_does_not_run_is_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = sys.version_info[:2]
    name = f"python{version[0]}.{version[1]}"
    script(tmp_path / "shims" / name, "echo 'command not found' >&2; exit 127")
    script(tmp_path / "old" / name, "echo 3.9.1")
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, (tmp_path / "shims", tmp_path / "old"))))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert list(interpreters.interpreters([version])) == []
    installed = tmp_path / "pyenv" / "versions" / f"{version[0]}.{version[1]}.9" / "bin" / name
    script(installed, f'exec {sys.executable} "$@"')
    (found,) = interpreters.interpreters([version])
    assert found.command == str(installed)
    assert found.version == ".".join(map(str, sys.version_info[:3]))
