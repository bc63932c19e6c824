"""Writes files that are whole or not there: beside their place and moved over it, the same bytes every time."""

import csv
import errno
import hashlib
import io
import json
import math
import warnings
import zipfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.opening import ARRAYS, MANIFEST_FILE, MEMBER, cannot_read, check_name, opened, read_bytes
from neurocmc.common.replacing import beside, clear_leftovers, put_file, put_folder

MANIFEST = "manifest.json"
ARTIFACT_FORMAT = "neurocmc-artifact"  # what the manifest of an artifact calls itself
LEAST_UNREAD = 1 << 20  # characters of a JSON text from which on it is for programs alone, and stands in one line
MAX_NPZ_BYTES = ARRAYS.max_bytes  # when unpacked
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: times must not change the bytes
_CHUNK = 2**20
_HIGHEST_CHARACTER = 0x10FFFF


@contextmanager
def replace_directory(path: Path) -> Generator[Path]:
    """Yields a temporary directory, which becomes `path` if the block succeeds and is removed if it fails.

    An existing directory is replaced if it is empty or an artifact of neurocmc (its manifest.json says so), else
    InputError is raised before anything is written. Whatever stands at `path` stays there until the new one is whole.
    """
    check_replaceable(path)
    path = _place(path)
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = stack.enter_context(beside(path, folder=True))
        except OSError as error:
            raise _cannot_write(path, error) from None
        yield temporary
        _check_replaceable(path)
        try:
            put_folder(temporary, path)
        except OSError as error:
            raise _cannot_write(path, error) from None


def write_file(path: Path, content: bytes | str) -> None:
    """Writes a file (text as UTF-8) so that `path` holds either what it held before or all of `content`.

    Raises InputError if it cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    check_name(path)
    try:
        if path.exists() and not path.is_file():  # /dev/null, a pipe: moving a file over it would be its end
            raise InputError(
                Problem(
                    "not-a-regular-file", str(path), "is not a regular file", "name a file, or a path that is free"
                )
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(path)
        with beside(path) as temporary:
            temporary.write_bytes(data)
            put_file(temporary, path)
    except OSError as error:
        raise _cannot_write(path, error) from None


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes in hexadecimal. Raises InputError if it cannot be read."""
    digest = hashlib.sha256()
    with opened(path, MEMBER) as stream:
        try:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        except OSError as error:
            raise cannot_read(path, error, MEMBER) from None
    return digest.hexdigest()


def json_text(value: Any) -> str:
    """Returns the one JSON text of `value`: keys sorted, a newline at the end, indented by one if people may read it.

    Raises ValueError for NaN and infinity, which JSON does not have.
    """
    whole = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    if len(whole) < LEAST_UNREAD:
        whole = json.dumps(value, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False)
    return whole + "\n"


