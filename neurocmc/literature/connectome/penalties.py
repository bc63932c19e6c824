"""Holds recurrent weights to distances and to communicability, with gradients; needs torch.

Spatially embedded networks are those of Achterberg, Akarca, Strouse, Duncan and Astle 2023, Nature Machine
Intelligence. Communicability says how well two units reach each other over all paths, short ones counting most.
"""

from collections.abc import Callable
from itertools import product

import numpy as np
import torch
from torch import Tensor

from neurocmc.common.arrays import Float
from neurocmc.literature.connectome.prior import Prior, distances
from neurocmc.literature.connectome.recipe import PenaltyRecipe
from neurocmc.literature.connectome.starts import star

_LEAST_STRENGTH = 1e-6  # of a unit, so that one without connections divides by no 0


def penalty_of(recipe: PenaltyRecipe, prior: Prior) -> Callable[[Tensor], Tensor]:
    """Returns the penalty of (units, units) weights, a scalar without its strength."""
    match recipe.kind:
        case "l1":
            return lambda weights: weights.abs().sum()
        case "spatial":
            between = prior.positions_um if recipe.distances == "cells" else grid(len(prior.weights))
            lengths = torch.tensor(mean_one(distances(between)), dtype=torch.float32)
            return lambda weights: (weights.abs() * lengths * communicability(weights)).sum()
        case "communicability":
            wanted = _entries(communicability(torch.tensor(star(prior), dtype=torch.float32)))
            return lambda weights: earth_movers_distance(_entries(communicability(weights)), wanted)


def communicability(weights: Tensor) -> Tensor:
    """Returns C = exp(S^-1/2 |W| S^-1/2); S holds the strength of each unit, half of what it sends and receives."""
    size = weights.abs()
    strength = (0.5 * (size.sum(dim=0) + size.sum(dim=1))).clamp(min=_LEAST_STRENGTH)
    return torch.linalg.matrix_exp(size / (strength[:, None] * strength).sqrt())


def earth_movers_distance(ours: Tensor, theirs: Tensor) -> Tensor:
    """Returns the mean way from one set of numbers to as many others, the least there is: both in their order."""
    return (ours.sort().values - theirs.sort().values).abs().mean()


def grid(units: int) -> Float:
    """Returns (units, 3) places on the smallest cubic grid that holds so many, filled row by row."""
    side = next(side for side in range(1, units + 1) if side**3 >= units)
    return np.array(list(product(range(side), repeat=3)), dtype=np.float64)[:units]


def mean_one(lengths: Float) -> Float:
    """Returns distances over their mean between different units, so that one strength serves all kinds."""
    off = ~np.eye(len(lengths), dtype=np.bool_)
    return lengths / lengths[off].mean()


def _entries(matrix: Tensor) -> Tensor:
    """Those off the diagonal, in a row."""
    return matrix[~torch.eye(len(matrix), dtype=torch.bool)]
