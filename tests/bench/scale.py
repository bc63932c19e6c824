"""The part `scale` of the bench: what compiling costs from ten thousand to a million neurons, pass by pass.

Four kinds of circuits (`tests.made.large`) are compiled by the whole command, report and pictures included, on a
system of many Loihi chips, each in a process of its own. Processor seconds are of all its threads, memory is its
peak. The growth of a pass is the exponent of its processor time between the two largest sizes, told where the pass
takes long enough to be measured.
"""

import csv
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

from neurocmc.common.matrices import count
from tests.bench.environments import ROOT
from tests.bench.output import rewrite
from tests.made.large import KINDS

TARGET = "pohoiki-springs"
SIZES = (10_000, 100_000, 1_000_000)
QUICK = (30_000, 100_000)
LEAST_S = 1.0  # of a pass at the larger size: what takes less is no matter of growth
MOST_S, MOST_MB = 60.0, 4000.0  # of a million neurons
GROWTH, QUICK_GROWTH = 1.1, 1.2
TABLE = ROOT / "docs" / "studies" / "scale.csv"
PASSES = ROOT / "docs" / "studies" / "scale-passes.csv"
PAGE = ROOT / "docs" / "scale.md"
PASS_FIELDS = ["circuit", "wanted", "pass", "processor_s"]
_SMALL = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
_START_UP = "start-up"  # what passes do not have: imports, reading the circuit, hashes of the files


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """One compilation."""

    circuit: str
    wanted: int  # neurons, by which sizes are compared
    neurons: int
    synapses: int  # between neurons, each pair of connected ones counted
    processor_s: float
    wall_s: float
    memory_mb: float
    cores: int
    bound: int  # no placement needs fewer
    chips: int


RUN_HEAD = ("circuit", "neurons", "synapses", "processor s", "wall s", "MB", "cores", "bound", "ratio", "chips")
_KINDS: dict[str, type] = {
    **dict.fromkeys(("wanted", "neurons", "synapses", "cores", "bound", "chips"), int),
    **dict.fromkeys(("processor_s", "wall_s", "memory_mb"), float),
    "circuit": str,
}


def run(console: Console, out: Path, quick: bool) -> None:
    """Compile all circuits of all sizes, print the tables, and fail where a growth or a limit is passed."""
    rows: list[Compiled] = []
    passes: list[dict[str, Any]] = []
    for kind in KINDS:
        for size in QUICK if quick else SIZES:
            row, spent = compiled(kind, size)
            rows.append(row)
            passes += [{"circuit": kind, "wanted": size, "pass": name, "processor_s": s} for name, s in spent.items()]
            console.print(f"{kind}, {row.neurons:,} neurons: {row.processor_s:.1f} s, {row.memory_mb:,.0f} MB")
    sizes = sorted({row["wanted"] for row in passes})[-2:]
    console.print(_shown(f"compiled for {TARGET}, whole command", RUN_HEAD, [_cells(row) for row in rows]))
    console.print(_shown("processor seconds (growth)", _pass_head(sizes), _pass_rows(passes, sizes)))
    (out / "scale.json").write_text(json.dumps({"runs": [asdict(row) for row in rows], "passes": passes}, indent=1))
    if not quick:
        _write(TABLE, [field.name for field in fields(Compiled)], [_rounded(asdict(row)) for row in rows])
        _write(PASSES, PASS_FIELDS, [_rounded(row) for row in passes])
        rewrite(PAGE, {"scale": runs_markdown(), "passes": passes_markdown()})
    if beyond := [*limits_passed(rows), *grown(passes, QUICK_GROWTH if quick else GROWTH)]:
        raise SystemExit("scale: " + "; ".join(beyond))


def compiled(kind: str, size: int) -> tuple[Compiled, dict[str, float]]:
    """One compilation, and the processor seconds of its passes."""
    with TemporaryDirectory(prefix="neurocmc-scale-") as folder:
        path, artifact = Path(folder) / "large.circuit.npz", Path(folder) / "artifact"
        large = KINDS[kind](size)
        large.save(path)
        options = ["--target", TARGET, "--neurons", str(large.pool), "--code", "threshold", "-o", str(artifact)]
        begun, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        memory_mb = _peak_mb([sys.executable, "-m", "neurocmc", "compile", str(path), *options])
        wall_s, after = perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        budget = json.loads((artifact / "budget.json").read_text())
        spent = json.loads((artifact / "timings.json").read_text())["processor_seconds"]
    pairs = sum(count(p.weight) for p in large.circuit.projections)
    row = Compiled(
        circuit=kind,
        wanted=size,
        neurons=next(entry["used"] for entry in budget["in_all"] if entry["resource"] == "compartments"),
        synapses=pairs * large.pool**2,
        processor_s=processor_s,
        wall_s=wall_s,
        memory_mb=memory_mb,
        cores=budget["cores_used"],
        bound=budget["cores_lower_bound"],
        chips=budget["chips"]["chips_used"],
    )
    return row, spent | {_START_UP: processor_s - sum(spent.values())}


