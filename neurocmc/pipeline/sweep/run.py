"""Does a sweep: every run that is not kept yet, then the table and the pictures of all.

DIR/sweep.yaml      the plan
DIR/runs/*.json     what came of each run
DIR/table.csv       one line a run
DIR/figures/*.png   errors, cores, energy and decisions against neurons
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from neurocmc.common.errors import Problem
from neurocmc.common.files import write_file
from neurocmc.common.strict_yaml import read_text
from neurocmc.ir.phrases import counted
from neurocmc.pipeline.campaign.folder import check_folder, clear_below
from neurocmc.pipeline.campaign.kept import Kept
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.run import Told, Watching, run_all
from neurocmc.pipeline.campaign.task import Outcome, State, Task, worst_state
from neurocmc.pipeline.campaign.work import own_version
from neurocmc.pipeline.sweep.plan import MEASURE, load_sweep
from neurocmc.pipeline.sweep.table import MeasuredRun, Row, row_of, shown, table_csv

PLAN, TABLE = "sweep.yaml", "table.csv"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SweepResult:
    """The result of a sweep; `files` are its table and pictures."""

    name: str
    rows: tuple[Row, ...]
    worst: State  # "done", or the worst that happened to a run
    failures: tuple[Problem, ...]  # of runs that were lost or met a defect
    files: tuple[Path, ...]

    def __repr__(self) -> str:
        """One line: how many runs there are of each verdict."""
        verdicts = Counter(row.verdict for row in self.rows)
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.items())
        return f"<SweepResult {self.name}: {counted(len(self.rows), 'run')}, {told}>"

    def _repr_html_(self) -> str:
        """A table of all runs, for notebooks."""
        from neurocmc.report.notebook import table_as_html  # here and not above: only notebooks show it

        return table_as_html(*shown(self.rows))


def run_sweep(
    plan: Path, output: Path, place: Place | None = None, *, figures: bool = True, told: Told | None = None
) -> SweepResult:
    """Compiles and measures every combination of a sweep's factors into `output`.

    Args:
        plan: The YAML file of the sweep.
        output: A new or empty folder, or that of the same sweep to go on with.
        place: Where runs are done; None is this process.
        figures: Whether pictures are drawn.
        told: Called with what is done, the share of all runs, and a line for each run that has ended, else "".

    Returns:
        A row for every run, in the order of the plan, and the files that were written.

    Raises:
        InputError: For every fault of the plan, circuits and targets that cannot be read, a folder that is not of
            this sweep, and workers or a scheduler that cannot be had.

    Example:
        ``run_sweep(Path("sweep.yaml"), Path("build/sweep"), Place(workers=4)).rows[0].verdict``
    """
    sweep, runs = load_sweep(plan)
    check_folder(output, PLAN, "a sweep")
    kept = Kept(folder=output / "runs", version=own_version(), values={MEASURE: MeasuredRun})
    kept.read([task for _, task in runs])  # a folder of another sweep is left as it is
    write_file(output / PLAN, read_text(plan))
    watching = Watching(told=told or (lambda _text, _share, _line: None), words=_words)
    try:
        outcomes = run_all([task for _, task in runs], place or Place(), kept, watching)
    finally:
        clear_below(output)
    rows = tuple(row_of(factors, outcome) for (factors, _), outcome in zip(runs, outcomes, strict=True))
    write_file(output / TABLE, table_csv(rows))
    files = [output / TABLE]
    if figures:
        from neurocmc.pipeline.sweep.figures import draw_sweep  # matplotlib is a quarter of all imports

        files += draw_sweep(rows, output / "figures")
    return SweepResult(
        name=sweep.name,
        rows=rows,
        worst=worst_state(outcomes),
        failures=tuple(o.problems[0] for o in outcomes if o.state in ("lost", "defect")),
        files=tuple(files),
    )


def _words(_task: Task, outcome: Outcome) -> str:
    if outcome.state != "done":
        return f"{outcome.state} [{outcome.problems[0].id}]"
    missed = [name for name in str(outcome.value["missed"]).split("; ") if name]
    return f"misses {counted(len(missed), 'budget')}" if missed else "keeps every budget"
