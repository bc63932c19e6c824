"""The lines of the tables on docs/ei-layers.md, made from the tables of the study."""

from statistics import fmean, stdev

from tests.made.tables import by_variant, percent, runs_of

STUDY, ON_CHIP = "ei-layers", "ei-layers-chip"
SEEDS = {STUDY: "012", ON_CHIP: "012"}
SHOWN = {
    "quotient": "quotient in both layers",
    "one-denominator": "one denominator in the first, held in the second",
    "feedback": "feedback, both held",
    "no-gain-control": "no gain control",
    "no-start": "no E-I start",
    "no-gradient": "no E-I gradient",
    "plain": "plain layers",
    "plain-mean": "plain layers, image over its mean",
    "plain-feedback": "plain layers, feedback",
}
COMPILED = {
    "quotient": "currents of the first layer",
    "one-denominator": "the image over its denominator, 14 x 14 pixels",
    "feedback": "logarithms of the pixels, 14 x 14; feedback on the chip",
}
SETS = ("clean", "contrast_50", "contrast_20", "contrast_05", "noise", "haze")
CHIP = ("clean", "held_clean", "held_contrast_05", "chip_clean", "chip_contrast_05")


def accuracy_lines() -> list[str]:
    """What each variant reads of each set."""
    rows = by_variant(STUDY)
    return [_line(shown, [percent(rows[name], column) for column in SETS]) for name, shown in SHOWN.items()]


def chip_lines() -> list[str]:
    """What of it is left in the rate form and on the chip."""
    return [
        _line(shown, [*(chip_percent(name, column) for column in CHIP), f"{worst(name):.1f}", cores(name)])
        for name, shown in COMPILED.items()
    ]


def chip_values(variant: str, column: str) -> list[float]:
    """A column of the runs of a variant on the chip, a number a seed."""
    return [float(row[column]) for row in runs_of(ON_CHIP) if row["variant"] == variant]


def chip_percent(variant: str, column: str) -> str:
    """A share as the page says it: of several seeds with its standard deviation."""
    values = [100 * value for value in chip_values(variant, column)]
    return f"{fmean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def worst(variant: str) -> float:
    """Points that the emulator loses most against the rate form that was compiled, of seeds and contrasts."""
    lost = [
        100 * (float(row[f"held_{name}"]) - float(row[f"chip_{name}"]))
        for row in runs_of(ON_CHIP)
        if row["variant"] == variant
        for name in ("clean", "contrast_05")
    ]
    return max(lost)


def cores(variant: str) -> str:
    """Cores in the mean of seeds."""
    return f"{fmean(chip_values(variant, 'chip_cores')):.3g}"


def _line(name: str, cells: list[str]) -> str:
    return f"| {' | '.join([name, *cells])} |"
