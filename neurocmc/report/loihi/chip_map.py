"""Draws chips on their mesh: how many neurons each tile has, and what goes from chip to chip."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap

from neurocmc.ir.loihi.chip import RESOURCES, ChipProgram
from neurocmc.passes.loihi.placing.ragged import summed
from neurocmc.report.figures.style import FAINT, INK, canvas, heading
from neurocmc.report.loihi.messages import Messages
from neurocmc.targets import LoihiTarget

GAP = 1.5  # tiles between chips
GRID_UP_TO = 40  # columns: beyond, lines between tiles would cover them
_FILL = LinearSegmentedColormap.from_list("fill", ["#EAF1F8", "#08306B"])
_WAY = "#D55E00"
WIDEST = 4.0  # points, of the pair of chips with most between them


def draw_chip_map(program: ChipProgram[Any], target: LoihiTarget, path: Path, sent: Messages | None = None) -> None:
    """Draws the chips in use as tiles shaded by their neurons, and lines as wide as what goes between two chips.

    That is messages of a mean tick where they are known (`sent`), else out-axons. Raises InputError if the file
    cannot be written, ValueError where cores have no places.
    """
    if not program.places:
        raise ValueError("the cores of the program have no places")
    limits = target.limits
    places = np.array([(place.chip, place.x, place.y) for place in program.places], dtype=np.int64)
    mesh = np.stack(np.divmod(places[:, 0], limits.chip_columns)[::-1], axis=1)
    low, span = mesh.min(axis=0), np.ptp(mesh, axis=0) + 1
    pitch = np.array([limits.tile_columns + GAP, limits.tile_rows + GAP])
    columns, rows = (int(edge) for edge in span * pitch - GAP)
    image = np.full((rows, columns), np.nan)
    for row, column in np.ndindex(int(span[1]), int(span[0])):
        top, left = (np.array([row, column]) * pitch[::-1]).astype(int)
        image[top : top + limits.tile_rows, left : left + limits.tile_columns] = 0.0
    corner = ((mesh - low) * pitch).astype(int)
    np.add.at(
        image,
        (corner[:, 1] + places[:, 2], corner[:, 0] + places[:, 1]),
        program.use[:, RESOURCES.index("compartments")] / (limits.compartments_per_core * limits.cores_per_tile),
    )
    width = min(max(6.0, 0.16 * columns + 1.0), 24.0)
    with canvas(path, width, min(max(3.0, width * rows / columns + 1.0), 24.0)) as figure:
        axes: Any = figure.subplots()
        shown = axes.imshow(100.0 * image, cmap=_FILL, vmin=0.0, vmax=100.0, interpolation="nearest", aspect="equal")
        figure.colorbar(shown, ax=axes, label="neurons per tile [% of limit]", pad=0.01, shrink=0.8)
        if columns <= GRID_UP_TO:
            axes.vlines(np.arange(0.5, columns - 1), -0.5, rows - 0.5, color="white", lw=0.8)
            axes.hlines(np.arange(0.5, rows - 1), -0.5, columns - 0.5, color="white", lw=0.8)
        what = _draw_ways(axes, program, places[:, 0], corner + (pitch - GAP - 1.0) / 2.0, sent)
        axes.set_xticks([])
        axes.set_yticks([])
        cores = f"{program.cores:,} core{'' if program.cores == 1 else 's'}"
        chips = f"{program.chips:,} of {limits.chips:,} chip{'' if limits.chips == 1 else 's'}"
        heading(axes, f"{program.network.name} on {target.title}", f"{cores} on {chips}; {what}")
        for spine in axes.spines.values():
            spine.set_color(FAINT)
        axes.set_xlabel("column of tiles, chip by chip", color=INK)
        axes.set_ylabel("row of tiles", color=INK)


def _draw_ways(axes: Any, program: ChipProgram[Any], chip: Any, centre: Any, sent: Messages | None) -> str:
    """Lines between the chips, and what they say."""
    if sent is None:
        source = np.array([route.source_core for route in program.routes], dtype=np.int64)
        target = np.array([route.target_core for route in program.routes], dtype=np.int64)
        weight = np.array([route.axons for route in program.routes], dtype=np.float64)
    else:
        source, target, weight = sent.source, sent.target, sent.per_tick
    ends = np.sort(np.stack([chip[source], chip[target]]), axis=0)
    apart = ends[0] != ends[1]
    what = "out-axons" if sent is None else "messages"
    share = 100.0 * float(weight[apart].sum()) / (float(weight.sum()) or 1.0)
    told = f"{share:.3g} % of {what} leave their chip"
    if not apart.any():
        return told
    most = int(chip.max()) + 1
    pairs, total = summed(ends[0][apart] * most + ends[1][apart], weight[apart])
    middle = {int(own): centre[chip == own].mean(axis=0) for own in np.unique(chip)}
    lines = [(middle[int(pair) // most], middle[int(pair) % most]) for pair in pairs]
    axes.add_collection(LineCollection(lines, linewidths=WIDEST * total / total.max(), colors=_WAY, alpha=0.7))
    return told
