"""Files are whole or not there, and the same content is the same bytes."""

import io
import json
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurocmc.common.errors import InputError
from neurocmc.common.files import json_text, read_npz, replace_directory, sha256_of, write_file, write_npz


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def artifact(path: Path) -> None:
    with replace_directory(path) as folder:
        (folder / "manifest.json").write_text('{"format": "neurocmc-artifact"}')
        (folder / "ir").mkdir()
        (folder / "ir" / "10-rate.json").write_text("old")


def test_a_directory_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with replace_directory(target) as folder:
        assert folder.parent == target.parent
        assert not target.exists()
        (folder / "a").write_text("1")
    assert names_in(target) == ["a"]
    assert names_in(target.parent) == ["out"]


def test_an_artifact_is_replaced_as_a_whole(tmp_path: Path) -> None:
    artifact(tmp_path / "out")
    with replace_directory(tmp_path / "out") as folder:
        (folder / "manifest.json").write_text("new")
    assert names_in(tmp_path / "out") == ["manifest.json"]
    assert names_in(tmp_path) == ["out"]


def test_a_link_leads_to_what_is_replaced(tmp_path: Path) -> None:
    artifact(tmp_path / "far")
    (tmp_path / "near").symlink_to(tmp_path / "far")
    with replace_directory(tmp_path / "near") as folder:
        (folder / "manifest.json").write_text("new")
    assert (tmp_path / "near").is_symlink()
    assert names_in(tmp_path / "far") == ["manifest.json"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_what_was_there(tmp_path: Path, fault: type[BaseException]) -> None:
    artifact(tmp_path / "out")

    def fail_in(path: Path) -> None:
        with replace_directory(path) as folder:
            (folder / "half").write_text("")
            raise fault

    for name in ("out", "fresh"):
        with pytest.raises(fault):
            fail_in(tmp_path / name)
    assert names_in(tmp_path) == ["out"]
    assert (tmp_path / "out" / "ir" / "10-rate.json").read_text() == "old"


def test_an_old_artifact_comes_back_if_the_last_move_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifact(tmp_path / "out")
    rename = Path.rename

    def broken(self: Path, target: Path) -> Path:
        if self.name.endswith(".part"):
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(InputError) as caught, replace_directory(tmp_path / "out") as folder:
        (folder / "half").write_text("")
    assert str(caught.value).startswith(f"{tmp_path / 'out'}: cannot be written: No space left on device")
    assert names_in(tmp_path) == ["out"]
    assert (tmp_path / "out" / "ir" / "10-rate.json").read_text() == "old"


def test_what_is_no_artifact_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError) as caught, replace_directory(tmp_path / "home"):
        pytest.fail("the block must not run")
    assert str(caught.value) == (
        f"{tmp_path / 'home'}: exists, is not empty and holds no manifest.json: it is not an artifact of neurocmc"
        " [folder-not-ours]\n"
        "    cure: choose another output directory, or delete the content of this one"
    )
    assert names_in(tmp_path / "home") == ["thesis.tex"]


def test_what_appears_meanwhile_is_not_replaced_either(tmp_path: Path) -> None:
    def interfere() -> None:
        with replace_directory(tmp_path / "out"):
            write_file(tmp_path / "out" / "thesis.tex", "")

    with pytest.raises(InputError, match=r"\[folder-not-ours\]"):
        interfere()
    assert names_in(tmp_path) == ["out"]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError) as caught, replace_directory(tmp_path / "out"):
        pytest.fail("the block must not run")
    (problem,) = caught.value.problems
    assert (problem.id, problem.where) == ("not-a-folder", str(tmp_path / "out"))


def test_an_empty_directory_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with replace_directory(tmp_path / "out") as folder:
        (folder / "a").write_text("")
    assert names_in(tmp_path / "out") == ["a"]
    assert names_in(tmp_path) == ["out"]


def test_a_parent_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"\[path-unwritable\]"), replace_directory(tmp_path / "file" / "out"):
        pytest.fail("the block must not run")
    with pytest.raises(InputError, match=r"\[path-unwritable\]"):
        write_file(tmp_path / "file" / "out", "")


def test_others_can_read_what_is_written(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        artifact(tmp_path / "out")
        write_file(tmp_path / "file", "text")
    finally:
        os.umask(mask)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_write_file_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    write_file(path, "τ")
    write_file(path, b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    assert names_in(path.parent) == ["a.txt"]


def test_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(InputError) as caught:
        sha256_of(tmp_path / "none")
    (problem,) = caught.value.problems
    assert (problem.id, problem.where) == ("file-missing", str(tmp_path / "none"))


def test_json_has_one_form() -> None:
    assert json_text({"b": [1], "a": "τ"}) == '{\n "a": "τ",\n "b": [\n  1\n ]\n}\n'
    assert json.loads(json_text({"a": 0.1})) == {"a": 0.1}
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"a": float("nan")})


