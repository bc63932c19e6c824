"""What the family writes and refuses, and its circuit through the compiler."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.literature.flux.family import FAMILY
from neurocmc.literature.flux.lesions import circuit_of
from tests.cli.running import ROOT, run
from tests.literature.flux.small import data, document, recipe


def silent(_text: str, _share: float) -> None:
    """Nobody watches."""


def made(folder: Path, seed: int, **changes: Any) -> Path:
    path = folder / "flux.npz"
    FAMILY.make(data(**changes), seed, path, silent)
    return path


@pytest.mark.parametrize("lesion", ["embedded", "matched-bias-and-noise"])
def test_the_file_steps_as_the_network_does(tmp_path: Path, lesion: str) -> None:
    changes = {"lesion": lesion, "biases": "none"}
    model = neurocmc.load(made(tmp_path, 4, **changes))
    circuit = circuit_of(recipe(**changes), 4)
    stimulus = model.read_stimuli().test[0]
    assert model.reference is not None
    sent = model.reference(stimulus)
    found = np.concatenate([sent[name] for name in circuit.network.sizes], axis=2)
    assert found.shape == (2, 221, circuit.network.units)
    # Of the kick, and of each unit that has noise; a stimulus has it in the step that it acts in, the next one.
    driven = next(iter(stimulus.values.values()))[:, 1:]
    network, noisy = circuit.network, circuit.noise_std > 0
    for trial in range(2):
        assert np.allclose(found[trial, 0], 0.5)
        assert not driven[trial, 1:, 0].any()
        for step in range(1, 220):  # each from the last: over many steps rounding would grow
            noise = np.zeros(network.units)
            noise[noisy] = circuit.noise_std[noisy] * driven[trial, step, 1:]
            expected = network.step(found[trial, step], network.bias, noise)
            assert np.allclose(found[trial, step + 1], expected, rtol=0, atol=1e-9)
    assert not np.allclose(found[0, 1], found[1, 1])  # each trial starts elsewhere


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    first = made(tmp_path, 4, lesion="matched-noise", biases="none").read_bytes()
    assert made(tmp_path, 4, lesion="matched-noise", biases="none").read_bytes() == first
    assert made(tmp_path, 5, lesion="matched-noise", biases="none").read_bytes() != first


def test_a_matched_core_with_biases_of_its_own_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        FAMILY.checked(document(lesion="matched-bias"))
    assert "lesion matched-bias is matched to the embedding of a core without biases of its own" in str(caught.value)
    assert "write biases: none" in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"lesion": "removed"},
        {"core": {"units": 2}},
        {"core": {"density": 0}},
        {"periphery": {"gain": -1}},
        {"organise": {"rate": 2}},
        {"run": {"trials": 0}},
        {"interneurons": {"colour": "red"}},
    ],
)
def test_what_is_out_of_range_or_unknown_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        FAMILY.checked(document(**changes))
    assert len(caught.value.problems) == 1
    field = next(iter(changes))
    assert field in str(caught.value)


def test_the_recipe_of_the_repository_is_sound_and_train_makes_its_circuit(tmp_path: Path) -> None:
    shown = run("train", ROOT / "models" / "flux-l5.yaml", "-o", tmp_path / "flux.npz", "--seed", "3")
    assert shown.code == 0, shown.err
    assert neurocmc.load(tmp_path / "flux.npz").circuit.units == 200
