"""Draws how long messages take by the hops of their way, and the mesh with the load of its links and cores."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from neurocmc.report.figures.style import FAINT, INK, PAGE_IN, canvas, heading
from neurocmc.sim.passing import Traffic, edges_ns
from neurocmc.sim.transit import EAST, MOST_HOPS, NORTH, SOUTH, WEST

WIDEST = 5.0  # points, of the link with most messages
SHIFT = 0.11  # of a tile, by which the two links between two routers stand apart
_LOAD = LinearSegmentedColormap.from_list("load", ["#EAF1F8", "#08306B"])
_LINK = "#D55E00"
_STEP = {EAST: (1, 0), WEST: (-1, 0), NORTH: (0, -1), SOUTH: (0, 1)}


def draw_latency(traffic: Traffic, path: Path, title: str = "") -> None:
    """Draws two panels: latencies of messages by hops, with their median and 99 %, and the mesh with its load.

    Raises InputError if the file cannot be written.
    """
    place = traffic.mesh.place - traffic.mesh.place.min(axis=0)
    width, height = (int(span) + 1 for span in place.max(axis=0))
    with canvas(path, PAGE_IN, float(np.clip(1.6 + 5.0 * height / max(width, 8), 3.4, 6.5))) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.0))
        _draw_latencies(left, traffic)
        _draw_mesh(right, traffic, place, (width, height))
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold", color=INK)


def _draw_latencies(axes: Any, traffic: Traffic) -> None:
    """Messages by hops and latency as shades, with the median and what 99 % stay below."""
    counts, edges = traffic.histogram, edges_ns()
    held = np.flatnonzero(counts.any(axis=1))
    if not held.size:
        heading(axes, "Latency of messages", "no message was sent")
        return
    bins = np.flatnonzero(counts.any(axis=0))
    low, high = int(bins[0]), int(bins[-1]) + 1
    last = int(held[-1])
    shown = counts[: last + 1, low:high].astype(np.float64).T
    top = max(float(shown.max()), 2.0)
    hops = np.arange(last + 2) - 0.5
    image = axes.pcolormesh(
        hops, edges[low : high + 1], np.where(shown > 0, shown, np.nan), cmap=_LOAD, norm=LogNorm(1.0, top)
    )
    axes.figure.colorbar(image, ax=axes, label="messages [count]", pad=0.01, format=FuncFormatter(_plain))
    for share, style, name in ((0.5, "-", "median"), (0.99, (0, (4, 2)), "99 % below")):
        value = [traffic.latency_at_ns(share, int(own)) for own in held]
        axes.plot(held, value, color=_LINK, ls=style, marker="o", ms=3, label=name)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    axes.set_xlabel("way [hops]" if last < MOST_HOPS else f"way [hops; {MOST_HOPS} holds all longer ones]")
    axes.set_ylabel("latency [ns]")
    axes.legend(loc="lower right")
    told = f"mean {traffic.latency_ns:,.0f} ns, of which {traffic.wait_ns:,.0f} ns in queues"
    heading(axes, "Latency of messages", told)


def _plain(value: float, _: int | None) -> str:
    """A power of ten as a number with separators."""
    return f"{value:,.0f}" if value >= 1.0 else f"{value:g}"


def _draw_mesh(axes: Any, traffic: Traffic, place: NDArray[np.int64], size: tuple[int, int]) -> None:
    """Tiles shaded by what their cores take in, links as wide as what goes along them."""
    width, height = size
    ticks = max(traffic.done_ps.size, 1)
    taken = np.full((height, width), np.nan)
    for (column, row), count in zip(place.tolist(), traffic.into.tolist(), strict=True):
        taken[row, column] = np.nan_to_num(taken[row, column]) + count / ticks
    norm = Normalize(0.0, max(float(np.nanmax(taken)), 1e-9))
    image = axes.imshow(taken, cmap=_LOAD, norm=norm, interpolation="nearest", aspect="auto")
    axes.figure.colorbar(image, ax=axes, label="messages into a tile\n[per tick, mean]", pad=0.01)
    loaded = np.argwhere(traffic.link > 0)
    most = int(traffic.link.max(initial=1)) or 1
    lines: list[Any] = []
    for router, direction in loaded.tolist():
        row, column = divmod(router, width)
        step = np.array(_STEP[direction])
        begin = np.array([column, row]) + SHIFT * step[::-1] * (1, -1)
        lines.append((begin, begin + step))
    wide = WIDEST * traffic.link[loaded[:, 0], loaded[:, 1]] / most
    axes.add_collection(LineCollection(lines, linewidths=np.maximum(wide, 0.3), colors=_LINK, alpha=0.8))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("column of the mesh")
    axes.set_ylabel("row of the mesh")
    axes.spines[:].set_color(FAINT)
    busiest = (
        f"widest link: {most / ticks:,.0f} messages per tick, mean" if loaded.size else "no message leaves its tile"
    )
    heading(axes, f"Mesh of {traffic.mesh.cores:,} cores: {traffic.mesh.note}", busiest)
