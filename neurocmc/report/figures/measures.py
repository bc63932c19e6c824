"""Draws what variants of a circuit come to: a panel a measure, a row a variant, a dot a seed, a line their mean."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from neurocmc.report.figures.style import canvas, heading, unit_colour

COLUMNS = 3
MOST_PANELS = 24


def draw_measures(samples: Mapping[str, Mapping[str, Sequence[float]]], variants: Sequence[str], path: Path) -> None:
    """Draws the numbers of each measure, by variant; of very many measures the first `MOST_PANELS`, which it says.

    Raises ValueError without measures, InputError if the file cannot be written.
    """
    shown = list(samples)[:MOST_PANELS]
    if not shown:
        raise ValueError("nothing to draw: give at least one measure")
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    with canvas(path, 1.2 + 2.65 * columns, 0.5 + rows * (0.9 + 0.24 * len(variants))) as figure:
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
        for panel in panels[len(shown) :]:
            panel.set_visible(False)
        for panel, name in zip(panels, shown, strict=False):
            for row, variant in enumerate(variants):
                values = np.array(samples[name].get(variant, ()), dtype=np.float64)
                if not values.size:
                    continue
                mean, colour = float(values.mean()), unit_colour(row)
                spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
                panel.barh(row, 2.0 * spread, left=mean - spread, height=0.5, color=colour, alpha=0.2, lw=0)
                panel.plot([mean, mean], [row - 0.3, row + 0.3], color=colour, lw=1.6)
                panel.plot(values, np.full(values.size, row), "o", ms=3.5, color=colour, mec="white", mew=0.4)
            panel.set_yticks(range(len(variants)), list(variants))
            panel.set_ylim(len(variants) - 0.4, -0.6)
            panel.margins(x=0.06)
            panel.grid(axis="x")
            panel.set_xlabel("value")
            heading(panel, name)
        left_out = len(samples) - len(shown)
        note = f"; {left_out} more stand in the tables" if left_out else ""
        figure.suptitle(
            f"Dot: one seed; line: mean over seeds; band: ± 1 standard deviation{note}", x=0.01, ha="left", fontsize=8
        )
