"""Measures the runs of a study: the weights that a network started from, and those that training left."""

from collections.abc import Mapping

from neurocmc.campaigns import Made
from neurocmc.common.files import read_npz
from neurocmc.common.matrices import spectral_radius
from neurocmc.literature.connectome.family import recipe_of
from neurocmc.literature.connectome.graphs import entropy_bits, graph_measures
from neurocmc.literature.connectome.starts import first_weights, prior_of


def weights(made: Made) -> Mapping[str, float]:
    """Returns the entropy, spectral radius and graph measures of W; names that end in `_start` are of its start.

    Raises InputError for a circuit of another family, and where networkx is missing.
    """
    recipe = recipe_of(made.recipe)
    start = first_weights(recipe, prior_of(recipe, made.seed), made.seed)
    found: dict[str, float] = {}
    for suffix, matrix in (("_start", start), ("", read_npz(made.path)["W"])):
        measured = {
            "entropy_bits": entropy_bits(matrix),
            "radius": spectral_radius(matrix),
            **graph_measures(matrix, made.seed),
        }
        found |= {f"{name}{suffix}": value for name, value in measured.items()}
    return found
