"""Training of the cmc family: byte for byte reproducible, resumable after a kill, and blind to the test images."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neurocmc.circuits.checkpoints import checkpoint_bytes
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.resume import state_path
from neurocmc.circuits.cmc.train import train
from neurocmc.circuits.images import Images, ImageSplit, load_task
from neurocmc.circuits.training import EpochReport
from neurocmc.common.errors import InputError

SMALL: dict[str, Any] = {
    "family": "cmc",
    "task": "mnist-5k",
    "images": 700,
    "circuit": {"regions": 2, "columns": 6, "fan_in": 2},
    "retina": {"channels": 2, "mixed": 4, "grid": 7},
    "gaze": {"glimpses": 3, "width": 3, "hold_ticks": 4},
    "readout": {"window_ticks": 4},
    "training": {"epochs": 4, "batch_size": 20, "learning_rate": 0.01, "circuit_learning_rate": 0.02},
}
REGULARISED = {
    "rate_noise": 0.02,
    "relay_noise": 0.05,
    "activity_weight": 0.1,
    "range_weight": 0.1,
    "range_limit": 0.5,
    "signal_weight": 0.1,
    "weight_range_weight": 0.1,
    "weight_range_limit": 1.1,
}


def small_recipe(**changes: Any) -> CmcRecipe:
    made = dict(SMALL)
    for name, value in changes.items():
        made[name] = {**made[name], **value} if isinstance(value, dict) else value
    return CmcRecipe.model_validate_json(json.dumps(made))


@pytest.fixture(scope="module")
def split() -> ImageSplit:
    return load_task("mnist-5k", 700)


class Stopped(Exception):  # noqa: N818
    """What a user's interruption looks like from inside."""


def stop_after(epoch: int) -> Any:
    def told(report: EpochReport) -> None:
        if report.epoch == epoch:
            raise Stopped

    return told


def test_a_short_training_beats_chance_and_its_baselines_are_told(split: ImageSplit) -> None:
    reports: list[EpochReport] = []
    made = train(small_recipe(training={"epochs": 8}), seed=3, progress=reports.append, split=split)
    metrics = made["metrics"]
    assert (made["format"], made["version"], made["family"], made["seed"]) == ("neurocmc-checkpoint", 1, "cmc", 3)
    assert made["recipe"]["seed"] == 3
    assert metrics["accuracy"] > 0.35 > 0.2 > metrics["chance"]
    assert metrics["refitted_accuracy"] > metrics["ode_off_accuracy"]
    assert metrics["refitted_accuracy"] > metrics["coupling_off_accuracy"]
    assert [report.epoch for report in reports] == list(range(1, 9))
    assert reports[-1].loss < reports[0].loss
    best = max(report.validation_accuracy for report in reports)
    assert metrics["validation_accuracy"] == best
    assert reports[metrics["epoch"] - 1].validation_accuracy == best
    assert all(isinstance(value, (int, float)) for value in metrics.values())
    assert all(value.dtype == torch.float32 for value in made["state_dict"].values())


