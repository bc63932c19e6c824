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
    assert "[seed-out-of-range]" in shown.err
    assert not (tmp_path / "m.pt").exists()


CMC_RECIPE = """
family: cmc
task: mnist-5k
images: 100
circuit: {columns: 3}
retina: {channels: 1, mixed: 2, grid: 6}
gaze: {glimpses: 2, width: 3, hold_ticks: 3}
readout: {window_ticks: 3}
training: {epochs: 2, batch_size: 50}
"""


def test_train_a_microcircuit(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(CMC_RECIPE)
    shown = run("train", tmp_path / "r.yaml", "-o", tmp_path / "m.pt", "--seed", "7")
    assert shown.code == 0
    assert [line.split(":")[0] for line in shown.err.splitlines()] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert "Accuracy on 20 test images" in shown.out
    for told in ("the trained model", "no ODE", "no coupling", "always the commonest class"):
        assert told in shown.out
    assert shown.out.count("baseline: ") == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.pt", "r.yaml"]
    again = json.loads(run("train", tmp_path / "r.yaml", "-o", tmp_path / "again.pt", "--seed", "7", "--json").out)
    assert again["metrics"]["images"] == 20
    assert (tmp_path / "m.pt").read_bytes() == (tmp_path / "again.pt").read_bytes()
    (tmp_path / "m.pt.resume").write_bytes(b"whatever was left")
    shown = run("train", tmp_path / "r.yaml", "-o", tmp_path / "m.pt", "--seed", "7")
    assert shown.err.startswith(f"{tmp_path / 'm.pt.resume'}: state of an interrupted training")
    assert (tmp_path / "m.pt").read_bytes() == (tmp_path / "again.pt").read_bytes()
    assert not (tmp_path / "m.pt.resume").exists()


def unwrapped(text: str) -> str:
    """A message in one line, as it was before it was fitted to the page."""
    return " ".join(text.split())


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CMC_RECIPE)
    shown = run("train", tmp_path / "c.yaml", "-o", tmp_path / "m.pt", "--resume")
    assert shown.code == 2
    assert "no such file: there is no training to resume" in unwrapped(shown.err)
    (tmp_path / "s.yaml").write_text(RECIPE)
    shown = run("train", tmp_path / "s.yaml", "-o", tmp_path / "m.pt", "--resume")
    assert shown.code == 2
    assert "trainings of the swta family" in unwrapped(shown.err)
    assert not (tmp_path / "m.pt").exists()


def test_a_family_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("task: mnist-5k\nfamily: cnc\n")
    shown = run("train", tmp_path / "r.yaml", "-o", tmp_path / "m.pt")
    assert shown.code == 2
    assert "family: 'cnc' is not a family of circuits that can be trained" in unwrapped(shown.err)
    assert "families are cmc, memory, swta" in unwrapped(shown.err)


def test_train_for_a_chip(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(RECIPE)
    given = ("train", tmp_path / "r.yaml", "-o", tmp_path / "m.pt", "--for", "loihi1", "--neurons", "16")
    shown = run(*given)
    assert shown.code == 0
    assert "the same through pools of the chip" in shown.out
    assert "trained for loihi1: through pools of 16 neurons per unit" in unwrapped(shown.out)
    assert "--target loihi1 --neurons 16 -o build" in unwrapped(shown.out)
    told = json.loads(run(*given, "--json").out)
    assert told["trained_for"] == {"target": "loihi1", "neurons": 16}
    assert 0 <= told["metrics"]["chip_accuracy"] <= 1
    facts = json.loads(run("inspect", tmp_path / "m.pt", "--json").out)["facts"]
    assert facts["trained for"] == "loihi1, 16 neurons per unit"


def test_a_recipe_may_name_its_chip(tmp_path: Path) -> None:
    for name, code in (("brian2", 0), ("loihi9", 2)):
        pools = f", pools: {{target: {name}, neurons: 8}}}}\n"
        (tmp_path / "r.yaml").write_text(RECIPE.rstrip().removesuffix("}") + pools)
        shown = run("train", tmp_path / "r.yaml", "-o", tmp_path / "m.pt")
        assert shown.code == code
        assert ("trained for brian2: through pools of 8" in shown.out) == (code == 0)
        assert ("[target-unknown]" in shown.err) == (code == 2)


def test_a_chip_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(RECIPE)
    for given, fault in (
        (("--for", "loihi9"), "target-unknown"),
        (("--for", "brian2", "--neurons", "0"), "neurons-out-of-range"),
        (("--neurons", "16"), "option-not-for-this"),
    ):
        shown = run("train", tmp_path / "r.yaml", "-o", tmp_path / "m.pt", *given)
        assert shown.code == 2
        assert f"[{fault}]" in shown.err
    assert not (tmp_path / "m.pt").exists()
