"""Small files in the formats in which images are published, made by the tests that read them."""

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def pictures(count: int, classes: int = 10, side: int = 28, seed: int = 0) -> tuple[Bytes, Bytes]:
    """Random grey pictures whose first pixel is their label, and the labels 0, 1, .. over and over."""
    labels = (np.arange(count) % classes).astype(np.uint8)
    images = np.random.default_rng(seed).integers(0, 256, (count, side, side), dtype=np.uint8)
    images[:, 0, 0] = labels
    return images, labels


def idx(array: Bytes, kind: int = 0x08) -> bytes:
    """An array as an IDX file."""
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write(path: Path, content: bytes) -> Path:
    """Write a file, compressed if its name says so."""
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def mnist_folder(folder: Path, train: int = 200, test: int = 50, ending: str = ".gz", classes: int = 10) -> Path:
    """The four files of MNIST's names."""
    folder.mkdir(exist_ok=True)
    for part, count, seed in (("train", train, 1), ("t10k", test, 2)):
        images, labels = pictures(count, classes, seed=seed)
        write(folder / f"{part}-images-idx3-ubyte{ending}", idx(images))
        write(folder / f"{part}-labels-idx1-ubyte{ending}", idx(labels))
    return folder


def cifar_folder(folder: Path, a_batch: int = 30) -> Path:
    """The six binary batches of CIFAR-10; the first byte of every plane is the label."""
    folder.mkdir(exist_ok=True)
    names = [*(f"data_batch_{batch}.bin" for batch in range(1, 6)), "test_batch.bin"]
    for seed, name in enumerate(names):
        labels = (np.arange(a_batch) % 10).astype(np.uint8)
        planes = np.random.default_rng(seed).integers(0, 256, (a_batch, 3, 1024), dtype=np.uint8)
        planes[:, :, 0] = labels[:, None]
        (folder / name).write_bytes(np.concatenate([labels[:, None], planes.reshape(a_batch, -1)], axis=1).tobytes())
    return folder
