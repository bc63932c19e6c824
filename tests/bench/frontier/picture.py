"""Draws the frontier: error against spikes, energy and cores, a row of pictures for each of some circuits."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from neurocmc.report.figures.style import FAINT, LEAST_PT, PAGE_IN, canvas, heading, one_two_five, population_colours
from tests.bench.frontier.circuits import ROOT
from tests.bench.frontier.measure import Row
from tests.bench.frontier.points import NEF

PICTURE = ROOT / "docs" / "pictures" / "frontier.png"
DRAWN = {"four-units": "Four units", "swta-digits": "Winner-take-all of digits", "cmc-v1v3": "Canonical microcircuit"}
COSTS = {"spikes": "spikes per trial [count]", "energy_uj": "dynamic energy per trial [µJ]", "cores": "cores [count]"}
CODES: tuple[str, ...] = ("threshold", "rate", "feedback", "interleaved", NEF)
COLOURS = population_colours(CODES)
MARKS: dict[str, str] = dict(zip(CODES, "osD^X", strict=True))


def draw_frontier(rows: Iterable[Row], path: Path = PICTURE) -> None:
    """Draws a circuit a row and a cost a column; a line joins the points of a code that none of it beats."""
    own = [row for row in rows if row.code in CODES and row.euler_median is not None]
    drawn = [name for name in DRAWN if any(row.circuit == name for row in own)]
    with canvas(path, PAGE_IN, 0.5 + 2.9 * len(drawn)) as figure:
        grid = figure.subplots(len(drawn), len(COSTS), squeeze=False, sharey="row")
        for line, name in enumerate(drawn):
            for column, cost in enumerate(COSTS):
                _draw(grid[line, column], [row for row in own if row.circuit == name], cost)
            grid[line, 0].set_ylabel("median NRMSE [%]")
            heading(grid[line, 0], DRAWN[name])
        for column, label in enumerate(COSTS.values()):
            grid[-1, column].set_xlabel(label)
        present = [code for code in CODES if any(row.code == code for row in own)]
        figure.legend(
            handles=[
                Line2D([], [], color=COLOURS[code], marker=MARKS[code], ms=5, label="NEF" if code == NEF else code)
                for code in present
            ],
            loc="outside lower center",
            ncols=len(present),
        )


def _draw(axes: Axes, rows: Sequence[Row], cost: str) -> None:
    for code in CODES:
        places = [_place(row, cost) for row in rows if row.code == code]
        best = unbeaten(places)
        axes.plot(*_columns(places), color=COLOURS[code], marker=MARKS[code], ms=4, lw=0, alpha=0.35)
        axes.plot(*_columns(best), color=COLOURS[code], marker=MARKS[code], ms=4.5, lw=1.2)
    axes.set(xscale="log", yscale="log")
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    axes.yaxis.set_minor_formatter(FuncFormatter(one_two_five))
    axes.xaxis.set_major_formatter(FuncFormatter(_whole))
    axes.xaxis.set_minor_formatter(FuncFormatter(one_two_five) if cost == "cores" else NullFormatter())
    axes.tick_params(which="minor", labelsize=LEAST_PT, labelcolor=FAINT)
    axes.grid(which="major")


def _plain(value: float, _: int | None) -> str:
    return f"{value:g}"


def _whole(value: float, _: int | None) -> str:
    return f"{value:,.0f}"


def unbeaten(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Returns the (cost, error) points than which none has less of both, in order of their cost."""
    kept: list[tuple[float, float]] = []
    for cost, error in sorted(places):
        if not kept or error < kept[-1][1]:
            kept.append((cost, error))
    return kept


def _place(row: Row, cost: str) -> tuple[float, float]:
    assert row.euler_median is not None
    return float(getattr(row, cost)), 100.0 * row.euler_median


def _columns(places: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [cost for cost, _ in places], [error for _, error in places]
