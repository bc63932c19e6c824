"""Makes random memories: contents that overlap, drawn with a seed."""

import numpy as np

from neurocmc.frontends.recall.arrays import memories_of
from neurocmc.ir.neurons.memories import Memories

CUES, FEATURES = (5, 20), (10, 40)  # least and most
SHARE = (0.2, 0.6)  # of the bits of a content


def random_memories(seed: int) -> Memories:
    """Returns a memory of 5 to 20 cues and 10 to 40 content bits, each under a cue with some probability.

    Contents that share no bit with any other would be the easy case; drawn with these shares, nearly all share some.
    """
    generator = np.random.default_rng(seed)
    cues, features = (int(generator.integers(low, high + 1)) for low, high in (CUES, FEATURES))
    contents = generator.random((cues, features)) < generator.uniform(*SHARE)
    contents[~contents.any(axis=1), 0] = True
    return memories_of(np.arange(cues), contents, name=f"memory-{seed}")
