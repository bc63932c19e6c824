"""The 8 x 8 digits that come with scikit-learn: 1,797 images, 0 to 16 grey, shuffled once.

E. Alpaydin & C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998), CC BY 4.0;
`digits-8x8.csv.gz` is scikit-learn 1.9.1's copy of its test set, byte for byte.
"""

import gzip
from functools import cache
from pathlib import Path

import numpy as np

from neurocmc.common.arrays import Float, Int

FILE = Path(__file__).parent / "digits-8x8.csv.gz"
TRAIN = 1297  # the other 500 are for the test


@cache
def small_digits() -> tuple[Float, Int]:
    """Returns images (1797, 8, 8) in [0, 1] and labels."""
    with gzip.open(FILE, "rt") as text:
        rows = np.loadtxt(text, delimiter=",")
    rows = rows[np.random.Generator(np.random.PCG64(0)).permutation(len(rows))]
    return rows[:, :-1].reshape(-1, 8, 8) / 16.0, rows[:, -1].astype(np.int64)
