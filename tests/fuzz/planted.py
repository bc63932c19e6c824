"""Defects put into a command on purpose, to show that the harness can fail.

`python -m tests.fuzz.planted FOLDER` plants all, with a corpus behind it the one that kills are to find.
What is found of each goes to stdout as JSON. It is a process of its own because it forks.
"""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from tests.cli.running import CIRCUIT
from tests.fuzz import texts
from tests.fuzz.case import Made
from tests.fuzz.promises import broken, state_of
from tests.fuzz.sandbox import Limits, Ran, lay_out, run_forked, warm

SHORT = Limits(cpu_s=2, wall_s=20)
WAITS = Limits(wall_s=2)
PARTS, KILLS_EVERY = 20, 9


def _raise(*_: object) -> None:
    raise RuntimeError("planted")


def _spin(*_: object) -> None:
    while True:
        pass


def _leave(name: str) -> Callable[..., None]:
    def leave(*_: object) -> None:
        Path(name).write_text("half")
        raise typer.Exit(0)

    return leave


def _leave_in_tmp(*_: object) -> None:
    Path(os.environ["TMPDIR"], "left").mkdir()
    raise typer.Exit(0)


def _say(text: str, code: int) -> Callable[..., None]:
    def say(*_: object) -> None:
        sys.stderr.write(text)
        raise typer.Exit(code)

    return say


def _say_bytes(*_: object) -> None:
    os.write(1, b"\xff\n")
    raise typer.Exit(0)


def _run_hidden(*_: object) -> None:
    Path(os.environ[texts.CANARY]).touch()
    raise typer.Exit(0)


def _take_memory(*_: object) -> None:
    bytearray(3 * 2**30)


def _crash(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _leave_a_child(*_: object) -> None:
    if os.fork() == 0:
        time.sleep(3600)
    raise typer.Exit(0)


def _escape_the_guard(*_: object) -> None:
    raise GeneratorExit  # no Exception: it passes every door


# What stands in the place of reading a model -> the limits it runs under.
DEFECTS: dict[str, tuple[Callable[..., None], Limits]] = {
    "none": (_say("    cure: x\n", 2), SHORT),
    "raises": (_raise, SHORT),
    "shows a traceback": (_escape_the_guard, SHORT),
    "never ends": (_spin, SHORT),
    "waits": (lambda *_: time.sleep(3600), WAITS),
    "leaves a part": (_leave(".out.abcdefgh.part"), SHORT),
    "leaves a file": (_leave("strange"), SHORT),
    "changes its input": (_leave("c.yaml"), SHORT),
    "leaves a folder in tmp": (_leave_in_tmp, SHORT),
    "writes an escape": (_say("\x1b[31mred\n", 0), SHORT),
    "writes no UTF-8": (_say_bytes, SHORT),
    "refuses without a cure": (_say("no\n", 2), SHORT),
    "warns": (_say("/x/y.py:3: RuntimeWarning: overflow\n", 0), SHORT),
    "runs what is hidden": (_run_hidden, SHORT),
    "crashes": (_crash, SHORT),
    "takes memory": (_take_memory, SHORT),
    "leaves a process": (_leave_a_child, SHORT),
}


def found(defect: str, folder: Path) -> tuple[list[str], Ran]:
    """The promises that `inspect` is found to break with a defect in it."""
    replacement, limits = DEFECTS[defect]
    place = folder / "planted"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copy(CIRCUIT, lay_out(place) / "c.yaml")
    before = state_of(place / "in")

    def plant() -> None:
        from neurocmc.pipeline import model

        model.__dict__["load"] = replacement

    made = Made(what=defect, arguments=("inspect", "c.yaml"))
    ran = run_forked(made, place, limits, plant)
    return broken(made, ran, place, before), ran


def _write_in_place(path: Path, content: bytes | str) -> None:
    """A file written where it stands, in so many parts that kills before every few events fall between two."""
    data = content.encode() if isinstance(content, str) else content
    path.unlink(missing_ok=True)
    for start in range(0, len(data), len(data) // PARTS):
        with path.open("ab") as stream:
            stream.write(data[start : start + len(data) // PARTS])


def _plant_writing_in_place() -> None:
    from neurocmc.common import files

    files.__dict__["write_file"] = _write_in_place


def killed(corpus: Path, scratch: Path) -> list[str]:
    """What kills find of a recording that is written in place."""
    from tests.fuzz.corpus import Corpus
    from tests.fuzz.kills import kills

    scratch.mkdir(parents=True, exist_ok=True)
    with warm(corpus, scratch):
        found = kills("simulate", Corpus(corpus), scratch, every=KILLS_EVERY, plant=_plant_writing_in_place)
        return [fault for kill in found for fault in kill.faults]


def main() -> None:
    """Plant every defect, or with a corpus the one that kills are to find, and print what is found."""
    if len(sys.argv) > 2:
        print(json.dumps(killed(Path(sys.argv[2]), Path(sys.argv[1]))))
        return
    for module in ("neurocmc.cli.main", "neurocmc.pipeline.certificates"):
        import_module(module)
    folder = Path(sys.argv[1])
    result: dict[str, Any] = {}
    for defect in DEFECTS:
        faults, ran = found(defect, folder)
        result[defect] = {"broken": faults, "code": ran.code, "err": ran.err[-300:]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
