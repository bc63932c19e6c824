"""Reads the plan of a sweep, and makes a run of every combination of its factors.

Circuits and files of targets are looked for beside the plan. All of them are read before the first run begins: what
is misspelled is refused now. What a chip cannot hold is found by its own run, which then says so in the table.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError, NeurocmcError, Problem, raise_input_problems
from neurocmc.common.strict_yaml import Document, StrictModel, load_document
from neurocmc.pipeline.campaign.inputs import circuit_sha256, target_sha256
from neurocmc.pipeline.campaign.task import Task
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import Axons, Code, Planes, SecondOrder, Steps, load_target

MAX_RUNS = 10_000
MEASURE = "neurocmc.pipeline.sweep.measure:measured"
FACTORS = ("circuits", "targets", "codes", "neurons", "seeds")

Named = Annotated[str, Field(min_length=1, max_length=4096)]
Neurons = Annotated[int, Field(ge=1, le=65_536)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class SweepCompile(StrictModel):
    """The choices of compilation that are the same in all runs, as options of `neurocmc compile`."""

    kernel: str | None = Field(default=None, max_length=200)
    phases: int | None = Field(default=None, ge=1, le=65_536)
    second_order: SecondOrder | None = None
    axons: Axons | None = None
    steps: Steps | None = None
    planes: Planes | None = None
    tick_ms: float | None = Field(default=None, gt=0, le=1e6)
    allow_lost_states: bool = False


class Sweep(StrictModel):
    """A sweep as its YAML file has it."""

    name: str = Field(min_length=1, max_length=200)
    circuits: tuple[Named, ...] = Field(min_length=1)  # files, beside the plan
    targets: tuple[Named, ...] = Field(min_length=1)
    codes: tuple[Code, ...] = Field(default=("threshold",), min_length=1)
    neurons: tuple[Neurons, ...] = Field(min_length=1)  # a unit
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1)
    samples: int | None = Field(default=None, ge=1, le=1_000_000)  # of the trials of each test stimulus; None: all
    images: str | None = Field(default=None, max_length=4096)  # whose images drive published checkpoints
    compile: SweepCompile = Field(default_factory=SweepCompile)

    @model_validator(mode="after")
    def _is_a_plan(self) -> Self:
        for factor in FACTORS:
            values = getattr(self, factor)
            if len(set(values)) != len(values):
                raise FieldError(f"{factor} lists one twice", "name each once")
        runs = 1
        for factor in FACTORS:
            runs *= len(getattr(self, factor))
        if runs > MAX_RUNS:
            raise FieldError(f"{runs:,} runs, at most {MAX_RUNS:,} make a sweep", "name fewer of some factor")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What a run differs in from the others: the first columns of its row."""

    circuit: str
    target: str
    code: Code
    neurons: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _File:
    """A circuit or a target: its name in the table, where it is, and what its content is known by."""

    name: str
    place: str
    sha256: str


def load_sweep(path: Path) -> tuple[Sweep, tuple[tuple[Factors, Task], ...]]:
    """Returns a sweep and its runs, in the order of the table: seeds change first, circuits last.

    Raises InputError for every fault of the plan, and for circuits and targets that cannot be read.
    """
    document = load_document(path)
    plan = document.validate(Sweep)
    problems: list[Problem] = []
    circuits = list(_circuits(document, plan, problems))
    targets = list(_targets(document, plan, problems))
    for field, files in (("circuits", circuits), ("targets", targets)):
        problems += _twice(document, field, [file.name for file in files])
    problems += _options_problems(document, plan)
    raise_input_problems(problems)
    return plan, tuple(_runs(plan, circuits, targets))


def options_of(what: dict[str, Any]) -> CompileOptions:
    """Returns the options that a run is compiled with."""
    tick_ms = what["compile"]["tick_ms"]
    chosen = {name: value for name, value in what["compile"].items() if name != "tick_ms"}
    return CompileOptions(
        neurons=what["neurons"],
        code=what["code"],
        seed=what["seed"],
        images=what["images"],
        tick_s=None if tick_ms is None else 1e-3 * tick_ms,
        **chosen,
    )


def _circuits(document: Document, plan: Sweep, problems: list[Problem]) -> Iterator[_File]:
    for index, named in enumerate(plan.circuits):
        path = Path(document.filename).parent / named  # an absolute path stays what it is
        try:
            model = load(path, plan.images if path.suffix in (".pt", ".pth") else None)
        except NeurocmcError as error:
            problems += [problem.inside(document.where("circuits", index)) for problem in error.problems]
            continue
        yield _File(name=_stem(path), place=str(path.absolute()), sha256=circuit_sha256(model))


def _targets(document: Document, plan: Sweep, problems: list[Problem]) -> Iterator[_File]:
    for index, named in enumerate(plan.targets):
        is_file = named.endswith((".yaml", ".yml"))
        place = str((Path(document.filename).parent / named).absolute()) if is_file else named
        try:
            target = load_target(place)
        except NeurocmcError as error:
            problems += [problem.inside(document.where("targets", index)) for problem in error.problems]
            continue
        yield _File(name=target.name, place=place, sha256=target_sha256(target))


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or path.name


def _twice(document: Document, field: str, names: Sequence[str]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name in names[:index]:
            what = f"{name!r} is the name of another as well, and rows could not be told apart"
            yield document.problem("name-twice", (field, index), what, "give the file another name")


def _options_problems(document: Document, plan: Sweep) -> Iterator[Problem]:
    """What options cannot be together, whatever the target; what a target cannot do its runs say."""
    seen: set[str] = set()
    for code in plan.codes:
        run: dict[str, Any] = {"neurons": 1, "code": code, "seed": 0, "images": None}
        for problem in options_of(run | {"compile": plan.compile.model_dump(mode="json")}).problems():
            field = problem.where.removeprefix("--").replace("-", "_")
            if field not in seen:
                seen.add(field)
                what = f"with code {code}: {problem.what}"
                yield document.problem(problem.id, ("compile", field), what, problem.cure)


def _runs(plan: Sweep, circuits: Sequence[_File], targets: Sequence[_File]) -> Iterator[tuple[Factors, Task]]:
    for circuit, target, code, neurons, seed in product(circuits, targets, plan.codes, plan.neurons, plan.seeds):
        what: dict[str, Any] = {
            "circuit": circuit.name,
            "circuit_sha256": circuit.sha256,
            "target": target.name,
            "target_sha256": target.sha256,
            "code": code,
            "neurons": neurons,
            "seed": seed,
            "samples": plan.samples,
            "images": plan.images,
            "compile": plan.compile.model_dump(mode="json"),
        }
        factors = Factors(circuit=circuit.name, target=target.name, code=code, neurons=neurons, seed=seed)
        name = "-".join(re.sub(r"[^A-Za-z0-9_]+", "_", str(part)) for part in (circuit.name, target.name, code))
        yield (
            factors,
            Task(
                name=f"{name}-{neurons}-{seed}",
                work=MEASURE,
                what=what,
                where={"circuit": circuit.place, "target": target.place},
            ),
        )
