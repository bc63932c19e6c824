"""The table of other tools: docs/studies/neurons-others.csv, and what docs/neurons-measured.md shows of it."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from tests.acceptance.neurons import PAGE, ROOT
from tests.bench.beside_spiking.measure import Row
from tests.bench.output import rewrite

TABLE = ROOT / "docs" / "studies" / "neurons-others.csv"
NAME = "others"  # of the table on the page
NUMBERS = ("accuracy", "agree")


def write(rows: Iterable[Row]) -> None:
    """Write the table."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, [entry.name for entry in fields(Row)], lineterminator="\n")
        out.writeheader()
        for row in rows:
            told = {name: "" if value is None else value for name, value in asdict(row).items()}
            out.writerow(told | {name: f"{told[name]:.6g}" for name in NUMBERS if told[name] != ""})


def read() -> list[Row]:
    """The rows."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        lines: list[dict[str, Any]] = list(csv.DictReader(file))
    for line in lines:
        line["seed"] = int(line["seed"])
        line.update({name: float(line[name]) if line[name] else None for name in NUMBERS})
    return [Row(**line) for line in lines]


def markdown() -> str:
    """The table for people: a line a call, over its seeds."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in read():
        groups.setdefault((row.network, row.tool, row.call), []).append(row)
    lines = [
        "| network | tool | call | accuracy, mean (lowest to highest) | decisions kept, worst | message and notes |",
        "|---|---|---|---|---|---|",
    ]
    for (network, tool, call), found in sorted(groups.items(), key=lambda entry: _place(entry[1])):
        first = found[0]
        said = [f"`{first.message}`" if first.message else "", first.note]
        cells = (
            network,
            f"{tool} {first.version}",
            f"`{call}`" if "(" in call or "-t " in call or "--" in call else call,
            _spread([row.accuracy for row in found if row.accuracy is not None]),
            _worst([row.agree for row in found if row.agree is not None]),
            "; ".join(part for part in said if part),
        )
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines)


def _place(rows: list[Row]) -> tuple[bool, bool]:
    """What ran first, and the networks that were moved before those that were not."""
    return (rows[0].accuracy is None, rows[0].agree is None)


def _spread(values: list[float]) -> str:
    if not values:
        return "refused"
    mean, low, high = (f"{100 * value:.1f}" for value in (sum(values) / len(values), min(values), max(values)))
    return f"{mean} % ({low} to {high})" if len(values) > 1 else f"{mean} %"


def _worst(values: list[float]) -> str:
    return f"{100 * min(values):.1f} %" if values else ""


def write_page() -> None:
    """Put the table on the page."""
    rewrite(PAGE, {NAME: markdown()})
