"""What stays on the host: the retina, the gaze, augmentation, the readout, and what training charges for."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.circuits.cmc.augment import augmented
from neurocmc.circuits.cmc.evaluate import accuracy, evaluate, fitted_readout, ranges
from neurocmc.circuits.cmc.hierarchy import CmcHierarchy, CmcTrajectory
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcCircuitRecipe, CmcRecipe, CmcTrainingRecipe, GazeRecipe, RetinaRecipe
from neurocmc.circuits.cmc.regularise import excess, missing_signal, penalty, signals, weight_range
from neurocmc.circuits.cmc.retina import Gaze, Retina, windows
from neurocmc.circuits.images import Images, ImageSplit

STILL = {"shift_pixels": 0.0, "rotation_degrees": 0.0, "stretch": 0.0}


def options(**changes: Any) -> CmcTrainingRecipe:
    return CmcTrainingRecipe.model_validate(changes)


def images(count: int = 6, side: int = 28) -> torch.Tensor:
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(1))


def test_the_retina_rectifies_on_and_off_and_pools() -> None:
    torch.manual_seed(0)
    retina = Retina(RetinaRecipe(inputs=3, channels=2, mixed=5, grid=7))
    shown = torch.rand(4, 3, 20, 24)
    maps = retina(shown)
    assert maps.shape == (4, 5, 7, 7)
    # ON and OFF of equal weights see a contrast with opposite signs: only one of the two answers.
    for layer in (retina.centre, retina.surround):
        layer.weight.data[2:], layer.bias.data[2:] = layer.weight.data[:2], layer.bias.data[:2]
    retina.lateral.weight.data.zero_()
    retina.lateral.bias.data.fill_(-1.0)  # no lateral inhibition
    retina.gain.data.fill_(20.0)  # all passes
    retina.mix.weight.data.fill_(1.0)
    retina.mix.bias.data.zero_()
    rectified = sum(layer(shown)[:, :2].abs().sum(dim=1) for layer in (retina.centre, retina.surround))
    pooled = torch.nn.functional.adaptive_avg_pool2d(rectified, 7)
    torch.testing.assert_close(retina(shown)[:, 3], pooled)


def test_lateral_inhibition_takes_a_tenth_and_the_gain_scales() -> None:
    torch.manual_seed(0)
    retina = Retina(RetinaRecipe(channels=1, mixed=2, grid=28))
    retina.lateral.weight.data.zero_()
    retina.lateral.bias.data.zero_()
    before = retina(images())
    retina.lateral.bias.data.fill_(3.0)
    retina.gain.data.fill_(0.0)
    full = float(torch.sigmoid(torch.tensor(1.0)))
    torch.testing.assert_close(retina(images()), (before / full - 0.3) * 0.5)


@given(grid=st.integers(2, 30), data=st.data())
def test_strips_sweep_over_the_whole_map(grid: int, data: st.DataObject) -> None:
    width = data.draw(st.integers(1, grid))
    glimpses = data.draw(st.integers(2 if width < grid else 1, 12))
    found = windows(GazeRecipe(glimpses=glimpses, width=width), grid)
    starts = [columns.start for _, columns in found]
    assert len(found) == glimpses
    assert all(rows == slice(0, grid) and columns.stop - columns.start == width for rows, columns in found)
    assert starts[0] == 0
    assert starts == sorted(starts)
    assert found[-1][1].stop == grid


def test_quadrants_are_the_four_corners() -> None:
    found = windows(GazeRecipe(path="quadrants", glimpses=4, width=8), 14)
    near, far = slice(0, 8), slice(6, 14)
    assert found == ((near, near), (near, far), (far, near), (far, far))


def test_every_glimpse_is_encoded_alike_and_alone() -> None:
    torch.manual_seed(0)
    retina = RetinaRecipe(mixed=3, grid=8)
    gaze = Gaze(GazeRecipe(glimpses=4, width=2, drive=1.5), retina, columns=5)
    maps = torch.randn(2, 3, 8, 8)
    drives = gaze(maps)
    assert drives.shape == (2, 4, 5)
    mirrored = maps.reshape(2, 3, 8, 4, 2).flip(3).reshape(2, 3, 8, 8)  # the strips in the opposite order
    torch.testing.assert_close(gaze(mirrored), drives.flip(1))
    changed = maps.clone()
    changed[:, :, :, 4:6] += 100.0 * torch.randn(2, 3, 8, 2)
    assert [bool((gaze(changed)[:, i] != drives[:, i]).any()) for i in range(4)] == [False, False, True, False]
    assert 1.4 < float(gaze(changed).detach().abs().max()) <= 1.5


def test_augmentation_leaves_alone_what_it_should() -> None:
    shown = images(side=20)
    torch.testing.assert_close(augmented(shown, options(**STILL), torch.Generator().manual_seed(0)), shown)
    flipped = augmented(shown, options(**STILL, mirror=True), torch.Generator().manual_seed(0))
    same = [torch.allclose(a, b, atol=1e-5) for a, b in zip(flipped, shown, strict=True)]
    turned = [torch.allclose(a, b.flip(2), atol=1e-5) for a, b in zip(flipped, shown, strict=True)]
    assert [a != b for a, b in zip(same, turned, strict=True)] == [True] * 6
    assert {True, False} == set(same)


def test_augmentation_moves_within_its_limits() -> None:
    """A dot stays within the shift and the turn of its place, and its brightness within the image's."""
    dots = torch.zeros(200, 1, 28, 28)
    dots[:, :, 14, 20] = 1.0
    moved = augmented(dots, options(shift_pixels=2.0, rotation_degrees=0.0, stretch=0.0), torch.Generator())
    place = moved.flatten(1).argmax(dim=1)
    rows, columns = place // 28 - 14, place % 28 - 20
    assert int(rows.abs().max()) == int(columns.abs().max()) == 2
    assert float(moved.min()) >= 0.0
    assert float(moved.max()) <= 1.0
    turned = augmented(dots, options(shift_pixels=0.0, rotation_degrees=45.0, stretch=0.0), torch.Generator())
    place = turned.flatten(1).argmax(dim=1)
    angle = np.degrees(np.arctan2((place // 28 - 13.5).numpy(), (place % 28 - 13.5).numpy()))
    assert 35 < np.abs(angle).max() < 55
    radius = np.hypot((place // 28 - 13.5).numpy(), (place % 28 - 13.5).numpy())
    assert np.abs(radius - np.hypot(0.5, 6.5)).max() < 1.0


def trajectory(rate: torch.Tensor, size: float) -> CmcTrajectory:
    state = torch.full_like(rate, size)
    return CmcTrajectory(p=state, v=-state, rate=rate, u=torch.zeros_like(state))


def test_penalties_are_what_they_say() -> None:
    circuit = CmcHierarchy(CmcCircuitRecipe(regions=2, columns=4, fan_in=2))
    rate = torch.full((3, 6, 2, 4, 4), 0.25)
    rate[0, 3:] = 0.55  # the second half of the ticks of one image: sd sqrt(2)/3 x 0.3
    made = trajectory(rate, 2.5)
    assert float(excess(made, 2.0)) == pytest.approx(0.25 + 0.25)
    spread = 0.3 * 2**0.5 / 3
    torch.testing.assert_close(signals(made), torch.full((2, 4), spread))
    assert float(missing_signal(circuit, made, 2 * spread)) == pytest.approx(0.25, abs=1e-4)
    assert float(missing_signal(circuit, made, 0.5 * spread)) == 0
    circuit.raw_gain.data.fill_(1.0)
    for name in ("forward", "backward_sp", "backward_ii"):
        circuit.get_parameter(f"raw_{name}").data.fill_(1.0)
    assert float(weight_range(circuit, 1.0).detach()) == pytest.approx(0, abs=1e-9)
    gain = float(circuit.gains().detach().flatten()[0])
    circuit.raw_gain.data[0, 0, 0] = float(torch.log(torch.expm1(torch.tensor(5 * gain))))
    ratio = 5 / ((3 + 5) / 4)  # largest over mean of one of the 24 + 3 matrices
    assert float(weight_range(circuit, 2.0).detach()) == pytest.approx(np.log(ratio / 2) ** 2 / 27, rel=1e-4)
    weights = {"activity_weight": 2.0, "range_weight": 3.0, "range_limit": 2.0, "weight_range_weight": 5.0}
    asked = options(**weights, weight_range_limit=2.0, signal_weight=7.0, signal_target=2 * spread)
    expected = 2 * float(rate.mean()) + 3 * 0.5 + 5 * np.log(ratio / 2) ** 2 / 27 + 7 * 0.25
    assert float(penalty(circuit, made, asked).detach()) == pytest.approx(expected, rel=1e-3)
    assert float(penalty(circuit, made, options()).detach()) == 0


def test_a_fitted_readout_finds_what_is_there() -> None:
    generator = torch.Generator().manual_seed(2)
    labels = torch.arange(300) % 3
    features = torch.randn(300, 6, generator=generator, dtype=torch.float64) * torch.tensor([1, 9, 1e-3, 0, 1, 1])
    features[:, 2] += 3.0 + 4e-3 * labels  # tells the class, on a scale and around a mean of its own
    weight, bias = fitted_readout(features, labels, 3)
    assert weight.shape == (3, 6)
    assert not weight[:, 3].any()  # never moves, and gets no weight
    assert float(((features @ weight.T + bias).argmax(dim=1) == labels).double().mean()) > 0.9


def small_model() -> tuple[CmcModel, CmcRecipe, ImageSplit]:
    data = {
        "family": "cmc",
        "task": "mnist-5k",
        "circuit": {"columns": 3, "variant": "no-ii"},
        "retina": {"channels": 1, "mixed": 2, "grid": 6},
        "gaze": {"glimpses": 2, "width": 3, "hold_ticks": 3},
        "readout": {"window_ticks": 2, "classes": 2},
    }
    recipe = CmcRecipe.model_validate_json(json.dumps(data))
    torch.manual_seed(0)
    generator = np.random.default_rng(0)
    labels = np.arange(60) % 2
    shown = generator.random((60, 8, 8)).astype(np.float32) * (0.1 + 0.9 * labels[:, None, None].astype(np.float32))

    def part(chosen: slice) -> Images:
        return Images(images=shown[chosen], labels=labels[chosen], index=np.arange(60)[chosen])

    return (
        CmcModel(recipe),
        recipe,
        ImageSplit(task="halves", classes=2, train=part(slice(40)), test=part(slice(40, 60))),
    )


def test_metrics_count_what_they_say() -> None:
    model, recipe, split = small_model()
    with torch.no_grad():
        made = model.present(model.drives(torch.tensor(split.test.planes)))
        answers = model(torch.tensor(split.test.planes)).argmax(dim=1).numpy()
    metrics = evaluate(model, recipe, split)
    assert metrics["accuracy"] == accuracy(model, split.test) == np.mean(answers == split.test.labels)
    assert metrics["refitted_accuracy"] == 1.0  # brightness alone tells the two classes apart
    assert metrics["chance"] == 0.5
    assert metrics["images"] == 20
    for name in "upv":
        assert metrics[f"{name}_smallest"] == pytest.approx(float(getattr(made, name).min()))
        assert metrics[f"{name}_largest"] == pytest.approx(float(getattr(made, name).max()))
    assert metrics["mean_rate"] == pytest.approx(float(made.rate[:, :, :, [0, 1, 3]].mean()), rel=1e-5)
    assert metrics["weakest_signal"] == pytest.approx(float(signals(made)[:, [0, 1, 3]].min()), rel=1e-4)
    assert ranges(model, split.test)["mean_rate"] == metrics["mean_rate"]
    assert metrics["circuit_parameters"] == 3 + 3 + 3 * 3 + 5 * 3  # T, R, b and G0 G1 G6 G7 G9
    assert metrics["readout_parameters"] == 12 * 2 + 2
    assert metrics["gaze_parameters"] == 2 * 6 * 3 * 3 + 3
    assert metrics["retina_parameters"] == (2 * 9 + 2) + (2 * 49 + 2) + (4 * 2 + 2) + (2 * 9 + 2) + 2


def test_the_readout_sees_the_mean_of_the_window() -> None:
    model = small_model()[0]
    rate = torch.rand(5, 6, 1, 4, 3)
    torch.testing.assert_close(model.features(rate), ((rate[:, 4] + rate[:, 5]) / 2).reshape(5, 12))
