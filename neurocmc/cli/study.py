"""`neurocmc study`: regions x variants x seeds of a recipe trained, compiled, verified, tabled and drawn."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurocmc.cli.failures import MISSED
from neurocmc.cli.options import Json
from neurocmc.cli.output import bar, grid, say, say_json, show
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.extras import need

if TYPE_CHECKING:
    from neurocmc.circuits.study.plan import ChipResult, CompileRecipe, Result, Run, Study
    from neurocmc.circuits.study.table import Row
    from neurocmc.circuits.training import EpochReport

EXAMPLES = (
    "neurocmc study docs/studies/cmc-variants/study.yaml -o build/cmc-variants",
    "neurocmc study mine.yaml -o build/mine --no-figures --json",
)
PLAN = "study.yaml"

Chips = Mapping[tuple[int, str, int], "ChipResult"]


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
    from neurocmc.circuits.study.plan import load_study

    chosen, runs = load_study(plan, output)
    _check_folder(output)
    if chosen.compile is not None:
        from neurocmc.targets import load_target

        load_target(chosen.compile.target)  # a misspelled target is refused before hours of training, not after
    _prepare(plan, output)
    results = train_all(runs)
    chips = compile_all(runs, chosen.compile)
    table, files = _write_tables(output, results, chips)
    files += _draw(chosen, runs, results, output) if figures else []
    if as_json:
        verdicts = {f"{regions}-{variant}-{seed}": chip for (regions, variant, seed), chip in chips.items()}
        say_json({"study": chosen.name, "rows": table, "runs": results, "chips": verdicts, "files": files})
    else:
        _tell(chosen.name, table, files)
    if any(chip.missed for chip in chips.values()):
        raise typer.Exit(MISSED)


def _check_folder(output: Path) -> None:
    """Only an empty folder, or that of a study, is written into. Raises InputError."""
    if output.exists() and not output.is_dir():
        raise InputError(Problem("not-a-folder", str(output), "is a file, a folder is needed", "name another"))
    if output.is_dir() and any(output.iterdir()) and not (output / PLAN).is_file():
        what = f"is not empty and holds no {PLAN}: it is not the folder of a study"
        raise InputError(
            Problem("folder-not-ours", str(output), what, "name a new folder, or that of the study to go on with")
        )


def _prepare(plan: Path, output: Path) -> None:
    from neurocmc.common.files import write_file
    from neurocmc.common.strict_yaml import read_text

    write_file(output / PLAN, read_text(plan))


def train_all(runs: "Sequence[Run]") -> "list[Result]":
    """Every run's result, trained where there is none yet. Raises InputError as `read_result` and `train_run`."""
    from neurocmc.circuits.study.plan import read_result

    known = [read_result(run) for run in runs]
    left = sum(result is None for result in known)
    results: list[Result] = []
    with bar("train") as advance:
        for run, result in zip(runs, known, strict=True):
            if result is None:
                done = sum(entry is None for entry in known[: len(results)])
                result = _train(run, done, left, advance)
            results.append(result)
    return results


def _train(run: "Run", done: int, left: int, advance: Callable[[str, float, str], None]) -> "Result":
    from neurocmc.circuits.images import load_task
    from neurocmc.circuits.study.run import train_run

    name = f"run {done + 1} of {left}, {run.name}"

    def told(report: "EpochReport") -> None:
        share = (done + report.epoch / report.epochs) / left
        reached = f"validation accuracy {100 * report.validation_accuracy:.2f} %"
        advance(f"{name}: epoch {report.epoch} of {report.epochs}, {reached}", share, "")

    advance(name, done / left, "")
    result = train_run(run, load_task(run.recipe.task, run.recipe.images), told)
    line = f"{name}: accuracy {100 * result.accuracy:.2f} %"
    advance(line, (done + 1) / left, line)
    return result


def compile_all(runs: "Sequence[Run]", options: "CompileRecipe | None") -> "dict[tuple[int, str, int], ChipResult]":
    """The verdict on every run that is to be compiled, by (regions, variant, seed)."""
    if options is None:
        return {}
    from neurocmc.circuits.study.plan import read_chip_result, write_chip_result
    from neurocmc.cli.study_chip import judge

    chosen = [run for run in runs if options.seeds is None or run.seed in options.seeds]
    chips: dict[tuple[int, str, int], ChipResult] = {}
    with bar("compile") as advance:
        for index, run in enumerate(chosen):
            name = f"chip {index + 1} of {len(chosen)}, {run.name}"
            chip = read_chip_result(run, options)
            if chip is None:

                def told(stage: str, share: float, name: str = name, index: int = index) -> None:
                    advance(f"{name}: {stage}", (index + min(share, 1.0)) / len(chosen), "")

                told("compile", 0.0)
                chip = judge(run, options, told)
                write_chip_result(run, options, chip)
            verdict = (
                f"refused, {chip.refused}"
                if chip.refused
                else f"misses {chip.missed}"
                if chip.missed
                else "keeps every budget"
            )
            advance(name, (index + 1) / len(chosen), f"{name}: {verdict}")
            chips[run.regions, run.variant, run.seed] = chip
    return chips


def _draw(chosen: "Study", runs: "Sequence[Run]", results: "Sequence[Result]", output: Path) -> list[Path]:
    from neurocmc.cli.study_figures import draw_run, draw_whole

    first = [run for run in runs if run.seed == chosen.seeds[0] and run.variant in chosen.figures.of]
    pictures = draw_whole(results, output / "figures")
    with bar("draw") as advance:
        for index, run in enumerate(first):

            def told(share: float, name: str = run.name, index: int = index) -> None:
                advance(name, (index + share) / len(first), "")

            pictures += draw_run(run, chosen.figures, output / "figures", told)
    return pictures


def _write_tables(output: Path, results: "Sequence[Result]", chips: Chips) -> "tuple[tuple[Row, ...], list[Path]]":
    from neurocmc.circuits.study.table import chip_cells, markdown, rows, runs_csv, table_csv, training_cells
    from neurocmc.common.files import write_file

    table = rows(results, chips)
    written = {
        "runs.csv": runs_csv(results, chips),
        "table.csv": table_csv(table),
        "training.md": markdown(training_cells(table)),
    }
    if chips:
        written["chips.md"] = markdown(chip_cells(table))
    for name, text in written.items():
        write_file(output / name, text)
    return table, [output / name for name in written]


def _tell(name: str, table: "Sequence[Row]", files: Sequence[Path]) -> None:
    from neurocmc.circuits.study.table import TEXT_COLUMNS, chip_cells, training_cells

    told = {f"{name}: mean ± standard deviation over seeds": training_cells(table), "on the chip": chip_cells(table)}
    for title, (head, lines) in told.items():
        if lines:
            show(grid(title, head, lines, [column for column in head if column not in TEXT_COLUMNS]))
    for path in files:
        say(f"{'picture' if path.suffix == '.png' else 'table'}: {path}")
