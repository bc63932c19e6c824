"""Draws for each population the wanted and the measured transfer, and the error between them."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from neurocmc.common.arrays import Bool
from neurocmc.ir.spiking import GainFit, SpikingNetwork, SpikingPopulation
from neurocmc.report.figures.style import FAINT, INK, LEAST_PT, canvas, place, population_colours

COLUMNS = 2
MOST_DRAWN = 6
PERCENT = 100.0
# Inches: of a cell, of its axes within it, and of what stands below all cells.
CELL_IN, AXES_LEFT_IN, AXES_IN = (4.1, 3.95), 0.75, 2.65
UPPER_IN, LOWER_IN = (0.62, 1.95), (2.72, 0.72)  # top and height within the cell
LEGEND_LINE_IN, FOOT_IN, LEGEND_ENTRIES = 0.2, 0.15, 6


def draw_gain_fits(network: SpikingNetwork, path: Path, most: int = MOST_DRAWN) -> None:
    """Draws one pair of axes a population: activity against normalised drive above, error in percent below.

    Of more than `most` populations those are drawn whose error is largest. Shaded is the range that calibration
    visited, the bar is the valid range, the dashed line the pool's ceiling. Raises InputError if the file cannot be
    written.
    """
    colours = population_colours(p.name for p in network.pools)
    worst = sorted(network.pools, key=lambda p: -p.fit.max_error)[:most]
    populations = [p for p in network.pools if p in worst]
    columns = min(COLUMNS, len(populations))
    rows = -(-len(populations) // columns)
    left_out = len(network.pools) - len(populations)
    across = 3 * columns if columns > 1 else 2  # entries of the legend beside each other
    foot_in = FOOT_IN + LEGEND_LINE_IN * (-(-LEGEND_ENTRIES // across) + (left_out > 0))
    with canvas(path, CELL_IN[0] * columns, CELL_IN[1] * rows + foot_in, placed=True) as figure:
        for index, population in enumerate(populations):
            row, column = divmod(index, columns)
            cell = CELL_IN[0] * column, CELL_IN[1] * row
            _draw_one(figure, cell, network.tick_s, population, colours[population.name])
        upper, lower = (axes.get_legend_handles_labels() for axes in figure.axes[:2])
        handles, labels = [*upper[0], *lower[0]], [*upper[1], *lower[1]]
        figure.legend(handles, labels, loc="lower center", ncols=across, bbox_to_anchor=(0.5, 0.0))
        if left_out:
            told = f"{left_out} more populations, whose errors are smaller, are not drawn"
            figure.text(
                0.01, (foot_in - LEGEND_LINE_IN) / figure.get_size_inches()[1], told, fontsize=LEAST_PT, color=FAINT
            )


def _draw_one(
    figure: Figure, cell: tuple[float, float], tick_s: float, population: SpikingPopulation, colour: str
) -> None:
    fit, (left_in, top_in) = population.fit, cell
    upper, lower = (
        figure.add_axes(place(figure, left_in + AXES_LEFT_IN, top_in + top, AXES_IN, height))
        for top, height in (UPPER_IN, LOWER_IN)
    )
    lower.sharex(upper)
    visited, valid = _drives_within(fit, fit.visited), _drives_within(fit, fit.valid_range)
    for axes in (upper, lower):
        axes.axvspan(
            *visited, color=colour, alpha=0.09, lw=0, label="visited in calibration" if axes is upper else None
        )
        axes.set_xlim(fit.drive[0], fit.drive[-1])
    upper.plot(fit.drive, fit.wanted, color=INK, lw=3.2, alpha=0.25, label="wanted, φ(z)")
    upper.plot(fit.drive, fit.measured, color=colour, lw=1.2, label="measured on the pool")
    upper.axhline(fit.ceiling, color=FAINT, ls=(0, (5, 3)), lw=0.9, label="ceiling")
    upper.plot(valid, [0.0, 0.0], color=colour, lw=4, alpha=0.6, solid_capstyle="butt", label="valid range", zorder=0)
    upper.xaxis.set_major_locator(MaxNLocator(5))
    upper.set_ylabel("activity r [1]")
    upper.tick_params(labelbottom=False)
    _second_axis(upper, population.hz_per_activity(tick_s))
    details = (
        f"{population.neurons} neurons per unit, {population.code} code; rms {PERCENT * fit.rms_error:.2g} %, "
        f"max {PERCENT * fit.max_error:.2g} %,\nslope {PERCENT * fit.slope_error:+.2g} %, "
        f"headroom {PERCENT * fit.headroom:.2g} %"
    )
    upper.set_title(population.name, color=colour, pad=27)
    upper.annotate(
        details,
        (0, 1),
        (0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=LEAST_PT,
        color=FAINT,
        va="bottom",
    )
    _draw_error(lower, population, colour)


def _draw_error(axes: Axes, population: SpikingPopulation, colour: str) -> None:
    fit = population.fit
    error = PERCENT * (fit.measured - fit.wanted) / fit.ceiling
    half = PERCENT * 0.5 / population.neurons
    axes.axhspan(-half, half, color=FAINT, alpha=0.18, lw=0, label="± half a neuron")
    axes.axhline(0.0, color=INK, lw=0.8)
    axes.plot(fit.drive, error, color=colour, lw=1.0)
    # Beyond the ceiling the error grows without bound and says nothing: the axis is set by the visited range.
    inside = _within(fit, fit.visited)
    reach = 1.5 * max(float(np.abs(error[inside]).max(initial=0.0)), 1.2 * half)
    axes.set_ylim(-reach, reach)
    axes.set_xlabel("normalised drive z = g (u + b − offset) [1]")
    axes.set_ylabel("error\n[% of ceiling]")


def _second_axis(axes: Axes, hz_per_activity: float) -> None:
    def to_hz(activity: ArrayLike) -> ArrayLike:
        return np.asarray(activity) * hz_per_activity

    def to_activity(rate_hz: ArrayLike) -> ArrayLike:
        return np.asarray(rate_hz) / hz_per_activity

    second = axes.secondary_yaxis("right", functions=(to_hz, to_activity))
    second.set_ylabel("mean rate of a neuron [Hz]", color=FAINT)
    second.tick_params(colors=FAINT)


def _within(fit: GainFit, activities: tuple[float, float]) -> Bool:
    return (fit.wanted >= activities[0]) & (fit.wanted <= activities[1])


def _drives_within(fit: GainFit, activities: tuple[float, float]) -> tuple[float, float]:
    """The drives between which the wanted activity is in the range (both the same where none is)."""
    drives = fit.drive[_within(fit, activities)]
    return (float(drives[0]), float(drives[-1])) if drives.size else (float(fit.drive[0]), float(fit.drive[0]))
