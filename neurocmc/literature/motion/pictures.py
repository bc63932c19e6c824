"""Draws a study of learned delays from its table: accuracy by variant, and a kernel for each velocity."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neurocmc.common.errors import InputError, Problem
from neurocmc.literature.motion.measures import MAP_SCALE, kernel_of

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
    figure.set_size_inches(8.6, 5.0)
    grid = figure.add_gridspec(2, len(kernels), height_ratios=(1.35, 1.0))
    _draw_accuracy(figure.add_subplot(grid[0, :]), rows)
    panels = [figure.add_subplot(grid[1, column]) for column in range(len(kernels))]
    for column, (panel, (velocity, kernel)) in enumerate(zip(panels, kernels, strict=True)):
        scaled = kernel / MAP_SCALE
        shown = panel.imshow(
            scaled, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto", interpolation="nearest", origin="lower"
        )
        panel.set_title(f"velocity {velocity}" if column == 0 else velocity, fontweight="normal", fontsize=9)
        panel.set_xlabel("sensor [number]")
        if column == 0:
            panel.set_ylabel("delay [steps]")
        else:
            panel.tick_params(labelleft=False)
        if panel is panels[-1]:
            figure.colorbar(shown, ax=panels, label="weight [share of largest]", pad=0.01, aspect=12)


def _draw_accuracy(panel: "Axes", rows: Sequence[Row]) -> None:
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    on_chip = [row for row in rows if "chip_accuracy_drop" in row]
    rates = [(variants.index(row["variant"]), row["accuracy"]) for row in rows if "accuracy" in row]
    chips = [(variants.index(row["variant"]), row["accuracy"] - row["chip_accuracy_drop"]) for row in on_chip]
    for shift, style, label, points in ((-SPREAD, "C0o", "rate circuit", rates), (SPREAD, "C1s", "emulator", chips)):
        place = [at + shift for at, _ in points]
        panel.plot(
            place, [100 * value for _, value in points], style[2], color=style[:2], ms=4, alpha=0.8, label=label
        )
    chance = next((row["chance"] for row in rows if "chance" in row), None)
    if chance is not None:
        panel.axhline(100 * chance, color="C6", lw=0.8, ls="--", label="chance")
    panel.set_xticks(range(len(variants)), [_two_lines(name) for name in variants])
    panel.set_ylabel("correct answers [%]")
    panel.set_ylim(0, 100)
    panel.legend(loc="upper right", ncols=3)
    panel.set_title("Motion told by learned delays: a mark per seed")
    panel.set_xlabel("variant")


def _two_lines(name: str) -> str:
    """A name in two lines of about the same length."""
    words = name.split("-")
    breaks = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    return "\n".join(min(breaks, key=lambda lines: max(map(len, lines)), default=(name,)))


def _kernel_names(row: Row) -> list[str]:
    count = sum(name.startswith("kernel_") for name in row)
    return [f"kernel_{index}" for index in range(count)]
