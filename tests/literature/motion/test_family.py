"""The family in studies: refusals of recipes, a small study from end to end, and its picture."""

import csv
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.common.strict_yaml import load_document
from neurocmc.literature.motion.family import FAMILY
from neurocmc.literature.motion.measures import kernel_of, kernel_text
from tests.literature.motion.small import SMALL
from tests.torch_extra import needs_torch

STUDY = """
name: small
family: delays-motion
recipe: recipe.yaml
variants:
  whole: {}
  few: {synapses: {keep: 0.2, one_delay: true}}
seeds: [0]
measures: [training, neurocmc.literature.motion.measures:learned, chip]
pictures: [neurocmc.literature.motion.pictures:delays_motion]
compile: {target: loihi1, neurons: 8, samples: 20}
"""


def refused(folder: Path, section: str, change: dict[str, Any]) -> str:
    data = deepcopy(SMALL)
    data[section] = {**data.get(section, {}), **change}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(InputError) as caught:
        FAMILY.checked(load_document(folder / "recipe.yaml"))
    assert all(problem.cure for problem in caught.value.problems)
    return str(caught.value)


@pytest.mark.parametrize(
    ("section", "change", "says"),
    [
        ("dots", {"velocities": [1, 7]}, "two velocities look alike on a ring of 6 sensors"),
        ("dots", {"velocities": [1]}, "velocities"),
        ("dots", {"duration_ms": 12.5}, "dots.duration_ms 12.5 ms are 12.5 steps of 1 ms"),
        ("dots", {"window_ms": 20}, "dots.window_ms (20) is longer than duration_ms (12)"),
        ("dots", {"test": 100_000, "duration_ms": 9_000}, "100,000 trials of 9,000 steps and 6 sensors are too many"),
        ("synapses", {"keep": 0.5, "one_delay": True}, "with one delay each at most 0.333333 can be kept"),
        ("synapses", {"delays": "long"}, "synapses.delays"),
        ("circuit", {"delays": 64}, "circuit.delays"),
        ("training", {"epoch": 3}, "training.epoch"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(
    tmp_path: Path, section: str, change: dict[str, Any], says: str
) -> None:
    assert says in refused(tmp_path, section, change)


@needs_torch
def test_a_small_study_from_training_to_the_chip_and_again(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(SMALL))
    (tmp_path / "study.yaml").write_text(STUDY)
    neurocmc.study(tmp_path / "study.yaml", tmp_path / "out")
    tables = {name: (tmp_path / "out" / name).read_bytes() for name in ("runs.csv", "table.csv")}
    whole, few = csv.DictReader((tmp_path / "out" / "runs.csv").open(newline=""))
    assert (whole["error"], few["error"]) == ("", "")
    assert (float(whole["synapses"]), float(few["synapses"])) == (90.0, 18.0)
    assert (few["pairs"], float(few["delays_a_pair"])) == ("18", 1.0)
    assert float(whole["chip_agreement"]) >= 0.9
    velocity, kernel = kernel_of(whole["kernel_0"])
    assert velocity == "-1"
    assert kernel.shape == (3, 6)
    assert np.abs(kernel).max() == 9
    assert (tmp_path / "out" / "figures" / "delays_motion.png").stat().st_size > 10_000
    neurocmc.study(tmp_path / "study.yaml", tmp_path / "out")
    assert tables == {name: (tmp_path / "out" / name).read_bytes() for name in tables}


def test_kernels_stand_in_a_table_as_whole_numbers() -> None:
    kernel = np.array([[0.0, 0.5], [-1.0, 0.05]])
    assert kernel_text(kernel) == "0 4;-9 0"
    assert kernel_of("+2: 0 4;-9 0")[1].tolist() == [[0, 4], [-9, 0]]
