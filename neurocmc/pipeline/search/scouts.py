"""Has workers measure candidates ahead of a search, which then takes them in its own order.

A search asks for one candidate after the other and stops where its rules say. What a candidate comes to does not
depend on those before it, so that workers can measure the next few while one is asked for: what is found is the same,
number by number, and some of it is not needed in the end. The levels of a candidate do not travel, only what was
measured: the one that is chosen is compiled here.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from neurocmc.common.errors import InfeasibleError
from neurocmc.common.progress import Progress
from neurocmc.common.replacing import remove
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.pipeline.campaign.crew import Crew, crew_at
from neurocmc.pipeline.campaign.inputs import check_unaltered, circuit_sha256
from neurocmc.pipeline.campaign.kept import Kept
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.run import done_by, raise_first
from neurocmc.pipeline.campaign.task import Task
from neurocmc.pipeline.campaign.work import own_version
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.lower import stage
from neurocmc.pipeline.model import Model, StimulusSet, load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.search.tried import Tried, compiled, refused, some_trials
from neurocmc.targets import Code, Planes, SecondOrder, Steps, Target, parse_target

WORK = "neurocmc.pipeline.search.scouts:candidate"
CLUSTER = 16  # candidates at once on a cluster
SETTLED = ("source", "figures", "max_error")  # options that no candidate depends on


class TriedValue(StrictModel):
    """The fields of `Tried`."""

    neurons: Annotated[int, Field(ge=1, le=65_536)]
    error: Annotated[float, Field(ge=0, le=1e12)] | None
    worst: Annotated[str, Field(max_length=20_000)]
    code: Code
    second_order: SecondOrder | None
    steps: Steps
    planes: Planes
    cores: Annotated[int, Field(ge=0, le=10**9)]
    changed: Annotated[float, Field(ge=0, le=1)] | None
    missed: Annotated[int, Field(ge=0, le=10_000)]


class CandidateValue(StrictModel):
    """What is kept of a candidate."""

    tried: TriedValue


@dataclass(slots=True)
class Scouts:
    """Workers that measure candidates of one circuit on one target."""

    crew: Crew
    at_once: int
    shared: Mapping[str, Any]  # of every run
    where: Mapping[str, str]
    kept: Kept
    known: dict[CompileOptions, Tried] = field(default_factory=dict[CompileOptions, Tried])

    def tried(self, options: CompileOptions, next_ones: Sequence[CompileOptions]) -> Tried:
        """Returns what a candidate comes to, and has the next ones measured beside it, as many as there are workers.

        Raises InputError where workers fail.
        """
        if options not in self.known:
            asked = [one for one in (options, *next_ones) if one not in self.known][: self.at_once]
            tasks = {one: self._task(one) for one in asked}
            found = self.kept.read(tasks.values())
            left = [task for task in tasks.values() if task.name not in found]
            found |= done_by(self.crew, left, self.kept)
            raise_first([found[task.name] for task in tasks.values()])
            self.known |= {one: Tried(**found[task.name].value["tried"]) for one, task in tasks.items()}
        return self.known[options]

    def _task(self, options: CompileOptions) -> Task:
        chosen = {name: value for name, value in asdict(options).items() if name not in SETTLED}
        parts = (options.code, options.kernel, options.phases, options.second_order, options.planes, options.neurons)
        named = ("any" if part is None else re.sub(r"[^A-Za-z0-9]", "_", str(part)) for part in parts)
        return Task(name="-".join(named), work=WORK, what={**self.shared, "options": chosen}, where=self.where)


@contextmanager
def scouts_at(
    place: Place,
    model: Model,
    target: Target,
    options: CompileOptions,
    output: Path,
    staged_as: Mapping[str, Any] | None = None,
) -> Generator[Scouts | None]:
    """Yields workers that measure candidates of a model, None where the place is this process.

    What they measured is kept in `NAME.search` beside `output` until the search has its answer. `staged_as` are
    options that the search stages all candidates with, whatever their own. Raises InputError where what is kept is of
    another search, or workers cannot be had.
    """
    many = CLUSTER if place.scheduler is not None else place.workers
    if many < 2:
        yield None
        return
    folder = output.with_name(f"{output.name}.search")
    shared: dict[str, Any] = {
        "circuit_sha256": circuit_sha256(model),
        "target": target.text,
        "images": options.images,
        "staged_as": dict(staged_as or {}),
    }
    kept = Kept(folder=folder, version=own_version(), values={WORK: CandidateValue})
    where = {"circuit": str(model.path.absolute())}
    try:
        with crew_at(place, many) as crew:
            yield Scouts(crew=crew, at_once=many, shared=shared, where=where, kept=kept)
    except InfeasibleError:  # that is an answer as well
        remove(folder)
        raise
    remove(folder)


def candidate(what: dict[str, Any], where: Mapping[str, str], _progress: Progress) -> dict[str, Any]:
    """Compiles a candidate and measures it, as the search itself does; one that cannot be compiled says why."""
    given: dict[str, Any] = what["options"] | {"calibrate": tuple(what["options"]["calibrate"])}
    options = CompileOptions(**given)
    model, stimuli = _circuit(where["circuit"], what["images"], what["circuit_sha256"], options.calibrate)
    target = parse_target(what["target"], "target")
    try:
        staged = replace(options, **_staged_as(what["staged_as"], options))
        staging = stage(model.circuit, stimuli.calibration, target, staged, Clock())
        family_of(target).refuse(staging.staged, target, options)
        tried = compiled(staging, target, options, some_trials(stimuli.calibration)).tried
    except InfeasibleError as refusal:
        tried = refused(options, refusal)
    return {"tried": asdict(tried)}


def _staged_as(settled: Mapping[str, Any], options: CompileOptions) -> dict[str, Any]:
    """What the search stages a candidate with; a stand-in for kernels that the candidate names itself stays."""
    own = {"second_order": options.second_order} if options.second_order is not None else {}
    return {**settled, **(own if "second_order" in settled else {})}


@lru_cache(maxsize=1)
def _circuit(place: str, images: str | None, sha256: str, calibrate: tuple[str, ...]) -> tuple[Model, StimulusSet]:
    """The circuit with its stimuli, read once for all candidates that a process measures."""
    model = load(place, images)
    check_unaltered(place, circuit_sha256(model), sha256)
    return model, model.read_stimuli().calibrated_on(calibrate)


def sizes_from(options: CompileOptions, sizes: Sequence[int]) -> Iterator[CompileOptions]:
    """Yields the same options with each of these sizes."""
    return (replace(options, neurons=neurons) for neurons in sizes)
