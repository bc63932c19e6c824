"""A chip whose neurons fire when a table says so, for tests of what becomes of their spikes."""

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int


class Script:
    """(ticks, neurons) who fires when; it keeps who was late: (tick, axon, ticks)."""

    def __init__(self, fired: NDArray[np.bool_], cores: int) -> None:
        self._fired = fired.astype(np.uint8)
        self.work = np.zeros(cores, dtype=np.int64)
        self.late: list[tuple[int, int, int]] = []

    def step(self, tick: int) -> NDArray[np.uint8]:
        """Who fires in this tick."""
        return self._fired[tick]

    def deliver(self, tick: int, axon: Int, late: Int) -> None:
        """Keeps how late each message is."""
        self.late += [(tick, own, ticks) for own, ticks in zip(axon.tolist(), late.tolist(), strict=True)]
