"""Keeps the rows in docs/studies/frontier.csv, and tells them to people on docs/codes.md."""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from tests.bench.frontier.circuits import ROOT, circuits
from tests.bench.frontier.measure import Row
from tests.bench.frontier.points import NEF, STEP, points
from tests.bench.output import rewrite

TABLE = ROOT / "docs" / "studies" / "frontier.csv"
PAGE = ROOT / "docs" / "codes.md"
WHOLE = ("trials", "cores")  # fields of whole numbers
TEXTS = ("circuit", "point", "code", "options", "refused")
Key = tuple[str, str]  # circuit, point
Rows = dict[Key, Row]


def read(path: Path = TABLE) -> Rows:
    """Returns the rows as they stand, in order; none where there is no file."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = [_row(line) for line in csv.DictReader(file)]
    return {(row.circuit, row.point): row for row in rows}


def _row(line: Mapping[str, str]) -> Row:
    values: dict[str, Any] = {name: line[name] for name in TEXTS}
    for name, text in line.items():
        if name not in TEXTS:
            values[name] = None if not text else int(text) if name in WHOLE else float(text)
    return Row(**values)


def write(rows: Rows, path: Path = TABLE) -> None:
    """Writes the rows, circuit by circuit, in the order of the points."""
    names = [field.name for field in fields(Row)]
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, names, lineterminator="\n")
        out.writeheader()
        for row in sorted(rows.values(), key=_place):
            out.writerow({name: _cell(value) for name, value in asdict(row).items()})


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _place(row: Row) -> tuple[int, int, int]:
    """Circuits, then the tick alone, our points as they are listed, and the peer by its size."""
    order = [point.name for point in points()]
    kinds = {STEP: -1, NEF: len(order)}
    circuit = list(circuits()).index(row.circuit)
    size = int(row.point.split()[1].strip(",")) if row.code == NEF else 0
    return circuit, kinds[row.code] if row.code in kinds else order.index(row.point), size


Cell = Callable[[Row], str]


def percent(value: float | None) -> str:
    """Returns a fraction as people read it: three digits of percent."""
    return "" if value is None else f"{100 * value:.3g}"


def _with_p90(median: float | None, p90: float | None) -> str:
    return "" if median is None else f"{percent(median)} ({percent(p90)})"


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


COLUMNS: Mapping[str, Cell] = {
    "neurons per unit": lambda row: _short(row.neurons_a_unit),
    "agree, %": lambda row: "" if row.agree is None else f"{100 * row.agree:.1f}",
    "capacity kept, %": lambda row: "" if row.capacity is None else f"{100 * row.capacity:.0f}",
    "NRMSE, %": lambda row: _with_p90(row.euler_median, row.euler_p90),
    "to the equation": lambda row: _with_p90(row.ode_median, row.ode_p90),
    "fixed drive": lambda row: percent(row.fixed_euler),
    "fixed drive, to the equation": lambda row: percent(row.fixed_ode),
    "worst population": lambda row: "" if row.fixed_euler is not None else percent(row.worst_population),
    "spikes": lambda row: _count(row.spikes),
    "spikes from the host": lambda row: _count(row.host_spikes),
    "energy, µJ": lambda row: _short(row.energy_uj),
    "cores": lambda row: "" if row.cores is None else str(row.cores),
}


def markdown(rows: Iterable[Row]) -> str:
    """Returns the table of one circuit; columns in which nothing stands are left out."""
    shown = list(_different(rows))
    kept = {name: cell for name, cell in COLUMNS.items() if any(cell(row) for row in shown)}
    lines = [["code, neurons per unit, options", *kept], ["---", *("---:" for _ in kept)]]
    for row in shown:
        point = f"{row.point}: refused, `{row.refused}`" if row.refused else row.point
        lines.append([point, *(cell(row) for cell in kept.values())])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _different(rows: Iterable[Row]) -> Iterable[Row]:
    """The rows but those for which the compiler chose what stands there already."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        same = (row.code, row.options)
        if not row.options or same not in seen:
            yield row
        seen.add(same)


