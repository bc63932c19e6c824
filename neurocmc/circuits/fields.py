"""Defines the fields that recipes of several families have: what each may hold. Defaults are a family's own."""

from typing import Annotated, Literal

from pydantic import Field

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
