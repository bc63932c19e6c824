"""Prints tables and bars on a page that nothing gets through which moves a cursor or reverses a line."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from neurocmc.common.printable import printable


class Page(Console):
    """A console to which all text is data: no markup, no guesses at what to highlight, no control characters."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yields the segments of anything; only their ends of lines are kept of what does not print."""
        for segment in super().render(renderable, options):
            # Colours and the like are beside the text, what moves the cursor of a bar is in `control`.
            yield segment if segment.control else segment._replace(text=_lines(segment.text))


def _lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))
