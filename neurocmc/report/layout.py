"""Sets the look of all tables: no boxes, bold headings, numbers to the right; names of the user's never as markup."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurocmc.common.printable import printable

NEARLY_FULL_PERCENT = 90.0


def plain_table(title: str, columns: Sequence[str]) -> Table:
    """Returns a plain table; a column that starts with ! stays on one line, one with > is set to the right."""
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for column in columns:
        name = column.lstrip("!>")
        table.add_column(
            Text(name),
            justify="right" if ">" in column else "left",
            overflow="fold",
            no_wrap=column.startswith("!"),
        )
    return table


def line(text: str) -> RenderableType:
    """Returns a line of text below a table."""
    return Padding(cell(text), (0, 0, 0, 2))


def cell(text: str, style: str = "") -> Text:
    """Returns text for a cell or a line: names come from the user's files, and are neither markup nor controls."""
    return Text(printable(text), style=style)


def limit_text(limit: int | None) -> str:
    """Returns a limit, or a dash."""
    return "–" if limit is None else f"{limit:,}"


def percent_text(percent: float | None) -> Text:
    """Returns a percentage, conspicuous where it is nearly all, or a dash."""
    if percent is None:
        return Text("–")
    return Text(f"{percent:.1f}", style="yellow" if percent >= NEARLY_FULL_PERCENT else "")
