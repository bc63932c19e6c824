"""Steps the published right-hand side by Euler's rule in torch, on raw states: what an imported circuit must follow.

Douglas, "Computing with Canonical Microcircuits" (2025), with the signs and the clamp of the public code. Nothing
here knows of the cascade of filters that the circuit is built from.
"""

import torch
from torch import Tensor

from neurocmc.common.arrays import Float
from neurocmc.frontends.published.file import CLAMP, STEP, CmcValues


class PublishedDynamics:
    """The derivative of raw states (batch, 8 nodes): v and c of ss, sp, ii, dp, node by node. In float64."""

    def __init__(self, cmc: CmcValues) -> None:
        self.nodes = cmc.nodes
        self.gains = torch.tensor(cmc.gains)
        self.time_constants = torch.tensor(cmc.time_constants)
        self.speed = torch.tensor(cmc.speed)[:, None]
        self.slope = torch.tensor(cmc.slope)[:, None]
        self.coupling = torch.tensor(cmc.connectivity).fill_diagonal_(0.0)

    def split(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns v and c, each (batch, nodes, 4)."""
        pairs = state.unflatten(1, (self.nodes, 4, 2))
        return pairs[..., 0], pairs[..., 1]

    def rates(self, state: Tensor) -> Tensor:
        """Returns (batch, nodes, 4) sigmoid(|R| v): activities of the rate populations."""
        return torch.sigmoid(self.slope.abs() * self.split(state)[0])

    def derivative(self, state: Tensor) -> Tensor:
        """Returns the derivative (batch, 8 nodes) of states in the unit of time of the model."""
        v, c = self.split(state.clamp(-CLAMP, CLAMP))
        ss, sp, ii, dp = (torch.sigmoid(self.slope * v) - 0.5).unbind(dim=2)
        g = self.gains.unbind(dim=1)
        other = (v + c).mean(dim=2) / 2 @ self.coupling.T
        drive = other[:, :, None] + torch.stack(
            [
                -g[0] * ss - g[1] * sp - g[2] * ii,
                g[7] * ss - g[6] * sp - g[11] * ii,
                g[4] * ss + g[10] * sp - g[3] * ii + g[5] * dp,
                -g[8] * ii - g[9] * dp,
            ],
            dim=2,
        )
        c_change = self.speed * (drive - 2 * c - v / self.time_constants) / self.time_constants
        return torch.stack([self.speed * c, c_change], dim=3).flatten(1)

    def step(self, state: Tensor) -> Tensor:
        """Returns the state one Euler step later."""
        return state + STEP * self.derivative(state)

    def largest(self, state: Float, steps: int) -> Float:
        """Returns (batch,) largest absolute raw state from `state` (batch, 8 nodes) on, over `steps`."""
        now = torch.tensor(state)
        largest = now.abs().amax(dim=1)
        for _ in range(steps):
            now = self.step(now)
            largest = torch.maximum(largest, now.abs().amax(dim=1))
        return largest.numpy()