def csv_text(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Returns the CSV text of a table, with a newline at the end of every line on every system."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    return text.getvalue()


def make_folder(path: Path) -> None:
    """Makes a folder, and those that it stands in. Raises InputError where it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"cannot be made: {error.strerror}"
        raise InputError(Problem("path-unwritable", str(path), what, "check the path and its permissions")) from None


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes arrays as a compressed .npz whose bytes depend on the arrays alone: no times, no dict order, no pickle.

    Raises ValueError for an array of objects, InputError if the file cannot be written.
    """
    write_file(path, npz_bytes(arrays))


def npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Returns what `write_npz` writes. Raises ValueError for an array of objects."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            # Never ascontiguousarray: it would make a vector of a scalar.
            array = np.asarray(arrays[name], order="C")
            info = zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # say "Unix" on every system
            info.external_attr = 0o644 << 16
            member = io.BytesIO()
            npy_format.write_array(member, array, version=(1, 0), allow_pickle=False)
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def read_npz(path: Path, *, max_bytes: int = MAX_NPZ_BYTES) -> dict[str, NDArray[Any]]:
    """Returns the arrays of an .npz, by name, without pickle.

    Raises InputError if the file is not there, damaged, holds objects, or would unpack to more than `max_bytes`.
    """
    with opened(path, ARRAYS) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy and Python warn of odd headers
        try:
            archive = zipfile.ZipFile(stream)
            members = archive.infolist()
            if len({member.filename for member in members}) < len(members):
                raise ValueError("a name occurs twice in it")
            # numpy trusts the header's shape before it reads: what it would allocate counts, not only what zip says.
            total = sum(max(member.file_size, _claimed_bytes(archive, member)) for member in members)
        except Exception as error:  # zipfile, tokenize, ast and numpy meet damage with whatever they happen to raise
            raise _damaged(path, error) from None
        if total > max_bytes:
            what = f"would unpack to {total:,} bytes, limit {max_bytes:,}"
            raise InputError(Problem("file-too-large", str(path), what, "check where the file comes from"))
        try:
            return {member.filename.removesuffix(".npy"): _read_member(archive, member) for member in members}
        except MemoryError:  # the file keeps within the limit, the machine does not have so much
            raise
        except Exception as error:
            raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> InputError:
    if isinstance(error, OSError) and error.errno != errno.EINVAL:  # that is a place before the beginning of the file
        return cannot_read(path, error, ARRAYS)
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    what = f"is not an .npz of plain arrays, or it is damaged ({reason})"
    return InputError(
        Problem("file-damaged", str(path), what, "make the file again; arrays of objects are never read")
    )


def _claimed_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """The size of the array that a member's own header promises."""
    if not member.filename.endswith(".npy"):
        raise ValueError(f"{member.filename} is not an array")
    with archive.open(member) as stream:
        version = npy_format.read_magic(stream)
        readers = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}
        if version not in readers:
            raise ValueError(f"{member.filename} has an unknown array format {version}")
        shape, _, dtype = readers[version](stream)
    if dtype.hasobject:
        raise ValueError(f"{member.filename} holds objects")
    return math.prod(shape) * dtype.itemsize


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    # read() checks the CRC, which reading from the open member would do only at its very end.
    array = npy_format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)
    if array.dtype.kind == "U":
        codes = np.ascontiguousarray(array).reshape(-1).view(array.dtype.byteorder.replace("|", "=") + "u4")
        if codes.max(initial=0) > _HIGHEST_CHARACTER:
            raise ValueError(f"{member.filename} holds something that is not a character")
    return array


def _place(path: Path) -> Path:
    """Where `path` leads, links followed. Raises InputError where it leads nowhere or holds the working directory."""
    check_name(path)
    try:
        place = path.resolve()
        place.exists()  # it raises for a name too long and for a folder that may not be looked into
        inside = _working_directory().is_relative_to(place)
    except RuntimeError:  # what Python 3.11 and 3.12 make of links in a circle
        raise InputError(
            Problem("path-loop", str(path), "is a symbolic link that leads to itself", "name another path")
        ) from None
    except OSError as error:
        raise _cannot_write(path, error) from None
    if inside:
        what = "is the current directory, or contains it, and cannot be replaced"
        raise InputError(
            Problem(
                "path-holds-working-folder",
                str(path),
                what,
                "name a directory inside it, or change to another directory first",
            )
        )
    return place


def _working_directory() -> Path:
    """Where the process is; the root where that was removed in the meantime, which holds no place but itself."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def check_replaceable(path: Path) -> None:
    """Refuses, before the work is done, what `replace_directory` would refuse. Raises InputError.

    What a killed process left beside `path` is cleared, and an artifact that it had moved aside comes back.
    """
    path = _place(path)
    clear_leftovers(path)
    _check_replaceable(path)


def _check_replaceable(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise InputError(
            Problem("not-a-folder", str(path), "exists and is not a directory", "choose another output directory")
        )
    try:
        empty = next(path.iterdir(), None) is None
    except OSError as error:
        raise cannot_read(path, error, MANIFEST_FILE) from None
    if empty:
        return
    cure = "choose another output directory, or delete the content of this one"
    if not (path / MANIFEST).is_file():
        what = f"exists, is not empty and holds no {MANIFEST}: it is not an artifact of neurocmc"
        raise InputError(Problem("folder-not-ours", str(path), what, cure))
    # Many programs keep a manifest.json: what another wrote must not be deleted.
    if not _is_artifact(path / MANIFEST):
        what = f"exists, and its {MANIFEST} is not that of an artifact of neurocmc"
        raise InputError(Problem("folder-not-ours", str(path), what, cure))


def _is_artifact(manifest: Path) -> bool:
    try:
        stated = json.loads(read_bytes(manifest, MANIFEST_FILE).decode("utf-8"))
    except (InputError, ValueError, RecursionError):
        return False
    return isinstance(stated, dict) and cast("dict[str, Any]", stated).get("format") == ARTIFACT_FORMAT


def _cannot_write(path: Path, error: OSError) -> InputError:
    what = f"cannot be written: {error.strerror or error}"
    return InputError(
        Problem("path-unwritable", str(path), what, "check the path, its permissions and the space on the disk")
    )
