"""Draws a quantity against neurons per unit, one panel per circuit, one colour per target."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.report.figures.style import canvas, heading, line_style, marker, unit_colour

COLUMNS = 3
MOST_TICKS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SweepCurve:
    """What one circuit comes to on one target in one code; a point a run, of whatever size and seed."""

    circuit: str
    target: str
    code: str
    neurons: Int  # (runs,) a unit
    value: Float  # (runs,)

    def __post_init__(self) -> None:
        set_frozen(self, "neurons", np.int64, (None,))
        set_frozen(self, "value", np.float64, (len(self.neurons),))

    def means(self) -> tuple[Int, Float]:
        """Returns the sizes, rising, and the mean of each over its runs."""
        sizes = np.unique(self.neurons)
        return sizes, np.array([self.value[self.neurons == size].mean() for size in sizes])


def draw_against_neurons(
    curves: Sequence[SweepCurve], path: Path, *, title: str, label: str, decades: bool = False
) -> None:
    """Draws a panel for each circuit; lines join means over seeds.

    `decades` makes the axis of values logarithmic where all are above 0. Raises ValueError without curves, InputError
    if the file cannot be written.
    """
    if not curves or any(not len(curve.value) for curve in curves):
        raise ValueError("nothing to draw: give at least one curve, and each a run")
    circuits = list(dict.fromkeys(curve.circuit for curve in curves))
    targets = list(dict.fromkeys(curve.target for curve in curves))
    codes = list(dict.fromkeys(curve.code for curve in curves))
    columns = min(COLUMNS, len(circuits))
    rows = -(-len(circuits) // columns)
    with canvas(path, 1.6 + 2.5 * columns, 0.6 + 2.6 * rows) as figure:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for panel in panels[len(circuits) :]:
            panel.set_visible(False)
        for index, circuit in enumerate(circuits):
            panel = panels[index]
            for curve in (curve for curve in curves if curve.circuit == circuit):
                _draw_curve(panel, curve, targets.index(curve.target), codes.index(curve.code))
            _scale(panel, [curve for curve in curves if curve.circuit == circuit], decades=decades)
            panel.set_xlabel("neurons per unit [count]")
            panel.grid(axis="y")
            if index % columns == 0:
                panel.set_ylabel(label)
            heading(panel, circuit)
        handles = [Line2D([], [], color=unit_colour(i), lw=1.4, label=name) for i, name in enumerate(targets)]
        if len(codes) > 1:
            handles += [
                Line2D([], [], color="#555555", marker=marker(i), ls=line_style(i), ms=4, lw=1.0, label=name)
                for i, name in enumerate(codes)
            ]
        figure.legend(handles=handles, loc="outside right center")
        figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")


def _draw_curve(axes: Axes, curve: SweepCurve, target: int, code: int) -> None:
    sizes, means = curve.means()
    colour = unit_colour(target)
    axes.plot(curve.neurons, curve.value, marker(code), ms=3.5, color=colour, mec="white", mew=0.4, ls="none")
    axes.plot(sizes, means, color=colour, ls=line_style(code), lw=1.2)


def _scale(axes: Axes, curves: Sequence[SweepCurve], *, decades: bool) -> None:
    sizes = sorted({int(size) for curve in curves for size in curve.neurons})
    axes.set_xscale("log", base=2)
    told = sizes if len(sizes) <= MOST_TICKS else sizes[:: -(-len(sizes) // MOST_TICKS)]
    axes.set_xticks(told, [f"{size:,}" for size in told])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    if decades and min(float(curve.value.min()) for curve in curves) > 0:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(_short))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))


def _short(value: float, _: int | None) -> str:
    return f"{value:,.3g}"
