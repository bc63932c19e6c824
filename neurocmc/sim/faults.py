"""Gives each kind of fault random numbers of its own, for every interpreter of chips with faults.

One kind does not move the draws of another, and a seed deviates in the same direction at every level: rows of a table
differ by the level alone. What one seed draws does not depend on which others are drawn.
"""

import numpy as np

from neurocmc.common import draws
from neurocmc.common.arrays import Float

STREAMS = {
    "threshold": 1,
    "weight": 2,
    "synapse": 3,
    "dropped": 4,
    "dead": 5,
    "current": 6,
    "spikes": 7,
    "added": 8,
    "axons": 9,
    "cores": 10,
}


def stream(seed: int, kind: str, part: int = 0, *parts: int) -> np.random.Generator:
    """Returns the random numbers of one kind; `part` counts trials, or cores, that draw for themselves."""
    return draws.stream(seed, STREAMS[kind], part, *parts)


def factors(level: float, shape: int | tuple[int, ...], numbers: np.random.Generator) -> Float:
    """Returns factors max(0, 1 + level g) with g from N(0, 1), so that nothing changes its sign."""
    return np.maximum(0.0, 1.0 + level * numbers.standard_normal(shape))
