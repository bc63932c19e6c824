"""Describes a circuit: its three groups of units, what is lesioned, how biases come about, how long it runs."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import Document, StrictModel

Units = Annotated[int, Field(ge=3, le=1000)]  # three are a triplet
Density = Annotated[float, Field(gt=0, le=1)]
Std = Annotated[float, Field(ge=0, le=100)]
Gain = Annotated[float, Field(gt=0, le=100)]
Steps = Annotated[int, Field(ge=1, le=100_000)]

Lesion = Literal["embedded", "isolated", "matched-bias", "matched-noise", "matched-bias-and-noise"]
Biases = Literal["none", "anchored", "self-organised"]


class Core(StrictModel):
    """Densely connected units, whose flux is measured: weights N(mean, std^2) / sqrt(units)."""

    units: Units
    density: Density
    mean: float = Field(ge=-100, le=100)
    std: Std
    gain: Gain


class Periphery(StrictModel):
    """Units of both signs, sparsely connected with each other and with the core.

    Weights are N(0, std^2) / sqrt(density sources), `std` that of the three kinds of connections.
    """

    units: Units
    density: Density
    std: Std
    gain: Gain
    to_core_std: Std
    from_core_std: Std


class Interneurons(StrictModel):
    """Units that the core excites and that inhibit it; weights are half-normal, so many in the sum on a unit."""

    units: Units
    density: Density
    gain: Gain
    excitation: Std
    inhibition: Std


class Organise(StrictModel):
    """The rule b -= rate (x - 1/2), for so many steps; the mean over the second half of them is kept."""

    rate: float = Field(gt=0, le=1)
    steps: Annotated[int, Field(ge=2, le=100_000)]


class Run(StrictModel):
    """How long a circuit runs: what is measured over, and what the compiler sees of it."""

    trials: int = Field(ge=1, le=16)
    settle_steps: Steps
    steps: Annotated[int, Field(ge=8, le=100_000)]  # measured, after it has settled
    calibration_trials: int = Field(ge=1, le=64)
    calibration_steps: Steps


class FluxRecipe(StrictModel):
    """A recipe as its YAML file has it."""

    family: Literal["flux-l5"]
    lesion: Lesion
    biases: Biases  # of the core
    core: Core
    periphery: Periphery
    interneurons: Interneurons
    organise: Organise
    run: Run

    @model_validator(mode="after")
    def _one_thing_at_a_time(self) -> Self:
        if self.lesion.startswith("matched") and self.biases != "none":
            what = f"lesion {self.lesion} is matched to the embedding of a core without biases of its own"
            raise FieldError(what, "write biases: none")
        return self


def recipe_of(plain: Mapping[str, Any]) -> FluxRecipe:
    """Returns a checked recipe that has been through JSON."""
    return Document.of(plain).validate(FluxRecipe)
