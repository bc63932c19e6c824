"""The bundled three-region model: it is what its recipe says, and as good as its metrics say."""

import json
from pathlib import Path

import pytest
import torch

from neurocmc.circuits.cmc.evaluate import accuracy, ranges
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.families import load_recipe
from neurocmc.circuits.images import load_task

MODELS = Path(__file__).parents[2] / "models"


def test_the_bundled_model_is_as_good_as_it_says() -> None:
    path = MODELS / "cmc-v1v3.pt"
    assert path.stat().st_size < 3_000_000
    checkpoint = torch.load(path, weights_only=True)
    recipe = CmcRecipe.model_validate_json(json.dumps(checkpoint["recipe"]))
    assert recipe == load_recipe(MODELS / "cmc-v1v3.yaml").model_copy(update={"seed": checkpoint["seed"]})
    model = CmcModel(recipe)
    model.load_state_dict(checkpoint["state_dict"])
    test, told = load_task(recipe.task, recipe.images).test, checkpoint["metrics"]
    # Another machine's convolutions may round otherwise and move a digit or two.
    assert accuracy(model, test) == pytest.approx(told["accuracy"], abs=0.003)
    for name, value in ranges(model, test).items():
        assert told[name] == pytest.approx(value, rel=0.01), name
    assert told["circuit_parameters"] == model.circuit.live_parameters()
    assert told["accuracy"] >= 0.96
    assert max(told["ode_off_accuracy"], told["coupling_off_accuracy"]) < told["accuracy"] - 0.1
    assert told["weakest_signal"] > 0.05  # every population tells something about the digit
