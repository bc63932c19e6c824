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
        start, end = f"<!-- table: {name} -->\n", f"\n<!-- end: {name} -->"
        if text.count(start) != 1 or text.count(end) != 1:
            raise ValueError(f"{page} needs the marks {start.strip()} and {end.strip()} once each")
        before, rest = text.split(start)
        text = before + start + "\n" + body + "\n" + end + rest.split(end)[1]
    page.write_text(text, encoding="utf-8")
