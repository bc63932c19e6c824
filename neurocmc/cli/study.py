"""`neurocmc study`: regions x variants x seeds of a recipe trained, compiled, verified, tabled and drawn."""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurocmc.cli.failures import MISSED
from neurocmc.cli.options import Json
from neurocmc.cli.output import bar, grid, say, say_json, show
from neurocmc.common.extras import need

if TYPE_CHECKING:
    from neurocmc.circuits.study.table import Row

EXAMPLES = (
    "neurocmc study docs/studies/cmc-variants/study.yaml -o build/cmc-variants",
    "neurocmc study mine.yaml -o build/mine --no-figures --json",
)


def study(
    plan: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="Which recipe, regions, variants and seeds.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where it all goes.", show_default=False)
    ],
    figures: Annotated[bool, typer.Option(help="Draw what the study and its circuits look like.")] = True,
    as_json: Json = False,
) -> None:
    """Train every run of a study and compare them; what an earlier call has done is not done again."""
    need("torch", str(plan), "a study")
    from neurocmc.pipeline.study.run import run_study

    with _bars() as progress:
        done = run_study(plan, output, figures=figures, progress=progress)
    if as_json:
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
        if lines:
            show(grid(title, head, lines, [column for column in head if column not in TEXT_COLUMNS]))
    for path in files:
        say(f"{'picture' if path.suffix == '.png' else 'table'}: {path}")
