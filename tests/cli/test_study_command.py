"""`study`: every run trained once, tables and pictures of all of them, and nothing mixed or overwritten."""

import csv
import json
from pathlib import Path

import pytest

from neurocmc.pipeline.study.chip import chip_result
from neurocmc.verification.edges import Edge, judged
from tests.circuits.test_study import STUDY, plan
from tests.cli.running import Run, run

FIGURES = "figures: {of: [no-sp], images: 12, landscape_points: 3, landscape_images: 10}\n"


def study(folder: Path, *more: str) -> Run:
    return run("study", folder / "study.yaml", "-o", folder / "out", *more)


def test_a_study_is_trained_tabled_and_drawn_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    plan(tmp_path, STUDY.replace("regions: [1, 2]", "regions: [2]").replace("seeds: [3, 4]", "seeds: [3]") + FIGURES)
    shown = study(tmp_path)
    assert shown.code == 0, shown.err
    lines = shown.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "run 1 of 3, 2-full-3",
        "run 2 of 3, 2-no-sp-3",
        "run 3 of 3, 2-ode-off-3",
    ]
    out = tmp_path / "out"
    assert {path.name for path in (out / "figures").iterdir()} == {
        "variants.png",
        "size.png",
        "voltages-2-no-sp-3.png",
        "landscape-2-no-sp-3.png",
    }
    assert "no-sp" in shown.out
    before = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}

    plan(tmp_path, STUDY.replace("regions: [1, 2]", "regions: [2]") + FIGURES)
    again = study(tmp_path, "--json", "--no-figures")
    assert again.code == 0, again.err
    assert len(again.err.splitlines()) == 3  # the runs of seed 4 alone
    told = json.loads(again.out)
    assert [row["seeds"] for row in told["rows"]] == [[3, 4]] * 3
    for path, content in before.items():
        if path.suffix not in (".csv", ".md", ".yaml"):
            assert path.read_bytes() == content
    accuracies = [float(line["accuracy"]) for line in csv.DictReader((out / "runs.csv").open())]
    assert accuracies == [entry["accuracy"] for entry in told["runs"]]
    assert (out / "training.md").read_text().count("\n") == 5


def test_what_is_not_the_folder_of_a_study_is_left_alone(tmp_path: Path) -> None:
    plan(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letters.txt").write_text("dear")
    shown = study(tmp_path)
    assert shown.code == 2
    assert "[folder-not-ours]" in shown.err
    (tmp_path / "file").write_text("")
    assert "a folder is needed" in run("study", tmp_path / "study.yaml", "-o", tmp_path / "file").err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["letters.txt"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("compile: {target: loihi7}", "loihi7"),
        ("variants: [full, none]", "variants[1]"),
        ("images: 4999999", "images"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_before_anything_is_written(tmp_path: Path, line: str, told: str) -> None:
    plan(tmp_path, STUDY.replace("variants: [full, no-sp, ode-off]\n", "") + line + "\n")
    shown = study(tmp_path)
    assert shown.code == 2
    assert told in shown.err
    assert not (tmp_path / "out").exists()


def edges(name: str, agreement: float) -> list[Edge]:
    return [
        judged(name, "NRMSE of rates", 0.02, 0.05, "of range"),
        judged(name, "decisions agree (digit)", agreement, 0.99, "of trials", better="high"),
        judged(name, "accuracy drop (digit)", 0.005, 0.01, "of trials"),
    ]


def test_the_verdict_on_a_chip_is_that_of_the_emulator_and_names_what_is_missed() -> None:
    walked = [*edges("rate ~ brian2", 1.0), *edges("rate ~ emulator", 0.9)]
    chip = chip_result(walked, 640, 300)
    assert (chip.agreement, chip.nrmse, chip.accuracy_drop, chip.neurons) == (0.9, 0.02, 0.005, 640)
    assert chip.missed == "rate ~ emulator, decisions agree (digit)"
    assert not chip.passed
    ideal = chip_result(edges("rate ~ brian2", 1.0), 640, 300)
    assert (ideal.agreement, ideal.missed, ideal.passed) == (1.0, "", True)
    broken = chip_result([judged("rate ~ emulator", "NRMSE of rates", float("nan"), 0.05, "")], 1, 1)
    assert (broken.nrmse, broken.agreement, broken.passed) == (None, None, False)
