"""Prints what the command line says: facts and tables on stdout, progress on stderr, JSON where it is asked for.

Without a terminal there are no colours, the page is `PLAIN_WIDTH` columns wide, and progress is one line a stage.
Plain lines are never wrapped: a path can always be copied in one piece. Names, labels and paths are data: whatever
leaves here, leaves through `printable` or `Page`.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from enum import Enum
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import typer

from neurocmc.common.printable import printable
from neurocmc.common.progress import DONE

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from neurocmc.cli.page import Page

PLAIN_WIDTH = 100
LEAST_WIDTH = 20  # narrower, there is no room for an indented word
WIDEST = 10_000
progress_shown: ContextVar[Literal["bar", "lines", "none"]] = ContextVar("progress_shown", default="bar")
_ENDS = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)  # spaces before the end of a line, and its colours
WARNING = "warning: "  # how lines begin that --quiet shows as well
_left_out: ContextVar[bool] = ContextVar("left_out", default=False)
StageProgress = Callable[[str, float], None]  # stage, share done


def page_width(stream: TextIO | None = None) -> int | None:
    """Returns the width to set on `stream` (stdout): fixed without a terminal, None (the terminal's own) with one."""
    if not is_terminal(stream or sys.stdout):
        return PLAIN_WIDTH
    said = os.environ.get("COLUMNS", "")  # which comes before what the terminal says of itself
    return LEAST_WIDTH if said.isdigit() and int(said) < LEAST_WIDTH else None


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody watches a stream; it is None where the process was started without one."""
    return stream is not None and stream.isatty()


def console(stream: TextIO | None = None, width: int | None = None) -> "Page":
    """Returns a rich console on `stream` (stdout) that takes text as data: no markup, no highlights."""
    from neurocmc.cli.page import Page

    stream = stream or sys.stdout
    return Page(file=stream, width=width or page_width(stream), markup=False, highlight=False, emoji=False)


def quiet() -> bool:
    """Whether only what is wrong is to be shown, and the paths of what was written."""
    return progress_shown.get() == "none"


def verbose() -> bool:
    """Whether stages, states and notes are to be shown one by one."""
    return progress_shown.get() == "lines"


@contextmanager
def results() -> Generator[None]:
    """With --quiet, leaves out what is said and shown within: the files that were written hold it."""
    before = _left_out.set(quiet())
    try:
        yield
    finally:
        _left_out.reset(before)


def say(text: str = "") -> None:
    """Prints one line on stdout, as long as it is."""
    if not _left_out.get() or text.startswith(WARNING):
        typer.echo(printable(text))


def say_files(paths: Iterable[Path]) -> None:
    """Prints one line on stdout for every file of a folder of results."""
    for path in paths:
        say(f"{'picture' if path.suffix == '.png' else 'table'}: {path}")


def tell(text: str) -> None:
    """Prints one line on stderr."""
    typer.echo(printable(text), err=True)


def show(*what: "RenderableType") -> None:
    """Prints tables on stdout, each wider than the page where that is too narrow for it, for the terminal to wrap."""
    for table in () if _left_out.get() else _parts(what):
        page = console()
        page = console(width=max(page.width, _needed(page, table)))
        with page.capture() as captured:
            page.print(table)
        # Through echo, not by rich itself, which would answer a closed pipe with exit code 1: a missed budget.
        typer.echo(_ENDS.sub(r"\1", captured.get()), nl=False)


def _parts(what: "Iterable[RenderableType]") -> "Iterator[RenderableType]":
    """Each table and line by itself: one that is wide widens no other."""
    from rich.console import Group

    for one in what:
        if isinstance(one, Group):
            yield from _parts(one.renderables)
        else:
            yield one


def _needed(page: "Page", table: "RenderableType") -> int:
    """The width below which words of a table would be cut."""
    from rich.measure import Measurement

    return Measurement.get(page, page.options.update(width=WIDEST), table).minimum


def grid(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> "Table":
    """Returns a table of texts; the columns named in `right` hold numbers and stand to the right."""
    from neurocmc.report.layout import PlainTable, cell

    table = PlainTable(title)
    for column in columns:
        table.column(column, right=column in right)
    for row in rows:
        table.add_row(*(cell(text) for text in row))
    return table


def say_json(value: Any) -> None:
    """Prints the one JSON text of `value` on stdout."""
    from neurocmc.common.files import json_text

    typer.echo(_escaped(json_text(plain(value))), nl=False)


def _escaped(text: str) -> str:
    """JSON text that says the same in characters that print: within its strings any may be escaped."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(part if part.isprintable() or part == "\n" else json.dumps(part)[1:-1] for part in text)


def plain(value: Any) -> Any:
    """Returns `value` as JSON has it: dataclasses as objects, paths as texts, arrays as lists; not finite, null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else None
        case Path():
            return str(value)
        case Enum():
            return plain(value.value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _ if hasattr(value, "items"):
            return {str(name): plain(entry) for name, entry in value.items()}
        case _ if hasattr(value, "tolist"):  # numpy's arrays and numbers
            return plain(value.tolist())
        case _:
            return [plain(entry) for entry in cast(Iterable[Any], value)]


@contextmanager
def stages(what: str) -> Generator[StageProgress]:
    """Shows progress of `what` on stderr: a bar on a terminal, else one line whenever a new stage is named.

    With --verbose the line of a stage is written when the next one is named, with its seconds.
    """
    timed = verbose()
    with bar(what) as advance:
        last, began = "", monotonic()

        def told(stage: str, share: float) -> None:
            nonlocal last, began
            if stage in (last, DONE):
                advance(last, share, "")
                return
            line = f"{what}: {stage}"
            if timed:
                line = f"{what}: {last}: {monotonic() - began:.2f} s" if last else ""
            advance(stage, share, line)
            last, began = stage, monotonic()

        yield told
        if timed and last:
            advance(last, 1.0, f"{what}: {last}: {monotonic() - began:.2f} s")


@contextmanager
def bar(what: str) -> Generator[Callable[[str, float, str], None]]:
    """Shows a bar on stderr, advanced by (text beside it, share done, line for where there is no terminal)."""
    how = progress_shown.get()
    if how != "bar" or not is_terminal(sys.stderr):

        def write(_text: str, _share: float, line: str) -> None:
            if line and how != "none":
                tell(line)

        yield write
        return

    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    )
    with Progress(*columns, console=console(sys.stderr), transient=True) as progress:
        task = progress.add_task(printable(what), total=1.0, text="")

        def advance(text: str, share: float, _line: str) -> None:
            progress.update(task, completed=share, text=printable(text))

        yield advance
