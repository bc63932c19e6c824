"""Models the reader of a digit: an encoder on the host drives a soft winner-take-all, whose winner answers."""

import torch
from torch import Tensor, nn

from neurocmc.circuits.digits import CLASSES, SIDE
from neurocmc.circuits.recipe import EncoderRecipe, Recipe
from neurocmc.circuits.swta import SoftWinnerTakeAll


class DigitEncoder(nn.Module):
    """Images to evidence: two 3x3 convolutions with max-pooling, one linear layer, a sigmoid scaled to `ceiling`.

    Each class has its own sigmoid, so the encoder does not compete: two classes may both have strong evidence, and
    it is the circuit that decides.
    """

    def __init__(self, recipe: EncoderRecipe) -> None:
        super().__init__()
        first, second = recipe.channels
        self.ceiling = recipe.ceiling
        self.conv1 = nn.Conv2d(1, first, 3, padding=1)
        self.conv2 = nn.Conv2d(first, second, 3, padding=1)
        self.evidence = nn.Linear(second * (SIDE // 4) ** 2, CLASSES)

    def logits(self, images: Tensor) -> Tensor:
        """Returns (batch, 10) evidence before the sigmoid, for images (batch, 28, 28) in [0, 1]."""
        maps = nn.functional.max_pool2d(torch.relu(self.conv1(images.unsqueeze(1))), 2)
        maps = nn.functional.max_pool2d(torch.relu(self.conv2(maps)), 2)
        return self.evidence(maps.flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        """Returns (batch, 10) evidence in [0, ceiling]."""
        return self.ceiling * torch.sigmoid(self.logits(images))


class DigitModel(nn.Module):
    """Encoder and circuit of one recipe; state-dict keys are `encoder.*` and `circuit.*`."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.ticks = recipe.ticks
        self.window_ticks = recipe.window_ticks
        self.encoder = DigitEncoder(recipe.encoder)
        self.circuit = SoftWinnerTakeAll(recipe.circuit.values(), recipe.circuit.trained)

    def present(self, evidence: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns activity (batch, ticks, 11) while `evidence` (batch, 10) is held for one presentation."""
        return self.circuit(evidence.unsqueeze(1).expand(-1, self.ticks, -1), noise)

    def read(self, activity: Tensor) -> Tensor:
        """Returns (batch, 10) mean activity of each unit over the readout window; the largest is the answer."""
        return activity[:, -self.window_ticks :, : self.circuit.units].mean(dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Returns (batch, 10) what is read for images (batch, 28, 28)."""
        return self.read(self.present(self.encoder(images)))
