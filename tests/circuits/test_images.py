"""Tasks of images: what the files hold comes out, the split is fixed and fair, and no bad file gets far."""

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurocmc
from neurocmc.circuits import images as images_module
from neurocmc.circuits.digits import load_digits
from neurocmc.circuits.image_files import CIFAR_RECORD, read_cifar_batch, read_idx_images, read_idx_labels
from neurocmc.circuits.images import FASHION_FOLDER, check_task, load_task
from neurocmc.common.errors import FieldError, InputError
from tests.made.images import cifar_folder, idx, mnist_folder, pictures, write


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_come_out_as_they_went_in(tmp_path: Path, ending: str) -> None:
    images, labels = pictures(7, side=5)
    assert np.array_equal(read_idx_images(write(tmp_path / f"i{ending}", idx(images))), images)
    assert np.array_equal(read_idx_labels(write(tmp_path / f"l{ending}", idx(labels))), labels)


def test_mnist_5k_is_the_split_of_the_digits() -> None:
    split, digits = load_task("mnist-5k"), load_digits()
    for ours, theirs in ((split.train, digits.train), (split.test, digits.test)):
        assert np.array_equal(ours.images, theirs.images)
        assert np.array_equal(ours.labels, theirs.labels)
        assert np.array_equal(ours.index, theirs.index)
    for ours, theirs in zip(split.fit_and_validation(), digits.fit_and_validation(), strict=True):
        assert np.array_equal(ours.index, theirs.index)
    assert np.array_equal(split.calibration().index, digits.calibration().index)
    assert (split.classes, split.shape) == (10, (1, 28, 28))


def test_the_public_function_gives_the_same_and_checks_its_arguments() -> None:
    split, wanted = neurocmc.images("mnist-5k", 100), load_task("mnist-5k", 100)
    assert split.fingerprint() == wanted.fingerprint()
    assert len(split.train.labels) == 80
    with pytest.raises(InputError):
        neurocmc.images("mnist-5k", "many")  # pyright: ignore[reportArgumentType]


def test_a_folder_of_idx_files_keeps_training_and_test_apart(tmp_path: Path) -> None:
    split = load_task(f"idx:{mnist_folder(tmp_path / 'm')}")
    assert split.train.images.shape == (200, 28, 28)
    assert split.test.images.shape == (50, 28, 28)
    assert split.train.images.dtype == np.float32
    for part, seed in ((split.train, 1), (split.test, 2)):
        raw, labels = pictures(len(part.labels), seed=seed)
        assert sorted(part.index) == list(range(len(raw)))
        assert np.array_equal(part.images, raw[part.index] / np.float32(255.0))
        assert np.array_equal(part.labels, labels[part.index])
    assert not np.array_equal(split.train.index, np.arange(200))  # shuffled
    assert not split.train.images.flags.writeable


def test_one_idx_file_is_split_by_us_evenly_and_always_alike(tmp_path: Path) -> None:
    images, labels = pictures(200)
    write(tmp_path / "letters-images-idx3-ubyte.gz", idx(images))
    write(tmp_path / "letters-labels-idx1-ubyte.gz", idx(labels))
    task = f"idx:{tmp_path / 'letters-images-idx3-ubyte.gz'}"
    split, again = load_task(task), load_task(task)
    assert sorted([*split.train.index, *split.test.index]) == list(range(200))
    assert np.bincount(split.test.labels).tolist() == [4] * 10
    assert np.array_equal(split.test.index, again.test.index)
    assert np.array_equal(split.test.images, images[split.test.index] / np.float32(255.0))
    fit, validation = split.fit_and_validation()
    assert np.bincount(validation.labels).tolist() == [2] * 10
    assert sorted([*fit.index, *validation.index]) == sorted(split.train.index)


def test_a_size_keeps_classes_alike_and_parts_apart(tmp_path: Path) -> None:
    folder = mnist_folder(tmp_path / "m")
    split = load_task(f"fashion-mnist:{folder}", size=100)
    assert np.bincount(split.train.labels).tolist() == [8] * 10
    assert np.bincount(split.test.labels).tolist() == [2] * 10
    digits = load_task("mnist-5k", size=500)
    assert np.bincount(digits.train.labels).tolist() == [40] * 10
    assert set(digits.test.index) <= set(load_digits().test.index)
    assert len(set(digits.test.index)) == 100