def test_stopped_and_resumed_it_ends_with_the_same_bytes(split: ImageSplit, tmp_path: Path) -> None:
    recipe = small_recipe(training=REGULARISED)
    whole = train(recipe, split=split, output=tmp_path / "whole.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["whole.pt"]
    output = tmp_path / "parts.pt"
    for resume, epoch in ((False, 1), (True, 3)):
        with pytest.raises(Stopped):
            train(recipe, progress=stop_after(epoch), split=split, output=output, resume=resume)
        so_far = torch.load(output, weights_only=True)  # what stands there meanwhile is a checkpoint
        assert so_far["format"] == "neurocmc-checkpoint"
        assert so_far["metrics"]["epoch"] <= epoch
        assert "accuracy" not in so_far["metrics"]  # the test images were not looked at
    torch.rand(3)
    resumed = train(recipe, split=split, output=output, resume=True)
    assert output.read_bytes() == (tmp_path / "whole.pt").read_bytes() == checkpoint_bytes(resumed)
    assert checkpoint_bytes(whole) == checkpoint_bytes(resumed)
    assert not state_path(output).exists()


# `neurocmc train RECIPE -o OUTPUT` in a process that dies at the second step after its state was first kept.
KILLED = """
import os, signal, sys
from pathlib import Path
from neurocmc.circuits.cmc import train
from neurocmc.circuits.cmc.resume import state_path
from neurocmc.cli.main import run
augmented, kept = train.augmented, []
def step(*given):
    kept.append(state_path(Path(sys.argv[4])).exists())
    if kept[-2:] == [True, True]:
        os.kill(os.getpid(), signal.SIGKILL)
    return augmented(*given)
train.augmented = step
run()
"""


def test_killed_and_resumed_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """The process dies without a chance to tidy up, in the middle of an epoch."""
    recipe = tmp_path / "r.yaml"
    small = small_recipe(images=200, training={"epochs": 3})
    recipe.write_text(json.dumps(small.model_dump(mode="json")))  # JSON is YAML
    output = tmp_path / "killed.pt"
    killed = subprocess.run([sys.executable, "-c", KILLED, "train", str(recipe), "-o", str(output)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert torch.load(state_path(output), weights_only=True)["state"]["done"] == 1
    command = [sys.executable, "-m", "neurocmc", "train", str(recipe), "-o", str(output), "--resume"]
    resumed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "epoch 2 of 3" in resumed.stderr
    assert "epoch 1 of 3" not in resumed.stderr
    train(small, output=tmp_path / "whole.pt")
    assert output.read_bytes() == (tmp_path / "whole.pt").read_bytes()


def test_what_cannot_be_resumed_is_refused(split: ImageSplit, tmp_path: Path) -> None:
    output, recipe = tmp_path / "m.pt", small_recipe()
    with pytest.raises(InputError, match=r"m\.pt\.resume: .*\[resume-nothing\]"):
        train(recipe, split=split, output=output, resume=True)
    with pytest.raises(Stopped):
        train(recipe, progress=stop_after(1), split=split, output=output)
    with pytest.raises(InputError, match=r"another recipe \[resume-other-training\]"):
        train(recipe, seed=5, split=split, output=output, resume=True)
    other = replace(split, test=split.test.take(slice(0, 50)))
    with pytest.raises(InputError, match=r"another data \[resume-other-training\]"):
        train(recipe, split=other, output=output, resume=True)
    kept = state_path(output).read_bytes()
    for damaged, which in (
        (b"", "file-empty"),
        (b"not a state", "archive-unreadable"),
        (kept[: len(kept) // 2], "file-damaged"),
        (checkpoint_bytes({"format": "else"}), "resume-state-damaged"),
    ):
        state_path(output).write_bytes(damaged)
        with pytest.raises(InputError, match=rf"\[{which}\]"):
            train(recipe, split=split, output=output, resume=True)
    state_path(output).write_bytes(output.read_bytes())
    with pytest.raises(InputError, match="the state of a training"):
        train(recipe, split=split, output=output, resume=True)
    with pytest.raises(ValueError, match="needs the output"):
        train(recipe, split=split, resume=True)


def test_the_test_images_do_not_reach_training(split: ImageSplit) -> None:
    recipe = small_recipe(training={"epochs": 2})
    test = split.test
    wrong = Images(images=test.images, labels=9 - test.labels, index=test.index)
    honest, misled = (train(recipe, split=part) for part in (split, replace(split, test=wrong)))
    assert all(torch.equal(value, misled["state_dict"][name]) for name, value in honest["state_dict"].items())
    assert honest["metrics"] != misled["metrics"]


@pytest.mark.parametrize("variant", ["no-sp", "feedforward-only", "ode-off", "coupling-off"])
def test_variants_train(split: ImageSplit, variant: str) -> None:
    metrics = train(small_recipe(circuit={"variant": variant}, training={"epochs": 3}), split=split)["metrics"]
    assert metrics["accuracy"] > metrics["chance"]
    if variant in ("ode-off", "coupling-off"):
        assert metrics[f"{variant.replace('-', '_')}_accuracy"] == metrics["refitted_accuracy"]


def test_without_spiny_stellates_no_image_gets_in(split: ImageSplit) -> None:
    metrics = train(small_recipe(circuit={"variant": "no-ss"}, training={"epochs": 1}), split=split)["metrics"]
    assert metrics["accuracy"] == pytest.approx(metrics["chance"], abs=0.03)


def test_a_finer_solver_trains_as_well(split: ImageSplit) -> None:
    metrics = train(small_recipe(circuit={"solver": "midpoint"}, training={"epochs": 2}), split=split)["metrics"]
    assert metrics["accuracy"] > metrics["chance"]


def test_coloured_images_of_other_sizes_and_classes(tmp_path: Path) -> None:
    """Blobs of three colours: the recipe must say how many channels and classes there are."""
    generator = np.random.default_rng(0)
    labels = np.arange(120) % 3
    images = generator.random((120, 3, 12, 10)).astype(np.float32) * 0.2
    images[np.arange(120), labels] += 0.7

    def part(chosen: slice) -> Images:
        return Images(images=images[chosen], labels=labels[chosen], index=np.arange(120)[chosen])

    made = ImageSplit(task="blobs", classes=3, train=part(slice(0, 90)), test=part(slice(90, 120)))
    with pytest.raises(InputError) as caught:
        train(small_recipe(retina={"grid": 11}, gaze={"width": 5}), split=made)
    text = str(caught.value)
    assert "retina.inputs is 1, the images of blobs have 3 channels" in text
    assert "readout.classes is 10, blobs has 3 classes" in text
    assert "retina.grid is 11, the images of blobs are 12 x 10 pixels" in text
    recipe = small_recipe(retina={"inputs": 3}, readout={"classes": 3}, training={"epochs": 10, "shift_pixels": 1.0})
    assert train(recipe, split=made)["metrics"]["accuracy"] > 0.8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "mnist-6k"}, "is not a task"),
        ({"circuit": {"regions": 6}}, "regions"),
        ({"circuit": {"fan_in": 7}}, "fan_in is 7, a region has only 6 columns"),
        ({"gaze": {"width": 8}}, "gaze.width is 8, the retinal map only 7 wide"),
        (
            {"retina": {"mixed": 256, "grid": 64}, "gaze": {"width": 64}, "circuit": {"columns": 512}},
            "the gaze has 536,870,912 weights",
        ),
        ({"gaze": {"path": "quadrants"}}, "path quadrants has 4 glimpses, not 3"),
        ({"readout": {"window_ticks": 13}}, "a presentation is 12 steps"),
        ({"circuit": {"solver": "rk4"}, "training": {"rate_noise": 0.1}}, "need the Euler solver"),
    ],
)
def test_recipes_that_cannot_be_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small_recipe(**changes)
