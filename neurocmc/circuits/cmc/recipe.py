"""Describes recipes of the cmc family: circuit, eye, readout and training of a hierarchy of microcircuits."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from neurocmc.circuits.cmc.wiring import Variant
from neurocmc.circuits.fields import (
    BatchSize,
    Epochs,
    GradientClip,
    LearningRate,
    LossWeight,
    Scale,
    Schedule,
    ThroughPools,
    WeightDecay,
)
from neurocmc.circuits.images import check_task
from neurocmc.circuits.seeds import Seed
from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import StrictModel

LARGEST_GRID = 64
MOST_GAZE_WEIGHTS = 8_000_000  # half of what a checkpoint of 64 MiB holds
SHORTEST_STEPS = 4.0  # no time constant is shorter than this many steps: its filters would not be resolved
LONGEST_S = 1.0

Seconds = Annotated[float, Field(ge=1e-6, le=1.0)]
Slope = Annotated[float, Field(ge=1e-3, le=100)]
Strength = Annotated[float, Field(ge=1e-4, le=1_000)]
FourTimes = tuple[Seconds, Seconds, Seconds, Seconds]
FourSlopes = tuple[Slope, Slope, Slope, Slope]
TwelveGains = tuple[
    Strength,
    Strength,
    Strength,
    Strength,
    Strength,
    Strength,
    Strength,
    Strength,
    Strength,
    Strength,
    Strength,
    Strength,
]


class CmcCircuitRecipe(StrictModel):
    """Size, wiring and start values of the circuit; all its numbers are trained."""

    regions: int = Field(default=1, ge=1, le=5)  # V1 .. V5
    columns: int = Field(default=16, ge=1, le=512)  # K, of each region
    fan_in: int = Field(default=4, ge=1, le=512)  # source columns of each target column, of each coupling
    activation: Literal["sigmoid", "relu", "softplus", "tanh"] = "sigmoid"
    solver: Literal["euler", "midpoint", "rk4"] = "euler"
    dt_s: float = Field(default=0.005, ge=1e-6, le=0.2)
    variant: Variant = "full"
    mask_seed: Seed = 0  # which columns are coupled; not the seed of the training
    time_constants_s: FourTimes = (0.03, 0.03, 0.05, 0.08)  # ss, sp, ii, dp
    slopes: FourSlopes = (1.5, 1.5, 1.5, 1.5)
    gains: TwelveGains = (1.0, 1.0, 2.0, 1.0, 4.0, 2.0, 1.0, 4.0, 4.0, 1.0, 2.0, 2.0)  # G0 .. G11
    coupling: float = Field(default=4.0, ge=1e-4, le=1_000)  # of a column, F, B and C alike, over sqrt(fan_in)

    @property
    def coupling_fan_in(self) -> int:
        """Sources a column in fact: 0 where there is but one region."""
        return self.fan_in if self.regions > 1 else 0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        shortest = SHORTEST_STEPS * self.dt_s
        for index, time_s in enumerate(self.time_constants_s):
            if not shortest <= time_s <= LONGEST_S:
                raise FieldError(
                    f"time_constants_s[{index}] is {time_s:g} s: from {SHORTEST_STEPS:g} steps of dt_s "
                    f"({shortest:g} s) to {LONGEST_S:g} s can be trained",
                    "give a shorter dt_s or another time",
                )
        if self.coupling_fan_in > self.columns:
            what = f"fan_in is {self.fan_in}, a region has only {self.columns} columns"
            raise FieldError(what, f"give a fan_in of at most {self.columns}, or more columns")
        return self


class RetinaRecipe(StrictModel):
    """ON and OFF channels of centre (3x3) and surround (7x7), mixed, then pooled to `grid` x `grid`."""

    inputs: int = Field(default=1, ge=1, le=4)  # channels of the images: 1 grey, 3 coloured
    channels: int = Field(default=4, ge=1, le=64)  # of each of the four kinds
    mixed: int = Field(default=12, ge=1, le=256)
    grid: int = Field(default=14, ge=2, le=LARGEST_GRID)


class GazeRecipe(StrictModel):
    """The way of the eye over the retinal map: one window after the other, each held for `hold_ticks` steps."""

    path: Literal["strips", "quadrants"] = "strips"
    glimpses: int = Field(default=5, ge=1, le=64)
    width: int = Field(
        default=4, ge=1, le=LARGEST_GRID
    )  # of a strip, or of both sides of a quadrant, in cells of the grid
    hold_ticks: int = Field(default=8, ge=1, le=1_000)
    drive: float = Field(default=2.0, gt=0, le=1_000)  # drives lie in -drive .. drive

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.path == "quadrants" and self.glimpses != 4:
            raise FieldError(
                f"path quadrants has 4 glimpses, not {self.glimpses}", "set glimpses: 4, or path: strips"
            )
        return self


class ReadoutRecipe(StrictModel):
    """The linear readout of the mean rates of all populations over the last steps."""

    classes: int = Field(default=10, ge=2, le=256)
    window_ticks: int = Field(default=6, ge=1, le=1_000)


class CmcTrainingRecipe(ThroughPools):
    """Adam with a cosine schedule, augmentation, and what makes a circuit fit a chip."""

    epochs: Epochs = 30
    batch_size: BatchSize = 50
    learning_rate: LearningRate = 3e-3
    circuit_learning_rate: LearningRate = 1e-2
    readout_learning_rate: LearningRate = 1e-2
    schedule: Schedule = "cosine"
    weight_decay: WeightDecay = 0.0  # of the eye and the readout
    gradient_clip: GradientClip = 1.0
    label_smoothing: float = Field(default=0.05, ge=0, lt=1)
    shift_pixels: float = Field(default=2.0, ge=0, le=8)
    rotation_degrees: float = Field(default=10.0, ge=0, le=180)
    stretch: float = Field(default=0.1, ge=0, lt=0.9)  # largest relative change of size, and of shear
    mirror: bool = False  # left and right swapped in half of the images; not for digits
    rate_noise: float = Field(default=0.0, ge=0, le=1)  # half-width, of every rate at every step
    relay_noise: float = Field(default=0.0, ge=0, le=100)  # half-width, of every p on its way to v
    activity_weight: LossWeight = 0.0  # of the mean rate
    range_weight: LossWeight = 0.0  # of what u, p and v exceed range_limit by, squared
    range_limit: Scale = 3.0
    signal_weight: LossWeight = 0.0  # of what a population's signal lacks of signal_target
    signal_target: Scale = 0.1  # sd of its rates over the images
    weight_range_weight: LossWeight = 0.0  # of log(largest / mean) beyond weight_range_limit
    weight_range_limit: float = Field(default=3.0, ge=1, le=1e4)


class CmcRecipe(StrictModel):
    """A whole recipe: the same recipe and seed on the same machine give the same checkpoint."""

    family: Literal["cmc"]
    task: Annotated[str, AfterValidator(check_task)]
    images: int | None = Field(default=None, ge=50, le=1_000_000)  # of the task, to train and to test; None: all
    seed: Seed = 0
    circuit: CmcCircuitRecipe = Field(default_factory=CmcCircuitRecipe)
    retina: RetinaRecipe = Field(default_factory=RetinaRecipe)
    gaze: GazeRecipe = Field(default_factory=GazeRecipe)
    readout: ReadoutRecipe = Field(default_factory=ReadoutRecipe)
    training: CmcTrainingRecipe = Field(default_factory=CmcTrainingRecipe)

    @property
    def ticks(self) -> int:
        """Steps of one presentation."""
        return self.gaze.glimpses * self.gaze.hold_ticks

    @property
    def steps_as_chips(self) -> bool:
        """Whether the circuit is stepped as a chip steps it, so that pools can stand in it."""
        return self.circuit.solver == "euler" and self.circuit.variant != "ode-off"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.gaze.width > self.retina.grid:
            what = f"gaze.width is {self.gaze.width}, the retinal map only {self.retina.grid} wide"
            raise FieldError(what, f"set gaze.width to at most {self.retina.grid}, or raise retina.grid")
        cells = self.gaze.width * (self.retina.grid if self.gaze.path == "strips" else self.gaze.width)
        weights = self.retina.mixed * cells * self.circuit.columns
        if weights > MOST_GAZE_WEIGHTS:
            raise FieldError(
                f"the gaze has {weights:,} weights (retina.mixed x cells of a glimpse x circuit.columns), "
                f"limit {MOST_GAZE_WEIGHTS:,}",
                "make retina.mixed, gaze.width or circuit.columns smaller",
            )
        if not self.readout.window_ticks <= self.ticks <= 20_000:
            raise FieldError(
                f"a presentation is {self.ticks} steps (gaze.glimpses x gaze.hold_ticks): at least "
                f"readout.window_ticks = {self.readout.window_ticks} and at most 20,000 are needed",
                "change gaze.glimpses, gaze.hold_ticks or readout.window_ticks",
            )
        noisy = self.training.rate_noise > 0 or self.training.relay_noise > 0
        if noisy and not self.steps_as_chips:
            what = "training.rate_noise and relay_noise need the Euler solver and an ODE to disturb"
            raise FieldError(what, "set both to 0, or use solver: euler and a variant other than ode-off")
        if self.training.pools is not None and not self.steps_as_chips:
            what = "training.pools needs the Euler solver and an ODE: a chip steps as they do"
            raise FieldError(what, "leave it out, or use solver: euler and a variant other than ode-off")
        return self
