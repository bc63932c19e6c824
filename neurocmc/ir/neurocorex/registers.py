"""Defines CoreRegisters: what the host loads into a NeuroCoreX, all whole numbers, indexed as the chip counts.

The chip has 96 places, of which 4 to 93 are neurons. Row r of a matrix belongs to the neuron of place r - 2. In the
feed-forward matrix a column is a channel of input; in the all-to-all matrix column c belongs to the neuron of place
c - 1. So neuron n of 0 to 89 stands at place n + 4, its weights in row n + 6, those to others in column n + 5.
(Gautam et al. 2025, NeuroCoreX, arXiv:2506.14138, and the VHDL that it names.)
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import set_frozen
from neurocmc.common.errors import Problem

PLACES = 96
NEURONS = 90
FIRST_PLACE, FIRST_ROW, FIRST_COLUMN = 4, 6, 5  # of neuron 0
POTENTIAL_BITS = 18  # signed; V, thresholds and the leak
FRACTION_BITS = 10
ONE = 1 << FRACTION_BITS  # of V, what a spike over a weight of 1 adds
LARGEST = (1 << (POTENTIAL_BITS - 1)) - 1  # of V


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreRegisters:
    """What the host loads.

    A spike over weight w adds w 2^10 to V, one of an input w 2^10 times `amplitude`. A neuron whose V is not below
    its threshold spikes, unless it spiked within the `refractory` ticks before, but at least one.
    """

    feed_forward: NDArray[np.int8]  # (96, 96) row of a neuron, channel
    all_to_all: NDArray[np.int8]  # (96, 96) row of a neuron, column of the one that spikes
    threshold: NDArray[np.int32]  # (96,) by place
    refractory: NDArray[np.int32]  # (96,) ticks by place; 0 is 1
    leak: int  # taken off every V in every tick
    amplitude: int  # 0 to 255

    def __post_init__(self) -> None:
        for field in ("feed_forward", "all_to_all"):
            set_frozen(self, field, np.int8, (PLACES, PLACES))
        for field in ("threshold", "refractory"):
            set_frozen(self, field, np.int32, (PLACES,))

    def problems(self) -> tuple[Problem, ...]:
        """Returns all numbers that no register holds."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[Problem]:
        cure = "compile again"
        lowest = -LARGEST - 1
        for name, values in (("threshold", self.threshold), ("leak", np.array([self.leak]))):
            if values.min() < lowest or values.max() > LARGEST:
                what = f"{name} {int(values[np.abs(values).argmax()])} is beyond {POTENTIAL_BITS} bits"
                yield Problem("register-beyond-target", "registers", what, cure)
        if self.refractory.min() < 0 or self.refractory.max() > LARGEST:
            yield Problem("register-beyond-target", "registers", "a refractory time is beyond its register", cure)
        if not 0 <= self.amplitude <= 255:
            what = f"amplitude {self.amplitude} is not within 0 to 255"
            yield Problem("register-beyond-target", "registers", what, cure)
