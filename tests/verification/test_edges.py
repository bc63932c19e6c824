"""Edges: what is not a number misses, and so does an emitted program that fails."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocmc.ir.recording import Recording
from neurocmc.pipeline.child_program import edge_unless_run
from neurocmc.verification.edges import failed, misses
from neurocmc.verification.fidelity import Pair, fidelity_edges, trajectory_edge


def recording(**activity: list[float]) -> Recording:
    """One trial, one unit a population."""
    traces = {name: np.array(values, dtype=np.float32)[None, :, None] for name, values in activity.items()}
    return Recording(level="rate", stimulus="s", tick_s=0.001, activity=traces, spikes={}, spike_counts={})


GOOD = recording(a=[0.0, 1.0], b=[0.0, 1.0])
SPOILT = recording(a=[0.0, np.nan], b=[0.0, 1.0])


def test_trajectories_that_are_not_numbers_miss() -> None:
    spoilt = {name: value.astype(np.float64) for name, value in SPOILT.activity.items()}
    edge = trajectory_edge("torch ~ rate", [(GOOD.activity, GOOD), (spoilt, GOOD), (GOOD.activity, GOOD)])
    assert (edge.verdict, edge.worst) == ("miss", "a")
    assert trajectory_edge("torch ~ rate", [(GOOD.activity, GOOD)]).verdict == "pass"


def test_rates_that_are_not_numbers_miss() -> None:
    labels = np.array([-1])
    pairs = [Pair(reference=GOOD, other=other, labels=labels) for other in (GOOD, SPOILT, GOOD)]
    (edge,) = fidelity_edges("rate ~ emulator", pairs, ())
    assert (edge.verdict, edge.worst) == ("miss", "a")
    (edge,) = fidelity_edges("rate ~ emulator", pairs[:1], ())
    assert edge.verdict == "pass"


def test_an_emitted_program_that_fails_is_a_miss(tmp_path: Path) -> None:
    edge = edge_unless_run("brian2 ~ emitted", [sys.executable, "-c", "raise SystemExit('broken')"], tmp_path)
    assert edge is not None
    assert (edge.verdict, edge.note) == ("miss", "program/run.py failed: broken")
    assert misses([edge]) == (edge,)


@pytest.mark.parametrize(
    ("command", "note"),
    [
        (["/nowhere/python"], "cannot be run"),
        ([sys.executable, "-c", "raise SystemExit(\"No module named 'lava'\")"], "has no lava-nc"),
    ],
)
def test_what_could_not_be_run_is_not_judged(command: list[str], note: str, tmp_path: Path) -> None:
    edge = edge_unless_run("emulator == Lava", command, tmp_path)
    assert edge is not None
    assert edge.verdict == "not run"
    assert note in edge.note


def test_a_program_that_runs_leaves_the_judgement_to_its_spikes(tmp_path: Path) -> None:
    assert edge_unless_run("brian2 ~ emitted", [sys.executable, "-c", "pass"], tmp_path) is None


def test_a_failed_edge_misses_without_a_value() -> None:
    edge = failed("a ~ b", "q", "why")
    assert misses([edge, replace(edge, verdict="pass")]) == (edge,)
