"""Files that are whole or not there: written beside their place and moved over it, the same bytes every time."""

import hashlib
import io
import json
import math
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem

MANIFEST = "manifest.json"
ARTIFACT_FORMAT = "neurocmc-artifact"  # what the manifest of an artifact calls itself
MAX_NPZ_BYTES = 4 * 2**30
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: times must not change the bytes
_CHUNK = 2**20
# Everything that zipfile and numpy raise, by experience, for files cut short or altered.
_DAMAGE = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, KeyError, RuntimeError, SyntaxError, TypeError)


@contextmanager
def replace_directory(path: Path) -> Generator[Path]:
    """A temporary directory beside `path`, which becomes `path` if the block succeeds and is removed if it fails.

    An existing directory is replaced if it is empty or an artifact of neurocmc (its manifest.json says so), else
    InputError is raised before anything is written. Whatever stands at `path` stays there until the new one is whole.
    """
    path = _place(path)
    check_replaceable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _beside(path)
        temporary.mkdir()
    except OSError as error:
        raise _cannot_write(path, error) from None
    try:
        yield temporary
        check_replaceable(path)
        try:
            _swap(temporary, path)
        except OSError as error:
            raise _cannot_write(path, error) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_file(path: Path, content: bytes | str) -> None:
    """Write a file (text as UTF-8) so that `path` holds either what it held before or all of `content`.

    Raises InputError if it cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary: Path | None = None
    try:
        if path.exists() and not path.is_file():  # /dev/null, a pipe: moving a file over it would be its end
            raise InputError(Problem(str(path), "is not a regular file", "name a file, or a path that is free"))
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _beside(path)
        with temporary.open("xb") as stream:
            stream.write(data)
        temporary.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes in hexadecimal. Raises InputError if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise _cannot_read(path, error) from None
    return digest.hexdigest()


def json_text(value: Any) -> str:
    """The one JSON text of `value`: keys sorted, indented by one, a newline at the end.

    Raises ValueError for NaN and infinity, which JSON does not have.
    """
    return json.dumps(value, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as a compressed .npz whose bytes depend on the arrays alone: no times, no dict order, no pickle.

    Raises ValueError for an array of objects, InputError if the file cannot be written.
    """
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
    write_file(path, buffer.getvalue())


def read_npz(path: Path, *, max_bytes: int = MAX_NPZ_BYTES) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz, by name, without pickle.

    Raises InputError if the file is not there, damaged, holds objects, or would unpack to more than `max_bytes`.
    """
    name = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            # numpy trusts the header's shape before it reads: what it would allocate counts, not only what zip says.
            total = sum(max(member.file_size, _claimed_bytes(archive, member)) for member in members)
            if total > max_bytes:
                what = f"would unpack to {total:,} bytes, limit {max_bytes:,}"
                raise InputError(Problem(name, what, "check where the file comes from"))
            return {member.filename.removesuffix(".npy"): _read_member(archive, member) for member in members}
    except OSError as error:
        raise _cannot_read(path, error) from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:120]
        what = f"is not an .npz of plain arrays, or it is damaged ({reason})"
        raise InputError(Problem(name, what, "make the file again; arrays of objects are never read")) from None


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
    return npy_format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)


def _place(path: Path) -> Path:
    """Where `path` leads, links followed. Raises InputError where it leads nowhere or holds the working directory."""
    try:
        place = path.resolve()
        place.exists()  # it raises for a name too long and for a folder that may not be looked into
        inside = _working_directory().is_relative_to(place)
    except RuntimeError:  # what Python 3.11 and 3.12 make of links in a circle
        raise InputError(Problem(str(path), "is a symbolic link that leads to itself", "name another path")) from None
    except OSError as error:
        raise _cannot_write(path, error) from None
    if inside:
        what = "is the directory in which you are, or holds it: it cannot be replaced by another"
        raise InputError(Problem(str(path), what, "name a directory below it, or go elsewhere first"))
    return place


def _working_directory() -> Path:
    """Where the process is; the root where that was removed in the meantime, which holds no place but itself."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def check_replaceable(path: Path) -> None:
    """What `replace_directory` refuses, to be said before the work is done. Raises InputError."""
    if not path.exists():
        return
    if not path.is_dir():
        raise InputError(Problem(str(path), "exists and is not a directory", "choose another output directory"))
    try:
        empty = next(path.iterdir(), None) is None
    except OSError as error:
        raise _cannot_read(path, error) from None
    if empty:
        return
    cure = "choose another output directory, or empty this one yourself"
    if not (path / MANIFEST).is_file():
        what = f"exists, is not empty and holds no {MANIFEST}: it is not an artifact of neurocmc"
        raise InputError(Problem(str(path), what, cure))
    # Many programs keep a manifest.json: what another wrote must not be deleted.
    if not _is_artifact(path / MANIFEST):
        what = f"exists, and its {MANIFEST} is not that of an artifact of neurocmc"
        raise InputError(Problem(str(path), what, cure))


def _is_artifact(manifest: Path) -> bool:
    try:
        stated = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(stated, dict) and cast("dict[str, Any]", stated).get("format") == ARTIFACT_FORMAT


def _swap(temporary: Path, path: Path) -> None:
    """Put `temporary` in the place of `path`; what stood there comes back if that fails."""
    if not path.exists():
        temporary.rename(path)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".old", dir=path.parent))
    try:
        old = path.rename(aside / path.name)
        try:
            temporary.rename(path)
        except BaseException:
            old.rename(path)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _beside(path: Path) -> Path:
    """A name of its own beside `path`.

    What is made there gets its mode from the system: to ask for the mode mask of the process is to change it for a
    moment, for all of its threads.
    """
    return path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")


def _cannot_write(path: Path, error: OSError) -> InputError:
    what = f"cannot be written: {error.strerror or error}"
    return InputError(Problem(str(path), what, "check the path, its permissions and the space on the disk"))


def _cannot_read(path: Path, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(Problem(str(path), "no such file", "check the path"))
    return InputError(Problem(str(path), f"cannot be read: {error.strerror or error}", "check its permissions"))
