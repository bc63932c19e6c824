"""What the network of a chip does to spikes, and what places of cores change: tables, and those of docs/latency.md.

`python -m tests.acceptance.latency` makes all of it again: `docs/studies/latency-calibration.csv`, the measures on
trains that are moved by known amounts, and `docs/studies/latency.csv`, three circuits with their cores as placed, in
order along the mesh and at random places of the chips in use.
"""

import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.draws import stream
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.latency import LatencyBench
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.figures.latency import draw_latency
from neurocmc.sim.mesh import SpikeMesh
from neurocmc.verification.deviation import disorder, isi_distortion
from neurocmc.verification.latency import Latency
from tests.bench.output import rewrite
from tests.made.tables import TableRow, rows_of

ROOT = Path(__file__).parents[2]
STUDIES, PAGE, PICTURES = ROOT / "docs" / "studies", ROOT / "docs" / "latency.md", ROOT / "docs" / "pictures"
CALIBRATION, PLACES = STUDIES / "latency-calibration.csv", STUDIES / "latency.csv"

TRAINS, RATE_HZ, LASTS_S = 43, 36.7, 400.0
JITTERS_MS, CONSTANT_MS = (0.5, 2.0), 3.0
SETTINGS = ((TRAINS, RATE_HZ), (32, RATE_HZ), (64, RATE_HZ), (TRAINS, 25.0), (TRAINS, 50.0))
SEEDS = range(5)
SHARES = (1.0, 0.75)  # lengths of a tick, of the longest that the circuit needs as it was placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A circuit, what it is compiled to, and how many trials of its first stimulus are run."""

    circuit: str
    model: str
    target: str
    neurons: int
    trials: int


CASES = (
    Case(circuit="swta-digits", model="swta-digits.pt", target="truenorth", neurons=32, trials=20),
    Case(circuit="cmc-v1v3", model="cmc-v1v3.pt", target="loihi1", neurons=64, trials=4),
    Case(circuit="turnstile", model="turnstile.yaml", target="truenorth", neurons=16, trials=1),
)


def moved(trains: int, rate_hz: float, jitter_ms: float, constant_ms: float = 0.0) -> tuple[float, float]:
    """ISI distortion and disorder of Poisson trains whose spikes arrive later by normal jitter, or a constant."""
    draw = stream(0, 1)
    sent = [np.sort(draw.uniform(0.0, 1e3 * LASTS_S, draw.poisson(rate_hz * LASTS_S))) for _ in range(trains)]
    arrived: list[Float] = [train + constant_ms + jitter_ms * draw.normal(size=train.size) for train in sent]
    return isi_distortion(sent, arrived), disorder(np.concatenate(sent), np.concatenate(arrived))


def calibration() -> Iterator[TableRow]:
    """A row for each setting and jitter, and for a constant latency in whole picoseconds."""
    for trains, rate_hz in SETTINGS:
        for jitter_ms in JITTERS_MS:
            yield _calibrated(trains, rate_hz, jitter_ms, *moved(trains, rate_hz, jitter_ms))
    draw = stream(0, 1)
    sent = [np.sort(draw.integers(0, 10**12, 1000)) for _ in range(TRAINS)]
    late = [train + round(1e9 * CONSTANT_MS) for train in sent]
    constant = isi_distortion(sent, late), disorder(np.concatenate(sent), np.concatenate(late))
    yield {**_calibrated(TRAINS, 1000.0, 0.0, *constant), "constant_ms": f"{CONSTANT_MS:g}"}


def _calibrated(trains: int, rate_hz: float, jitter_ms: float, isi: float, out_of_order: float) -> TableRow:
    return {
        "trains": str(trains),
        "rate_hz": f"{rate_hz:g}",
        "constant_ms": "0",
        "jitter_ms": f"{jitter_ms:g}",
        "isi_percent": f"{100 * isi:.3g}",
        "disorder_percent": f"{100 * out_of_order:.3g}",
    }


def compiled(case: Case, folder: Path) -> Artifact:
    """The artifact of a case."""
    options = CompileOptions(neurons=case.neurons, figures=False)
    return compile_model(load(ROOT / "models" / case.model), case.target, folder / case.circuit, options)


def bench_of(artifact: Artifact, case: Case) -> LatencyBench:
    """The first trials of the first stimulus."""
    stimulus = (artifact.stimuli.test or artifact.stimuli.calibration)[0].take(slice(case.trials))
    return LatencyBench.of(artifact.built, (stimulus,), artifact.seed)


def placements(mesh: SpikeMesh) -> Iterator[tuple[str, int, SpikeMesh]]:
    """Name, seed and mesh of each."""
    yield "placed", 0, mesh
    yield "in order", 0, mesh.in_order()
    for seed in SEEDS:
        yield "random", seed, mesh.shuffled(seed)


def measured(case: Case, artifact: Artifact) -> Iterator[TableRow]:
    """All rows of a circuit: what each placement takes, and what ticks of some lengths do under it."""
    bench, placed = bench_of(artifact, case), artifact.built.spike_mesh()
    (first,) = bench.measure(placed)
    needed_us = first.findings.longest_tick_us - first.findings.barrier_ns / 1000
    for name, seed, mesh in placements(placed):
        for share, latency in zip(SHARES, bench.measure(mesh, [share * needed_us for share in SHARES]), strict=True):
            yield _row(case, name, seed, share, latency)


