"""Makes recurrent weights to start from: what is customary, what the connectome says, and matched controls."""

from pathlib import Path

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.matrices import spectral_radius
from neurocmc.literature.connectome.files import check_unchanged, read_prior
from neurocmc.literature.connectome.prior import LN_VOLUME_MEAN, LN_VOLUME_SD, Prior, generated
from neurocmc.literature.connectome.recipe import ConnectomeRecipe, Start
from neurocmc.literature.connectome.streams import stream


def prior_of(recipe: ConnectomeRecipe, seed: int) -> Prior:
    """Returns the cells of a recipe: drawn with the seed, or those of its file.

    Raises InputError where the file is not what it was when the recipe was checked.
    """
    if recipe.prior == "generated":
        return generated(recipe.units, seed)
    path = Path(recipe.prior.file)
    check_unchanged(path, recipe.prior.sha256)
    return read_prior(path, recipe.units)


def first_weights(recipe: ConnectomeRecipe, prior: Prior, seed: int) -> Float:
    """Returns (units, units) weights to start from, row = target, scaled to the radius of the recipe.

    `uniform` is torch's own start, U(-1/sqrt(units), 1/sqrt(units)), and is not scaled. Where weights stay positive,
    their sizes are taken before they are scaled. Raises InputError where cells have no loop of connections, so that
    no scale gives a radius.
    """
    weights = unscaled(recipe.start, prior, stream(seed, "start"))
    if recipe.training.positive_only:
        weights = np.abs(weights)
    return weights if recipe.start == "uniform" else weights * (recipe.radius / _radius(weights, recipe))


def unscaled(start: Start, prior: Prior, generator: np.random.Generator) -> Float:
    """Returns (units, units) weights of a start before they are scaled.

    Args:
        start: Its name; `w` are the strengths of the cells, `w-corr` and `w-sttc` their product with one measure of
            activity, `w-star` with both. `w-shuffled` puts the entries of `w-star` in other places, `w-bang` gives
            every cell the activity of another.
        prior: The cells.
        generator: Draws what is random in a start.
    """
    units = len(prior.weights)
    match start:
        case "uniform":
            return generator.uniform(-1.0, 1.0, (units, units)) / np.sqrt(units)
        case "orthogonal":
            return _orthogonal(units, generator)
        case "gaussian":
            return generator.standard_normal((units, units))
        case "lognormal":
            strengths = np.exp(generator.normal(LN_VOLUME_MEAN, LN_VOLUME_SD, (units, units)))
            return strengths * ~np.eye(units, dtype=np.bool_)
        case "w":
            return prior.weights
        case "w-corr":
            return prior.weights * prior.correlation
        case "w-sttc":
            return prior.weights * prior.tiling
        case "w-star":
            return star(prior)
        case "w-shuffled":
            return _shuffled(star(prior), generator)
        case "w-bang":
            other = generator.permutation(units)
            pairs = np.ix_(other, other)
            return prior.weights * prior.correlation[pairs] * prior.tiling[pairs]


def star(prior: Prior) -> Float:
    """Returns W*: strengths x correlation x spike time tiling, entry by entry."""
    return prior.weights * prior.correlation * prior.tiling


def _orthogonal(units: int, generator: np.random.Generator) -> Float:
    """A matrix of the orthogonal group, each as likely as any other."""
    q, r = np.linalg.qr(generator.standard_normal((units, units)))
    return q * np.sign(np.diag(r))


def _shuffled(weights: Float, generator: np.random.Generator) -> Float:
    """The entries off the diagonal in a random order."""
    off = ~np.eye(len(weights), dtype=np.bool_)
    result = np.zeros_like(weights)
    result[off] = generator.permutation(weights[off])
    return result


def _radius(weights: Float, recipe: ConnectomeRecipe) -> float:
    radius = spectral_radius(weights)
    if radius <= 1e-9 * max(float(np.abs(weights).max()), 1e-300):
        what = f"the {recipe.units} cells have no loop of connections: start {recipe.start} has spectral radius 0"
        raise InputError(Problem("field-inconsistent", "prior", what, "give more units, or a file of denser cells"))
    return radius
