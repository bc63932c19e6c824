"""`train`: progress, baselines beside the accuracy, and a checkpoint that `inspect` takes."""

import json
from pathlib import Path

from tests.cli.running import run

RECIPE = """
family: swta
task: mnist-5k
encoder: {channels: [1, 1]}
presentation: {presentation_s: 0.02, window_s: 0.01}
training: {epochs: 1, warmup_epochs: 1, batch_size: 500}
"""


def test_train(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(RECIPE)
    shown = run("train", tmp_path / "r.yaml", "-o", tmp_path / "m.pt", "--seed", "7")
    assert shown.code == 0
    assert [line.split(":")[0] for line in shown.err.splitlines()] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert "the trained model" in shown.out
    assert shown.out.count("baseline: ") == 3
    assert f"{tmp_path / 'm.pt'}: checkpoint of seed 7" in shown.out

    again = run("train", tmp_path / "r.yaml", "-o", tmp_path / "again.pt", "--seed", "7", "--json")
    assert again.code == 0
    told = json.loads(again.out)
    assert (told["checkpoint"], told["seed"]) == (str(tmp_path / "again.pt"), 7)
    assert f"{100 * told['metrics']['accuracy']:.2f} %" in shown.out
    assert (tmp_path / "m.pt").read_bytes() == (tmp_path / "again.pt").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.pt", "m.pt", "r.yaml"]

    facts = json.loads(run("inspect", tmp_path / "m.pt", "--json").out)["facts"]
    assert facts["accuracy"] == told["metrics"]["accuracy"]


def test_a_seed_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(RECIPE)
    shown = run("train", tmp_path / "r.yaml", "-o", tmp_path / "m.pt", "--seed", "-1")
    assert shown.code == 2
    assert "-1 is not a seed" in shown.err
    assert not (tmp_path / "m.pt").exists()
