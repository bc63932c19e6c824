"""Files that others wrote: whatever they hold, a fault comes back as one clear message, never a traceback."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.frontends.nir import graph as graphs
from neurocmc.frontends.nir.graph import read_graph
from tests.frontends.nir.graphs import affine, cuba, entry, lif, output, put, read, write


def small() -> dict[str, Any]:
    return {"in": entry(4), "fc": affine(3, 4), "lif": lif(3), "out": output(3)}


def ids(path: Path, **more: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(path, **more)
    return [problem.id for problem in caught.value.problems]


def test_reads_what_was_written(tmp_path: Path) -> None:
    nodes = small()
    graph = read_graph(write(tmp_path / "net.nir", nodes, metadata={"author": "me", "dt": 1e-4}))
    assert list(graph.nodes) == ["in", "fc", "lif", "out"]
    assert graph.edges == (("in", "fc"), ("fc", "lif"), ("lif", "out"))
    assert graph.metadata == {"author": "me", "dt": 1e-4}
    assert graph.version == nir.version
    assert np.array_equal(graph.nodes["fc"].numbers("weight"), nodes["fc"].weight)
    assert graph.nodes["fc"].numbers("weight").dtype == np.float32


def test_an_absent_v_reset_is_not_0(tmp_path: Path) -> None:
    without, with_it = (write(tmp_path / f"{k}.nir", small(), keep_reset=k) for k in (False, True))
    assert "v_reset" not in read_graph(without).nodes["lif"].fields
    assert "v_reset" in read_graph(with_it).nodes["lif"].fields


@pytest.mark.parametrize("content", [b"", b"no HDF5", b"\x89HDF\r\n\x1a\n" + bytes(200), bytes(4096)])
def test_what_is_no_hdf5_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    path.write_bytes(content)
    assert ids(path) in (["nir-malformed"], ["file-empty"])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert ids(tmp_path / "none.nir") == ["file-missing"]
    assert ids(tmp_path) == ["not-a-regular-file"]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cut short or with bytes altered, it is refused with a message, or what was altered is nowhere in use."""
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    path = folder / "net.nir"
    if not path.exists():
        write(path, small())
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InputError):
        read(path, content=bytes(content))


def test_links_are_refused(tmp_path: Path) -> None:
    for kind in (h5py.SoftLink("/node/nodes/fc/weight"), h5py.ExternalLink("other.nir", "/w")):
        path = write(tmp_path / "net.nir", small())
        with h5py.File(path, "r+") as file:
            del file["node/nodes/fc/bias"]
            file["node/nodes/fc/bias"] = kind
        assert ids(path) == ["nir-malformed"]


def test_a_group_within_itself_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", small())
    with h5py.File(path, "r+") as file:
        file["node/nodes/again"] = file["node"]
    assert ids(path) == ["nir-too-large"]


def test_too_many_numbers_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", small())
    with h5py.File(path, "r+") as file:
        del file["node/nodes/fc/weight"]
        file.create_dataset("node/nodes/fc/weight", shape=(1 << 20, 1 << 14), dtype="f4", chunks=(1, 1 << 14))
    assert path.stat().st_size < 1 << 20
    assert ids(path) == ["nir-too-large"]


def test_too_many_texts_are_refused_before_they_are_read(tmp_path: Path) -> None:
    """An array of texts that says that it is large takes no room in its file, and seconds to read."""
    path = write(tmp_path / "net.nir", small())
    with h5py.File(path, "r+") as file:
        del file["node/edges"]
        file.create_dataset("node/edges", (2**20, 2), h5py.string_dtype(), chunks=(2**16, 2))
    assert path.stat().st_size < 1_000_000
    assert ids(path) == ["nir-too-large"]


def test_texts_longer_than_the_file_are_refused_before_they_are_read(tmp_path: Path) -> None:
    """The library takes the memory that a text or its heap asks for, or walks through a damaged heap for ever."""
    path = write(tmp_path / "net.nir", small())
    with h5py.File(path) as file:
        reference = file["node/nodes/lif/type"].id.get_offset()
    whole = path.read_bytes()
    heap = whole.index(b"GCOL")
    for place, value in ((reference + 3, b"\xf0"), (heap + 8, b"\xff" * 6), (heap + 24, b"\xf8" + b"\xff" * 7)):
        content = bytearray(whole)
        content[place : place + len(value)] = value
        with pytest.raises(InputError, match="longer than") as caught:
            read(path, content=bytes(content))
        assert caught.value.problems[0].id == "nir-malformed"


