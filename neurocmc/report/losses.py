"""Holds tables of what a chip took from a circuit, which terminal, page and JSON show alike."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurocmc.common.matrices import FloatMatrix, at, entries

if TYPE_CHECKING:
    from rich.console import RenderableType


MOST_LISTED = 128  # rows of a table in a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class LossTable:
    """One table; a column that starts with ! stays on one line, one with > is set to the right.

    `entries` are dataclasses, one a row, which JSON shows whole; `rows` are what people read of them.
    """

    name: str  # in JSON
    title: str
    columns: tuple[str, ...]
    entries: tuple[Any, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def headings(self) -> tuple[tuple[str, bool], ...]:
        """Each column's heading, and whether it is set to the right."""
        return tuple((column.lstrip("!>"), ">" in column) for column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """The losses that a family states, under a heading and with what there is to know of them."""

    heading: str
    note: str
    tables: tuple[LossTable, ...]

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        """Maps the name of each table to its entries."""
        return {table.name: [asdict(entry) for entry in table.entries] for table in self.tables}

    def render(self) -> "RenderableType":
        """Returns all tables for a terminal."""
        from rich.console import Group  # not above: its import takes a number from the caller's `random`

        from neurocmc.report.layout import cell, line, plain_table

        parts: list[RenderableType] = []
        for table in self.tables:
            shown = plain_table(table.title, table.columns)
            for row in table.rows[:MOST_LISTED]:
                shown.add_row(*map(cell, row))
            parts.append(shown)
            if (more := len(table.rows) - MOST_LISTED) > 0:
                parts.append(line(f"{more:,} more rows: --json prints all"))
        return Group(*parts)


def worst_connection(wanted: FloatMatrix, realised: FloatMatrix) -> tuple[int, int]:
    """Returns target and source unit of the connection whose gain moved most; of equals the first that exists."""
    row, column, gain = entries(wanted)
    if not row.size:
        return 0, 0
    worst = int(np.argmax(np.abs(at(realised, row, column) - gain)))
    return int(row[worst]), int(column[worst])
