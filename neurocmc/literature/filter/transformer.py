"""Is a small vision transformer (Dosovitskiy et al. 2021, arXiv:2010.11929), for one grey plane; needs torch."""

import torch
from torch import Tensor, nn

from neurocmc.literature.filter.recipe import TransformerRecipe

START_STD = 0.02  # of the class token and the places, as in the paper's code


class VisionTransformer(nn.Module):
    """Patches become tokens, a class token goes with them through layers, and is read at the end."""

    def __init__(self, settings: TransformerRecipe, side_px: int, classes: int) -> None:
        super().__init__()
        self.patch_px = settings.patch_px
        tokens = (side_px // settings.patch_px) ** 2
        self.embed = nn.Linear(settings.patch_px**2, settings.width)
        self.class_token = nn.Parameter(START_STD * torch.randn(1, 1, settings.width))
        self.places = nn.Parameter(START_STD * torch.randn(1, tokens + 1, settings.width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                settings.width,
                settings.heads,
                settings.hidden,
                dropout=0.0,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(settings.layers)
        )
        self.norm = nn.LayerNorm(settings.width)
        self.head = nn.Linear(settings.width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Returns (batch, classes) scores of (batch, height, width) images."""
        tokens = self.embed(_patches(images, self.patch_px))
        tokens = torch.cat([self.class_token.expand(len(images), -1, -1), tokens], dim=1) + self.places
        for layer in self.layers:
            tokens = layer(tokens)
        return self.head(self.norm(tokens[:, 0]))


def _patches(images: Tensor, patch_px: int) -> Tensor:
    """(batch, patches, pixels of a patch), patches row by row."""
    rows = images.unfold(1, patch_px, patch_px).unfold(2, patch_px, patch_px)
    return rows.reshape(len(images), -1, patch_px * patch_px)
