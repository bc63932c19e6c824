"""The published schemas: equal to the classes they come from, and kept by what commands write and print."""

import json
from pathlib import Path

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

import neurocmc
from neurocmc.pipeline import schemas as published
from tests.cli.running import run

FOLDER = Path(published.__file__).parent
CIRCUIT = Path(__file__).resolve().parents[2] / "examples" / "circuit.yaml"


def test_the_files_are_those_of_the_classes() -> None:
    for name, schema in published.schemas().items():
        assert json.loads((FOLDER / name).read_text(encoding="utf-8")) == schema
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("target", ["loihi1", "truenorth", "brian2"])
def test_what_is_written_and_printed_keeps_them(target: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """And the membership of both groups of edges, of all edges that an example has on three targets."""
    build = tmp_path / "build"
    neurocmc.compile(CIRCUIT, target=target, out=build, neurons=32, figures=False)
    limit = ("--limit", "phi ~ pool: largest error of the gain fit=0.5")
    latency = () if target == "brian2" else ("--latency", "--tick-us", "2")
    told = json.loads(run("verify", build, *limit, *latency, "--no-figures", "--json").out)
    budget = json.loads(run("budget", build, "--json").out)
    files = {
        "manifest": [json.loads((build / "manifest.json").read_text())],
        "verification": [json.loads((build / "verify.json").read_text()), told],
        "budget": [json.loads((build / "budget.json").read_text()), budget],
    }
    for name, values in files.items():
        schema = published.schemas()[f"{name}.schema.json"]
        for value in values:
            jsonschema.validate(value, schema)
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({**value, "circuit": 7, "format": 7}, schema)
    # What the network between cores does is told beside the edges, and a file of version 1 knew nothing of it.
    assert (told["latency"] is None) == (target == "brian2")
    assert ("Latency of spikes between cores" in (build / "report.html").read_text(encoding="utf-8")) == (
        target != "brian2"
    )
    if told["latency"] is not None:
        assert (told["latency"]["tick_us"], told["latency"]["model_tick_us"]) == (2.0, 1000.0)
        assert told["latency"]["late"] > 0.0
    old = {**{name: told[name] for name in told if name != "latency"}, "version": 1}
    jsonschema.validate(old, published.schemas()["verification.schema.json"])
    groups = [f"{edge['group']:8}  {edge['name']}: {edge['quantity']}" for edge in told["edges"]]
    assert "\n".join(sorted(groups)) == snapshot
    assert told["limits"] == {"phi ~ pool: largest error of the gain fit": 0.5}
