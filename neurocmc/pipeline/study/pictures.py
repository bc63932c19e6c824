"""Defines what a picture of a study is, finds those that it names, and draws them from its table.

A picture is drawn from the rows alone, so that whoever has `runs.csv` can draw it again.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from neurocmc.common.errors import InputError, NeurocmcError
from neurocmc.common.strict_yaml import read_text
from neurocmc.pipeline.study.measured_table import ERROR, MeasuredRow
from neurocmc.pipeline.study.plugins import Kind, PlugIn, broken, function_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = Kind(called="picture", group="neurocmc.pictures", built_in={})
Row = Mapping[str, Any]  # "variant", "seed", and what was measured


class Picture(Protocol):
    """A function that draws a study; it may set the size of the figure, in inches.

    Example:
        >>> def capacities(figure, rows):
        ...     panel = figure.subplots()
        ...     panel.plot([row["seed"] for row in rows], [row["capacity"] for row in rows], "o")
    """

    def __call__(self, figure: "Figure", rows: Sequence[Row]) -> None:
        """Draws: the same rows, the same picture.

        Args:
            figure: Empty, in the look of all our pictures; its layout is made when the function has ended.
            rows: The runs, in the order of the plan; a column that a run has no value in is not in its row.

        Raises:
            InputError: Where there is nothing to draw.
        """
        ...


def rows_of(rows: Sequence[MeasuredRow]) -> list[Row]:
    """Returns the runs of a study as pictures see them."""
    return [{"variant": row.variant, "seed": row.seed, **row.columns} for row in rows]


def read_rows(path: Path) -> list[Row]:
    """Returns the runs that a `runs.csv` holds, numbers and truths as such. Raises InputError where there is none."""
    lines = csv.DictReader(read_text(path).splitlines())
    return [
        {name: _plain(text) for name, text in line.items() if text and name not in ERROR}
        | {"seed": int(line["seed"])}
        for line in lines
    ]


def draw(plug: PlugIn, rows: Sequence[Row], path: Path) -> None:
    """Draws a picture into a file. Raises InputError where its function refuses or fails."""
    from neurocmc.report.figures.style import canvas  # matplotlib is a quarter of all imports

    picture: Picture = function_of(plug, PICTURES, "draws")
    with canvas(path, 7.0, 3.5) as figure:
        try:
            picture(figure, rows)
        except (NeurocmcError, MemoryError):
            raise
        except Exception as error:
            raise InputError(broken(f"picture {plug.name}", "failed", error)) from error


def _plain(text: str) -> Any:
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
