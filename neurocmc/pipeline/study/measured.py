"""Does a study of any family: makes every circuit, compiles those that are to be, and measures all of them.

    DIR/study.yaml        the plan
    DIR/circuits/         the circuit of each run
    DIR/chips/            the artifact of each run that is compiled
    DIR/runs/*.json       what each step of each run came to
    DIR/runs.csv          one line a run;  table.csv, table.md: mean and standard deviation over seeds
    DIR/figures/          every measure, by variant, and the pictures that the study names

A step that is done is never done again: measures and seeds that are added later are measured and made alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurocmc.common.errors import Problem
from neurocmc.common.files import write_file
from neurocmc.common.progress import StudyProgress
from neurocmc.common.strict_yaml import read_text
from neurocmc.pipeline.campaign.folder import check_folder, clear_below
from neurocmc.pipeline.campaign.kept import Kept
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.run import Watching, run_all
from neurocmc.pipeline.campaign.task import Outcome, State, Task, worst_state
from neurocmc.pipeline.campaign.work import own_version
from neurocmc.pipeline.study.measured_table import MeasuredRow, MeasuredTable, runs_csv, table_csv, table_md
from neurocmc.pipeline.study.pictures import draw, rows_of
from neurocmc.pipeline.study.plan import Asked, Plan, Variant, load_plan, picture_name, short_hash
from neurocmc.pipeline.study.steps import HERE, VALUES

PLAN = "study.yaml"
NOT_ASKED = "the study compiles nothing"
OTHER_SEED = "the study compiles other seeds alone"
OTHER_VARIANT = "the study compiles other variants alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredResult:
    """The result of a study of any family; `files` are its tables and pictures."""

    name: str
    rows: tuple[MeasuredRow, ...]  # one a run, in the order of the plan
    worst: State  # "done", or the worst that happened to a step
    failures: tuple[Problem, ...]  # of steps that were lost or met a defect
    missed: bool  # whether a compiled circuit misses a budget
    files: tuple[Path, ...]

    @property
    def passed(self) -> bool:
        """Whether no chip misses a budget; a circuit that could not be compiled has none."""
        return not self.missed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One run: a variant and a seed."""

    variant: Variant
    seed: int

    @property
    def name(self) -> str:
        return f"{self.variant.name}-{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """What a study does, step by step, and what came of each."""

    plan: Plan
    output: Path
    place: Place
    kept: Kept
    told: StudyProgress

    def done(self, part: str, tasks: Sequence[Task]) -> dict[str, Outcome]:
        """Does a step of all runs; returns outcomes by name of the task."""

        def told(text: str, share: float, line: str) -> None:
            self.told(part, text, share, line)

        outcomes = run_all(tasks, self.place, self.kept, Watching(told=told, words=_words))
        return {task.name: outcome for task, outcome in zip(tasks, outcomes, strict=True)}

    def making(self, run: _Run) -> Task:
        """The task that makes a circuit."""
        known = {"family": self.plan.family.known_by, "recipe": run.variant.recipe, "seed": run.seed}
        where = {"family": self.plan.family.place, "circuit": str(self._circuit(run))}
        return Task(name=run.name, work=f"{HERE}:make", what=known, where=where)

    def compiling(self, run: _Run, made: Outcome) -> Task | None:
        """The task that compiles a circuit; None where it is not to be compiled."""
        chosen = self.plan.study.compile
        if chosen is None or (chosen.seeds is not None and run.seed not in chosen.seeds):
            return None
        if chosen.variants is not None and run.variant.name not in chosen.variants:
            return None
        options = chosen.model_dump(mode="json", exclude={"seeds", "variants"})
        what = {"made": made.value["sha256"], "target": self.plan.target_text, "compile": options, "seed": run.seed}
        name = f"{run.name}.chip.{short_hash(what)}"
        chip = self.output.absolute() / "chips" / name.replace(".chip.", "-")
        where = {"circuit": str(self._circuit(run)), "chip": str(chip)}
        return Task(name=name, work=f"{HERE}:compiled", what=what, where=where)

    def measuring(self, run: _Run, asked: Asked, made: Outcome, chip: tuple[Task, Outcome] | None) -> Task:
        """The task that takes one measure of a circuit."""
        held = chip is not None and chip[1].state == "done"
        what: dict[str, Any] = {
            "run": run.name,
            "variant": run.variant.name,
            "seed": run.seed,
            "recipe": run.variant.recipe,
            "measure": asked.plug.known_by,
            "with": dict(asked.arguments),
            "made": dict(made.value),
            "chip": dict(chip[1].value) if chip is not None and held else {},
            "not_compiled": self._why_not(run, chip),
        }
        where = {
            "circuit": str(self._circuit(run)),
            "chip": chip[0].where["chip"] if chip is not None and held else "",
            "measure": asked.plug.place,
        }
        name = f"{run.name}.{asked.plug.name.rpartition(':')[2]}.{short_hash(what)}"
        return Task(name=name, work=f"{HERE}:measured", what=what, where=where)

    def _why_not(self, run: _Run, chip: tuple[Task, Outcome] | None) -> str:
        """Why a circuit has no chip; empty where it has one."""
        if chip is None:
            chosen = self.plan.study.compile
            if chosen is None:
                return NOT_ASKED
            return OTHER_SEED if chosen.seeds is not None and run.seed not in chosen.seeds else OTHER_VARIANT
        if chip[1].state == "done":
            return ""
        problem = chip[1].problems[0]
        return f"it was not compiled: {problem.where}: {problem.what} [{problem.id}]"

    def _circuit(self, run: _Run) -> Path:
        return self.output.absolute() / "circuits" / f"{run.name}{self.plan.suffix}"


def run_measured(
    path: Path, output: Path, place: Place, told: StudyProgress, *, figures: bool = True
) -> MeasuredResult:
    """Does a study of any family into `output`; `place` says where its runs are done.

    Raises InputError for every fault of the plan, for a folder that is not of this study, and for workers or a
    scheduler that cannot be had.
    """
    plan = load_plan(path)
    check_folder(output, PLAN, "a study")
    runs = [_Run(variant=variant, seed=seed) for seed in plan.study.seeds for variant in plan.variants]
    kept = Kept(folder=output / "runs", version=own_version(), values=VALUES)
    steps = _Steps(plan=plan, output=output, place=place, kept=kept, told=told)
    kept.read([steps.making(run) for run in runs])  # a folder of another study is left as it is
    write_file(output / PLAN, read_text(path))
    try:
        rows, outcomes = _rows(steps, runs)
    finally:
        clear_below(output)
    files = _write(output, plan, MeasuredTable.of(rows), figures=figures)
    missed = any(outcome.value.get("verdict", {}).get("missed") for outcome in outcomes)
    return MeasuredResult(
        name=plan.study.name,
        rows=tuple(rows),
        worst=worst_state(outcomes),
        failures=tuple(o.problems[0] for o in outcomes if o.state in ("lost", "defect")),
        missed=missed,
        files=tuple(files),
    )


def _rows(steps: _Steps, runs: Sequence[_Run]) -> tuple[list[MeasuredRow], list[Outcome]]:
    """The row of every run, and the outcome of every step."""
    making = {run.name: steps.making(run) for run in runs}
    made = steps.done("make", list(making.values()))
    sound = [run for run in runs if made[run.name].state == "done"]
    compiling = {run.name: task for run in sound if (task := steps.compiling(run, made[run.name])) is not None}
    chips = steps.done("compile", list(compiling.values()))
    ended = {name: (task, chips[task.name]) for name, task in compiling.items()}
    measuring = {
        run.name: [steps.measuring(run, asked, made[run.name], ended.get(run.name)) for asked in steps.plan.measures]
        for run in sound
    }
    measured = steps.done("measure", [task for tasks in measuring.values() for task in tasks])
    rows = [
        _row(
            run,
            made[run.name],
            ended.get(run.name),
            [measured[task.name] for task in measuring.get(run.name, [])],
            compiles=steps.plan.study.compile is not None,
        )
        for run in runs
    ]
    return rows, [*made.values(), *chips.values(), *measured.values()]


def _row(
    run: _Run, made: Outcome, chip: tuple[Task, Outcome] | None, measured: Sequence[Outcome], *, compiles: bool
) -> MeasuredRow:
    """What was measured of a run, and what kept the rest from being."""
    columns: dict[str, Any] = {}
    problems = [*made.problems, *(() if chip is None else chip[1].problems)]
    for outcome in measured:
        own: Mapping[str, Any] = outcome.value.get("columns", {})
        if twice := sorted(set(own) & set(columns)):
            cure = "leave one of the measures out, or let it call its column otherwise"
            what = f"two measures give a column {twice[0]}"
            problems.append(Problem("measure-wrong", f"run {run.name}", what, cure))
        columns |= {name: value for name, value in own.items() if name not in columns}
        # That there is no chip was said by the step that did not make it, or is what the study asks for.
        said = bool(problems) or (compiles and chip is None)
        unfit = any(problem.id == "measure-unfit" for problem in outcome.problems)
        problems += () if said and unfit else outcome.problems
    return MeasuredRow(variant=run.variant.name, seed=run.seed, columns=columns, problems=tuple(problems))


def _write(output: Path, plan: Plan, table: MeasuredTable, *, figures: bool) -> list[Path]:
    texts = {"runs.csv": runs_csv(table), "table.csv": table_csv(table), "table.md": table_md(table)}
    for name, text in texts.items():
        write_file(output / name, text)
    files = [output / name for name in texts]
    if figures and (samples := table.samples()):
        from neurocmc.report.figures.measures import draw_measures  # matplotlib is a quarter of all imports

        picture = output / "figures" / "measures.png"
        draw_measures(samples, table.variants(), picture)
        files.append(picture)
        for plug in plan.pictures:
            drawn = output / "figures" / f"{picture_name(plug.name)}.png"
            draw(plug, rows_of(table.rows), drawn)
            files.append(drawn)
    return files


def _words(_task: Task, outcome: Outcome) -> str:
    if outcome.state != "done":
        return f"{outcome.state} [{outcome.problems[0].id}]"
    columns: Mapping[str, Any] = outcome.value.get("columns", {})
    shown = [
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in columns.items()
    ]
    return ", ".join(shown[:4]) or "done"
