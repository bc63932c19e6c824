"""Draws the core, the periphery around it, and the interneurons between.

core          dense, excitation prevails; the mean of its weights is above 0
periphery     sparse, of both signs, biased to its middle, so that it never comes to rest
interneurons  excited by the core, and inhibiting it
"""

import numpy as np

from neurocmc.common.arrays import Bool, Float
from neurocmc.common.draws import stream
from neurocmc.literature.flux.network import ANATOMY, Network
from neurocmc.literature.flux.recipe import FluxRecipe


def drawn(recipe: FluxRecipe, seed: int) -> Network:
    """Returns the core in its embedding, the core without biases of its own."""
    core, periphery, interneurons = recipe.core, recipe.periphery, recipe.interneurons
    k, p, i = core.units, periphery.units, interneurons.units
    generator = stream(seed, ANATOMY)
    weight = np.zeros((k + p + i, k + p + i))
    inner, outer, between = slice(0, k), slice(k, k + p), slice(k + p, k + p + i)
    weight[inner, inner] = (
        _connected(generator, k, k, core.density) * generator.normal(core.mean, core.std, (k, k)) / np.sqrt(k)
    )
    around = periphery.density
    weight[outer, outer] = periphery.std * _signed(generator, p, p, around)
    weight[inner, outer] = periphery.to_core_std * _signed(generator, k, p, around)
    weight[outer, inner] = periphery.from_core_std * _signed(generator, p, k, around)
    weight[between, inner] = interneurons.excitation * _positive(generator, i, k, interneurons.density)
    weight[inner, between] = -interneurons.inhibition * _positive(generator, k, i, interneurons.density)
    bias = np.zeros(k + p + i)
    bias[outer] = anchor(weight[outer, outer])
    return Network(
        sizes={"core": k, "periphery": p, "interneurons": i},
        weight=weight,
        gain=np.repeat([core.gain, periphery.gain, interneurons.gain], [k, p, i]),
        bias=bias,
    )


def anchor(weight: Float) -> Float:
    """Returns the biases -1/2 sum_j W_ij, with which a unit whose sources are all at 1/2 is at 1/2 itself."""
    return -0.5 * weight.sum(axis=1)


def _connected(generator: np.random.Generator, targets: int, sources: int, density: float) -> Bool:
    return generator.random((targets, sources)) < density


def _signed(generator: np.random.Generator, targets: int, sources: int, density: float) -> Float:
    """Weights whose sum over random sources has a standard deviation of 1, for sources of 1."""
    connected = _connected(generator, targets, sources, density)
    return connected * generator.standard_normal((targets, sources)) / np.sqrt(density * sources)


def _positive(generator: np.random.Generator, targets: int, sources: int, density: float) -> Float:
    """Half-normal weights whose sum has a mean of 1."""
    connected = _connected(generator, targets, sources, density)
    halves = np.abs(generator.standard_normal((targets, sources))) / np.sqrt(2 / np.pi)
    return connected * halves / (density * sources)
