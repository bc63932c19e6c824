"""The study at small size: whole, resumed, drawn; and what its measures promise."""

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml

import neurocmc
from neurocmc.campaigns import Made
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError
from neurocmc.literature.flux.family import FAMILY
from neurocmc.literature.flux.information import mean_flux
from neurocmc.literature.flux.lesions import circuit_of
from neurocmc.literature.flux.measures import flux, late, on_chip, resonance
from tests.literature.flux.small import data, recipe
from tests.literature.flux.test_family import silent

STUDY = """
name: small flux
family: flux-l5
recipe: recipe.yaml
variants:
  isolated: {lesion: isolated, biases: none}
  noise: {lesion: matched-bias-and-noise, biases: none}
  organised: {}
seeds: [0, 1]
measures:
  - neurocmc.literature.flux.measures:flux
  - {measure: "neurocmc.literature.flux.measures:late", with: {after_steps: 30}}
  - {measure: "neurocmc.literature.flux.measures:resonance", with: {noise_std: [0, 0.25, 4]}}
  - {measure: "neurocmc.literature.flux.measures:on_chip", with: {variants: [organised], neurons: [4, 16]}}
pictures: [neurocmc.literature.flux.pictures:flux]
"""


def study(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(data()))
    (folder / "study.yaml").write_text(STUDY)
    return folder / "study.yaml"


def test_a_study_is_done_once_and_its_table_is_the_same_again(tmp_path: Path) -> None:
    plan = study(tmp_path)
    neurocmc.study(plan, tmp_path / "out")
    first = {name: (tmp_path / "out" / name).read_bytes() for name in ("runs.csv", "table.csv", "table.md")}
    rows = list(csv.DictReader((tmp_path / "out" / "runs.csv").open(newline="")))
    assert [(row["variant"], row["seed"]) for row in rows[:3]] == [
        ("isolated", "0"),
        ("noise", "0"),
        ("organised", "0"),
    ]
    assert {row["error"] for row in rows} == {""}
    assert [bool(row["chip_flux_16"]) for row in rows] == [False, False, True] * 2
    assert (tmp_path / "out" / "figures" / "flux.png").stat().st_size > 10_000
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").iterdir()}
    for kept in sorted((tmp_path / "out" / "runs").glob("organised-1.*")):
        kept.unlink()  # as if it had been stopped before these
    neurocmc.study(plan, tmp_path / "out", figures=False)
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").iterdir()}
    assert {name for name in before if before[name] != after[name]} == {
        name for name in before if name.startswith("organised-1.")
    }
    assert {name: (tmp_path / "out" / name).read_bytes() for name in first} == first


def test_flux_is_that_of_the_settled_trials_and_the_chip_follows_it(tmp_path: Path) -> None:
    made = run_of(tmp_path, 1)
    model = made.model()
    assert model.reference is not None
    activity = np.asarray(model.reference(model.read_stimuli().test[0])["core"])
    found = flux(made)
    assert found["flux"] == pytest.approx(mean_flux(activity[:, 20:220], 1).bits)
    chip = on_chip(made, ["organised"], [32])
    assert isinstance(chip["chip_flux_32"], float)
    assert isinstance(found["flux"], float)
    assert chip["chip_error_32"] == pytest.approx(abs(chip["chip_flux_32"] / found["flux"] - 1))
    assert on_chip(made, ["isolated"], [32]) == {}


@pytest.mark.parametrize("lesion", ["embedded", "isolated"])
def test_late_is_how_the_trials_go_on(tmp_path: Path, lesion: str) -> None:
    changes = {"lesion": lesion, "biases": "none"}
    made = run_of(tmp_path, 3, **changes)
    model, network = made.model(), circuit_of(recipe(**changes), 3).network
    assert model.reference is not None
    sent = model.reference(model.read_stimuli().test[0])
    x = np.concatenate([sent[name] for name in network.sizes], axis=2)[:, -1]
    history: list[Float] = []
    for _ in range(7 + 200):
        x = np.array([network.step(trial, network.bias) for trial in x])
        history.append(x[:, :8])
    expected = mean_flux(np.stack(history[7:], axis=1), 3)
    assert late(made, 7) == {"late_flux": expected.bits, "late_distinct": expected.distinct}


def test_resonance_is_a_rise_and_a_fall(tmp_path: Path) -> None:
    found = resonance(run_of(tmp_path, 0, lesion="isolated", biases="none"), [0, 0.4, 8])
    levels = [float(found[name]) for name in ("noise_0000", "noise_0400", "noise_8000")]
    assert found["trapped"] is (levels[0] < 0.005)
    assert found["peak"] == max(levels)
    assert found["resonates"] is (max(levels) - levels[0] >= 0.005 and max(levels) - levels[2] >= 0.005)


@pytest.mark.parametrize("levels", [[0, 1], [0, 2, 1], [0, 0.0005, 1], [0, 1, 20]])
def test_levels_that_no_column_could_be_named_by_are_refused(tmp_path: Path, levels: list[float]) -> None:
    with pytest.raises(InputError) as caught:
        resonance(run_of(tmp_path, 0), levels)
    assert caught.value.problems[0].id == "measure-options"


def run_of(folder: Path, seed: int, **changes: str) -> Made:
    recipe = data(**changes)
    path = folder / "flux.npz"
    metrics = FAMILY.make(recipe, seed, path, silent)
    return Made(
        name=f"organised-{seed}",
        variant="organised",
        seed=seed,
        recipe=recipe,
        path=path,
        metrics=metrics,
        compiled=None,
        verdict={},
        not_compiled="",
    )
