"""Whatever stands in the header of an array, or in the zip around it, is read or refused in our words."""

import io
import struct
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz
from neurocmc.ir.store import load_recording, load_stimulus

GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"


def member(header: str | bytes, data: bytes = b"\0" * 24, version: tuple[int, int] = (1, 0)) -> bytes:
    """An .npy of that header, whatever it is."""
    text = header.encode("latin1") if isinstance(header, str) else header
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(text) + 1) + text + b"\n" + data


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that stands twice
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def refusal(content: bytes) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing is to be said about a header beside the error
            with pytest.raises(InputError) as caught:
                read_npz(path)
    (problem,) = caught.value.problems
    assert problem.where == str(path)
    return problem.what


def test_a_good_header(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(zipped(("x.npy", member(GOOD))))
    assert read_npz(tmp_path / "a.npz")["x"].tolist() == [0.0, 0.0, 0.0]


def test_a_header_of_python_2_is_read_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(zipped(("x.npy", member(GOOD.replace("3", "3L")))))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_npz(tmp_path / "a.npz")["x"].shape == (3,)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3,",  # tokenize.TokenError
        "{'descr': '<f8', 'fortran_order': False, 'shape': '''",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1" + "0" * 30 + ")}",  # OverflowError
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, -" + "9" * 30 + ")}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -3)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3.0,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': [3]}",
        "{'descr': '<f8', 'fortran_order': 2, 'shape': (3,)}",
        "{'descr': '<f99', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': ('<f8', (2, 'x')), 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '<f8,' * 9, 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'more': 1}",
        "{'descr': '\\d', 'fortran_order': False, 'shape': (3,)}",  # of which Python warns
        "-" * 9000 + "1",  # MemoryError or RecursionError of the parser
        "(" * 9000,
        "[" * 150 + "]" * 150,
        "\xff\x00",
        "",
        "x" * 20_000,
    ],
)
def test_headers_that_are_none(header: str) -> None:
    assert refusal(zipped(("x.npy", member(header)))).startswith("is not an .npz of plain arrays, or it is damaged (")


@pytest.mark.parametrize("codes", [(0x110000, 65, 66), (0xFFFFFFFF, 0, 0), (0x80000000, 1, 2)])
@pytest.mark.parametrize("order", "<>")
def test_texts_that_hold_no_characters(codes: tuple[int, ...], order: str) -> None:
    """numpy reads them, and Python fails once somebody asks for the text: SystemError, ValueError."""
    header = f"{{'descr': '{order}U3', 'fortran_order': False, 'shape': (1,), }}"
    content = zipped(("x.npy", member(header, struct.pack(f"{order}3I", *codes))))
    assert "x.npy holds something that is not a character" in refusal(content)


def test_texts_that_hold_characters(tmp_path: Path) -> None:
    texts = np.array([["aµ", ""], ["\U0010ffff", "b\x1b"]])
    for order in "<>":
        np.savez(tmp_path / "a.npz", x=texts.astype(texts.dtype.newbyteorder(order)), y=np.array("one"))
        back = read_npz(tmp_path / "a.npz")
        assert back["x"].tolist() == texts.tolist()
        assert str(back["y"]) == "one"


def test_a_name_that_stands_twice() -> None:
    content = zipped(("x.npy", member(GOOD)), ("x.npy", member(GOOD)))
    assert "a name occurs twice in it" in refusal(content)


@pytest.mark.parametrize("version", [(2, 0), (3, 0), (9, 9), (0, 0)])
def test_versions_of_the_format(version: tuple[int, int]) -> None:
    assert "damaged" in refusal(zipped(("x.npy", member(GOOD, version=version))))


def test_a_place_before_the_file() -> None:
    """The zip says that its directory begins before the file does: the system refuses to go there (EINVAL)."""
    content = bytearray(zipped(("x.npy", member(GOOD))))
    end = content.rindex(b"PK\x05\x06")
    content[end + 16 : end + 20] = struct.pack("<I", 2**31)
    assert "damaged" in refusal(bytes(content))


DTYPES = st.sampled_from(
    ["'<f8'", "'<i4'", "'<U2'", "'|b1'", "'<M8[s]'", "'|V3'", "'|O'", "'<c16'", "[('a', '<f8')]", "''"]
)
ENTRIES = st.integers(-(2**70), 2**70) | st.integers(-2, 4)


@settings(max_examples=150, deadline=None)
@given(DTYPES, st.lists(ENTRIES, max_size=4), st.booleans(), st.binary(max_size=64))
def test_any_shape_of_any_type(descr: str, shape: list[int], fortran: bool, data: bytes) -> None:
    header = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {(*shape,)}, }}"
    _read_or_refused(zipped(("x.npy", member(header, data))))


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(max_codepoint=255), max_size=80)
    | st.text("{}[]()'\",:-+.0123456789 desxcrfoTFnhap_\\<", max_size=80)
)
def test_any_text_for_a_header(header: str) -> None:
    _read_or_refused(zipped(("x.npy", member(header))))


@settings(max_examples=150, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 255))
def test_any_byte_of_the_file(at: float, byte: int) -> None:
    content = bytearray(zipped(("name.npy", member(GOOD)), ("level.npy", member(GOOD))))
    content[int(at * len(content))] = byte
    _read_or_refused(bytes(content))


def _read_or_refused(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        path.write_bytes(content)
        for read in (read_npz, load_stimulus, load_recording):
            with suppress(InputError):
                read(path)
