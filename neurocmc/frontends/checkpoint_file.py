"""Checks a checkpoint of `neurocmc train`: an archive's plain data become a checked recipe and model.

What `circuits.archive` let in is tensors and plain values, of any size and form. The model of the recipe is built
without memory first, so that a recipe of any size costs nothing until the tensors of the file were found to fit it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from neurocmc.circuits.archive import MAX_SHOWN, RETRAIN, Archive, listed, plain_values, shown, state_problems
from neurocmc.circuits.checkpoints import FORMAT, VERSION
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.memory_tasks.model import MemoryModel
from neurocmc.circuits.memory_tasks.recipe import TASKS, MemoryRecipe
from neurocmc.circuits.model import DigitModel
from neurocmc.circuits.recipe import Recipe
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.strict_yaml import field_name
from neurocmc.common.yaml_complaints import checked
from neurocmc.ir.codec import is_unicode

FAMILIES = ("swta", "cmc", "memory")
_KEYS = ("format", "version", "family", "recipe", "seed", "metrics", "state_dict")
_LARGEST_METRIC = 1e300  # an int beyond what a float holds is no measurement


AnyRecipe = Recipe | CmcRecipe | MemoryRecipe
AnyModel = DigitModel | CmcModel | MemoryModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckpointFile:
    """The content of a sound checkpoint."""

    path: Path
    sha256: str
    family: str
    recipe: AnyRecipe
    seed: int
    metrics: Mapping[str, float]
    model: AnyModel  # float32, as trained, in evaluation mode; of the recipe's family


def check_checkpoint(archive: Archive, path: Path) -> CheckpointFile:
    """Returns the checkpoint of `neurocmc train` in an archive. Raises InputError with all that is wrong."""
    where, plain = str(path), archive.plain
    raise_input_problems(_header_problems(plain, where))
    recipe = _recipe(plain["recipe"], plain["family"], where)
    raise_input_problems(_seed_and_metrics_problems(plain, where))
    state = cast(dict[str, Tensor], plain["state_dict"])
    with torch.random.fork_rng(devices=[]):  # of a size that the recipe's own limits bound
        model = _model(recipe)
    raise_input_problems(state_problems(state, model.state_dict(), "state_dict", where))
    model.load_state_dict(state)
    raise_input_problems(_value_problems(model, where))
    return CheckpointFile(
        path=path,
        sha256=archive.sha256,
        family=plain["family"],
        recipe=recipe,
        seed=plain["seed"],
        metrics=plain["metrics"],
        model=model.eval(),
    )


def _model(recipe: AnyRecipe) -> AnyModel:
    match recipe:
        case CmcRecipe():
            return CmcModel(recipe)
        case Recipe():
            return DigitModel(recipe)
        case _:
            return MemoryModel(recipe)


def _header_problems(plain: dict[str, Any], where: str) -> Iterable[Problem]:
    if plain.get("format") != FORMAT:
        got = f"got {shown(plain['format'])}" if "format" in plain else f"its keys are {listed(plain)}"
        yield Problem("format-version", where, f"format should be {FORMAT!r} ({got})", RETRAIN)
        return
    missing = [key for key in _KEYS if key not in plain]
    extra = [key for key in plain if key not in _KEYS]
    if missing:
        yield Problem("entries-missing", where, f"lacks {listed(missing)}", RETRAIN)
    if extra:
        yield Problem(
            "entries-unknown",
            where,
            f"holds unknown entries {listed(extra)}",
            "remove them, or use the version of neurocmc that wrote them",
        )
    if "version" in plain and (type(plain["version"]) is not int or plain["version"] != VERSION):
        what = f"version {shown(plain['version'])} of the format; this neurocmc reads {VERSION}"
        newer = type(plain["version"]) is int and plain["version"] > VERSION
        yield Problem(
            "format-version",
            where,
            what,
            "use the version of neurocmc that wrote it, or a newer one" if newer else RETRAIN,
        )
    if "family" in plain and plain["family"] not in FAMILIES:
        yield Problem(
            "family-unknown",
            where,
            f"unknown family {shown(plain['family'])}",
            f"known families: {', '.join(FAMILIES)}",
        )
    for key in ("recipe", "metrics", "state_dict"):
        if key in plain and not isinstance(plain[key], dict):
            yield Problem("entry-not-a-dict", where, f"{key} should be a dict (got {shown(plain[key])})", RETRAIN)


def _recipe(data: dict[str, Any], family: str, where: str) -> AnyRecipe:
    data = plain_values(data, "recipe", where)
    if data.get("family") != family:
        what = f"recipe.family should be {family!r}, as the checkpoint's (got {shown(data.get('family'))})"
        raise InputError(Problem("recipe-other-family", where, what, RETRAIN))
    schema = {"swta": Recipe, "cmc": CmcRecipe}.get(family) or TASKS.get(str(data.get("task")))
    if schema is None:
        what = f"unknown task {shown(data.get('task'))} of the memory family"
        raise InputError(Problem("task-unknown", f"{where}: recipe.task", what, f"known tasks: {', '.join(TASKS)}"))
    recipe, faults = checked(data, schema)
    if recipe is None:
        raise InputError(
            Problem(fault.id, where, f"{field_name(('recipe', *fault.path))}: {fault.what}", fault.cure)
            for fault in faults
        )
    return recipe


def _seed_and_metrics_problems(plain: dict[str, Any], where: str) -> Iterable[Problem]:
    if type(plain["seed"]) is not int or plain["seed"] < 0:
        yield Problem(
            "seed-out-of-range",
            where,
            f"seed should be a whole number from 0 up (got {shown(plain['seed'])})",
            RETRAIN,
        )
    for name, value in cast(dict[Any, Any], plain["metrics"]).items():
        if not isinstance(name, str) or not is_unicode(name):
            yield Problem("field-wrong", where, f"metrics holds a name that is not text ({shown(name)!a})", RETRAIN)
        elif type(value) not in (int, float) or not abs(value) <= _LARGEST_METRIC:
            what = f"metrics.{name[:MAX_SHOWN]} should be a finite number (got {shown(value)})"
            yield Problem("field-wrong", where, what, RETRAIN)


def _value_problems(model: AnyModel, where: str) -> Iterable[Problem]:
    """Numbers that are finite and of the right shape, and yet no circuit; only those of an swta can be such."""
    problems = model.circuit.values().problems() if isinstance(model, DigitModel) else ()
    return (problem.inside(where) for problem in problems)
