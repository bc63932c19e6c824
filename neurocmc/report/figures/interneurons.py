"""Draws four interneurons side by side: what the circuit does with each of them, and what without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurocmc.common.arrays import Float
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.report.figures.activity import draw_raster
from neurocmc.report.figures.film import write_film
from neurocmc.report.figures.style import (
    FAINT,
    INK,
    LEAST_PT,
    PAGE_IN,
    canvas,
    heading,
    population_colours,
    unit_colour,
)

PYRAMIDAL = "pyramidal"
_ROWS = (
    "input\ndrive",
    "spikes,\nneurons by unit",
    "pyramidal\nactivity",
    "pyramidal\nactivity",
    "interneuron's\nactivity",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """Steady activity of the pyramidal units that theory predicts, drawn from `start_s` until `end_s`."""

    start_s: float
    end_s: float
    activity: Float  # (units,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoleColumn:
    """One interneuron: the stimulus, the circuit with it and without it, and what theory predicts of both."""

    name: str  # of its population
    title: str
    note: str
    stimulus: Stimulus
    whole: Recording
    without: Recording
    expected: Sequence[Expected]
    expected_without: Sequence[Expected]


def draw_interneurons(
    columns: Sequence[RoleColumn], neurons: Mapping[str, int], path: Path, *, film: Path | None = None
) -> None:
    """Draws a column for each interneuron: drive, raster, pyramidal units with it and without, its activity.

    `neurons`: neurons per unit of each population, in the order of the network. Dashed is what theory predicts
    at rest.
    With `film` the same as a film. Raises InputError if a file cannot be written.
    """
    colours = population_colours(neurons)
    with canvas(path, min(0.9 + 2.75 * len(columns), PAGE_IN), 8.0) as figure:
        grid = figure.subplots(5, len(columns), squeeze=False, sharex="col", height_ratios=[0.8, 1.5, 1.2, 1.2, 0.8])
        for place, column in enumerate(columns):
            drive, spikes, whole, without, own = grid[:, place]
            heading(drive, column.title, column.note, colours[column.name])
            _draw_drive(drive, column.stimulus)
            both = {name: neurons[name] for name in (PYRAMIDAL, column.name)}
            draw_raster(spikes, column.whole, both, 0, colours)
            if place:  # names of all units would take the width of the panel
                spikes.set_yticks(spikes.get_yticks()[-1:], [column.name])
            _draw_units(whole, column.whole, column.expected)
            _draw_units(without, column.without, column.expected_without)
            top = max(whole.get_ylim()[1], without.get_ylim()[1])
            for axes in (whole, without):
                axes.set_ylim(0.0, top)
            _draw_own(own, column, colours[column.name])
            own.set_xlabel("time [s]")
            own.set_xlim(0.0, column.whole.ticks * column.whole.tick_s)
            _say(whole, f"with {column.name}")
            _say(without, f"without {column.name}")
        for axes, text in zip(grid[:, 0], _ROWS, strict=True):
            axes.set_ylabel(text)
        figure.align_ylabels(grid[:, 0])
        _legend(figure, columns[0].whole.activity[PYRAMIDAL].shape[2])
        if film is not None:
            write_film(figure, list(grid.ravel()), film)


def _draw_drive(axes: Axes, stimulus: Stimulus) -> None:
    """The drive of each unit, and the gate dotted."""
    edges = np.append(stimulus.edges_s, stimulus.duration_s)
    for channel in range(stimulus.values["drive"].shape[2]):
        axes.stairs(stimulus.values["drive"][0, :, channel], edges, baseline=None, color=unit_colour(channel), lw=1.3)
    if stimulus.values["gate"].any():
        axes.stairs(stimulus.values["gate"][0, :, 0], edges, baseline=None, color=INK, ls=":", lw=1.4)
    axes.set_ylim(0.0, 1.3)


def _draw_units(axes: Axes, recording: Recording, expected: Sequence[Expected]) -> None:
    traces = recording.activity[PYRAMIDAL][0]
    time_s = np.arange(len(traces)) * recording.tick_s
    for unit in range(traces.shape[1]):
        axes.plot(time_s, traces[:, unit], color=unit_colour(unit), lw=1.2)
        for stretch in expected:
            if stretch.activity[unit] > 0.0:
                axes.hlines(
                    stretch.activity[unit], stretch.start_s, stretch.end_s, colors=INK, linestyles=(0, (4, 3)), lw=0.9
                )
    axes.set_ylim(0.0, 1.18 * float(traces.max()))


def _draw_own(axes: Axes, column: RoleColumn, colour: str) -> None:
    trace = column.whole.activity[column.name][0, :, 0]
    axes.plot(np.arange(len(trace)) * column.whole.tick_s, trace, color=colour, lw=1.2)
    axes.set_ylim(0.0, 1.2 * max(float(trace.max()), 1e-6))
    _say(axes, column.name)


def _say(axes: Axes, text: str) -> None:
    """A word inside the upper right corner; it belongs to the frame, so a film shows it from the start."""
    axes.annotate(
        text,
        (1, 1),
        (-2, -1),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=LEAST_PT,
        color=FAINT,
        clip_on=False,
    )


def _legend(figure: Figure, units: int) -> None:
    handles = [Line2D([], [], color=unit_colour(unit), label=f"unit {unit}") for unit in range(units)]
    handles.append(Line2D([], [], color=INK, ls=":", lw=1.4, label="gate"))
    handles.append(Line2D([], [], color=INK, ls=(0, (4, 3)), lw=0.9, label="theory, at rest"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
