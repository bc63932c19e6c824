"""`neurocmc sweep`: circuits x targets x codes x neurons x seeds, compiled and measured, in one tidy table."""

from pathlib import Path
from typing import Annotated

import typer

from neurocmc.cli import complete
from neurocmc.cli.failures import end_of_runs
from neurocmc.cli.options import Json, Scheduler, Workers
from neurocmc.cli.output import bar, grid, results, say_files, say_json, show

EXAMPLES = (
    "neurocmc sweep examples/sweep.yaml -o build/sweep",
    "neurocmc sweep mine.yaml -o build/mine --workers 8 --no-figures --json",
    "neurocmc sweep mine.yaml -o build/mine --scheduler tcp://10.0.0.1:8786",
)
MOST_SHOWN = 60  # rows of the table on the page: the file has all


def sweep(
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="SWEEP.yaml",
            help="The sweep: circuits, targets, codes, neurons and seeds.",
            autocompletion=complete.yaml_files,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="The directory for all results.", show_default=False)
    ],
    workers: Workers = None,
    scheduler: Scheduler = None,
    figures: Annotated[bool, typer.Option(help="Plot errors, cores and energy against neurons per unit.")] = True,
    as_json: Json = False,
) -> None:
    """Compile and measure circuits in every combination of settings. A second call does only what is missing."""
    from neurocmc.pipeline.campaign.place import place_of
    from neurocmc.pipeline.sweep.run import run_sweep
    from neurocmc.pipeline.sweep.table import shown

    with bar("sweep") as advance:
        done = run_sweep(plan, output, place_of(workers, scheduler), figures=figures, told=advance)
    if as_json:
        say_json({"sweep": done.name, "rows": [row.as_json() for row in done.rows], "files": done.files})
    else:
        head, lines = shown(done.rows)
        more = f", the first {MOST_SHOWN} of {len(lines):,} runs" if len(lines) > MOST_SHOWN else ""
        with results():
            show(grid(f"{done.name}{more}", head, lines[:MOST_SHOWN], ("neurons", "seed", *head[5:-1])))
        say_files(done.files)
    end_of_runs(done.worst, done.failures)
