"""Draws held time and error rate against the level of each fault, with confidence intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from neurocmc.report.figures.style import FAINT, INK, PAGE_IN, canvas, heading, unit_colour
from neurocmc.verification.intervals import Interval

COLUMNS = 3  # but four, where a last row would hold one panel
TITLE_LETTERS = 22  # of a line, with four columns
LEAST_TOP = 10.0  # percent of wrong trials that the axis reaches in any case


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCurve:
    """One kind of fault: levels as shares, rising, and what was measured at each; held times where there are any."""

    title: str
    levels: tuple[float, ...]
    error: tuple[Interval, ...]
    held_s: tuple[Interval, ...] = ()
    longest_s: float = 0.0


def draw_robustness(curves: Sequence[FaultCurve], path: Path, *, title: str) -> None:
    """Draws one panel a fault, the first of which carries the legend: errors in percent, held time beside it.

    Raises ValueError without curves, InputError if the file cannot be written.
    """
    if not curves:
        raise ValueError("nothing to draw: give at least one kind of fault")
    columns = min(COLUMNS + (len(curves) % COLUMNS == 1), len(curves))
    rows = -(-len(curves) // columns)
    highest = 100.0 * max(error.high for curve in curves for error in curve.error)
    top = float(np.clip(1.2 * highest, LEAST_TOP, 100.0))
    with canvas(path, min(0.8 + 2.8 * columns, PAGE_IN), 0.7 + 2.1 * rows) as figure:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for panel in panels[len(curves) :]:
            panel.set_visible(False)
        for index, (panel, curve) in enumerate(zip(panels, curves, strict=False)):
            first, last = index % columns == 0, index % columns == columns - 1 or index == len(curves) - 1
            lowest = index + columns >= len(curves)
            _draw_errors(panel, curve, top, labelled=first)
            title_of = curve.title[0].upper() + curve.title[1:]
            heading(panel, fill(title_of, TITLE_LETTERS) if columns > COLUMNS else title_of)
            if lowest:
                panel.set_xlabel("level [%]")
            if curve.held_s:
                _draw_held(panel, curve, labelled=last)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold", color=INK)
        _legend(figure, held=any(curve.held_s for curve in curves))


def _draw_errors(axes: Axes, curve: FaultCurve, top: float, *, labelled: bool) -> None:
    percent = [100.0 * level for level in curve.levels]
    colour = unit_colour(1)
    low, high = [100.0 * e.low for e in curve.error], [100.0 * e.high for e in curve.error]
    axes.fill_between(percent, low, high, color=colour, alpha=0.15, lw=0)
    axes.plot(percent, [100.0 * e.value for e in curve.error], color=colour, marker="o", ms=3.5)
    axes.set_ylim(-0.03 * top, 1.03 * top)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.grid(axis="y")
    if labelled:
        axes.set_ylabel("wrong trials [%]", color=colour)
    else:
        axes.tick_params(labelleft=False)


def _legend(figure: Figure, *, held: bool) -> None:
    handles = [Line2D([], [], color=unit_colour(1), marker="o", ms=3.5, label="wrong trials")]
    if held:
        handles.append(Line2D([], [], color=unit_colour(0), marker="s", ms=3.5, label="held time"))
        handles.append(Line2D([], [], color=FAINT, lw=0.8, ls=(0, (4, 3)), label="longest held time"))
    bands = Patch(color=FAINT, alpha=0.25, lw=0, label="95 % confidence")
    figure.legend(handles=[*handles, bands], loc="outside lower center", ncols=len(handles) + 1)


def _draw_held(axes: Axes, curve: FaultCurve, *, labelled: bool) -> None:
    held, colour = axes.twinx(), unit_colour(0)
    percent = [100.0 * level for level in curve.levels]
    low, high = [h.low for h in curve.held_s], [h.high for h in curve.held_s]
    held.fill_between(percent, low, high, color=colour, alpha=0.15, lw=0)
    held.plot(percent, [h.value for h in curve.held_s], color=colour, marker="s", ms=3.5)
    held.axhline(curve.longest_s, color=FAINT, lw=0.8, ls=(0, (4, 3)))
    held.set_ylim(-0.03 * curve.longest_s, 1.03 * curve.longest_s)
    held.spines["right"].set_visible(True)
    if labelled:
        held.set_ylabel("held time [s]", color=colour)
    else:
        held.tick_params(labelright=False)
