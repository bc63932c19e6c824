"""Draws the study of reservoirs from its table alone: what each delay keeps, and tasks on the chip beside rates."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows: TypeAlias = Sequence[Mapping[str, Any]]
BALANCES = {
    "excitation-40": ("excitation-dominated", "C1"),
    "global-40": ("best global factor", "C0"),
    "local-40": ("local adaptation", "C2"),
}
SHOWN = 40  # delays
TASKS = (("narma", "NARMA-10"), ("mackey", "Mackey-Glass, 10 ahead"))


def reservoirs(figure: "Figure", rows: Rows) -> None:
    """Draws memory against delay and both predictions, 40 units as rates and on the chip; bars and bands: sd."""
    if missing := [name for name in BALANCES if not _of(rows, name, "chip_memory_curve")]:
        what = f"no run of the variant {missing[0]} was measured on a chip"
        raise InputError(Problem("measure-unfit", "picture reservoirs", what, "draw the study of docs/studies"))
    figure.set_size_inches(9.2, 3.4)
    left, middle, right = figure.subplots(1, 3, width_ratios=(2.0, 1.0, 1.0))
    _memory(left, rows)
    for panel, (task, title) in zip((middle, right), TASKS, strict=True):
        _errors(panel, rows, task)
        panel.set_title(title)
        panel.set_ylabel("NRMSE [standard deviations]")


def _memory(panel: "Axes", rows: Rows) -> None:
    delays = np.arange(1, SHOWN + 1)
    for variant, (told, colour) in BALANCES.items():
        for where, line in (("rate", "-"), ("chip", "--")):
            curves = np.array([_curve(row[f"{where}_memory_curve"]) for row in rows if row["variant"] == variant])
            mean, deviation = curves.mean(axis=0)[:SHOWN], _deviation(curves)[:SHOWN]
            panel.plot(delays, mean, line, color=colour, label=f"{told}, {where}")
            if where == "rate":
                panel.fill_between(delays, mean - deviation, mean + deviation, color=colour, alpha=0.15, linewidth=0)
    panel.set(xlabel="delay k [steps]", ylabel="r² of u(t − k) [1]", ylim=(0, 1.05), xlim=(1, SHOWN))
    panel.set_title("Memory of 40 units")
    panel.legend(loc="upper right")


def _errors(panel: "Axes", rows: Rows, task: str) -> None:
    for where, shift in (("rate", -0.2), ("chip", 0.2)):
        for number, (variant, (_, colour)) in enumerate(BALANCES.items()):
            values = np.array(_of(rows, variant, f"{where}_{task}"), dtype=np.float64)
            panel.bar(
                number + shift,
                values.mean(),
                0.38,
                yerr=_deviation(values),
                facecolor=colour if where == "rate" else "white",
                edgecolor=colour,
                hatch="" if where == "rate" else "///",
                label=where if number == 0 else None,
                capsize=2,
            )
        panel.set_xticks(range(len(BALANCES)), ["excit.", "global", "local"])
    panel.set_xlabel("balance of inhibition")
    panel.legend(loc="upper right")
    panel.set_ylim(0, 1.25 * panel.get_ylim()[1])


def _of(rows: Rows, variant: str, column: str) -> list[Any]:
    return [row[column] for row in rows if row["variant"] == variant and column in row]


def _curve(text: str) -> Float:
    return np.array([float(value) for value in text.split()])


def _deviation(values: Float) -> Float:
    """Sample standard deviations over the first axis; 0 of one value."""
    return values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1:])
