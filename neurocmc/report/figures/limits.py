"""Draws shares of limits as bars, the limit a line: for notebooks."""

from collections.abc import Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg

from neurocmc.common.printable import printable
from neurocmc.report.figures.recorded import RecordingFigure
from neurocmc.report.figures.style import DPI, INK, LEAST_PT, own_look

WIDTH_IN, ROW_IN, AROUND_IN = 8.4, 0.26, 0.9
KEPT, MISSED = "#0072B2", "#D55E00"


def draw_limits(rows: Sequence[tuple[str, float, bool]], label: str, told: Sequence[str]) -> RecordingFigure:
    """Draws a bar for each row.

    Args:
        rows: Name, share of its limit, and whether the limit is passed.
        label: What the axis says.
        told: What stands beside each bar.

    Returns:
        A figure that a notebook shows.
    """
    with own_look():
        figure = RecordingFigure(
            figsize=(WIDTH_IN, AROUND_IN + ROW_IN * max(len(rows), 1)), dpi=DPI, layout="constrained"
        )
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        places = range(len(rows))
        axes.barh(places, [100 * row[1] for row in rows], 0.6, color=[MISSED if row[2] else KEPT for row in rows])
        for place, (row, text) in enumerate(zip(rows, told, strict=True)):
            axes.text(100 * row[1] + 1.0, place, printable(text), va="center", fontsize=LEAST_PT)
        axes.axvline(100.0, color=INK, lw=1.0, ls=(0, (4, 3)))
        axes.set_yticks(places, [printable(row[0]) for row in rows], fontsize=LEAST_PT)
        axes.invert_yaxis()
        axes.set_xlim(0.0, 130.0 if all(row[1] <= 1 for row in rows) else 260.0)
        axes.set_xlabel(f"{label} [%]")
    return figure
