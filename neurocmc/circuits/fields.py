"""Defines the fields that recipes of several families have: what each may hold. Defaults are a family's own."""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from neurocmc.common.strict_yaml import StrictModel

Schedule = Literal["cosine", "constant"]  # of the learning rates, from full to nothing or as they are
Epochs = Annotated[int, Field(ge=1, le=10_000)]
BatchSize = Annotated[int, Field(ge=1, le=5_000)]
LearningRate = Annotated[float, Field(gt=0, le=1)]
WeightDecay = Annotated[float, Field(ge=0, le=1)]
GradientClip = Annotated[float, Field(gt=0, le=1e6)]  # the largest norm of a gradient
Noise = Annotated[float, Field(ge=0, le=10)]  # standard deviation
Scale = Annotated[float, Field(gt=0, le=1e4)]
LossWeight = Annotated[float, Field(ge=0, le=1e4)]  # of one term of the loss
Step = Annotated[float, Field(ge=1e-6, le=1)]  # s


class PoolsRecipe(StrictModel):
    """The chip that a circuit is trained for: its activity goes through pools of so many neurons per unit."""

    target: str = Field(min_length=1, max_length=64)  # its name
    neurons: int = Field(ge=1, le=65_536)
    relays: bool = True  # whether second-order filters need relays there, which are pools as well


class ThroughPools(StrictModel):
    """A training that may be for a chip; one that is for none is written as before there were such."""

    pools: PoolsRecipe | None = None

    @model_serializer(mode="wrap")
    def _without_none(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = plain(self)
        if self.pools is None:
            del fields["pools"]
        return fields