@pytest.mark.parametrize("size", [49, -1, 251, 10**12])
def test_a_size_that_cannot_be(tmp_path: Path, size: int) -> None:
    folder = mnist_folder(tmp_path / "m")
    told = refusal(lambda: load_task(f"idx:{folder}", size=size))
    assert f"{size:,} images" in told
    assert "there are 200 and 50" in told


def test_cifar_batches_are_read_in_order_with_their_planes(tmp_path: Path) -> None:
    split = load_task(f"cifar-10:{cifar_folder(tmp_path / 'c')}")
    assert split.shape == (3, 32, 32)
    assert split.train.images.shape == (150, 3, 32, 32)
    assert split.test.planes.shape == (30, 3, 32, 32)
    marks = np.rint(split.train.images[:, :, 0, 0] * 255)
    assert np.array_equal(marks, np.repeat(split.train.labels[:, None], 3, axis=1))
    second = read_cifar_batch(tmp_path / "c" / "data_batch_2.bin")[0]
    place = int(np.flatnonzero(split.train.index == 30)[0])
    assert np.array_equal(np.rint(split.train.images[place] * 255), second[0])


def test_fingerprints_differ_where_a_single_grey_level_or_label_does(tmp_path: Path) -> None:
    folder = mnist_folder(tmp_path / "m", ending="")
    before = load_task(f"idx:{folder}").fingerprint()
    assert before == load_task(f"idx:{folder}").fingerprint()
    for name in ("t10k-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        content = bytearray((folder / name).read_bytes())
        content[-1] ^= 1
        (folder / name).write_bytes(bytes(content))
        changed = load_task(f"idx:{folder}").fingerprint()
        assert changed != before
        before = changed


@given(st.lists(st.integers(0, 6), min_size=1, max_size=200), st.data())
def test_strata_keep_every_share_to_within_one(labels: list[int], data: st.DataObject) -> None:
    size = data.draw(st.integers(0, len(labels)))
    array = np.array(labels)
    kept = images_module._stratified(array, size, np.random.default_rng(0))
    assert len(kept) == size == len(set(kept))
    for label in range(7):
        share = (array == label).sum() * size / len(labels)
        assert abs((array[kept] == label).sum() - share) < 1


IMAGES, LABELS = pictures(20, side=4)
BAD_IMAGES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "this with nothing"),
    "text": (b"<html>not found</html>", "is not an IDX file"),
    "labels for images": (idx(LABELS), "has 1 dimensions, not 3"),
    "floats": (idx(IMAGES, kind=0x0D), "type float, only unsigned bytes"),
    "unknown type": (idx(IMAGES, kind=0x07), "is not an IDX file"),
    "cut in the header": (idx(IMAGES)[:9], "ends within its header"),
    "cut short": (idx(IMAGES)[:-1], "promises 320 bytes of images, the file holds 319"),
    "too long": (idx(IMAGES) + b"\0", "promises 320 bytes of images, the file holds more"),
    "far too many": (b"\0\0\x08\x03" + struct.pack(">3I", 2**32 - 1, 28, 28), "limit 1,073,741,824"),
    "just within the limit": (b"\0\0\x08\x03" + struct.pack(">3I", 2**20, 32, 32), "the file holds 0"),
    "no pixels": (b"\0\0\x08\x03" + struct.pack(">3I", 0, 0, 28), "0 x 28 pixels"),
    "too wide": (idx(np.zeros((1, 1, 1025), dtype=np.uint8)), "1 x 1,025 pixels"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", BAD_IMAGES)
def test_bad_idx_files_are_refused_without_taking_the_memory_they_ask_for(
    tmp_path: Path, name: str, packed: bool
) -> None:
    content, reason = BAD_IMAGES[name]
    path = write(tmp_path / ("bad.gz" if packed else "bad"), content)
    tracemalloc.start()
    try:
        told = refusal(lambda: read_idx_images(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reason in told
    assert told.startswith(str(path))
    assert "cure: " in told
    assert peak < 16 * 2**20


def test_bad_compression(tmp_path: Path) -> None:
    packed = gzip.compress(idx(IMAGES), mtime=0)
    altered = bytearray(packed)
    altered[-6] ^= 0xFF  # of the checksum
    cases = {"cut": packed[:-20], "altered": bytes(altered), "plain": idx(IMAGES)}
    for name, content in cases.items():
        path = tmp_path / f"{name}.gz"
        path.write_bytes(content)
        told = refusal(lambda path=path: read_idx_images(path))
        assert "cut short" in told if name == "cut" else "not a sound .gz" in told


def test_a_small_file_that_unpacks_to_very_much_is_read_no_further_than_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(idx(IMAGES))
        for _ in range(64):
            stream.write(bytes(2**20))
    tracemalloc.start()
    try:
        assert "holds more" in refusal(lambda: read_idx_images(path))
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=64), st.integers(0, 40))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, tail: bytes, keep: int) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(idx(IMAGES[:1, :2, :2])[:keep] + tail)
    for read in (read_idx_images, read_idx_labels):
        told: InputError | None = None
        try:
            assert read(path).dtype == np.uint8
        except InputError as error:
            told = error
        assert told is None or told.problems[0].cure