def limits_passed(rows: list[Compiled]) -> Iterator[str]:
    """What a compilation of the largest size took beyond what it may."""
    for row in rows:
        if row.wanted == SIZES[-1] and row.processor_s > MOST_S:
            yield f"{row.circuit}: {row.processor_s:.0f} s of processor time, limit {MOST_S:.0f}"
        if row.wanted == SIZES[-1] and row.memory_mb > MOST_MB:
            yield f"{row.circuit}: {row.memory_mb:,.0f} MB, limit {MOST_MB:,.0f}"


def growth(passes: list[dict[str, Any]], circuit: str, name: str) -> float | None:
    """The exponent of a pass between the two largest sizes; None where it is too short to have one."""
    times = {row["wanted"]: row["processor_s"] for row in passes if (row["circuit"], row["pass"]) == (circuit, name)}
    if len(times) < 2 or times[max(times)] < LEAST_S:
        return None
    last, large = sorted(times)[-2:]
    return log(times[large] / max(times[last], 1e-3)) / log(large / last)


def grown(passes: list[dict[str, Any]], limit: float) -> Iterator[str]:
    """The passes that grow faster than they may."""
    for circuit, name in dict.fromkeys((row["circuit"], row["pass"]) for row in passes):
        found = growth(passes, circuit, name)
        if found is not None and found > limit:
            yield f"{circuit}: {name} grows with the power {found:.2f} of the neurons, limit {limit}"


def _peak_mb(command: list[str]) -> float:
    """The peak memory of a command, which must end well.

    A small process starts it: what a process held before it became another one counts as that one's memory.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    small = [sys.executable, "-S", "-c", _SMALL, *command]
    ran = subprocess.run(small, cwd=ROOT, env=environment, capture_output=True, text=True)
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(command[2:4])} ended with {ran.returncode}: {ran.stderr[-2000:]}")
    return int(ran.stdout.splitlines()[-1]) / 1024


def read_runs() -> list[Compiled]:
    """The runs of the table as it stands."""
    with TABLE.open(encoding="utf-8") as file:
        return [Compiled(**{name: kind(row[name]) for name, kind in _KINDS.items()}) for row in csv.DictReader(file)]


def read_passes() -> list[dict[str, Any]]:
    """The passes of the table as it stands."""
    with PASSES.open(encoding="utf-8") as file:
        return [
            {**row, "wanted": int(row["wanted"]), "processor_s": float(row["processor_s"])}
            for row in csv.DictReader(file)
        ]


def runs_markdown() -> str:
    """The table of runs on the page."""
    return _markdown(RUN_HEAD, [_cells(row) for row in read_runs()])


def passes_markdown() -> str:
    """The table of passes on the page."""
    passes = read_passes()
    sizes = sorted({row["wanted"] for row in passes})[-2:]
    return _markdown(_pass_head(sizes), list(_pass_rows(passes, sizes)))


def _markdown(head: Sequence[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _cells(row: Compiled) -> list[str]:
    numbers = [row.neurons, row.synapses, row.cores, row.bound, row.chips]
    neurons, synapses, cores, bound, chips = (f"{number:,}" for number in numbers)
    spent = [f"{row.processor_s:.1f}", f"{row.wall_s:.1f}", f"{row.memory_mb:,.0f}"]
    return [row.circuit, neurons, synapses, *spent, cores, bound, f"{row.cores / row.bound:.3f}", chips]


def _pass_head(sizes: list[int]) -> list[str]:
    return ["pass", *(f"{kind} {size:,}" for kind in KINDS for size in sizes)]


def _pass_rows(passes: list[dict[str, Any]], sizes: list[int]) -> Iterator[list[str]]:
    times = {(row["circuit"], row["wanted"], row["pass"]): row["processor_s"] for row in passes}
    for name in dict.fromkeys(row["pass"] for row in passes):
        cells: list[str] = []
        for kind in KINDS:
            found = growth(passes, kind, name)
            power = "" if found is None else f" ({found:.2f})"
            first, last = (times.get((kind, size, name), 0.0) for size in sizes)
            cells += [f"{first:.2f}", f"{last:.2f}{power}"]
        yield [name, *cells]


def _shown(title: str, head: Sequence[str], rows: Iterable[list[str]]) -> Table:
    table = Table(*head, title=title)
    for row in rows:
        table.add_row(*row)
    return table


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}


def _write(path: Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
