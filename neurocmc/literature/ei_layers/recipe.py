"""Describes recipes of the family `ei-layers`: layers, neurons, their front, training, and the circuit."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import StrictModel

Division = Literal["each", "one", "held", "none"]
FrontName = Literal["none", "mean", "feedback"]
Units = Annotated[int, Field(ge=1, le=1024)]
OF_INHIBITION = 4  # excitatory units for one that inhibits


class LayersRecipe(StrictModel):
    """The hidden layers: how many excitatory units each has, and what divides their currents.

    `each` unit has a denominator of its own; `one` denominator serves all units of a layer; it is `held` at what the
    start expects it to be; or there is `none`.
    """

    kind: Literal["ei", "plain"] = "ei"  # plain: signed weights, neither inhibitory units nor division
    units: tuple[Units, ...] = Field(default=(200, 200), min_length=1, max_length=8)
    division: tuple[Division, ...] = ("one", "held")
    start: Literal["ei", "uniform"] = "ei"
    gradient: Literal["ei", "plain"] = "ei"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.division) != len(self.units):
            what = f"division names {len(self.division)} layers, and units {len(self.units)}"
            raise FieldError(what, "give one division for each layer")
        if self.kind == "ei" and min(self.units) < OF_INHIBITION:
            what = f"a layer of {min(self.units)} excitatory units has no inhibitory one"
            raise FieldError(what, f"give {OF_INHIBITION} units or more")
        return self


class NeuronsRecipe(StrictModel):
    """Leaky integrate-and-fire neurons of threshold 1, from which a spike takes 1."""

    tau_ticks: float = Field(default=2.0, gt=1, le=1000)
    ticks: int = Field(default=4, ge=1, le=1000)


class FrontRecipe(StrictModel):
    """What stands before the first layer: nothing, a division by the image's mean, or normalisation by feedback.

    Feedback: sigmoid units hear the logarithm of their pixel, and a unit that inhibits them all holds their mean.
    """

    kind: FrontName = "none"
    mean: float = Field(default=0.1, gt=0, lt=1)  # of the units' activity, that feedback holds
    gain: float = Field(default=400.0, gt=0, le=1e6)  # of the unit that inhibits, for what exceeds the mean
    darkest: float = Field(default=1e-4, gt=0, lt=1)  # grey level that black counts as
    offset: float = Field(default=5.0, ge=0, le=100)  # on all logarithms, so that inhibition is never below 0


class TrainingRecipe(StrictModel):
    """AdamW whose learning rate falls to nothing along a cosine."""

    epochs: int = Field(default=25, ge=1, le=1000)
    batch_size: int = Field(default=64, ge=1, le=5000)
    learning_rate: float = Field(default=0.002, gt=0, le=1)
    weight_decay: float = Field(default=1e-4, ge=0, le=1)
    gradient_clip: float = Field(default=1.0, gt=0, le=1e6)


class CircuitRecipe(StrictModel):
    """The circuit that is written: how inhibition comes in, its time constants, and the images that come with it."""

    inhibition: Literal["folded", "populations"] = "folded"  # into signed weights, or as populations of its own
    tau_ms: float = Field(default=2.0, ge=1, le=1000)
    feedback_tau_ms: float = Field(default=400.0, ge=1, le=10_000)  # of the unit that holds the mean
    duration_ms: int = Field(default=20, ge=5, le=10_000)
    window_ms: int = Field(default=5, ge=1, le=10_000)
    calibration_images: int = Field(default=64, ge=4, le=512)
    test_images: int = Field(default=64, ge=1, le=512)

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        if self.window_ms > self.duration_ms:
            raise FieldError("window_ms is longer than duration_ms", "give a shorter window, or hold images longer")
        return self


class EiRecipe(StrictModel):
    """A recipe of the family `ei-layers`."""

    family: Literal["ei-layers"] = "ei-layers"
    task: str = Field(default="mnist-5k", min_length=1, max_length=4096)  # as `neurocmc.images` takes it
    size: int | None = Field(default=None, ge=50, le=1_000_000)  # images of the task; None: all
    pooled_px: int = Field(default=1, ge=1, le=28)  # side of the squares whose mean counts as a pixel
    layers: LayersRecipe = LayersRecipe()
    neurons: NeuronsRecipe = NeuronsRecipe()
    front: FrontRecipe = FrontRecipe()
    training: TrainingRecipe = TrainingRecipe()
    circuit: CircuitRecipe = CircuitRecipe()

    @model_validator(mode="after")
    def _inhibits(self) -> Self:
        if self.circuit.inhibition == "populations" and self.layers.kind == "plain":
            raise FieldError("plain layers have no inhibitory populations", "write circuit.inhibition: folded")
        return self
