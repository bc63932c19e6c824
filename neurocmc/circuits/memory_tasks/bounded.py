"""Holds numbers that training moves, but never out of their interval: a sigmoid between a lower and an upper bound.

So a circuit is within its stable regime at every step of every training, and whatever finite numbers a checkpoint
holds, they give a sound circuit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Bound:
    """An interval, its ends allowed, and where in it training starts."""

    low: float
    high: float
    start: float


class BoundedNumbers(nn.Module):
    """Named scalars within bounds; what is trained, and saved under each name, is the argument of the sigmoid."""

    def __init__(self, bounds: Mapping[str, Bound]) -> None:
        super().__init__()
        self.bounds = dict(bounds)
        for name, bound in self.bounds.items():
            share = (bound.start - bound.low) / (bound.high - bound.low)
            self.register_parameter(name, nn.Parameter(torch.tensor(log(share / (1.0 - share)))))

    def value(self, name: str) -> Tensor:
        """Returns the number of that name, a scalar within its bound."""
        bound = self.bounds[name]
        return bound.low + (bound.high - bound.low) * torch.sigmoid(self.get_parameter(name))

    def values(self) -> dict[str, float]:
        """Returns all numbers as they are now."""
        return {name: float(self.value(name).detach()) for name in self.bounds}
