"""Corelet descriptions: lossless, small, the same every time, as their schema says, and hard to break."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from syrupy.assertion import SnapshotAssertion

from neurocmc.backends import truenorth
from neurocmc.backends.files import SCHEMA_FILE
from neurocmc.backends.truenorth import corelets_text, read_corelets, write_corelets
from neurocmc.backends.truenorth.corelet_schema import MAX_NAME, json_schema
from neurocmc.common.errors import InputError
from neurocmc.common.files import json_text
from neurocmc.ir.truenorth.cores import OUTPUT, packed
from neurocmc.ir.truenorth.program import AxonGroup, CoreProgram, NeuronGroup
from tests.made.core_networks import any_network, blank, grouped, program_of, same, seeds

SCHEMA = Path(truenorth.__file__).parent / SCHEMA_FILE


def small() -> CoreProgram:
    """Two corelets within one, a wire with a step, one to the bus and one that nobody has."""
    connections = np.zeros((2, 4, 4), dtype=np.bool_)
    connections[0, :2, :3], connections[1, 3, 0] = True, True
    network = blank(
        2,
        crossbar=packed(connections),
        weight=np.repeat([[[5, -3, 0, 0]], [[1, 0, 0, 0]]], 4, axis=1),
        axon_type=np.array([[0, 1, 0, 0], [0, 0, 0, 0]]),
        threshold=np.array([[4, 4, 4, 1], [1, 1, 1, 1]]),
        noise_mask=np.array([[0, 0, 255, 0], [0, 0, 0, 0]]),
        target_core=np.array([[1, 1, 1, -1], [OUTPUT, -1, -1, -1]]),
        target_axon=np.array([[3, 2, 1, 0], [1, 0, 0, 0]]),
        delay=np.array([[2, 2, 2, 1], [1, 1, 1, 1]]),
        outputs=2,
    )
    outputs = (
        NeuronGroup(corelet="excite/0", role="filter", core=0, start=0, stop=2),
        NeuronGroup(corelet="excite/1", role="pool", core=0, start=2, stop=3),
        NeuronGroup(corelet="relay", role="splitter", core=1, start=0, stop=1),
    )
    inputs = (
        AxonGroup(corelet="excite/0", role="input", source="drive", core=0, start=0, stop=2),
        AxonGroup(corelet="relay", role="splitter", source="excite/1", core=1, start=3, stop=4),
    )
    return program_of(network, outputs, inputs)


@given(seed=seeds)
@settings(max_examples=60)
def test_reading_back_gives_the_same_network(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    program = grouped(any_network(seed), seed)
    path = tmp_path_factory.mktemp("corelets") / "corelets.json"
    write_corelets(program, path)
    back = read_corelets(path)
    same(program.network, back.network)
    assert (back.target, back.tick_s) == (program.target, program.tick_s)
    assert set(back.neuron_groups) == set(program.neuron_groups)
    assert set(back.axon_groups) == set(program.axon_groups)
    assert len(back.neuron_groups) == len(program.neuron_groups)
    assert corelets_text(back) == corelets_text(program) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", range(8))
def test_what_is_written_is_what_the_schema_says(seed: int) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(corelets_text(grouped(any_network(seed), seed))))


def test_the_schema_that_is_shipped_is_that_of_the_code() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == json_text(json_schema())


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    document = json.loads(corelets_text(small()))
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid(document)
    for change in (lambda d: d.update(more=1), lambda d: d["wiring"][0].update(delay=0), lambda d: d.pop("rows")):
        broken = json.loads(json.dumps(document))
        change(broken)
        assert not validator.is_valid(broken)


def test_a_small_description(snapshot: SnapshotAssertion) -> None:
    assert corelets_text(small()) == snapshot


def test_a_thousand_cores_of_pools_are_a_few_megabytes() -> None:
    cores, units = 1000, 4
    rng = np.random.default_rng(0)
    connections = np.kron(np.eye(units, dtype=np.bool_), np.ones((64, 64), dtype=np.bool_))
    whole = {"axons": 256, "neurons": 256}

    def of_units(values: Any) -> Any:
        return np.repeat(values, 64, axis=1)

    first = of_units(rng.integers(0, units, (cores, units)) * 64) + np.tile(np.arange(64), units)
    network = blank(
        cores,
        **whole,
        coordinates=np.stack([np.arange(cores) % 64, np.arange(cores) // 64], axis=1),
        axon_type=np.repeat(rng.integers(0, 4, (cores, 16)), 16, axis=1),
        crossbar=np.broadcast_to(packed(connections), (cores, 256, 32)),
        weight=of_units(rng.integers(-255, 256, (cores, units, 4))),
        threshold=of_units(rng.integers(1, 1000, (cores, units))),
        potential=np.broadcast_to(np.tile(np.arange(64) * 3, units), (cores, 256)),
        target_core=of_units(rng.integers(0, cores, (cores, units))),
        target_axon=first,
    )
    groups = tuple(
        NeuronGroup(corelet=f"pool/{core}/{unit}", role="pool", core=core, start=64 * unit, stop=64 * unit + 64)
        for core in range(cores)
        for unit in range(units)
    )
    assert len(corelets_text(program_of(network, groups))) < 4_000_000


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    """Put the last value at the place that the others lead to."""
    *keys, last, value = path

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for key in keys:
            place = place[key]
        place[last] = value

    return change


def _nested(document: dict[str, Any]) -> None:
    corelet: dict[str, Any] = {"name": "deep"}
    for _ in range(20):
        corelet = {"name": "x", "corelets": [corelet]}
    document["corelets"] = [corelet]


def _crowd(document: dict[str, Any]) -> None:
    document["chip"] |= {"axons": 4096, "neurons": 4096}
    core = {
        "place": [0, 0],
        "axon_types": [[0, 4096]],
        "crossbar": [[0, 4096]],
        "neurons": [[0, 4096]],
        "threshold": [[1, 4096, 0]],
        "potential": [[0, 4096, 0]],
    }
    document["rows"] = ["00" * 512]
    document["cores"] = [core | {"place": [column, 0]} for column in range(2000)]


DAMAGE: dict[str, Callable[[dict[str, Any]], None]] = {
    "no format": lambda d: d.pop("format"),
    "newer version": _set("version", 2),
    "unknown field": _set("chip", "axon", 4),
    "missing field": lambda d: d["cores"][0].pop("place"),
    "text for a number": _set("cores", 0, "neurons", 0, 1, "4"),
    "endless tick": _set("tick_s", 1e400),
    "huge run": _set("cores", 0, "potential", [[0, 10**12, 0]]),
    "short ladders": _set("cores", 0, "threshold", [[1, 3, 0]]),
    "threshold below 0": _set("cores", 0, "threshold", [[1, 4, -1]]),
    "potential beyond 32 bits": _set("cores", 0, "potential", [[0, 4, 2**30]]),
    "short runs": _set("cores", 0, "axon_types", [[0, 3]]),
    "no such prototype": _set("cores", 1, "neurons", [[9, 4]]),
    "no such row": _set("cores", 1, "crossbar", [[9, 4]]),
    "no such type": _set("cores", 1, "axon_types", [[4, 4]]),
    "row too long": _set("rows", 0, "0000"),
    "row of odd digits": _set("rows", 0, "0g"),
    "too few weights": _set("prototypes", 0, "weights", [1]),
    "chance for no type": _set("prototypes", 0, "stochastic_types", [4]),
    "wire from nowhere": _set("wiring", 0, "from", [0, 2, 3]),
    "wire to no core": _set("wiring", 0, "to", 2),
    "wire to no axon": _set("wiring", 0, "axons", [3, 1]),
    "wire to no line": _set("wiring", 1, "axons", [2, 0]),
    "wire beyond 32 bits": _set("wiring", 0, "axons", [2**31 - 1, 2**31 - 1]),
    "two wires for a neuron": lambda d: d["wiring"].append(d["wiring"][0]),
    "two cores in one place": _set("cores", 1, "place", [0, 0]),
    "two corelets claim a neuron": _set("corelets", 1, "outputs", 0, "core", 0),
    "a group of no neurons": _set("corelets", 1, "outputs", 0, "neurons", [3, 9]),
    "a role that is none": _set("corelets", 1, "outputs", 0, "role", "poool"),
    "slash in a name": _set("corelets", 1, "name", "a/b"),
    "no cores": _set("cores", []),
    "corelets too deep": _nested,
    "name too long": _set("name", "n" * (MAX_NAME + 1)),
    "half a character": _set("name", "\ud800"),
    "more than memory": _crowd,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_descriptions(damage: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    document = json.loads(corelets_text(small()))
    DAMAGE[damage](document)
    path = tmp_path / "corelets.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError) as raised:
        read_corelets(path)
    assert str(raised.value).replace(str(tmp_path), "") == snapshot


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "json-malformed"),
        (b"[" * 100_000, "nested-too-deeply"),
        (b"\xff\xfe\x00", "json-malformed"),
        (b'{"tick_s": NaN}', "json-malformed"),
        (b'{"a": 1, "a": 2}', "json-malformed"),
        (b'{"version": ' + b"9" * 5000 + b"}", "json-malformed"),
        (b"[1]", "not-a-mapping"),
        (
            b'{"format": "neurocmc-corelets", "version": 1, "cores": ' + b"[" * 900 + b"]" * 900 + b"}",
            "corelets.json",
        ),
    ],
)
def test_files_that_are_no_descriptions(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "corelets.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_corelets(path)


def test_a_faulty_program_is_not_written(tmp_path: Path) -> None:
    group = NeuronGroup(corelet="a", role="pool", core=0, start=0, stop=99)
    with pytest.raises(InputError, match=r"\[group-beyond-core\]"):
        write_corelets(program_of(blank(), (group,)), tmp_path / "c.json")
    deep = NeuronGroup(corelet="/".join("a" * 17), role="pool", core=0, start=0, stop=1)
    with pytest.raises(InputError, match=r"17 .*, limit 16 \[corelet-beyond-limit\]"):
        write_corelets(program_of(blank(), (deep,)), tmp_path / "c.json")
    long = NeuronGroup(corelet="a" * 201, role="pool", core=0, start=0, stop=1)
    with pytest.raises(InputError, match=r"201 characters, limit 200 \[corelet-beyond-limit\]"):
        write_corelets(program_of(blank(), (long,)), tmp_path / "c.json")
    assert not list(tmp_path.iterdir())


def test_the_example_of_the_docs_is_what_is_written() -> None:
    page = (Path(__file__).parents[2] / "docs" / "truenorth-formats.md").read_text(encoding="utf-8")
    assert f"```json\n{corelets_text(small())}```" in page