def _row(case: Case, placement: str, seed: int, share: float, latency: Latency) -> TableRow:
    found = latency.findings
    numbers = {
        "messages_per_tick": found.messages_per_tick,
        "hops": found.hops,
        "latency_ns": found.latency_ns,
        "longest_latency_ns": found.longest_latency_ns,
        "wait_ns": found.wait_ns,
        "mean_tick_us": found.mean_tick_us,
        "longest_tick_us": found.longest_tick_us,
        "speed": found.speed,
        "tick_us": found.tick_us,
        "late_percent": 100 * found.late,
        "isi_percent": 100 * found.isi_distortion,
        "disorder_percent": 100 * found.disorder,
        "nrmse_percent": 100 * found.nrmse,
        "changed_percent": 100 * found.changed[0].share,
    }
    return {
        "circuit": case.circuit,
        "target": case.target,
        "neurons": str(case.neurons),
        "cores": str(found.cores),
        "trials": str(found.trials),
        "ticks": str(found.ticks),
        "placement": placement,
        "seed": str(seed),
        "tick_share": f"{share:g}",
        **{name: f"{value:.4g}" for name, value in numbers.items()},
    }


def markdown_of_calibration() -> str:
    """The table of moved trains for people."""
    lines = [
        "| trains | rate of each [Hz] | latency | ISI distortion [%] | disorder [%] |",
        "|---|---|---|---|---|",
    ]
    for row in rows_of(CALIBRATION):
        jitter = f"jitter {row['jitter_ms']} ms"
        told = jitter if row["jitter_ms"] != "0" else f"constant, {row['constant_ms']} ms"
        cells = (row["trains"], row["rate_hz"], told, row["isi_percent"], row["disorder_percent"])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def own_rows(circuit: str, placement: str, share: float = 1.0) -> list[TableRow]:
    """The rows of a placement, of all its seeds."""
    wanted = (circuit, placement, f"{share:g}")
    return [row for row in rows_of(PLACES) if (row["circuit"], row["placement"], row["tick_share"]) == wanted]


def span_of(rows: Sequence[TableRow], column: str) -> str:
    """One value, or the least and the largest of several."""
    values = [float(row[column]) for row in rows]
    low, high = _told(min(values)), _told(max(values))
    return low if low == high else f"{low} to {high}"


def _told(value: float) -> str:
    """Three digits; what is next to nothing is told apart from nothing."""
    if 0.0 < value < 0.01:
        return "< 0.01"
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


PLACEMENTS = ("placed", "in order", "random")


def markdown_of_places() -> str:
    """What each placement takes, where ticks wait for their messages; of random ones least and largest."""
    columns = ("hops", "latency_ns", "wait_ns", "longest_tick_us", "speed")
    lines = [
        "| circuit | target, cores | placement | hops | latency [ns] | in queues [ns] | longest tick [us] | speed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case in CASES:
        for placement in PLACEMENTS:
            rows = own_rows(case.circuit, placement)
            cells = (case.circuit, f"{case.target}, {rows[0]['cores']}", placement)
            lines.append(f"| {' | '.join((*cells, *(span_of(rows, column) for column in columns)))} |")
    return "\n".join(lines)


def markdown_of_ticks() -> str:
    """What ticks that wait for nothing do, by their length and by placement."""
    columns = ("late_percent", "isi_percent", "disorder_percent", "nrmse_percent", "changed_percent")
    lines = [
        "| circuit | tick [us] | placement | late [%] | ISI [%] | disorder [%] | NRMSE [%] | changed [%] |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case in CASES:
        for share in SHARES:
            for placement in PLACEMENTS:
                rows = own_rows(case.circuit, placement, share)
                cells = (case.circuit, _told(float(rows[0]["tick_us"])), placement)
                lines.append(f"| {' | '.join((*cells, *(span_of(rows, column) for column in columns)))} |")
    return "\n".join(lines)


TABLES = {
    "moved trains": markdown_of_calibration,
    "places of cores": markdown_of_places,
    "ticks that wait for nothing": markdown_of_ticks,
}


def write(path: Path, rows: Sequence[TableRow]) -> None:
    """Writes a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Makes the tables, the page's, and the picture again."""
    write(CALIBRATION, list(calibration()))
    rows: list[TableRow] = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            artifact = compiled(case, Path(folder))
            for row in measured(case, artifact):
                print(row, file=sys.stderr, flush=True)
                rows.append(row)
            if case.circuit == "cmc-v1v3":
                mesh = artifact.built.spike_mesh()
                (shown,) = bench_of(artifact, case).measure(mesh)
                draw_latency(shown.barrier, PICTURES / "latency.png", "cmc-v1v3 on loihi1, 64 neurons per unit")
    write(PLACES, rows)
    rewrite(PAGE, {name: made() for name, made in TABLES.items()})


if __name__ == "__main__":
    main()
