"""Describes what is made: a filter, the transformer behind it, how that is trained, and the filter's circuit."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import StrictModel

Sigma = Annotated[float, Field(ge=0.1, le=10)]  # pixels
SelfExcitation = Annotated[float, Field(ge=0, le=0.95)]
Inhibition = Annotated[float, Field(gt=0, le=100)]


class SoftWinnerTakeAll(StrictModel):
    """The filter: [x - t]+ / (1 - alpha), t = beta mean(e)."""

    alpha: SelfExcitation
    beta: Inhibition


class OnePass(StrictModel):
    """gain [x - inhibition mean(x)]+."""

    gain: float = Field(gt=0, le=100)
    inhibition: Inhibition


class DifferenceOfGaussians(StrictModel):
    """A centre less a surround, divided by the largest."""

    centre_px: Sigma
    surround_px: Sigma

    @model_validator(mode="after")
    def _has_a_surround(self) -> Self:
        if self.surround_px <= self.centre_px:
            raise FieldError("surround_px is not above centre_px", "give a surround that is wider than the centre")
        return self


class LocalContrast(StrictModel):
    """(x - local mean) / local standard deviation, which counts as `floor` at least."""

    window_px: Sigma
    floor: float = Field(gt=0, le=1)


class MinMax(StrictModel):
    """Stretched between two quantiles."""

    cut: float = Field(ge=0, lt=0.5)


class Augmentation(StrictModel):
    """Plain images; in training each has a contrast, an offset and noise drawn for it."""

    contrast_lowest: float = Field(gt=0, le=1)
    noise_std: float = Field(ge=0, le=1)  # the largest


class Divisive(StrictModel):
    """The filter, then 0.1 e / (constant + mean(e)) on the host."""

    alpha: SelfExcitation
    beta: Inhibition
    constant: float = Field(gt=0, le=10)


class Filters(StrictModel):
    """The parameters of each filter; a run takes those of one."""

    swta: SoftWinnerTakeAll
    one_pass: OnePass
    dog: DifferenceOfGaussians
    local_contrast: LocalContrast
    min_max: MinMax
    augmentation: Augmentation
    divisive: Divisive


JudgedOn = Literal["table", "choice", "haze"]  # the sets of the table, those that filters are chosen on, or haze
FilterName = Literal["plain", "swta", "one_pass", "dog", "local_contrast", "min_max", "augmentation", "divisive"]


class TransformerRecipe(StrictModel):
    """A vision transformer: patches of `patch_px` squared, each a token of `width` numbers."""

    patch_px: int = Field(ge=1, le=28)
    width: int = Field(ge=1, le=1024)
    layers: int = Field(ge=1, le=24)
    heads: int = Field(ge=1, le=64)
    hidden: int = Field(ge=1, le=4096)

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads:
            raise FieldError(f"{self.heads} heads do not share a width of {self.width}", "give a multiple of heads")
        return self


class TrainingRecipe(StrictModel):
    """AdamW, its learning rate rising to `learning_rate` and falling to nothing in one cycle."""

    epochs: int = Field(ge=1, le=1000)
    batch_size: int = Field(ge=1, le=5000)
    learning_rate: float = Field(gt=0, le=1)
    weight_decay: float = Field(ge=0, le=1)
    gradient_clip: float = Field(gt=0, le=1e6)


class CircuitRecipe(StrictModel):
    """The circuit that is written: its time constant, how long an image is held, and how many come with it."""

    tau_ms: float = Field(ge=1, le=1000)
    duration_ms: int = Field(ge=10, le=10_000)
    window_ms: int = Field(ge=1, le=10_000)
    calibration_images: int = Field(ge=4, le=64)
    test_images: int = Field(ge=1, le=64)

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        if self.window_ms > self.duration_ms:
            raise FieldError("window_ms is longer than duration_ms", "give a shorter window, or hold images longer")
        return self


class Run(StrictModel):
    """What a run depends on beside its seed: of the filters, the parameters of its own."""

    task: str = Field(min_length=1, max_length=4096)  # as `neurocmc.images` takes it; grey images of 28 x 28 pixels
    size: int | None = Field(default=None, ge=50, le=1_000_000)  # images of the task; None: all
    judged_on: JudgedOn
    filter: FilterName
    parameters: dict[str, float]
    transformer: TransformerRecipe
    training: TrainingRecipe
    circuit: CircuitRecipe


class FilterRecipe(StrictModel):
    """A recipe as its YAML file has it: `filter` names the one that a run takes."""

    family: Literal["filter-vit"]
    task: str = Field(min_length=1, max_length=4096)
    size: int | None = Field(default=None, ge=50, le=1_000_000)
    judged_on: JudgedOn
    filter: FilterName
    filters: Filters
    transformer: TransformerRecipe
    training: TrainingRecipe
    circuit: CircuitRecipe

    def run(self) -> Run:
        """Returns what a run takes of it."""
        own: StrictModel | None = None if self.filter == "plain" else getattr(self.filters, self.filter)
        return Run(
            task=self.task,
            size=self.size,
            judged_on=self.judged_on,
            filter=self.filter,
            parameters={} if own is None else own.model_dump(),
            transformer=self.transformer,
            training=self.training,
            circuit=self.circuit,
        )
