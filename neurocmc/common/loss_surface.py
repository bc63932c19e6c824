"""Holds loss and accuracy around a trained model: measured where it is trained, drawn where there is no torch."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, set_frozen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LossSurface:
    """Loss around a trained model, over two directions in the space of its parameters.

    `loss[i, j]` is the loss at first[i] times the first direction plus second[j] times the second; 0, 0 is the model.
    The directions have the norm of the parameters, filter by filter (Li et al., NeurIPS 2018).
    """

    first: Float  # (points,)
    second: Float  # (points,)
    loss: Float  # (points of first, points of second) mean cross-entropy [nats]
    accuracy: Float  # the same shape

    def __post_init__(self) -> None:
        for field in ("first", "second"):
            set_frozen(self, field, np.float64, (None,))
        for field in ("loss", "accuracy"):
            set_frozen(self, field, np.float64, (len(self.first), len(self.second)))
