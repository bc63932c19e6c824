"""Solves for a threshold that is a multiple of the sum of what passes it, in closed form.

The rest state of a rectified population that inhibits all of itself alike is of this kind, as the projection onto
the simplex is: Martins & Astudillo, "From softmax to sparsemax", arXiv:1602.02068 (2016), whose threshold lets a
given sum pass, where this one lets pass what it is itself made of.
"""

import numpy as np

from neurocmc.common.arrays import Float


def self_threshold(values: Float, feedback: float) -> Float:
    """Returns the one t >= 0 with t = feedback sum_i [x_i - t]+, for each row.

    With the k largest values passing, t_k = feedback sum_{i<=k} x_i / (1 + feedback k). Value k + 1 passes t_k if
    and only if it passes t_{k+1}, which then is the larger, so that those that pass come first.

    Args:
        values: (..., values) x; of either sign.
        feedback: What each unit above the threshold adds to it, 0 or more.

    Returns:
        (...) thresholds; 0 where no value is above 0.

    Example:
        >>> self_threshold(np.array([[1.0, 0.5, 0.0]]), 1.0)
        array([0.5])
    """
    falling = -np.sort(-values, axis=-1)
    counted = np.arange(1, values.shape[-1] + 1)
    thresholds = feedback * np.cumsum(falling, axis=-1) / (1.0 + feedback * counted)
    passing = np.count_nonzero(falling > np.maximum(thresholds, 0.0), axis=-1)
    last = np.take_along_axis(thresholds, np.maximum(passing - 1, 0)[..., None], axis=-1)[..., 0]
    return np.where(passing > 0, last, 0.0)
