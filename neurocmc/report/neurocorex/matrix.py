"""Draws both matrices of a NeuroCoreX: who sends to whom, and over which weight."""

from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.ir.neurocorex.program import NO_CHANNEL, ROLES, BoardProgram
from neurocmc.ir.neurocorex.registers import FIRST_COLUMN, FIRST_ROW, NEURONS
from neurocmc.report.figures.style import FAINT, LEAST_PT, PAGE_IN, canvas, heading

_ROLE_NAMES = {"cancel_hold": "cancel, hold"}


def draw_board(program: BoardProgram, path: Path) -> None:
    """Draws the all-to-all matrix and the feed-forward one beside it, neurons as rows, weights as colours.

    Args:
        program: The program.
        path: A .png or .svg file.

    Raises:
        InputError: Where the file cannot be written.
    """
    rows = slice(FIRST_ROW, FIRST_ROW + NEURONS)
    between = program.registers.all_to_all[rows, FIRST_COLUMN : FIRST_COLUMN + NEURONS].astype(float)
    own = [(getattr(program, role), role) for role in ROLES if getattr(program, role) != NO_CHANNEL]
    width = max(program.columns.column.size + len(own), 1)
    sent = program.registers.feed_forward[rows, :width].astype(float)
    largest = max(float(np.abs(between).max()), float(np.abs(sent[:, program.columns.column]).max(initial=0)), 1.0)
    with canvas(path, PAGE_IN, 6.2) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(2.2, 1.0))
        shown: Any = None
        for axes, values in ((left, between), (right, sent)):
            shown = axes.imshow(
                np.where(values == 0, np.nan, values), cmap="RdBu", vmin=-largest, vmax=largest, aspect="auto"
            )
            axes.set_ylabel("receiving neuron [number on the chip]")
        for population in program.populations:
            if population.size:
                middle = float(np.median(population.neuron))
                left.text(NEURONS + 0.5, middle, population.name, va="center", fontsize=LEAST_PT, color=FAINT)
        left.set_xlabel("spiking neuron [number on the chip]")
        right.set_xlabel("channel [column of the matrix]")
        heading(left, "All-to-all")
        heading(right, "Feed-forward")
        for column, role in own:
            right.text(column, -1.5, _ROLE_NAMES.get(role, role), rotation=60, fontsize=LEAST_PT, color=FAINT)
        figure.colorbar(shown, ax=right, label="weight [LSB of V per spike]")
