"""Makes the tables of a study: every run as CSV, and mean ± standard deviation over seeds as CSV and Markdown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from neurocmc.circuits.study.plan import ChipResult, Result, group
from neurocmc.common.files import csv_text
from neurocmc.common.printable import printable

# Measured on the trained circuit with all its populations at work: of an ablated one they would say nothing.
BASELINES = ("ode_off_accuracy", "coupling_off_accuracy", "refitted_accuracy")
OF_BASELINES = "full"
TEXT_COLUMNS = ("variant", "budgets kept")  # the others hold numbers, which stand to the right
_RUN_FIELDS = ("regions", "variant", "seed", "accuracy", *BASELINES, "parameters", "circuit_parameters", "mean_rate")
_CHIP_FIELDS = (
    "chip_samples",
    "chip_neurons",
    "chip_agreement",
    "chip_accuracy_drop",
    "chip_nrmse",
    "chip_missed",
    "chip_refused",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Mean and sample standard deviation over runs; the deviation is None for a single one."""

    mean: float
    deviation: float | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One variant of one depth over all its seeds."""

    regions: int
    variant: str
    seeds: tuple[int, ...]
    parameters: int
    circuit_parameters: int
    values: Mapping[str, Spread]  # accuracies, agreement and NRMSE, as fractions; what no run has is left out
    neurons: int | None
    kept: str  # how many of the compiled runs keep every budget, "3 of 3"
    refused: str  # why it was not compiled


def spread(values: Sequence[float]) -> Spread:
    """Returns the mean and sample standard deviation. Raises ValueError for no value."""
    if not values:
        raise ValueError("a mean needs a value")
    return Spread(mean=fmean(values), deviation=stdev(values) if len(values) > 1 else None, count=len(values))


def rows(results: Iterable[Result], chips: Mapping[tuple[int, str, int], ChipResult]) -> tuple[Row, ...]:
    """Returns one row a variant and depth; `chips` are the verdicts by (regions, variant, seed), if any."""
    made: list[Row] = []
    for (regions, variant), runs in group(results).items():
        own = [chips[key] for run in runs if (key := (regions, variant, run.seed)) in chips]
        compiled = [chip for chip in own if not chip.refused]
        samples: dict[str, list[float]] = {"accuracy": [run.accuracy for run in runs]}
        if variant == OF_BASELINES:
            samples |= {name: [run.metrics[name] for run in runs if name in run.metrics] for name in BASELINES}
        for name in ("agreement", "accuracy_drop", "nrmse"):
            known = (getattr(chip, name) for chip in compiled)
            samples[f"chip_{name}"] = [value for value in known if value is not None]
        made.append(
            Row(
                regions=regions,
                variant=variant,
                seeds=tuple(run.seed for run in runs),
                parameters=runs[0].parameters,
                circuit_parameters=runs[0].circuit_parameters,
                values={name: spread(values) for name, values in samples.items() if values},
                neurons=compiled[0].neurons if compiled else None,
                kept=f"{sum(chip.passed for chip in compiled)} of {len(compiled)}" if compiled else "",
                refused="; ".join(dict.fromkeys(chip.refused for chip in own if chip.refused)),
            )
        )
    return tuple(made)


def runs_csv(results: Iterable[Result], chips: Mapping[tuple[int, str, int], ChipResult]) -> str:
    """Returns one line a run, fractions in full precision; columns of the chip are empty where not compiled."""
    lines: list[list[object]] = []
    for result in results:
        plain = {"regions": result.regions, "variant": result.variant, "seed": result.seed}
        plain |= {"parameters": result.parameters, "circuit_parameters": result.circuit_parameters}
        measured = {n: v for n, v in result.metrics.items() if n not in BASELINES or result.variant == OF_BASELINES}
        line = [plain.get(name, measured.get(name, "")) for name in _RUN_FIELDS]
        chip = chips.get((result.regions, result.variant, result.seed))
        verdict = (
            [getattr(chip, name.removeprefix("chip_")) for name in _CHIP_FIELDS] if chip else [""] * len(_CHIP_FIELDS)
        )
        lines.append([*line, *verdict])
    return csv_text([*_RUN_FIELDS, *_CHIP_FIELDS], lines)


def table_csv(table: Iterable[Row]) -> str:
    """Returns one line a row: mean and standard deviation of every value, as fractions."""
    table = tuple(table)
    names = list(dict.fromkeys(name for row in table for name in row.values))
    spreads = [f"{name}_{part}" for name in names for part in ("mean", "sd")]
    head = ["regions", "variant", "seeds", "parameters", "circuit_parameters", *spreads, "neurons", "refused"]
    lines: list[list[object]] = []
    for row in table:
        values: list[float | str] = []
        for name in names:
            known = row.values.get(name)
            values += ["", ""] if known is None else [known.mean, "" if known.deviation is None else known.deviation]
        seeds = " ".join(str(seed) for seed in row.seeds)
        first = [row.regions, row.variant, seeds, row.parameters, row.circuit_parameters]
        lines.append([*first, *values, row.neurons, row.refused])
    return csv_text(head, lines)


Column = tuple[str, Callable[[Row], str]]  # its heading, and what it says of a row
Cells = tuple[tuple[str, ...], list[tuple[str, ...]]]


def training_cells(table: Iterable[Row]) -> Cells:
    """Returns headings and lines of what training came to: percent, mean ± standard deviation; no empty column."""
    return _cells(
        table,
        (
            ("seeds", lambda row: str(len(row.seeds))),
            ("parameters", lambda row: f"{row.parameters:,}"),
            ("of the circuit", lambda row: f"{row.circuit_parameters:,}"),
            ("accuracy %", lambda row: percent(row.values.get("accuracy"))),
            ("its ODE off %", lambda row: percent(row.values.get("ode_off_accuracy"))),
            ("its coupling off %", lambda row: percent(row.values.get("coupling_off_accuracy"))),
        ),
    )


def chip_cells(table: Iterable[Row]) -> Cells:
    """Returns headings and lines of what the chip made of those that were compiled; no line where none was."""
    judged = [row for row in table if row.kept or row.refused]
    return _cells(
        judged,
        (
            ("neurons", lambda row: "" if row.neurons is None else f"{row.neurons:,}"),
            ("decisions agree %", lambda row: percent(row.values.get("chip_agreement"))),
            ("accuracy lost %", lambda row: percent(row.values.get("chip_accuracy_drop"))),
            ("NRMSE %", lambda row: percent(row.values.get("chip_nrmse"))),
            ("budgets kept", lambda row: row.refused or row.kept),
        ),
    )


def _cells(table: Iterable[Row], columns: Iterable[Column]) -> Cells:
    table = tuple(table)
    every: tuple[Column, ...] = (
        ("regions", lambda row: str(row.regions)),
        ("variant", lambda row: row.variant),
        *columns,
    )
    kept = [(name, told) for name, told in every if any(told(row) for row in table)]
    return tuple(name for name, _ in kept), [tuple(told(row) for _, told in kept) for row in table]


def percent(value: Spread | None) -> str:
    """Returns text such as `97.20 ± 0.31`, without the deviation for a single run, empty for none."""
    if value is None:
        return ""
    text = f"{100.0 * value.mean:.2f}"
    return text if value.deviation is None else f"{text} ± {100.0 * value.deviation:.2f}"


def markdown(cells: Cells) -> str:
    """Returns a table as Markdown, empty where it has no line."""
    head, lines = cells
    rule = ["---" if name in TEXT_COLUMNS else "--:" for name in head]
    return "".join(f"| {' | '.join(_escaped(cell) for cell in line)} |\n" for line in (head, rule, *lines) if lines)


def _escaped(cell: str) -> str:
    return printable(cell).replace("|", "\\|").replace("<", "&lt;")
