"""What is stored comes back exactly, as the same bytes each time; what is damaged or hostile is refused by name."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz, write_npz
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.loihi.store import load_chip, save_chip
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.store import (
    content_sha256,
    load_level,
    load_recording,
    load_stimulus,
    save_level,
    save_recording,
    save_stimulus,
)
from tests.made import levels
from tests.made.circuits import steps
from tests.made.levels import recording, same
from tests.made.networks import random_network

LEVELS: list[tuple[Callable[[], Any], type[Any]]] = [
    (levels.rate, RateCircuit),
    (levels.spiking, SpikingNetwork),
    (levels.integer, IntegerNetwork),
]


@pytest.mark.parametrize(("level", "kind"), LEVELS)
def test_a_level_comes_back_exactly(level: Callable[[], Any], kind: type[Any], tmp_path: Path) -> None:
    save_level(level(), tmp_path, "10-level")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10-level.json", "10-level.npz"]
    assert same(load_level(tmp_path, "10-level", kind), level())


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_any_integer_network_comes_back_exactly(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    network, folder = random_network(seed), tmp_path_factory.mktemp("store")
    save_level(network, folder, "n")
    assert same(load_level(folder, "n", IntegerNetwork), network)


def test_infinite_and_extreme_numbers_come_back(tmp_path: Path) -> None:
    circuit = levels.rate()
    assert circuit.populations[0].saturation == np.inf
    tiny = replace(circuit.populations[1], saturation=1.1e-12, trace_tau_s=0.1 + 0.2, bias=[-0.0])
    circuit = replace(circuit, populations=(circuit.populations[0], tiny), on_host=("encoder: 784 → 10, µ",))
    save_level(circuit, tmp_path, "r")
    document = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert document["level"]["populations"][0]["saturation"] == "inf"
    assert same(load_level(tmp_path, "r", RateCircuit), circuit)


def test_a_chip_program_refers_to_its_network(tmp_path: Path) -> None:
    save_chip(levels.chip(), tmp_path, "40-chip")
    loaded = load_chip(tmp_path, "40-chip", levels.integer())
    assert loaded.network is levels.integer()
    assert same(loaded, levels.chip())
    assert sorted(read_npz(tmp_path / "40-chip.npz")) == ["use"]
    with pytest.raises(InputError, match=r"network_sha256: .*\[artifact-changed\]"):
        load_chip(tmp_path, "40-chip", replace(levels.integer(), tick_s=0.002))


def test_the_same_level_is_the_same_bytes(tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        for level, kind in LEVELS:
            save_level(level(), folder, kind.__name__)
        save_chip(levels.chip(), folder, "chip")
        save_stimulus(steps(), folder / "stimulus.npz")
        save_recording(recording(), folder / "recording.npz")
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_digest_follows_every_number() -> None:
    network = levels.integer()
    digest = content_sha256(network)
    assert digest == content_sha256(replace(network))
    bias = network.populations[0].bias_mantissa.copy()
    bias[2, 3] += 1
    changed = replace(
        network, populations=(replace(network.populations[0], bias_mantissa=bias), network.populations[1])
    )
    assert digest != content_sha256(changed)
    assert digest != content_sha256(replace(network, name="other"))


def test_arrays_stand_under_readable_keys(tmp_path: Path) -> None:
    save_level(levels.rate(), tmp_path, "r")
    assert sorted(read_npz(tmp_path / "r.npz")) == [
        "inputs/drive/weight",
        *[
            f"populations/{name}/{field}"
            for name in ("excite", "inhibit")
            for field in ("bias", "gain", "initial", "offset")
        ],
        "projections/excite->excite/weight",
        "projections/excite->inhibit/weight",
        "projections/inhibit->excite/weight",
    ]


def test_nan_in_a_scalar_is_not_stored(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dt_s is NaN"):
        save_level(replace(levels.rate(), dt_s=np.nan), tmp_path, "r")
    assert not list(tmp_path.iterdir())


Document = dict[str, Any]


def edit(folder: Path, change: Callable[[Document], object]) -> None:
    path = folder / "r.json"
    document = json.loads(path.read_text("utf-8"))
    change(document)
    path.write_text(json.dumps(document), "utf-8")


def edit_arrays(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    arrays = read_npz(folder / "r.npz")
    change(arrays)
    write_npz(folder / "r.npz", arrays)


def population(document: Document) -> Document:
    return document["level"]["populations"][0]


DOCUMENT_FAULTS: dict[str, Callable[[Document], object]] = {
    "r.json: format: this neurocmc reads format 1 (got 2)": lambda d: d.update(format=2),
    "r.json: format: this neurocmc reads format 1 (got None)": lambda d: d.pop("format"),
    "r.json: kind: a RateCircuit is needed (got 'SpikingNetwork')": lambda d: d.update(kind="SpikingNetwork"),
    "r.json: keys that are missing or unknown: level": lambda d: d.pop("level"),
    "r.json: keys that are missing or unknown: more": lambda d: d.update(more=1),
    "r.json: RateCircuit: an object is needed (got [])": lambda d: d.update(level=[]),
    "r.json: populations/0/gain: is missing": lambda d: population(d).pop("gain"),
    "r.json: populations/0/gian: is not a field of RatePopulation": lambda d: population(d).update(gian=1),
    "r.json: populations/0/size: a whole number is needed (got 4.0)": lambda d: population(d).update(size=4.0),
    "r.json: populations/0/size: a whole number is needed (got True)": lambda d: population(d).update(size=True),
    "r.json: populations/0/size: a number beyond 2^62 is beyond every register": lambda d: population(d).update(
        size=10**30
    ),
    "r.json: populations/0/name: text is needed (got None)": lambda d: population(d).update(name=None),
    "r.json: populations/0/name: is not Unicode text ('\\ud800')": lambda d: population(d).update(name="\ud800"),
    'r.json: populations/0/saturation: a number, "inf" or "-inf" is needed (got \'Infinity\')': lambda d: population(
        d
    ).update(saturation="Infinity"),
    "r.json: populations/0/transfer: must be one of relu, sigmoid, softplus, linear (got 'tanh')": lambda d: (
        population(d).update(transfer="tanh")
    ),
    "r.json: populations/0/transfer: must be one of relu, sigmoid, softplus, linear (got [])": lambda d: population(
        d
    ).update(transfer=[]),
    "r.json: populations: a list is needed (got {})": lambda d: d["level"].update(populations={}),
    "r.json: populations/0/gain: a reference to an array is needed (got 1)": lambda d: population(d).update(gain=1),
    'r.json: populations/0/gain: a reference to an array is {"array": key}': lambda d: population(d).update(gain={}),
    "r.json: populations/0/gain: the array 'x' is missing, or used twice": lambda d: population(d).update(
        gain={"array": "x"}
    ),
    "r.json: populations/0/gain: the array 'populations/excite/bias' is missing, or used twice": lambda d: population(
        d
    ).update(gain={"array": "populations/excite/bias"}),
    "r.json: populations/0/gain: shape (5) is needed, got (4,)": lambda d: population(d).update(size=5),
    "r.json: population excite: saturation is -inf": lambda d: population(d).update(saturation="-inf"),
    "r.json: projections/0/order: must be one of 1, 2 (got True)": lambda d: d["level"]["projections"][0].update(
        order=True
    ),
}

ARRAY_FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "r.json: more: an array that nothing refers to": lambda a: a.update(more=np.zeros(2)),
    "r.json: populations/0/gain: the array 'populations/excite/gain' is missing": lambda a: a.pop(
        "populations/excite/gain"
    ),
    "r.json: populations/excite/gain: float64 is needed (got float32)": lambda a: a.update(
        {"populations/excite/gain": np.ones(4, np.float32)}
    ),
    "r.json: populations/0/gain: shape (4) is needed, got (4, 1)": lambda a: a.update(
        {"populations/excite/gain": np.ones((4, 1))}
    ),
    "r.json: population excite: gain is not finite at unit 0 (nan)": lambda a: a.update(
        {"populations/excite/gain": np.full(4, np.nan)}
    ),
}


@pytest.mark.parametrize("text", DOCUMENT_FAULTS)
def test_an_altered_document_is_refused(text: str, tmp_path: Path) -> None:
    save_level(levels.rate(), tmp_path, "r")
    edit(tmp_path, DOCUMENT_FAULTS[text])
    with pytest.raises(InputError) as caught:
        load_level(tmp_path, "r", RateCircuit)
    assert str(caught.value).startswith(f"{tmp_path}/{text}")


@pytest.mark.parametrize("text", ARRAY_FAULTS)
def test_altered_arrays_are_refused(text: str, tmp_path: Path) -> None:
    save_level(levels.rate(), tmp_path, "r")
    edit_arrays(tmp_path, ARRAY_FAULTS[text])
    with pytest.raises(InputError) as caught:
        load_level(tmp_path, "r", RateCircuit)
    assert str(caught.value).startswith(f"{tmp_path}/{text}")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "json-malformed"),
        (b"{", "json-malformed"),
        (b"\xff\xfe", "json-malformed"),
        (b"[]", "not-a-mapping"),
        (b'{"format": NaN}', "json-malformed"),
        (b'{"format": 1, "format": 1}', "json-malformed"),
        (b"[" * 200_000, "nested-too-deeply"),
        (b'{"format": ' + b"9" * 5000 + b"}", "json-malformed"),
        (None, "file-missing"),
    ],
)
def test_a_document_that_is_none_is_refused(content: bytes | None, text: str, tmp_path: Path) -> None:
    save_level(levels.rate(), tmp_path, "r")
    if content is None:
        (tmp_path / "r.json").unlink()
    else:
        (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(InputError, match=text):
        load_level(tmp_path, "r", RateCircuit)


@pytest.mark.parametrize("name", ["r.json", "r.npz"])
@settings(max_examples=40)
@given(data=st.data())
def test_damage_anywhere_is_an_input_error_or_harmless(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    save_level(levels.integer(), folder, "r")
    content = bytearray((folder / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / name).write_bytes(content[: data.draw(st.sampled_from([len(content), len(content) // 2, 10]))])
    try:
        loaded = load_level(folder, "r", IntegerNetwork)
    except InputError:
        return
    assert loaded.problems() == ()


def test_pickled_objects_are_never_read(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    save_level(levels.rate(), tmp_path, "r")
    buffer = io.BytesIO()
    np.save(buffer, np.array([Trap()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "r.npz", "w") as archive:
        archive.writestr("populations/excite/gain.npy", buffer.getvalue())
    for load in (
        lambda: load_level(tmp_path, "r", RateCircuit),
        lambda: load_stimulus(tmp_path / "r.npz"),
        lambda: load_recording(tmp_path / "r.npz"),
    ):
        with pytest.raises(InputError, match=r"\[file-damaged\]"):
            load()
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("value", "told"), [(1e16, "holds 1e"), (-1e308, "holds -1e"), (np.inf, "holds inf"), (np.nan, "holds nan")]
)
@pytest.mark.parametrize(("level", "kind"), LEVELS[1:])
def test_numbers_with_which_nothing_can_be_calculated(
    level: Callable[[], Any], kind: type[Any], value: float, told: str, tmp_path: Path
) -> None:
    """Wherever they stand: no verifier asks what an observation starts from."""
    save_level(level(), tmp_path, "10-level")
    arrays = read_npz(tmp_path / "10-level.npz")
    name = next(name for name in arrays if name.endswith("trace/start"))
    changed = np.array(arrays[name])
    changed[0] = value
    write_npz(tmp_path / "10-level.npz", {**arrays, name: changed})
    with pytest.raises(InputError, match=rf"{name}: {told}.*\[magnitude-out-of-range\]"):
        load_level(tmp_path, "10-level", kind)
