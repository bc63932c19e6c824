"""Trains circuits of the families cmc, memory and swta for studies, as `neurocmc train` does."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurocmc.common.errors import InputError
from neurocmc.common.extras import need
from neurocmc.common.progress import Progress
from neurocmc.common.strict_yaml import Document


@dataclass(frozen=True, slots=True)
class Trained:
    """What is trained by gradient from a recipe of `neurocmc train`."""

    family: str
    suffix: str = ".pt"

    def checked(self, document: Document) -> Mapping[str, Any]:
        """Returns the recipe with its defaults. Raises InputError."""
        need("torch", document.filename, "a study of trained circuits")
        from neurocmc.circuits.families import recipe_of  # here and not above: torch takes seconds to import

        recipe = recipe_of(document)
        if recipe.family != self.family:
            what = f"is of the family {recipe.family}, and the study of {self.family}"
            raise InputError(document.problem("study-recipe", ("family",), what, f"write family: {recipe.family}"))
        return recipe.model_dump(mode="json")

    def make(self, recipe: Mapping[str, Any], seed: int, path: Path, progress: Progress) -> Mapping[str, float]:
        """Trains, from where an earlier call was stopped if it was, and returns the metrics of the checkpoint."""
        need("torch", str(path), "training")
        from neurocmc.circuits.cmc.resume import state_path
        from neurocmc.circuits.families import recipe_of, train
        from neurocmc.circuits.training import epochs_told

        document = Document.of(recipe, path.name)
        begun = os.path.lexists(state_path(path))
        made = train(recipe_of(document), path, seed, epochs_told(progress), resume=begun)
        metrics: dict[str, float] = made["metrics"]
        return metrics


CMC, MEMORY, SWTA = Trained("cmc"), Trained("memory"), Trained("swta")
