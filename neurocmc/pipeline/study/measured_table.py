"""Makes the tables of a study of any family: every run as CSV, and what variants come to over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from neurocmc.common.errors import Problem
from neurocmc.common.files import csv_text
from neurocmc.common.printable import printable

ERROR = ("error_id", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRow:
    """One run: what was measured, and what kept the rest from being."""

    variant: str
    seed: int
    columns: Mapping[str, Any]
    problems: tuple[Problem, ...]

    @property
    def error(self) -> str:
        """All problems in words."""
        return "; ".join(f"{problem.where}: {problem.what}" for problem in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTable:
    """The rows of a study, and all their columns in the order in which they first stand in one."""

    rows: tuple[MeasuredRow, ...]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[MeasuredRow]) -> "MeasuredTable":
        """Returns the table of these rows."""
        return cls(rows=tuple(rows), columns=tuple(dict.fromkeys(name for row in rows for name in row.columns)))

    def variants(self) -> tuple[str, ...]:
        """Returns the variants, in the order of the plan."""
        return tuple(dict.fromkeys(row.variant for row in self.rows))

    def samples(self) -> dict[str, dict[str, list[float]]]:
        """Returns the numbers of every column that holds numbers, by variant; truths count as 0 and 1."""
        found: dict[str, dict[str, list[float]]] = {}
        for name in self.columns:
            values = [row.columns[name] for row in self.rows if name in row.columns]
            if all(isinstance(value, int | float) for value in values):
                found[name] = {
                    variant: [
                        float(row.columns[name])
                        for row in self.rows
                        if row.variant == variant and name in row.columns
                    ]
                    for variant in self.variants()
                }
        return found


def runs_csv(table: MeasuredTable) -> str:
    """Returns one line a run, numbers in full precision; what was not measured is empty."""
    lines = [
        [
            row.variant,
            row.seed,
            *(row.columns.get(name, "") for name in table.columns),
            row.problems[0].id if row.problems else "",
            row.error,
        ]
        for row in table.rows
    ]
    return csv_text(["variant", "seed", *table.columns, *ERROR], lines)


def table_csv(table: MeasuredTable) -> str:
    """Returns one line a variant: mean, sample standard deviation and count over seeds of every column of numbers."""
    samples = table.samples()
    head = ["variant", *(f"{name}_{part}" for name in samples for part in ("mean", "sd", "count"))]
    lines: list[list[Any]] = []
    for variant in table.variants():
        line: list[Any] = [variant]
        for own in samples.values():
            values = own[variant]
            line += [fmean(values) if values else "", stdev(values) if len(values) > 1 else "", len(values)]
        lines.append(line)
    return csv_text(head, lines)


def table_md(table: MeasuredTable) -> str:
    """Returns the same as Markdown: mean ± standard deviation."""
    head, lines = table_cells(table)
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(map(_escaped, line))} |\n" for line in (head, rule, *lines))


def table_cells(table: MeasuredTable) -> tuple[list[str], list[list[str]]]:
    """Returns head and lines of the table that people read."""
    samples = table.samples()
    lines = [
        [variant, *(_spread(own[variant]) for own in samples.values()), _refusals(table, variant)]
        for variant in table.variants()
    ]
    head = ["variant", *samples, "refused"]
    return (head, lines) if any(line[-1] for line in lines) else (head[:-1], [line[:-1] for line in lines])


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    text = f"{fmean(values):.4g}"
    return f"{text} ± {stdev(values):.2g}" if len(values) > 1 else text


def _refusals(table: MeasuredTable, variant: str) -> str:
    ids = [row.problems[0].id for row in table.rows if row.variant == variant and row.problems]
    return ", ".join(f"{ids.count(name)} x {name}" for name in dict.fromkeys(ids))


def _escaped(cell: str) -> str:
    return printable(cell).replace("|", "\\|").replace("<", "&lt;")
