"""The promise of campaigns: the same table, byte for byte, whatever the workers, and whoever is killed meanwhile.

CI does a sweep of 24 runs so, the nightly tests one of 200.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.task import State
from neurocmc.pipeline.sweep.run import run_sweep
from tests.campaign.plans import LARGE, SWEEP, plan
from tests.campaign.workers import kill_one, scheduler, until_gone, workers_of
from tests.cli.running import ROOT, listing, run
from tests.made.waiting import HANGS_S, until
from tests.torch_extra import needs_torch

CAMPAIGNS = [pytest.param(SWEEP, 24, id="24"), pytest.param(LARGE, 200, id="200", marks=pytest.mark.nightly)]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """The table, and what is kept of every run."""
    return {path.name: path.read_bytes() for path in (folder / "table.csv", *sorted((folder / "runs").iterdir()))}


def swept(folder: Path, sweep: str, place: Place, kill_after: int = 0) -> dict[str, bytes]:
    """What a sweep comes to, of which a worker is killed once so many runs have ended."""
    worst: State = "defect"

    def told(_text: str, _share: float, line: str) -> None:
        if kill_after and line.startswith(f"run {kill_after} "):
            kill_one()

    worst = run_sweep(plan(folder, sweep), folder / "out", place, figures=False, told=told).worst
    assert worst == "refused"  # by the chip; none was lost
    assert workers_of() == []
    return bytes_of(folder / "out")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """What each sweep comes to in this process, without a scheduler."""
    folder = tmp_path_factory.mktemp("alone")
    return {"24": swept(folder / "24", SWEEP, Place())}


def expected(alone: dict[str, dict[str, bytes]], sweep: str, runs: int, folder: Path) -> dict[str, bytes]:
    if str(runs) not in alone:
        alone[str(runs)] = swept(folder / "alone", sweep, Place())
    assert len(alone[str(runs)]) == runs + 1
    return alone[str(runs)]


@pytest.mark.slow
@pytest.mark.parametrize(("sweep", "runs"), CAMPAIGNS)
def test_two_workers_of_which_one_is_killed(
    sweep: str, runs: int, alone: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    own = swept(tmp_path / "two", sweep, Place(workers=2), kill_after=runs // 3)
    assert own == expected(alone, sweep, runs, tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize(("sweep", "runs"), CAMPAIGNS)
def test_workers_of_a_scheduler(
    workers: int, sweep: str, runs: int, alone: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    with scheduler(workers) as address:
        folder = tmp_path / "cluster"
        run_sweep(plan(folder, sweep), folder / "out", Place(scheduler=address), figures=False)
    assert bytes_of(folder / "out") == expected(alone, sweep, runs, tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize(("sweep", "runs"), CAMPAIGNS)
def test_four_workers(sweep: str, runs: int, alone: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    assert swept(tmp_path / "four", sweep, Place(workers=4)) == expected(alone, sweep, runs, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(("sweep", "runs"), CAMPAIGNS)
def test_a_campaign_that_is_ended_goes_on(
    sweep: str, runs: int, number: int, alone: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    """Ended by the system or by ctrl-C: workers are gone, nothing is half written, and the rest is done."""
    path, out = plan(tmp_path / "ended", sweep), tmp_path / "ended" / "out"
    command = [sys.executable, "-m", "neurocmc", "sweep", str(path), "-o", str(out), "--workers", "2", "--no-figures"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    campaign = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    until(lambda: out.is_dir() and len(list(out.glob("runs/*.json"))) >= runs // 4)
    workers = workers_of(campaign.pid)
    campaign.send_signal(number)
    campaign.wait(HANGS_S)
    until_gone(workers)
    done = len(list(out.glob("runs/*.json")))
    assert runs // 4 <= done < runs
    assert not (out / "table.csv").exists()
    assert number == signal.SIGKILL or not list(out.rglob("*.part"))
    again = run("sweep", path, "-o", out, "--no-figures")
    assert again.code == 0, again.err
    assert len(again.err.splitlines()) == runs - done
    assert bytes_of(out) == expected(alone, sweep, runs, tmp_path)
    assert not list(out.rglob("*.part"))


@needs_torch
@pytest.mark.nightly
def test_a_study_of_regions_on_workers(tmp_path: Path) -> None:
    """Trained, compiled and judged by two workers: every file is the same but for the times that passes took."""
    circuits = pytest.importorskip("tests.circuits.test_study")
    few = circuits.STUDY.replace("[1, 2]", "[2]").replace("full, no-sp, ode-off", "full, ode-off")
    circuits.plan(tmp_path, few + "compile: {target: brian2, neurons: 4, samples: 2, seeds: [3]}\n")
    for workers in ("1", "2"):
        out = tmp_path / workers
        shown = run("study", tmp_path / "study.yaml", "-o", out, "--no-figures", "--workers", workers)
        assert shown.code in (0, 1), shown.err
    one, two = (listing(tmp_path / workers) for workers in ("1", "2"))
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] in ([], ["chips/2-full-3/timings.json"])
