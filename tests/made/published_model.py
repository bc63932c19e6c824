"""The published canonical-microcircuit model as a torch module, written for tests and benches from its equations.

Douglas, "Computing with Canonical Microcircuits" (2025). Layer names and shapes are those of the state dicts that the
public code saves; a node is computed at a time, population by population, as there, so that the time of a forward
pass stands for that code's. Nothing of neurocmc is used here.
"""

from typing import cast

import torch
from torch import Tensor, nn

STEPS = 20
STEP = 0.05
CLAMP = 100.0
GAINS = (8.0, 8.0, 16.0, 8.0, 8.0, 4.0, 8.0, 8.0, 4.0, 4.0, 4.0, 8.0)
TIME_CONSTANTS = (0.02, 0.02, 0.16, 0.28)  # ss, sp, ii, dp


class Retina(nn.Module):
    """ON and OFF centre-surround channels of two sizes, mixed, inhibited laterally, scaled, pooled to 14 x 14."""

    def __init__(self, input_channels: int, channels: int) -> None:
        super().__init__()
        for name, side in (("center_on", 3), ("center_off", 3), ("surround_on", 7), ("surround_off", 7)):
            setattr(self, name, nn.Conv2d(input_channels, channels // 4, side, padding=side // 2))
        self.combine = nn.Conv2d(channels, channels, 1)
        self.lateral_inhibition = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.gain_control = nn.Parameter(torch.ones(channels))

    def forward(self, images: Tensor) -> Tensor:
        rectified = [
            torch.relu(sign * cast(nn.Module, getattr(self, name))(images))
            for name, sign in (("center_on", 1), ("center_off", -1), ("surround_on", 1), ("surround_off", -1))
        ]
        mixed = self.combine(torch.cat(rectified, dim=1))
        inhibited = mixed - 0.1 * torch.relu(self.lateral_inhibition(mixed))
        scaled = inhibited * torch.sigmoid(self.gain_control)[:, None, None]
        return nn.functional.adaptive_avg_pool2d(scaled, (14, 14))


class Microcircuits(nn.Module):
    """`nodes` canonical microcircuits, eight states each: v and c of ss, sp, ii and dp in turn."""

    def __init__(self, nodes: int) -> None:
        super().__init__()
        self.nodes = nodes
        self.node_connectivity = nn.Parameter(0.1 * torch.randn(nodes, nodes))
        self.G = nn.ParameterList([nn.Parameter(torch.tensor(GAINS)) for _ in range(nodes)])
        self.T = nn.ParameterList([nn.Parameter(torch.tensor(TIME_CONSTANTS)) for _ in range(nodes)])
        self.adaptation = nn.Parameter(torch.ones(nodes))
        self.R = nn.Parameter(torch.ones(nodes))

    def forward(self, state: Tensor) -> Tensor:
        """The derivative (batch, 8 nodes) of the state."""
        state = state.clamp(-CLAMP, CLAMP)
        activity = [state[:, 8 * j : 8 * j + 8].mean(dim=1) for j in range(self.nodes)]
        change = torch.zeros_like(state)
        for i in range(self.nodes):
            v, c = state[:, 8 * i : 8 * i + 8 : 2], state[:, 8 * i + 1 : 8 * i + 8 : 2]
            ss, sp, ii, dp = (torch.sigmoid(self.R[i] * v) - 0.5).unbind(dim=1)
            other = torch.zeros_like(ss)
            for j in range(self.nodes):
                if j != i:
                    other = other + self.node_connectivity[i, j] * activity[j]
            g, t, speed = self.G[i], self.T[i], 0.1 * torch.sigmoid(self.adaptation[i])
            drive = (
                -g[0] * ss - g[2] * ii - g[1] * sp + other,
                g[7] * ss - g[6] * sp - g[11] * ii + other,
                g[4] * ss + g[5] * dp - g[3] * ii + g[10] * sp + other,
                -g[9] * dp - g[8] * ii + other,
            )
            for m in range(4):
                change[:, 8 * i + 2 * m] = speed * c[:, m]
                change[:, 8 * i + 2 * m + 1] = speed * (drive[m] - 2 * c[:, m] - v[:, m] / t[m]) / t[m]
        return change


class PublishedModel(nn.Module):
    """Retina, projection to the initial state, microcircuits for one unit of time, classifier of the final state."""

    def __init__(
        self, nodes: int, hidden: int = 128, classes: int = 10, input_channels: int = 1, retinal_channels: int = 32
    ) -> None:
        super().__init__()
        self.retina = Retina(input_channels, retinal_channels)
        self.input_projection = nn.Sequential(
            nn.Linear(14 * 14 * retinal_channels, hidden),
            nn.ReLU(),
            nn.BatchNorm1d(hidden),
            nn.Linear(hidden, 8 * nodes),
        )
        self.cmc = Microcircuits(nodes)
        self.classifier = nn.Sequential(
            nn.Linear(8 * nodes, hidden),
            nn.ReLU(),
            nn.BatchNorm1d(hidden),
            nn.Dropout(0.5),
            nn.Linear(hidden, hidden // 2),
            nn.ReLU(),
            nn.BatchNorm1d(hidden // 2),
            nn.Dropout(0.3),
            nn.Linear(hidden // 2, classes),
        )

    def initial_state(self, images: Tensor) -> Tensor:
        """(batch, 8 nodes) state at time 0 for images (batch, channels, height, width)."""
        return self.input_projection(self.retina(images).flatten(1))

    def trajectory(self, images: Tensor) -> Tensor:
        """(21, batch, 8 nodes) states at the times 0, 0.05 .. 1 by Euler's method."""
        state = self.initial_state(images)
        states = [state]
        for _ in range(STEPS):
            state = state + STEP * self.cmc(state)
            states.append(state)
        return torch.stack(states)

    def forward(self, images: Tensor) -> Tensor:
        """(batch, classes) scores."""
        return self.classifier(self.trajectory(images)[-1])
