"""Circuit files: what torch made of a checkpoint comes back without it, and what is damaged is refused by name."""

import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz, write_npz
from neurocmc.frontends.circuit_file import ENDING, CircuitFile, ImagesEntry, read_circuit_file, save_circuit_file
from neurocmc.frontends.circuit_yaml import read_circuit_yaml
from neurocmc.ir.codec import encode
from neurocmc.ir.store import content_sha256
from neurocmc.pipeline.model import Model, load
from tests.made.circuit_files import CHECKPOINTS, ROOT, make_circuit_files
from tests.torch_extra import needs_torch

ROUNDING = 1e-5  # relative, of parameters that a checkpoint has in single precision
ENCODER_ROUNDING = 1e-5  # of drives, which an encoder computes in single precision


def bundled(name: str, ending: str) -> Path:
    return ROOT / "models" / f"{name}{ending}"


@needs_torch
@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_both_doors_give_the_same_circuit_and_stimuli(name: str, tmp_path: Path) -> None:
    """Byte for byte as `make circuit-files` makes them; as this machine computes them, but for rounding."""
    import torch

    kept = read_circuit_file(bundled(name, ENDING))
    if kept.made_with == f"torch {torch.__version__}" and platform.machine().lower() in ("x86_64", "amd64"):
        (file,) = make_circuit_files(tmp_path, [name])
        made, wanted = read_npz(file), read_npz(bundled(name, ENDING))
        assert made.keys() == wanted.keys()
        for key, array in wanted.items():
            assert (made[key].dtype, made[key].shape) == (array.dtype, array.shape), key
            assert made[key].tobytes() == array.tobytes(), f"{key}: run make circuit-files"

    first, second = load(bundled(name, ".pt")), load(bundled(name, ENDING))
    assert_alike(first, second)
    assert second.facts["made from"] == f"{name}.pt"
    for key, value in first.facts.items():
        assert second.facts[key] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-6)), key
    assert (first.memory is None) == (second.memory is None)
    if first.memory is not None and second.memory is not None:
        assert first.memory.recipe == second.memory.recipe
    assert (first.test_images is None) == (second.test_images is None)
    if first.test_images is not None and second.test_images is not None:
        assert np.array_equal(first.test_images(), second.test_images())


def assert_alike(first: Model, second: Model) -> None:
    ours, theirs = encode(first.circuit), encode(second.circuit)
    assert first.circuit.origin_sha256 == second.circuit.origin_sha256
    assert ours.arrays.keys() == theirs.arrays.keys()
    for key, array in ours.arrays.items():
        np.testing.assert_allclose(theirs.arrays[key], array, rtol=ROUNDING, atol=0)
    for mine, other in zip(
        first.read_stimuli().by_name().values(), second.read_stimuli().by_name().values(), strict=True
    ):
        assert (mine.name, mine.duration_s) == (other.name, other.duration_s)
        assert np.array_equal(mine.edges_s, other.edges_s)
        assert np.array_equal(mine.labels, other.labels)
        assert mine.values.keys() == other.values.keys()
        for name, value in mine.values.items():
            np.testing.assert_allclose(other.values[name], value, rtol=0, atol=ENCODER_ROUNDING)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_bundled_circuit_files_are_small_and_whole(name: str) -> None:
    model = load(bundled(name, ENDING))
    stimuli = model.read_stimuli()
    assert model.reference is None
    assert model.no_reference == f"a circuit file holds no torch model: compile {name}.pt for this edge"
    assert len(stimuli.calibration) == 1
    assert stimuli.test
    assert not [problem for s in stimuli.by_name().values() for problem in s.problems(model.circuit.inputs)]
    assert bundled(name, ENDING).stat().st_size < 600_000


def small() -> CircuitFile:
    loaded = read_circuit_yaml(ROOT / "examples" / "circuit.yaml")
    stimulus = loaded.stimulus("switch")
    return CircuitFile(
        circuit=loaded.circuit,
        calibration=(stimulus,),
        test=(),
        facts={"family": "made here", "seed": 3, "accuracy": 0.5},
        images=ImagesEntry(task="mnist-5k", size=50),
        memory=None,
        made_from="small.pt",
        made_with="torch 2.13.0",
    )


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    file = small()
    save_circuit_file(file, tmp_path / "a.circuit.npz")
    save_circuit_file(file, tmp_path / "b.circuit.npz")
    assert (tmp_path / "a.circuit.npz").read_bytes() == (tmp_path / "b.circuit.npz").read_bytes()
    back = read_circuit_file(tmp_path / "a.circuit.npz")
    assert content_sha256(back.circuit) == content_sha256(file.circuit)
    assert dict(back.facts) == dict(file.facts)
    assert type(back.facts["seed"]) is int
    assert (back.images, back.memory, back.made_from) == (file.images, None, "small.pt")
    assert back.calibration[0].values["drive"].tobytes() == file.calibration[0].values["drive"].tobytes()
    assert back.test_images is not None
    assert back.test_images().shape == (10, 1, 28, 28)


