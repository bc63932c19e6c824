"""Draws the strongest distractor that a held item withstands, predicted and measured, against how long it lasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter, NullLocator

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.report.figures.style import FAINT, INK, LEAST_PT, canvas, heading, marker, population_colours

_SPREAD = 0.05  # by which levels stand beside each other, as a share of the length of a pulse


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryPoint:
    """One level and length of pulse: the weakest distractor that won and the strongest that lost, over all seeds."""

    level: str
    pulse_s: float
    predicted: float
    first_lost: float
    last_held: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictedBoundary:
    """The theory's line, and the strength that any length of pulse needs at least."""

    pulse_s: Float  # (points,) rising
    strength: Float  # (points,)
    least: float
    tolerance: float  # relative, the band around the line

    def __post_init__(self) -> None:
        set_frozen(self, "pulse_s", np.float64, (None,))
        set_frozen(self, "strength", np.float64, (len(self.pulse_s),))


def draw_distractors(points: Sequence[BoundaryPoint], line: PredictedBoundary, path: Path) -> None:
    """Draws strength against length of pulse on the left, measured over predicted on the right.

    Raises ValueError without points, InputError if the file cannot be written.
    """
    if not points:
        raise ValueError("nothing was measured: give at least one point")
    levels = list(dict.fromkeys(point.level for point in points))
    colours = population_colours(levels)
    pulses = sorted({point.pulse_s for point in points})
    with canvas(path, 8.6, 3.9) as figure:
        left, right = figure.subplots(1, 2)
        low, high = (1.0 - line.tolerance) * line.strength, (1.0 + line.tolerance) * line.strength
        left.fill_between(line.pulse_s, low, high, color=FAINT, alpha=0.2, lw=0)
        left.plot(line.pulse_s, line.strength, color=INK, lw=1.0, label="predicted")
        left.axhline(line.least, color=FAINT, lw=0.8, ls=(0, (4, 3)))
        right.axhspan(-100.0 * line.tolerance, 100.0 * line.tolerance, color=FAINT, alpha=0.2, lw=0)
        right.axhline(0.0, color=INK, lw=1.0)
        for index, level in enumerate(levels):
            own = [point for point in points if point.level == level]
            at = np.array([p.pulse_s for p in own]) * (1.0 + _SPREAD * (index - (len(levels) - 1) / 2.0))
            ends = np.array([sorted((p.last_held, p.first_lost)) for p in own])
            middle, predicted = ends.mean(axis=1), np.array([p.predicted for p in own])
            style = {"color": colours[level], "marker": marker(index), "ms": 4.0, "lw": 0}
            left.plot(at, middle, label=level, **style)
            relative = 100.0 * (ends / predicted[:, None] - 1.0)
            centre = relative.mean(axis=1)
            right.errorbar(
                at,
                centre,
                np.stack([centre - relative[:, 0], relative[:, 1] - centre]),
                elinewidth=1.2,
                capsize=2.0,
                **style,
            )
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_xticks(pulses, [f"{pulse:g}" for pulse in pulses])
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_xlabel("length of the distractor [s]")
            axes.grid(axis="y")
        left.set(yscale="log", ylabel="strongest distractor withstood [drive]")
        left.yaxis.set_major_formatter(FuncFormatter(_plain))
        left.yaxis.set_minor_formatter(FuncFormatter(_plain))
        left.tick_params(axis="y", which="minor", labelsize=LEAST_PT)
        right.set_ylabel("measured minus predicted [% of predicted]")
        left.legend(loc="upper right")
        heading(left, "What the memory withstands", "dashed: least strength that can win, by theory, at any length")
        heading(right, "Measured against predicted", "bars: strongest withstood to weakest that won, all seeds")


def _plain(value: float, _: int | None) -> str:
    return f"{value:g}"
