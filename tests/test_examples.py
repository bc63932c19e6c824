"""The examples and the Python of the documentation run as they stand, each in an interpreter of its own."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from neurocmc.circuits import recipe
from neurocmc.frontends import circuit_yaml, stimulus_yaml
from neurocmc.pipeline.study import plan as study_plan
from neurocmc.pipeline.sweep import plan as sweep_plan
from neurocmc.targets import IdealLimits, LoihiEnergy, LoihiLimits
from tests.made.waiting import HANGS_S
from tests.torch_extra import needs_torch

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"


def run(*arguments: object, folder: Path, path: str = "") -> str:
    """Standard output of a Python program that must end well."""
    environment = os.environ | {"NEUROCMC_LAVA_PYTHON": ""}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=environment | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=HANGS_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def downloaded(folder: Path, *names: str) -> Path:
    """Examples in a folder of their own, as a reader of docs/examples.md has them; the path of the first."""
    alone = folder / "alone"
    alone.mkdir()
    for name in names:
        shutil.copy(EXAMPLES / name, alone)
    return alone / names[0]


def test_the_page_of_examples_gives_every_example_for_download() -> None:
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    given = re.findall(r"\{download\}`(\S+) <\.\./examples/(\S+)>`", page)
    assert all(name == file for name, file in given)
    assert {name for name, _ in given} == {
        path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".yaml")
    }


@needs_torch
@pytest.mark.slow
def test_quick_start(tmp_path: Path) -> None:
    told = run(downloaded(tmp_path, "quick_start.py"), tmp_path / "out", folder=tmp_path, path=str(ROOT))
    assert "swta-mnist-5k: 11 rate units" in told
    assert "excite: 10 x 64 neurons" in told
    assert re.search(r"first digit on the emulator: unit 6 wins", told)  # it is a six
    assert ": miss" not in told
    assert "all edges kept: True" in told


@pytest.mark.slow
def test_a_circuit_by_hand_and_its_artifact_without_neurocmc(tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = run(downloaded(tmp_path, "by_hand.py", "circuit.yaml"), out, folder=tmp_path, path=str(ROOT))
    assert re.search(r"\d+ neurons per unit: the smallest size tried whose rates are within 0.02 of range", told)
    for time, winner in (("0.5", "a"), ("0.9", "a"), ("1.5", "b")):
        assert re.search(rf"{time} s  {winner} wins at [\d.]+ +{winner} wins at [\d.]+", told), told
    assert re.search(r"0.1 s  silent +silent", told)

    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "neurocmc.py").write_text("raise ImportError('the example must do without neurocmc')\n")
    told = run(EXAMPLES / "read_artifact.py", out, folder=tmp_path, path=str(guard))
    assert "four-unit-swta for loihi1" in told
    assert re.search(r"population excite: 4 units of (\d+) neurons \(threshold code\)", told)
    assert re.search(r"synapse_bits: [\d,]+ of 134,217,728", told)


def test_a_memory_recalls_both_ways(tmp_path: Path) -> None:
    told = run(downloaded(tmp_path, "memory.py"), tmp_path / "out", folder=tmp_path, path=str(ROOT)).splitlines()
    assert told[:3] == [
        "bog recalls moss, birch in tick 6",
        "meadow recalls clover in tick 6",
        "forest recalls moss, fern, birch in tick 6",
    ]
    assert told[-2:] == ["birch recalls bog, forest in tick 6", "all edges kept: True"]


@pytest.mark.slow
def test_a_sweep_and_a_study_with_a_measure_of_its_own(tmp_path: Path) -> None:
    swept = run("-m", "neurocmc", "sweep", EXAMPLES / "sweep.yaml", "-o", "sweep", folder=tmp_path, path=str(ROOT))
    assert "code-unfit" in swept
    table = list(csv.DictReader((tmp_path / "sweep" / "table.csv").open(newline="")))
    assert len(table) == 16
    assert {row["verdict"] for row in table} == {"kept", "missed", "refused"}
    study = run("-m", "neurocmc", "study", EXAMPLES / "study.yaml", "-o", "study", folder=tmp_path, path=str(ROOT))
    assert "with slower inhibition: mean ± standard deviation over seeds" in study
    rows = list(csv.DictReader((tmp_path / "study" / "runs.csv").open(newline="")))
    assert all(20 < float(row["takeover_ms"]) < 600 for row in rows)
    assert [bool(row["chip_nrmse"]) for row in rows] == [True, True, False, False]


@needs_torch
@pytest.mark.slow
def test_the_python_of_the_quick_start(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "quick-start.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    for folder in ("models", "examples"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "page.py").write_text("".join(blocks))
    told = run("page.py", folder=tmp_path).splitlines()
    assert told[0] == "True"
    assert told[1] == "1 cores"
    assert told[2] == "5 rate units"
    assert told[3] == "(1, 2000, 4)"
    assert told[-1] == "target-unknown no target is named 'loihi3'"


def documented(model: type[BaseModel]) -> set[str]:
    """The names under which the fields of a schema stand in a file."""
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize(
    ("page", "models"),
    [
        (
            "circuits.md",
            [entry for module in (circuit_yaml, stimulus_yaml, recipe) for entry in vars(module).values()],
        ),
        ("campaigns.md", [entry for module in (sweep_plan, study_plan) for entry in vars(module).values()]),
        ("targets.md", [LoihiLimits, LoihiEnergy, IdealLimits]),
    ],
)
def test_every_field_of_a_file_is_documented(page: str, models: list[object]) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    shown = text + "".join(
        (ROOT / "docs" / name).read_text(encoding="utf-8")
        for name in re.findall(r"^```\{literalinclude\} (\S+)$", text, re.MULTILINE)
    )
    fields = {
        name
        for model in models
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__.startswith("neurocmc.")
        for name in documented(model)
    }
    assert len(fields) > 20
    missing = sorted(name for name in fields if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", shown))
    assert not missing


def test_choices_are_documented() -> None:
    text = (ROOT / "docs" / "circuits.md").read_text(encoding="utf-8")
    for choice in (*get_args(circuit_yaml.TransferKind), *get_args(circuit_yaml.Pattern.__annotations__["pattern"])):
        assert f"`{choice}`" in text
