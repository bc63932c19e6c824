"""Studies: the plan as its file says, runs that are done once, and no result of another recipe in a table."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.resume import state_path
from neurocmc.circuits.images import load_task
from neurocmc.circuits.study.plan import (
    ChipResult,
    CompileRecipe,
    Run,
    load_study,
    read_chip_result,
    read_result,
    write_chip_result,
    write_result,
)
from neurocmc.circuits.study.run import dynamics, landscape, train_run, trained_model
from neurocmc.common.errors import InputError

RECIPE = """
family: cmc
task: mnist-5k
images: 50
circuit: {columns: 3, fan_in: 2}
retina: {channels: 1, mixed: 2}
gaze: {hold_ticks: 2}
readout: {window_ticks: 2}
training: {epochs: 2, batch_size: 20, rate_noise: 0.01}
"""
STUDY = """
name: small
recipe: recipe.yaml
regions: [1, 2]
variants: [full, no-sp, ode-off]
seeds: [3, 4]
"""


def plan(folder: Path, study: str = STUDY, recipe: str = RECIPE) -> Path:
    (folder / "recipe.yaml").write_text(recipe)
    (folder / "study.yaml").write_text(study)
    return folder / "study.yaml"


def first_run(folder: Path) -> Run:
    return load_study(plan(folder), folder / "out")[1][0]


def test_a_plan_is_all_its_runs_in_order(tmp_path: Path) -> None:
    study, runs = load_study(plan(tmp_path, STUDY + "epochs: 1\nimages: 60\n"), tmp_path / "out")
    assert [run.name for run in runs][:4] == ["1-full-3", "1-no-sp-3", "1-ode-off-3", "2-full-3"]
    assert [run.seed for run in runs] == [3] * 6 + [4] * 6
    assert len(runs) == len({run.folder for run in runs}) == 12
    assert study.variants == ("full", "no-sp", "ode-off")
    for run in runs:
        circuit = run.recipe.circuit
        assert (circuit.regions, circuit.variant, run.recipe.seed) == (run.regions, run.variant, run.seed)
        assert (run.recipe.training.epochs, run.recipe.images, circuit.columns) == (1, 60, 3)
        # Noise is of the filters, which ode-off does not have.
        assert run.recipe.training.rate_noise == (0.0 if run.variant == "ode-off" else 0.01)


def test_one_region_has_no_feedback_to_take_away(tmp_path: Path) -> None:
    both = STUDY.replace("no-sp, ode-off", "feedforward-only")
    runs = load_study(plan(tmp_path, both), tmp_path)[1]
    names = [run.name for run in runs]
    assert names == [f"{name}-{seed}" for seed in (3, 4) for name in ("1-full", "2-full", "2-feedforward-only")]
    with pytest.raises(InputError, match=r"\[study-recipe\]"):
        load_study(plan(tmp_path, both.replace("full, ", "").replace("[1, 2]", "[1]")), tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("seeds: [3, 4]", "seeds: [3, 3]"), "seeds lists one twice"),
        (("regions: [1, 2]", "regions: [6]"), "regions[0]"),
        (("regions: [1, 2]", "regions: []"), "regions"),
        (("no-sp", "no-xy"), "variants[1]"),
        (("name: small", "name: small\ncolour: red"), "colour"),
        (("name: small", "name: small\ncompile: {neurons: 0}"), "compile.neurons"),
        (("name: small", "name: small\ncompile: {code: burst}"), "compile.code"),
        (("name: small", "name: small\nfigures: {landscape_points: 4}"), "odd number"),
        (("recipe.yaml", "none.yaml"), "none.yaml: no such file"),
    ],
)
def test_a_plan_that_is_none(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(InputError) as caught:
        load_study(plan(tmp_path, STUDY.replace(*change)), tmp_path / "out")
    assert told in str(caught.value)


def test_a_depth_that_the_recipe_cannot_have_is_named(tmp_path: Path) -> None:
    recipe = RECIPE.replace("fan_in: 2", "fan_in: 4").replace("circuit: {", "circuit: {regions: 1, ")
    with pytest.raises(InputError) as caught:
        load_study(plan(tmp_path, recipe=recipe), tmp_path / "out")
    problems = caught.value.problems
    assert len(problems) == 3  # every variant of two regions; one region has no coupling
    assert "2 regions, variant full" in problems[0].what
    assert "only 3 columns" in problems[0].what


def test_a_run_is_trained_once_and_read_the_same(tmp_path: Path) -> None:
    run = first_run(tmp_path)
    assert read_result(run) is None
    result = train_run(run, load_task("mnist-5k", 50))
    assert read_result(run) == result
    checkpoint = torch.load(run.checkpoint, weights_only=True)
    assert result.accuracy == checkpoint["metrics"]["accuracy"]
    live = trained_model(run.checkpoint, run.recipe).circuit.live_parameters()
    assert result.circuit_parameters == live
    host = sum(value.numel() for name, value in checkpoint["state_dict"].items() if not name.startswith("circuit."))
    assert result.parameters == live + host


def test_a_run_that_was_killed_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole, killed = first_run(tmp_path / "a"), first_run(tmp_path / "b")
    split = load_task("mnist-5k", 50)
    train_run(whole, split)

    class KilledError(Exception):
        pass

    def kill(_report: object) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        train_run(killed, split, kill)
    assert state_path(killed.checkpoint).is_file()
    assert read_result(killed) is None  # the best epoch so far is no result
    seen: list[int] = []
    train_run(killed, split, lambda report: seen.append(report.epoch))
    assert seen == [2]
    assert killed.checkpoint.read_bytes() == whole.checkpoint.read_bytes()
    assert not state_path(killed.checkpoint).exists()


def finished(run: Run, accuracy: float = 0.5) -> None:
    run.folder.mkdir(parents=True)
    parts = {f"{part}_parameters": 10 for part in ("retina", "gaze", "circuit", "readout")}
    write_result(run, {"metrics": {"accuracy": accuracy, **parts}})


def test_a_result_of_another_recipe_is_refused(tmp_path: Path) -> None:
    finished(first_run(tmp_path))
    changed = load_study(plan(tmp_path, recipe=RECIPE.replace("epochs: 2", "epochs: 3")), tmp_path / "out")[1][0]
    with pytest.raises(InputError, match=r"\[study-other-recipe\]"):
        read_result(changed)


def test_a_result_without_a_field_that_is_at_its_default_is_of_the_same_recipe(tmp_path: Path) -> None:
    run = first_run(tmp_path)
    finished(run)
    path = run.folder / "result.json"
    content = json.loads(path.read_text())
    assert content["recipe"]["training"].pop("weight_decay") == 0.0
    path.write_text(json.dumps(content))
    assert read_result(run) is not None
    content["recipe"]["training"].pop("epochs")  # 30 by default, 2 in this study
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"\[study-other-recipe\]"):
        read_result(run)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is not well-formed JSON"),
        ("[1]", "an object is needed at the top"),
        ('{"format": "other"}', "is not a result of a study"),
        ('{"a":' * 100_000, "is nested too deeply"),
        ("\xff", "is not well-formed JSON"),
    ],
)
def test_damaged_results_are_named(tmp_path: Path, content: str, told: str) -> None:
    run = first_run(tmp_path)
    finished(run)
    (run.folder / "result.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_result(run)


ALTERED = [
    ({"colour": "red"}, "result.colour: unknown field"),
    ({"accuracy": "x"}, "result.accuracy: should be a valid number"),
    ({"accuracy": True}, "result.accuracy: should be a valid number"),
    ({"accuracy": -0.25}, "result.accuracy: should be greater than or equal to 0"),
    ({"accuracy": 1.5}, "result.accuracy: should be less than or equal to 1"),
    ({"accuracy": 1e300}, "result.accuracy: should be less than or equal to 1"),
    ({"accuracy": float("nan")}, "NaN is not JSON"),
    ({"accuracy": float("inf")}, "Infinity is not JSON"),
    ({"accuracy": None}, "result.accuracy: should be a valid number"),
    ({"variant": "<script>"}, "result.variant: should be 'full'"),
    ({"variant": "no-dp"}, "the result was made with another recipe"),
    ({"seed": 7}, "the result was made with another recipe"),
    ({"regions": 2}, "the result was made with another recipe"),
    ({"regions": 99}, "result.regions: should be less than or equal to 5"),
    ({"parameters": 1.5}, "result.parameters: should be a valid integer"),
    ({"parameters": -1}, "result.parameters: should be greater than or equal to 0"),
    ({"metrics": {"accuracy": 0.5, "<script>": 1.0}}, "the name should match pattern"),
    ({"metrics": {"ode_off_accuracy": 3.0}}, "metrics.ode_off_accuracy is 3, a share is 0 to 1"),
    ({"metrics": {"mean_rate": 1e300}}, "result.metrics.mean_rate: should be less than or equal to"),
    ({"metrics": {"images": "100"}}, "result.metrics.images: should be a valid number"),
    ({"metrics": [1]}, "result.metrics: should be a mapping"),
]


@pytest.mark.parametrize(("change", "told"), ALTERED)
def test_an_altered_result_is_not_tabled(tmp_path: Path, change: dict[str, object], told: str) -> None:
    run = first_run(tmp_path)
    finished(run)
    path = run.folder / "result.json"
    content = json.loads(path.read_text())
    content["result"] |= change
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=told) as caught:
        read_result(run)
    assert all("delete" in problem.cure for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"agreement": 1.5}, "chip.agreement: should be less than or equal to 1"),
        ({"agreement": "all"}, "chip.agreement: should be a valid number"),
        ({"nrmse": -1.0}, "chip.nrmse: should be greater than or equal to 0"),
        ({"accuracy_drop": 2}, "chip.accuracy_drop: should be less than or equal to 1"),
        ({"missed": 3}, "chip.missed: should be text"),
        ({"colour": "red"}, "chip.colour: unknown field"),
    ],
)
def test_an_altered_verdict_is_not_tabled(tmp_path: Path, change: dict[str, object], told: str) -> None:
    run, options = first_run(tmp_path), CompileRecipe()
    write_chip_result(run, options, ChipResult(samples=300, neurons=9, agreement=0.99))
    path = run.folder / "chip.json"
    content = json.loads(path.read_text())
    content["chip"] |= change
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=told):
        read_chip_result(run, options)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_result_that_is_no_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    run = first_run(tmp_path)
    run.folder.mkdir(parents=True)
    make(run.folder / "result.json")
    with pytest.raises(InputError, match=r"\[not-a-regular-file\]"):
        read_result(run)


def test_a_verdict_counts_only_for_the_options_it_was_reached_with(tmp_path: Path) -> None:
    run = first_run(tmp_path)
    finished(run)
    options, verdict = CompileRecipe(), ChipResult(samples=300, neurons=9, agreement=0.99)
    assert read_chip_result(run, options) is None
    write_chip_result(run, options, verdict)
    assert read_chip_result(run, options) == verdict
    assert read_chip_result(run, CompileRecipe(seeds=(1,))) == verdict
    assert read_chip_result(run, CompileRecipe(neurons=64)) is None


def test_a_checkpoint_that_is_not_the_run_s(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    recipe = CmcRecipe(family="cmc", task="mnist-5k")
    path.write_bytes(b"none")
    with pytest.raises(InputError, match=r"\[archive-unreadable\]"):
        trained_model(path, recipe)
    for state in (None, {"circuit.bias": torch.zeros(1)}, {"circuit.gains": torch.zeros(9, 9)}):
        torch.save({"state_dict": state}, path)
        with pytest.raises(InputError, match="state_dict") as caught:
            trained_model(path, recipe)
        assert caught.value.problems[0].cure == "delete the run; it is then repeated"


def test_dynamics_are_those_of_the_model_without_what_is_ablated(tmp_path: Path) -> None:
    runs = load_study(plan(tmp_path), tmp_path / "out")[1]
    run = next(run for run in runs if run.variant == "no-sp" and run.regions == 2)
    split = load_task("mnist-5k", 50)
    train_run(run, split)
    model = trained_model(run.checkpoint, run.recipe)
    images = split.test.take(slice(0, 4))
    seen = dynamics(model, run.recipe, images)
    assert set(seen.v) == {(region, name) for region in ("V1", "V2") for name in ("ss", "ii", "dp")}
    with torch.no_grad():
        drives = model.drives(torch.tensor(images.planes))
        v = model.present(drives).v
    assert (seen.v["V2", "dp"] == v[:, :, 1, 3].double().numpy()).all()
    assert seen.drive.shape == (4, run.recipe.ticks, 3)
    assert (seen.drive[:, 2] == drives[:, 1].double().numpy()).all()  # each glimpse is held for two ticks
    around = landscape(
        model,
        run,
        split,
        load_study(plan(tmp_path), tmp_path)[0].figures.model_copy(update={"landscape_points": 3}),
        lambda _share: None,
    )
    assert around.loss.shape == (3, 3)
