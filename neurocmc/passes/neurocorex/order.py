"""Gives neurons places on a NeuroCoreX: a synapse from a neuron to the one before it is lost there.

So neurons stand in an order in which none has a synapse to its predecessor. Where every neuron that is left has one,
a place stays free. The greedy order takes the first that fits; it leaves at most one place free for each neuron.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Int


@dataclass(frozen=True)
class Order:
    """Synapses -> a place for every neuron, from `first` on."""

    name: ClassVar[str] = "order"
    first: int = 0

    def run(self, neurons: int, target: Int, source: Int) -> Int:
        """Returns (neurons,) places, which may lie beyond the chip's last one: who calls asks.

        Args:
            neurons: How many.
            target: (synapses,) a neuron.
            source: (synapses,) a neuron.
        """
        hears = np.zeros((neurons, neurons), dtype=bool)  # target, source
        hears[target, source] = True
        left = list(range(neurons))
        places = np.zeros(neurons, dtype=np.int64)
        place, before = self.first, -1
        while left:
            fits = next((neuron for neuron in left if before < 0 or not hears[before, neuron]), None)
            if fits is not None:
                places[fits] = place
                left.remove(fits)
            before = -1 if fits is None else fits
            place += 1
        return places
