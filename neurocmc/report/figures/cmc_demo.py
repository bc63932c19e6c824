"""Draws the demo of a canonical microcircuit: digits, glimpse by glimpse; populations of every region; decisions."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import Classifier
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

ROWS = 900  # of neurons in a raster, at most: beyond them neighbours share a row
_CORRECT, _WRONG = "#117733", "#CC3311"
Pixels = NDArray[np.floating[Any]]


def draw_cmc_demo(
    recordings: Mapping[str, Recording],
    stimulus: Stimulus,
    images: Pixels,
    classifier: Classifier,
    path: Path,
    *,
    neurons: Mapping[str, int],
    trials: Sequence[int] = (0,),
    film: Path | None = None,
) -> None:
    """Draws one column a digit: the image, its drive over time, the pools of every population, the scores.

    `recordings`: level -> recording of `stimulus`; the last is drawn, the first stands dashed behind its scores.
    `images` (trials, height, width) or (trials, channels, height, width) in [0, 1]. `neurons`: population -> neurons
    a unit, in the order to draw; the last word of a name, as `ss` in `V1.ss`, gives its colour. `trials`: which to
    draw. With `film` the same as a film. Raises ValueError without recordings or trials, InputError if a file cannot
    be written.
    """
    if not recordings or not trials:
        raise ValueError("a demo needs a recording and a trial")
    first, last = next(iter(recordings)), tuple(recordings)[-1]
    recording = recordings[last]
    units = sum(recording.activity[name].shape[2] for name in neurons)
    scores = {
        level: scores_over_time(recordings[level], classifier, trials) for level in dict.fromkeys((first, last))
    }
    heights = [1.0, 0.8, min(1.0 + 0.02 * units, 3.8), 1.2]
    with canvas(path, min(1.6 + 2.1 * len(trials), PAGE_IN), 1.0 + 1.15 * sum(heights)) as figure:
        grid = figure.subplots(4, len(trials), squeeze=False, height_ratios=heights)
        for place, trial in enumerate(trials):
            image, drive, pools, decision = grid[:, place]
            answer = int(scores[last][place, -1].argmax())
            _draw_image(image, images[trial], int(stimulus.labels[trial]), answer, classifier.labels)
            _draw_drive(drive, stimulus, trial)
            _draw_pools(pools, recording, neurons, trial, named=place == 0)
            _draw_scores(decision, scores, place, recordings, int(stimulus.labels[trial]))
            for axes in (drive, pools, decision):
                axes.set_xlim(0.0, recording.ticks * recording.tick_s)
            for axes in (drive, pools):
                axes.tick_params(labelbottom=False)
            decision.set_xlabel("time [s]")
            if place:
                for axes in (drive, pools, decision):
                    axes.tick_params(labelleft=False)
        limits = [axes.get_ylim() for axes in grid[3]]
        for axes in grid[3]:
            axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
        largest = largest_drive(stimulus)
        texts = (f"input drive\nby channel\n±{largest:.2g}", _pools_title(recording), "class score")
        for axes, text in zip(grid[1:, 0], texts, strict=True):
            axes.set_ylabel(text)
        figure.align_ylabels(grid[:, 0])
        _legend(figure, classifier, first, last)
        if film is not None:
            write_film(figure, list(grid[1:].ravel()), film)


def scores_over_time(recording: Recording, classifier: Classifier, trials: Sequence[int]) -> Float:
    """Returns (trials, ticks, classes) what the classifier would say at every tick, from the window that ends there.

    Before the first window is full its features are the mean of the ticks so far; at the last tick they are those of
    the decision.
    """
    window = max(round(classifier.window_s / recording.tick_s), 1)
    own = list(trials)
    activity = np.concatenate(
        [recording.activity[name][own].astype(np.float64) for name in classifier.populations], axis=2
    )
    total = np.cumsum(activity, axis=1)
    seen = np.minimum(np.arange(1, recording.ticks + 1), window)
    before = np.zeros_like(total)
    before[:, window:] = total[:, :-window]
    values: Float = (total - before) / seen[:, None]
    for layer in classifier.layers:
        values = values @ layer.weight.T + layer.bias
        if layer.rectify:
            values = np.maximum(values, 0.0)
    return values


def pool_image(train: SpikeTrain, trial: int, units: int, neurons: int, ticks: int, rows: int) -> Float:
    """Returns (units * rows, ticks) share of neurons that fire, with `rows` rows for each unit.

    A row is of neighbouring neurons, the neuron recruited first at the bottom of its unit, the first unit on top.
    """
    own = train.trial == trial
    group = train.neuron[own] * rows // neurons
    counts = np.zeros((units * rows, ticks))
    np.add.at(counts, (train.unit[own] * rows + rows - 1 - group, train.tick[own]), 1.0)
    size = np.bincount(np.arange(neurons) * rows // neurons, minlength=rows)[::-1]
    return counts / np.tile(size, units)[:, None]


def _draw_image(axes: Axes, image: Pixels, label: int, answer: int, names: Sequence[str]) -> None:
    shown = np.moveaxis(image, 0, -1) if image.ndim == 3 and len(image) == 3 else image.reshape(image.shape[-2:])
    axes.imshow(shown, cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest")
    axes.set_axis_off()
    said = _name(answer, names)
    if label < 0:
        heading(axes, f"answer {said}")
    elif answer == label:
        heading(axes, f"{said}, correct", colour=_CORRECT)
    else:
        heading(axes, f"{said}, not {_name(label, names)}", colour=_WRONG)


def _draw_drive(axes: Axes, stimulus: Stimulus, trial: int) -> None:
    """Every channel of every input as a row, blue below 0 and red above."""
    axes.set_yticks([])
    if not stimulus.values:  # the population that takes the input in is ablated
        axes.text(0.5, 0.5, "no input", transform=axes.transAxes, ha="center", color=FAINT)
        return
    edges = np.append(stimulus.edges_s, stimulus.duration_s)
    value = np.concatenate([values[trial].T for values in stimulus.values.values()])
    largest = largest_drive(stimulus)
    axes.pcolormesh(edges, np.arange(len(value) + 1), value, cmap="RdBu_r", vmin=-largest, vmax=largest)
    axes.invert_yaxis()


def largest_drive(stimulus: Stimulus) -> float:
    """Returns the largest drive of any channel in any trial, without its sign, above 0."""
    return max(*(float(np.abs(values).max(initial=0.0)) for values in stimulus.values.values()), 1e-12, 0.0)


def _draw_pools(axes: Axes, recording: Recording, neurons: Mapping[str, int], trial: int, *, named: bool) -> None:
    """Bands of pools, one a population, each unit some rows of neurons; the rate circuit shows activity instead."""
    colours = _colours(neurons)
    units = {name: recording.activity[name].shape[2] for name in neurons}
    rows = max(1, ROWS // sum(units.values()))
    top, centres = 0.0, list[float]()
    for name, per_unit in neurons.items():
        if name in recording.spikes:
            fine = min(rows, per_unit)
            train = recording.spikes[name]
            image = pool_image(train, trial, units[name], per_unit, recording.ticks, fine) ** 0.7
        else:
            activity = recording.activity[name].astype(np.float64)
            image = activity[trial].T / max(float(activity.max(initial=0.0)), 1e-12)
        axes.imshow(
            1.0 - np.clip(image, 0.0, 1.0)[..., None] * (1.0 - np.array(to_rgb(colours[name]))),
            extent=(0.0, recording.ticks * recording.tick_s, top + units[name], top),
            aspect="auto",
            interpolation="nearest",
        )
        centres.append(top + 0.5 * units[name])
        top += units[name]
        axes.axhline(top, color=FAINT, lw=0.5)
    axes.set_ylim(top, 0.0)
    axes.set_yticks(centres, list(neurons) if named else [""] * len(centres), fontsize=LEAST_PT)
    axes.tick_params(axis="y", length=0)


def _draw_scores(
    axes: Axes, scores: Mapping[str, Float], place: int, recordings: Mapping[str, Recording], label: int
) -> None:
    levels = tuple(scores)
    for level, values in scores.items():
        time_s = (np.arange(values.shape[1]) + 1) * recordings[level].tick_s
        drawn = level == levels[-1]
        for answer in range(values.shape[2]):
            style: dict[str, Any] = (
                {"lw": 1.8 if answer == label else 0.9} if drawn else {"lw": 0.8, "ls": (0, (3, 2)), "alpha": 0.7}
            )
            axes.plot(time_s, values[place, :, answer], color=unit_colour(answer), **style)
    axes.axhline(0.0, color=FAINT, lw=0.4)


def _pools_title(recording: Recording) -> str:
    return "spikes, neurons\nby column" if recording.spikes else "activity, columns\nby population"


def _legend(figure: Any, classifier: Classifier, first: str, last: str) -> None:
    classes = classifier.layers[-1].weight.shape[0]
    handles = [Line2D([], [], color=unit_colour(c), label=_name(c, classifier.labels)) for c in range(classes)]
    if first != last:
        handles.append(Line2D([], [], color=INK, lw=1.2, label=last))
        handles.append(Line2D([], [], color=INK, lw=0.8, ls=(0, (3, 2)), label=first))
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 12), columnspacing=0.9, handlelength=1.6
    )


def _name(answer: int, names: Sequence[str]) -> str:
    return names[answer] if answer < len(names) else str(answer)


def _colours(names: Mapping[str, int]) -> dict[str, str]:
    """One colour for all populations of one kind: `ss` of V1 looks like `ss` of V3."""
    kinds = {name: re.split(r"[^A-Za-z0-9]+", name.strip("_ "))[-1] for name in names}
    colours = population_colours(dict.fromkeys(kinds.values()))
    return {name: colours[kind] for name, kind in kinds.items()}
