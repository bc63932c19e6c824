"""Draws where a circuit is fragile: how much each unit matters in each tick, and at which of its activities."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from neurocmc.common.arrays import Float
from neurocmc.ir.segments import Segments
from neurocmc.ir.sensitivity import Sensitivity, UnitSensitivity
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.report.figures.style import FAINT, INK, LEAST_PT, canvas, population_colours

MOST_DRAWN = 6
MOST_EDGES = 48  # units: of more, the edges of segments would cover the picture
WIDTH_IN, ROW_IN = 8.2, 1.7
SHADES = "viridis"


def draw_sensitivity(sensitivity: Sensitivity, network: SpikingNetwork, path: Path) -> None:
    """Draws two maps a population, units downwards: over time, and over each unit's range with its segments.

    Of more than six populations those six are drawn that matter most. Raises InputError if the file cannot be
    written.
    """
    matter = {p.name: float(_importance(p).sum()) for p in sensitivity.populations}
    worst = sorted(matter, key=lambda name: -matter[name])[:MOST_DRAWN]
    drawn = [p for p in sensitivity.populations if p.name in worst]
    colours = population_colours(p.name for p in sensitivity.populations)
    pools = {p.name: p for p in network.populations}
    with canvas(path, WIDTH_IN, ROW_IN * len(drawn) + 0.5) as figure:
        rows = figure.subplots(len(drawn), 2, squeeze=False)
        for (left, right), population in zip(rows, drawn, strict=True):
            _over_time(left, population, network.tick_s, colours[population.name])
            _over_range(right, population, next(iter(pools[population.name].segments), None))
        left_out = len(sensitivity.populations) - len(drawn)
        told = f"; {left_out} populations that matter less are not drawn" if left_out else ""
        shades = "Shade per panel: dark 0, yellow its largest value; lines: edges of segments"
        figure.suptitle(
            f"Sensitivity of {sensitivity.what}, {sensitivity.trials:,} trials{told}.\n{shades}.",
            fontsize=LEAST_PT,
            color=FAINT,
        )


def _importance(population: UnitSensitivity) -> Float:
    """(units, bins) what an error as large as the unit's range would cost at each of its activities."""
    shown = population.for_decisions if population.for_decisions.any() else population.for_activity
    return shown * ((population.high - population.low) ** 2)[:, None]


def _over_time(axes: Axes, population: UnitSensitivity, tick_s: float, colour: str) -> None:
    ticks, units = population.over_time.shape
    extent = (0.0, 1e3 * tick_s * ticks, units - 0.5, -0.5)
    axes.imshow(population.over_time.T, aspect="auto", interpolation="nearest", cmap=SHADES, vmin=0.0, extent=extent)
    axes.set_title(population.name, color=colour)
    axes.set_ylabel("unit")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_xlabel("time [ms]")


def _over_range(axes: Axes, population: UnitSensitivity, segments: Segments | None) -> None:
    units = population.low.size
    shown = np.sqrt(_importance(population))
    axes.imshow(
        shown, aspect="auto", interpolation="nearest", cmap=SHADES, vmin=0.0, extent=(0.0, 100.0, units - 0.5, -0.5)
    )
    axes.set_xlabel("activity [% of the range visited]")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    if segments is None or units > MOST_EDGES:
        return
    width = np.where(population.high > population.low, population.high - population.low, 1.0)[segments.unit]
    edges = 100.0 * (segments.low - population.low[segments.unit]) / width
    inside = (segments.index_in_unit() > 0) & (edges > 0.0) & (edges < 100.0)
    axes.vlines(edges[inside], segments.unit[inside] - 0.5, segments.unit[inside] + 0.5, color="white", lw=1.6)
    axes.vlines(edges[inside], segments.unit[inside] - 0.5, segments.unit[inside] + 0.5, color=INK, lw=0.7)
