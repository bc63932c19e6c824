"""Loads the tasks: images with labels, from whatever public format, in one fixed, stratified split.

    mnist-5k            5,000 digits of MNIST, with the split of `neurocmc.circuits.digits`
    fashion-mnist       Debian's package dataset-fashion-mnist; `fashion-mnist:FOLDER` for files elsewhere
    idx:PATH            a folder of the four IDX files of MNIST's names, or one IDX file with its labels beside it
    cifar-10:FOLDER     the six binary batches

Data sets that come with test files keep them apart; others are split by `SPLIT_SEED`. Xiao, Rasul & Vollgraf,
"Fashion-MNIST", arXiv:1708.07747 (2017).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocmc.circuits.digits import CLASSES, SPLIT_SEED, Digits, load_digits
from neurocmc.circuits.image_files import (
    CIFAR_CLASSES,
    Bytes,
    check_labels,
    read_cifar_batch,
    read_idx_images,
    read_idx_labels,
)
from neurocmc.circuits.labelled import LabelledImages, parted
from neurocmc.common.arrays import Int, set_frozen
from neurocmc.common.errors import FieldError, InputError, Problem
from neurocmc.common.names import did_you_mean
from neurocmc.common.opening import check_name

TASKS = ("mnist-5k", "fashion-mnist", "fashion-mnist:FOLDER", "idx:PATH", "cifar-10:FOLDER")
FASHION_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package puts its files
FASHION_CLASSES = 10
TEST_SHARE = 5  # one image in five is a test image, where the data set does not say which
VALIDATION_SHARE = 10  # one training image in ten chooses the best epoch
CALIBRATION_IMAGES = 256
MIN_IMAGES = 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Images(LabelledImages):
    """Images in [0, 1] with their labels and their places in the files they come from.

    Grey images are (images, height, width), those of several channels (images, channels, height, width); `planes`
    has the second form for both.
    """

    def __post_init__(self) -> None:
        shape = (None,) * (4 if np.ndim(self.images) == 4 else 3)
        set_frozen(self, "images", np.float32, shape)
        set_frozen(self, "labels", np.int64, (len(self.images),))
        set_frozen(self, "index", np.int64, (len(self.images),))

    @property
    def planes(self) -> NDArray[np.float32]:
        """(images, channels, height, width), a view."""
        return self.images if self.images.ndim == 4 else self.images[:, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSplit:
    """Training and test images of one task, each shuffled; they share none."""

    task: str
    classes: int
    train: Images
    test: Images

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        channels, height, width = self.train.planes.shape[1:]
        return channels, height, width

    def fit_and_validation(self) -> tuple[Images, Images]:
        """Returns the training images parted again, nine tenths to fit, one to choose the epoch."""
        fit, validation = parted(self.train.labels, self.classes, lambda count: -(-count // VALIDATION_SHARE))
        return self.train.take(fit), self.train.take(validation)

    def calibration(self) -> Images:
        """Returns the first 256 training images: what gain matching may look at."""
        return self.train.take(slice(0, CALIBRATION_IMAGES))

    def fingerprint(self) -> str:
        """Returns the SHA-256 over grey levels, labels and places of both parts."""
        digest = hashlib.sha256()
        for part in (self.train, self.test):
            digest.update(repr(part.planes.shape).encode())
            digest.update(np.rint(part.images * np.float32(255.0)).astype(np.uint8).tobytes())
            digest.update(part.labels.astype("<i8").tobytes())
            digest.update(part.index.astype("<i8").tobytes())
        return digest.hexdigest()


def check_task(task: str) -> str:
    """Returns `task` if it is written as one of TASKS, else raises FieldError (for validators); reads no file."""
    kind, _, place = task.partition(":")
    known = {"mnist-5k": not place, "fashion-mnist": True, "idx": bool(place), "cifar-10": bool(place)}
    if not known.get(kind, False) or "\0" in task or task.endswith(":"):
        near = "" if kind in known else did_you_mean(kind, known)
        raise FieldError(f"{task!r} is not a task", f"{near}tasks are {', '.join(TASKS)}")
    return task


def load_task(task: str, size: int | None = None) -> ImageSplit:
    """Returns the split of `task`, the same arrays on every call and every machine.

    `size` keeps that many images, four training images for each test image, as many of every class as there are
    or as it takes; None keeps all. Raises InputError for an unknown task, files that are missing or damaged, and a
    size below 50 or beyond what there is.
    """
    try:
        kind, _, place = check_task(task).partition(":")
    except FieldError as error:
        raise InputError(Problem("task-unknown", "task", str(error), error.cure)) from None
    check_name(place)
    try:
        return _load(task, kind, place, size)
    except OSError as error:  # a name too long, a folder that may not be looked into
        what = f"cannot be read: {error.strerror or error}"
        raise InputError(
            Problem("file-unreadable", place or task, what, "check the path and its permissions")
        ) from None


def _load(task: str, kind: str, place: str, size: int | None) -> ImageSplit:
    match kind:
        case "mnist-5k":
            split = load_digits()
            whole = ImageSplit(task=task, classes=CLASSES, train=_images(split.train), test=_images(split.test))
            return whole if size is None else _smaller(whole, size)
        case "fashion-mnist":
            folder = Path(place) if place else FASHION_FOLDER
            _check_fashion(folder)
            return _from_folder(task, folder, FASHION_CLASSES, size)
        case "idx" if Path(place).is_dir():
            return _from_folder(task, Path(place), None, size)
        case "idx":
            return _from_one_file(task, Path(place), size)
        case _:
            return _from_cifar(task, Path(place), size)


def _images(digits: Digits) -> Images:
    return Images(images=digits.images, labels=digits.labels, index=digits.index)


def _smaller(split: ImageSplit, size: int) -> ImageSplit:
    """The first images of a split, of every class alike, in their order."""
    train, test = _sizes(split.task, size, len(split.train.labels), len(split.test.labels))
    generator = _generator()
    return ImageSplit(
        task=split.task,
        classes=split.classes,
        train=split.train.take(_stratified(split.train.labels, train, generator)),
        test=split.test.take(_stratified(split.test.labels, test, generator)),
    )


def _check_fashion(folder: Path) -> None:
    if not folder.is_dir():
        cure = "apt-get install dataset-fashion-mnist, or name the folder of its files: fashion-mnist:FOLDER"
        raise InputError(Problem("images-missing", str(folder), "the files of Fashion-MNIST are not here", cure))


def _from_folder(task: str, folder: Path, classes: int | None, size: int | None) -> ImageSplit:
    """A folder of the four files, train and t10k, images and labels."""
    parts: list[tuple[Bytes, Bytes]] = []
    for part in ("train", "t10k"):
        images_path = _find(folder, part, "images-idx3-ubyte")
        labels_path = _find(folder, part, "labels-idx1-ubyte")
        images, labels = _pair(images_path, labels_path)
        if classes is None:  # where the data set does not fix them, the training labels say what test labels may be
            classes = int(labels.max(initial=0)) + 1
        check_labels(labels, classes, labels_path)
        parts.append((images, labels))
    (train, train_labels), (test, test_labels) = parts
    if train.shape[1:] != test.shape[1:]:
        what = f"training images are {train.shape[1:]} pixels, test images {test.shape[1:]}"
        raise InputError(Problem("images-unlike", str(folder), what, "give four files of the same data set"))
    return _split(task, str(folder), classes or 0, (train, test), (train_labels, test_labels), size)


def _find(folder: Path, part: str, rest: str) -> Path:
    """`train-images-idx3-ubyte` as it is published: plain, .gz, or with a dot before `idx`."""
    plain = f"{part}-{rest}"
    for name in (plain, plain.replace("-idx", ".idx")):
        for ending in ("", ".gz"):
            if (folder / f"{name}{ending}").is_file():
                return folder / f"{name}{ending}"
    what = f"{plain} (or {plain}.gz) is not in this folder"
    raise InputError(
        Problem("images-missing", str(folder), what, "put the four files in it: train and t10k, images and labels")
    )


def _from_one_file(task: str, path: Path, size: int | None) -> ImageSplit:
    """One file of images, whose labels stand beside it under the name with `labels` for `images`; split by us."""
    if "images" not in path.name:
        what = "the name of a file of images holds the word `images`" if path.is_file() else "no such file or folder"
        cure = "say idx:FOLDER, or idx:FILE such as idx:letters-images-idx3-ubyte.gz with its labels beside it"
        raise InputError(Problem("images-missing", str(path), what, cure))
    labels_path = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    images, labels = _pair(path, labels_path)
    generator = _generator()
    test = _stratified(labels, len(labels) // TEST_SHARE, generator)
    is_test = np.zeros(len(labels), dtype=np.bool_)
    is_test[test] = True
    train = np.flatnonzero(~is_test)
    classes = int(labels.max(initial=0)) + 1
    return _chosen(task, str(path), classes, (images, images), (labels, labels), (train, test), size)


def _pair(images_path: Path, labels_path: Path) -> tuple[Bytes, Bytes]:
    images, labels = read_idx_images(images_path), read_idx_labels(labels_path)
    if len(images) != len(labels):
        what = f"{len(labels):,} labels for the {len(images):,} images of {images_path.name}"
        raise InputError(Problem("images-unlike", str(labels_path), what, "give two files of the same data set"))
    return images, labels


def _from_cifar(task: str, folder: Path, size: int | None) -> ImageSplit:
    names = [*(f"data_batch_{batch}.bin" for batch in range(1, 6)), "test_batch.bin"]
    if missing := [name for name in names if not (folder / name).is_file()]:
        cure = "name the folder of CIFAR-10's binary version (cifar-10-batches-bin)"
        raise InputError(
            Problem("images-missing", str(folder), f"these files are missing: {', '.join(missing)}", cure)
        )
    *train, (test, test_labels) = [read_cifar_batch(folder / name) for name in names]
    images = np.concatenate([batch for batch, _ in train])
    labels = np.concatenate([batch for _, batch in train])
    return _split(task, str(folder), CIFAR_CLASSES, (images, test), (labels, test_labels), size)


def _split(
    task: str, where: str, classes: int, images: Sequence[Bytes], labels: Sequence[Bytes], size: int | None
) -> ImageSplit:
    everything = (np.arange(len(labels[0])), np.arange(len(labels[1])))
    return _chosen(task, where, classes, images, labels, everything, size)


def _chosen(
    task: str,
    where: str,
    classes: int,
    images: Sequence[Bytes],
    labels: Sequence[Bytes],
    places: Sequence[Int],
    size: int | None,
) -> ImageSplit:
    """`size` of the images at `places` (all without it), training and test, of every class alike, shuffled."""
    if min(np.unique(labels[part][places[part]]).size for part in (0, 1)) < 2:
        raise InputError(
            Problem(
                "images-too-few", where, "fewer than two classes have training and test images", "give more images"
            )
        )
    counts = tuple(len(part) for part in places)
    sizes = counts if size is None else _sizes(where, size, *counts)
    generator = _generator()
    parts: list[Images] = []
    for part in (0, 1):
        own = places[part][_stratified(labels[part][places[part]], sizes[part], generator)]
        own = generator.permutation(own)
        pixels = images[part][own].astype(np.float32) / np.float32(255.0)
        parts.append(Images(images=pixels, labels=labels[part][own].astype(np.int64), index=own))
    return ImageSplit(task=task, classes=classes, train=parts[0], test=parts[1])


def _sizes(where: str, size: int, train: int, test: int) -> tuple[int, int]:
    """Training and test images of a task of `size` images. Raises InputError where there are not so many."""
    wanted = (size - size // TEST_SHARE, size // TEST_SHARE)
    if size < MIN_IMAGES or wanted[0] > train or wanted[1] > test:
        what = (
            f"{size:,} images are {wanted[0]:,} to train and {wanted[1]:,} to test; there are {train:,} and {test:,}"
        )
        raise InputError(Problem("images-too-few", where, what, f"give a smaller size, at least {MIN_IMAGES}"))
    return wanted


def _stratified(labels: Int | Bytes, size: int, generator: np.random.Generator) -> Int:
    """Places of `size` of the labels, rising, each class in its share of all labels to within one.

    What the shares leave over goes to the classes of the largest remainders, of lower label where they tie.
    """
    if size == len(labels):
        return np.arange(len(labels))
    counts = np.bincount(labels)
    shares = counts * (size / len(labels))
    quota = np.floor(shares).astype(np.int64)
    first = np.argsort(-(shares - quota), kind="stable")[: size - int(quota.sum())]
    quota[first] += 1
    own = [generator.permutation(np.flatnonzero(labels == label))[: quota[label]] for label in range(len(counts))]
    return np.sort(np.concatenate(own))


def _generator() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(SPLIT_SEED))
