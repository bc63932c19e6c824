"""Draws where every neurosynaptic core stands, whose it is, what its neurons do and how full it is."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import FigureBase
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator

from neurocmc.common.arrays import Float
from neurocmc.ir.truenorth.program import AxonGroup, CoreProgram, NeuronGroup
from neurocmc.report.figures.style import FAINT, INK, LEAST_PT, PAGE_IN, canvas, heading, population_colours
from neurocmc.report.truenorth.budget import core_use, cores_lower_bound
from neurocmc.report.truenorth.potentials import population_of
from neurocmc.targets import TrueNorthTarget

NUMBERED_UP_TO = 12  # columns or rows of the map: beyond, its cells are too small for a number
SINGLE_BARS = 128  # cores: beyond, one outline stands for thousands of bars
# Tol 2021, "muted": apart from the colours of populations.
_ROLE_COLOURS = {
    "pool": "#332288",
    "projection": "#332288",
    "filter": "#DDCC77",
    "feedback": "#DDCC77",
    "bias": "#555555",
    "copy": "#88CCEE",
    "sum": "#AA4499",
    "splitter": "#CC6677",
    "input": "#117733",
}
_SPLITTERS = "splitters alone"
_FILL = LinearSegmentedColormap.from_list("fill", ["#EAF1F8", "#08306B"])


def draw_core_grid(program: CoreProgram, target: TrueNorthTarget, path: Path) -> None:
    """Draws two maps of the used corner of the grid, by population and crossbar bits, and two rows of bars.

    A core has the colour of the population with most neurons on it; the bars are its neurons and its axons by role,
    in percent of a core. Raises InputError if the file cannot be written.
    """
    use, cores = core_use(program), program.network.cores
    owner = _owners(program)
    names = [each.name for each in program.populations] or dict.fromkeys(name for name in owner if name != _SPLITTERS)
    colours = population_colours(names)
    with canvas(path, max(PAGE_IN, min(3.0 + 0.09 * cores, 24.0)), 8.6) as figure:
        panels: Any = figure.subfigures(2, 1, height_ratios=[1.25, 1.0])  # matplotlib says it were one
        maps, bars = panels
        left, right = maps.subplots(1, 2)
        _draw_map(left, program, np.array([to_rgb(colours.get(name, FAINT)) for name in owner]), range(cores))
        heading(left, "Cores by population", "number: the core")
        crossbar = 100.0 * use[:, 2] / (target.limits.axons_per_core * target.limits.neurons_per_core)
        fullest = float(crossbar.max()) or 1.0
        _draw_map(right, program, np.array([_FILL(value / fullest)[:3] for value in crossbar]), crossbar.tolist())
        heading(
            right,
            "Set bits of the crossbar [%]",
            f"darkest: fullest core, {fullest:.1f} %; mean {crossbar.mean():.1f} %",
        )
        shown = {name: colour for name, colour in colours.items() if name in owner}
        _legend(maps, shown | ({_SPLITTERS: FAINT} if _SPLITTERS in owner else {}))
        neurons, axons = bars.subplots(2, 1, sharex=True)
        by_role = _by_role(program.neuron_groups, cores, target.limits.neurons_per_core)
        _draw_bars(neurons, "Neurons by role", by_role)
        onto = _by_role(program.axon_groups, cores, target.limits.axons_per_core)
        _draw_bars(axons, "Axons by what they carry", onto)
        axons.set_xlabel("core")
        _legend(bars, _colours_of(by_role, onto))
        figure.suptitle(
            f"{program.name} on {target.title}: {use[:, 1].sum():,} neurons on {cores:,} of "
            f"{target.limits.cores:,} cores, at least {cores_lower_bound(program, target.limits):,} needed",
            fontsize=10,
            x=0.01,
            ha="left",
            color=INK,
        )


def _by_role(groups: Sequence[NeuronGroup | AxonGroup], cores: int, limit: int) -> dict[str, Float]:
    """Role -> (cores,) percent of the limit, in the order in which roles appear."""
    found: dict[str, Float] = {}
    for group in groups:
        found.setdefault(group.role, np.zeros(cores))[group.core] += 100.0 * (group.stop - group.start) / limit
    return found


def _colours_of(neurons: Iterable[str], axons: Iterable[str]) -> dict[str, str]:
    """What the legend of the bars says: roles of one colour stand together."""
    said: dict[str, list[str]] = {}
    for role in dict.fromkeys((*neurons, *axons)):
        said.setdefault(_ROLE_COLOURS[role], []).append(role)
    return {", ".join(roles): colour for colour, roles in said.items()}


def _owners(program: CoreProgram) -> list[str]:
    """For each core the population that has most neurons on it; where they only pass on spikes, that they do."""
    counts: list[dict[str, int]] = [{} for _ in range(program.network.cores)]
    passing = [True] * program.network.cores
    for group in program.neuron_groups:
        name = population_of(group.corelet)
        counts[group.core][name] = counts[group.core].get(name, 0) + group.stop - group.start
        passing[group.core] &= group.role == "splitter"
    owners = [max(found, key=lambda name: found[name]) if found else _SPLITTERS for found in counts]
    return [_SPLITTERS if only else name for name, only in zip(owners, passing, strict=True)]


def _draw_map(axes: Axes, program: CoreProgram, colour: Float, value: Sequence[float]) -> None:
    """Cores as cells of the smallest rectangle that holds them; places without a core stay empty."""
    place = program.network.coordinates
    low, high = place.min(axis=0), place.max(axis=0)
    columns, rows = (int(edge) for edge in high - low + 1)
    image = np.ones((rows, columns, 3))
    image[place[:, 1] - low[1], place[:, 0] - low[0]] = colour
    edges = (low[0] - 0.5, high[0] + 0.5, high[1] + 0.5, low[1] - 0.5)
    axes.imshow(image, extent=edges, interpolation="nearest")
    for axis, first, last in ((axes.xaxis, low[0], high[0]), (axes.yaxis, low[1], high[1])):
        axis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        axis.set_minor_locator(FixedLocator(list(np.arange(first + 0.5, last))))
    axes.tick_params(which="minor", length=0)
    axes.grid(which="minor", color="white", lw=1.2)
    axes.set_axisbelow(False)
    axes.set_xlabel("column of the chip")
    axes.set_ylabel("row of the chip")
    if max(columns, rows) > NUMBERED_UP_TO:
        return
    for core, (column, row) in enumerate(place.tolist()):
        dark = float(colour[core] @ (0.3, 0.59, 0.11)) < 0.55
        text = f"{value[core]:.3g}"
        axes.text(column, row, text, ha="center", va="center", fontsize=LEAST_PT, color="white" if dark else INK)


def _draw_bars(axes: Axes, title: str, parts: Mapping[str, Float]) -> None:
    base = np.zeros(len(next(iter(parts.values()))))
    edges = np.arange(base.size + 1) - 0.5
    for role, values in parts.items():
        colour = _ROLE_COLOURS[role]
        if base.size <= SINGLE_BARS:
            axes.bar(np.arange(base.size), values, 0.85, bottom=base, color=colour, lw=0)
        else:
            axes.stairs(base + values, edges, baseline=base, fill=True, color=colour, lw=0)
        base = base + values
    heading(axes, title, f"fullest core {base.max():.1f} %, mean {base.mean():.1f} %")
    axes.axhline(100.0, color=INK, lw=0.9, ls=(0, (4, 3)))
    axes.set_ylim(0, 112)
    axes.set_ylabel("use [% of a core]")
    axes.set_xlim(-0.7, base.size - 0.3)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")


def _legend(figure: FigureBase, colours: Mapping[str, str]) -> None:
    handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 8))
