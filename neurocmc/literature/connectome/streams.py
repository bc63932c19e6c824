"""Draws random numbers for each purpose from one seed, so that no purpose sees the numbers of another."""

from typing import Literal, get_args

import numpy as np

from neurocmc.common import draws

Purpose = Literal["cells", "spikes", "start", "other-weights", "train", "validation", "test", "calibration", "graphs"]
_PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def stream(seed: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
    """Returns the generator of a purpose; `index` tells apart what is drawn again and again, such as batches."""
    return draws.stream(seed, _PURPOSES.index(purpose), index)
