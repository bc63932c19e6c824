"""Describes a reservoir of the family `reservoir-ei`: what it is drawn from, how it is balanced, and what is tried.

Whatever stands in `gains`, and in `factors` or `targets`, is tried, and the best by validation is the reservoir:
every way to balance can have the same chance, and none is tuned on what it is tested by.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.literature.reservoir.balance import Structure
from neurocmc.literature.reservoir.digits import ROWS

MOST_TRIED = 1000
Gain = Annotated[float, Field(ge=0, le=100)]
Factor = Annotated[float, Field(ge=0, le=100)]
Target = Annotated[float, Field(gt=0, lt=1)]
Task = Literal["series", "digits"]
Balance = Literal["global", "local"]


class ReservoirRecipe(StrictModel):
    """A reservoir as its YAML file has it."""

    family: Literal["reservoir-ei"]
    task: Task = "series"  # what it is adapted to, chosen and calibrated by
    units: int = Field(default=40, ge=2, le=1000)
    excitatory_share: float = Field(default=0.8, gt=0, lt=1)
    density: float = Field(default=0.1, gt=0, le=1)
    slope: float = Field(default=4.0, gt=0, le=1000)
    threshold: float = Field(default=0.5, ge=-100, le=100)
    pole: float = Field(default=0.0, ge=0, le=0.99)
    input_scale: float = Field(default=0.1, gt=0, le=100)
    balance: Balance = "local"
    gains: tuple[Gain, ...] = Field(min_length=1, max_length=MOST_TRIED)  # spectral radii of A_E
    factors: tuple[Factor, ...] = Field(default=(1.0,), min_length=1, max_length=MOST_TRIED)  # of A_I; global
    targets: tuple[Target, ...] = Field(default=(0.5,), min_length=1, max_length=MOST_TRIED)  # of r; local
    spread: float = Field(default=0.0, ge=0, lt=1)  # targets of units are uniform within so much of the target; local
    adaptation_rate: float = Field(default=0.02, gt=0, le=10)
    adaptation_steps: int = Field(default=3000, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        if not 0 < self.excitatory < self.units:
            what = f"{self.excitatory} of {self.units} units would excite"
            raise FieldError(what, "leave at least one unit of either kind")
        tried = len(self.gains) * len(self.tried)
        if tried > MOST_TRIED:
            raise FieldError(f"{tried:,} reservoirs would be tried, limit {MOST_TRIED:,}", "name fewer values")
        lowest, highest = min(self.targets) - self.spread, max(self.targets) + self.spread
        if self.balance == "local" and not 0 < lowest <= highest < 1:
            what = f"targets of units would reach from {lowest:g} to {highest:g}, and r lies between 0 and 1"
            raise FieldError(what, "give a smaller spread")
        return self

    @property
    def tried(self) -> tuple[float, ...]:
        """What is tried with every gain: factors of inhibition, or targets of activity."""
        return self.factors if self.balance == "global" else self.targets

    @property
    def excitatory(self) -> int:
        """The number of units that excite."""
        return round(self.excitatory_share * self.units)

    @property
    def structure(self) -> Structure:
        """What reservoirs are drawn from."""
        return Structure(
            units=self.units,
            excitatory=self.excitatory,
            density=self.density,
            inputs=ROWS if self.task == "digits" else 1,
            input_scale=self.input_scale,
            slope=self.slope,
            threshold=self.threshold,
            pole=self.pole,
        )
