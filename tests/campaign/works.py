"""Runs that tests of campaigns ask for, by name, of whatever process."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.common.progress import Progress


def square(what: Mapping[str, Any], _where: Mapping[str, str], progress: Progress) -> Mapping[str, Any]:
    """The square of a number, with the threads that linear algebra has here."""
    from threadpoolctl import threadpool_info

    progress("multiply", 0.5)
    number = float(what["number"])
    threads = max((entry["num_threads"] for entry in threadpool_info()), default=1)
    return {"square": number * number, "threads": threads}


def modules(_what: Mapping[str, Any], _where: Mapping[str, str], _progress: Progress) -> Mapping[str, Any]:
    """What the process has imported."""
    return {"modules": sorted(sys.modules)}


def refuses(what: Mapping[str, Any], _where: Mapping[str, str], _progress: Progress) -> Mapping[str, Any]:
    """An odd number is refused, and 4 meets a defect."""
    if what["number"] % 2:
        raise InfeasibleError(Problem("population-silent", "population a", "is odd", "give an even one"))
    if what["number"] == 4:
        raise ZeroDivisionError("four")
    return {"half": what["number"] // 2}


def dies(what: Mapping[str, Any], where: Mapping[str, str], _progress: Progress) -> Mapping[str, Any]:
    """Its worker is killed so many times, as if memory were short; then it is done."""
    log = Path(where["log"])
    with log.open("a") as stream:
        stream.write("x")
    if len(log.read_text()) <= what["times"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"died": what["times"]}


def waits(what: Mapping[str, Any], where: Mapping[str, str], _progress: Progress) -> Mapping[str, Any]:
    """It says that it has begun, by the number of its process, and is done once it may."""
    folder = Path(where["folder"])
    (folder / f"{what['number']}.pid").write_text(str(os.getpid()))
    while not (folder / "go").exists():
        time.sleep(0.01)
    return {"number": what["number"]}
