"""The recipes that come with neurocmc: every one is sound, and those of one task differ in size alone."""

from pathlib import Path

import pytest

from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.families import load_recipe
from neurocmc.circuits.recipe import Recipe
from neurocmc.common.errors import InputError

MODELS = Path(__file__).parents[2] / "models"
REGIONS = {"v1": 1, "v1v2": 2, "v1v3": 3, "v1v4": 4, "v1v5": 5, "v1-fashion": 1, "v1v3-fashion": 3}


def bundled(name: str) -> CmcRecipe:
    recipe = load_recipe(MODELS / f"cmc-{name}.yaml")
    assert isinstance(recipe, CmcRecipe)
    return recipe


def test_every_bundled_recipe_is_known_here() -> None:
    assert {path.stem for path in MODELS.glob("cmc-*.yaml")} == {f"cmc-{name}" for name in REGIONS}
    assert isinstance(load_recipe(MODELS / "swta-digits.yaml"), Recipe)


@pytest.mark.parametrize("name", REGIONS)
def test_bundled_recipes_make_models_that_fit_a_chip(name: str) -> None:
    recipe = bundled(name)
    circuit = recipe.circuit
    assert circuit.regions == REGIONS[name]
    assert recipe.task == ("fashion-mnist" if "fashion" in name else "mnist-5k")
    assert 30 <= recipe.ticks <= 64
    model = CmcModel(recipe)
    assert model.circuit.units == circuit.regions * 4 * circuit.columns
    # Pools and relays of the four populations, and an axon for every coupled column: what one Loihi holds at N = 64.
    assert circuit.columns * (16 * circuit.regions + 3 * (circuit.regions - 1) * circuit.fan_in) <= 1500


@pytest.mark.parametrize("name", ["v1v2", "v1v3", "v1v4", "v1v5"])
def test_depth_is_all_that_differs(name: str) -> None:
    one, other = bundled("v1").model_dump(), bundled(name).model_dump()
    for recipe in (one, other):
        for size in ("regions", "columns", "fan_in", "coupling"):
            recipe["circuit"].pop(size)
        recipe["training"].pop("epochs")
    assert one == other


def test_another_family_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("family: [cmc]\ntask: mnist-5k\n")
    with pytest.raises(InputError, match=r"r\.yaml:1: family: \['cmc'\] .*\[family-unknown\]"):
        load_recipe(path)
    path.write_text("task: mnist-5k\n")
    with pytest.raises(InputError, match=r"family: .*\[field-missing\]"):
        load_recipe(path)
