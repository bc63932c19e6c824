"""Draws a study: accuracy of every variant, against parameters and against depth, and the loss landscape."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.loss_surface import LossSurface
from neurocmc.report.figures.style import (
    FAINT,
    LEAST_PT,
    canvas,
    heading,
    marker,
    one_two_five,
    population_colours,
    unit_colour,
)

_LEVELS = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyPoint:
    """The runs of one variant with one number of regions, over seeds."""

    variant: str
    regions: int
    parameters: int  # of the whole model
    accuracy: Float  # (seeds,) fractions

    def __post_init__(self) -> None:
        set_frozen(self, "accuracy", np.float64, (None,))

    @property
    def mean(self) -> float:
        """Mean accuracy over seeds."""
        return float(self.accuracy.mean())

    @property
    def spread(self) -> float:
        """Sample standard deviation over seeds; 0 for a single one."""
        return float(self.accuracy.std(ddof=1)) if len(self.accuracy) > 1 else 0.0


def draw_accuracy_of_variants(points: Sequence[StudyPoint], path: Path, *, chance: float | None = None) -> None:
    """Draws one row a variant and depth: every seed a dot, their mean and deviation behind.

    `chance` is the accuracy of guessing, as a dashed line where it is within the picture. Raises ValueError without
    points, InputError if the file cannot be written.
    """
    _check(points)
    colours = population_colours(_depths(points))
    with canvas(path, 6.4, 1.3 + 0.27 * len(points)) as figure:
        axes = figure.subplots()
        for row, point in enumerate(points):
            colour = colours[_depth(point.regions)]
            mean, spread = 100.0 * point.mean, 100.0 * point.spread
            axes.barh(row, 2.0 * spread, left=mean - spread, height=0.5, color=colour, alpha=0.2, lw=0)
            axes.plot([mean, mean], [row - 0.3, row + 0.3], color=colour, lw=1.6)
            axes.plot(
                100.0 * point.accuracy,
                np.full(len(point.accuracy), row),
                "o",
                ms=3.5,
                color=colour,
                mec="white",
                mew=0.4,
            )
        lowest = min(100.0 * float(point.accuracy.min()) for point in points)
        if chance is not None and 100.0 * chance > lowest - 5.0:
            axes.axvline(100.0 * chance, color=FAINT, ls=(0, (4, 3)), lw=0.9)
        axes.set_yticks(range(len(points)), [point.variant for point in points])
        axes.set_ylim(len(points) - 0.4, -0.6)
        axes.set_xlabel("test accuracy [%]")
        axes.margins(x=0.04)
        axes.use_sticky_edges = False
        axes.grid(axis="x")
        handles = [Line2D([], [], color=colour, marker="o", ms=4, label=depth) for depth, colour in colours.items()]
        if len(handles) > 1:
            figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        heading(axes, "Accuracy of every variant", _seeds(points) + "; line: mean; band: ± 1 standard deviation")


def draw_accuracy_against_size(points: Sequence[StudyPoint], path: Path) -> None:
    """Draws accuracy against parameters and against depth, mean ± deviation, one colour and marker per variant.

    Variants of several depths are joined by a line; a single variant has one panel. Raises ValueError without
    points, InputError if the file cannot be written.
    """
    _check(points)
    variants = list(dict.fromkeys(point.variant for point in points))
    if len(variants) == 1:
        _draw_against_depth(points, path)
        return
    with canvas(path, 8.4, 4.4) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for index, variant in enumerate(variants):
            own = sorted((point for point in points if point.variant == variant), key=lambda point: point.regions)
            style = {
                "color": unit_colour(index),
                "marker": marker(index),
                "ms": 5.0,
                "capsize": 2.0,
            }
            mean, spread = [100.0 * p.mean for p in own], [100.0 * p.spread for p in own]
            # Variants of one depth would hide each other: they stand side by side.
            shift = 0.5 * (index - (len(variants) - 1) / 2.0) / max(len(variants), 1)
            left.errorbar([p.parameters for p in own], mean, spread, lw=1.0, elinewidth=0.9, label=variant, **style)
            right.errorbar([p.regions + shift for p in own], mean, spread, lw=1.0, elinewidth=0.9, **style)
        left.set(xlabel="parameters of the whole model [count]", ylabel="test accuracy [%]")
        _scale_of_sizes(left, [point.parameters for point in points])
        right.set(xlabel="regions [count]")
        depths = sorted({point.regions for point in points})
        right.set_xticks(depths, [str(depth) for depth in depths])
        right.set_xlim(depths[0] - 0.6, depths[-1] + 0.6)
        for axes in (left, right):
            axes.grid(axis="y")
        figure.legend(loc="outside lower center", ncols=min(len(variants), 5))
        heading(left, "Accuracy against parameters", f"mean ± 1 standard deviation, {_seeds(points)}")
        heading(right, "Accuracy against depth", "variants of one depth stand side by side")


def _draw_against_depth(points: Sequence[StudyPoint], path: Path) -> None:
    """Of a single variant size follows depth: one panel says both."""
    own = sorted(points, key=lambda point: point.regions)
    with canvas(path, 6.4, 3.6) as figure:
        axes = figure.subplots()
        mean, spread = [100.0 * p.mean for p in own], [100.0 * p.spread for p in own]
        axes.errorbar(range(len(own)), mean, spread, color=unit_colour(0), marker="o", ms=5.0, capsize=3.0, lw=1.0)
        for place, point in enumerate(own):
            axes.plot(np.full(len(point.accuracy), place), 100.0 * point.accuracy, "o", color=FAINT, ms=3.0, zorder=3)
        axes.set_xticks(range(len(own)), [f"{_depth(p.regions)}\n{p.parameters:,}" for p in own])
        axes.set_xlim(-0.5, len(own) - 0.5)
        axes.set(xlabel="depth; parameters of the whole model [count]", ylabel="test accuracy [%]")
        axes.grid(axis="y")
        told = f"{own[0].variant}, {_seeds(points)}; grey: each seed; line and bars: mean ± 1 standard deviation"
        heading(axes, "Accuracy against depth", told)


def draw_loss_landscape(surface: LossSurface, path: Path, *, title: str) -> None:
    """Draws the loss as a map over both directions (left) and along each (right).

    Raises ValueError where the loss is not finite and positive, InputError if the file cannot be written.
    """
    if not (np.isfinite(surface.loss).all() and (surface.loss > 0).all()):
        raise ValueError("the loss must be finite and above 0 everywhere")
    lowest, highest = float(surface.loss.min()), float(surface.loss.max())
    with canvas(path, 9.0, 4.2) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1.0))
        levels = np.geomspace(lowest, max(highest, lowest * 1.01), _LEVELS)
        filled = left.contourf(
            surface.first, surface.second, surface.loss.T, levels=levels, cmap="cividis", norm="log"
        )
        left.contour(
            surface.first, surface.second, surface.loss.T, levels=levels[::3], colors="white", linewidths=0.4
        )
        for axes in (left, right):
            axes.xaxis.set_major_locator(MaxNLocator(5))
        left.plot(0.0, 0.0, marker="+", color="white", ms=10, mew=1.5)
        left.set(xlabel="first direction [filter norms]", ylabel="second direction [filter norms]", aspect="equal")
        bar = figure.colorbar(filled, ax=left, format=FuncFormatter(_three_digits), ticks=levels[:: _LEVELS // 5])
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
        bar.ax.set_title("[nats]", fontsize=LEAST_PT, fontweight="normal")
        zero_1, zero_2 = int(np.abs(surface.first).argmin()), int(np.abs(surface.second).argmin())
        right.plot(surface.first, surface.loss[:, zero_2], color=unit_colour(0), label="first direction")
        right.plot(surface.second, surface.loss[zero_1], color=unit_colour(1), label="second direction")
        right.set(
            yscale="log", xlabel="distance from the trained model [filter norms]", ylabel="cross-entropy [nats]"
        )
        right.yaxis.set_major_formatter(FuncFormatter(_three_digits))
        right.yaxis.set_minor_formatter(FuncFormatter(one_two_five))
        right.tick_params(axis="y", which="minor", labelsize=LEAST_PT)
        right.grid(axis="y", which="both")
        share = right.twinx()
        share.plot(surface.first, 100.0 * surface.accuracy[:, zero_2], color=unit_colour(0), ls=(0, (1, 1.5)), lw=1.0)
        share.plot(surface.second, 100.0 * surface.accuracy[zero_1], color=unit_colour(1), ls=(0, (1, 1.5)), lw=1.0)
        share.spines["right"].set_visible(True)
        share.set(ylabel="accuracy [%], dotted", ylim=(0.0, 101.0))
        right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        heading(left, title, "1: a step as long as the parameters of each filter")
        heading(right, "Through the trained model")


def _check(points: Sequence[StudyPoint]) -> None:
    if not points or any(not len(point.accuracy) for point in points):
        raise ValueError("a study needs at least one point, and each point a run")


def _depth(regions: int) -> str:
    return f"{regions} region" if regions == 1 else f"{regions} regions"


def _depths(points: Sequence[StudyPoint]) -> list[str]:
    return [_depth(regions) for regions in sorted({point.regions for point in points})]


def _seeds(points: Sequence[StudyPoint]) -> str:
    counts = sorted({len(point.accuracy) for point in points})
    told = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{told} seed" if told == "1" else f"{told} seeds"


def _scale_of_sizes(axes: Axes, sizes: Sequence[int]) -> None:
    """Sizes over decades stand on a logarithmic axis; closer ones on a linear one, which has ticks to read."""
    if max(sizes) > 10 * min(sizes):
        axes.set_xscale("log")
    else:
        margin = 0.15 * (max(sizes) - min(sizes)) or 0.1 * max(sizes)
        axes.set_xlim(min(sizes) - margin, max(sizes) + margin)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(_thousands))


def _thousands(value: float, _: int | None) -> str:
    return f"{value:,.0f}"


def _three_digits(value: float, _: int | None) -> str:
    return f"{value:.3g}"
