"""Draws one trial of a recording for a notebook: activity over time in ms, and under it the spikes."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurocmc.common.calls import python_call
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.files import write_file
from neurocmc.common.names import did_you_mean
from neurocmc.common.process import known_state
from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.report.figures.activity import LEGEND_UNITS, ROW_BINS, TITLES, draw_raster
from neurocmc.report.figures.style import DPI, heading, own_look, population_colours, unit_colour

MS_PER_S = 1e3
WIDTH_IN, ACTIVITY_IN, RASTER_IN, RASTER_UNIT_IN, AROUND_IN = 7.2, 1.5, 0.9, 0.04, 0.9
ROOMY_UNITS = 40  # a raster grows with its units up to here
UNITS_NAMED = 8


class RecordingFigure(Figure):
    """A figure that a notebook shows as a picture, whether or not it has set up `pyplot`."""

    def _repr_png_(self) -> bytes:
        return self.as_png()

    def as_png(self) -> bytes:
        """Returns the picture, the same bytes for the same figure."""
        buffer = io.BytesIO()
        with own_look():
            self.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
        return buffer.getvalue()


@known_state()
@python_call
def draw_recording(recording: Recording, trial: int = 0, populations: Sequence[str] | None = None) -> RecordingFigure:
    """Draws a panel of activity for each population and, where spikes were recorded, a raster under it.

    Raises InputError for a trial or a population that the recording does not have.
    """
    raise_input_problems(_problems(recording, trial, populations))
    names = tuple(recording.activity) if populations is None else tuple(populations)
    colours, shown = population_colours(recording.activity), _of_trial(recording, trial)
    heights = [height for name in names for height in _heights(recording, name)]
    with own_look():
        figure = RecordingFigure(figsize=(WIDTH_IN, AROUND_IN + sum(heights)), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(heights), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
        rows = iter(panels)
        for name in names:
            _draw_activity(next(rows), shown, name, trial, colours)
            if name in recording.spikes:
                _draw_spikes(next(rows), shown, name, trial, colours, _pool(recording.spikes[name]))
        title = f"{TITLES.get(recording.level, recording.level)}: {recording.stimulus}"
        last = _trials(recording) - 1
        heading(panels[0], title, f"trial {trial} of 0 to {last}" if last else f"trial {trial}")
        panels[-1].set_xlabel("time [ms]")
        panels[0].set_xlim(0.0, MS_PER_S * recording.ticks * recording.tick_s)
        figure.align_ylabels(panels)
        _add_legend(figure, max(recording.activity[name].shape[2] for name in names))
    return figure


def save_recording(recording: Recording, path: Path, populations: Sequence[str] | None = None) -> None:
    """Writes the picture of the first trial. Raises InputError if it cannot be written."""
    write_file(path, draw_recording(recording, 0, populations).as_png())


def _trials(recording: Recording) -> int:
    return next(iter(recording.activity.values())).shape[0]


def _problems(recording: Recording, trial: int, populations: Sequence[str] | None) -> list[Problem]:
    trials, known = _trials(recording), ", ".join(recording.activity)
    found = list[Problem]()
    if not 0 <= trial < trials:
        cure = f"give 0 to {trials - 1}" if trials > 1 else "the recording has one trial: give 0"
        found.append(Problem("number-out-of-range", "trial", f"got {trial}", cure))
    if populations is not None and not populations:
        found.append(Problem("option-empty", "populations", "no population is named", f"name some of: {known}"))
    for name in populations or ():
        if name not in recording.activity:
            what = f"the recording has no population {name!r}"
            near = did_you_mean(name, recording.activity)
            found.append(Problem("population-unknown", "populations", what, f"{near}its populations are: {known}"))
    return found


def _heights(recording: Recording, name: str) -> list[float]:
    """In inches, of the panels of a population."""
    raster = RASTER_IN + RASTER_UNIT_IN * min(recording.activity[name].shape[2], ROOMY_UNITS)
    return [ACTIVITY_IN, raster] if name in recording.spikes else [ACTIVITY_IN]


def _of_trial(recording: Recording, trial: int) -> Recording:
    """The same with the spikes of one trial alone, which are searched once for each unit."""
    spikes = dict[str, SpikeTrain]()
    for name, train in recording.spikes.items():
        own = train.trial == trial
        spikes[name] = SpikeTrain(
            tick=train.tick[own], trial=train.trial[own], unit=train.unit[own], neuron=train.neuron[own]
        )
    return replace(recording, spikes=spikes)


def _pool(train: SpikeTrain) -> int:
    """Neurons a unit, as far as the spikes tell: up to the highest that fired in any trial."""
    return 1 + int(train.neuron.max(initial=0))


def _draw_activity(axes: Axes, recording: Recording, name: str, trial: int, colours: Mapping[str, str]) -> None:
    time_ms = MS_PER_S * recording.tick_s * np.arange(recording.ticks)
    traces = recording.activity[name][trial]
    for unit, trace in enumerate(traces.T):
        colour = colours[name] if traces.shape[1] == 1 else unit_colour(unit)
        axes.plot(time_ms, trace, color=colour, lw=1.1, label=f"{name} {unit}")
    axes.set_ylabel(f"{name}\nactivity", color=colours[name])


def _draw_spikes(
    axes: Axes, recording: Recording, name: str, trial: int, colours: Mapping[str, str], pool: int
) -> None:
    units = recording.activity[name].shape[2]
    draw_raster(axes, recording, {name: pool}, trial, colours, per_s=MS_PER_S, unit_rows=max(ROW_BINS // units, 1))
    named = range(0, units, -(-units // UNITS_NAMED))
    axes.set_yticks(
        [(unit + 0.5) * pool for unit in named], [f"{name} {unit}" if units > 1 else name for unit in named]
    )
    axes.set_ylabel(f"{name} spikes,\nneurons by unit", color=colours[name])


def _add_legend(figure: Figure, units: int) -> None:
    """Names the colours where each belongs to one unit."""
    if 1 < units <= LEGEND_UNITS:
        handles = [Line2D([], [], color=unit_colour(unit), label=f"unit {unit}") for unit in range(units)]
        figure.legend(handles=handles, loc="outside lower center", ncols=min(units, 5))
