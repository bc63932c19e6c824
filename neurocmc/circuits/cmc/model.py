"""Puts a model of the cmc family together: eye and readout on the host, the circuit between them for the chip."""

from torch import Tensor, nn

from neurocmc.circuits.cmc.hierarchy import CmcHierarchy, CmcTrajectory, Noise
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.retina import Gaze, Retina

_READOUT_START = 4.0  # rates differ by some tenths only: logits of a usual size need larger weights


class CmcModel(nn.Module):
    """Eye, circuit and readout of one recipe; state-dict keys are `retina.*`, `gaze.*`, `circuit.*`, `readout.*`."""

    def __init__(self, recipe: CmcRecipe) -> None:
        super().__init__()
        self.hold_ticks = recipe.gaze.hold_ticks
        self.window_ticks = recipe.readout.window_ticks
        self.ticks = recipe.ticks
        self.retina = Retina(recipe.retina)
        self.gaze = Gaze(recipe.gaze, recipe.retina, recipe.circuit.columns)
        self.circuit = CmcHierarchy(recipe.circuit)
        self.readout = nn.Linear(self.circuit.units, recipe.readout.classes)
        self.readout.weight.data.mul_(_READOUT_START)

    def drives(self, images: Tensor) -> Tensor:
        """Returns (batch, glimpses, columns) drive of V1's ss, for images (batch, inputs, height, width)."""
        return self.gaze(self.retina(images))

    def present(self, drives: Tensor, noise: Noise | None = None) -> CmcTrajectory:
        """Returns the trajectory while each glimpse of `drives` (batch, glimpses, columns) is held for its ticks."""
        return self.circuit(drives, self.hold_ticks, noise)

    def features(self, rate: Tensor) -> Tensor:
        """Returns (batch, units) mean over the readout window of rates (batch, ticks, regions, 4, columns)."""
        return rate[:, -self.window_ticks :].mean(dim=1).flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """Returns (batch, classes) logits for images (batch, inputs, height, width); the largest is the answer."""
        return self.readout(self.features(self.present(self.drives(images)).rate))
