"""Publishes the form of what other programs read of an artifact, as JSON schemas beside this file.

`python -m neurocmc.pipeline.schemas` writes them anew; a test holds them equal to the classes they come from, and
checks real files against them.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from neurocmc.common.files import json_text
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.pipeline.manifest import Manifest
from neurocmc.report.budget import Budget
from neurocmc.verification.latency import ChangedReadout

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class EdgeEntry(StrictModel):
    """One comparison of one level with another."""

    name: str
    quantity: str
    value: float | None
    limit: float | None
    unit: str
    better: Literal["low", "high"]
    verdict: Literal["pass", "miss", "not run"]
    group: Literal["fidelity", "theory"]
    worst: str
    note: str
    interval: tuple[float, float] | None
    cure: str


class CertificateEntry(StrictModel):
    """What theory says of the circuit; its states have fields of their own."""

    model_config = ConfigDict(extra="allow")

    circuit: str
    no_theory: str
    complete: bool
    is_rounded: bool
    lost_up_states: Annotated[int, Field(ge=0)]
    lost_winners: Annotated[int, Field(ge=0)]


class LatencyEntry(StrictModel):
    """What the network between cores does to spikes; times in the unit that a name ends with, shares from 0 to 1."""

    places: str
    doubts: tuple[str, ...]
    cores: Annotated[int, Field(ge=1)]
    trials: Annotated[int, Field(ge=1)]
    ticks: Annotated[int, Field(ge=0)]
    messages_per_tick: float
    hops: float
    latency_ns: float
    latency_99_ns: float
    longest_latency_ns: float
    wait_ns: float
    longest_wait_ns: float
    barrier_ns: float
    mean_tick_us: float
    longest_tick_us: float
    model_tick_us: float
    speed: float
    tick_us: float
    late: float
    beyond: Annotated[int, Field(ge=0)]
    isi_distortion: float
    disorder: float
    nrmse: float | None
    changed: tuple[ChangedReadout, ...]


class VerificationFile(StrictModel):
    """verify.json, and what `neurocmc verify --json` prints; a file of version 1 holds no latency."""

    format: Literal["neurocmc-verification"]
    version: Literal[1, 2]
    passed: bool
    strict: bool
    samples: Annotated[int, Field(ge=1)] | None
    seeds: Annotated[int, Field(ge=1)]
    limits: dict[str, float]
    edges: tuple[EdgeEntry, ...]
    certificate: CertificateEntry
    latency: LatencyEntry | None = None


def schemas() -> dict[str, dict[str, Any]]:
    """Maps the name of each file to its schema."""
    found: dict[str, Any] = {
        "manifest": Manifest.model_json_schema(),
        "verification": VerificationFile.model_json_schema(),
        "budget": TypeAdapter(Budget).json_schema(mode="serialization"),
    }
    return {
        f"{name}.schema.json": {"$schema": DIALECT, **schema, "title": f"neurocmc {name}"}
        for name, schema in found.items()
    }


if __name__ == "__main__":
    for name, schema in schemas().items():
        (Path(__file__).parent / name).write_text(json_text(schema), encoding="utf-8", newline="\n")
