"""Runs a study: trains every run, compiles and verifies those that are to be, tables and draws them.

What an earlier call has done is not done again: a study that was killed goes on where it stopped.
"""

from collections.abc import Sequence
from pathlib import Path

from neurocmc.circuits.images import load_task
from neurocmc.circuits.study.plan import (
    ChipResult,
    CompileRecipe,
    Result,
    Run,
    Study,
    load_study,
    read_chip_result,
    read_result,
    write_chip_result,
)
from neurocmc.circuits.study.run import train_run
from neurocmc.circuits.study.table import Row, chip_cells, markdown, rows, runs_csv, table_csv, training_cells
from neurocmc.circuits.training import EpochReport
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import write_file
from neurocmc.common.progress import StudyProgress
from neurocmc.common.strict_yaml import read_text
from neurocmc.pipeline.study.chip import judge
from neurocmc.pipeline.study.result import Chips, StudyResult
from neurocmc.targets import load_target

PLAN = "study.yaml"


def run_study(
    plan: Path, output: Path, *, figures: bool = True, progress: StudyProgress | None = None
) -> StudyResult:
    """Trains, compiles, verifies, tables and draws a study into `output`.

    Args:
        plan: The YAML file of the study.
        output: A new or empty folder, or that of the same study to go on with.
        figures: Whether pictures are drawn.
        progress: Called with the part ("train", "compile", "draw"), what of it, the share of the part that is done,
            and a line for each run that is done, else "".

    Returns:
        The table, the result of each run, the verdicts on chips, and the files that were written.

    Raises:
        InputError: For every fault of the plan and its recipe, for a folder that is not a study's, and for results
            there that are damaged or of another recipe.

    Example:
        ``run_study(Path("study.yaml"), Path("studies/mine"), figures=False)``
    """
    told = progress or _silent
    chosen, runs = load_study(plan, output)
    _check_folder(output)
    if chosen.compile is not None:
        load_target(chosen.compile.target)  # a misspelled target is refused before hours of training, not after
    write_file(output / PLAN, read_text(plan))
    results = _train_all(runs, told)
    chips = {} if chosen.compile is None else _compile_all(runs, chosen.compile, told)
    table, files = _write_tables(output, results, chips)
    files += _draw(chosen, runs, results, output, told) if figures else []
    return StudyResult(name=chosen.name, table=table, results=tuple(results), chips=chips, files=tuple(files))


def _silent(_part: str, _text: str, _share: float, _line: str) -> None:
    """Progress that nobody watches."""


def _check_folder(output: Path) -> None:
    """Only an empty folder, or that of a study, is written into. Raises InputError."""
    if output.exists() and not output.is_dir():
        raise InputError(Problem("not-a-folder", str(output), "is a file, a folder is needed", "name another"))
    if output.is_dir() and any(output.iterdir()) and not (output / PLAN).is_file():
        what = f"is not empty and holds no {PLAN}: it is not the folder of a study"
        raise InputError(
            Problem("folder-not-ours", str(output), what, "name a new folder, or that of the study to go on with")
        )


def _train_all(runs: Sequence[Run], told: StudyProgress) -> list[Result]:
    """Every run's result, trained where there is none yet."""
    known = [read_result(run) for run in runs]
    left = sum(result is None for result in known)
    results: list[Result] = []
    for run, result in zip(runs, known, strict=True):
        if result is None:
            done = sum(entry is None for entry in known[: len(results)])
            result = _train(run, done, left, told)
        results.append(result)
    return results


def _train(run: Run, done: int, left: int, told: StudyProgress) -> Result:
    name = f"run {done + 1} of {left}, {run.name}"

    def epoch(report: EpochReport) -> None:
        share = (done + report.epoch / report.epochs) / left
        reached = f"validation accuracy {100 * report.validation_accuracy:.2f} %"
        told("train", f"{name}: epoch {report.epoch} of {report.epochs}, {reached}", share, "")

    told("train", name, done / left, "")
    result = train_run(run, load_task(run.recipe.task, run.recipe.images), epoch)
    line = f"{name}: accuracy {100 * result.accuracy:.2f} %"
    told("train", line, (done + 1) / left, line)
    return result


def _compile_all(runs: Sequence[Run], options: CompileRecipe, told: StudyProgress) -> Chips:
    """The verdict on every run that is to be compiled."""
    chosen = [run for run in runs if options.seeds is None or run.seed in options.seeds]
    chips: dict[tuple[int, str, int], ChipResult] = {}
    for index, run in enumerate(chosen):
        name = f"chip {index + 1} of {len(chosen)}, {run.name}"
        chip = read_chip_result(run, options)
        if chip is None:

            def stage(text: str, share: float, name: str = name, index: int = index) -> None:
                told("compile", f"{name}: {text}", (index + min(share, 1.0)) / len(chosen), "")

            stage("compile", 0.0)
            chip = judge(run, options, stage)
            write_chip_result(run, options, chip)
        told("compile", name, (index + 1) / len(chosen), f"{name}: {_verdict(chip)}")
        chips[run.regions, run.variant, run.seed] = chip
    return chips


def _verdict(chip: ChipResult) -> str:
    if chip.refused:
        return f"refused, {chip.refused}"
    return f"misses {chip.missed}" if chip.missed else "keeps every budget"


def _draw(
    chosen: Study, runs: Sequence[Run], results: Sequence[Result], output: Path, told: StudyProgress
) -> list[Path]:
    from neurocmc.pipeline.study.figures import draw_run, draw_whole  # matplotlib is a quarter of all imports

    first = [run for run in runs if run.seed == chosen.seeds[0] and run.variant in chosen.figures.of]
    pictures = draw_whole(results, output / "figures")
    for index, run in enumerate(first):

        def part(share: float, name: str = run.name, index: int = index) -> None:
            told("draw", name, (index + share) / len(first), "")

        pictures += draw_run(run, chosen.figures, output / "figures", part)
    return pictures


def _write_tables(output: Path, results: Sequence[Result], chips: Chips) -> tuple[tuple[Row, ...], list[Path]]:

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
