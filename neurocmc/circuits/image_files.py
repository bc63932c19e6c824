"""Reads the files in which images are published: IDX (MNIST, Fashion-MNIST, EMNIST; plain or .gz) and CIFAR-10's.

IDX: LeCun, Cortes & Burges, "The MNIST database of handwritten digits" (1998). CIFAR-10: Krizhevsky, "Learning
multiple layers of features from tiny images" (2009). A file is believed nothing: what its header promises is
compared with what it holds, and no more memory is taken than it really has bytes.
"""

import gzip
import struct
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.opening import IMAGES, cannot_read, opened

Bytes = NDArray[np.uint8]

MAX_BYTES = IMAGES.max_bytes  # of one file, unpacked: EMNIST's largest, 814,255 images, has 0.6 of it
MAX_SIDE = 1024
UNSIGNED_BYTE = 0x08
IDX_TYPES = {
    0x08: "unsigned byte",
    0x09: "signed byte",
    0x0B: "short",
    0x0C: "int",
    0x0D: "float",
    0x0E: "double",
}
CIFAR_SIDE = 32
CIFAR_RECORD = 1 + 3 * CIFAR_SIDE**2  # the label, then the planes red, green, blue
CIFAR_CLASSES = 10
_CHUNK = 2**20
_AGAIN = "get the file again from where it is published"


def read_idx_images(path: Path) -> Bytes:
    """Returns (images, height, width) grey levels 0..255 of an IDX file of three dimensions, plain or .gz.

    Raises InputError for what is no such file, cut short, longer than its header says, or too large.
    """
    images = _read_idx(path, 3, "images")
    if not all(1 <= side <= MAX_SIDE for side in images.shape[1:]):
        what = f"holds images of {images.shape[1]:,} x {images.shape[2]:,} pixels, limit 1 to {MAX_SIDE:,} per side"
        raise InputError(Problem("image-size", str(path), what, "scale the images down"))
    return images


def read_idx_labels(path: Path) -> Bytes:
    """Returns (labels,) of an IDX file of one dimension, plain or .gz. Raises InputError as `read_idx_images`."""
    return _read_idx(path, 1, "labels")


def read_cifar_batch(path: Path) -> tuple[Bytes, Bytes]:
    """Returns images (images, 3, 32, 32), red, green and blue, and labels (images,) of a binary batch of CIFAR-10.

    Raises InputError for a file that is not a whole number of records, and for labels beyond the ten classes.
    """
    with _opened(path) as stream:
        data = _read_at_most(stream, MAX_BYTES, path)
    if not data or len(data) % CIFAR_RECORD:
        what = (
            f"{len(data):,} bytes are not a whole number of records of {CIFAR_RECORD:,} bytes (label and 3 x 32 x 32)"
        )
        raise InputError(
            Problem("file-damaged", str(path), what, f"this reads CIFAR-10's binary version (.bin); {_AGAIN}")
        )
    records = np.frombuffer(data, dtype=np.uint8).reshape(-1, CIFAR_RECORD)
    labels = records[:, 0]
    check_labels(labels, CIFAR_CLASSES, path)
    return records[:, 1:].reshape(-1, 3, CIFAR_SIDE, CIFAR_SIDE), labels


def check_labels(labels: Bytes, classes: int, path: Path) -> None:
    """Raises InputError naming the first label that is not in 0 .. classes - 1."""
    if (beyond := np.flatnonzero(labels >= classes)).size:
        first = int(beyond[0])
        what = f"label {first:,} is {labels[first]}, the classes are 0 to {classes - 1} ({beyond.size:,} are beyond)"
        raise InputError(
            Problem("label-beyond-range", str(path), what, f"is it the label file of another data set? else {_AGAIN}")
        )


def _read_idx(path: Path, dimensions: int, what: str) -> Bytes:
    with _opened(path) as stream:
        shape = _idx_shape(_read_at_most(stream, 4 + 4 * dimensions, path), path, dimensions, what)
        claimed = prod(shape)
        if claimed > MAX_BYTES:
            size = " x ".join(f"{length:,}" for length in shape)
            raise InputError(
                Problem("file-too-large", str(path), f"promises {size} bytes, limit {MAX_BYTES:,}", _AGAIN)
            )
        data = _read_at_most(stream, claimed + 1, path)
    if len(data) != claimed:
        held = f"holds {len(data):,}" if len(data) < claimed else "holds more"
        says = f"the header promises {claimed:,} bytes of {what}, the file {held}"
        raise InputError(Problem("file-damaged", str(path), says, f"it was cut short or altered: {_AGAIN}"))
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _idx_shape(header: bytes, path: Path, dimensions: int, what: str) -> tuple[int, ...]:
    """The sizes in the header of an IDX file; that its kind is the wanted one is checked."""
    wanted = f"an IDX file of {what} starts with the bytes 00 00 08 {dimensions:02x}"
    if len(header) < 4 or header[:2] != b"\0\0" or header[2] not in IDX_TYPES:
        start = header[:4].hex(" ") or "nothing"
        raise InputError(
            Problem("idx-unlike", str(path), f"is not an IDX file: {wanted}, this with {start}", "check the path")
        )
    if header[2] != UNSIGNED_BYTE:
        says = f"holds numbers of type {IDX_TYPES[header[2]]}, only unsigned bytes are read"
        raise InputError(Problem("idx-unlike", str(path), says, "write the images as bytes 0..255"))
    if header[3] != dimensions:
        says = f"has {header[3]} dimensions, not {dimensions}: {wanted}"
        raise InputError(Problem("idx-unlike", str(path), says, "were the files of images and labels exchanged?"))
    if len(header) < 4 + 4 * dimensions:
        raise InputError(
            Problem("file-damaged", str(path), f"ends within its header, after {len(header)} bytes", _AGAIN)
        )
    return struct.unpack(f">{dimensions}I", header[4:])


@contextmanager
def _opened(path: Path) -> Generator[BinaryIO]:
    """The file, unpacked on the way if it ends in .gz. Raises InputError where there is none."""
    with opened(path, IMAGES) as stream:
        if path.suffix != ".gz":
            yield stream
            return
        with gzip.open(stream, "rb") as unpacked:
            yield cast(BinaryIO, unpacked)


def _read_at_most(stream: BinaryIO, limit: int, path: Path) -> bytes:
    """Up to `limit` bytes, in pieces: asking for all at once would take the memory before the file has shown any."""
    data = bytearray()
    try:
        while len(data) < limit and (piece := stream.read(min(_CHUNK, limit - len(data)))):
            data += piece
    except EOFError:
        raise InputError(
            Problem("file-damaged", str(path), "ends before its compressed data do", f"it was cut short: {_AGAIN}")
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(Problem("file-damaged", str(path), f"is not a sound .gz file ({error})", _AGAIN)) from None
    except OSError as error:
        raise cannot_read(path, error, IMAGES) from None
    return bytes(data)
