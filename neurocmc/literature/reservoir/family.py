"""Is the family `reservoir-ei` of circuits: reservoirs that are drawn, balanced and chosen, and not trained."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.common.files import read_npz
from neurocmc.common.progress import Progress
from neurocmc.common.strict_yaml import Document
from neurocmc.literature.reservoir.candidates import best, calibration, judged
from neurocmc.literature.reservoir.equations import Reservoir
from neurocmc.literature.reservoir.recipe import ReservoirRecipe


class ReservoirFamily:
    """Makes reservoirs; each is a file of arrays."""

    suffix = ".npz"

    def checked(self, document: Document) -> Mapping[str, Any]:
        """Returns the recipe with its defaults. Raises InputError."""
        return document.validate(ReservoirRecipe).model_dump(mode="json")

    def make(self, recipe: Mapping[str, Any], seed: int, path: Path, progress: Progress) -> Mapping[str, float]:
        """Writes the reservoir of a seed; returns what was chosen, by what, and how strong its inhibition came to be.

        Raises InputError where a library that has the data is missing, and where the file cannot be written.
        """
        wanted = recipe_of(recipe)
        chosen = best(wanted, seed, progress)
        chosen.reservoir.model(calibration(wanted, seed), judged(wanted, seed)).save(path)
        excites = np.maximum(chosen.reservoir.weight, 0.0).sum()
        inhibits = np.maximum(-chosen.reservoir.weight, 0.0).sum()
        return {
            "gain": chosen.gain,
            "factor": chosen.factor,
            "target": chosen.target,
            "validation": chosen.validation,
            "inhibition_share": float(inhibits / (excites + inhibits)) if excites + inhibits > 0 else 0.0,
        }


def recipe_of(recipe: Mapping[str, Any]) -> ReservoirRecipe:
    """Returns a recipe that `checked` has returned, after JSON."""
    return Document.of(recipe).validate(ReservoirRecipe)


def read_reservoir(path: Path, recipe: ReservoirRecipe) -> Reservoir:
    """Returns the reservoir that a file of `make` holds. Raises InputError where it cannot be read."""
    arrays, kept = read_npz(path), 1.0 - recipe.pole
    return Reservoir(
        weight=arrays["W"] * kept / recipe.slope,
        enter=arrays["U"] * kept / recipe.slope,
        excitatory=recipe.excitatory,
        slope=recipe.slope,
        threshold=recipe.threshold,
        pole=recipe.pole,
    )


FAMILY = ReservoirFamily()
