"""Core programs on disk and as text: they come back exactly, and what is damaged is refused, not stumbled over."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz, write_npz
from neurocmc.ir.store import content_sha256, load_level, save_level
from neurocmc.ir.truenorth.printer import MAX_GROUPS
from neurocmc.ir.truenorth.program import CoreProgram
from tests.made.by_hand_cores import core_program
from tests.made.levels import same
from tests.made.printing import print_level


def test_a_core_program_comes_back_exactly_and_as_the_same_bytes(tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        save_level(core_program(), folder, "30-cores")
    assert same(load_level(tmp_path / "a", "30-cores", CoreProgram), core_program())
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_arrays_stand_under_readable_keys_and_crossbars_are_packed(tmp_path: Path) -> None:
    save_level(core_program(), tmp_path, "c")
    arrays = read_npz(tmp_path / "c.npz")
    assert {"network/crossbar", "network/weight", "populations/a/core", "projections/a->a/axons"} <= arrays.keys()
    assert (arrays["network/crossbar"].dtype, arrays["network/crossbar"].shape) == (np.dtype(np.uint8), (3, 16, 2))
    document = json.loads((tmp_path / "c.json").read_text("utf-8"))
    assert document["kind"] == "CoreProgram"
    assert document["level"]["neuron_groups"][0] == {
        "core": 0,
        "corelet": "a/0",
        "role": "filter",
        "start": 0,
        "stop": 2,
    }


ARRAYS = (
    "network/coordinates",
    "network/axon_type",
    "network/crossbar",
    "network/weight",
    "network/threshold",
    "populations/a/core",
    "populations/a/realised_pole",
    "projections/a->a/wanted_gain",
    "inputs/drive/core",
    "inputs/drive/axon",
)


@pytest.mark.parametrize("key", ARRAYS)
@pytest.mark.parametrize("shape", [(), (0,), (7,), (2, 5, 3, 1)])
def test_an_array_of_another_shape_is_refused(key: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    save_level(core_program(), tmp_path, "c")
    arrays = read_npz(tmp_path / "c.npz")
    arrays[key] = np.zeros(shape, dtype=arrays[key].dtype)
    write_npz(tmp_path / "c.npz", arrays)
    with pytest.raises(InputError, match=r"c\.json"):
        load_level(tmp_path, "c", CoreProgram)


def test_what_does_not_fit_together_is_refused_at_once(tmp_path: Path) -> None:
    program = core_program()
    population, projection, entry = program.populations[0], program.projections[0], program.inputs[0]
    faulty = replace(
        program,
        populations=(replace(population, first=np.array([-1, 2]), realised_pole=np.array([np.nan, 0.9])),),
        projections=(
            replace(
                projection,
                wanted_gain=np.full((1, 2), np.inf),
                realised_gain=np.zeros((1, 2)),
                axons=np.zeros((1, 2)),
                latency_ticks=np.zeros((1, 2)),
            ),
        ),
        inputs=(replace(entry, core=np.array([0, 3]), keep=np.array([np.inf, 0.9])),),
        neuron_groups=(*program.neuron_groups, replace(program.neuron_groups[0], start=1, stop=3)),
    )
    save_level(faulty, tmp_path, "c")
    with pytest.raises(InputError) as caught:
        load_level(tmp_path, "c", CoreProgram)
    said = [f"{problem.where.split(': ')[1]}: {problem.what}" for problem in caught.value.problems]
    assert said == [
        "core 0, neuron 1: two groups claim it",
        "population a: a pool lies outside its core",
        "population a: a number is not finite",
        "projection a->a: gains of shape (1, 2) do not fit a and a",
        "projection a->a: a gain is not finite",
        "input drive: an axon lies outside its core",
        "input drive: a number is not finite",
    ]


@settings(max_examples=60)
@given(name=st.sampled_from(["c.json", "c.npz"]), data=st.data())
def test_damage_anywhere_is_an_input_error_or_harmless(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    save_level(core_program(), folder, "c")
    content = bytearray((folder / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / name).write_bytes(content[: data.draw(st.sampled_from([len(content), len(content) // 2, 10]))])
    try:
        loaded = load_level(folder, "c", CoreProgram)
    except InputError:
        return
    assert loaded.problems() == ()
    assert print_level(loaded)


def test_a_core_program_reads_well(snapshot: SnapshotAssertion) -> None:
    assert print_level(core_program()) == snapshot


@pytest.mark.parametrize(
    ("field", "index"),
    [
        ("crossbar", (2, 1, 0)),
        ("weight", (0, 3, 1)),
        ("threshold", (1, 5)),
        ("target_axon", (0, 6)),
        ("delay", (2, 0)),
    ],
)
def test_text_and_digest_follow_every_number_of_the_cores(field: str, index: tuple[int, ...]) -> None:
    program = core_program()
    values = np.array(getattr(program.network, field))
    values[index] += 1
    changed = replace(program, network=replace(program.network, **{field: values}))
    assert print_level(changed) != print_level(program)
    assert content_sha256(changed) != content_sha256(program)


def test_many_groups_are_summed() -> None:
    program = core_program()
    (pool,) = [group for group in program.neuron_groups if group.corelet == "a/1" and group.role == "pool"]
    (onto,) = [group for group in program.axon_groups if group.role == "input"]
    many = replace(program, neuron_groups=(pool,) * (MAX_GROUPS + 1), axon_groups=(onto,) * (MAX_GROUPS + 1))
    lines = [line.split() for line in print_level(many).splitlines()]
    count = MAX_GROUPS + 1
    assert ["a", "pool", f"{count}", "1", f"{4 * count}"] in lines
    assert ["a", "input", f"{count}", "1", f"{2 * count}"] in lines
