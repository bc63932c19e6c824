"""Draws how full every core is of compartments, axons and synapse memory, and of whose."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from neurocmc.common.arrays import Float
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.passes.loihi.route import limits_of
from neurocmc.report.figures.style import HOST, INK, LEAST_PT, PAGE_IN, canvas, heading, place, population_colours
from neurocmc.targets import LoihiTarget

LYING_UP_TO = 24  # cores: beyond, bars stand, so that a full chip still fits a page
HOST_NAME = "host"
STANDING_UP_TO = 48  # cores: beyond, bars are drawn as one outline for each population
WIDEST_IN = 40.0
NAMED_UP_TO = 40  # populations: beyond, those of one colour are drawn as one
LEGEND_ENTRY_IN, LEGEND_LINE_IN, FOOT_IN = 1.4, 0.2, 0.55  # of the legend, and of the axis labels above it


def draw_core_map(
    program: ChipProgram[Any], target: LoihiTarget, path: Path, owner: Callable[[str], str] = str
) -> None:
    """Draws four panels, each core one bar in percent of the limit, coloured by population.

    Compartments and out-axons by the population that owns them, synapse memory and in-axons by the population that
    sends the spikes (grey: the host). `owner` gives the name that people know a population by. Raises InputError if
    the file cannot be written.
    """
    cores = program.cores
    colours, owner = _groups(dict.fromkeys(owner(p.name) for p in program.network.populations), owner)
    shares = _shares(program, target, owner, list(colours))
    lying = cores <= LYING_UP_TO
    many = len(colours)
    width = PAGE_IN if lying else min(max(8.5, 3.0 + 0.09 * cores), WIDEST_IN)
    across = min(many, int(width / LEGEND_ENTRY_IN))
    foot_in = FOOT_IN + LEGEND_LINE_IN * -(-many // across)
    height = 0.8 + foot_in + 0.3 * cores if lying else 8.0 + foot_in
    with canvas(path, width, height, placed=True) as figure:
        if lying:
            boxes = [place(figure, 0.55 + 2.18 * panel, 0.8, 1.95, 0.3 * cores) for panel in range(4)]
        else:
            boxes = [place(figure, 0.7, 0.8 + 1.95 * panel, width - 0.9, 1.35) for panel in range(4)]
        panels = [figure.add_axes(box) for box in boxes]
        for other in panels[1:]:
            (other.sharey if lying else other.sharex)(panels[0])
            if lying:
                other.tick_params(labelleft=False)
        if not lying:
            for upper in panels[:-1]:
                upper.tick_params(labelbottom=False)
        for axes, (title, by_population) in zip(panels, shares.items(), strict=True):
            _draw_panel(axes, title, by_population, colours, cores, lying=lying)
        if lying:
            panels[0].set_ylabel("core")
        else:
            panels[-1].set_xlabel("core")
        figure.suptitle(
            f"{program.network.name} on {target.title}: {program.network.neurons:,} neurons on {cores} of "
            f"{target.limits.cores} cores, at least {program.cores_lower_bound} needed",
            fontsize=10,
            x=0.01,
            y=1.0 - 0.1 / height,
            ha="left",
            va="top",
            color=INK,
        )
        handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
        figure.legend(handles=handles, loc="lower center", ncols=across, bbox_to_anchor=(0.5, 0.0))


def _groups(names: Iterable[str], owner: Callable[[str], str]) -> tuple[dict[str, str], Callable[[str], str]]:
    """The colour of each name in the legend, and what gives a population's; of very many a name is a colour's."""
    colours = population_colours(names)
    if len(colours) <= NAMED_UP_TO:
        return {**colours, HOST_NAME: HOST}, owner
    kinds = list(dict.fromkeys(colours.values()))
    group = {name: f"populations {kinds.index(colour) + 1} + {len(kinds)} k" for name, colour in colours.items()}
    shown = {group[name]: colour for name, colour in colours.items()}
    return {**shown, HOST_NAME: HOST}, lambda name: group[owner(name)]


def _shares(
    program: ChipProgram[Any], target: LoihiTarget, owner: Callable[[str], str], names: list[str]
) -> dict[str, dict[str, Float]]:
    """Panel -> population -> (cores,) percent of the limit."""
    limits = limits_of(target.limits)
    amounts = {
        key: {name: np.zeros(program.cores) for name in names}
        for key in ("compartments", "synapse_bits", "in_axons", "out_axons")
    }
    for segment in program.segments:
        amounts["compartments"][owner(segment.population)][segment.core] += segment.neurons
    for lists in program.lists:
        sender = owner(lists.source) if lists.source else HOST_NAME
        amounts["synapse_bits"][sender][lists.core] += lists.synapse_bits
        amounts["in_axons"][sender][lists.core] += lists.axons
    for route in program.routes:
        amounts["out_axons"][owner(route.source)][route.source_core] += route.axons
    titles = {
        "compartments": "Compartments",
        "synapse_bits": "Synapses, by sender",
        "in_axons": "In-axons, by sender",
        "out_axons": "Out-axons",
    }
    return {
        titles[key]: {name: 100.0 * values / (limits[key] or 1) for name, values in by_population.items()}
        for key, by_population in amounts.items()
    }


def _draw_panel(
    axes: Axes, title: str, by_population: Mapping[str, Float], colours: Mapping[str, str], cores: int, *, lying: bool
) -> None:
    position, base = np.arange(cores), np.zeros(cores)
    for name, values in by_population.items():
        if lying:
            axes.barh(position, values, 0.72, left=base, color=colours[name], edgecolor="white", lw=0.4)
        elif cores > STANDING_UP_TO:
            edges = np.arange(cores + 1) - 0.5
            axes.stairs(base + values, edges, baseline=base, fill=True, color=colours[name], lw=0)
        else:
            axes.bar(position, values, 0.85, bottom=base, color=colours[name], lw=0)
        base = base + values
    heading(axes, title, f"most {base.max():.1f} %, mean {base.mean():.1f} %")
    if lying:
        axes.axvline(100.0, color=INK, lw=0.9, ls=(0, (4, 3)))
        axes.set_xlim(0, 116)
        axes.set_ylim(cores - 0.4, -0.6)
        axes.set_yticks(position)
        axes.set_xlabel("use [% of limit]")
        axes.grid(axis="x")
        for core, value in enumerate(base):
            axes.text(value + 1.5, core, f"{value:.0f}", va="center", fontsize=LEAST_PT, color=INK)
    else:
        axes.axhline(100.0, color=INK, lw=0.9, ls=(0, (4, 3)))
        axes.set_ylim(0, 112)
        axes.set_xlim(-1, cores)
        axes.set_ylabel("use [% of limit]")
        axes.grid(axis="y")
