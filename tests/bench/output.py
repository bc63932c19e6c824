"""Where benches print and write: a console as wide as their tables need, and the tables of documentation pages."""

import sys
from pathlib import Path

from rich.console import Console

PLAIN_WIDTH = 150


def bench_console() -> Console:
    """A console on stdout."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def rewrite(page: Path, tables: dict[str, str]) -> None:
    """Put each table between its marks. Raises ValueError where the page lacks them."""
    text = page.read_text(encoding="utf-8")
    for name, body in tables.items():
        before, _, after = _parted(page, text, name)
        text = before + body + after
    page.write_text(text, encoding="utf-8")


def table_on(page: Path, name: str) -> str:
    """What stands between the marks of a table. Raises ValueError where the page lacks them."""
    return _parted(page, page.read_text(encoding="utf-8"), name)[1]


def _parted(page: Path, text: str, name: str) -> tuple[str, str, str]:
    """The text up to a table, the table, and the rest."""
    start, end = f"<!-- table: {name} -->\n\n", f"\n\n<!-- end: {name} -->"
    if text.count(start) != 1 or text.count(end) != 1:
        raise ValueError(f"{page} needs the marks {start.strip()} and {end.strip()} once each")
    before, rest = text.split(start)
    body, after = rest.split(end)
    return before + start, body, end + after
