"""Augments images: each is a little moved, turned and stretched, drawn from the generator of the training."""

from math import radians

import torch
from torch import Tensor, nn

from neurocmc.circuits.cmc.recipe import CmcTrainingRecipe


def augmented(images: Tensor, options: CmcTrainingRecipe, generator: torch.Generator) -> Tensor:
    """Returns (batch, channels, height, width) images after one random affine map each; what moves in is 0."""
    batch, _, height, width = images.shape

    def drawn(largest: float, *shape: int) -> Tensor:
        return largest * (2.0 * torch.rand(batch, *shape, generator=generator) - 1.0)

    angle = drawn(radians(options.rotation_degrees))
    sizes = 1.0 + drawn(options.stretch, 2)
    shear = drawn(options.stretch)
    shift = drawn(2.0 * options.shift_pixels, 2) / torch.tensor([width, height])
    flip = torch.ones(batch)
    if options.mirror:
        flip = flip - 2.0 * (torch.rand(batch, generator=generator) < 0.5)
    cos, sin = torch.cos(angle), torch.sin(angle)
    # Rotation x (size and shear), columns of the matrix taking x and y of the result to the place it is read from.
    across = torch.stack([flip * cos * sizes[:, 0], cos * shear - sin * sizes[:, 1], shift[:, 0]], dim=1)
    down = torch.stack([flip * sin * sizes[:, 0], sin * shear + cos * sizes[:, 1], shift[:, 1]], dim=1)
    grid = nn.functional.affine_grid(torch.stack([across, down], dim=1), list(images.shape), align_corners=False)
    return nn.functional.grid_sample(images, grid, align_corners=False)
