"""Reading tables that studies and scripts wrote."""

import csv
from pathlib import Path

STUDIES = Path(__file__).resolve().parents[2] / "docs" / "studies"
TableRow = dict[str, str]


def rows_of(path: Path) -> list[TableRow]:
    """The rows of a table, as texts."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_variant(study: str) -> dict[str, TableRow]:
    """Variant -> its row in the table of a study in the documentation."""
    return {row["variant"]: row for row in rows_of(STUDIES / study / "table.csv")}


def runs_of(study: str) -> list[TableRow]:
    """All runs of such a study."""
    return rows_of(STUDIES / study / "runs.csv")


def percent(row: TableRow, column: str = "accuracy") -> str:
    """`86.1 ± 2.0`: mean and standard deviation over seeds."""
    return f"{100 * float(row[f'{column}_mean']):.1f} ± {100 * float(row[f'{column}_sd']):.1f}"
