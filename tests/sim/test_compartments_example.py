"""The example of the compartment emulator prints what its page shows, and finds where a trace differs."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.made.waiting import HANGS_S

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "compartments.py"


def run(*arguments: object) -> str:
    command = [sys.executable, str(EXAMPLE), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANGS_S, check=True).stdout


def test_the_example_prints_its_page_and_judges_a_trace(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0]
    u = [[int(number) for number in re.findall(r"-?\d+", line.split("[")[1])] for line in shown.splitlines()[1:]]
    spikes = [[mark == "|" for mark in line[-2:]] for line in shown.splitlines()[1:]]
    trace = {"u": np.array(u), "spikes": np.array(spikes)}
    np.savez(tmp_path / "equal.npz", **trace)
    told = run(tmp_path / "equal.npz")
    assert told.startswith(shown)
    assert told[len(shown) :] == "spikes: 0 of 24 values differ, none\nu: 0 of 24 values differ, none\n"

    trace["u"][5, 1] += 1
    np.savez(tmp_path / "other.npz", **trace)
    assert run(tmp_path / "other.npz").endswith("u: 1 of 24 values differ, first at tick 5, compartment 1\n")
