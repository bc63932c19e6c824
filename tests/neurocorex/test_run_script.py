"""The emitted `run.py`, as it is, against a board behind a pseudo-terminal."""

import csv
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.neurocorex.board import Board
from tests.neurocorex.made import emitted, lowered, random_network, random_spikes


def serial_python() -> str:
    """An interpreter with pyserial: this one, or the one that NEUROCOREX_PYTHON names."""
    if named := os.environ.get("NEUROCOREX_PYTHON"):
        return named
    if importlib.util.find_spec("serial") is None:
        pytest.skip("pyserial is not here, and NEUROCOREX_PYTHON names no interpreter that has it")
    return sys.executable


@pytest.mark.parametrize(("pole", "queue"), [(1.0, 1_024), (0.0, 64)])
def test_run_py_sends_the_program_and_writes_the_spikes_of_the_emulator(
    pole: float, queue: int, tmp_path: Path
) -> None:
    stimulus = random_spikes(1, trials=2, ticks=30)
    built = lowered(random_network(0, pole), stimulus)
    program = emitted(built, stimulus, tmp_path / "program")
    told = json.loads((program / "decoding.json").read_text())
    (program / "decoding.json").write_text(json.dumps(told | {"queue": queue}))
    board = Board()
    board.start()
    out = tmp_path / "spikes.csv"
    command = [serial_python(), "-I", str(program / "run.py"), "--port", board.port, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert board.runs == 2
    seen = built.run(stimulus)
    wanted = sorted(
        (int(trial), int(tick), name, int(unit))
        for name, spikes in seen.spikes.items()
        for trial, tick, unit in zip(spikes.trial, spikes.tick, spikes.unit, strict=True)
    )
    with out.open(newline="") as file:
        rows = [(int(a), int(b), name, int(c)) for a, b, name, c in list(csv.reader(file))[1:]]
    assert sorted(rows) == wanted
    assert wanted


def test_run_py_says_that_the_board_is_silent(tmp_path: Path) -> None:
    stimulus = random_spikes(1, trials=1, ticks=5)
    program = emitted(lowered(random_network(0, 1.0), stimulus), stimulus, tmp_path / "program")
    own, far = os.openpty()
    command = [serial_python(), str(program / "run.py"), "--port", os.ttyname(far), "--patience", "0.2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:  # what it sends is taken, and nothing is answered
            os.read(own, 65_536) if _has_bytes(own) else None
        _, told = process.communicate()
    assert process.returncode == 1
    assert "the board sent 0 bytes" in told


def _has_bytes(descriptor: int) -> bool:
    import select

    return bool(select.select([descriptor], [], [], 0.05)[0])