def tables(rows: Rows) -> dict[str, str]:
    """Maps the name of each table of the page to what stands there."""
    found = {name: markdown(_of(rows.values(), name)) for name in circuits()}
    return {**found, "nef": _networks(rows.values()), "in short": _in_short(rows)}


def _of(rows: Iterable[Row], circuit: str) -> list[Row]:
    return [row for row in rows if row.circuit == circuit]


def _networks(rows: Iterable[Row]) -> str:
    """The networks that the peer's search found."""
    lines = ["| network | parameters |", "| --- | --- |"]
    lines += [f"| {row.point} | {row.options.partition(' ')[2]} |" for row in rows if row.code == NEF]
    return "\n".join(lines)


def _in_short(rows: Rows) -> str:
    """What the tables say of the four units and of the microcircuit, in sentences."""
    small, middle, large, rate = (
        rows["four-units", name] for name in ("threshold 8", "threshold 64", "threshold 256", "rate 64")
    )
    best_rate, best_peer = (_closest(rows.values(), "four-units", code) for code in ("rate", NEF))
    cortex, cortex_rate = rows["cmc-v1v3", "threshold 64"], _closest(rows.values(), "cmc-v1v3", "rate")
    assert rate.spikes is not None
    assert middle.spikes is not None
    ten, two = (rows["four-units", f"feedback {neurons}"] for neurons in (10, 2))
    digits, digits_before = (rows["swta-digits", name] for name in ("feedback 6", "threshold 64"))
    tapped = rows["cmc-v1v3", "threshold 48, taps"]
    lines = (
        "Four units: the feedback code with ten neurons per unit has an error of "
        f"{_error(ten)} with {_count(ten.spikes)} spikes. The threshold code with 64 has {_error(middle)} with "
        f"{_count(middle.spikes)} spikes. Two neurons of the feedback code have {_error(two)} with "
        f"{_count(two.spikes)} spikes.",
        "Four units: from 8 to 256 neurons per unit, the threshold code goes from "
        f"{_error(small)} to {_error(large)}, and from {_count(small.spikes)} to {_count(large.spikes)} spikes.",
        "Four units: with 64 neurons per unit the rate code fires "
        f"{percent(rate.spikes / middle.spikes)} % of the threshold code's spikes. Its best error is "
        f"{_error(best_rate)}, with {_count(best_rate.spikes)} spikes.",
        "Four units: the best network of the NEF has an error of "
        f"{_error(best_peer)} with {_count(best_peer.spikes)} spikes.",
        "Digits: the feedback code with six neurons per unit takes "
        f"{_short(digits.energy_uj)} µJ per digit, the threshold code with 64 takes "
        f"{_short(digits_before.energy_uj)} µJ.",
        "Microcircuit: the threshold code with taps has an error of "
        f"{_error(tapped)} on {tapped.cores} cores with 48 neurons per unit. With relays it has {_error(cortex)} on "
        f"{cortex.cores} cores with 64. Taps take more synaptic operations: {_count(tapped.energy_uj)} µJ per digit "
        f"against {_count(cortex.energy_uj)} µJ.",
        f"Microcircuit: the best error of the rate code is {_error(cortex_rate)}, because its synapses are too fast.",
    )
    return "\n".join(f"- {line}" for line in lines)


def _closest(rows: Iterable[Row], circuit: str, code: str) -> Row:
    own = [row for row in rows if (row.circuit, row.code) == (circuit, code) and row.euler_median is not None]
    return min(own, key=lambda row: row.euler_median or 0.0)


def _error(row: Row) -> str:
    return f"{percent(row.euler_median)} %"


def write_page(rows: Rows, page: Path = PAGE) -> None:
    """Puts the tables on their page."""
    rewrite(page, tables(rows))
