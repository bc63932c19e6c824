"""What docs/flux.md says of the study, made from its runs: `python -m tests.literature.flux.page` prints it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.pipeline.study.pictures import read_rows

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "flux.md"
STUDY = ROOT / "docs" / "studies" / "flux-l5"
VARIANTS = (
    "isolated",
    "matched-bias",
    "matched-noise",
    "matched-bias-and-noise",
    "embedded",
    "anchored",
    "self-organised",
    "self-organised-isolated",
)
LEVELS = (0, 50, 100, 200, 400, 800, 1600, 3200)
NEURONS = (8, 16, 64)
STEPS, LATER = 4000, 8000  # measured of a trial, and left out after it
Row = Mapping[str, Any]


def runs() -> list[Row]:
    """Returns the committed runs."""
    return list(read_rows(STUDY / "runs.csv"))


def column(rows: Sequence[Row], variant: str, name: str) -> Float:
    """Returns a measure of a variant, a value for each seed in order."""
    return np.array([row[name] for row in rows if row["variant"] == variant], dtype=np.float64)


def off_from_late(rows: Sequence[Row], neurons: int) -> Float:
    """Returns how far the chip's flux is from that of the rate circuit once it has settled, as a share of it."""
    late, chip = (column(rows, "self-organised", name) for name in ("late_flux", f"chip_flux_{neurons}"))
    return np.abs(chip / late - 1.0)


def tables(rows: Sequence[Row]) -> dict[str, str]:
    """Returns the tables of the page."""
    return {"variants": _variants(rows), "noise": _noise(rows), "seeds": _seeds(rows), "chip": _chip(rows)}


def sentences(rows: Sequence[Row]) -> list[str]:
    """Returns what the page says in prose, each with numbers."""
    isolated, embedded, organised = (
        column(rows, name, "flux") for name in ("isolated", "embedded", "self-organised")
    )
    matched = column(rows, "matched-bias-and-noise", "flux")
    error, chip, late = (
        column(rows, "self-organised", name) for name in ("chip_error_64", "chip_flux_64", "late_flux")
    )
    settled = off_from_late(rows, 64)
    distinct = column(rows, "self-organised", "distinct")
    rich = (organised >= 5 * embedded) & (distinct > 0.5)
    cycles = [(seed, round(STEPS * float(distinct[seed]))) for seed in np.flatnonzero(distinct < 0.01)]
    return [
        f"The isolated core has {isolated.max():.4f} bits at most.",
        f"Embedded it has more in {(embedded > isolated).sum()} of {len(isolated)} seeds.",
        f"With self-organised biases it has at least five times as much in {(organised >= 5 * embedded).sum()} of"
        f" {len(isolated)}, and in {rich.sum()} of these it is also in a new state at more than half of the steps.",
        *(f"Seed {seed} goes round {states} states, {organised[seed]:.2f} bits per step." for seed, states in cycles),
        f"Mean and noise of the embedding in its place give {_pm(matched)} bits, against {_pm(embedded)} of the"
        f" embedding itself, and more than it in {(matched > embedded).sum()} of {len(isolated)} seeds.",
        *(_resonance(rows, name) for name in ("isolated", "matched-bias", "self-organised-isolated")),
        f"At 64 neurons per unit the chip's flux is {100 * error.mean():.1f} ± {100 * error.std(ddof=1):.1f} % off "
        f"the rate circuit's, and within 20 % in {(error <= 0.2).sum()} of {len(error)} seeds.",
        f"Late means {LATER:,} steps after the trials have ended: there the self-organised core has {_pm(late)} bits,"
        f" against {_pm(organised)} in the trials, and at least five times the flux of the embedded core in"
        f" {(late >= 5 * column(rows, 'embedded', 'late_flux')).sum()} of {len(late)} seeds.",
        f"From the late flux the chip is {_pm(100 * settled, 1)} % off, and within 20 % in"
        f" {(settled <= 0.2).sum()} of {len(settled)} seeds.",
        *(
            f"Seed {seed} is {100 * error[seed]:.1f} % off, {chip[seed]:.3f} bits against {organised[seed]:.3f}; late"
            f" the rate circuit has {late[seed]:.3f} itself."
            for seed in np.flatnonzero(error > 0.2)
        ),
    ]


def _resonance(rows: Sequence[Row], variant: str) -> str:
    trapped, resonates = column(rows, variant, "trapped") > 0, column(rows, variant, "resonates") > 0
    return (
        f"{variant}: {trapped.sum()} of {len(trapped)} cores trapped, of these"
        f" {(trapped & resonates).sum()} with an inverted U;"
    )


def _variants(rows: Sequence[Row]) -> str:
    lines = [
        "| variant | flux, bits | shuffled, bits | distinct states, % | moving units, % |",
        "|---|---|---|---|---|",
    ]
    for name in VARIANTS:
        distinct, moving = (_pm(100 * column(rows, name, measure), 1) for measure in ("distinct", "moving"))
        flux, shuffled = (_pm(column(rows, name, measure)) for measure in ("flux", "shuffled"))
        lines.append(f"| {name} | {flux} | {shuffled} | {distinct} | {moving} |")
    return "\n".join(lines)


def _noise(rows: Sequence[Row]) -> str:
    head = " | ".join(f"{level / 1000:g}" for level in LEVELS)
    lines = [f"| noise | {head} | trapped | inverted U |", "|---" * (len(LEVELS) + 3) + "|"]
    for name in VARIANTS:
        means = " | ".join(f"{column(rows, name, f'noise_{level:04d}').mean():.3f}" for level in LEVELS)
        counts = " | ".join(f"{column(rows, name, measure).sum():.0f}" for measure in ("trapped", "resonates"))
        lines.append(f"| {name} | {means} | {counts} |")
    return "\n".join(lines)


def _seeds(rows: Sequence[Row]) -> str:
    names = ("isolated", "matched-bias-and-noise", "embedded", "self-organised")
    lines = [
        f"| seed | {' | '.join(names)} | its trials differ by | the same late | chip, 64 neurons | off by, % |",
        "|---" * 9 + "|",
    ]
    others = [column(rows, "self-organised", name) for name in ("trial_spread", "late_flux", "chip_flux_64")]
    values = [*(column(rows, name, "flux") for name in names), *others]
    error = 100 * column(rows, "self-organised", "chip_error_64")
    for seed in range(len(error)):
        cells = " | ".join(f"{value[seed]:.4f}" for value in values)
        lines.append(f"| {seed} | {cells} | {error[seed]:.1f} |")
    return "\n".join(lines)


def _chip(rows: Sequence[Row]) -> str:
    lines = [
        "| neurons per unit | flux, bits | off by, % | median, % | most, % | off from late, % | cores |",
        "|---" * 7 + "|",
    ]
    plain = _pm(column(rows, "self-organised", "flux"))
    lines.append(f"| rate circuit | {plain} | | | | | |")
    for neurons in NEURONS:
        flux, error, cores = (
            column(rows, "self-organised", f"chip_{name}_{neurons}") for name in ("flux", "error", "cores")
        )
        cells = f"{_pm(100 * error, 1)} | {100 * np.median(error):.1f} | {100 * error.max():.1f}"
        settled = _pm(100 * off_from_late(rows, neurons), 1)
        lines.append(f"| {neurons} | {_pm(flux)} | {cells} | {settled} | {cores.min():.0f} to {cores.max():.0f} |")
    return "\n".join(lines)


def _pm(values: Float, digits: int = 4) -> str:
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"


if __name__ == "__main__":
    found = runs()
    for name, table in tables(found).items():
        print(f"{name}\n\n{table}\n")
    print("\n".join(sentences(found)))
