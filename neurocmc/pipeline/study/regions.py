"""Runs a study of regions and ablations of the family cmc: trains, compiles and verifies, tables and draws.

What an earlier call has done is not done again: a study that was killed goes on where it stopped, and a training at
its last whole epoch. Workers read the plan themselves, and write what they made: they must see the same files.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
from neurocmc.circuits.study.table import Row, chip_cells, markdown, rows, runs_csv, table_csv, training_cells
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import write_file
from neurocmc.common.progress import Progress, StudyProgress
from neurocmc.common.strict_yaml import read_text
from neurocmc.pipeline.campaign.folder import check_folder, clear_below
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.run import Watching, raise_first, run_all
from neurocmc.pipeline.campaign.task import Outcome, Task
from neurocmc.pipeline.study.chip import judge
from neurocmc.pipeline.study.result import Chips, StudyResult
from neurocmc.targets import load_target

PLAN = "study.yaml"
HERE = "neurocmc.pipeline.study.regions"


def run_regions(plan: Path, output: Path, place: Place, told: StudyProgress, *, figures: bool = True) -> StudyResult:
    """Trains, compiles, verifies, tables and draws a study of regions and ablations into `output`.

    Raises InputError for every fault of the plan and its recipe, for a folder that is not a study's, and for results
    there that are damaged or of another recipe.
    """
    chosen, runs = load_study(plan, output)
    check_folder(output, PLAN, "a study")
    if chosen.compile is not None:
        load_target(chosen.compile.target)  # a misspelled target is refused before hours of training, not after
    write_file(output / PLAN, read_text(plan))
    try:
        results = _train_all(plan, runs, place, told)
        chips = {} if chosen.compile is None else _compile_all(plan, runs, chosen.compile, place, told)
    finally:
        clear_below(output)
    table, files = _write_tables(output, results, chips)
    files += _draw(chosen, runs, results, output, told) if figures else []
    return StudyResult(name=chosen.name, table=table, results=tuple(results), chips=chips, files=tuple(files))


def _train_all(plan: Path, runs: Sequence[Run], place: Place, told: StudyProgress) -> list[Result]:
    """Every run's result, trained where there is none yet."""
    known = {run.name: read_result(run) for run in runs}
    left = [run for run in runs if known[run.name] is None]
    tasks = [_task(run, f"{HERE}:train", plan, {}) for run in left]

    def words(task: Task, outcome: Outcome) -> str:
        if outcome.state != "done":
            return f"{outcome.state} [{outcome.problems[0].id}]"
        return f"accuracy {100 * outcome.value['accuracy']:.2f} %"

    _done("train", tasks, place, told, words)
    found = [known[run.name] or read_result(run) for run in runs]
    return [result for result in found if result is not None]


def train(what: dict[str, Any], where: Mapping[str, str], progress: Progress) -> dict[str, Any]:
    """Trains a run of the study's plan, from where it was left, and keeps its result beside its checkpoint."""
    from neurocmc.circuits.study.run import train_run  # here and not above: torch takes seconds to import
    from neurocmc.circuits.training import epochs_told

    run = _run_of(what, where)
    images = load_task(run.recipe.task, run.recipe.images)
    return {"accuracy": train_run(run, images, epochs_told(progress)).accuracy}


def _compile_all(plan: Path, runs: Sequence[Run], options: CompileRecipe, place: Place, told: StudyProgress) -> Chips:
    """The verdict on every run that is to be compiled."""
    chosen = [run for run in runs if options.seeds is None or run.seed in options.seeds]
    left = [run for run in chosen if read_chip_result(run, options) is None]
    wanted = {"compile": options.model_dump(mode="json", exclude={"seeds"})}
    tasks = [_task(run, f"{HERE}:compiled", plan, wanted) for run in left]

    def words(task: Task, outcome: Outcome) -> str:
        if outcome.state != "done":
            return f"{outcome.state} [{outcome.problems[0].id}]"
        return str(outcome.value["verdict"])

    _done("compile", tasks, place, told, words)
    found = {(run.regions, run.variant, run.seed): read_chip_result(run, options) for run in chosen}
    return {key: chip for key, chip in found.items() if chip is not None}


def compiled(what: dict[str, Any], where: Mapping[str, str], progress: Progress) -> dict[str, Any]:
    """Compiles and verifies a run of the study's plan, and keeps the verdict."""
    options, run = CompileRecipe(**what["compile"]), _run_of(what, where)
    chip = judge(run, options, progress)
    write_chip_result(run, options, chip)
    return {"verdict": _verdict(chip)}


def _task(run: Run, work: str, plan: Path, more: Mapping[str, Any]) -> Task:
    what = {"run": run.name, "recipe": run.recipe.model_dump(mode="json"), **more}
    where = {"plan": str(plan.absolute()), "folder": str(run.study.absolute())}
    return Task(name=run.name, work=work, what=what, where=where)


def _run_of(what: dict[str, Any], where: Mapping[str, str]) -> Run:
    """The run of a plan. Raises InputError where the plan, or its recipe, is another by now."""
    _, runs = load_study(Path(where["plan"]), Path(where["folder"]))
    for run in runs:
        if run.name == what["run"] and run.recipe.model_dump(mode="json") == what["recipe"]:
            return run
    cure = "leave the plan and its recipe alone while the study runs"
    raise InputError(Problem("run-input-changed", where["plan"], f"has no such run {what['run']} any more", cure))


def _done(
    part: str, tasks: Sequence[Task], place: Place, told: StudyProgress, words: Callable[[Task, Outcome], str]
) -> None:
    """Does one part of the study; what its runs come to they keep themselves. Raises what kept the first of them."""

    def watched(text: str, share: float, line: str) -> None:
        told(part, text, share, line)

    raise_first(run_all(tasks, place, None, Watching(told=watched, words=words)))


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
