"""Checks what a study keeps of its runs: a result that was altered, or never was one, must not be tabled.

Every number is of its kind and in its range; the texts of a verdict are data, and are escaped where they are shown.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, model_validator

from neurocmc.circuits.cmc.wiring import Variant
from neurocmc.circuits.seeds import Seed
from neurocmc.common.errors import FieldError, InputError, Problem
from neurocmc.common.opening import STUDY_RESULT
from neurocmc.common.strict_json import problem_at, read_json
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.common.yaml_complaints import checked

RESULT_FORMAT = "neurocmc-study-result"
AGAIN = "delete it; its run is then repeated"
SHARES = ("accuracy", "chance")  # how the names of metrics end that are shares of the test images

Regions = Annotated[int, Field(ge=1, le=5)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10**12)]
Measure = Annotated[float, Field(ge=-1e12, le=1e12)]
MetricName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=64)]


class ResultField(StrictModel):
    """The result of a run."""

    regions: Regions
    variant: Variant
    seed: Seed
    accuracy: Share
    parameters: Count
    circuit_parameters: Count
    metrics: dict[MetricName, Measure]

    @model_validator(mode="after")
    def _shares_are_shares(self) -> "ResultField":
        for name, value in self.metrics.items():
            if name.endswith(SHARES) and not 0 <= value <= 1:
                raise FieldError(f"metrics.{name} is {value:g}, a share is 0 to 1", AGAIN)
        return self


class ResultFile(StrictModel):
    """result.json of a run."""

    format: Literal["neurocmc-study-result"]
    recipe: dict[str, Any]
    result: ResultField


class ChipField(StrictModel):
    """The result of a compiled run, or why it was not compiled."""

    refused: str
    samples: Annotated[int, Field(ge=0, le=1_000_000)]
    neurons: Count
    agreement: Share | None
    accuracy_drop: Annotated[float, Field(ge=-1, le=1)] | None
    nrmse: Annotated[float, Field(ge=0, le=1e12)] | None
    missed: str


class ChipFile(StrictModel):
    """chip.json of a run."""

    format: Literal["neurocmc-study-result"]
    options: dict[str, Any]
    chip: ChipField


File = TypeVar("File", ResultFile, ChipFile)


def read_kept(path: Path, kind: type[File]) -> File | None:
    """Reads what a run has kept at `path`, None where there is nothing. Raises InputError for another kind."""
    if not os.path.lexists(path):
        return None
    data = read_json(path, STUDY_RESULT, AGAIN)
    if data.get("format") != RESULT_FORMAT:
        raise InputError(Problem("study-file-wrong", str(path), "is not a result of a study", AGAIN))
    kept, faults = checked(data, kind)
    if kept is None:
        raise InputError(problem_at(fault.id, path, fault.path, fault.what, AGAIN) for fault in faults)
    return kept