Damage = Callable[[dict[str, Any], dict[str, Any]], None]


def _without_inputs(document: dict[str, Any], arrays: dict[str, Any]) -> None:
    document["level"]["calibration"][0]["inputs"] = []
    del arrays["calibration/switch/inputs/drive/values"]


def _of_both_uses(document: dict[str, Any], arrays: dict[str, Any]) -> None:
    document["level"]["test"] = json.loads(
        json.dumps(document["level"]["calibration"]).replace("calibration/", "test/")
    )
    arrays.update({key.replace("calibration/", "test/"): value for key, value in arrays.items()})


def _of_two_kinds(document: dict[str, Any], arrays: dict[str, Any]) -> None:
    _of_both_uses(document, arrays)
    for key in arrays:
        if key.startswith("test/") and key.endswith("values"):
            arrays[key] = arrays[key] + 1.0


def _twice(document: dict[str, Any], arrays: dict[str, Any]) -> None:
    again = json.dumps(document["level"]["calibration"]).replace("calibration/switch/", "calibration/again/")
    document["level"]["calibration"] += json.loads(again)
    arrays.update({key.replace("calibration/switch/", "calibration/again/"): value for key, value in arrays.items()})


DAMAGES: list[tuple[Damage, str]] = [
    (lambda document, arrays: document.update(version=2), "not a circuit file of version 1"),
    (lambda document, arrays: document.update(format="other"), "not a circuit file of version 1"),
    (lambda document, arrays: document.update(more=1), "more: unknown field"),
    (lambda document, arrays: document["facts"].update(x=[1]), "facts.x"),
    (lambda document, arrays: document.update(images={"task": "cats", "size": None}), "'cats' is not a task"),
    (lambda document, arrays: document.update(trials={"task": "chess"}), "level-malformed"),
    (lambda document, arrays: arrays.pop("calibration/switch/labels"), "calibration/0/labels: the array"),
    (lambda document, arrays: arrays.update(left=np.zeros(1)), "left: an array that nothing refers to"),
    (lambda document, arrays: document["level"]["calibration"][0].update(name="../../x"), "stimulus-name"),
    (lambda document, arrays: document["level"]["circuit"].update(dt_s=-1.0), "dt is -1.0 s"),
    (
        lambda document, arrays: arrays.update({"calibration/switch/labels": np.zeros(7, dtype=np.int64)}),
        "stimuli: drive: shape",
    ),
    (_without_inputs, "input drive is missing"),
    (_twice, "a name occurs twice [name-twice]"),
    (_of_two_kinds, "names one stimulus for calibration and a different one for the test [name-twice]"),
]


def test_a_stimulus_may_be_of_both_uses(tmp_path: Path) -> None:
    path = tmp_path / "x.circuit.npz"
    save_circuit_file(small(), path)
    arrays = read_npz(path)
    document = json.loads(str(arrays.pop("document")))
    _of_both_uses(document, arrays)
    np.savez(path, document=np.array(json.dumps(document)), **arrays)
    read = read_circuit_file(path)
    assert [stimulus.name for stimulus in read.calibration] == [stimulus.name for stimulus in read.test]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_damage_is_refused_by_name(damage: Damage, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.circuit.npz"
    save_circuit_file(small(), path)
    arrays = read_npz(path)
    document = json.loads(str(arrays.pop("document")))
    damage(document, arrays)
    write_npz(path, {**arrays, "document": np.array(json.dumps(document))})
    with pytest.raises(InputError) as caught:
        read_circuit_file(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_unknown_task_of_trials_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.circuit.npz"
    save_circuit_file(CircuitFile(**{**fields_of(small()), "calibration": ()}), path)
    arrays = read_npz(path)
    document = json.loads(str(arrays.pop("document")))
    document["trials"] = {"task": "chess"}
    write_npz(path, {**arrays, "document": np.array(json.dumps(document))})
    with pytest.raises(InputError, match=r"'chess' \[task-unknown\]\n.*delayed-match, context-integration"):
        read_circuit_file(path)


def fields_of(file: CircuitFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in CircuitFile.__dataclass_fields__}


@pytest.mark.parametrize("text", ["{", '{"a": NaN}', "[]", '{"a": 1, "a": 2}'])
def test_a_text_that_is_no_document_is_refused(text: str, tmp_path: Path) -> None:
    write_npz(tmp_path / "x.npz", {"document": np.array(text)})
    with pytest.raises(InputError, match=r"\[(json-malformed|not-a-circuit-file|format-version)\]"):
        load(tmp_path / "x.npz")


def test_another_npz_is_no_model(tmp_path: Path) -> None:
    write_npz(tmp_path / "stimulus.npz", {"labels": np.zeros(3, dtype=np.int64)})
    with pytest.raises(InputError, match=r"\[not-a-circuit-file\]"):
        load(tmp_path / "stimulus.npz")
    with pytest.raises(InputError, match=r"--images: .* \[option-not-for-this\]"):
        load(tmp_path / "stimulus.npz", images="mnist-5k")
