"""A study of reservoirs end to end, small: made, compiled, measured on rates and on the chip, and drawn."""

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

import neurocmc
from neurocmc.campaigns import Made
from neurocmc.common.errors import InputError
from neurocmc.literature.reservoir import measures
from neurocmc.literature.reservoir.family import FAMILY
from neurocmc.literature.reservoir.pictures import reservoirs

from .small import RECIPE, document

HOME = "neurocmc.literature.reservoir"
STUDY: dict[str, Any] = {
    "name": "small",
    "family": "reservoir-ei",
    "recipe": "recipe.yaml",
    "variants": {
        "excitation-40": {"balance": "global", "factors": [1], "gains": [1]},
        "global-40": {"balance": "global", "factors": [1, 3], "gains": [1]},
        "local-40": {},
        "local-100": {"units": 20, "gains": [1]},
    },
    "seeds": [0],
    "measures": ["training", *(f"{HOME}.measures:{name}" for name in ("rate", "chip", "controls"))],
    "pictures": [f"{HOME}.pictures:reservoirs"],
    "compile": {"neurons": 12, "samples": 1, "variants": ["excitation-40", "global-40", "local-40"]},
}


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "out" / "runs.csv").open(newline="") as file:
        return {row["variant"]: row for row in csv.DictReader(file)}


def done(folder: Path) -> dict[str, dict[str, str]]:
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE))
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    neurocmc.study(folder / "study.yaml", folder / "out")
    return rows(folder)


def test_a_study_is_done_and_when_it_goes_on_its_table_is_the_same(tmp_path: Path) -> None:
    found = done(tmp_path)
    table = (tmp_path / "out" / "runs.csv").read_bytes()
    assert {row["error_id"] for row in found.values()} == {""}
    for variant, row in found.items():
        curve = [float(value) for value in row["rate_memory_curve"].split()]
        assert len(curve) == 40
        assert sum(curve) == pytest.approx(float(row["rate_memory"]), abs=0.01)
        assert 1 < float(row["rate_memory"]) < 20
        assert float(row["input_memory"]) < 0.2  # what comes in now does not say what came before
        assert float(row["rate_narma"]) < float(row["input_narma"])
        if variant == "local-100":
            assert row["chip_memory"] == ""
        else:
            assert 0.3 < float(row["chip_memory"]) < 1.1 * float(row["rate_memory"])
    assert found["global-40"]["factor"] in ("1.0", "3.0")
    assert (tmp_path / "out" / "figures" / "reservoirs.png").stat().st_size > 10_000
    kept = sorted((tmp_path / "out" / "runs").iterdir())
    times = [path.stat().st_mtime_ns for path in kept]
    (tmp_path / "out" / "runs.csv").unlink()
    done(tmp_path)
    assert (tmp_path / "out" / "runs.csv").read_bytes() == table
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / "out" / "runs").iterdir())] == times


def test_a_liquid_is_read_on_the_chip(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    recipe = FAMILY.checked(document(task="digits", gains=[1.0]))
    path = tmp_path / "liquid.npz"
    told = FAMILY.make(recipe, 0, path, lambda _stage, _share: None)
    neurocmc.compile(path, out=tmp_path / "build", neurons=12, figures=False)
    made = Made(
        name="liquid-0", variant="liquid", seed=0, recipe=recipe, path=path, metrics=told,
        compiled=tmp_path / "build", verdict={}, not_compiled="",
    )  # fmt: skip
    rate, chip, controls = measures.rate(made), measures.chip(made), measures.controls(made)
    assert float(rate["rate_digits"]) > 2 * float(controls["last_column_digits"])
    assert float(chip["chip_digits"]) > 2 * float(controls["last_column_digits"])
    assert float(controls["pixels_digits"]) > 0.9
    fine, coarse = measures.rounded(made, steps=10**9), measures.rounded(made, steps=1)
    assert fine["rounded_digits"] == rate["rate_digits"]
    assert float(coarse["rounded_digits"]) < float(rate["rate_digits"])
    without = Made(
        name="liquid-0", variant="liquid", seed=0, recipe=recipe, path=path, metrics=told,
        compiled=None, verdict={}, not_compiled="the study compiles nothing",
    )  # fmt: skip
    with pytest.raises(InputError, match="compiles nothing"):
        measures.chip(without)


def test_a_picture_of_nothing_on_a_chip_is_refused() -> None:
    from matplotlib.figure import Figure

    with pytest.raises(InputError, match="no run of the variant excitation-40 was measured on a chip"):
        reservoirs(Figure(), [{"variant": "excitation-40", "seed": 0, "rate_memory": 3.0}])
