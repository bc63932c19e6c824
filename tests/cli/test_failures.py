"""Failures: each kind has its exit code and its words, and none shows a traceback unless it is asked for."""

import json
import os
import signal
import subprocess
import sys
from typing import Annotated

import pytest
import typer
from syrupy.assertion import SnapshotAssertion
from typer.testing import CliRunner

from neurocmc.cli.failures import debug, guarded
from neurocmc.common.errors import InfeasibleError, InputError, Problem
from tests.cli.running import Run, run
from tests.made.waiting import HANGS_S

LONG_PATH = "/" + "/".join(["a-rather-long-folder-name"] * 8) + "/model.pt"


def failing(error: BaseException, *arguments: str) -> Run:
    """A command that fails like that, run with these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)

    def command(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        raise error

    app.command()(guarded(command))
    result = CliRunner().invoke(app, list(arguments))
    return Run(result.exit_code, result.stdout, result.stderr)


PROBLEMS = (
    Problem(
        "field-wrong",
        "targets/mine.yaml:10",
        "limits.cores_per_chip.value: should be a valid integer (got 'many')",
        "mend it",
    ),
    Problem(
        "synapses-beyond-limit",
        "projection excite->inhibit",
        "1,088,512 synapse bits, limit 1,048,576 on one core, " * 3,
        "use less",
    ),
)


def test_all_problems_are_told_at_once(snapshot: SnapshotAssertion) -> None:
    shown = failing(InfeasibleError(PROBLEMS))
    assert (shown.code, shown.out) == (2, "")
    assert shown.err == snapshot


def test_problems_as_json() -> None:
    shown = failing(InfeasibleError(PROBLEMS), "--json")
    assert (shown.code, shown.err) == (2, "")
    assert json.loads(shown.out) == {
        "error": {
            "headline": "infeasible",
            "problems": [{"id": p.id, "where": p.where, "what": p.what, "cure": p.cure} for p in PROBLEMS],
        }
    }


def test_a_path_is_never_broken_and_markup_is_text() -> None:
    shown = failing(
        InputError(
            Problem("file-missing", LONG_PATH, f"not [bold]what[/bold] it was: see {LONG_PATH}", "[red]mend[/red]")
        )
    )
    assert shown.err.count(LONG_PATH) == 2
    assert "[bold]what[/bold]" in shown.err
    assert "cure: [red]mend[/red]" in shown.err


def test_a_defect_is_one_line_that_says_so() -> None:
    shown = failing(KeyError("excite"))
    assert (shown.code, shown.out) == (3, "")
    assert shown.err.count("\n") == 1
    assert "this is a defect of neurocmc (KeyError: 'excite'): please report it" in shown.err


def test_a_defect_as_json() -> None:
    shown = failing(ValueError("first line\nsecond line"), "--json")
    assert shown.code == 3
    assert json.loads(shown.out)["error"]["problems"][0]["what"] == "ValueError: first line"


def test_debug_shows_the_traceback() -> None:
    token = debug.set(True)
    try:
        shown = failing(KeyError("excite"))
    finally:
        debug.reset(token)
    assert shown.code == 3
    assert "Traceback (most recent call last)" in shown.err
    assert "in command" in shown.err


def broken(path: object) -> object:
    raise KeyError(path)


@pytest.mark.parametrize(
    ("before", "environment", "traced"),
    [((), {}, False), (("--debug",), {}, True), ((), {"NEUROCMC_DEBUG": "1"}, True)],
)
def test_debug_by_option_and_by_environment(
    before: tuple[str, ...], environment: dict[str, str], traced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurocmc.pipeline.model.load", broken)
    monkeypatch.delenv("NEUROCMC_DEBUG", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    shown = run(*before, "inspect", "m.pt")
    assert shown.code == 3
    assert ("Traceback" in shown.err) == traced


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 2, "this needs more memory than there is"),
        (typer.Exit(1), 1, ""),
    ],
)
def test_other_ways_to_leave(error: BaseException, code: int, words: str) -> None:
    shown = failing(error)
    assert shown.code == code
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert shown.err.count("\n") <= 6


WAITING = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a child of a background job has not
import neurocmc.pipeline.model as model
def load(path, images):
    print("waiting", flush=True)
    while True:
        time.sleep(1)
model.load = load
sys.argv = ["neurocmc", "inspect", "m.pt"]
from neurocmc.cli.main import run
run()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_real_process_without_a_traceback(number: signal.Signals, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        _, told = process.communicate(timeout=HANGS_S)
    assert process.returncode == code
    assert "Traceback" not in told


@pytest.mark.skipif(os.name != "posix", reason="pipes close otherwise elsewhere")
def test_a_closed_pipe_is_not_a_missed_budget() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "input(); from neurocmc.cli.main import run; run()", "targets"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, told = process.communicate("go on\n", timeout=HANGS_S)  # nothing was written before
    assert (process.returncode, told) == (141, "")
