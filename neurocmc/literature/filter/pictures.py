"""Draws the study: what each variant reads of each set."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neurocmc.literature.filter.pairs import PLAIN, SETS, VARIANTS, accuracy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {"plain": "C6", "swta": "C0"}  # of all others C1


def gains(figure: "Figure", rows: Sequence[Mapping[str, Any]]) -> None:
    """Draws a panel a set: the mean accuracy of each variant and its 95 % interval, with a line at plain images.

    Args:
        figure: Empty.
        rows: Runs of the family that were judged on the table; sets and variants that none has are left out.
    """
    sets = [name for name in SETS if any(name in row for row in rows)]
    variants = [name for name in VARIANTS if any(row["variant"] == name for row in rows)]
    columns = 4
    figure.set_size_inches(7.4, 0.6 + 1.75 * -(-len(sets) // columns))
    panels = figure.subplots(-(-len(sets) // columns), columns, sharex=True, sharey=True, squeeze=False)
    places = range(len(variants))[::-1]
    for index, panel in enumerate(panels.flat):
        if index >= len(sets):
            panel.set_visible(False)
            continue
        for place, variant in zip(places, variants, strict=True):
            found, colour = accuracy(rows, variant, sets[index]), COLOURS.get(variant, "C1")
            panel.errorbar(found.mean, place, xerr=found.half_width, fmt="o", ms=3.5, color=colour, capsize=1.5)
        if PLAIN in variants:
            panel.axvline(accuracy(rows, PLAIN, sets[index]).mean, color="C6", lw=0.7, ls=":", zorder=0)
        title = SETS[sets[index]]
        panel.set_title(title[0].upper() + title[1:])
        panel.set_xlim(0, 100)
        panel.set_yticks(list(places), [VARIANTS[name] for name in variants])
        panel.tick_params(axis="y", length=0, labelsize=8)
        panel.grid(axis="x")
    figure.supxlabel("correct digits [%], mean and 95 % interval over seeds; dotted: plain images", fontsize=9)
