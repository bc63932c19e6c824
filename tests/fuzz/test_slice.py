"""A minute of the campaign: every kind of file, real processes among the cases, and kills of a compilation."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.running import ROOT
from tests.fuzz.kinds import KINDS
from tests.made.waiting import HANGS_S

pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are ended by what Linux has")

CASES, SEED = 100, 12


@pytest.mark.slow
def test_a_slice_keeps_every_promise(tmp_path: Path) -> None:
    options = (
        "--cases",
        str(CASES),
        "--seed",
        str(SEED),
        "--workers",
        "1",
        "--real",
        "2",
        "--kills",
        "151",
        "--commands",
        "compile",
    )
    command = [sys.executable, "-m", "tests.fuzz", *options, "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANGS_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = [json.loads(line) for line in (tmp_path / f"seed-{SEED}.jsonl").read_text().splitlines()]
    assert sorted(verdict["number"] for verdict in verdicts) == list(range(CASES))
    assert [verdict for verdict in verdicts if verdict["broken"]] == []
    assert {verdict["kind"] for verdict in verdicts} == set(KINDS)
    outcomes = Counter(verdict["outcome"] for verdict in verdicts)
    assert outcomes["refused"] > CASES / 3  # mutations reach what checks
    assert outcomes["accepted"] + outcomes["accepted for training"] > CASES / 20  # and pass it
    assert sum(verdict["looked_at"].startswith("equal") for verdict in verdicts) > 0
    assert sum(verdict["real"] for verdict in verdicts) > 0
    assert [path.name for path in (tmp_path / "scratch").rglob("*") if path.is_file()] == []

    planted = [sys.executable, "-m", "tests.fuzz.planted", str(tmp_path / "planted"), str(tmp_path / "corpus")]
    done = subprocess.run(planted, cwd=ROOT, capture_output=True, text=True, timeout=HANGS_S, check=False)
    assert done.returncode == 0, done.stderr
    assert "neither the old nor the new stands there" in json.loads(done.stdout)
