"""A state of training that was altered is refused, value by value, before any of it reaches the training."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.circuits.archive import read_archive
from neurocmc.circuits.checkpoints import checkpoint_bytes, save_checkpoint
from neurocmc.circuits.cmc.resume import AGAIN, state_path
from neurocmc.circuits.cmc.train import train
from neurocmc.circuits.images import ImageSplit, load_task
from neurocmc.common.errors import InputError
from neurocmc.common.opening import TRAINING_STATE
from tests.circuits.test_cmc_training import Stopped, small_recipe, stop_after
from tests.made.changes import drop, put

RECIPE = small_recipe(images=50, training={"epochs": 3, "batch_size": 20})


@pytest.fixture(scope="module")
def split() -> ImageSplit:
    return load_task("mnist-5k", 50)


@pytest.fixture(scope="module")
def kept(split: ImageSplit, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The state after the first epoch."""
    output = tmp_path_factory.mktemp("kept") / "m.pt"
    with pytest.raises(Stopped):
        train(RECIPE, progress=stop_after(1), split=split, output=output)
    return state_path(output).read_bytes()


@pytest.fixture
def resumed(split: ImageSplit, kept: bytes, tmp_path: Path) -> Callable[[Callable[[Any], None]], str]:
    """What resuming says to a state that was altered so."""

    def refusal(change: Callable[[Any], None]) -> str:
        output = tmp_path / "m.pt"
        state_path(output).write_bytes(kept)
        plain = torch.load(state_path(output), weights_only=True)
        change(plain)
        save_checkpoint(plain, state_path(output))
        with pytest.raises(InputError) as caught:
            train(RECIPE, split=split, output=output, resume=True)
        assert all(AGAIN in p.cure or "repair" in p.cure or "remove" in p.cure for p in caught.value.problems)
        assert not output.exists()
        return str(caught.value)

    return refusal


GROUP = ("state", "optimiser", "param_groups", 0)
MOMENT = ("state", "optimiser", "state", 0)
LOOP: list[Any] = []
LOOP.append([LOOP] * 3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put("version", to=2), "is not the state of a training of this version"),
        (put("version", to=True), "is not the state of a training of this version"),
        (put("extra", to=1), "is not the state of a training of this version"),
        (drop("identity"), "is not the state of a training of this version"),
        (put("identity", to=[]), "identity should be a dict (got list)"),
        (put("identity", to="text"), "identity should be a dict"),
        (put("identity", to={"recipe": torch.ones(3)}), "identity holds more than plain values"),
        (put("identity", to={"recipe": LOOP}), "identity holds more than 10,000 values"),
        (put("identity", "data", to="other"), "was begun with another data"),
        (put("identity", "\x1b[31m", to=1), "was begun with another \\x1b[31m"),
        (put("state", to=[1]), "state should hold model"),
        (put("state", to={}), "state should hold model"),
        (drop("state", "generator"), "state should hold model"),
        (put("state", "model", to=[]), "state.model should be a dict (got list)"),
        (put("state", "model", to={}), "state.model lacks"),
        (put("state", "best_state", "circuit.gains", to=torch.ones(2)), "state.best_state holds unknown entries"),
        (put(*MOMENT, "step", to=torch.nn.Parameter(torch.ones(()))), "step is a parameter, a tensor without"),
        (put("state", "generator", to=None), "state.generator should be a dense tensor (got None)"),
        (put("state", "generator", to=torch.zeros(3, dtype=torch.uint8)), "state.generator has shape (3,)"),
        (put("state", "done", to=0), "state.done should be 1 to 3 (got 0)"),
        (put("state", "done", to="1"), "state.done should be 1 to 3 (got '1')"),
        (put("state", "done", to=10**400), "state.done should be 1 to 3 (got an int of 1,329 bits)"),
        (put("state", "best_epoch", to=2), "state.best_epoch should be 1 to 1 (got 2)"),
        (put("state", "best", to=float("nan")), "state.best should be a share of 0 to 1 (got nan)"),
        (put("state", "best", to=torch.ones(2)), "state.best should be a share of 0 to 1"),
        (put("state", "optimiser", to=[]), "state.optimiser should hold state, param_groups and nothing else"),
        (put("state", "optimiser", "param_groups", to=[]), "param_groups are not those of the recipe"),
        (put("state", "optimiser", "param_groups", to=5), "param_groups are not those of the recipe"),
        (put(*GROUP, to=[]), "param_groups are not those of the recipe"),
        (put(*GROUP, "eps", to=float("nan")), "param_groups are not those of the recipe"),
        (put(*GROUP, "params", to=[0]), "param_groups are not those of the recipe"),
        (put(*GROUP, "params", to=torch.ones(2)), "param_groups holds more than plain values"),
        (drop(*GROUP, "lr"), "param_groups are not those of the recipe"),
        (put(*GROUP, "lr", to=-1.0), "param_groups are not those of the recipe"),
        (put(*GROUP, "lr", to=1e9), "param_groups are not those of the recipe"),
        (put("state", "optimiser", "state", to=[]), "state.optimiser.state should be a dict of 0 to"),
        (put("state", "optimiser", "state", 999, to={}), "state.optimiser.state should be a dict of 0 to"),
        (put(*MOMENT, to=[]), "state.optimiser.state[0] should hold step, exp_avg, exp_avg_sq and nothing else"),
        (put(*MOMENT, "step", to=1), "state[0].step should be a dense tensor (got 1)"),
        (put(*MOMENT, "step", to=torch.tensor(-1.0)), "state[0] holds a number below 0, or too many steps"),
        (put(*MOMENT, "exp_avg", to=torch.ones(1)), "state[0].exp_avg has shape (1,)"),
        (put("state", "schedule", to=None), "state.schedule should hold"),
        (
            put("state", "schedule", "T_max", to=0),
            "state.schedule.T_max is not what the recipe's schedule has",
        ),
        (put("state", "schedule", "last_epoch", to="x"), "state.schedule.last_epoch is not what"),
        (put("state", "schedule", "_last_lr", to=[]), "state.schedule._last_lr is not what"),
        (put("state", "schedule", "_last_lr", to=torch.ones(3)), "state.schedule holds more than plain values"),
    ],
)
def test_an_altered_state_is_refused(
    change: Callable[[Any], None], told: str, resumed: Callable[[Callable[[Any], None]], str]
) -> None:
    assert told in resumed(change)


