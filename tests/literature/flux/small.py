"""A recipe of few units and steps, and the circuits of it."""

from copy import deepcopy
from typing import Any

from neurocmc.common.strict_yaml import Document
from neurocmc.literature.flux.recipe import FluxRecipe

SMALL: dict[str, Any] = {
    "family": "flux-l5",
    "lesion": "embedded",
    "biases": "self-organised",
    "core": {"units": 8, "density": 0.5, "mean": 0.25, "std": 1.3, "gain": 6},
    "periphery": {"units": 12, "density": 0.3, "std": 2, "gain": 6, "to_core_std": 0.5, "from_core_std": 0.25},
    "interneurons": {"units": 4, "density": 0.5, "gain": 2, "excitation": 1, "inhibition": 1},
    "organise": {"rate": 0.01, "steps": 400},
    "run": {"trials": 2, "settle_steps": 20, "steps": 200, "calibration_trials": 2, "calibration_steps": 50},
}


def recipe(**changes: Any) -> FluxRecipe:
    """Returns the small recipe with fields changed; mappings are gone into."""
    return FluxRecipe.model_validate(data(**changes))


def data(**changes: Any) -> dict[str, Any]:
    """Returns the same as plain data."""
    fields = deepcopy(SMALL)
    for name, value in changes.items():
        fields[name] = {**fields[name], **value} if isinstance(value, dict) else value
    return fields


def document(**changes: Any) -> Document:
    """Returns the same as a file that was read."""
    return Document(filename="flux.yaml", text="", data=data(**changes), lines={})
