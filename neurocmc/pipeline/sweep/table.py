"""Makes the table of a sweep: one line a run, whatever came of it, fractions in full precision."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from neurocmc.common.files import csv_text
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.pipeline.campaign.task import Outcome
from neurocmc.pipeline.sweep.plan import Factors
from neurocmc.targets import Planes, Steps

Verdict = Literal["kept", "missed", "refused", "lost", "defect"]
FACTORS = ("circuit", "target", "code", "neurons", "seed")
ERROR = ("error_id", "error")
Count = Annotated[int, Field(ge=0, le=10**15)] | None
Share = Annotated[float, Field(ge=0, le=1)] | None
Error = Annotated[float, Field(ge=0, le=1e12)] | None
Text = Annotated[str, Field(max_length=20_000)]


class MeasuredRun(StrictModel):
    """What a run of a sweep comes to: the columns that are measured."""

    steps: Steps
    planes: Planes
    units: Count
    neurons_in_all: Count
    cores: Count
    cores_lower_bound: Count
    synapses: Count
    memory_bits: Count
    energy_pj: Annotated[float, Field(ge=0, le=1e24)] | None
    nrmse: Error
    worst_population: Text
    worst_unit_error: Error
    trials: Count
    decisions_agree: Share
    accuracy: Share
    rate_accuracy: Share
    missed: Text


MEASURED = tuple(MeasuredRun.model_fields)
COLUMNS = (*FACTORS, "verdict", *MEASURED, *ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run: its factors, what was measured, or the id and the words of why it was not."""

    factors: Factors
    verdict: Verdict
    measured: Mapping[str, Any]  # name in MEASURED -> value, None where a chip or circuit has none; {} where refused
    error_id: str = ""
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Returns every column by name."""
        return {
            **asdict(self.factors),
            "verdict": self.verdict,
            **{name: self.measured.get(name) for name in MEASURED},
            "error_id": self.error_id,
            "error": self.error,
        }


def row_of(factors: Factors, outcome: Outcome) -> Row:
    """Returns the row of a run; of several problems the first gives its id, and all of them the words."""
    if outcome.state == "done":
        verdict: Verdict = "missed" if outcome.value["missed"] else "kept"
        return Row(factors=factors, verdict=verdict, measured=outcome.value)
    told = "; ".join(f"{problem.where}: {problem.what}" for problem in outcome.problems)
    return Row(factors=factors, verdict=outcome.state, measured={}, error_id=outcome.problems[0].id, error=told)


def table_csv(rows: Iterable[Row]) -> str:
    """Returns CSV of one line a run; what was not measured is empty."""
    whole = (row.as_json() for row in rows)
    return csv_text(COLUMNS, ([values[name] for name in COLUMNS] for values in whole))


def shown(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Returns head and lines of the table that people read."""
    head = [*FACTORS, "cores", "NRMSE %", "decisions %", "verdict"]
    lines: list[list[str]] = []
    for row in rows:
        factors = [str(value) for value in asdict(row.factors).values()]
        cores = row.measured.get("cores")
        said = row.error_id if row.error_id else row.verdict
        numbers = [_percent(row.measured.get(name)) for name in ("nrmse", "decisions_agree")]
        lines.append([*factors, "" if cores is None else f"{cores:,}", *numbers, said])
    return head, lines


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100.0 * value:.2f}"
