"""A small recipe of the family, and random networks of it."""

from typing import Any

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.literature.ei_layers.equations import EiLayer, EiNetwork
from neurocmc.literature.ei_layers.recipe import Division, EiRecipe

SMALL: dict[str, Any] = {
    "family": "ei-layers",
    "size": 100,
    "layers": {"units": [8, 8], "division": ["each", "each"]},
    "training": {"epochs": 2, "batch_size": 16},
    "circuit": {"calibration_images": 8, "test_images": 4},
}
PIXELS = 30


def recipe(**changes: Any) -> EiRecipe:
    """The small recipe with some sections changed."""
    data = {name: dict(value) if isinstance(value, dict) else value for name, value in SMALL.items()}
    for name, change in changes.items():
        data[name] = {**data.get(name, {}), **change}
    for name in ("units", "division"):
        data["layers"][name] = tuple(data["layers"][name])
    return EiRecipe.model_validate(data)


def layer(seed: int, inputs: int, units: int, division: Division) -> EiLayer:
    """A layer of random weights that are not below 0."""
    rng, inhibitory = np.random.default_rng(seed), units // 4
    return EiLayer(
        w_ee=rng.exponential(size=(units, inputs)),
        w_ie=rng.exponential(size=(inhibitory, inputs)),
        w_ei=rng.random((1 if division == "one" else units, inhibitory)) / inhibitory,
        g_e=rng.random(units) + 0.5,
        g_i=rng.random(inhibitory) + 0.1,
        bias=0.5 + 0.3 * rng.normal(size=units),
        division=division,
        held=np.array([3.0]),
    )


def network(seed: int, divisions: tuple[Division, ...], units: int = 8, inputs: int = PIXELS) -> EiNetwork:
    """A network of random layers, with three classes."""
    rng = np.random.default_rng(seed)
    sizes = (inputs, *(units for _ in divisions))
    return EiNetwork(
        layers=tuple(layer(seed + n, sizes[n], units, division) for n, division in enumerate(divisions)),
        readout=rng.normal(size=(3, units)),
        readout_bias=0.1 * rng.normal(size=3),
        keep=0.5,
    )


def images(seed: int, count: int, pixels: int = PIXELS) -> Float:
    """Grey levels of which many are 0."""
    rng = np.random.default_rng(seed)
    return rng.random((count, pixels)) * (rng.random((count, pixels)) < 0.5)