def test_attributes_and_recorded_data_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", small())
    with h5py.File(path, "r+") as file:
        file["node/nodes/lif"].attrs["tau_ref"] = 2.0
    assert ids(path) == ["nir-malformed"]
    with h5py.File(path, "w") as file:
        file.attrs["__type__"] = "NIRGraphData"
    with pytest.raises(InputError, match="recorded data"):
        read(path)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("lif/tau", np.array([1.0, np.nan, 1.0]), "nir-field-wrong"),
        ("lif/tau", np.array([1.0, np.inf, 1.0]), "nir-field-wrong"),
        ("lif/tau", "two", "nir-field-wrong"),
        ("lif/tau", np.zeros(0), "nir-field-wrong"),
        ("lif/tau", np.array([1j, 1, 1]), "nir-malformed"),
        ("lif/tau", np.zeros(3), "tau-out-of-range"),
        ("lif/type", "LIFF", "nir-node-unknown"),
        ("lif/type", None, "nir-field-missing"),
        ("lif/r", None, "nir-field-missing"),
        ("lif/v_threshold", np.zeros(3), "threshold-not-positive"),
        ("in/shape", np.array([4.5]), "nir-field-wrong"),
        ("in/shape", np.array([-4]), "nir-shape"),
    ],
)
def test_a_wrong_field_is_named(name: str, value: Any, expected: str, tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", small())
    put(path, name, value)
    assert ids(path)[0] == expected


@pytest.mark.filterwarnings("error")
def test_whole_numbers_may_stand_in_half_precision(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", small())
    with h5py.File(path, "r+") as file:
        shape = file["node/nodes/in/shape"][()]
        del file["node/nodes/in/shape"]
        file["node/nodes/in/shape"] = shape.astype(np.float16)
    assert read_graph(path).nodes["in"].whole("shape") == tuple(shape)


def test_a_misspelled_type_has_a_cure(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", small())
    put(path, "lif/type", "CubaLIFF")
    with pytest.raises(InputError, match=r"did you mean CubaLIF\?"):
        read(path)


def test_edges_to_nowhere_and_twice_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", small())
    with h5py.File(path, "r+") as file:
        edges = np.array([(a, b) for a, b in file["node/edges"].asstr()[()]] + [["lif", "fc2"], ["in", "fc"]])
        del file["node/edges"]
        file["node/edges"] = edges.astype(object)
    with pytest.raises(InputError) as caught:
        read(path)
    assert [problem.id for problem in caught.value.problems] == ["nir-edge-unknown"] * 2
    assert "lif -> fc2: there is no node fc2" in str(caught.value)
    assert "did you mean fc?" in str(caught.value)
    assert "in -> fc occurs twice" in str(caught.value)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", small())
    put(path, "lif/tau", None)
    put(path, "fc/bais", np.zeros(3))
    put(path, "out/shape", "three")
    assert ids(path) == ["nir-field-unknown", "nir-field-missing", "nir-field-wrong"]


def recurrent(inner: str = "") -> dict[str, Any]:
    """A recurrent layer as snnTorch 1.x writes it."""
    nodes = {"input": entry(3), "lif": cuba(3), "w_rec": affine(3, 3), "output": output(3)}
    edges = [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")]
    sub = nir.NIRGraph(
        nodes={inner + name: node for name, node in nodes.items()},
        edges=[(inner + a, inner + b) for a, b in edges],
        type_check=False,
    )
    return {"in": entry(4), "fc": affine(3, 4), "rnn": sub, "out": output(3)}


def test_a_graph_within_the_graph_is_flattened(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", recurrent())
    graph = read_graph(path)
    assert list(graph.nodes) == ["in", "fc", "rnn.input", "rnn.lif", "rnn.w_rec", "rnn.output", "out"]
    assert {("fc", "rnn.input"), ("rnn.output", "out"), ("rnn.w_rec", "rnn.lif")} <= set(graph.edges)
    network = read(path, "snntorch-1").network
    assert [(p.source, p.target, p.delays()) for p in network.projections] == [
        ("in", "rnn.lif", (0,)),
        ("rnn.lif", "rnn.lif", (1,)),
    ]
    assert network.readouts[0].population == "rnn.lif"


def test_the_shape_of_an_inner_input_is_checked(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", recurrent())
    put(path, "rnn/nodes/input/shape", np.array([5]))
    assert set(ids(path)) == {"nir-shape"}


def test_the_kind_of_a_file_has_a_limit() -> None:
    assert graphs.NIR.max_bytes == 256 * 2**20
