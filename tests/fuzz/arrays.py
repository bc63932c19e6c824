"""Mutations of .npz files: arrays of other types, shapes and values, headers that lie, and zips that are none."""

import io
import json
import pickle
import struct
import subprocess
import zipfile
from random import Random
from typing import Any

import numpy as np
from numpy.lib import format as npy_format

from tests.fuzz import raw, texts, trees

_DTYPES = (
    "f2",
    "f4",
    ">f8",
    "i1",
    "i8",
    ">i4",
    "u1",
    "u8",
    "?",
    "c8",
    "c16",
    "U3",
    "S3",
    "V5",
    "M8[s]",
    "m8[ns]",
    "f16",
)
_HEADERS = (
    "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2.5,), }",
    "{'descr': '<f8', 'fortran_order': 3, 'shape': (1,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': [('a', '<f8'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }",
    "{'descr': [('\\x1b[31m', '<f8')], 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f99', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<U999999999', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f8', 'shape': (1,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': " + "(" * 150 + ")" * 150 + ", }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1," * 80 + "), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9223372036854775807), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1L,), }",
    "__import__('os').system('touch $FUZZ_CANARY')",
    "{'a': 1",
    "'" * 7,
    "",
    "\x00",
    "1e999",
    "{}",
    "[" * 300,
)


class Hostile:
    """What runs a program when it is unpickled."""

    def __reduce__(self) -> Any:
        return subprocess.call, (["sh", "-c", f'touch "${texts.CANARY}"'],)


def mutated(rng: Random, content: bytes) -> tuple[bytes, str]:
    """An .npz with something changed in its arrays, their headers or the zip around them, and what it was."""
    if rng.random() < 0.1:
        return raw.mutated(rng, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    if not members:  # a level without an array
        return raw.mutated(rng, content)
    name = rng.choice(sorted(members))
    if rng.random() < 0.35:
        return _zipped(rng, members, name)
    array = npy_format.read_array(io.BytesIO(members[name]), allow_pickle=False)
    if array.dtype.kind == "U" and array.ndim == 0 and str(array).startswith("{"):
        tree, done = trees.mutated(rng, json.loads(str(array)))
        text, more = trees.json_bytes(rng, tree)
        members[name] = npy(np.array(text.decode("utf-8", "replace")))
        return zip_of(members), f"in {name}: {done} {more}"
    other, done = changed(rng, array)
    members[name] = npy(other)
    return zip_of(members), f"{name} {done}"


def changed(rng: Random, array: np.ndarray) -> tuple[np.ndarray, str]:
    """Another array in the place of one, and what it is."""
    choice = rng.randrange(7)
    if choice == 0:
        dtype = rng.choice(_DTYPES)
        try:
            with np.errstate(all="ignore"):
                return array.astype(dtype), f"as {dtype}"
        except (TypeError, ValueError, OverflowError):
            return np.zeros(array.shape, dtype), f"zeros of {dtype}"
    if choice == 1:
        shape = rng.choice(
            ((), (0,), (1,), (*array.shape, 1), (1, *array.shape), array.shape[::-1], (2, *array.shape))
        )
        return np.resize(array, shape), f"of shape {shape}"
    if choice == 2 and array.ndim and len(array):
        return rng.choice((array[:-1], array[1:], array[::-1], np.concatenate([array, array]))), "of another length"
    if choice == 3:
        return np.array(texts.text(rng).replace("\0", "0")), "a text"
    return _other_values(rng, array)


def _other_values(rng: Random, array: np.ndarray) -> tuple[np.ndarray, str]:
    """Numbers at one place, or everywhere."""
    if array.dtype.kind not in "fiu" or not array.size:
        return np.zeros(3), "three zeros"
    changed = array.copy()
    number = rng.choice(
        (float("nan"), float("inf"), -1.0, 0.0, 1e300, 5e-324, -1e308, 2.0**31, 2.0**63, 1.5, 1e9, 0.3)
    )
    with np.errstate(all="ignore"):
        put = np.array(number).astype(array.dtype)
    if rng.random() < 0.3:
        changed[...] = put
        return changed, f"all {number}"
    changed.reshape(-1)[rng.randrange(changed.size)] = put
    return changed, f"with a {number}"


def npy(array: np.ndarray) -> bytes:
    """An array as a member of an .npz; of objects with their pickle."""
    stream = io.BytesIO()
    npy_format.write_array(stream, array, version=(1, 0) if array.dtype.names is None else None, allow_pickle=True)
    return stream.getvalue()


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip whose bytes depend on the members alone."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, method)
    return stream.getvalue()


def _zipped(rng: Random, members: dict[str, bytes], name: str) -> tuple[bytes, str]:
    match rng.randrange(10):
        case 0:
            del members[name]
            return zip_of(members), f"{name} left out"
        case 1:
            new = rng.choice(
                (
                    "x.npy",
                    "../x.npy",
                    "/x.npy",
                    "x",
                    "value/\x1b[31m.npy",
                    "value/a\nb.npy",
                    "value/.npy",
                    "a" * 300 + ".npy",
                )
            )
            members[new] = members.pop(name) if rng.random() < 0.5 else members[name]
            return zip_of(members), f"{name} as {new[:30]!r}"
        case 2:
            return _twice(members, name), f"{name} twice"
        case 3:
            header = rng.choice(_HEADERS).encode("latin-1")
            version = rng.choice((b"\x01\x00", b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x00"))
            length = struct.pack("<H" if version[0] == 1 else "<I", len(header) + 1)
            members[name] = b"\x93NUMPY" + version + length + header + b"\n" + b"\0" * 64
            return zip_of(members), f"{name} with the header {header[:60]!r}"
        case 4:
            members[name] = npy(np.array([Hostile()], dtype=object))
            return zip_of(members), f"{name} an object that runs a program"
        case 5:
            members[name] = pickle.dumps(Hostile())
            return zip_of(members), f"{name} a pickle"
        case 6:
            members[name] = members[name][:128] + b"\0" * rng.choice((10**6, 10**8))
            return zip_of(members), f"{name} padded with zeros"
        case 7:
            members[name], done = raw.mutated(rng, members[name])
            return zip_of(members), f"{name}: {done}"
        case 8:
            members = {f"x{index}.npy": members[name] for index in range(3000)} | members
            return zip_of(members, zipfile.ZIP_STORED), "3,000 members more"
        case _:
            content = zip_of(members, zipfile.ZIP_STORED)
            at = content.find(b"\x93NUMPY") + rng.randrange(200)
            return content[:at] + b"\x55" + content[at + 1 :], "a stored member changed under its checksum"


def _twice(members: dict[str, bytes], name: str) -> bytes:
    import warnings

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the name that stands twice
        for entry, content in [*members.items(), (name, members[name])]:
            archive.writestr(zipfile.ZipInfo(entry, (1980, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()
