"""Draws what drove the circuit, and what every level made of it, spike by spike and decoded, side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurocmc.common.arrays import Float
from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.stimulus import Stimulus
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

TIME_BINS = 900  # of a raster: finer than its pixels
ROW_BINS = 400
UNITS_NAMED = 14
LEGEND_UNITS = 10
CHANNELS_AS_STEPS = 6  # more of them would hide each other
SILENT = 0.01  # of the largest activity: below, a line is not seen
TITLES = {"rate": "Rate circuit", "brian2": "Brian2, floating point", "emulator": "Chip emulator, integers"}


def draw_activity(
    recordings: Mapping[str, Recording],
    stimulus: Stimulus,
    path: Path,
    *,
    neurons: Mapping[str, int],
    trial: int = 0,
    theory: Mapping[str, float] | None = None,
    labels: Sequence[str] = (),
    film: Path | None = None,
) -> None:
    """Draws one column a recording: input drive, raster of all pools, decoded activity of every population.

    `neurons`: neurons per unit of each population, in the order of the network. The first recording is drawn thin and
    grey behind the others. `theory`: population -> steady activity that theory predicts, as a dashed line. `labels`
    name the units of the drive's channels, if they have names. Rows share their axes. With `film` the same as a film.
    Raises InputError if a file cannot be written, ValueError without recordings.
    """
    if not recordings:
        raise ValueError("there is no recording to draw")
    names, levels = tuple(neurons), tuple(recordings)
    heights = [0.8, min(0.8 + 0.22 * sum(_units(recordings, name) for name in names), 2.6), *(1.3 for _ in names)]
    with canvas(path, min(1.2 + 3.6 * len(levels), PAGE_IN), 0.9 + 1.12 * sum(heights)) as figure:
        grid = figure.subplots(
            len(heights), len(levels), squeeze=False, sharex=True, sharey="row", height_ratios=heights
        )
        for column, level in enumerate(levels):
            recording = recordings[level]
            told = "spikes: a row per neuron" if recording.spikes else "no spikes: shade is activity"
            heading(grid[0, column], TITLES.get(level, level), told)
            label = _draw_drive(grid[0, column], stimulus, trial)
            grid[0, column].set_ylabel("" if column else label)
            draw_raster(grid[1, column], recording, neurons, trial)
            for row, name in enumerate(names, start=2):
                reference = None if column == 0 else recordings[levels[0]]
                _draw_population(grid[row, column], recording, reference, name, trial)
                if theory and name in theory:
                    _draw_theory(grid[row, column], theory[name], named=column == 0)
            grid[-1, column].set_xlabel("time [s]")
            grid[0, column].set_xlim(0.0, recording.ticks * recording.tick_s)
        figure.align_ylabels(grid[:, 0])
        _label_rows(list(grid[:, 0]), names)
        shown = np.concatenate([r.activity[names[0]][trial] for r in recordings.values()])
        _legend(figure, shown, labels, compared=len(levels) > 1, first=levels[0])
        if film is not None:
            write_film(figure, list(grid.ravel()), film)


def _draw_drive(axes: Axes, stimulus: Stimulus, trial: int) -> str:
    """Draws every channel; returns the label of the axis."""
    edges = np.append(stimulus.edges_s, stimulus.duration_s)
    every = [values[trial].T for values in stimulus.values.values()]
    if sum(map(len, every)) > CHANNELS_AS_STEPS:
        return draw_shades(axes, np.concatenate(every), edges)
    for values in every:
        for channel, value in enumerate(values):
            axes.stairs(value, edges, baseline=None, color=unit_colour(channel), lw=1.3)
    return "input\ndrive"


def draw_shades(axes: Axes, value: Float, edges_s: Float) -> str:
    """Draws (channels, steps) of drive as shades, a row per channel; returns the label that says their scale."""
    low, high = float(value.min(initial=0.0)), float(value.max(initial=0.0)) or 1.0
    axes.pcolormesh(edges_s, np.arange(len(value) + 1), value, cmap="Greys", vmin=low, vmax=high)
    axes.invert_yaxis()
    axes.set_yticks([])
    return f"input drive,\n{len(value)} channels\n{low:.2g} to {high:.2g}"


def draw_raster(
    axes: Axes,
    recording: Recording,
    neurons: Mapping[str, int],
    trial: int,
    colours: Mapping[str, str] | None = None,
    *,
    per_s: float = 1.0,
    unit_rows: int = ROW_BINS,
) -> None:
    """Draws all pools above each other, first unit on top; without spikes the activity stands for them.

    `colours` of the populations, where they are not those of their places in `neurons`. The axis of time counts
    `per_s` to a second: 1e3 for ms. A unit takes at most `unit_rows` rows of pixels.
    """
    colours = colours or population_colours(neurons)
    top, names, centres = 0, list[str](), list[float]()
    for name, per_unit in neurons.items():
        activity = recording.activity[name][trial].astype(np.float64)
        units, first = activity.shape[1], top
        for unit in range(units):
            if name in recording.spikes:
                image, ticks = raster(recording.spikes[name], trial, unit, per_unit, recording.ticks, unit_rows)
            else:
                image, ticks = binned(activity[:, unit] / max(float(activity.max(initial=0.0)), 1e-12))
            axes.imshow(
                _tinted(image, unit_colour(unit) if units > 1 else colours[name]),
                extent=(0.0, per_s * ticks * recording.tick_s, top + per_unit, top),
                aspect="auto",
                interpolation="nearest",
            )
            names.append(f"{name} {unit}" if units > 1 else name)
            centres.append(top + 0.5 * per_unit)
            top += per_unit
        axes.plot(
            (1.006, 1.006),
            (first, top),
            transform=axes.get_yaxis_transform(),
            color=colours[name],
            lw=3,
            clip_on=False,
            solid_capstyle="butt",
        )
        if first:
            axes.axhline(first, color=FAINT, lw=0.6)
    axes.set_ylim(top, 0)
    if len(names) > UNITS_NAMED:
        names, centres = _populations_named(recording, neurons)
    axes.set_yticks(centres, names, fontsize=LEAST_PT)


def _populations_named(recording: Recording, neurons: Mapping[str, int]) -> tuple[list[str], list[float]]:
    """Names of populations and the middle of each, but for those that stand too near to the one before."""
    ends = np.cumsum([recording.activity[name].shape[2] * per_unit for name, per_unit in neurons.items()])
    middles = (ends + np.append(0, ends[:-1])) / 2.0
    names, centres = list[str](), list[float]()
    for name, middle in zip(neurons, middles.tolist(), strict=True):
        if not centres or middle - centres[-1] >= 0.6 * ends[-1] / UNITS_NAMED:
            names.append(name)
            centres.append(middle)
    return names, centres


def raster(
    train: SpikeTrain, trial: int, unit: int, neurons: int, ticks: int, most_rows: int = ROW_BINS
) -> tuple[Float, int]:
    """Returns (rows, bins) share of ticks in which a neuron fires, lightened for single spikes; ticks covered."""
    own = (train.trial == trial) & (train.unit == unit)
    width, height = -(-ticks // TIME_BINS), -(-neurons // most_rows)
    bins, rows = -(-ticks // width), -(-neurons // height)
    counts = np.zeros((rows, bins))
    # Neuron 0, the first to be recruited, at the bottom.
    np.add.at(counts, (rows - 1 - train.neuron[own] // height, train.tick[own] // width), 1.0)
    return np.minimum(counts / (width * height), 1.0) ** 0.6, bins * width


def binned(values: Float) -> tuple[Float, int]:
    """Returns means of (ticks,) values in (1, bins), and the ticks covered."""
    width = -(-values.size // TIME_BINS)
    starts = np.arange(0, values.size, width)
    means = np.add.reduceat(values, starts) / np.diff(np.append(starts, values.size))
    return means[None, :], starts.size * width


def _tinted(image: Float, colour: str) -> Float:
    """An image of shares 0..1 from white to a colour."""
    share = np.clip(image, 0.0, 1.0)[..., None]
    return 1.0 - share * (1.0 - np.array(to_rgb(colour)))


def _draw_population(axes: Axes, recording: Recording, reference: Recording | None, name: str, trial: int) -> None:
    time_s = np.arange(recording.ticks) * recording.tick_s
    traces = recording.activity[name][trial]
    single = traces.shape[1] == 1
    colour = population_colours(recording.activity)[name]
    if reference is not None:
        behind = reference.activity[name][trial]
        behind_s = np.arange(len(behind)) * reference.tick_s
        axes.plot(behind_s, behind, color=FAINT, lw=3.0, alpha=0.35)
    for unit in range(traces.shape[1]):
        axes.plot(time_s, traces[:, unit], color=colour if single else unit_colour(unit), lw=1.1)
    axes.set_ylim(bottom=min(0.0, float(traces.min(initial=0.0))))


def _draw_theory(axes: Axes, value: float, *, named: bool) -> None:
    axes.axhline(value, color=INK, ls=(0, (4, 3)), lw=0.9)
    if named:
        axes.annotate(
            f"x* = {value:.4g}",
            (1, value),
            (-2, 2),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=LEAST_PT,
            color=INK,
        )


def _label_rows(first_column: Sequence[Axes], names: tuple[str, ...]) -> None:
    colours = population_colours(names)
    first_column[1].set_ylabel("spikes,\nneurons by unit")
    for axes, name in zip(first_column[2:], names, strict=True):
        axes.set_ylabel(f"{name}\nactivity", color=colours[name])


def _legend(figure: Figure, traces: Float, labels: Sequence[str], *, compared: bool, first: str) -> None:
    seen = np.flatnonzero(traces.max(axis=0) > SILENT * traces.max(initial=0.0))
    handles = [
        Line2D([], [], color=unit_colour(unit), label=labels[unit] if unit < len(labels) else f"unit {unit}")
        for unit in seen[:LEGEND_UNITS].tolist()
    ]
    if silent := traces.shape[1] - len(seen):
        told = f"{silent} other units stay below {100 * SILENT:g} % of the highest activity"
        handles.append(Line2D([], [], lw=0, label=told))
    if compared:
        handles.append(
            Line2D([], [], color=FAINT, lw=3.0, alpha=0.35, label=f"{TITLES.get(first, first)}, to compare")
        )
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6))


def _units(recordings: Mapping[str, Recording], name: str) -> int:
    return next(iter(recordings.values())).activity[name].shape[2]
