"""The library's modules in a loop of one's own: own data, encoder and readout; compiled, and compared with torch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import neurocmc
from neurocmc.circuits.own import CmcRegions, SoftWta
from neurocmc.common.errors import InputError
from neurocmc.frontends.own_module_file import FORMAT
from neurocmc.pipeline.model import Model
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.edges import Edge
from tests.made.small_digits import TRAIN, small_digits

HELD_MS, WINDOW_MS = 150, 50
GONE = object()


def trained_on_digits(epochs: int = 12) -> tuple[SoftWta, nn.Module]:
    """A winner-take-all and the user's encoder, trained as a notebook would."""
    torch.manual_seed(0)
    wta = SoftWta(units=10, tau_ms=20, dt_ms=2, alpha=1.1, trained=("alpha", "beta1", "beta2", "threshold"))
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.Sigmoid())
    images, labels = small_digits()
    shown, wanted = torch.tensor(images[:TRAIN]).float(), torch.tensor(labels[:TRAIN])
    optimiser = torch.optim.Adam(
        [{"params": encoder.parameters(), "lr": 0.03}, {"params": wta.parameters(), "lr": 0.01}]
    )
    for _ in range(epochs):
        for part in torch.randperm(TRAIN).split(100):
            read = wta.read(wta.run(encoder(shown[part]), HELD_MS), WINDOW_MS)
            loss = nn.functional.cross_entropy(6.0 * read, wanted[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            wta.project_()
    return wta, encoder


def edges(verification: Any, name: str) -> list[Edge]:
    return [edge for edge in verification.edges if edge.name == name]


def test_a_winner_take_all_of_one_s_own_loop_reads_digits_on_the_chip(tmp_path: Path) -> None:
    wta, encoder = trained_on_digits()
    images, labels = small_digits()
    with torch.no_grad():
        drives = encoder(torch.tensor(images).float())
        answers = wta.read(wta.run(drives[TRAIN:], HELD_MS), WINDOW_MS).argmax(dim=1).numpy()
    assert (answers == labels[TRAIN:]).mean() > 0.85
    model = neurocmc.from_module(
        wta,
        calibration=drives[:200],
        test=drives[TRAIN : TRAIN + 100],
        labels=labels[TRAIN : TRAIN + 100],
        duration_ms=HELD_MS,
        window_ms=WINDOW_MS,
        on_host=("encoder: 64 pixels -> evidence",),
    )
    neurocmc.compile(model, target="loihi1", neurons=32, out=tmp_path / "build", figures=False)
    found = neurocmc.verify(tmp_path / "build", figures=False)  # of the directory alone
    assert found.passed, [edge for edge in found.edges if edge.verdict == "miss"]
    (followed,) = edges(found, "torch ~ rate")
    assert followed.verdict == "pass"
    assert followed.value is not None
    assert followed.value <= 1e-5


def test_regions_of_one_s_own_loop_have_drives_and_classes_of_their_own(tmp_path: Path) -> None:
    """Two regions, three classes that no task of ours has: which third of the drives' phases a trial has."""
    torch.manual_seed(0)
    regions = CmcRegions(regions=2, columns=6, fan_in=2, activation="tanh")
    readout = nn.Linear(regions.units, 3)
    labels = torch.arange(90) % 3
    drives = torch.eye(3)[labels].repeat_interleave(2, dim=1)[:, None] * torch.rand(90, 4, 6) + 0.1 * torch.randn(
        90, 4, 6
    )
    optimiser = torch.optim.Adam([*regions.parameters(), *readout.parameters()], lr=0.02)
    for _ in range(30):
        logits = readout(regions.read(regions.run(drives[:60], 200), 30))
        loss = nn.functional.cross_entropy(logits, labels[:60])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model = neurocmc.from_module(
        regions,
        calibration=drives[:60],
        test=drives[60:],
        labels=labels[60:],
        duration_ms=200,
        window_ms=30,
        readout=readout,
        classes=("left", "middle", "right"),
        name="phases",
        path=tmp_path / "module.pt",
    )
    assert model.circuit.classifiers[0].labels == ("left", "middle", "right")
    stimulus = model.read_stimuli().test[0]
    rates = simulate_rate(model.circuit, stimulus).activity
    ticks = 6
    features = np.concatenate(
        [rates[name][:, -ticks:].mean(axis=1) for name in model.circuit.classifiers[0].populations], 1
    )
    layer = model.circuit.classifiers[0].layers[0]
    with torch.no_grad():
        wanted = readout(regions.read(regions.run(drives[60:], 200), 30)).numpy()
    np.testing.assert_allclose(features @ layer.weight.T + layer.bias, wanted, atol=1e-4)
    read = neurocmc.load(tmp_path / "module.pt")  # what `neurocmc compile module.pt` reads
    assert read.circuit.name == "phases"
    assert read.facts == model.facts
    neurocmc.compile(tmp_path / "module.pt", neurons=16, out=tmp_path / "build", figures=False)
    found = neurocmc.verify(tmp_path / "build", figures=False, samples=10)
    (followed,) = edges(found, "torch ~ rate")
    assert followed.verdict == "pass"


def made(**changes: Any) -> Model:
    torch.manual_seed(0)
    drives = torch.rand(6, 3)
    data: dict[str, Any] = {"calibration": drives, "test": drives, "duration_ms": 100, "window_ms": 20} | changes
    return neurocmc.from_module(data.pop("module", SoftWta(units=3)), **data)


def test_what_is_given_may_be_arrays_segments_and_double_precision() -> None:
    drives = np.random.default_rng(0).random((6, 4, 3))
    wta = SoftWta(units=3).double()
    model = made(module=wta, calibration=drives, test=drives)
    stimulus = model.read_stimuli().test[0]
    assert model.reference is not None
    torch_says = model.reference(stimulus)["excite"]
    own = wta.run(torch.tensor(drives), 100)[..., :3].detach().numpy()
    np.testing.assert_allclose(torch_says, own, atol=1e-12)
    np.testing.assert_allclose(simulate_rate(model.circuit, stimulus).activity["excite"], own, atol=1e-6)


def test_the_same_module_and_data_give_the_same_bytes() -> None:
    first, again = made(), made()
    assert first.content is not None
    assert first.content == again.content


def test_a_readout_of_a_winner_take_all_may_tell_other_classes() -> None:
    readout = nn.Linear(3, 2, bias=False)
    model = made(readout=readout, labels=[0, 1, 0, 1, -1, 1])
    assert model.circuit.readouts == ()
    assert model.circuit.classifiers[0].layers[0].bias.tolist() == [0.0, 0.0]
    assert model.circuit.classifiers[0].labels == ("0", "1")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"module": nn.Linear(3, 3)}, "argument-type"),
        ({"calibration": torch.rand(6, 4)}, "stimulus-channels"),
        ({"calibration": "drives"}, "argument-type"),
        ({"test": torch.full((6, 3), float("nan"))}, "value-not-finite"),
        ({"test": torch.rand(6, 7, 3)}, "stimulus-duration"),
        ({"duration_ms": 100.5}, "stimulus-duration"),
        ({"window_ms": 200}, "window-too-long"),
        ({"labels": [0, 1]}, "labels-count"),
        ({"labels": [0, 1, 2, 3, 0, 0]}, "label-beyond-range"),
        ({"classes": ("one", "two")}, "labels-count"),
        ({"readout": nn.Linear(4, 2)}, "tensor-shape"),
        ({"readout": "linear"}, "argument-type"),
        ({"duration_ms": "long"}, "argument-type"),
        ({"name": "a b"}, "field-wrong"),
        ({"module": CmcRegions(columns=3, fan_in=1), "labels": [0] * 6}, "label-beyond-range"),
    ],
)
def test_data_that_do_not_fit_are_refused_by_name(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError) as refused:
        made(**changes)
    assert [problem.id for problem in refused.value.problems] == [fault]


