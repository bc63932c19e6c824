"""Reads a study: regions x variants x seeds of one recipe, what each run came to, and where it stands on disk.

    DIR/runs/3-full-0/   checkpoint.pt and result.json; chip.json where the study compiles
    DIR/chips/3-full-0/  the artifact, where the study compiles

A run whose result.json is there is done, and never done again: a study that was killed goes on where it stopped.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import Field, model_validator

from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.wiring import Variant
from neurocmc.circuits.seeds import Seed
from neurocmc.circuits.study.result_files import RESULT_FORMAT, ChipFile, Regions, ResultFile, read_kept
from neurocmc.common.errors import FieldError, InputError, Problem, raise_input_problems
from neurocmc.common.files import json_text, write_file
from neurocmc.common.strict_yaml import StrictModel, load_document, load_model

VARIANTS: tuple[Variant, ...] = get_args(Variant)
MAX_RUNS = 10_000
RESULT, CHIP_RESULT, CHECKPOINT = "result.json", "chip.json", "checkpoint.pt"
PARTS = ("retina", "gaze", "circuit", "readout")  # of a model, each with its count of parameters in the metrics


class CompileRecipe(StrictModel):
    """The way in which trained circuits are compiled and verified."""

    target: str = Field(default="loihi1", min_length=1, max_length=4096)
    neurons: int = Field(default=32, ge=1, le=65_536)
    code: Literal["threshold", "rate"] = "threshold"
    samples: int = Field(default=300, ge=1, le=1_000_000)  # test images that judge the chip
    seeds: tuple[Seed, ...] | None = None  # compile these only; None: all


class FigureRecipe(StrictModel):
    """The content of figures of single runs; they are drawn for the first seed of each run named in `of`."""

    of: tuple[Variant, ...] = ("full",)
    images: int = Field(default=200, ge=10, le=10_000)  # test images in phase portraits
    landscape_points: int = Field(default=15, ge=0, le=101)  # along each direction; 0 draws none
    landscape_images: int = Field(default=200, ge=10, le=10_000)  # training images the loss is the mean of
    landscape_reach: float = Field(default=1.0, gt=0, le=10)

    @model_validator(mode="after")
    def _has_a_middle(self) -> Self:
        if self.landscape_points and (self.landscape_points < 3 or self.landscape_points % 2 == 0):
            what = "landscape_points is 0 or an odd number of at least 3, so that the model is on the grid"
            raise FieldError(what, f"give {self.landscape_points + 1}, or 0 for no landscape")
        return self


class Study(StrictModel):
    """A study as its YAML file has it; `recipe` is a file of `neurocmc train`, family cmc, beside it or absolute."""

    name: str = Field(min_length=1, max_length=200)
    recipe: str = Field(min_length=1, max_length=4096)
    regions: tuple[Regions, ...] = Field(min_length=1)
    variants: tuple[Variant, ...] = Field(default=VARIANTS, min_length=1)
    seeds: tuple[Seed, ...] = Field(min_length=1)
    epochs: int | None = Field(default=None, ge=1, le=10_000)  # instead of the recipe's
    images: int | None = Field(default=None, ge=50, le=1_000_000)  # instead of the recipe's
    compile: CompileRecipe | None = None
    figures: FigureRecipe = Field(default_factory=FigureRecipe)

    @model_validator(mode="after")
    def _is_a_plan(self) -> Self:
        for field in ("regions", "variants", "seeds"):
            values = getattr(self, field)
            if len(set(values)) != len(values):
                raise FieldError(f"{field} lists one twice", "name each once")
        if (runs := len(self.regions) * len(self.variants) * len(self.seeds)) > MAX_RUNS:
            raise FieldError(f"{runs:,} runs, limit {MAX_RUNS:,}", "name fewer regions, variants or seeds")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a study: its recipe, and the folders it has to itself."""

    regions: int
    variant: Variant
    seed: int
    recipe: CmcRecipe
    study: Path  # the study's folder

    @property
    def key(self) -> tuple[int, str, int]:
        return self.regions, self.variant, self.seed

    @property
    def name(self) -> str:
        return f"{self.regions}-{self.variant}-{self.seed}"

    @property
    def folder(self) -> Path:
        return self.study / "runs" / self.name

    @property
    def checkpoint(self) -> Path:
        return self.folder / CHECKPOINT

    @property
    def chip(self) -> Path:
        return self.study / "chips" / self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a run. `metrics` are those of its checkpoint, measured on the test images."""

    regions: int
    variant: str
    seed: int
    accuracy: float
    parameters: int  # of the whole model
    circuit_parameters: int  # at work in the circuit
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipResult:
    """The result of a compiled run, judged on `samples` test images; or why it was not compiled."""

    refused: str = ""
    samples: int = 0
    neurons: int = 0
    # Of the emulator, on ideal targets of Brian2, against the rate circuit on the same images:
    agreement: float | None = None  # of decisions
    accuracy_drop: float | None = None
    nrmse: float | None = None  # of the worst population
    missed: str = ""  # the budgets that are missed; all edges stand in the artifact's verify.json

    @property
    def passed(self) -> bool:
        return not self.missed and not self.refused


def load_study(path: Path, folder: Path) -> tuple[Study, tuple[Run, ...]]:
    """Returns a study and its runs: all regions and variants with the first seed, then with the next.

    One region has no feedback to take away: there feedforward-only would be the full circuit again and is left out.
    Raises InputError for every fault of the study's file, for a recipe that is none of family cmc, and for a variant
    or number of regions that the recipe cannot have.
    """
    study = load_document(path).validate(Study)
    recipe_path = path.parent / study.recipe  # an absolute path stays what it is
    base = load_model(recipe_path, CmcRecipe)
    problems: list[Problem] = []
    circuits: list[tuple[int, Variant, CmcRecipe]] = []
    for regions in study.regions:
        for variant in study.variants:
            if regions == 1 and variant == "feedforward-only":
                continue
            recipe = _recipe(base, study, regions, variant, problems, str(path))
            if recipe is not None:
                circuits.append((regions, variant, recipe))
    # Seeds outermost: whoever looks early sees every variant.
    runs = [
        Run(
            regions=regions, variant=variant, seed=seed, recipe=recipe.model_copy(update={"seed": seed}), study=folder
        )
        for seed in study.seeds
        for regions, variant, recipe in circuits
    ]
    if not runs and not problems:
        problems.append(
            Problem(
                "study-recipe", str(path), "feedforward-only with one region is not possible", "give more regions"
            )
        )
    raise_input_problems(problems)
    return study, tuple(runs)


def _recipe(
    base: CmcRecipe, study: Study, regions: int, variant: Variant, problems: list[Problem], where: str
) -> CmcRecipe | None:
    """The base recipe with regions, variant and the study's own choices, checked as a whole."""
    plain: dict[str, Any] = base.model_dump(mode="python")
    plain["circuit"] |= {"regions": regions, "variant": variant}
    if variant == "ode-off":  # what disturbs filters has no place where there are none
        plain["training"] |= {"rate_noise": 0.0, "relay_noise": 0.0}
        plain["training"].pop("pools", None)
    if study.epochs is not None:
        plain["training"]["epochs"] = study.epochs
    if study.images is not None:
        plain["images"] = study.images
    try:
        return CmcRecipe.model_validate(plain)
    except ValueError as error:
        reason = " ".join(str(error).split())[:300]
        cure = "change the recipe, or leave this out of the study"
        problems.append(Problem("study-recipe", where, f"{regions} regions, variant {variant}: {reason}", cure))
        return None


