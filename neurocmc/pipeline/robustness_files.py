"""Writes the results of robustness: every trial as CSV, the cells as a table, and the picture of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from neurocmc.common.files import csv_text, write_file
from neurocmc.pipeline.robustness import NO_FAULT, Cell, Robustness
from neurocmc.report.figures.robustness import FaultCurve, draw_robustness
from neurocmc.verification.intervals import Interval

NONE = "no fault"


def write_robustness(result: Robustness, directory: Path) -> list[Path]:
    """Writes trials.csv, table.csv, table.md and robustness.png; returns their paths. Raises InputError."""
    head, lines = table(result)
    texts = {"trials.csv": trials_csv(result), "table.csv": table_csv(result), "table.md": markdown(head, lines)}
    for name, text in texts.items():
        write_file(directory / name, text)
    paths = [directory / name for name in texts]
    if curves := fault_curves(result):
        options = result.options
        seeds = f"{options.seeds} seed" if options.seeds == 1 else f"{options.seeds} seeds"
        picture = directory / "robustness.png"
        draw_robustness(curves, picture, title=f"{result.circuit} on faulty chips: {seeds}")
        paths.append(picture)
    return paths


def trials_csv(result: Robustness) -> str:
    """Returns CSV of one line a trial."""
    names = ("kind", "level", "seed", "stimulus", "trial", "wrong", "held_s", "longest_s")
    return csv_text(
        names,
        (
            (o.kind, o.level, o.seed, o.stimulus, o.trial, int(o.wrong), _rounded(o.held_s), _rounded(o.longest_s))
            for o in result.outcomes
        ),
    )


def table_csv(result: Robustness) -> str:
    """Returns CSV of one line for each kind and level; intervals are of 95 % confidence."""
    stimuli = list(result.cells[0].error_of)
    names = (
        "kind",
        "level",
        "seeds",
        "trials",
        "error",
        "error_low",
        "error_high",
        "held_s",
        "held_low_s",
        "held_high_s",
        "longest_s",
        *(f"error_{name}" for name in stimuli),
    )
    return csv_text(names, (_line(cell, stimuli) for cell in result.cells))


def _line(cell: Cell, stimuli: Sequence[str]) -> Sequence[object]:
    held = cell.held_s
    told = (None, None, None) if held is None else (held.value, held.low, held.high)
    error = (cell.error.value, cell.error.low, cell.error.high)
    values = (*error, *told, cell.longest_s, *(cell.error_of[name] for name in stimuli))
    return (cell.kind, cell.level, cell.seeds, cell.trials, *map(_rounded, values))


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 6)


def table(result: Robustness, *, by_stimulus: bool = True) -> tuple[list[str], list[list[str]]]:
    """Returns head and lines of the table that people read; `by_stimulus` gives each of several stimuli a column."""
    stimuli = list(result.cells[0].error_of)
    shown = stimuli if by_stimulus and len(stimuli) > 1 else []
    memory = result.cells[0].held_s is not None
    head = ["fault", "level", *(["held [s]"] if memory else []), "wrong trials", *shown]
    lines: list[list[str]] = []
    for cell in result.cells:
        name = result.kinds.get(cell.kind, NONE)
        held = [_seconds(cell)] if memory else []
        errors = [f"{100 * cell.error_of[stimulus]:.0f} %" for stimulus in shown]
        level = "" if cell.kind == NO_FAULT else f"{100 * cell.level:g} %"
        lines.append([name, level, *held, _percent(cell.error), *errors])
    return head, lines


def _percent(interval: Interval) -> str:
    return f"{100 * interval.value:.1f} % ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def _seconds(cell: Cell) -> str:
    held = cell.held_s
    if held is None:
        return ""
    return f"{held.value:.2f} ({held.low:.2f} to {held.high:.2f}) of {cell.longest_s:.3g}"


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Returns a table of markdown; all but the first column stand to the right."""
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def fault_curves(result: Robustness) -> list[FaultCurve]:
    """Returns a curve for each kind of fault, with the chip without a fault at level 0."""
    none = result.cells[0]
    curves: list[FaultCurve] = []
    for kind, title in result.kinds.items():
        own = [cell for cell in result.cells if cell.kind == kind]
        if own:
            cells = [none, *own]
            held = tuple(cell.held_s for cell in cells if cell.held_s is not None)
            curves.append(
                FaultCurve(
                    title=title,
                    levels=tuple(cell.level for cell in cells),
                    error=tuple(cell.error for cell in cells),
                    held_s=held,
                    longest_s=none.longest_s or 0.0,
                )
            )
    return curves
