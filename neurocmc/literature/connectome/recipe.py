"""Describes recipes of the family `microns-rnn`: the start, the penalty, the task, and how a network is trained."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import StrictModel

Start = Literal[
    "uniform", "orthogonal", "gaussian", "lognormal", "w", "w-corr", "w-sttc", "w-star", "w-shuffled", "w-bang"
]
Task = Literal["inference", "decision", "go-no-go"]
Steps = Annotated[int, Field(ge=1, le=1_000)]
Trials = Annotated[int, Field(ge=2, le=20_000)]
MOST_VALUES = 20_000_000  # of the inputs of one set of trials


class PriorFile(StrictModel):
    """Cells of a user's own: an .npz that is read from where it lies, and never copied."""

    file: str = Field(min_length=1, max_length=4096)  # beside the recipe, or absolute
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")  # of its content; filled in where it is left out


class PenaltyRecipe(StrictModel):
    """The term of the loss that holds the recurrent weights W; D are distances with mean 1, C is communicability.

    `l1` is the sum of |W|, `spatial` the sum of |W| D C, `communicability` the earth mover's distance between the
    entries of C and those of the prior's C.
    """

    kind: Literal["l1", "spatial", "communicability"] = "spatial"
    distances: Literal["cells", "grid"] = "cells"  # D of `spatial`
    strength: float = Field(default=0.01, ge=0, le=1e4)


class TrialRecipe(StrictModel):
    """The trials of the tasks; a goal or cue is shown, then nothing, then the answer is asked for."""

    shown_steps: Steps = 20
    delay_steps: Steps = 10
    answer_steps: Steps = 20
    noise: float = Field(default=0.1, ge=0, le=10)  # sd of every input in every step; what is shown has 1
    evidence_steps: Steps = 30  # of the perceptual decision
    evidence_noise: float = Field(default=0.5, gt=0, le=10)  # sd of each of its channels
    coherences: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(default=(0.1, 0.2, 0.4), min_length=1)


class TrainingRecipe(StrictModel):
    """Adam with a constant learning rate; every batch has trials of its own."""

    epochs: int = Field(default=8, ge=1, le=1_000)
    steps: int = Field(default=20, ge=1, le=1_000)  # batches an epoch
    batch_size: int = Field(default=64, ge=1, le=5_000)
    learning_rate: float = Field(default=0.001, gt=0, le=1)
    gradient_clip: float = Field(default=1.0, gt=0, le=1e6)
    validation_trials: Trials = 500  # that choose the epoch
    test_trials: Trials = 1_000
    positive_only: bool = False  # |W| is started from, and W below 0 is put to 0 after each step


class ConnectomeRecipe(StrictModel):
    """A whole recipe of one network on one task."""

    family: Literal["microns-rnn"]
    task: Task = "inference"
    units: int = Field(default=50, ge=16, le=364)
    start: Start = "w-star"
    radius: float = Field(default=1.0, gt=0, le=10)  # spectral radius of every start but `uniform`
    prior: Literal["generated"] | PriorFile = "generated"
    penalty: PenaltyRecipe = Field(default_factory=PenaltyRecipe)
    trial: TrialRecipe = Field(default_factory=TrialRecipe)
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)
    chip_trials: Trials = 200  # test trials in the circuit's file, by which a chip is judged
    calibration_trials: Trials = 64

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        training, trial = self.training, self.trial
        if self.chip_trials > training.test_trials:
            what = f"chip_trials is {self.chip_trials:,}, and there are {training.test_trials:,} test trials"
            raise FieldError(what, "give fewer chip_trials or more training.test_trials")
        steps = max(trial.shown_steps + trial.delay_steps + trial.answer_steps, trial.evidence_steps)
        most = max(training.test_trials, training.validation_trials, training.batch_size, self.calibration_trials)
        if (values := 8 * steps * most) > MOST_VALUES:
            what = f"a set of trials has up to {values:,} values of input, limit {MOST_VALUES:,}"
            raise FieldError(what, "give fewer trials or steps")
        return self
