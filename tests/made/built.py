"""What a family made of a circuit, by its own type, so that tests can look at its levels."""

from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.loihi import LoihiBuilt
from neurocmc.pipeline.chips.truenorth import TrueNorthBuilt
from neurocmc.pipeline.lower import Lowered


def loihi(levels: Lowered | Artifact) -> LoihiBuilt:
    """The integers and the chip of a circuit that was compiled for the Loihi family."""
    built = levels.built
    assert isinstance(built, LoihiBuilt)
    return built


def truenorth(levels: Lowered | Artifact) -> TrueNorthBuilt:
    """The cores of a circuit that was compiled for neurosynaptic cores."""
    built = levels.built
    assert isinstance(built, TrueNorthBuilt)
    return built
