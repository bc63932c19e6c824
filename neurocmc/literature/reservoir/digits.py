"""Has the 8 x 8 digits of scikit-learn as drives: a step a column, eight inputs, one for each row.

One fixed split: 1,000 to fit readouts on, 297 to choose by, 500 to test.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.literature.reservoir.readout import fitted
from neurocmc.literature.uci import SIDE, uci_digits

ROWS = COLUMNS = SIDE
CLASSES = 10
FITTED, VALIDATED, TESTED = slice(0, 1000), slice(1000, 1297), slice(1297, 1797)
SPLIT_SEED = 0  # of the order; never an option, so that all numbers are comparable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Digits:
    """All digits: drives (1797, columns, rows) in [0, 1], and which each is, (1797,)."""

    drives: Float
    labels: Int


@cache
def digits() -> Digits:
    """Returns the digits, shuffled once. Raises InputError where scikit-learn is not installed."""
    images, named = uci_digits("task digits")
    order = np.random.Generator(np.random.PCG64(SPLIT_SEED)).permutation(len(named))
    drives, labels = images[order].transpose(0, 2, 1).copy(), named[order]
    drives.setflags(write=False)
    labels.setflags(write=False)
    return Digits(drives=drives, labels=labels)


def one_stream(rng: np.random.Generator, steps: int) -> Float:
    """Returns (steps, rows): digits to fit on, drawn at random, column after column without a pause."""
    chosen = rng.integers(0, FITTED.stop, -(-steps // COLUMNS))
    return digits().drives[chosen].reshape(-1, ROWS)[:steps]


def accuracies(features: Float) -> tuple[float, float]:
    """Returns the share of digits told right on validation and on the test by a ridge readout of one row a digit.

    The penalty is one for all classes, the one that tells most of validation right.
    """
    labels = digits().labels
    wanted = np.eye(CLASSES)[labels]

    def right(found: Float, named: Float) -> Float:
        return np.full(CLASSES, (found.argmax(axis=1) == named.argmax(axis=1)).mean())

    readout = fitted(features, wanted, FITTED, VALIDATED, right)
    told = readout(features[TESTED]).argmax(axis=1) == labels[TESTED]
    return float(readout.validation[0]), float(told.mean())


def chance() -> float:
    """Returns the share of test digits told right by always naming what is commonest among those to fit on."""
    labels = digits().labels
    return float((labels[TESTED] == np.bincount(labels[FITTED]).argmax()).mean())
