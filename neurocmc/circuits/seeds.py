"""Says which whole numbers are seeds of a training; free of torch, so that recipes can be read without it."""

from typing import Annotated, TypeVar

from pydantic import Field

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.strict_yaml import StrictModel

SEED_LIMIT = 2**32

Seed = Annotated[int, Field(ge=0, lt=SEED_LIMIT)]
Recipe = TypeVar("Recipe", bound=StrictModel)


def check_seed(seed: int) -> int:
    """Returns `seed`, if it is one. Raises InputError."""
    if not 0 <= seed < SEED_LIMIT:
        raise InputError(
            Problem(
                "seed-out-of-range",
                "seed",
                f"{seed} is not a seed",
                f"give a whole number in 0 .. {SEED_LIMIT - 1:,}",
            )
        )
    return seed


def with_seed(recipe: Recipe, seed: int | None) -> Recipe:
    """Returns the recipe with another seed, if one is given. Raises InputError where it is none."""
    return recipe if seed is None else recipe.model_copy(update={"seed": check_seed(seed)})
