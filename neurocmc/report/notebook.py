"""Shows what calls return in a notebook: tables and pages as HTML, and how much of its limit each edge has used."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from neurocmc.common.printable import printable
from neurocmc.verification.edges import Edge

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurocmc.report.budget import Budget

FRAME_HEIGHT_PX = 720
MOST_STRAIN = 2.0  # of a bar; what is further beyond its limit ends there, and its number is written


class Page:
    """A report as a notebook shows it, within the cell; `path` is its file, for a browser."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        """One line: where it lies."""
        return f"<Report {self.path}>"

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which its script and style do not leave."""
        page = escape(self.path.read_text(encoding="utf-8"), quote=True)
        return (
            f'<iframe title="report" sandbox="allow-scripts" width="100%" height="{FRAME_HEIGHT_PX}" '
            f'srcdoc="{page}"></iframe>'
        )


class PictureFile:
    """A picture of a report as a notebook shows it; `path` is its PNG file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        """One line: where it lies."""
        return f"<Picture {self.path}>"

    def _repr_png_(self) -> bytes:
        """The bytes of the file."""
        return self.path.read_bytes()


def facts_as_html(facts: Mapping[str, str]) -> str:
    """Returns named facts as a table of two columns."""
    rows = "".join(
        f"<tr><th>{escape(printable(name))}</th><td>{escape(printable(value))}</td></tr>"
        for name, value in facts.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def table_as_html(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns rows of texts as a table."""
    head = "".join(f"<th>{escape(printable(column))}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(printable(text))}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def strain(edge: Edge) -> float:
    """Returns how much of its limit an edge has used, 1 at the limit: so edges of different units compare."""
    if edge.value is None or edge.limit is None:
        return 0.0
    match edge.better, edge.unit:
        case "low", _:
            used, allowed = edge.value, edge.limit
        case "high", "of trials":  # 99.5 % of trials where 99 % must agree: half of what may go wrong
            used, allowed = 1.0 - edge.value, 1.0 - edge.limit
        case _:
            used, allowed = edge.limit, edge.value
    return used / allowed if allowed else inf if used else 0.0


def draw_edges(edges: Sequence[Edge]) -> "Figure":
    """Draws how much of its limit each edge has used: what lies right of the line misses.

    Edges that were not run are left out; one with a limit of 0 is full as soon as it is not 0.
    """
    from neurocmc.report.figures.limits import draw_limits  # not above: matplotlib takes long to import

    judged = [edge for edge in edges if edge.verdict != "not run"]
    rows = [(edge.key, min(strain(edge), MOST_STRAIN), edge.verdict == "miss") for edge in judged]
    return draw_limits(rows, "share of its limit that an edge has used", [_told(edge) for edge in judged])


def draw_budget(budget: "Budget") -> "Figure":
    """Draws how much of its limit each resource takes on the core that is fullest of it."""
    from neurocmc.report.figures.limits import draw_limits  # as above
    from neurocmc.report.wording import resource

    rows: list[tuple[str, float, bool]] = []
    told: list[str] = []
    for row in budget.in_all if budget.cores else ():
        _, most = budget.fullest(row.resource)
        if most.limit:
            share = most.used / most.limit
            rows.append((resource(row.resource), share, share > 1.0))
            told.append(f"{most.used:,} of {most.limit:,}")
    return draw_limits(rows, f"share of the fullest core's limit on {budget.target}", told)


def _told(edge: Edge) -> str:
    from neurocmc.report import wording

    return f"{wording.amount(edge.value, edge.unit)}, limit {wording.limit_text(edge)}"
