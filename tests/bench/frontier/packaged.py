"""Writes the points that reports set circuits beside: those of the table that no other of their circuit beats."""

import csv
from pathlib import Path

from neurocmc.report.frontier import TABLE
from tests.bench.frontier.circuits import circuits
from tests.bench.frontier.measure import Row
from tests.bench.frontier.picture import unbeaten
from tests.bench.frontier.table import Rows

NAMES = {  # circuit -> as reports call it
    "four-units": "four-unit winner-take-all",
    "swta-digits": "winner-take-all of digits",
    "cmc-v1v3": "canonical microcircuit of digits",
}
CODES = ("threshold", "rate", "feedback", "interleaved")


def write_packaged(rows: Rows, path: Path = TABLE) -> None:
    """Writes circuit, code, the worst population's NRMSE, and energy by unit and second."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("circuit", "code", "nrmse", "uj_per_unit_s"))
        for circuit, name in NAMES.items():
            made = circuits()[circuit](1)
            unit_seconds = made.model.circuit.units * made.judged.duration_s
            points = {_place(row, unit_seconds): row for row in rows.values() if _is_kept(row, circuit)}
            for cost, error in unbeaten(list(points)):
                out.writerow((name, points[cost, error].point, f"{error:.6g}", f"{cost:.6g}"))


def _is_kept(row: Row, circuit: str) -> bool:
    return row.circuit == circuit and row.code in CODES and row.energy_uj is not None


def _place(row: Row, unit_seconds: float) -> tuple[float, float]:
    assert row.energy_uj is not None
    assert row.worst_population is not None
    return row.energy_uj / unit_seconds, row.worst_population
