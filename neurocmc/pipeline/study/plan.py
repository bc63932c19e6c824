"""Reads a study of any family: variants of one recipe, seeds, and what is measured of each circuit.

    name: what the loop is worth
    family: written
    recipe: circuit.yaml
    variants:
      whole: {}
      weaker: {name: weaker, readouts: {winner: {window_ms: 20}}}
    seeds: [0, 1]
    measures: [circuit, {measure: mine.py:gain, with: {limit: 0.1}}]
    pictures: [mine.py:drawn]
    compile: {target: loihi1, neurons: 32}

A variant is what it changes of the recipe, field by field; a list is replaced as a whole.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError, NeurocmcError, Problem, raise_input_problems
from neurocmc.common.strict_yaml import Document, StrictModel, load_document
from neurocmc.pipeline.study.families import FAMILIES, CircuitFamily
from neurocmc.pipeline.study.measures import MEASURES, check_options
from neurocmc.pipeline.study.pictures import PICTURES
from neurocmc.pipeline.study.plugins import PlugIn, found, function_of, loaded
from neurocmc.targets import Code, load_target

MAX_RUNS = 10_000
Named = Annotated[str, Field(min_length=1, max_length=4096)]
VariantName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Compile(StrictModel):
    """The way in which circuits are compiled and verified."""

    target: str = Field(default="loihi1", min_length=1, max_length=4096)
    neurons: int = Field(default=32, ge=1, le=65_536)
    code: Code = "threshold"
    samples: int = Field(default=300, ge=1, le=1_000_000)  # test trials of each stimulus that judge the chip
    seeds: tuple[Seed, ...] | None = None  # compile these only; None: all
    variants: tuple[VariantName, ...] | None = None  # compile these only; None: all


class WithOptions(StrictModel):
    """A measure, and its arguments by name."""

    measure: Named
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any], alias="with")


class MeasuredStudy(StrictModel):
    """A study of any family as its YAML file has it."""

    name: str = Field(min_length=1, max_length=200)
    family: Named
    recipe: Named  # a file beside the study, or absolute
    variants: dict[VariantName, dict[str, Any]] = Field(min_length=1)
    seeds: tuple[Seed, ...] = Field(min_length=1)
    measures: tuple[Named | WithOptions, ...] = Field(min_length=1)
    pictures: tuple[Named, ...] = ()
    compile: Compile | None = None

    @model_validator(mode="after")
    def _is_a_plan(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds):
            raise FieldError("seeds lists one twice", "name each once")
        if (runs := len(self.variants) * len(self.seeds)) > MAX_RUNS:
            raise FieldError(f"{runs:,} runs, limit {MAX_RUNS:,}", "name fewer variants or seeds")
        compiled = () if self.compile is None else self.compile.variants or ()
        if unknown := [name for name in compiled if name not in self.variants]:
            raise FieldError(f"compile names {unknown[0]}, which is no variant", "name variants of this study")
        names = [_name_of(entry) for entry in self.measures]
        if len(set(names)) != len(names):
            raise FieldError("measures lists one twice", "name each once: their columns would be the same")
        files = [picture_name(name) for name in self.pictures]
        if len(set(files)) != len(files) or "measures" in files:
            cure = "name each once, and none `measures`, which is drawn of every study"
            raise FieldError("pictures has two of a name", cure)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A measure of a study."""

    plug: PlugIn
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant: its name, and the recipe as its family checked it."""

    name: str
    recipe: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A study that can be done: everything it names is there."""

    study: MeasuredStudy
    family: PlugIn
    suffix: str
    variants: tuple[Variant, ...]
    measures: tuple[Asked, ...]
    pictures: tuple[PlugIn, ...]
    target_text: str  # of the chip; "" where nothing is compiled


def is_measured(document: Document) -> bool:
    """Whether a file is a study of this form: it names a family, as studies of regions and ablations do not."""
    return "family" in document.data or "measures" in document.data


def load_plan(path: Path) -> Plan:
    """Returns a study of any family, with what it names.

    Raises InputError for every fault of the file, for families and measures that are not there, and for recipes that
    a family does not take.
    """
    document = load_document(path)
    study = document.validate(MeasuredStudy)
    problems: list[Problem] = []
    measures = tuple(_measures(document, study, path.parent, problems))
    pictures = tuple(_pictures(document, study, path.parent, problems))
    family, variants = _family(document, study, path, problems)
    text = ""
    if study.compile is not None:
        try:
            text = load_target(_target_place(study.compile.target, path.parent)).text
        except NeurocmcError as error:
            problems += [problem.inside(document.where("compile", "target")) for problem in error.problems]
    raise_input_problems(problems)
    assert family is not None
    suffix: str = loaded(family.place, family.sha256, FAMILIES.called).suffix
    return Plan(
        study=study,
        family=family,
        suffix=suffix,
        variants=variants,
        measures=measures,
        pictures=pictures,
        target_text=text,
    )


def picture_name(named: str) -> str:
    """Returns the name of the file that a picture is written to, without its ending."""
    return named.rpartition(":")[2]


def short_hash(value: Any) -> str:
    """Returns eight digits that plain data are told apart by in names of files."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]


def changed(recipe: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a recipe with the fields of a variant in the place of its own; mappings are gone into."""
    result = dict(recipe)
    for name, value in change.items():
        own = result.get(name)
        result[name] = changed(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
    return result


def _target_place(named: str, folder: Path) -> str:
    return str((folder / named).absolute()) if named.endswith((".yaml", ".yml")) else named


def _name_of(entry: str | WithOptions) -> str:
    return entry if isinstance(entry, str) else entry.measure


def _measures(document: Document, study: MeasuredStudy, folder: Path, problems: list[Problem]) -> Iterator[Asked]:
    for index, entry in enumerate(study.measures):
        arguments = {} if isinstance(entry, str) else entry.arguments
        try:
            plug = found(_name_of(entry), folder, MEASURES)
            check_options(plug, arguments)
        except NeurocmcError as error:
            problems += [problem.inside(document.where("measures", index)) for problem in error.problems]
            continue
        yield Asked(plug=plug, arguments=arguments)


def _pictures(document: Document, study: MeasuredStudy, folder: Path, problems: list[Problem]) -> Iterator[PlugIn]:
    for index, named in enumerate(study.pictures):
        try:
            plug = found(named, folder, PICTURES)
            function_of(plug, PICTURES, "draws")
        except NeurocmcError as error:
            problems += [problem.inside(document.where("pictures", index)) for problem in error.problems]
            continue
        yield plug


def _family(
    document: Document, study: MeasuredStudy, path: Path, problems: list[Problem]
) -> tuple[PlugIn | None, tuple[Variant, ...]]:
    """The family, and every variant as it checked it."""
    try:
        plug = found(study.family, path.parent, FAMILIES)
    except NeurocmcError as error:
        problems += [problem.inside(document.where("family")) for problem in error.problems]
        return None, ()
    family: CircuitFamily = loaded(plug.place, plug.sha256, FAMILIES.called)
    base = load_document(path.parent / study.recipe)
    variants: list[Variant] = []
    for name, change in study.variants.items():
        data = changed(base.data, change)
        merged = Document(filename=base.filename, text=base.text, data=data, lines=base.lines)
        try:
            variants.append(Variant(name=name, recipe=json.loads(json.dumps(family.checked(merged)))))
        except NeurocmcError as error:
            problems += [problem.inside(document.where("variants", name)) for problem in error.problems]
    return plug, tuple(variants)