def test_a_circuit_that_has_left_the_stable_region_is_refused_and_project_mends_it() -> None:
    wta = SoftWta(units=3, trained=("alpha",))
    with torch.no_grad():
        wta.alpha.fill_(1.9)
    with pytest.raises(InputError, match="swta-unstable"):
        made(module=wta)
    wta.project_()
    assert made(module=wta).circuit.units == 4


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: SoftWta(units=1), "SoftWta: units"),
        (lambda: SoftWta(units=3, alpha=1.9), "SoftWta"),
        (lambda: SoftWta(units=3, trained=("gamma",)), "SoftWta: trained"),
        (lambda: CmcRegions(regions=2, columns=3, fan_in=4), "CmcRegions"),
        (lambda: CmcRegions(dt_ms=20), "CmcRegions"),
    ],
)
def test_circuits_that_are_none_are_refused(make: Any, fault: str) -> None:
    with pytest.raises(InputError) as refused:
        make()
    assert all(problem.where.startswith(fault) for problem in refused.value.problems)


def test_pools_in_one_s_own_loop_round_activity_and_can_be_dropped() -> None:
    torch.manual_seed(0)
    for module, drive in ((SoftWta(units=3), torch.rand(5, 3)), (CmcRegions(columns=3, fan_in=1), torch.randn(5, 3))):
        free = module.run(drive, 100)
        module.use_pools(8, drive, 100)
        pooled = module.run(drive, 100)
        assert not torch.equal(free, pooled)
        assert float((free - pooled).abs().max().detach()) < 0.2 * float(free.abs().max().detach())
        module.drop_pools()
        assert torch.equal(module.run(drive, 100), free)
        with pytest.raises(InputError):
            module.use_pools(0, drive, 100)


def damaged(place: tuple[str, ...], value: object, folder: Path) -> Path:
    """A file of a module with another value at a place of it, or without it where the value is GONE."""
    drives = torch.rand(4, 3)
    path = folder / "m.pt"
    neurocmc.from_module(SoftWta(units=3), calibration=drives, test=drives, duration_ms=100, window_ms=20, path=path)
    plain = torch.load(path, weights_only=True)
    assert plain["format"] == FORMAT
    *outer, last = place
    inner = plain
    for name in outer:
        inner = inner[name]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    torch.save(plain, path)
    return path


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (("version",), 2, "format-version"),
        (("readout",), GONE, "entries-missing"),
        (("more",), 1, "entries-unknown"),
        (("stimuli",), [], "entry-not-a-dict"),
        (("description", "window_s"), "long", "field-wrong"),
        (("state_dict", "alpha"), GONE, "entries-missing"),
        (("state_dict", "alpha"), torch.tensor(float("nan")), "value-not-finite"),
        (("stimuli", "test"), torch.rand(4, 3), "tensor-shape"),
        (("stimuli", "test"), torch.rand(4, 1, 3), "tensor-type"),
        (("stimuli", "test"), torch.full((4, 1, 3), 1e12).double(), "drive-too-large"),
        (("stimuli", "labels"), torch.tensor([9] * 4), "label-beyond-range"),
        (("stimuli", "labels"), GONE, "entries-missing"),
    ],
)
def test_a_damaged_file_is_refused(place: tuple[str, ...], value: object, fault: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        neurocmc.load(damaged(place, value, tmp_path))
    assert fault in [problem.id for problem in refused.value.problems]
