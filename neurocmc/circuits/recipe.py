"""Describes training recipes: what is trained, on what, how; strict, with every limit stated."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from neurocmc.circuits.digits import CLASSES
from neurocmc.circuits.fields import (
    BatchSize,
    Epochs,
    GradientClip,
    LearningRate,
    LossWeight,
    Noise,
    Scale,
    Schedule,
    Step,
    ThroughPools,
    WeightDecay,
)
from neurocmc.circuits.seeds import Seed
from neurocmc.circuits.swta_values import SwtaValues
from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.common.ticks import not_whole

SwtaParameter = Literal["alpha", "alpha2", "beta1", "beta2", "threshold", "threshold_inhibit"]
Channels = Annotated[int, Field(ge=1, le=256)]


class CircuitRecipe(StrictModel):
    """Start values of a soft winner-take-all, and which of them are trained."""

    units: int = Field(default=CLASSES, ge=2, le=1024)
    alpha: float = Field(default=1.2, ge=0, lt=2)
    alpha2: float = Field(default=0.0, ge=0, lt=2)
    beta1: float = Field(default=2.0, ge=0, le=100)
    beta2: float = Field(default=0.35, ge=0, le=100)
    threshold: float = Field(default=0.0, ge=0, le=10)
    threshold_inhibit: float = Field(default=0.0, ge=0, le=10)
    tau_s: float = Field(default=0.02, ge=1e-6, le=10)
    dt_s: Step = 0.001
    trained: tuple[SwtaParameter, ...] = ("beta1", "beta2", "threshold", "threshold_inhibit")

    def values(self) -> SwtaValues:
        """Returns the start values as plain numbers."""
        return SwtaValues(**self.model_dump(exclude={"trained"}))

    @model_validator(mode="after")
    def _is_stable(self) -> Self:
        if len(set(self.trained)) != len(self.trained):
            raise FieldError("trained names a parameter twice", "name each once")
        if problems := self.values().problems():
            whats, cures = ([getattr(problem, part) for problem in problems] for part in ("what", "cure"))
            raise FieldError("; ".join(whats), "; ".join(dict.fromkeys(cures)))
        return self


class EncoderRecipe(StrictModel):
    """The convolutional encoder, which stays on the host: two layers, then one evidence a class in [0, ceiling]."""

    channels: tuple[Channels, Channels] = (16, 32)
    ceiling: float = Field(default=0.5, gt=0, le=100)


class PresentationRecipe(StrictModel):
    """The time for which the evidence of a digit is held, and its last part, over which the winner is read."""

    presentation_s: float = Field(default=0.3, gt=0, le=60)
    window_s: float = Field(default=0.1, gt=0, le=60)


class TrainingRecipe(ThroughPools):
    """Adam with a cosine schedule; noise and shifts make decisions robust."""

    epochs: Epochs = 20
    warmup_epochs: int = Field(default=4, ge=0, le=10_000)  # of the encoder alone, before the epochs
    batch_size: BatchSize = 100
    learning_rate: LearningRate = 2e-3
    circuit_learning_rate: LearningRate = 2e-3
    schedule: Schedule = "cosine"
    weight_decay: WeightDecay = 0.0
    gradient_clip: GradientClip = 1.0
    shift_pixels: int = Field(default=2, ge=0, le=8)
    evidence_noise: Noise = 0.1  # sd, fraction of the ceiling, held over a presentation
    drive_noise: Noise = 0.05  # sd per tick and unit, in units of drive
    logit_scale: Scale = 8.0  # cross-entropy reads logit_scale x activity
    amplitude_weight: LossWeight = 1.0  # of the squared distance to target_activity
    target_activity: Scale = 1.0
    stability_margin: float = Field(default=0.1, gt=0, lt=1)


class Recipe(StrictModel):
    """A whole recipe: the same recipe and seed on the same machine give the same checkpoint."""

    family: Literal["swta"]
    task: Literal["mnist-5k"]
    seed: Seed = 0
    circuit: CircuitRecipe = Field(default_factory=CircuitRecipe)
    encoder: EncoderRecipe = Field(default_factory=EncoderRecipe)
    presentation: PresentationRecipe = Field(default_factory=PresentationRecipe)
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.circuit.units != CLASSES:
            what = f"task mnist-5k has {CLASSES} classes, the circuit {self.circuit.units} units"
            raise FieldError(what, f"set circuit.units: {CLASSES}")
        if self.presentation.window_s > self.presentation.presentation_s:
            what = "presentation.window_s is longer than presentation.presentation_s"
            raise FieldError(what, f"give a window_s of at most {self.presentation.presentation_s:g}")
        if not 1 <= self.window_ticks <= self.ticks <= 20_000:
            raise FieldError(
                f"the presentation is {self.ticks} steps of dt_s and the window {self.window_ticks}: "
                "both need at least 1 step, at most 20,000",
                "change presentation_s, window_s or circuit.dt_s",
            )
        for name, time_s in self.presentation.model_dump().items():
            if fault := not_whole(time_s, self.circuit.dt_s):
                raise FieldError(f"presentation.{name}: {fault[0]} (dt_s)", fault[1])
        return self

    @property
    def ticks(self) -> int:
        """Steps of one presentation."""
        return round(self.presentation.presentation_s / self.circuit.dt_s)

    @property
    def window_ticks(self) -> int:
        """Steps at the end of a presentation over which the winner is read."""
        return round(self.presentation.window_s / self.circuit.dt_s)
