"""Draws the spikes of a network of neurons in one trial: a raster for each population, a line for each readout."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.ticker import MaxNLocator

from neurocmc.common.calls import python_call
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.files import write_file
from neurocmc.common.names import did_you_mean
from neurocmc.common.process import known_state
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.report.figures.recorded import RecordingFigure
from neurocmc.report.figures.style import DPI, heading, own_look, population_colours, unit_colour

WIDTH_IN, ROW_IN, LEAST_IN, MOST_IN, AROUND_IN = 7.2, 0.02, 0.7, 2.4, 0.9
LEVELS = {"float": "Network as imported", "fitted": "Network with the chip's rules"}


@known_state()
@python_call
def draw_rasters(
    recording: NeuronRecording, trial: int = 0, populations: Sequence[str] | None = None
) -> RecordingFigure:
    """Draws a raster for each population, a row a neuron, and the values of the host's readouts.

    Raises InputError for a trial or a population that the recording does not have.
    """
    raise_input_problems(_problems(recording, trial, populations))
    names = list(recording.spikes) if populations is None else list(populations)
    readouts = list(recording.host) if populations is None else []
    heights = [min(max(LEAST_IN, ROW_IN * recording.sizes[name]), MOST_IN) for name in names]
    heights += [1.2] * len(readouts)
    colours = population_colours(recording.spikes)
    with own_look():
        figure = RecordingFigure(figsize=(WIDTH_IN, AROUND_IN + sum(heights)), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(heights), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
        for axes, name in zip(panels, names, strict=False):
            _draw_raster(axes, recording, name, trial, colours[name])
        for axes, name in zip(panels[len(names) :], readouts, strict=True):
            for unit, values in enumerate(recording.host[name][trial].T):
                axes.plot(values, color=unit_colour(unit), lw=1.1)
            axes.set_ylabel(f"{name}\nvalue")
        title = f"{LEVELS.get(recording.level, recording.level)}: {recording.stimulus}"
        last = recording.batch - 1
        heading(panels[0], title, f"trial {trial} of 0 to {last}" if last else f"trial {trial}")
        panels[-1].set_xlabel("time [ticks]")
        panels[0].set_xlim(0, recording.ticks)
        figure.align_ylabels(panels)
    return figure


def save_rasters(recording: NeuronRecording, path: Path) -> None:
    """Writes the picture of the first trial. Raises InputError if it cannot be written."""
    write_file(path, draw_rasters(recording).as_png())


def _problems(recording: NeuronRecording, trial: int, populations: Sequence[str] | None) -> list[Problem]:
    known = ", ".join(recording.spikes)
    found = list[Problem]()
    if not 0 <= trial < recording.batch:
        cure = f"give 0 to {recording.batch - 1}"
        found.append(Problem("number-out-of-range", "trial", f"got {trial}", cure))
    if populations is not None and not populations:
        found.append(Problem("option-empty", "populations", "no population is named", f"name some of: {known}"))
    for name in populations or ():
        if name not in recording.spikes:
            what = f"the recording has no population {name!r}"
            near = did_you_mean(name, recording.spikes)
            found.append(Problem("population-unknown", "populations", what, f"{near}its populations are: {known}"))
    return found


def _draw_raster(axes: Axes, recording: NeuronRecording, name: str, trial: int, colour: str) -> None:
    spikes = recording.spikes[name]
    own = np.flatnonzero(spikes.trial == trial)
    axes.scatter(spikes.tick[own] + 0.5, spikes.unit[own] + 0.5, s=4, color=colour, linewidths=0)
    axes.set_ylim(recording.sizes[name], 0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.set_ylabel(f"{name}\nneuron", color=colour)
