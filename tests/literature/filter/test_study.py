"""The study at its smallest, from the plan to the table, twice; and the command that makes one circuit."""

from pathlib import Path

import neurocmc
from neurocmc.literature.filter.pairs import SETS
from neurocmc.pipeline.study.pictures import read_rows
from tests.cli.running import run
from tests.torch_extra import needs_torch

from .settings import SMALL

pytestmark = needs_torch

STUDY = """
name: small
family: filter-vit
recipe: recipe.yaml
variants: {plain: {filter: plain}, swta: {}}
seeds: [0, 1]
measures: [training, circuit]
pictures: [neurocmc.literature.filter.pictures:gains]
"""


def plan(folder: Path) -> Path:
    (folder / "recipe.yaml").write_text(SMALL.replace("judged_on: choice", "judged_on: table"))
    (folder / "study.yaml").write_text(STUDY)
    return folder / "study.yaml"


def test_a_study_makes_its_table_and_the_same_when_it_goes_on(tmp_path: Path) -> None:
    study = plan(tmp_path)
    study.write_text(STUDY.replace("seeds: [0, 1]", "seeds: [0]"))
    neurocmc.study(study, tmp_path / "out", figures=False)
    kept = {path.name: path.read_bytes() for path in (tmp_path / "out" / "runs").iterdir()}
    study.write_text(STUDY)
    neurocmc.study(study, tmp_path / "out")
    whole = {path.name: path.read_bytes() for path in (tmp_path / "out" / "runs").iterdir()}
    assert kept.items() < whole.items()
    table = (tmp_path / "out" / "table.csv").read_bytes()
    neurocmc.study(study, tmp_path / "again", figures=False)
    assert (tmp_path / "again" / "table.csv").read_bytes() == table
    rows = read_rows(tmp_path / "out" / "runs.csv")
    assert len(rows) == 4
    assert all(set(SETS) < set(row) and 0.0 <= row["clean"] <= 1.0 for row in rows)
    assert {(row["variant"], row["units"]) for row in rows} == {("plain", 784), ("swta", 785)}
    assert (tmp_path / "out" / "figures" / "gains.png").stat().st_size > 10_000


def test_the_command_makes_one_circuit(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(SMALL)
    shown = run("train", tmp_path / "recipe.yaml", "-o", tmp_path / "filter.yaml")
    assert shown.code == 0
    assert "gamma half" in shown.out
    assert neurocmc.load(tmp_path / "filter.yaml").circuit.units == 785
