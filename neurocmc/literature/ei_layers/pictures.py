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
PLAIN_STYLES = {"plain": "s--", "plain-mean": "^:", "plain-feedback": "v-."}
SPREAD = 0.15  # of a variant's place


def ei_layers(figure: "Figure", rows: Sequence[Row]) -> None:
    """Draws accuracy of the spiking networks over contrast, and on each kind of image, a mark a seed.

    Raises InputError for a table without accuracies.
    """
    _need(rows, "clean", "name the measure training, for a study of the family ei-layers")
    figure.set_size_inches(8.0, 3.8)
    contrast, spoilt = figure.subplots(1, 2)
    levels = {"clean": 1.0, **CONTRASTS}
    for place, variant in enumerate(_variants(rows)):
        means = [_mean(rows, variant, name) for name in levels]
        style = PLAIN_STYLES.get(variant, "o-")
        label = VARIANTS.get(variant, variant)
        contrast.plot(list(levels.values()), means, style, color=f"C{place % 8}", markersize=3.5, label=label)
    contrast.set_xscale("log")
    contrast.set_xticks(list(levels.values()), [f"{level:g}" for level in levels.values()])
    contrast.minorticks_off()
    contrast.set_xlabel("contrast (share of grey levels)")
    contrast.set_title("Spiking networks, mean of seeds")
    contrast.set_ylabel("digits read rightly (%)")
    contrast.set_ylim(0, 100)
    contrast.legend(loc="center left", bbox_to_anchor=(0.0, 0.55), fontsize=6)
    _by_variant(spoilt, rows, [(name, shown, "o") for name, shown in SPOILT.items()])
    spoilt.set_title("Kinds of images, a mark a seed")


def on_chip(figure: "Figure", rows: Sequence[Row]) -> None:
    """Draws accuracy of the rate form that was compiled and of the emulator, at two contrasts, a mark a seed.

    Raises InputError for a table without chips.
    """
    _need(rows, "chip_clean", "name the measure neurocmc.literature.ei_layers.measures:on_chip")
    figure.set_size_inches(6.0, 3.4)
    axes = figure.subplots()
    columns = [
        (column, f"{shown}, {what}", marker)
        for of_rate, of_chip, shown in CHIP
        for column, what, marker in ((of_rate, "rate form", "o"), (of_chip, "emulator", "x"))
    ]
    _by_variant(axes, [row for row in rows if "chip_clean" in row], columns)
    axes.set_ylim(85, 100)


def _by_variant(axes: "Axes", rows: Sequence[Row], columns: Sequence[tuple[str, str, str]]) -> None:
    """Marks of some columns, each beside the other, at every variant."""
    variants = _variants(rows)
    for number, (column, label, marker) in enumerate(columns):
        shift = SPREAD * (number - 0.5 * (len(columns) - 1))
        found = [(variants.index(row["variant"]) + shift, 100 * row[column]) for row in rows if column in row]
        places, shares = [place for place, _ in found], [share for _, share in found]
        axes.plot(places, shares, marker, color=f"C{number}", markersize=3.5, label=label)
    axes.set_xticks(range(len(variants)), [VARIANTS.get(name, name) for name in variants], rotation=35, ha="right")
    axes.set_ylabel("digits read rightly (%)")
    axes.set_ylim(0, 115)
    axes.legend(loc="upper center", ncols=4, fontsize=6)


def _need(rows: Sequence[Row], column: str, cure: str) -> None:
    if not any(column in row for row in rows):
        raise InputError(Problem("measure-unfit", "picture of ei-layers", f"no run has a {column}", cure))


def _variants(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["variant"] for row in rows))


def _mean(rows: Sequence[Row], variant: str, name: str) -> float:
    return 100.0 * float(np.mean([row[name] for row in rows if row["variant"] == variant and name in row]))
