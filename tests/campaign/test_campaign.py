"""Campaigns: outcomes in the order of the plan wherever they are done, workers that die, runs that are kept."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neurocmc.common.errors import InfeasibleError, InputError
from neurocmc.common.replacing import beside
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.pipeline.campaign import cluster, local
from neurocmc.pipeline.campaign.folder import check_folder, clear_below
from neurocmc.pipeline.campaign.kept import Kept
from neurocmc.pipeline.campaign.place import Place, place_of, processors
from neurocmc.pipeline.campaign.run import Watching, raise_first, run_all
from neurocmc.pipeline.campaign.task import Outcome, Task, worst_state
from neurocmc.pipeline.campaign.work import own_version, perform
from tests.campaign.workers import kill_one, scheduler, until_gone, workers_of
from tests.cli.running import ROOT
from tests.made.waiting import HANGS_S, until

WORKS = "tests.campaign.works"
SQUARED = {"state": "done", "problems": [], "infeasible": False}
HERE, TWO = Place(), Place(workers=2)


def tasks(work: str, many: int, **where: str) -> list[Task]:
    return [Task(name=f"r{n}", work=f"{WORKS}:{work}", what={"number": n}, where=where) for n in range(many)]


class Square(StrictModel):
    square: float
    threads: int


class Half(StrictModel):
    half: int


def kept_in(folder: Path) -> Kept:
    return Kept(folder=folder, version=own_version(), values={f"{WORKS}:square": Square, f"{WORKS}:refuses": Half})


def watching(told: Callable[[int], None]) -> Watching:
    """Calls `told` with how many runs have ended, whenever one has."""
    ended: list[str] = []

    def watched(_text: str, _share: float, line: str) -> None:
        if line:
            ended.append(line)
            told(len(ended))

    return Watching(told=watched, words=lambda _task, outcome: outcome.state)


def test_outcomes_stand_in_the_order_of_the_plan_wherever_runs_are_done() -> None:
    here = run_all(tasks("square", 12), HERE)
    assert [outcome.value["square"] for outcome in here] == [float(n * n) for n in range(12)]
    assert {outcome.value["threads"] for outcome in here} == {1}
    assert run_all(tasks("square", 12), TWO) == here
    assert workers_of() == []
    with scheduler(1) as address:
        assert run_all(tasks("square", 12), Place(scheduler=address)) == here


def test_a_refusal_and_a_defect_end_their_own_run_alone(capfd: pytest.CaptureFixture[str]) -> None:
    outcomes = run_all(tasks("refuses", 6), HERE)
    assert [outcome.state for outcome in outcomes] == ["done", "refused", "done", "refused", "defect", "refused"]
    assert run_all(tasks("refuses", 6), TWO) == outcomes
    assert capfd.readouterr() == ("", "")
    assert worst_state(outcomes) == "defect"
    assert worst_state(outcomes[:2]) == "refused"
    with pytest.raises(InfeasibleError, match=r"\[population-silent\]"):
        raise_first(outcomes)
    with pytest.raises(RuntimeError, match="ZeroDivisionError: four"):
        raise_first(outcomes[4:])


def test_a_worker_that_dies_takes_its_own_run_with_it_and_that_is_done_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    dying = Task(name="dies", work=f"{WORKS}:dies", what={"times": 2}, where={"log": str(log)})
    outcomes = run_all([dying, *tasks("square", 6)], TWO)
    assert [outcome.state for outcome in outcomes] == ["done"] * 7
    assert log.read_text() == "xxx"


def test_a_run_whose_workers_always_die_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    dying = Task(name="dies", work=f"{WORKS}:dies", what={"times": 99}, where={"log": str(log)})
    kept = kept_in(tmp_path / "runs")
    first, *others = run_all([dying, *tasks("square", 3)], TWO, kept)
    assert (first.state, first.problems[0].id, first.problems[0].where) == ("lost", "run-lost", "run dies")
    assert log.read_text() == "x" * (1 + cluster.RETRIES)
    assert [outcome.state for outcome in others] == ["done"] * 3
    assert not kept.path(dying).exists()  # the next call tries it again


def test_what_is_kept_is_not_done_again(tmp_path: Path) -> None:
    kept, told = kept_in(tmp_path / "runs"), list[str]()
    first = run_all(tasks("square", 3), HERE, kept)
    before = {path.name: path.read_bytes() for path in kept.folder.iterdir()}
    assert sorted(before) == ["r0.json", "r1.json", "r2.json"]
    watched = Watching(told=lambda _text, _share, line: told.append(line), words=lambda _task, _outcome: "")
    assert run_all(tasks("square", 5), HERE, kept, watched)[:3] == first
    assert [line[:13] for line in told if line] == ["run 1 of 2, r", "run 2 of 2, r"]
    assert {path.name: path.read_bytes() for path in kept.folder.iterdir()} | before == {
        path.name: path.read_bytes() for path in kept.folder.iterdir()
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"what": {"number": 7}}, r"another campaign: number differs.*\[campaign-other\]"),
        ({"neurocmc": "0.0.1"}, r"with neurocmc 0\.0\.1, and this is.*\[campaign-other\]"),
        ({"work": "other:work"}, r"another kind of campaign.*\[campaign-other\]"),
        ({"format": "other"}, r"\[run-file-wrong\]"),
        ({"colour": "red"}, r"colour: unknown field"),
        (
            {
                "outcome": {
                    "state": "done",
                    "value": {"square": "x", "threads": 1},
                    "problems": [],
                    "infeasible": False,
                }
            },
            r"outcome\.value\.square: should be a valid number",
        ),
        ({"outcome": {"state": "lost", "value": {}, "problems": [], "infeasible": False}}, r"outcome\.state"),
    ],
)
def test_a_folder_of_another_campaign_is_refused_in_one_message(
    change: dict[str, object], told: str, tmp_path: Path
) -> None:
    kept = kept_in(tmp_path)
    run_all(tasks("square", 3), HERE, kept)
    for path in tmp_path.iterdir():
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=told) as caught:
        run_all(tasks("square", 3), HERE, kept)
    assert len(caught.value.problems) == 1


def test_a_kept_problem_has_an_id_of_the_catalogue(tmp_path: Path) -> None:
    kept, asked = kept_in(tmp_path), tasks("refuses", 2)
    run_all(asked, HERE, kept)
    text = kept.path(asked[1]).read_text()
    kept.path(asked[1]).write_text(text.replace("population-silent", "population-loud"))
    with pytest.raises(InputError, match=r"\[run-file-wrong\]"):
        kept.read(asked)


def test_nothing_at_the_address_of_a_scheduler_is_one_message_in_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "ANSWERS_S", 1.0)
    with socket.socket() as silent:  # it takes connections, and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for address in (f"tcp://127.0.0.1:{silent.getsockname()[1]}", "tcp://127.0.0.1:1", "cluster", "ftp://a:1"):
            with pytest.raises(InputError, match=r"\[scheduler-unreachable\]"):
                run_all(tasks("square", 2), Place(scheduler=address))


def test_a_scheduler_without_workers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ANSWERS_S", 1.0)
    with scheduler(0) as address, pytest.raises(InputError, match=r"\[scheduler-without-workers\]"):
        run_all(tasks("square", 2), Place(scheduler=address))


def test_a_worker_of_another_version_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "neurocmc-9.9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: neurocmc\nVersion: 9.9.9\n")
    own = local._environment()
    monkeypatch.setattr(
        local, "_environment", lambda: {**own, "PYTHONPATH": os.pathsep.join((str(tmp_path), own["PYTHONPATH"]))}
    )
    with scheduler(1) as address, pytest.raises(InputError, match=r"has neurocmc 9\.9\.9.*\[worker-unfit\]"):
        run_all(tasks("square", 2), Place(scheduler=address))
    with pytest.raises(InputError, match=r"neurocmc 9\.9\.9 runs there.*\[worker-unfit\]"):
        run_all(tasks("square", 2), TWO)  # workers that come later are asked by each run


def test_workers_that_cannot_start_are_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "MODULE", "tests.campaign.no_such_worker")
    with pytest.raises(InputError, match=r"no_such_worker.*\[workers-cannot-start\]"):
        run_all(tasks("square", 2), TWO)


def test_places_are_checked_and_one_run_needs_no_worker() -> None:
    assert [problem.id for problem in Place(workers=0).problems()] == ["number-out-of-range"]
    assert [problem.id for problem in Place(scheduler=" ").problems()] == ["option-empty"]
    assert place_of(None, None).workers == processors() >= 1
    assert Place(workers=8).for_runs(1) == Place().for_runs(9) == 0
    assert Place(workers=8).for_runs(3) == 3
    with pytest.raises(InputError):
        run_all(tasks("square", 2), Place(workers=0))


def test_a_run_of_another_version_is_not_done() -> None:
    outcome = json.loads(perform(tasks("square", 1)[0].sent("0.0.1")))
    assert [problem["id"] for problem in outcome["problems"]] == ["worker-unfit"]


def test_only_what_would_come_again_is_kept() -> None:
    assert Outcome(state="done").lasting
    assert not Outcome(state="lost").lasting
    assert not Outcome(state="defect").lasting


def test_what_killed_workers_left_half_written_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    left = tmp_path / "a" / ".table.csv.0123abcd.part"
    left.write_text("half")
    (tmp_path / ".hidden").write_text("mine")
    with beside(tmp_path / "other") as held:  # of a process that lives
        clear_below(tmp_path)
        assert held.exists()
    assert not left.exists()
    assert (tmp_path / ".hidden").read_text() == "mine"
    clear_below(tmp_path / "none")


def test_a_folder_that_is_not_of_the_campaign_is_left_alone(tmp_path: Path) -> None:
    check_folder(tmp_path, "plan.yaml", "a sweep")
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(InputError, match=r"\[folder-not-ours\]"):
        check_folder(tmp_path, "plan.yaml", "a sweep")
    with pytest.raises(InputError, match=r"\[not-a-folder\]"):
        check_folder(tmp_path / "letter", "plan.yaml", "a sweep")
    (tmp_path / "plan.yaml").touch()
    check_folder(tmp_path, "plan.yaml", "a sweep")


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_worker_killed_in_the_middle_changes_nothing(workers: int, tmp_path: Path) -> None:
    """Kept files are the same bytes with so many workers, one of which is killed."""
    expected = kept_in(tmp_path / "expected")
    run_all(tasks("square", 40), HERE, expected)
    kept = kept_in(tmp_path / "kept")

    def killing(ended: int) -> None:
        if ended == 10 and workers > 1:
            kill_one()

    run_all(tasks("square", 40), Place(workers=workers), kept, watching(killing))
    for path in expected.folder.iterdir():
        assert (kept.folder / path.name).read_bytes() == path.read_bytes()


# Of what a shell starts in the background SIGINT is ignored, and so it would be of all below it.
WAITING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.run import run_all
from neurocmc.pipeline.campaign.task import Task
where = {"folder": sys.argv[1]}
run_all([Task(name=f"r{n}", work="tests.campaign.works:waits", what={"number": n}, where=where) for n in range(4)],
        Place(workers=2))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_leave_with_the_campaign_however_it_ends(number: int, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WAITING, str(tmp_path)]
    campaign = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL, start_new_session=True
    )
    until(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
    workers = workers_of(campaign.pid)
    assert len(workers) == 2
    campaign.send_signal(number)
    campaign.wait(HANGS_S)
    until_gone(workers)
