"""Draws states over time: what drove a circuit, what its neurons did, which state was read and which expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from neurocmc.common.arrays import Int
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.report.figures.activity import CHANNELS_AS_STEPS, draw_raster, draw_shades
from neurocmc.report.figures.film import write_film
from neurocmc.report.figures.style import (
    FAINT,
    GRID,
    INK,
    LEAST_PT,
    canvas,
    heading,
    note,
    population_colours,
    unit_colour,
)

NONE = -1  # the state of a circuit that is in none
_WRONG = "#CC3311"
WIDTH_IN = 8.6
NAMED_SHARE = 0.045  # of the width: a shorter stay in a state has no room for its name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """The state at each tick, NONE where there is none."""

    tick_s: float
    state: Int  # (ticks,)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFigure:
    """The names and predictions that stand on the page beside the numbers."""

    title: str
    subtitle: str
    neurons: Mapping[str, int]  # population -> neurons per unit, in the order of the raster
    traces: Sequence[str]  # populations whose decoded activity is drawn
    units: Mapping[str, Sequence[str]]  # population of `traces` -> names of its units
    theory: Mapping[str, float]  # population -> steady activity that theory predicts
    channels: Mapping[str, Sequence[str]]  # input -> names of its channels
    states: Sequence[str]


def draw_states(
    recording: Recording,
    reference: Recording,
    stimulus: Stimulus,
    bands: Mapping[str, Band],
    page: StateFigure,
    path: Path,
    *,
    trial: int = 0,
    film: Path | None = None,
) -> None:
    """Draws input, raster, decoded activity and bands of states below each other, over one axis of time.

    `recording` is drawn, `reference` (the rate circuit) thin and grey behind its activity. Of `bands` the first is
    what is expected; where another differs from it, a red line stands under it. With `film` the same as a film.
    Raises InputError if a file cannot be written.
    """
    units = sum(recording.activity[name].shape[2] for name in page.neurons)
    heights = [0.9, min(0.7 + 0.17 * units, 2.6), *(1.1 for _ in page.traces), 0.25 + 0.25 * len(bands)]
    with canvas(path, WIDTH_IN, 0.9 + 1.05 * sum(heights)) as figure:
        rows = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights))
        heading(rows[0], page.title, page.subtitle)
        _draw_inputs(rows[0], stimulus, trial, page.channels)
        draw_raster(rows[1], recording, page.neurons, trial)
        rows[1].set_ylabel("spikes,\nneurons by unit" if recording.spikes else "activity,\nshade by unit")
        for axes, name in zip(rows[2:-1], page.traces, strict=True):
            _draw_trace(axes, recording, reference, name, trial, page)
        _draw_bands(rows[-1], bands, page.states, recording.ticks * recording.tick_s)
        rows[-1].set_xlabel("time [s]")
        rows[0].set_xlim(0.0, recording.ticks * recording.tick_s)
        figure.align_ylabels(rows)
        if film is not None:
            write_film(figure, rows, film)


def _draw_inputs(axes: Axes, stimulus: Stimulus, trial: int, channels: Mapping[str, Sequence[str]]) -> None:
    """Every channel as steps, named where its pulses begin; many channels as shades, a row each."""
    edges = np.append(stimulus.edges_s, stimulus.duration_s)
    axes.set_ylabel("input\ndrive")
    if sum(map(len, channels.values())) > CHANNELS_AS_STEPS:
        value = np.concatenate([stimulus.values[name][trial].T for name in channels])
        axes.set_ylabel(draw_shades(axes, value, edges))
        return
    pulses: list[tuple[float, float, str, str]] = []
    drawn = 0
    for name, names in channels.items():
        for channel, label in enumerate(names):
            colour, drawn = unit_colour(drawn), drawn + 1
            value = stimulus.values[name][trial, :, channel]
            axes.stairs(value, edges, baseline=None, color=colour, lw=1.3)
            starts = np.flatnonzero(np.diff(value, prepend=0.0) > 0)
            pulses += [(float(edges[at]), float(value[at]), label, colour) for at in starts]
    highest = max((height for _, height, _, _ in pulses), default=1.0)
    axes.set_ylim(min(0.0, *(float(v[trial].min()) for v in stimulus.values.values())), 1.35 * highest)
    if len({start for start, *_ in pulses}) < len(pulses):  # names of pulses that begin together would collide
        named = {label: Line2D([], [], color=colour, label=label) for *_, label, colour in pulses}
        axes.legend(handles=list(named.values()), loc="upper right", ncols=len(named), borderaxespad=0.0)
        return
    for start, height, label, colour in pulses:
        axes.annotate(label, (start, height), (1, 2), textcoords="offset points", fontsize=LEAST_PT, color=colour)


def _draw_trace(
    axes: Axes, recording: Recording, reference: Recording, name: str, trial: int, page: StateFigure
) -> None:
    traces, behind = recording.activity[name][trial], reference.activity[name][trial]
    axes.plot(np.arange(len(behind)) * reference.tick_s, behind, color=FAINT, lw=3.0, alpha=0.35)
    for unit in range(traces.shape[1]):
        axes.plot(np.arange(len(traces)) * recording.tick_s, traces[:, unit], color=unit_colour(unit), lw=1.1)
    axes.set_ylabel(f"{name}\nactivity", color=population_colours(page.neurons)[name])
    handles = [
        Line2D([], [], color=unit_colour(unit), label=label) for unit, label in enumerate(page.units.get(name, ()))
    ]
    if name in page.theory:
        axes.axhline(page.theory[name], color=INK, ls=(0, (4, 3)), lw=0.9)
        handles.append(Line2D([], [], color=INK, ls=(0, (4, 3)), lw=0.9, label=f"theory {page.theory[name]:.3f}"))
    if name == page.traces[0]:
        handles.append(Line2D([], [], color=FAINT, lw=3.0, alpha=0.35, label="rate circuit"))
    top = max(float(traces.max(initial=0.0)), page.theory.get(name, 0.0), 1e-6)
    axes.set_ylim(min(0.0, float(traces.min(initial=0.0))), 1.45 * top)
    if handles:
        axes.legend(handles=handles, loc="upper right", ncols=len(handles), borderaxespad=0.0)


def _draw_bands(axes: Axes, bands: Mapping[str, Band], states: Sequence[str], end_s: float) -> None:
    """A row for each band: a block in the colour of the state, and its name where there is room."""
    expected = next(iter(bands.values()))
    for row, band in enumerate(bands.values()):
        starts = np.flatnonzero(np.diff(band.state, prepend=band.state[0] - 1))
        ends = np.append(starts[1:], len(band.state))
        for start, end in zip(starts, ends, strict=True):
            state, left, width = int(band.state[start]), start * band.tick_s, (end - start) * band.tick_s
            axes.broken_barh(
                [(left, width)], (row - 0.36, 0.72), facecolors=GRID if state == NONE else unit_colour(state), lw=0
            )
            if width > NAMED_SHARE * end_s and state != NONE:
                axes.annotate(
                    states[state],
                    (left + 0.5 * width, row),
                    ha="center",
                    va="center",
                    fontsize=LEAST_PT,
                    color="white",
                    annotation_clip=True,
                )
        wrong = differs(expected, band)
        for start, end in wrong:
            axes.plot((start, end), (row + 0.43, row + 0.43), color=_WRONG, lw=2.0, solid_capstyle="butt")
    axes.set_ylim(len(bands) - 0.4, -0.6)
    axes.set_yticks(range(len(bands)), list(bands))
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("state")
    note(axes, "red under a row: not, or not yet, the expected state")


def differs(expected: Band, band: Band) -> list[tuple[float, float]]:
    """Returns stretches of time in which a band shows another state than is expected."""
    time = (np.arange(len(band.state)) + 0.5) * band.tick_s
    at = np.minimum((time / expected.tick_s).astype(np.int64), len(expected.state) - 1)
    wrong = np.concatenate([[False], band.state != expected.state[at], [False]]).astype(np.int8)
    starts, ends = np.flatnonzero(np.diff(wrong) == 1), np.flatnonzero(np.diff(wrong) == -1)
    return [(float(a) * band.tick_s, float(b) * band.tick_s) for a, b in zip(starts, ends, strict=True)]
