"""The tables and the measured numbers of docs/reservoirs.md, from the study's runs.

`python -m tests.literature.reservoir.page` writes the tables and the picture again.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from neurocmc.literature.reservoir.pictures import reservoirs
from neurocmc.pipeline.study.pictures import read_rows
from neurocmc.report.figures.style import canvas
from tests.bench.output import rewrite

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "reservoirs.md"
STUDY = ROOT / "docs" / "studies" / "reservoir-ei"
PICTURE = ROOT / "docs" / "pictures" / "gallery-reservoir-ei.png"
SERIES = {
    "excitation-40": ("excitation-dominated (factor 1)", 40),
    "global-40": ("best global factor", 40),
    "local-40": ("local adaptation", 40),
    "heterogeneous-40": ("local, heterogeneous targets", 40),
    "excitation-100": ("excitation-dominated (factor 1)", 100),
    "global-100": ("best global factor", 100),
    "local-100": ("local adaptation", 100),
    "heterogeneous-100": ("local, heterogeneous targets", 100),
    "leaky-global-100": ("best global factor, pole 0.5", 100),
    "leaky-local-100": ("local adaptation, pole 0.5", 100),
}
PLACES = ("rate", "rounded", "chip")
Rows = Sequence[Mapping[str, Any]]


def rows() -> Rows:
    """The runs as they were measured."""
    return read_rows(STUDY / "runs.csv")


def values(variant: str, column: str) -> list[float]:
    """A column of a variant, seed by seed."""
    return [float(row[column]) for row in rows() if row["variant"] == variant and column in row]


def mean(variant: str, column: str) -> float:
    """Its mean over seeds."""
    return fmean(values(variant, column))


def spread(variant: str, column: str, digits: int, scale: float = 1.0) -> str:
    """Mean and sample standard deviation over seeds; a dash where it was not measured."""
    found = [scale * value for value in values(variant, column)]
    return f"{fmean(found):.{digits}f} ± {stdev(found):.{digits}f}" if found else "–"


def tables() -> dict[str, str]:
    """The tables of the page by name."""
    memory = [
        "| reservoir | units | gains | factors, targets | capacity, rate | rate, rounded | chip | kept | cores |",
        "|---|--:|---|---|--:|--:|--:|--:|--:|",
    ]
    tasks = [
        "| reservoir | units | NARMA-10, rate | rate, rounded | chip | Mackey-Glass, rate | rate, rounded | chip |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for variant, (told, units) in SERIES.items():
        second = "factor" if "global" in variant or "excitation" in variant else "target"
        chip = bool(values(variant, "chip_memory"))
        kept = f"{100 * mean(variant, 'chip_memory') / mean(variant, 'rate_memory'):.0f} %" if chip else "–"
        cores = sorted({round(value) for value in values(variant, "chip_cores")})
        memory.append(
            _line(
                told,
                str(units),
                _chosen(variant, "gain"),
                _chosen(variant, second),
                *(spread(variant, f"{where}_memory", 2) for where in PLACES),
                kept,
                f"{cores[0]} to {cores[-1]}" if cores else "–",
            )
        )
        errors = [spread(variant, f"{where}_{task}", 3) for task in ("narma", "mackey") for where in PLACES]
        tasks.append(_line(told, str(units), *errors))
    alone = [spread("local-40", f"input_{task}", 3) for task in ("narma", "mackey")]
    tasks.append(_line("control: the input of this step alone", "–", alone[0], "–", "–", alone[1], "–", "–"))
    liquid = ["| what is read | correct, rate | rate, rounded | chip |", "|---|--:|--:|--:|"]
    for variant, told in (
        ("liquid", "the liquid"),
        ("liquid-uncoupled", "control: the same units without recurrence"),
    ):
        liquid.append(_line(told, *(f"{spread(variant, f'{where}_digits', 1, 100)} %" for where in PLACES)))
    for column, told in (
        ("last_column_digits", "control: the last column alone"),
        ("chance_digits", "control: always the commonest digit"),
        ("pixels_digits", "for comparison: all 64 pixels at once"),
    ):
        liquid.append(_line(told, f"{100 * mean('liquid', column):.1f} %", "–", "–"))
    return {
        "reservoir memory": "\n".join(memory),
        "reservoir tasks": "\n".join(tasks),
        "reservoir liquid": "\n".join(liquid),
    }


def quotes() -> list[str]:
    """Sentences of the page, with the numbers that the runs have."""
    in_mean = mean("local-40", "chip_memory") / mean("local-40", "rate_memory")
    kept = [100 * share for share in _quotients("chip_memory", "local-40", "rate_memory", "local-40")]
    missed = sorted(f"{row['variant']}-{row['seed']}" for row in rows() if row.get("chip_missed"))
    compiled = sum("chip_neurons" in row for row in rows())
    capacity = partial(spread, column="rate_memory", digits=2)
    return [
        f"local adaptation has {_times('local-100', 'global-100')} the memory capacity of the best global factor at "
        f"100 units ({capacity('local-100')} against {capacity('global-100')}, more in "
        f"{_wins('local-100', 'global-100')} seeds), and {_times('local-40', 'global-40')} at 40 "
        f"(more in {_wins('local-40', 'global-40')}).",
        f"The best global factor has {_times('global-100', 'excitation-100')} the capacity of "
        "excitation-dominated reservoirs",
        f"at 40 units it gains almost nothing ({_times('global-40', 'excitation-40')})",
        f"With pole 0.5 local adaptation gains almost nothing ({_times('leaky-local-100', 'leaky-global-100')})",
        f"({mean('local-100', 'rate_narma'):.2f} against {mean('global-100', 'rate_narma'):.2f})",
        f"The chip keeps {100 * in_mean:.0f} % of the capacity of rates with local adaptation "
        f"({min(kept):.0f} to {max(kept):.0f} % of each seed's)",
        f"NARMA-10 from {mean('local-40', 'rate_narma'):.2f} to {mean('local-40', 'chip_narma'):.2f}",
        f"Mackey-Glass from {mean('local-40', 'rate_mackey'):.2f} to {mean('local-40', 'chip_mackey'):.2f}",
        f"already at {mean('local-40', 'rounded_mackey'):.2f}",
        f"Of {compiled} compiled runs {len(missed)} miss a budget of `verify` ({', '.join(missed)}: one reservoir)",
        f"The liquid reads {100 * mean('liquid', 'chip_digits'):.1f} % of the digits on the chip and "
        f"{100 * mean('liquid', 'rate_digits'):.1f} % as rates",
    ]


def _quotients(above: str, variant: str, below: str, other: str) -> list[float]:
    """Quotients seed by seed."""
    return [first / second for first, second in zip(values(variant, above), values(other, below), strict=True)]


def _times(variant: str, other: str) -> str:
    """How many times the capacity of another a variant has in the mean."""
    return f"{mean(variant, 'rate_memory') / mean(other, 'rate_memory'):.2f} times"


def _wins(variant: str, other: str) -> str:
    """In how many of the seeds a variant has more capacity than another."""
    found = _quotients("rate_memory", variant, "rate_memory", other)
    return f"{sum(quotient > 1 for quotient in found)} of {len(found)}"


def _chosen(variant: str, column: str) -> str:
    """What was chosen, seed by seed."""
    return " ".join(f"{value:g}" for value in values(variant, column))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the tables and the picture."""
    rewrite(PAGE, tables())
    with canvas(PICTURE, 7.0, 3.5) as figure:
        reservoirs(figure, rows())


if __name__ == "__main__":
    main()
