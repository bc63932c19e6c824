"""The circuits that are written: they load, and rest where the equations of their filters say."""

from pathlib import Path

import numpy as np
import pytest

import neurocmc
from neurocmc.common.arrays import Float
from neurocmc.ir.recording import Recording
from neurocmc.literature.filter.circuit import circuit_text
from neurocmc.literature.filter.equations import filtered
from neurocmc.pipeline.model import Model
from neurocmc.sim.rate import simulate_rate
from neurocmc.theory.filter import find_filter

SETTINGS = {"tau_ms": 10.0, "duration_ms": 300, "window_ms": 50}
PARAMETERS = {
    "swta": {"alpha": 0.5, "beta": 3.0},
    "divisive": {"alpha": 0.5, "beta": 6.0, "constant": 0.02},
    "one_pass": {"gain": 2.0, "inhibition": 1.5},
    "dog": {"centre_px": 1.0, "surround_px": 2.0},
}
IMAGES = np.round(np.random.default_rng(3).random((6, 8, 8)) ** 2, 3)


def written(name: str, folder: Path, drives: Float = IMAGES) -> Model:
    (folder / "filter.yaml").write_text(circuit_text(name, PARAMETERS[name], SETTINGS, drives[:4], drives[4:]))
    return neurocmc.load(folder / "filter.yaml")


@pytest.mark.parametrize(("name", "as_filter"), [("swta", "swta"), ("divisive", "swta"), ("one_pass", "one_pass")])
def test_a_filter_that_is_a_circuit_rests_where_its_equation_says(name: str, as_filter: str, tmp_path: Path) -> None:
    model = written(name, tmp_path)
    (stimulus,) = model.read_stimuli().test
    assert stimulus.values["pixels"].shape == (2, 1, 64)
    end = simulate_rate(model.circuit, stimulus).activity["e"][:, -1]
    parameters = {key: value for key, value in PARAMETERS[name].items() if key != "constant"}
    wanted = filtered(IMAGES[4:], as_filter, parameters).reshape(2, 64)
    assert end == pytest.approx(wanted, abs=1e-4)
    assert (find_filter(model.circuit) is not None) == (as_filter == "swta")


def test_of_other_controls_the_circuit_sends_what_the_host_has_filtered(tmp_path: Path) -> None:
    drives = np.round(filtered(IMAGES, "dog", PARAMETERS["dog"]), 4)
    model = written("dog", tmp_path, drives)
    (stimulus,) = model.read_stimuli().test
    end = simulate_rate(model.circuit, stimulus).activity["e"][:, -1]
    assert end == pytest.approx(drives[4:].reshape(2, 64), abs=1e-6)
    assert end.min() < 0.0


def test_the_chip_rests_there_as_well(tmp_path: Path) -> None:
    artifact = neurocmc.compile(
        written("swta", tmp_path), target="loihi1", out=tmp_path / "build", neurons=16, figures=False
    )
    recording = neurocmc.simulate(artifact)
    assert isinstance(recording, Recording)
    seen = recording.activity["e"][:, -50:].mean(axis=1)
    wanted = filtered(IMAGES[4:], "swta", PARAMETERS["swta"]).reshape(2, 64)
    error = np.sqrt(np.square(seen - wanted).mean()) / wanted.max()
    assert 0.0 < error < 0.04
