"""Our emulators of two commits on the same networks in the same run, in turns, in processor time.

What another commit's package computes is asked of a process that imports it instead of the one at hand: its folder,
taken from git, comes first on the path. The bench itself is this one, and both have to find the same spikes.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench.emulators.beside_child import CASES, TRIALS, Case
from tests.bench.emulators.tables import Rows, as_table
from tests.bench.environments import ONE_THREAD, ROOT
from tests.bench.timing import Sample

PACKAGE = ("neurocmc", "targets", "models")
LIMIT_S = 1800
SIDES = ("before", "now")


def run(console: Console, out: Path, revision: str, quick: bool) -> None:
    """Measure, write beside.json, print. Raises RuntimeError where a side fails or they find different spikes."""
    cases = CASES[:2] if quick else CASES
    values: dict[str, dict[str, dict[str, list[float]]]] = {side: {} for side in SIDES}
    with tempfile.TemporaryDirectory() as name, console.status("emulators") as status:
        folders = {"before": unpacked(revision, Path(name)), "now": ROOT}
        for index, case in enumerate(cases):
            status.update(f"{case.name}, {index + 1} of {len(cases)}")
            spikes: set[str] = set()
            for _ in range(3 if quick else 5):
                for side in SIDES:
                    found = measured(folders[side], case)
                    spikes.add(found.pop("spikes"))
                    for key, value in found.items():
                        values[side].setdefault(case.name, {}).setdefault(key, []).append(value)
            if len(spikes) > 1:
                raise RuntimeError(f"{case.name}: the two commits do not find the same spikes")
    result = {"revision": revision, "cases": values}
    (out / "beside.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    title = f"Now beside {revision}: us of processor time a tick (and trial), median (lowest to highest), one thread"
    console.print(as_table(title, *beside_rows(values)))


def unpacked(revision: str, folder: Path) -> Path:
    """The package of another commit in a folder of its own. Raises RuntimeError where there is no such commit."""
    command = ["git", "archive", "--format=tar", revision, *PACKAGE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git has no {revision}: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def measured(folder: Path, case: Case) -> dict[str, Any]:
    """What the package in a folder takes for one trial and for TRIALS, in a process of its own."""
    path = f"{folder}{os.pathsep}{ROOT}"
    command = [sys.executable, "-m", "tests.bench.emulators.beside_child", str(folder), case.name]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | ONE_THREAD | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def beside_rows(values: dict[str, dict[str, dict[str, list[float]]]]) -> tuple[list[str], Rows]:
    """Headings and rows: a network each, one trial and a batch."""
    rows: Rows = []
    for name, found in values["now"].items():
        row = [name]
        for key in found:
            before, now = (Sample(values=tuple(values[side][name][key])) for side in SIDES)
            row += [before.told("{:.2f}"), now.told("{:.2f}"), before.over(now).told("{:.2f}")]
        rows.append(row)
    one = ["one trial before", "now", "before over now"]
    many = [f"{TRIALS} trials before", "now", "before over now"]
    return ["network", *one, *many], rows
