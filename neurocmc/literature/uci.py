"""Has the digits of the University of California at Irvine, which come with scikit-learn.

E. Alpaydin & C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998), CC BY 4.0.
"""

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.extras import need

SIDE, LEVELS = 8, 16.0


def uci_digits(where: str) -> tuple[Float, Int]:
    """Returns all digits, (1797, 8, 8) grey levels in [0, 1], and which each is, (1797,).

    Raises InputError where scikit-learn is not installed; `where` says what needs it.
    """
    need("sklearn", where, "reading the digits of UCI")
    from sklearn.datasets import load_digits

    pixels, named = load_digits(return_X_y=True)
    return np.asarray(pixels, dtype=np.float64).reshape(-1, SIDE, SIDE) / LEVELS, np.asarray(named, dtype=np.int64)
