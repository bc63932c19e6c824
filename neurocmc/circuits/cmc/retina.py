"""Models the eye, which stays on the host: a retina of ON and OFF channels, and a gaze that sweeps over its map.

The retina follows Douglas, Computing with Canonical Microcircuits (2025): centre and surround convolutions with
independent ON and OFF weights, a 1x1 mixture, lateral inhibition, gain control, adaptive average pooling.
"""

import torch
from torch import Tensor, nn

from neurocmc.circuits.cmc.recipe import GazeRecipe, RetinaRecipe

CENTRE, SURROUND = 3, 7  # sides of the receptive fields, pixels
_INHIBITION = 0.1


class Retina(nn.Module):
    """Images (batch, inputs, height, width) in [0, 1] to maps (batch, mixed, grid, grid)."""

    def __init__(self, recipe: RetinaRecipe) -> None:
        super().__init__()
        # The first half of the channels are ON, the second OFF: each has weights of its own.
        self.centre = nn.Conv2d(recipe.inputs, 2 * recipe.channels, CENTRE, padding=CENTRE // 2)
        self.surround = nn.Conv2d(recipe.inputs, 2 * recipe.channels, SURROUND, padding=SURROUND // 2)
        self.mix = nn.Conv2d(4 * recipe.channels, recipe.mixed, 1)
        self.lateral = nn.Conv2d(recipe.mixed, recipe.mixed, 3, padding=1, groups=recipe.mixed)
        self.gain = nn.Parameter(torch.ones(recipe.mixed, 1, 1))
        self.pool = nn.AdaptiveAvgPool2d(recipe.grid)
        signs = torch.ones(2 * recipe.channels, 1, 1)
        signs[recipe.channels :] = -1.0
        self.register_buffer("signs", signs, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Maps (batch, mixed, grid, grid)."""
        signs = self.get_buffer("signs")
        maps = torch.relu(torch.cat([signs * self.centre(images), signs * self.surround(images)], dim=1))
        mixed = self.mix(maps)
        mixed = mixed - _INHIBITION * torch.relu(self.lateral(mixed))
        return self.pool(mixed * torch.sigmoid(self.gain))


class Gaze(nn.Module):
    """Retinal maps to drives (batch, glimpses, columns) in [-drive, drive], one shared linear layer for all glimpses.

    The image is never seen at once: what a glimpse showed is gone when the next one comes, and only a circuit with
    memory can bring them together.
    """

    def __init__(self, recipe: GazeRecipe, retina: RetinaRecipe, columns: int) -> None:
        super().__init__()
        self.drive = recipe.drive
        self.windows = windows(recipe, retina.grid)
        rows, width = self.windows[0]
        cells = (rows.stop - rows.start) * (width.stop - width.start)
        self.encode = nn.Linear(retina.mixed * cells, columns)

    def forward(self, maps: Tensor) -> Tensor:
        """Returns drives (batch, glimpses, columns)."""
        glimpses = torch.stack([maps[:, :, rows, columns].flatten(1) for rows, columns in self.windows], dim=1)
        return self.drive * torch.tanh(self.encode(glimpses))


def windows(recipe: GazeRecipe, grid: int) -> tuple[tuple[slice, slice], ...]:
    """Returns (rows, columns) of each glimpse in order: strips from left to right, or quadrants in reading order."""
    last = grid - recipe.width
    if recipe.path == "quadrants":
        corners = [(top, left) for top in (0, last) for left in (0, last)]
        return tuple((slice(top, top + recipe.width), slice(left, left + recipe.width)) for top, left in corners)
    steps = max(recipe.glimpses - 1, 1)
    starts = [round(index * last / steps) for index in range(recipe.glimpses)]
    return tuple((slice(0, grid), slice(start, start + recipe.width)) for start in starts)
