"""A reservoir small enough to be made, compiled and measured in seconds."""

from typing import Any

import yaml

from neurocmc.common.strict_yaml import Document
from neurocmc.literature.reservoir.family import FAMILY, recipe_of
from neurocmc.literature.reservoir.recipe import ReservoirRecipe

RECIPE: dict[str, Any] = {
    "family": "reservoir-ei",
    "units": 10,
    "density": 0.5,
    "gains": [0.5, 1],
    "targets": [0.5],
    "adaptation_steps": 200,
}


def document(**changes: Any) -> Document:
    """The recipe with some fields changed."""
    data = {**RECIPE, **changes}
    return Document(filename="recipe.yaml", text=yaml.safe_dump(data), data=data, lines={})


def recipe(**changes: Any) -> ReservoirRecipe:
    """The same, checked."""
    return recipe_of(FAMILY.checked(document(**changes)))
