"""The family in studies: refusals of recipes, a small study from end to end with its picture, and training."""

import csv
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from matplotlib.figure import Figure

import neurocmc
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError
from neurocmc.common.strict_yaml import load_document
from neurocmc.literature.ei_layers.family import FAMILY, calibration_of, digits_of, network_of, pooled, spiking_net_of
from neurocmc.literature.ei_layers.pictures import ei_layers, on_chip
from neurocmc.literature.ei_layers.sets import SETS, of_the_table
from neurocmc.literature.ei_layers.training import SpikingNet, answers
from tests.literature.ei_layers.small import SMALL, images, recipe
from tests.torch_extra import needs_torch

STUDY = """
name: small
family: ei-layers
recipe: recipe.yaml
variants:
  quotient: {}
  plain: {layers: {kind: plain, division: [none, none]}}
seeds: [0]
measures:
  - training
  - measure: neurocmc.literature.ei_layers.measures:on_chip
    with: {variants: [quotient], neurons: 16}
pictures:
  - neurocmc.literature.ei_layers.pictures:ei_layers
  - neurocmc.literature.ei_layers.pictures:on_chip
"""


@pytest.mark.parametrize(
    ("section", "change", "says"),
    [
        ("layers", {"division": ["each"]}, "division names 1 layers, and units 2"),
        ("layers", {"units": [8, 3]}, "a layer of 3 excitatory units has no inhibitory one"),
        ("layers", {"division": ["each", "some"]}, "layers.division"),
        ("neurons", {"tau_ticks": 1}, "neurons.tau_ticks"),
        ("front", {"mean": 1}, "front.mean"),
        ("front", {"kind": "retina"}, "front.kind"),
        ("training", {"epoch": 3}, "training.epoch"),
        ("circuit", {"window_ms": 40}, "window_ms is longer than duration_ms"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(
    tmp_path: Path, section: str, change: dict[str, Any], says: str
) -> None:
    data = deepcopy(SMALL)
    data[section] = {**data.get(section, {}), **change}
    assert says in refused(tmp_path, data)


def test_plain_layers_have_no_inhibitory_populations(tmp_path: Path) -> None:
    data = deepcopy(SMALL)
    data["layers"] |= {"kind": "plain"}
    data["circuit"] |= {"inhibition": "populations"}
    assert "plain layers have no inhibitory populations" in refused(tmp_path, data)


def refused(folder: Path, data: dict[str, Any]) -> str:
    (folder / "recipe.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(InputError) as caught:
        FAMILY.checked(load_document(folder / "recipe.yaml"))
    assert all(problem.cure for problem in caught.value.problems)
    return str(caught.value)


@needs_torch
def test_a_small_study_from_training_to_the_chip_and_again(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(SMALL))
    (tmp_path / "study.yaml").write_text(STUDY)
    neurocmc.study(tmp_path / "study.yaml", tmp_path / "out")
    tables = {name: (tmp_path / "out" / name).read_bytes() for name in ("runs.csv", "table.csv")}
    quotient, plain = csv.DictReader((tmp_path / "out" / "runs.csv").open(newline=""))
    assert (quotient["error"], plain["error"]) == ("", "")
    assert set(SETS) < set(quotient)
    assert quotient["clean"] == quotient["contrast_20"] == quotient["contrast_05"]
    assert quotient["rate_clean"] == quotient["rate_contrast_05"]
    assert float(quotient["chip_apart"]) < 1e-9
    assert quotient["chip_clean"] == quotient["chip_contrast_05"]
    assert (quotient["chip_images"], plain["chip_images"]) == ("20", "")
    for name in ("ei_layers", "on_chip"):
        assert (tmp_path / "out" / "figures" / f"{name}.png").stat().st_size > 10_000
    neurocmc.study(tmp_path / "study.yaml", tmp_path / "again", figures=False)
    assert tables == {name: (tmp_path / "again" / name).read_bytes() for name in tables}


@needs_torch
def test_the_module_is_the_network_and_the_same_seed_trains_it_again() -> None:
    asked = recipe()
    digits = digits_of(asked)
    made, again, other = (network_of(asked, digits, seed) for seed in (0, 0, 1))
    assert np.array_equal(made.layers[0].w_ee, again.layers[0].w_ee)
    assert not np.array_equal(made.layers[0].w_ee, other.layers[0].w_ee)
    assert [layer.division for layer in made.layers] == ["each", "held"]
    for layer in made.layers:
        assert min(layer.w_ee.min(), layer.w_ie.min(), layer.w_ei.min(), layer.g_e.min(), layer.g_i.min()) >= 0.0


@needs_torch
def test_a_network_of_spikes_answers_the_same_at_every_contrast_whatever_is_read_at_once() -> None:
    asked = recipe()
    digits = digits_of(asked)
    net = spiking_net_of(asked, digits, 0)
    found = answers(net, digits.test)
    assert np.array_equal(answers(net, 0.05 * digits.test), found)
    assert np.array_equal(answers(net, np.concatenate([digits.test] * 30))[:20], found)


@needs_torch
def test_what_spikes_is_started_and_without_the_start_nothing_spikes() -> None:
    seen = torch.tensor(images(0, 200, 400), dtype=torch.float32)
    for start, silent in (("ei", False), ("uniform", True)):
        torch.manual_seed(0)
        net = SpikingNet(recipe(layers={"units": [100, 100], "start": start}), 400, 3)
        if start == "ei":
            net.start(seen)
        with torch.no_grad():
            assert (float(net.spikes(seen)[0].sum()) == 0.0) == silent


def test_pixels_are_means_of_squares_that_fill_the_image() -> None:
    image: Float = np.arange(16, dtype=np.float64).reshape(1, 1, 4, 4)
    assert pooled(image, 2).tolist() == [[2.5, 4.5, 10.5, 12.5]]
    assert pooled(image, 1).tolist() == [list(range(16))]
    with pytest.raises(InputError, match="squares of 3 pixels do not fill images of 28 x 28"):
        digits_of(recipe().model_copy(update={"pooled_px": 3}))


def test_a_table_without_what_is_drawn_is_refused() -> None:
    for draw in (ei_layers, on_chip):
        with pytest.raises(InputError, match="no run has a"):
            draw(Figure(), [{"variant": "plain"}])


def test_the_sets_are_the_same_every_time_and_half_of_a_calibration_is_faint() -> None:
    seen = images(1, 6)
    first, again = of_the_table(seen), of_the_table(seen)
    assert tuple(first) == SETS
    assert all(np.array_equal(first[name], again[name]) for name in SETS)
    assert first["contrast_05"] == pytest.approx(0.05 * seen)
    assert calibration_of(seen)[3:] == pytest.approx(0.05 * seen[3:])
