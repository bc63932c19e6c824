"""Sets the look of all tables: no boxes, bold headings, numbers to the right; names of the user's never as markup."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurocmc.common.printable import printable

NEARLY_FULL_PERCENT = 90.0
WIDEST = 10_000
BETWEEN = 2  # cells between columns
INDENT = 2  # cells before what stands under something
LONGEST = 40  # cells of what stays in one piece: a name, not a path or a hash


class PlainTable(Table):
    """A table without a box that breaks lines between words only, and its unbroken columns nowhere.

    Rich shrinks columns by what they hold, and cuts words where the page is narrow. Here the widths are set before it
    renders: the widest column gives way first, and none becomes narrower than what must stay in one piece. In the
    first column, in columns of numbers and in those that are asked for, that is a cell of up to `LONGEST` cells; else
    it is a word. A page that is narrower than all of these is passed over, for the terminal to wrap.
    """

    def __init__(self, title: str = "") -> None:
        super().__init__(
            title=printable(title) or None,
            title_justify="left",
            title_style="bold",
            header_style="bold",
            box=None,
            pad_edge=False,
        )
        self._names: list[str] = []
        self._whole: list[bool] = []  # whether the cells of a column stay in one piece
        self._word: list[int] = []  # of each column, the longest word
        self._line: list[int] = []  # and the longest line, of its name not

    def column(self, name: str, *, right: bool = False, unbroken: bool = False) -> None:
        """Adds a column, whose name may take several lines; numbers stand to the right."""
        self.add_column("", justify="right" if right else "left", overflow="fold")
        self._names.append("\n".join(printable(part) for part in name.split("\n")))
        self._whole.append(unbroken or right or len(self._names) == 1)
        self._word.append(_longest_word(name))
        self._line.append(0)

    def add_row(self, *cells: RenderableType | None, style: str | None = None, end_section: bool = False) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Adds a row of texts, and widens the columns to hold its words."""
        for place, content in enumerate(cells):
            indent, inner = (content.left, content.renderable) if isinstance(content, Padding) else (0, content)
            text = inner.plain if isinstance(inner, Text) else str(inner)
            self._word[place] = max(self._word[place], indent + _longest_word(text))
            self._line[place] = max(self._line[place], indent + _longest_line(text))
        super().add_row(*cells, style=style, end_section=end_section)

    def _least(self) -> list[int]:
        """Cells of each column that must stay in one piece."""
        rows = zip(self._whole, self._word, self._line, strict=True)
        return [max(word, line) if whole and line <= LONGEST else word for whole, word, line in rows]

    def _natural(self) -> list[int]:
        """Cells of the longest line of each column, with its name in one."""
        return [max(line, _longest_line(name)) for line, name in zip(self._line, self._names, strict=True)]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Measures what must stay in one piece, and the longest lines."""
        between = BETWEEN * (len(self.columns) - 1)
        return Measurement(sum(self._least()) + between, sum(self._natural()) + between)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Renders with widths that fit the page."""
        widths, least = self._natural(), self._least()
        room = options.max_width - BETWEEN * (len(widths) - 1)
        while sum(widths) > room:
            give = [place for place, width in enumerate(widths) if width > least[place]]
            if not give:
                break
            widths[max(give, key=lambda place: widths[place])] -= 1
        for column, name, width in zip(self.columns, self._names, widths, strict=True):
            column.width = width
            column.header = Text(name)
        yield from super().__rich_console__(console, options)


def _longest_word(text: str) -> int:
    """The cells that the longest word of a text takes."""
    return min(max((cell_len(word) for word in text.split()), default=0), LONGEST)


def _longest_line(text: str) -> int:
    """The cells that the longest line of a text takes."""
    return max((cell_len(line) for line in text.split("\n")), default=0)


def plain_table(title: str, columns: Sequence[str]) -> PlainTable:
    """Returns a plain table; a column that starts with ! stays on one line, one with > is set to the right."""
    table = PlainTable(title)
    for column in columns:
        table.column(column.lstrip("!>"), right=">" in column, unbroken=column.startswith("!"))
    return table


class Either:
    """One of two tables that say the same: the wide one where no line of it need be broken, else the narrow one."""

    def __init__(self, wide: Table, narrow: Table) -> None:
        self.wide = wide
        self.narrow = narrow

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yields the table that fits."""
        whole = Measurement.get(console, options.update(width=WIDEST), self.wide).maximum
        yield self.wide if whole <= options.max_width else self.narrow

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Measures both: as narrow as the narrow one can be, as wide as the wide one."""
        return Measurement(
            _minimum(console, options, self.narrow), Measurement.get(console, options, self.wide).maximum
        )


def _minimum(console: Console, options: ConsoleOptions, table: Table) -> int:
    return Measurement.get(console, options.update(width=WIDEST), table).minimum


def line(text: str) -> RenderableType:
    """Returns a line of text below a table."""
    return indented(text)


def indented(text: str) -> Padding:
    """Returns text for a cell that stands under another: all lines that it is broken into begin further right."""
    return Padding(cell(text), (0, 0, 0, INDENT))


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
