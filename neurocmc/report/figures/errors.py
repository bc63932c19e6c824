"""Draws what each stage adds to the error of the one before, and how error falls with the neurons of a pool."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter, NullLocator

from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.report.figures.style import (
    FAINT,
    INK,
    LEAST_PT,
    canvas,
    heading,
    marker,
    one_two_five,
    population_colours,
)
from neurocmc.verification.edges import Edge

RATES = "NRMSE of rates"
_RISE, _FALL = "#D55E00", "#009E73"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorSeries:
    """Error of one population code against neurons per unit, over seeds."""

    code: str
    neurons: Int  # (points,) rising
    error: Float  # (seeds, points) above 0, fractions

    def __post_init__(self) -> None:
        set_frozen(self, "neurons", np.int64, (None,))
        set_frozen(self, "error", np.float64, (None, len(self.neurons)))

    @property
    def mean(self) -> Float:
        """(points,) mean over seeds."""
        return self.error.mean(axis=0)

    @property
    def slope(self) -> float:
        """Slope of log error against log neurons: -1 is an error that falls as 1/N. Needs two points."""
        return float(np.polyfit(np.log(self.neurons), np.log(self.mean), 1)[0])


def draw_error_waterfall(edges: Sequence[Edge], path: Path, *, quantity: str = RATES) -> None:
    """Draws the edges of one quantity in order, each bar from the error of the stage before to its own.

    Edges that were not run keep their place, empty. Raises ValueError where no edge has the quantity, InputError if
    the file cannot be written.
    """
    stages = [edge for edge in edges if edge.quantity == quantity]
    if not stages:
        raise ValueError(f"no edge has the quantity {quantity!r}")
    values = [100.0 * edge.value for edge in stages if edge.value is not None]
    limits = [100.0 * edge.limit for edge in stages if edge.limit is not None]
    top = 1.25 * max([*values, *(limit for limit in limits if limit < 3 * max(values, default=0.0))], default=1.0)
    with canvas(path, 2.2 + 1.5 * len(stages), 3.6) as figure:
        axes = figure.subplots()
        before = 0.0
        for place, edge in enumerate(stages):
            if edge.limit is not None and 100.0 * edge.limit <= top:
                axes.plot([place - 0.4, place + 0.4], [100.0 * edge.limit] * 2, color=INK, lw=1.0, ls=(0, (4, 3)))
            if edge.value is None:
                axes.text(place, 0.03 * top, "not run", ha="center", va="bottom", color=FAINT, fontsize=8)
                continue
            value = 100.0 * edge.value
            colour = _RISE if value >= before else _FALL
            axes.bar(place, value - before, 0.55, bottom=before, color=colour, zorder=2)
            axes.plot([place - 0.28, place + 0.72], [value, value], color=FAINT, lw=0.8, zorder=1)
            change = f"\n{value - before:+.2g}" if place else ""
            axes.text(place, max(value, before) + 0.02 * top, f"{value:.3g} %{change}", ha="center", fontsize=8)
            before = value
        axes.set_xticks(range(len(stages)), [_two_lines(edge.name) for edge in stages])
        axes.set_xlim(-0.6, len(stages) - 0.2)
        axes.set_ylim(0.0, top)
        axes.set_ylabel(f"{quantity} [% {stages[0].unit}]".replace(" ]", "]"))
        axes.grid(axis="y")
        hidden = sorted({limit for limit in limits if limit > top})
        beyond = f"; limit {', '.join(f'{limit:g} %' for limit in hidden)} is above the axis" if hidden else ""
        heading(axes, "Error after each stage", f"bar: what the stage adds; dashed: its limit{beyond}")


def draw_error_against_neurons(
    table: Sequence[ErrorSeries], path: Path, *, quantity: str = "NRMSE of activity"
) -> None:
    """Draws error against neurons per unit, log-log: mean and range over seeds, slope of each code.

    Raises ValueError without a series or where one has fewer than two points, InputError if the file cannot be
    written.
    """
    if not table or any(len(series.neurons) < 2 for series in table):
        raise ValueError("a slope needs at least one series of two points")
    colours = population_colours(series.code for series in table)
    with canvas(path, 6.2, 4.2) as figure:
        axes = figure.subplots()
        for index, series in enumerate(table):
            colour, mean = colours[series.code], 100.0 * series.mean
            lowest, highest = 100.0 * series.error.min(axis=0), 100.0 * series.error.max(axis=0)
            fit = np.exp(np.polyval(np.polyfit(np.log(series.neurons), np.log(mean), 1), np.log(series.neurons)))
            axes.fill_between(series.neurons, lowest, highest, color=colour, alpha=0.15, lw=0)
            axes.plot(series.neurons, fit, color=colour, lw=1.0, ls=(0, (4, 3)))
            seeds = f"{series.error.shape[0]} seeds" if series.error.shape[0] > 1 else "1 seed"
            label = f"{series.code} code, slope {series.slope:+.2f} ({seeds})"
            axes.plot(series.neurons, mean, color=colour, marker=marker(index), ms=5, lw=0, label=label)
        ticks = sorted({int(n) for series in table for n in series.neurons})
        axes.set(xscale="log", yscale="log", xlabel="neurons per unit", ylabel=f"{quantity} [%]")
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))
        axes.yaxis.set_minor_formatter(FuncFormatter(one_two_five))
        axes.tick_params(which="minor", labelsize=LEAST_PT)
        axes.grid(which="both")
        axes.legend(loc="best")
        heading(axes, "Error against size of the pools", "points: mean over seeds; band: their range; dashed: fit")


def _plain(value: float, _: int | None) -> str:
    return f"{value:g}"


def _two_lines(name: str) -> str:
    return name.replace(" ~ ", " ~\n")
