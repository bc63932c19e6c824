"""The reservoir's step is what the paper writes, and the compiled circuit takes the same steps."""

from math import exp
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import neurocmc
from neurocmc.api import Artifact, Recording
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError
from neurocmc.literature.reservoir.balance import draw
from neurocmc.literature.reservoir.chip import states
from neurocmc.literature.reservoir.equations import Reservoir
from tests.lava_environment import lava_python

from .small import recipe


def small(pole: float, weight: float = 1.0) -> Reservoir:
    return draw(recipe(pole=pole).structure, np.random.default_rng(3)).scaled(0.4 * weight).with_factor(1.5)


def by_hand(reservoir: Reservoir, drive: Float) -> Float:
    """The paper's equations, a unit and a source at a time, from rest."""
    n = reservoir.units

    def step(v: list[float], u: float) -> list[float]:
        r = [1 / (1 + exp(-reservoir.slope * (value - reservoir.threshold))) for value in v]
        return [
            reservoir.pole * v[i] + sum(reservoir.weight[i, j] * r[j] for j in range(n)) + reservoir.enter[i, 0] * u
            for i in range(n)
        ]

    v = [0.0] * n
    for _ in range(500):
        v = step(v, 0.0)
    shown: list[list[float]] = []
    for u in drive:
        v = step(v, float(u))
        shown.append([1 / (1 + exp(-reservoir.slope * (value - reservoir.threshold))) for value in v])
    return np.array(shown)


@pytest.mark.parametrize("pole", [0.0, 0.5])
def test_the_reservoir_is_the_equations(pole: float) -> None:
    drive = np.random.default_rng(0).uniform(-1, 1, 20)
    reservoir = small(pole)
    assert_allclose(reservoir.run(drive[None, :, None])[0], by_hand(reservoir, drive), atol=1e-12)


def test_a_unit_by_itself_follows_its_input() -> None:
    alone = Reservoir(
        weight=np.zeros((2, 2)), enter=np.array([[1.0], [0]]), excitatory=1, slope=4, threshold=0.5, pole=0
    )
    shown = alone.run(np.array([[[0.5], [1.0]]]))
    assert_allclose(shown[0, :, 0], [0.5, 1 / (1 + exp(-2))])
    assert_allclose(shown[0, :, 1], 1 / (1 + exp(2)))


def test_a_reservoir_that_never_settles_has_the_same_state_each_time() -> None:
    flips = Reservoir(
        weight=np.array([[0.0, 0], [0, 0]]) - 20 * np.eye(2), enter=np.ones((2, 1)), excitatory=1,
        slope=4, threshold=-5, pole=0,
    )  # fmt: skip
    first, then = flips.rest(), flips.rest()
    assert np.array_equal(first, then)
    assert np.abs(flips.weight @ flips.sent(first) - first).max() > 1


@pytest.mark.parametrize("pole", [0.0, 0.5])
def test_what_is_compiled_takes_the_same_steps(pole: float, tmp_path: Path) -> None:
    """The rate circuit of the artifact to rounding, the chip nearly: with every step in its place."""
    reservoir = small(pole)
    noise = np.random.default_rng(1).uniform(-1, 1, (2, 60, 1))
    artifact = neurocmc.compile(reservoir.model(noise, noise), out=tmp_path / "build", neurons=32, figures=False)
    assert isinstance(artifact, Artifact)
    drive = np.random.default_rng(2).uniform(-1, 1, (1, 40, 1))
    wanted = reservoir.run(drive)
    assert_allclose(states(artifact, drive, "rate"), wanted, atol=1e-6)
    chip = states(artifact, drive)
    error = np.abs(chip - wanted).mean()
    assert error < 0.3 * np.abs(chip[:, 1:] - wanted[:, :-1]).mean()  # a step late or early would be far off
    assert neurocmc.verify(artifact, figures=False).passed


@pytest.mark.lava
def test_stock_lava_has_every_spike_of_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", str(lava_python()))
    noise = np.random.default_rng(1).uniform(-1, 1, (1, 30, 1))
    model = small(0.0).model(noise, noise)
    artifact = neurocmc.compile(model, out=tmp_path / "build", neurons=16, figures=False)
    emulator, lava = (neurocmc.simulate(artifact, on) for on in ("emulator", "lava"))
    assert isinstance(emulator, Recording)
    assert isinstance(lava, Recording)
    for name, train in emulator.spikes.items():
        assert len(train.tick) > 100
        for field in ("tick", "trial", "unit", "neuron"):
            assert np.array_equal(getattr(train, field), getattr(lava.spikes[name], field))


def test_one_that_does_not_begin_at_rest_is_refused(tmp_path: Path) -> None:
    reservoir = small(0.5)
    noise = np.random.default_rng(1).uniform(-1, 1, (1, 40, 1))
    model = neurocmc.from_arrays(
        4 * reservoir.weight, 4 * reservoir.enter, np.zeros(10), activation="sigmoid", form="filter-before",
        fraction=0.5, initial=np.full(10, 3.0), calibration=noise,
    )  # fmt: skip
    artifact = neurocmc.compile(model, out=tmp_path / "build", neurons=8, figures=False)
    assert isinstance(artifact, Artifact)
    with pytest.raises(InputError, match="never came to rest"):
        states(artifact, noise)
