"""`neurocmc study`: variants x seeds of a recipe made, compiled, measured, tabled and drawn."""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurocmc.cli import complete
from neurocmc.cli.failures import MISSED, end_of_runs
from neurocmc.cli.options import Json, Scheduler, Workers
from neurocmc.cli.output import bar, grid, quiet, results, say_files, say_json, show

if TYPE_CHECKING:
    from neurocmc.circuits.study.table import Row
    from neurocmc.pipeline.study.measured import MeasuredResult

EXAMPLES = (
    "neurocmc study docs/studies/cmc-variants/study.yaml -o build/cmc-variants",
    "neurocmc study examples/study.yaml -o build/study --workers 2",
    "neurocmc study mine.yaml -o build/mine --no-figures --json",
)


def study(
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY.yaml",
            help="The study: recipe, variants, seeds and measures.",
            autocompletion=complete.yaml_files,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="The directory for all results.", show_default=False)
    ],
    workers: Workers = None,
    scheduler: Scheduler = None,
    figures: Annotated[bool, typer.Option(help="Draw the figures of the study and of its circuits.")] = True,
    as_json: Json = False,
) -> None:
    """Train or construct, compile and measure every circuit of a study. A second call does only what is missing."""
    from neurocmc.pipeline.campaign.place import place_of
    from neurocmc.pipeline.study.measured import MeasuredResult
    from neurocmc.pipeline.study.run import run_study

    with _bars() as progress:
        place = place_of(workers, scheduler)
        done = run_study(plan, output, figures=figures, progress=progress, place=place)
    if isinstance(done, MeasuredResult):
        _tell_measured(done, as_json=as_json)
    elif as_json:
        chips = {f"{regions}-{variant}-{seed}": chip for (regions, variant, seed), chip in done.chips.items()}
        say_json({"study": done.name, "rows": done.table, "runs": done.results, "chips": chips, "files": done.files})
    else:
        _tell(done.name, done.table, done.files)
    if not done.passed:
        raise typer.Exit(MISSED)


@contextmanager
def _bars() -> Generator[Callable[[str, str, float, str], None]]:
    """A bar for each part of the study, one after the other."""
    with ExitStack() as shown:
        advance: dict[str, Callable[[str, float, str], None]] = {}

        def told(part: str, text: str, share: float, line: str) -> None:
            if part not in advance:
                shown.close()  # that of the part before
                advance.clear()
                advance[part] = shown.enter_context(bar(part))
            advance[part](text, share, line)

        yield told


def _tell(name: str, table: "Sequence[Row]", files: Sequence[Path]) -> None:
    from neurocmc.circuits.study.table import TEXT_COLUMNS, chip_cells, training_cells

    told = {f"{name}: mean ± standard deviation over seeds": training_cells(table), "on the chip": chip_cells(table)}
    for title, (head, lines) in told.items():
        if lines and not quiet():
            show(grid(title, head, lines, [column for column in head if column not in TEXT_COLUMNS]))
    say_files(files)


def _tell_measured(done: "MeasuredResult", *, as_json: bool) -> None:
    """What a study of any family came to; runs that were lost or met a defect decide the exit code."""
    from neurocmc.pipeline.study.measured_table import MeasuredTable, table_cells

    if as_json:
        say_json({"study": done.name, "runs": done.rows, "files": done.files})
    else:
        head, lines = table_cells(MeasuredTable.of(done.rows))
        with results():
            show(grid(f"{done.name}: mean ± standard deviation over seeds", head, lines, head[1:]))
        say_files(done.files)
    end_of_runs(done.worst, done.failures)
