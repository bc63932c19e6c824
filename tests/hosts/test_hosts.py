"""neurocmc wherever it is called: what it makes there is what it makes elsewhere, and the caller gets all back."""

import multiprocessing
import os
import pty
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neurocmc
from neurocmc.pipeline.artifact import open_artifact
from tests.cli.running import CIRCUIT, ROOT, listing
from tests.made.built import loihi

HERE = Path(__file__).parent


def run_script(name: str, out: Path, *flags: str, **environment: str) -> list[str]:
    """The lines that a script of this folder prints."""
    done = subprocess.run(
        [sys.executable, *flags, str(HERE / name), str(ROOT), str(out)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=590,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


def made(folder: Path) -> dict[str, bytes]:
    """All of an artifact but what tells of the run itself."""
    return {name: content for name, content in listing(folder).items() if name != "timings.json"}


@pytest.mark.slow
def test_whatever_the_caller_has_set(tmp_path: Path) -> None:
    """The same bytes, and everything put back.

    numpy that raises, torch in float64 on no device in inference mode, Brian2 in float32 and in another order,
    pictures at 40 points through LaTeX, every warning an error, and an event loop that runs.
    """
    (tmp_path / "there").mkdir()
    assert run_script("caller_with_settings.py", tmp_path / "there", HOME=str(tmp_path)) == ["[]"]
    for target in ("loihi1", "truenorth"):
        artifact = neurocmc.compile(CIRCUIT, target=target, out=tmp_path / target, neurons=8)
        if target == "loihi1":
            found = dict(np.load(tmp_path / "there" / "brian2.npz"))
            for name, activity in neurocmc.simulate(artifact, on="brian2").activity.items():
                np.testing.assert_array_equal(found[name], activity)
        assert made(tmp_path / "there" / target) == made(tmp_path / target)


@pytest.mark.slow
def test_a_worker_thread_without_a_home_a_directory_or_a_main_thread(tmp_path: Path) -> None:
    """With `-W error -O` and LC_ALL=C besides; the emitted Brian2 script runs in that environment as well."""
    file = tmp_path / "file"
    file.touch()
    printed = run_script(
        "thread_that_outlives.py",
        tmp_path,
        *("-W", "error", "-O"),
        HOME=str(file / "home"),
        LC_ALL="C",
        PYTHONUTF8="0",
        PYTHONWARNINGS="error",
        PYTHONOPTIMIZE="1",
    )
    assert printed == ["pass", "(1, 300, 2)", "[]"]


def compiled(out: Path) -> int:
    """What a spawned process does."""
    artifact = neurocmc.compile(CIRCUIT, target="loihi1", out=out, neurons=4, figures=False)
    return neurocmc.budget(artifact).cores_used


def test_a_spawned_process(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(compiled, (tmp_path / "out",)) == 1


def in_a_terminal(columns: int, *arguments: str) -> tuple[int, str]:
    """Exit code and what is seen of a command on a terminal of so many columns."""
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "neurocmc", *arguments],
        env=environment | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # how Linux says that nobody writes any more
                break
            if not part:
                break
            seen += part
    os.close(ours)
    return process.returncode, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())


def test_a_terminal_of_40_columns(tmp_path: Path) -> None:
    """Tables of twelve columns do not fit: they run over, and no column is cut or left out."""
    out = tmp_path / "out"
    code, seen = in_a_terminal(
        40, "compile", str(CIRCUIT), "--target", "loihi1", "--neurons", "4", "--no-figures", "-o", str(out)
    )
    assert code == 0, seen
    for heading in ("Hz", "valid", "headroom", "realised", "clipped", "exponent", "mantissa"):
        assert heading in seen, seen
    artifact = open_artifact(out)
    for population in loihi(artifact).integer.populations:
        assert f"{population.threshold_mantissa:,}" in seen, seen
    assert str(out) in seen.replace("\r\n", "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_streams_that_are_closed(closed: str, tmp_path: Path) -> None:
    """The exit code is told all the same: 2, and not 1, which would be a missed budget."""
    command = f'"{sys.executable}" -m neurocmc inspect missing.yaml {closed}'
    assert subprocess.run(["sh", "-c", command], cwd=tmp_path, check=False, env=dict(os.environ)).returncode == 2
