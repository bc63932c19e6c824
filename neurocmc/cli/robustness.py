"""`neurocmc robustness`: a compiled circuit on faulty chips, seed by seed; table, CSV and picture."""

from pathlib import Path
from typing import Annotated

import typer

from neurocmc.cli import complete
from neurocmc.cli.options import ArtifactDirectory, Json, Scheduler, Workers
from neurocmc.cli.output import bar, grid, results, say_files, say_json, show
from neurocmc.common.errors import InputError, Problem, raise_input_problems

EXAMPLES = (
    "neurocmc robustness build -o build/robustness",
    "neurocmc robustness build --kinds threshold,dead --levels 0.05,0.1,0.2 --seeds 5 -o out",
    "neurocmc robustness build -o build/robustness --workers 8",
)


def robustness(
    directory: ArtifactDirectory,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="DIR", help="The directory for tables and figures.", show_default=False
        ),
    ],
    kinds: Annotated[
        str | None,
        typer.Option(
            metavar="KIND,...",
            help="Kinds of faults: threshold, weight, synapse, dropped, added, dead, axons, cores, current, spikes.",
            show_default="all that chips of the target can have",
            autocompletion=complete.faults,
        ),
    ] = None,
    levels: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE,...", help="Levels of each kind; 0.1 is 10 %.", show_default="0.02,0.05,0.1,0.15,0.2"
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Number of faulty chips per kind and level.")] = 20,
    samples: Annotated[int, typer.Option(help="Number of trials of each stimulus per faulty chip.")] = 10,
    stimulus: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE.npz",
            help="A stimulus to run. May be repeated.",
            show_default="those for testing, and those without a label",
            autocompletion=complete.stimuli,
        ),
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: Json = False,
) -> None:
    """Measure errors, and how long states are held, of a compiled circuit with mismatch, lost parts and noise."""
    from neurocmc.pipeline.campaign.place import place_of
    from neurocmc.pipeline.robustness import LEVELS, RobustnessOptions
    from neurocmc.pipeline.robustness_campaign import robustness_into
    from neurocmc.pipeline.robustness_files import table

    if output.exists() and not output.is_dir():
        raise InputError(Problem("not-a-folder", str(output), "is a file, a folder is needed", "name another"))
    options = RobustnessOptions(
        kinds=tuple(_named(kinds)) if kinds is not None else None,
        levels=_shares(levels) if levels is not None else LEVELS,
        seeds=seeds,
        samples=samples,
        stimuli=tuple(stimulus or ()),
    )
    place = place_of(workers, scheduler)
    with bar("robustness") as advance:
        result, files = robustness_into(directory, options, output, place, advance)
    if as_json:
        say_json({"circuit": result.circuit, "seeds": seeds, "cells": result.cells, "files": files})
        return
    head, lines = table(result, by_stimulus=False)  # what fits a page; the files have all
    many = f"{seeds} seed{'s' * (seeds != 1)}"
    with results():
        show(grid(f"{result.circuit} on faulty chips, {many}, 95 % confidence", head, lines, head[1:]))
    say_files(files)


def _named(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _shares(text: str) -> tuple[float, ...]:
    """Numbers between commas. Raises InputError with all that are none."""
    shares: list[float] = []
    problems: list[Problem] = []
    for part in _named(text):
        try:
            shares.append(float(part))
        except ValueError:
            problems.append(
                Problem("option-unreadable", "--levels", f"{part!r} is not a number", "give shares, such as 0.05,0.1")
            )
    raise_input_problems(problems)
    return tuple(shares)
