"""Reads and writes docs/studies/readme.csv, the table of what tests/acceptance/readme.py measures."""

import csv
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUDIES = ROOT / "docs" / "studies"
TABLE, TEXTS = STUDIES / "readme.csv", STUDIES / "readme"
COMMANDS = {  # text in TEXTS -> the command that prints it, as README.md quotes it
    "verify": "neurocmc verify build",
    "budget": "neurocmc budget build",
    "refusal": "neurocmc compile circuit.yaml --target loihi1 --neurons 30000 -o build",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured number: what is quoted of it, in which unit, and on what it was measured."""

    key: str
    value: float
    unit: str
    how: str


def read_table() -> dict[str, Row]:
    """Key -> row of what was measured before; nothing where there is no file."""
    if not TABLE.is_file():
        return {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {line["key"]: Row(**(line | {"value": float(line["value"])})) for line in csv.DictReader(file)}


def write_table(rows: Mapping[str, Row]) -> None:
    """Write the table in the order of its keys, eight digits of each value."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(Row.__dataclass_fields__)
        for key in sorted(rows):
            _, value, unit, how = astuple(rows[key])
            lines.writerow([key, f"{value:.8g}", unit, how])