def test_labels_that_do_not_fit(tmp_path: Path) -> None:
    folder = mnist_folder(tmp_path / "m", ending="")
    labels = tmp_path / "m" / "t10k-labels-idx1-ubyte"
    labels.write_bytes(idx(np.full(50, 10, dtype=np.uint8)))
    told = refusal(lambda: load_task(f"idx:{folder}"))
    assert f"{labels}: label 0 is 10, the classes are 0 to 9 (50 are beyond)" in told
    labels.write_bytes(idx(np.zeros(49, dtype=np.uint8)))
    assert "49 labels for the 50 images of t10k-images-idx3-ubyte" in refusal(lambda: load_task(f"idx:{folder}"))
    labels.write_bytes(idx(np.zeros(50, dtype=np.uint8)))
    assert "fewer than two classes" in refusal(lambda: load_task(f"idx:{folder}"))
    eleven = mnist_folder(tmp_path / "e", classes=11, ending="")
    assert "the classes are 0 to 9" in refusal(lambda: load_task(f"fashion-mnist:{eleven}"))
    assert load_task(f"idx:{eleven}").classes == 11


def test_missing_files_are_named_with_a_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_module, "FASHION_FOLDER", tmp_path / "none")
    assert "apt-get install dataset-fashion-mnist" in refusal(lambda: load_task("fashion-mnist"))
    assert "train-images-idx3-ubyte" in refusal(lambda: load_task(f"idx:{tmp_path}"))
    assert "no such file" in refusal(lambda: load_task(f"idx:{tmp_path / 'x-images'}"))
    assert "no such file or folder" in refusal(lambda: load_task(f"idx:{tmp_path / 'x'}"))
    assert "data_batch_1.bin, data_batch_2.bin" in refusal(lambda: load_task(f"cifar-10:{tmp_path}"))
    assert "a name of 5,000 bytes" in refusal(lambda: load_task(f"idx:{'x' * 5000}"))
    (tmp_path / "a-images").write_bytes(idx(IMAGES))
    assert f"{tmp_path / 'a-labels'}: no such file" in refusal(lambda: load_task(f"idx:{tmp_path / 'a-images'}"))


def test_bad_cifar_batches(tmp_path: Path) -> None:
    folder = cifar_folder(tmp_path / "c")
    batch = folder / "data_batch_3.bin"
    good = batch.read_bytes()
    for content in (b"", good[:-1], good + b"\0"):
        batch.write_bytes(content)
        assert f"whole number of records of {CIFAR_RECORD:,} bytes" in refusal(
            lambda: load_task(f"cifar-10:{folder}")
        )
    batch.write_bytes(b"\x0b" + good[1:])
    assert f"{batch}: label 0 is 11" in refusal(lambda: load_task(f"cifar-10:{folder}"))


@pytest.mark.parametrize("task", ["", "mnist", "mnist-5k:x", "idx", "idx:", "cifar-10", "fashion-mnist:", "idx:a\0b"])
def test_what_is_not_a_task(task: str) -> None:
    with pytest.raises(FieldError, match="is not a task") as caught:
        check_task(task)
    assert "tasks are mnist-5k, fashion-mnist" in caught.value.cure
    assert ("did you mean mnist-5k?" in caught.value.cure) == (task == "mnist")
    assert "is not a task" in refusal(lambda: load_task(task))


@pytest.mark.skipif(not FASHION_FOLDER.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_the_real_fashion_mnist() -> None:
    split = load_task("fashion-mnist", size=5000)
    assert np.bincount(split.train.labels).tolist() == [400] * 10
    assert np.bincount(split.test.labels).tolist() == [100] * 10
    means = np.stack([split.train.images[split.train.labels == label].mean(axis=0) for label in range(10)])
    distance = ((split.test.images[:, None] - means) ** 2).sum(axis=(2, 3))
    assert (distance.argmin(axis=1) == split.test.labels).mean() > 0.6
