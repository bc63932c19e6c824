"""Draws the study: what each variant reads at each contrast, and what of it is left on the chip."""

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
    "populations": "one denominator, populations",
    "feedback": "feedback",
    "no-gain-control": "no gain control",
    "no-start": "no E-I start",
    "no-gradient": "no E-I gradient",
    "plain": "plain",
    "plain-mean": "plain, over the mean",
    "plain-feedback": "plain, feedback",
}
CHIP = (("rate_clean", "chip_clean", "clean"), (f"rate_{FAINT}", f"chip_{FAINT}", "contrast .05"))
SPREAD = 0.15  # of a variant's place


def ei_layers(figure: "Figure", rows: Sequence[Row]) -> None:
    """Draws accuracy over contrast by variant, and of what was compiled that of rate form and emulator, a dot a seed.

    Raises InputError for a table without accuracies.
    """
    if not any("clean" in row for row in rows):
        cure = "name the measure training, for a study of the family ei-layers"
        raise InputError(Problem("measure-unfit", "picture ei_layers", "no run has an accuracy", cure))
    figure.set_size_inches(8.0, 3.6)
    contrast, chip = figure.subplots(1, 2)
    _over_contrast(contrast, rows)
    _on_chip(chip, [row for row in rows if "chip_clean" in row])


def _over_contrast(axes: "Axes", rows: Sequence[Row]) -> None:
    levels = {"clean": 1.0, **CONTRASTS}
    for place, variant in enumerate(_variants(rows)):
        means = [_mean(rows, variant, name) for name in levels]
        axes.plot(
            list(levels.values()),
            means,
            "o-" if place < 5 else "s--",
            color=f"C{place % 8}",
            markersize=3.5,
            label=VARIANTS.get(variant, variant),
        )
    axes.set_xscale("log")
    axes.set_xticks(list(levels.values()), [f"{level:g}" for level in levels.values()])
    axes.minorticks_off()
    axes.set_xlabel("contrast (share of grey levels)")
    axes.set_ylabel("digits read rightly (%)")
    axes.set_ylim(0, 100)
    axes.set_title("Spiking networks, mean of seeds")
    axes.legend(loc="lower right", fontsize=6.5)


def _on_chip(axes: "Axes", rows: Sequence[Row]) -> None:
    variants = _variants(rows)
    for number, (of_rate, of_chip, shown) in enumerate(CHIP):
        for column, marker, what in ((of_rate, "o", "rate form"), (of_chip, "x", "emulator")):
            shift = SPREAD * (2 * number - 1) + (0.04 if marker == "x" else -0.04)
            found = [(variants.index(row["variant"]) + shift, 100 * row[column]) for row in rows if column in row]
            places, shares = [place for place, _ in found], [share for _, share in found]
            axes.plot(places, shares, marker, color=f"C{number}", markersize=4, label=f"{shown}, {what}")
    axes.set_xticks(range(len(variants)), [VARIANTS.get(name, name).replace(" ", "\n") for name in variants])
    axes.set_xlim(-0.5, max(len(variants), 1) - 0.5)
    axes.set_ylabel("digits read rightly (%)")
    axes.set_title("Emulator of the chip, a mark a seed")
    axes.legend(loc="lower left", fontsize=6.5)


def _variants(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["variant"] for row in rows))


def _mean(rows: Sequence[Row], variant: str, name: str) -> float:
    return 100.0 * float(np.mean([row[name] for row in rows if row["variant"] == variant and name in row]))
