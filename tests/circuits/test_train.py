"""Training: reproducible to the byte, better than chance, and blind to the test digits."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neurocmc.circuits.checkpoints import checkpoint_bytes, save_checkpoint
from neurocmc.circuits.digits import Digits, DigitSplit, load_digits
from neurocmc.circuits.model import DigitModel
from neurocmc.circuits.recipe import Recipe
from neurocmc.circuits.train import evaluate, load_recipe, train
from neurocmc.circuits.training import EpochReport
from neurocmc.common.errors import InputError

MODELS = Path(__file__).parents[2] / "models"


def small_recipe(**training: object) -> Recipe:
    options = {"epochs": 2, "warmup_epochs": 2, "batch_size": 20, "learning_rate": 0.01} | training
    data = {
        "family": "swta",
        "task": "mnist-5k",
        "circuit": {"dt_s": 0.002, "trained": ["alpha", "beta1", "beta2", "threshold", "threshold_inhibit"]},
        "encoder": {"channels": [4, 8]},
        "presentation": {"presentation_s": 0.2, "window_s": 0.05},
        "training": options,
    }
    return Recipe.model_validate_json(json.dumps(data))


@pytest.fixture(scope="module")
def small_split() -> DigitSplit:
    """900 training and 300 test digits of the real split; every class stands in both."""
    split = load_digits()
    return DigitSplit(train=split.train.take(slice(0, 900)), test=split.test.take(slice(0, 300)))


def test_a_short_training_beats_chance_and_is_reproducible_to_the_byte(small_split: DigitSplit) -> None:
    reports: list[EpochReport] = []
    first = train(small_recipe(), seed=3, progress=reports.append, split=small_split)
    assert first["metrics"]["accuracy"] > 0.4
    assert first["metrics"]["chance"] < 0.2
    assert [(report.epoch, report.epochs) for report in reports] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert reports[-1].loss < reports[2].loss
    torch.rand(5)  # whatever happened before must not matter
    again = train(small_recipe(), seed=3, split=small_split)
    assert checkpoint_bytes(again) == checkpoint_bytes(first)
    other = train(small_recipe(epochs=1, warmup_epochs=0), seed=4, split=small_split)
    assert other["seed"] == other["recipe"]["seed"] == 4
    assert checkpoint_bytes(other) != checkpoint_bytes(first)
    start = small_recipe().circuit.values()
    moved = {name: float(value) for name, value in first["state_dict"].items() if name == "circuit.beta1"}
    assert moved["circuit.beta1"] != pytest.approx(start.beta1, abs=1e-5)  # gradient reached the circuit


def test_training_leaves_torch_as_it_was(small_split: DigitSplit) -> None:
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    threads = torch.get_num_threads()
    train(small_recipe(epochs=1, warmup_epochs=0), split=small_split)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_test_digits_do_not_reach_training(small_split: DigitSplit) -> None:
    wrong = Digits(images=small_split.test.images, labels=9 - small_split.test.labels, index=small_split.test.index)
    recipe = small_recipe(epochs=1, warmup_epochs=0)
    honest, misled = (train(recipe, split=split) for split in (small_split, replace(small_split, test=wrong)))
    assert all(torch.equal(value, misled["state_dict"][name]) for name, value in honest["state_dict"].items())
    assert honest["metrics"] != misled["metrics"]


def test_a_bad_seed_is_refused() -> None:
    with pytest.raises(InputError, match=r"seed: -1 .*\[seed-out-of-range\]"):
        train(small_recipe(), seed=-1)


def test_saving_twice_gives_the_same_bytes_under_any_name(tmp_path: Path) -> None:
    checkpoint = torch.load(MODELS / "swta-digits.pt", weights_only=True)
    save_checkpoint(checkpoint, tmp_path / "a.pt")
    save_checkpoint(checkpoint, tmp_path / "quite-another-name.bin")
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "quite-another-name.bin").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pt", "quite-another-name.bin"]


def test_saving_where_nothing_can_be_written_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"\[path-unwritable\]"):
        save_checkpoint({}, tmp_path / "file" / "a.pt")
    (tmp_path / "folder.pt").mkdir()
    with pytest.raises(InputError, match=r"folder\.pt: .*\[not-a-regular-file\]"):
        save_checkpoint({}, tmp_path / "folder.pt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.pt"]  # nothing half-written stays


def test_bundled_model_reaches_the_bar_and_its_metrics_are_those_measured() -> None:
    checkpoint = torch.load(MODELS / "swta-digits.pt", weights_only=True)
    recipe = Recipe.model_validate_json(json.dumps(checkpoint["recipe"]))
    assert recipe == load_recipe(MODELS / "swta-digits.yaml").model_copy(update={"seed": checkpoint["seed"]})
    model = DigitModel(recipe)
    model.load_state_dict(checkpoint["state_dict"])
    measured = evaluate(model, load_digits().test)
    assert measured["accuracy"] >= 0.92
    assert measured["close_calls"] < 0.01
    # Another machine's convolutions may round otherwise and move a digit or two.
    for name, value in checkpoint["metrics"].items():
        assert measured[name] == pytest.approx(value, abs=0.003), name
    assert (MODELS / "swta-digits.pt").stat().st_size < 500_000


def test_metrics_count_what_they_say() -> None:
    """A model whose evidence is set by hand: three clear digits, one near tie, one wrong."""
    model = DigitModel(small_recipe())
    evidence = torch.full((5, 10), 0.05)
    for trial, (winner, height) in enumerate([(0, 0.5), (1, 0.5), (2, 0.5), (3, 0.1), (4, 0.5)]):
        evidence[trial, winner] = height
    evidence[3, 7] = 0.0999
    model.encoder.forward = lambda images: evidence  # type: ignore[method-assign]
    digits = Digits(
        images=np.zeros((5, 28, 28), dtype=np.float32), labels=np.array([0, 1, 2, 3, 0]), index=np.arange(5)
    )
    metrics = evaluate(model, digits)
    assert metrics["digits"] == 5
    assert metrics["accuracy"] == metrics["encoder_only_accuracy"] == metrics["uncoupled_accuracy"] == 0.8
    assert metrics["chance"] == 0.4
    assert metrics["close_calls"] == 0.2
    assert metrics["circuit_parameters"] == 6
    # Uncoupled, all ten evidences of 0.05 stand in the readout of every digit; the circuit silences them behind 0.5.
    assert metrics["one_active_uncoupled"] == 0
    assert metrics["one_active"] == 0.8
    assert metrics["encoder_parameters"] == (4 * 9 + 4) + (8 * 4 * 9 + 8) + (10 * 8 * 49 + 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("family: swta\ntask: mnist-5k\ncircuit:\n  alfa: 1.2\n", "r.yaml:4: circuit.alfa: unknown field"),
        ("family: swta\n", "task: is missing"),
        ("family: swta\ntask: mnist-5k\ncircuit:\n  units: 12\n", "has 10 classes, the circuit 12 units"),
        ("family: swta\ntask: mnist-5k\ncircuit:\n  alpha: 1.9\n", "is not below the stability bound"),
        ("family: swta\ntask: mnist-5k\ntraining:\n  epochs: 0\n", "r.yaml:4: training.epochs:"),
        (
            "family: swta\ntask: mnist-5k\npresentation:\n  window_s: 0.5\n",
            "presentation.window_s is longer than presentation.presentation_s",
        ),
        ("family: swta\ntask: mnist-5k\ncircuit:\n  dt_s: 1.0e-6\n", "at most 20,000"),
        (
            "family: swta\ntask: mnist-5k\ncircuit:\n  dt_s: 0.002\npresentation:\n  window_s: 0.063\n",
            "presentation.window_s: 63 ms are 31.5 steps of 2 ms (dt_s)",
        ),
        (
            "family: swta\ntask: mnist-5k\ncircuit:\n  dt_s: 0.002\npresentation:\n  presentation_s: 0.301\n",
            "presentation.presentation_s: 301 ms are 150.5 steps of 2 ms (dt_s)",
        ),
        ("family: swta\ntask: mnist-5k\ncircuit:\n  trained: [beta1, beta1]\n", "names a parameter twice"),
    ],
)
def test_bad_recipes_are_refused_by_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_recipe(path)
    assert message in str(caught.value)
