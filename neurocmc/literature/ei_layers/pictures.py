"""Draws the studies: what each variant reads at each contrast and of spoilt images, and what is left on the chip."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurocmc.common.errors import InputError, Problem
from neurocmc.literature.ei_layers.sets import CONTRASTS, FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
VARIANTS = {
    "quotient": "quotient",
    "one-denominator": "one denominator",
    "feedback": "feedback",
    "no-gain-control": "no gain control",
    "no-start": "no E-I start",
    "no-gradient": "no E-I gradient",
    "plain": "plain",
    "plain-mean": "plain, over the mean",
    "plain-feedback": "plain, feedback",
}
SPOILT = {"clean": "clean", FAINT: "contrast .05", "noise": "noise", "haze": "haze"}
CHIP = (("held_clean", "chip_clean", "clean"), (f"held_{FAINT}", f"chip_{FAINT}", "contrast .05"))
STYLES = ("o-", "s-", "D-", "^-", "v-", "<-", "s--", "^:", "v-.")  # colours repeat after seven variants
SPREAD = 0.15  # of a variant's place


def ei_layers(figure: "Figure", rows: Sequence[Row]) -> None:
    """Draws accuracy of the spiking networks over contrast, and on each kind of image, a mark a seed.

    Raises InputError for a table without accuracies.
    """
    _need(rows, "clean", "name the measure training, for a study of the family ei-layers")
    figure.set_size_inches(9.0, 4.6)
    contrast, spoilt = figure.subplots(1, 2, width_ratios=(1.0, 1.1))
    levels = {"clean": 1.0, **CONTRASTS}
    for place, variant in enumerate(_variants(rows)):
        means = [_mean(rows, variant, name) for name in levels]
        style = STYLES[place % len(STYLES)]
        label = VARIANTS.get(variant, variant)
        contrast.plot(list(levels.values()), means, style, color=f"C{place % 7}", markersize=3.5, label=label)
    contrast.set_xscale("log")
    contrast.set_xticks(list(levels.values()), [f"{level:g}" for level in levels.values()])
    contrast.minorticks_off()
    contrast.set_xlabel("contrast [share of grey levels]")
    contrast.set_title("Spiking networks, mean over seeds")
    contrast.set_ylabel("correct digits [%]")
    contrast.set_ylim(0, 100)
    contrast.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3)
    _by_variant(
        spoilt, rows, [(name, shown, mark) for (name, shown), mark in zip(SPOILT.items(), "osD^", strict=True)]
    )
    spoilt.set_title("Kinds of images, a mark per seed")


def on_chip(figure: "Figure", rows: Sequence[Row]) -> None:
    """Draws accuracy of the rate form that was compiled and of the emulator, at two contrasts, a mark a seed.

    Raises InputError for a table without chips.
    """
    _need(rows, "chip_clean", "name the measure neurocmc.literature.ei_layers.measures:on_chip")
    figure.set_size_inches(6.4, 3.4)
    axes = figure.subplots()
    columns = [
        (column, f"{shown}, {what}", marker)
        for (of_rate, of_chip, shown), marks in zip(CHIP, ("ox", "s+"), strict=True)
        for column, what, marker in ((of_rate, "rate form", marks[0]), (of_chip, "emulator", marks[1]))
    ]
    _by_variant(axes, [row for row in rows if "chip_clean" in row], columns)
    axes.set_xlim(85, 100)
    axes.set_title("What is left on the chip, a mark per seed")


def _by_variant(axes: "Axes", rows: Sequence[Row], columns: Sequence[tuple[str, str, str]]) -> None:
    """A row for each variant, with the marks of each column a little below those of the one before."""
    variants = _variants(rows)
    for number, (column, label, marker) in enumerate(columns):
        shift = SPREAD * (number - 0.5 * (len(columns) - 1))
        found = [(variants.index(row["variant"]) + shift, 100 * row[column]) for row in rows if column in row]
        places, shares = [place for place, _ in found], [share for _, share in found]
        axes.plot(shares, places, marker, color=f"C{number}", markersize=3.5, label=label)
    for place in range(len(variants) - 1):
        axes.axhline(place + 0.5, color="0.9", lw=0.7, zorder=0)
    axes.set_yticks(range(len(variants)), [VARIANTS.get(name, name) for name in variants])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("correct digits [%]")
    axes.set_xlim(0, 102)
    axes.set_ylim(len(variants) - 0.5, -0.5)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=4, columnspacing=1.0, handletextpad=0.2)


def _need(rows: Sequence[Row], column: str, cure: str) -> None:
    if not any(column in row for row in rows):
        raise InputError(Problem("measure-unfit", "picture of ei-layers", f"no run has a {column}", cure))


def _variants(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["variant"] for row in rows))


def _mean(rows: Sequence[Row], variant: str, name: str) -> float:
    return 100.0 * float(np.mean([row[name] for row in rows if row["variant"] == variant and name in row]))
