"""The family makes the same file of the same seed, chooses by validation, and refuses what it cannot make."""

from pathlib import Path

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.literature.reservoir.candidates import best, candidates
from neurocmc.literature.reservoir.digits import (
    CLASSES,
    FITTED,
    TESTED,
    VALIDATED,
    accuracies,
    chance,
    digits,
    one_stream,
)  # fmt: skip
from neurocmc.literature.reservoir.family import FAMILY, read_reservoir
from tests.cli.running import ROOT, run

from .small import document, recipe


def silent(_stage: str, _share: float) -> None:
    pass


def made(path: Path, seed: int = 0, **changes: object) -> bytes:
    FAMILY.make(FAMILY.checked(document(**changes)), seed, path, silent)
    return path.read_bytes()


def test_the_same_recipe_and_seed_make_the_same_bytes(tmp_path: Path) -> None:
    first = made(tmp_path / "a.npz")
    assert made(tmp_path / "b.npz") == first
    assert made(tmp_path / "c.npz", seed=1) != first
    assert made(tmp_path / "d.npz", spread=0.3) != first
    assert neurocmc.load(tmp_path / "a.npz").circuit.units == 10


@pytest.mark.parametrize("pole", [0.0, 0.5])
def test_the_file_holds_the_reservoir(pole: float, tmp_path: Path) -> None:
    wanted = recipe(pole=pole)
    made(tmp_path / "a.npz", pole=pole)
    chosen = best(wanted, 0, silent).reservoir
    found = read_reservoir(tmp_path / "a.npz", wanted)
    assert np.allclose(found.weight, chosen.weight, atol=1e-14)
    assert np.allclose(found.enter, chosen.enter, atol=1e-14)
    assert (found.excitatory, found.pole) == (8, pole)


def test_the_best_of_all_is_taken() -> None:
    wanted = recipe(balance="global", factors=[0.5, 2])
    every = list(candidates(wanted, 0))
    assert [(one.gain, one.factor) for one in every] == [(0.5, 0.5), (0.5, 2), (1, 0.5), (1, 2)]
    chosen = best(wanted, 0, silent)
    assert chosen.validation == max(one.validation for one in every) > min(one.validation for one in every)


def test_what_is_tried_shares_its_random_weights() -> None:
    strong, weak = recipe(gains=[0.5]), recipe(gains=[1])
    first, second = (next(iter(candidates(one, 3))).reservoir for one in (strong, weak))
    assert np.allclose(2 * first.weight[:, :8], second.weight[:, :8])
    assert np.array_equal(first.enter, second.enter)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"units": 1}, "units"),
        ({"units": 2, "excitatory_share": 0.9}, "2 of 2 units would excite"),
        ({"targets": [0.9], "spread": 0.2}, "targets of units would reach from 0.7 to 1.1"),
        ({"gains": [0.1] * 600, "targets": [0.4, 0.5]}, "1,200 reservoirs would be tried"),
        ({"gains": []}, "gains"),
        ({"pole": 1}, "pole"),
        ({"task": "songs"}, "task"),
        ({"balances": "local"}, "balances"),
    ],
)
def test_refusals(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as caught:
        FAMILY.checked(document(**changes))
    (problem,) = caught.value.problems
    assert words in str(problem)
    assert problem.cure


def test_the_recipe_of_the_models_is_made_by_the_command(tmp_path: Path) -> None:
    text = (ROOT / "models" / "reservoir-ei.yaml").read_text().replace("units: 40", "units: 12")
    (tmp_path / "recipe.yaml").write_text(text.replace("gains: [0.7, 1, 1.3, 1.6, 2, 2.5, 3.2]", "gains: [1]"))
    shown = run("train", tmp_path / "recipe.yaml", "-o", tmp_path / "made.npz", "--seed", "3")
    assert shown.code == 0, shown.err
    assert neurocmc.load(tmp_path / "made.npz").circuit.units == 12


def test_digits_are_split_once_and_shown_column_by_column() -> None:
    pytest.importorskip("sklearn")
    found = digits()
    assert found.drives.shape == (1797, 8, 8)
    assert (FITTED.stop, VALIDATED.stop, TESTED.stop) == (VALIDATED.start, TESTED.start, len(found.labels))
    assert 0 == found.drives.min() < found.drives.max() == 1
    from sklearn.datasets import load_digits

    images = {(image / 16).tobytes() for image in load_digits(return_X_y=True)[0].reshape(-1, 8, 8)}
    assert all(np.ascontiguousarray(drive.T).tobytes() in images for drive in found.drives[:20])
    stream = one_stream(np.random.default_rng(0), 20)
    assert stream.shape == (20, 8)
    assert any(np.array_equal(stream[:8], drive) for drive in found.drives[FITTED])


def test_a_readout_of_answers_tells_all_digits_and_one_of_nothing_is_at_chance() -> None:
    pytest.importorskip("sklearn")
    answers = np.eye(CLASSES)[digits().labels]
    assert accuracies(answers) == (1, 1)
    assert accuracies(np.zeros((1797, 1)))[1] == pytest.approx(chance())
    assert chance() < 0.15
