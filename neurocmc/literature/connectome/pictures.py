"""Draws a study of connectome priors from its table: accuracy, entropy and modularity of every variant."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurocmc.common.errors import InputError, Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TASKS = {"inference": "one-choice inference", "decision": "perceptual decision", "go-no-go": "go or no-go"}
CALLED = {
    "l1": "uniform, L1",
    "sernn-grid": "uniform, distances on a grid",
    "sernn": "uniform, distances of cells",
    "w": "strengths",
    "w-corr": "strengths × correlation",
    "w-sttc": "strengths × STTC",
    "w-star": "W* (both)",
    "w-star-grid": "W*, distances on a grid",
    "w-star-emd": "W*, earth mover's loss",
    "w-shuffled": "W* shuffled",
    "w-bang": "W!: activity of other cells",
}  # variant -> what starts and what is penalised, where its name does not say it
_APART = 0.24  # of a row, between tasks


def priors(figure: "Figure", rows: Sequence[Any]) -> None:
    """Draws a dot for each seed and task, a row for each variant; variants are named `NAME-TASK`.

    Raises InputError where no row has a variant of that form and an accuracy.
    """
    drawn = [(*named, row) for row in rows if (named := _named(row["variant"])) is not None and "accuracy" in row]
    if not drawn:
        cure = f"name variants NAME-TASK, of {', '.join(TASKS)}, and measure `training`"
        raise InputError(Problem("measure-unfit", "picture priors", "there is no accuracy to draw", cure))
    names = list(dict.fromkeys(name for name, _, _ in drawn))
    figure.set_size_inches(8.6, 1.4 + 0.3 * len(names))
    panels = figure.subplots(1, 3, sharey=True, width_ratios=[2.2, 1.0, 1.0])
    shown = (("accuracy", "test accuracy [%]", 100.0), ("entropy_bits", "entropy of W [bit]", 1.0))
    for panel, (column, label, scale) in zip(
        panels, (*shown, ("modularity", "modularity of |W| [1]", 1.0)), strict=True
    ):
        _dots(panel, names, drawn, column, scale)
        panel.set_xlabel(label)
    panels[0].set_yticks(range(len(names)), [CALLED.get(name, name) for name in names])
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(TASKS))


def _dots(
    panel: "Axes", names: Sequence[str], drawn: Sequence[tuple[str, str, Any]], column: str, scale: float
) -> None:
    for index, (task, called) in enumerate(TASKS.items()):
        own = [(names.index(name), row[column]) for name, at, row in drawn if at == task and column in row]
        if own:
            heights, values = np.array(own, dtype=np.float64).T
            (dots,) = panel.plot(
                scale * values, heights + _APART * (index - 1), "osD"[index], color=f"C{index}", label=called
            )
            dots.set(markersize=3.2, markeredgewidth=0.0, alpha=0.75)
    for height in range(len(names) - 1):
        panel.axhline(height + 0.5, color="0.9", lw=0.7, zorder=0)
    panel.tick_params(axis="y", length=0)
    panel.margins(x=0.06)


def _named(variant: str) -> tuple[str, str] | None:
    """The name and task of a variant."""
    return next(((variant.removesuffix(f"-{task}"), task) for task in TASKS if variant.endswith(f"-{task}")), None)
