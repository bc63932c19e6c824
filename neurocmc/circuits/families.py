"""Trains a recipe of any family to a checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurocmc.circuits import train as swta_training
from neurocmc.circuits.checkpoints import save_checkpoint
from neurocmc.circuits.cmc import train as cmc_training
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.memory_tasks import train as memory_training
from neurocmc.circuits.memory_tasks.recipe import TASKS, MemoryRecipe
from neurocmc.circuits.recipe import Recipe
from neurocmc.circuits.training import EpochReport
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.names import did_you_mean
from neurocmc.common.strict_yaml import Document, load_document

FAMILIES = ("cmc", "memory", "swta")

AnyRecipe = Recipe | CmcRecipe | MemoryRecipe


def load_recipe(path: Path) -> AnyRecipe:
    """Returns the recipe in a YAML file, of whichever family. Raises InputError with file and line of every fault."""
    return recipe_of(load_document(path))


def recipe_of(document: Document) -> AnyRecipe:
    """Returns the recipe that a document holds, of whichever family. Raises InputError with every fault."""
    match document.data.get("family", "swta"):  # where it is missing, either schema says so
        case "cmc":
            return document.validate(CmcRecipe)
        case "memory":
            schema = TASKS.get(str(document.data.get("task")))
            if schema is None:
                what = f"{document.data.get('task')!r} is not a task of the memory family"
                raise InputError(
                    document.problem(
                        "task-unknown",
                        ("task",),
                        what,
                        f"{did_you_mean(str(document.data.get('task')), TASKS)}tasks are {' and '.join(TASKS)}",
                    )
                )
            return document.validate(schema)
        case "swta":
            return document.validate(Recipe)
        case other:
            what = f"{other!r} is not a family of circuits that can be trained"
            raise InputError(
                document.problem(
                    "family-unknown",
                    ("family",),
                    what,
                    f"{did_you_mean(str(other), FAMILIES)}families are {', '.join(FAMILIES)}",
                )
            )


def train(
    recipe: AnyRecipe,
    output: Path,
    seed: int | None = None,
    progress: Callable[[EpochReport], None] | None = None,
    *,
    resume: bool = False,
) -> dict[str, Any]:
    """Trains `recipe`, writes the checkpoint to `output`, returns it. Raises InputError as the family's `train`."""
    if isinstance(recipe, CmcRecipe):
        return cmc_training.train(recipe, seed, progress, output=output, resume=resume)
    if resume:
        what = f"trainings of the {recipe.family} family take about a minute and keep no state to resume from"
        raise InputError(Problem("option-not-for-this", "--resume", what, "leave it out to train from the beginning"))
    checkpoint = (
        swta_training.train(recipe, seed, progress)
        if isinstance(recipe, Recipe)
        else memory_training.train(recipe, seed, progress)
    )
    save_checkpoint(checkpoint, output)
    return checkpoint
