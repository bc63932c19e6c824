"""Draws random numbers for many purposes from one seed, so that no purpose sees the numbers of another."""

import numpy as np


def stream(seed: int, *words: int) -> np.random.Generator:
    """Returns the random numbers of a seed for the purpose that `words` name, whatever else is drawn.

    Example:
        >>> float(stream(0, 1).random()) == float(stream(0, 1).random()) != float(stream(0, 2).random())
        True
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, *words))))
