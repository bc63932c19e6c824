"""Draws what a canonical microcircuit does: phase portraits of one population, voltages of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.report.figures.style import FAINT, INK, PAGE_IN, canvas, heading, population_colours, unit_colour

COLUMNS_DRAWN = 4
TRIALS_DRAWN = 12
CLASSES_DRAWN = 10
PORTRAITS_A_ROW = 5
PLACES = ("best", "second", "third", "fourth")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateTraces:
    """Both filter stages of one population of one region over time, in units of its voltage."""

    region: str
    population: str
    tick_s: float
    p: Float  # (trials, ticks, columns) the first stage
    v: Float  # (trials, ticks, columns) the second, which is the voltage

    def __post_init__(self) -> None:
        set_frozen(self, "p", np.float64, (None, None, None))
        set_frozen(self, "v", np.float64, np.shape(self.p))


def draw_phase_portraits(
    traces: Sequence[StateTraces], labels: Int, path: Path, *, names: Sequence[str] = ()
) -> None:
    """Draws rows for each region, a panel per class: v against p of the columns that tell classes apart best.

    Thin: single images; thick: the mean of the class, from rest (ring) to the end of the presentation (dot). All
    panels of a region show the same columns on the same axes. `labels` (trials,) are the classes, `names` what they
    are called. Raises ValueError without traces or labels, InputError if the file cannot be written.
    """
    classes = [int(label) for label in np.unique(labels)][:CLASSES_DRAWN]
    if not traces or not classes:
        raise ValueError("a phase portrait needs traces and labels")
    across = min(PORTRAITS_A_ROW, len(classes))
    rows = -(-len(classes) // across)
    with canvas(path, PAGE_IN, 1.0 + 1.6 * len(traces) * rows) as figure:
        grid = figure.subplots(len(traces) * rows, across, squeeze=False)
        for axes in grid.ravel()[len(grid) * across :]:
            axes.set_visible(False)
        for index, trace in enumerate(traces):
            columns, own = telling_columns(trace.v, labels), grid[index * rows : (index + 1) * rows].ravel()
            for axes in own[1:]:
                axes.sharex(own[0])
                axes.sharey(own[0])
            for place, (axes, label) in enumerate(zip(own, classes, strict=False)):
                _portrait(axes, trace, np.flatnonzero(labels == label), columns)
                heading(axes, f"{trace.region}: {names[label] if label < len(names) else f'class {label}'}")
                axes.tick_params(labelleft=place % across == 0)
                if place % across == 0:
                    axes.set_ylabel(f"{trace.population}: p\n[arb. unit]")
            for axes in own[len(classes) :]:
                axes.set_visible(False)
            for axes in grid[(index + 1) * rows - 1]:
                axes.set_xlabel("voltage v [arb. unit]")
        figure.align_ylabels(grid[:, 0])
        _portrait_legend(figure)


def _portrait_legend(figure: Figure) -> None:
    handles = [
        Line2D([], [], color=unit_colour(place), label=f"{told} column") for place, told in enumerate(PLACES)
    ] + [
        Line2D([], [], color=INK, lw=0.5, alpha=0.4, label="one image"),
        Line2D([], [], color=INK, marker="o", ms=4, mfc="white", lw=0, label="rest"),
        Line2D([], [], color=INK, marker="o", ms=4, lw=0, label="end"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), columnspacing=1.2)


def telling_columns(v: Float, labels: Int) -> Int:
    """Returns up to `COLUMNS_DRAWN` columns of `v` in which class means differ most, best first.

    The measure is the variance, between classes, of the time-averaged voltage over its variance within them.
    """
    means = v.mean(axis=1)
    of_class = np.stack([means[labels == label].mean(axis=0) for label in np.unique(labels)])
    within = np.mean([means[labels == label].var(axis=0) for label in np.unique(labels)], axis=0)
    share = of_class.var(axis=0) / np.maximum(within, 1e-12 + 1e-6 * float(within.max(initial=0.0)))
    return np.argsort(-share, kind="stable")[:COLUMNS_DRAWN]


def _portrait(axes: Axes, trace: StateTraces, trials: Int, columns: Int) -> None:
    for colour_of, column in enumerate(columns):
        colour = unit_colour(colour_of)
        single = [np.column_stack([trace.v[t, :, column], trace.p[t, :, column]]) for t in trials[:TRIALS_DRAWN]]
        axes.add_collection(LineCollection(single, colors=colour, linewidths=0.4, alpha=0.25))
        v, p = trace.v[trials][..., column].mean(axis=0), trace.p[trials][..., column].mean(axis=0)
        axes.plot(v, p, color=colour, lw=1.1)
        axes.plot(v[0], p[0], "o", ms=2.6, mfc="white", mec=colour, mew=0.8)
        axes.plot(v[-1], p[-1], "o", ms=2.8, color=colour)
    axes.autoscale_view()
    axes.axhline(0.0, color=FAINT, lw=0.4)
    axes.axvline(0.0, color=FAINT, lw=0.4)


def draw_voltages(
    voltages: Mapping[tuple[str, str], Float], tick_s: float, path: Path, *, title: str, drive: Float | None = None
) -> None:
    """Draws voltages of every column during one trial: a row for each population, a column for each region.

    `voltages`: (region, population) -> (ticks, columns); a missing pair (an ablated population) stays empty.
    Black: the mean over columns. `drive` (ticks, channels), if given, is drawn on top. Raises ValueError without
    voltages, InputError if the file cannot be written.
    """
    if not voltages:
        raise ValueError("there is no voltage to draw")
    regions = list(dict.fromkeys(region for region, _ in voltages))
    populations = list(dict.fromkeys(population for _, population in voltages))
    colours = population_colours(populations)
    rows = len(populations) + (drive is not None)
    with canvas(path, min(1.4 + 2.9 * len(regions), PAGE_IN), 1.0 + 1.1 * rows) as figure:
        grid = figure.subplots(rows, len(regions), squeeze=False, sharex=True, sharey="row")
        first = rows - len(populations)
        for place, region in enumerate(regions):
            if drive is not None:
                _traces(grid[0, place], drive, tick_s, "#777777", shown=place == 0)
            for row, population in enumerate(populations, start=first):
                axes = grid[row, place]
                if (region, population) in voltages:
                    _traces(axes, voltages[region, population], tick_s, colours[population], shown=True)
                else:
                    axes.text(0.5, 0.5, "ablated", transform=axes.transAxes, ha="center", color=FAINT)
            heading(grid[0, place], region, title if place == 0 else "")
            grid[-1, place].set_xlabel("time [s]")
        if drive is not None:
            grid[0, 0].set_ylabel("input\ndrive")
        for row, population in enumerate(populations, start=first):
            grid[row, 0].set_ylabel(f"{population}: v\n[arb. unit]", color=colours[population])
        handles = [
            Line2D([], [], color=FAINT, lw=0.6, label="one column"),
            Line2D([], [], color=INK, label="mean of all"),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
        figure.align_ylabels(grid[:, 0])


def _traces(axes: Axes, values: Float, tick_s: float, colour: str, *, shown: bool) -> None:
    if not shown:  # the drive reaches the first region alone
        axes.text(0.5, 0.5, "no input", transform=axes.transAxes, ha="center", color=FAINT)
        return
    time_s = (np.arange(len(values)) + 1) * tick_s
    axes.plot(time_s, values, color=colour, lw=0.6, alpha=0.45)
    axes.plot(time_s, values.mean(axis=1), color=INK, lw=1.3)
    axes.axhline(0.0, color=FAINT, lw=0.4)
