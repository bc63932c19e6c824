"""Draws a study of learned delays from its table: accuracy by variant, and a kernel for each velocity."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neurocmc.common.errors import InputError, Problem
from neurocmc.literature.motion.measures import kernel_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]  # of a study's table
SPREAD = 0.12  # of a variant's place, between rate and chip


def delays_motion(figure: "Figure", rows: Sequence[Row]) -> None:
    """Draws accuracy of rates and chip by variant, a dot a seed, above the kernels of the first run that has some.

    Raises InputError for a table without accuracies or kernels.
    """
    shown = next((row for row in rows if "kernel_0" in row), None)
    if shown is None or not any("accuracy" in row for row in rows):
        what = "no run has an accuracy and kernels"
        cure = "name the measures training and neurocmc.literature.motion.measures:learned"
        raise InputError(Problem("measure-unfit", "picture delays_motion", what, cure))
    kernels = [kernel_of(shown[name]) for name in _kernel_names(shown)]
    figure.set_size_inches(7.0, 4.6)
    grid = figure.add_gridspec(2, len(kernels), height_ratios=(1.35, 1.0))
    _draw_accuracy(figure.add_subplot(grid[0, :]), rows)
    for column, (velocity, kernel) in enumerate(kernels):
        panel = figure.add_subplot(grid[1, column])
        panel.imshow(kernel, cmap="RdBu_r", vmin=-9, vmax=9, aspect="auto", interpolation="nearest", origin="lower")
        panel.set_title(velocity, fontsize=8)
        panel.set_xlabel("sensor")
        if column == 0:
            panel.set_ylabel("delay (steps)")
        else:
            panel.tick_params(labelleft=False)


def _draw_accuracy(panel: "Axes", rows: Sequence[Row]) -> None:
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    on_chip = [row for row in rows if "chip_accuracy_drop" in row]
    rates = [(variants.index(row["variant"]), row["accuracy"]) for row in rows if "accuracy" in row]
    chips = [(variants.index(row["variant"]), row["accuracy"] - row["chip_accuracy_drop"]) for row in on_chip]
    for shift, colour, label, points in ((-SPREAD, "C0", "rate circuit", rates), (SPREAD, "C1", "emulator", chips)):
        place = [at + shift for at, _ in points]
        panel.plot(place, [100 * value for _, value in points], "o", color=colour, ms=4, alpha=0.8, label=label)
    chance = next((row["chance"] for row in rows if "chance" in row), None)
    if chance is not None:
        panel.axhline(100 * chance, color="C6", lw=0.8, ls="--", label="chance")
    panel.set_xticks(range(len(variants)), [name.replace("-", "\n") for name in variants])
    panel.set_ylabel("right answers (%)")
    panel.set_ylim(0, 100)
    panel.legend(loc="upper right", ncols=3)


def _kernel_names(row: Row) -> list[str]:
    count = sum(name.startswith("kernel_") for name in row)
    return [f"kernel_{index}" for index in range(count)]
