"""Measures the frontier of codes: docs/studies/frontier.csv, the tables of docs/codes.md and their picture.

    python -m tests.bench.frontier [--circuit NAME ...] [--code CODE ...] [--full]

measures all, or the circuits and codes that are named (`step` is the tick alone, `nef` the peer), and leaves every
other row as it was. Test trials of the larger circuits are 200, or 1,000 with --full. `--redraw` measures nothing,
and writes page and picture from the table as it stands.
"""

import argparse
from collections.abc import Iterator

from rich.console import Console

from tests.bench.environments import NENGO
from tests.bench.frontier.circuits import ALL_TRIALS, TRIALS, circuits
from tests.bench.frontier.measure import Bench, Row
from tests.bench.frontier.packaged import write_packaged
from tests.bench.frontier.peer import nef_rows
from tests.bench.frontier.picture import draw_frontier
from tests.bench.frontier.points import NEF, STEP, points
from tests.bench.frontier.table import percent, read, write, write_page
from tests.bench.output import bench_console

WITH_PEER = "four-units"


def measured(names: list[str], codes: list[str], trials: int, console: Console) -> Iterator[Row]:
    """Yields the rows of what is named, each as soon as it is there, and says what is left out."""
    for point in points():
        if point.code in codes and point.missing:
            console.print(f"skipped: {point.name}: the compiler has no {point.missing}", highlight=False)
    for name in names:
        bench = Bench(name, circuits()[name](trials))
        if STEP in codes and bench.circuit.continuous:
            yield bench.step_row()
        for point in points():
            if point.code in codes and point.is_of(name) and not point.missing:
                yield bench.row(point)
        if NEF in codes and name == WITH_PEER:
            yield from _peer(bench, console)


def _peer(bench: Bench, console: Console) -> Iterator[Row]:
    python = NENGO.python()
    if python is None:
        console.print(NENGO.how_to(), markup=False)
    else:
        yield from nef_rows(bench, python)


def _arguments() -> argparse.Namespace:
    codes = [*dict.fromkeys(point.code for point in points()), STEP, NEF]
    parser = argparse.ArgumentParser(description="error, spikes, energy and cores of every code of pools")
    parser.add_argument("--circuit", action="append", choices=list(circuits()), help="measure this one (repeatable)")
    parser.add_argument("--code", action="append", choices=codes, help="measure this code (repeatable)")
    parser.add_argument("--full", action="store_true", help=f"{ALL_TRIALS:,} test trials instead of {TRIALS}")
    parser.add_argument("--redraw", action="store_true", help="measure nothing, write page and picture again")
    given = parser.parse_args()
    given.circuit, given.code = given.circuit or list(circuits()), given.code or codes
    return given


def main() -> None:
    """Measure what is named, and write table, page and picture."""
    given, console, rows = _arguments(), bench_console(), read()
    if not given.redraw:
        for row in measured(given.circuit, given.code, ALL_TRIALS if given.full else TRIALS, console):
            rows[row.circuit, row.point] = row
            write(rows)  # after every row: what was measured is kept where the next one fails
            console.print(f"{row.circuit:12s} {row.point:28s} {_told(row)}", highlight=False)
    rows = read()
    write_page(rows)
    draw_frontier(rows.values())
    write_packaged(rows)


def _told(row: Row) -> str:
    ode = "" if row.ode_median is None else f", to the equation {percent(row.ode_median)} %"
    return row.refused or f"{percent(row.euler_median)} %{ode}"


if __name__ == "__main__":
    main()