ARRAYS = hnp.arrays(
    dtype=hnp.integer_dtypes() | hnp.floating_dtypes() | hnp.boolean_dtypes() | hnp.unicode_string_dtypes(max_len=8),
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)


@given(st.dictionaries(st.text("abc/->_.", min_size=1, max_size=8), ARRAYS, max_size=4))
def test_npz_gives_back_what_it_got(tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, np.ndarray]) -> None:
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    write_npz(path, arrays)
    back = read_npz(path)
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_npz_bytes_depend_on_the_arrays_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = np.arange(6.0).reshape(2, 3), np.array(7)
    write_npz(tmp_path / "a.npz", {"x": first, "y": second})
    monkeypatch.setattr(time, "time", lambda: 2e9)
    write_npz(tmp_path / "b.npz", {"y": second, "x": np.asfortranarray(first)})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as plain:
        np.testing.assert_array_equal(plain["x"], first)
        assert plain["y"].shape == ()


def test_npz_takes_no_objects(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_npz(tmp_path / "a.npz", {"x": np.array([{}], dtype=object)})
    assert names_in(tmp_path) == []


def damaged(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_npz(path)
    (problem,) = caught.value.problems
    assert problem.where == str(path)
    assert problem.cure == "make the file again; arrays of objects are never read"
    return problem.what


def test_damaged_npz(tmp_path: Path) -> None:
    write_npz(tmp_path / "good.npz", {"x": np.arange(1000)})
    good = (tmp_path / "good.npz").read_bytes()
    assert damaged(tmp_path, b"") == "is not an .npz of plain arrays, or it is damaged (File is not a zip file)"
    for keep in range(0, len(good), 97):
        damaged(tmp_path, good[:keep])
    middle = len(good) // 2
    assert "damaged" in damaged(tmp_path, good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :])


def test_pickles_in_an_npz_are_not_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (pytest.fail, ("the pickle was opened",))

    np.savez(tmp_path / "trap.npz", x=np.array([Trap()], dtype=object))
    what = damaged(tmp_path, (tmp_path / "trap.npz").read_bytes())
    assert what == "is not an .npz of plain arrays, or it is damaged (x.npy holds objects)"


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data.pkl", b"")
    what = damaged(tmp_path, buffer.getvalue())
    assert what == "is not an .npz of plain arrays, or it is damaged (data.pkl is not an array)"


def test_decompression_bombs(tmp_path: Path) -> None:
    write_npz(tmp_path / "bomb.npz", {"x": np.zeros(1_000_000)})
    assert (tmp_path / "bomb.npz").stat().st_size < 20_000
    with pytest.raises(InputError) as caught:
        read_npz(tmp_path / "bomb.npz", max_bytes=1_000_000)
    assert "would unpack to 8,000,128 bytes, limit 1,000,000" in str(caught.value)


def test_a_header_that_promises_more_than_there_is(tmp_path: Path) -> None:
    member = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(member, header)
    with zipfile.ZipFile(tmp_path / "liar.npz", "w") as archive:
        archive.writestr("x.npy", member.getvalue())
    with pytest.raises(InputError, match=r" 8,000,000,000,000 bytes.*\[file-too-large\]"):
        read_npz(tmp_path / "liar.npz")


def test_an_npz_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_npz(tmp_path / "none.npz")
    assert str(caught.value) == f"{tmp_path / 'none.npz'}: no such file [file-missing]\n    cure: check the path"


@pytest.mark.parametrize("manifest", ['{"name": "an extension"}', "[]", "not JSON", "[" * 100_000, ""])
def test_what_another_program_wrote_is_not_replaced(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "manifest.json").write_text(manifest)
    (tmp_path / "web" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"\[folder-not-ours\]"), replace_directory(tmp_path / "web"):
        raise AssertionError("never reached")
    assert names_in(tmp_path / "web") == ["manifest.json", "thesis.tex"]


@pytest.mark.parametrize("inside", ["", "deeper"])
def test_the_working_directory_is_not_replaced(tmp_path: Path, inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    artifact(tmp_path / "out")
    (tmp_path / "out" / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "out" / inside)
    with pytest.raises(InputError, match=r"\[path-holds-working-folder\]"), replace_directory(tmp_path / "out"):
        raise AssertionError("never reached")


@pytest.mark.parametrize(
    ("name", "words"), [("circle", "leads to itself|symbolic links"), ("n" * 300, "a name of 300 bytes")]
)
def test_a_path_that_leads_nowhere(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(InputError, match=words), replace_directory(tmp_path / name):
        raise AssertionError("never reached")


def test_only_a_regular_file_is_written_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"\[not-a-regular-file\]"):
        write_file(tmp_path / "pipe", "text")
    assert (tmp_path / "pipe").is_fifo()
