"""Describes recipes of the family `delays-motion`: the dots, the circuit, its synapses, and how they are trained."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.common.ticks import not_whole

Delays = Literal["learned", "none", "summed", "random"]
Velocity = Annotated[int, Field(ge=-64, le=64)]  # sensors a step; below 0 leftwards
Share = Annotated[float, Field(gt=0, le=1)]
MOST_VALUES = 50_000_000  # of the drives of one set of trials


class DotsRecipe(StrictModel):
    """Random dots on a ring of sensors; noise draws some of them anew in every step."""

    sensors: int = Field(default=16, ge=2, le=256)
    velocities: tuple[Velocity, ...] = Field(default=(-3, -2, -1, 1, 2, 3), min_length=2, max_length=32)
    density: Share = 0.25  # of the sensors that see a dot
    coherence: Share = 0.3  # share of sensors that see the moving pattern, anew in each step; the others see noise
    duration_ms: float = Field(default=32.0, gt=0, le=10_000)
    window_ms: float = Field(default=20.0, gt=0, le=10_000)  # at the end, in which the answer is read
    calibration: int = Field(default=100, ge=1, le=100_000)
    test: int = Field(default=600, ge=1, le=100_000)

    @model_validator(mode="after")
    def _differ(self) -> Self:
        seen = {velocity % self.sensors for velocity in self.velocities}
        if len(seen) != len(self.velocities):
            what = f"two velocities look alike on a ring of {self.sensors} sensors"
            raise FieldError(what, "name each velocity once, or use more sensors")
        return self


class CircuitRecipe(StrictModel):
    """The sensors, and the units that add up what each sensor saw up to `delays - 1` steps before."""

    units: int = Field(default=64, ge=1, le=1024)
    delays: int = Field(default=8, ge=1, le=63)  # steps from 0 on
    dt_ms: float = Field(default=1.0, gt=0, le=1000)
    sensor_tau_ms: float = Field(default=0.0, ge=0, le=1000)  # of the sensors' filter; 0: none


class SynapsesRecipe(StrictModel):
    """The delays that synapses have, and how many of them are kept in how many bits.

    With `delays: none` all act at once and are trained so; `summed` are trained with delays, and then all act at
    once without further training; `random` have a delay each, drawn at random, and only weights are trained.
    """

    delays: Delays = "learned"
    keep: Share = 1.0  # of all units x sensors x delays, the largest
    one_delay: bool = False  # whether a pair of sensor and unit keeps its strongest delay alone
    bits: Annotated[int, Field(ge=2, le=16)] | None = None  # of a weight, with its sign; None: as trained


class TrainingRecipe(StrictModel):
    """One training; where not all synapses are kept, they go in rounds, what is left trained again after each."""

    epochs: int = Field(default=30, ge=1, le=10_000)
    pruning_rounds: int = Field(default=6, ge=1, le=100)
    retraining_epochs: int = Field(default=10, ge=1, le=10_000)  # of each round
    sparsity: float = Field(default=2e-4, ge=0, le=10)  # what a weight of 1 costs, beside the cross-entropy
    steps: int = Field(default=20, ge=1, le=10_000)  # batches an epoch
    batch_size: int = Field(default=100, ge=1, le=100_000)
    learning_rate: float = Field(default=0.01, gt=0, le=10)
    gradient_clip: float = Field(default=1.0, gt=0, le=1e6)
    drive_noise: float = Field(default=0.0, ge=0, le=100)  # sd of what arrives at a unit a step, in training
    validation: int = Field(default=600, ge=1, le=100_000)  # trials that choose the epoch


class MotionRecipe(StrictModel):
    """A recipe of the family `delays-motion`."""

    family: Literal["delays-motion"] = "delays-motion"
    name: str = Field(default="motion", pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)
    dots: DotsRecipe = DotsRecipe()
    circuit: CircuitRecipe = CircuitRecipe()
    synapses: SynapsesRecipe = SynapsesRecipe()
    training: TrainingRecipe = TrainingRecipe()

    @model_validator(mode="after")
    def _is_on_steps(self) -> Self:
        dt_s = self.circuit.dt_ms * 1e-3
        for name in ("duration_ms", "window_ms"):
            if fault := not_whole(getattr(self.dots, name) * 1e-3, dt_s):
                raise FieldError(f"dots.{name} {fault[0]}", fault[1])
        if self.dots.window_ms > self.dots.duration_ms:
            what = f"dots.window_ms ({self.dots.window_ms:g}) is longer than duration_ms ({self.dots.duration_ms:g})"
            raise FieldError(what, "read a part of the trial")
        trials = max(self.dots.calibration, self.dots.test, self.training.validation, self.training.batch_size)
        if trials * self.steps * self.dots.sensors > MOST_VALUES:
            what = f"{trials:,} trials of {self.steps:,} steps and {self.dots.sensors} sensors are too many"
            raise FieldError(what, f"stay below {MOST_VALUES:,} values")
        return self

    @model_validator(mode="after")
    def _has_its_delays(self) -> Self:
        if self.synapses.one_delay and self.synapses.keep * self.circuit.delays > 1:
            most = 1 / self.circuit.delays
            what = f"synapses.keep is {self.synapses.keep:g}: with one delay each at most {most:g} can be kept"
            raise FieldError(what, f"give a keep of {most:g} or less, or one_delay: false")
        return self

    @property
    def steps(self) -> int:
        """Steps of a trial."""
        return round(self.dots.duration_ms / self.circuit.dt_ms)

    @property
    def window_steps(self) -> int:
        """Steps in which the answer is read."""
        return round(self.dots.window_ms / self.circuit.dt_ms)