def test_moments_that_are_no_numbers(resumed: Callable[[Callable[[Any], None]], str]) -> None:
    def change(plain: Any) -> None:
        plain["state"]["optimiser"]["state"][1]["exp_avg"].view(-1)[0] = float("nan")
        plain["state"]["optimiser"]["state"][2]["exp_avg_sq"].fill_(-1.0)

    told = resumed(change)
    assert "state.optimiser.state[1].exp_avg" in told
    assert "is nan" in told
    assert "state.optimiser.state[2] holds a number below 0" in told


def test_bytes_that_are_no_state_of_a_generator(resumed: Callable[[Callable[[Any], None]], str]) -> None:
    def change(plain: Any) -> None:
        plain["state"]["generator"].fill_(255)

    assert "state.generator is no state of a random generator" in resumed(change)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_state_that_is_no_file(make: Callable[[Path], None], split: ImageSplit, tmp_path: Path) -> None:
    make(state_path(tmp_path / "m.pt"))
    with pytest.raises(InputError, match=r"\[not-a-regular-file\]"):
        train(RECIPE, split=split, output=tmp_path / "m.pt", resume=True)


def test_a_state_beyond_its_limit_is_not_read(split: ImageSplit, tmp_path: Path) -> None:
    with state_path(tmp_path / "m.pt").open("wb") as stream:
        stream.truncate(2**34)
    with pytest.raises(InputError, match=r"\[file-too-large\]"):
        train(RECIPE, split=split, output=tmp_path / "m.pt", resume=True)


@settings(max_examples=60, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_damage_is_refused_or_is_between_what_is_read(at: float, byte: int) -> None:
    sound = {"format": "neurocmc-training", "state": {"model": {"a": torch.arange(40.0)}, "done": 1}}
    damaged = bytearray(checkpoint_bytes(sound))
    damaged[int(at * len(damaged))] = byte
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.pt.resume"
        path.write_bytes(damaged)
        try:
            plain = read_archive(path, TRAINING_STATE, AGAIN).plain
        except InputError:
            return
        assert checkpoint_bytes(plain) == checkpoint_bytes(sound)
