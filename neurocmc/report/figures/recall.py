"""Draws recalls of a content-addressable memory: who spikes in which tick, from the input to both outputs."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from neurocmc.ir.neurons.memories import CONTENT, CUE, GIVEN_TICKS, OUT, RECALLED_TICKS, Memories, Side
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.report.figures.style import FAINT, INK, LEAST_PT, canvas, heading, population_colours

LAST_TICK = 8
GAP = 1.5  # rows between two populations
NAMED_UP_TO = 10  # rows of an output: beyond, their names are too small to read
WIDTH_IN, ROW_IN, AROUND_IN, MOST_IN = 8.2, 0.118, 1.2, 12.0


def draw_recalls(
    recording: NeuronRecording, memories: Memories, recalls: Sequence[tuple[Side, int]], path: Path
) -> None:
    """Draws some recalls side by side, each a raster of all populations, a row a neuron.

    Args:
        recording: Of C + M trials: each cue alone in tick 0, then each content bit.
        memories: Cues and contents.
        recalls: Which to draw: by the cue or the content bit of that number.
        path: Of the picture, .png or .svg.

    Raises:
        InputError: Where the picture cannot be written.
    """
    sizes = {"cue, given": len(memories.cues), "content, given": len(memories.features), **recording.sizes}
    starts = dict(zip(sizes, accumulate((size + GAP for size in sizes.values()), initial=0.0), strict=False))
    height = min(AROUND_IN + ROW_IN * (sum(sizes.values()) + GAP * len(sizes)), MOST_IN)
    with canvas(path, WIDTH_IN, height) as figure:
        panels = figure.subplots(1, len(recalls), squeeze=False, sharey=True)[0]
        for axes, (side, channel) in zip(panels, recalls, strict=True):
            _draw(axes, recording, memories, (side, channel), starts)
        _name_rows(panels[0], memories, sizes, starts)


def _draw(
    axes: Axes,
    recording: NeuronRecording,
    memories: Memories,
    recall: tuple[Side, int],
    starts: dict[str, float],
) -> None:
    side, channel = recall
    colours = population_colours(recording.sizes)
    trial = channel if side == CUE else len(memories.cues) + channel
    name = memories.cues[channel] if side == CUE else memories.features[channel]
    recalled = memories.recalled(side)[channel]
    others = memories.features if side == CUE else memories.cues
    found = ", ".join(others[index] for index in np.flatnonzero(recalled).tolist())
    heading(axes, f"Recall by {side}: {name}", f"{name} recalls {found or 'nothing'}")
    for tick, told in ((GIVEN_TICKS, "given"), (RECALLED_TICKS, "recalled")):
        axes.axvline(tick, color=FAINT, lw=0.8, ls=":")
        axes.text(
            tick, 1.0, f" {told}", transform=axes.get_xaxis_transform(), va="top", fontsize=LEAST_PT, color=FAINT
        )
    axes.scatter([0], [starts[f"{side}, given"] + channel], s=26, marker=">", color=INK, linewidths=0)
    for population, spikes in recording.spikes.items():
        own = (spikes.trial == trial) & (spikes.tick <= LAST_TICK)
        large = population in OUT.values()
        axes.scatter(
            spikes.tick[own],
            starts[population] + spikes.unit[own],
            s=26 if large else 14,
            marker="s" if large else "o",
            color=colours[population],
            linewidths=0,
        )
    axes.set_xlim(-0.5, LAST_TICK + 0.5)
    axes.set_xticks(range(LAST_TICK + 1))
    axes.set_xlabel("time after the input [ticks]")
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)


def _name_rows(axes: Axes, memories: Memories, sizes: dict[str, int], starts: dict[str, float]) -> None:
    """Names of populations, and of the cues and content bits of inputs and outputs where these are few."""
    rows: dict[float, str] = {}
    names = {f"{CUE}, given": memories.cues, OUT[CUE]: memories.cues}
    names |= {f"{CONTENT}, given": memories.features, OUT[CONTENT]: memories.features}
    for population, size in sizes.items():
        if population in names and size <= NAMED_UP_TO:
            for row, name in enumerate(names[population]):
                rows[starts[population] + row] = f"{population}: {name}" if row == 0 else name
        else:
            rows[starts[population] + (size - 1) / 2] = f"{population} ({size})"
    axes.set_yticks(list(rows), list(rows.values()), fontsize=LEAST_PT)
    axes.invert_yaxis()