def read_result(run: Run) -> Result | None:
    """Reads the result of a run that is done; returns None for one that is not.

    Raises InputError where the file is damaged, or of another recipe: results of two recipes must not stand in one
    table.
    """
    found = read_kept(run.folder / RESULT, ResultFile)
    if found is None:
        return None
    kept = found.result
    if not _is_of(found.recipe, run.recipe) or (kept.regions, kept.variant, kept.seed) != run.key:
        what = "the result was made with another recipe than the study has now"
        raise InputError(
            Problem("study-other-recipe", str(run.folder), what, "name another output folder, or delete this run")
        )
    return Result(**kept.model_dump())


def _is_of(kept: dict[str, Any], recipe: CmcRecipe) -> bool:
    """Whether a recipe as JSON is `recipe`; a field that is newer than the JSON counts as its default."""
    try:
        return CmcRecipe.model_validate_json(json.dumps(kept)) == recipe
    except ValueError:
        return False


def write_result(run: Run, checkpoint: Mapping[str, Any]) -> Result:
    """Writes and returns the result of a run that has its checkpoint."""
    metrics: dict[str, float] = dict(checkpoint["metrics"])
    result = Result(
        regions=run.regions,
        variant=run.variant,
        seed=run.seed,
        accuracy=metrics["accuracy"],
        parameters=sum(int(metrics[f"{part}_parameters"]) for part in PARTS),
        circuit_parameters=int(metrics["circuit_parameters"]),
        metrics=metrics,
    )
    content = {"format": RESULT_FORMAT, "recipe": run.recipe.model_dump(mode="json"), "result": asdict(result)}
    write_file(run.folder / RESULT, json_text(content))
    return result


def read_chip_result(run: Run, options: CompileRecipe) -> ChipResult | None:
    """Returns the verdict on a compiled run, None if there is none yet or it was reached with other options."""
    found = read_kept(run.folder / CHIP_RESULT, ChipFile)
    if found is None or found.options != options.model_dump(mode="json", exclude={"seeds"}):
        return None
    return ChipResult(**found.chip.model_dump())


def write_chip_result(run: Run, options: CompileRecipe, chip: ChipResult) -> None:
    """Keeps the verdict on a compiled run."""
    content = {
        "format": RESULT_FORMAT,
        "options": options.model_dump(mode="json", exclude={"seeds"}),
        "chip": asdict(chip),
    }
    write_file(run.folder / CHIP_RESULT, json_text(content))


def group(results: Iterable[Result]) -> dict[tuple[int, str], list[Result]]:
    """Returns results by regions and variant, in the order in which they come, seeds together."""
    groups: dict[tuple[int, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.regions, result.variant), []).append(result)
    return groups
