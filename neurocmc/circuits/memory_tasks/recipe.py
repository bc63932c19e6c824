"""Describes recipes of the memory family: what is held, for how long, under which noise, and how it is trained."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from neurocmc.circuits.fields import (
    BatchSize,
    Epochs,
    GradientClip,
    LearningRate,
    LossWeight,
    Noise,
    Scale,
    Step,
    ThroughPools,
)
from neurocmc.circuits.seeds import Seed
from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.common.ticks import not_whole

MOST_TICKS = 20_000  # of one trial
MOST_VALUES = 10_000_000  # of the drives of one delay's trials
_LASTS = {"sample_s", "test_s", "cue_s", "evidence_s", "window_s"}  # of a trial: whole steps, as every duration

Variant = Literal["full", "memory-off", "decision-off", "recurrence-off"]
Delay = Annotated[float, Field(gt=0, le=1_000)]  # in time constants
Coherence = Annotated[float, Field(gt=0, le=1)]
Seconds = Annotated[float, Field(ge=1e-4, le=60)]


class CircuitRecipe(StrictModel):
    """The fields that the circuits of both tasks share.

    The variants are baselines, trained like the whole. Without the memory (`memory-off`) a cue is filtered twice and
    forgotten. Where the units of the decision neither excite themselves nor inhibit each other (`decision-off`) they
    have only their own filter to integrate with. Without recurrence (`recurrence-off`) nothing at all feeds back.
    """

    variant: Variant = "full"
    tau_s: float = Field(default=0.02, ge=1e-4, le=10)  # of every synapse: the longest time constant there is
    dt_s: Step = 0.001

    @model_validator(mode="after")
    def _is_resolved(self) -> Self:
        if self.tau_s < 5 * self.dt_s:
            what = f"tau_s is {self.tau_s:g} s: at least 5 steps of dt_s are needed to follow its filters"
            raise FieldError(what, f"give a tau_s of {5 * self.dt_s:g} or more, or a shorter dt_s")
        return self


class MatchCircuitRecipe(CircuitRecipe):
    """The circuit of delayed match to sample: directions to remember, and the channels that show them."""

    items: int = Field(default=6, ge=2, le=64)
    channels: int = Field(default=12, ge=2, le=256)


class TrainingRecipe(ThroughPools):
    """Adam with a cosine schedule; delays drawn anew for each batch, noise on drives and weights."""

    epochs: Epochs = 20
    steps: Epochs = 20  # batches an epoch
    batch_size: BatchSize = 64
    learning_rate: LearningRate = 0.05
    gradient_clip: GradientClip = 1.0
    delays_tau: tuple[Delay, Delay] = (1.0, 6.0)  # least and greatest delay, in time constants
    drive_noise: Noise = 0.02  # sd per tick and unit, in units of drive
    weight_noise: float = Field(default=0.02, ge=0, le=1)  # sd of every weight, relative, drawn for each batch
    logit_scale: Scale = 8.0  # cross-entropy reads logit_scale x activity
    amplitude_weight: LossWeight = 1.0  # of the squared distance of the answer to (1, 0)
    memory_weight: LossWeight = 1.0  # of the same for what is held at the end of the delay
    sensory_weight: LossWeight = 0.3  # of the cross-entropy of the senses on what is shown

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.delays_tau[0] > self.delays_tau[1]:
            raise FieldError("delays_tau: the least delay is longer than the greatest", "put the shorter one first")
        return self


class EvaluationRecipe(StrictModel):
    """The trials by which a circuit is judged: that many at each delay, the same for every seed of the training."""

    delays_tau: tuple[Delay, ...] = Field(default=(1.0, 2.0, 5.0, 10.0), min_length=1, max_length=32)
    trials: int = Field(default=500, ge=2, le=100_000)
    calibration_trials: int = Field(default=64, ge=2, le=10_000)  # at the shortest of the delays

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if list(self.delays_tau) != sorted(set(self.delays_tau)):
            raise FieldError("delays_tau should rise, each longer than the one before", "sort them, each once")
        if len({f"{delay:g}" for delay in self.delays_tau}) < len(self.delays_tau):
            what = "delays_tau: two delays are the same to six digits, by which their trials are named"
            raise FieldError(what, "leave one of them out")
        return self


class MatchTrialRecipe(StrictModel):
    """Sample, delay, test: a direction is shown by channels with tuning curves, all of them noisy all the time."""

    sample_s: Seconds = 0.2
    test_s: Seconds = 0.2
    window_s: Seconds = 0.05  # at the end of the test, in which the answer is read
    tuning: float = Field(default=4.0, gt=0, le=100)  # concentration of the von Mises curves
    noise: Noise = 0.2  # sd; the best channel has 1
    redraw_s: Seconds = 0.02


class ContextTrialRecipe(StrictModel):
    """Cue, delay, evidence: two streams, each for one of two answers; the cue said which of them counts."""

    cue_s: Seconds = 0.1
    evidence_s: Seconds = 0.3
    window_s: Seconds = 0.05
    noise: Noise = 0.3  # sd of each channel around 0.5 (1 +- coherence)
    redraw_s: Seconds = 0.01
    coherences: tuple[Coherence, ...] = Field(default=(0.2, 0.4, 0.8), min_length=1, max_length=32)


class DelayedMatchRecipe(StrictModel):
    """A whole recipe of delayed match to sample; the same recipe and seed on the same machine give the same bytes."""

    family: Literal["memory"]
    task: Literal["delayed-match"]
    seed: Seed = 0
    circuit: MatchCircuitRecipe = Field(default_factory=MatchCircuitRecipe)
    trial: MatchTrialRecipe = Field(default_factory=MatchTrialRecipe)
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)
    evaluation: EvaluationRecipe = Field(default_factory=EvaluationRecipe)

    @property
    def phases_s(self) -> tuple[float, float]:
        """How long is shown what must be held, and how long what is judged by it."""
        return self.trial.sample_s, self.trial.test_s

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _check_times(self)
        return self


class ContextRecipe(StrictModel):
    """A whole recipe of context-dependent integration."""

    family: Literal["memory"]
    task: Literal["context-integration"]
    seed: Seed = 0
    circuit: CircuitRecipe = Field(default_factory=CircuitRecipe)
    trial: ContextTrialRecipe = Field(default_factory=ContextTrialRecipe)
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)
    evaluation: EvaluationRecipe = Field(default_factory=EvaluationRecipe)

    @property
    def phases_s(self) -> tuple[float, float]:
        """How long is shown what must be held, and how long what is judged by it."""
        return self.trial.cue_s, self.trial.evidence_s

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _check_times(self)
        return self


MemoryRecipe = DelayedMatchRecipe | ContextRecipe
TASKS: dict[str, type[DelayedMatchRecipe] | type[ContextRecipe]] = {
    "delayed-match": DelayedMatchRecipe,
    "context-integration": ContextRecipe,
}


def _check_times(recipe: MemoryRecipe) -> None:
    dt_s, tau_s = recipe.circuit.dt_s, recipe.circuit.tau_s
    shown_s, judged_s = recipe.phases_s
    if not dt_s <= recipe.trial.window_s <= judged_s:
        what = "trial.window_s should be a step of dt_s or longer, and not longer than what is judged"
        raise FieldError(what, f"give {dt_s:g} to {judged_s:g}")
    for name, time_s in recipe.trial.model_dump(include=_LASTS).items():
        if fault := not_whole(time_s, dt_s):
            raise FieldError(f"trial.{name}: {fault[0]} (dt_s)", fault[1])
    if recipe.trial.redraw_s < dt_s:
        raise FieldError("trial.redraw_s is shorter than a step of dt_s", f"give {dt_s:g} or more")
    longest = max(recipe.training.delays_tau[1], recipe.evaluation.delays_tau[-1])
    ticks = (shown_s + longest * tau_s + judged_s) / dt_s
    if ticks > MOST_TICKS:
        what = f"a trial of the longest delay has {ticks:,.0f} steps of dt_s, limit {MOST_TICKS:,}"
        raise FieldError(what, "give shorter delays or a longer dt_s")
    channels = recipe.circuit.channels if isinstance(recipe, DelayedMatchRecipe) else 6
    largest_batch = max(recipe.evaluation.trials, recipe.evaluation.calibration_trials, recipe.training.batch_size)
    values = largest_batch * channels * (ticks * dt_s / recipe.trial.redraw_s + 3)
    if values > MOST_VALUES:
        what = f"the trials of the longest delay have {values:,.0f} values of drive, limit {MOST_VALUES:,}"
        raise FieldError(what, "give fewer trials, shorter delays, or a longer trial.redraw_s")
