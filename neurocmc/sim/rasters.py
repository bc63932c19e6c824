"""Keeps every spike of a run as a bit, and makes trains of them once all trials are over.

A bit for each trial, tick and neuron is less than the 16 bytes of a train's entry as soon as one neuron in 128 fires
in a tick, and it stands in the order in which it came. Trains are filled tick by tick at places that the numbers of
spikes give, so that nothing is sorted and no more is held than the bits, the trains and those numbers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.recording import SpikeTrain

UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """The spikes of all trials, ticks and neurons; units and neurons stand in one row."""

    bits: UInt8  # (batch, ticks, neurons / 8, rounded up) the lowest bit first
    first_tick: int = 0  # that the first row is

    @classmethod
    def empty(cls, batch: int, ticks: int, neurons: int, first_tick: int = 0) -> "Raster":
        """Returns a raster in which nobody fired."""
        return cls(bits=np.zeros((batch, ticks, -(-neurons // 8)), dtype=np.uint8), first_tick=first_tick)

    def keep(self, trial: int | slice, ticks: slice, flags: NDArray[np.uint8] | NDArray[np.bool_]) -> None:
        """Keeps (..., ticks, neurons) flags of one or more trials."""
        self.bits[trial, ticks] = np.packbits(flags, axis=-1, bitorder="little")

    def add(self, trial: Int32, tick: Int32, neuron: Int32) -> None:
        """Keeps (spikes,) spikes; ticks count from that of the first row."""
        bit = (1 << (neuron & 7)).astype(np.uint8)
        np.bitwise_or.at(self.bits, (trial, tick, neuron >> 3), bit)

    def train(self, first: int, units: int, neurons: int) -> SpikeTrain:
        """Returns the spikes of `units` pools of `neurons` each, of which the first neuron of all is `first`."""
        batch, ticks, _ = self.bits.shape
        found = np.zeros((ticks, batch), dtype=np.int64)
        for trial in range(batch):
            found[:, trial] = self._flags(trial, first, units * neurons).sum(axis=1)
        starts = np.cumsum(found).reshape(found.shape) - found
        columns = tuple(np.empty(int(found.sum()), dtype=np.int32) for _ in range(4))
        for trial in range(batch):
            tick, cell = np.nonzero(self._flags(trial, first, units * neurons))
            own = found[:, trial]
            place = np.arange(tick.size) + np.repeat(starts[:, trial] - (np.cumsum(own) - own), own)
            for column, values in zip(columns, (tick + self.first_tick, trial, *divmod(cell, neurons)), strict=True):
                column[place] = values
        for column in columns:
            column.setflags(write=False)  # so that the train keeps them and copies none
        return SpikeTrain(**dict(zip(("tick", "trial", "unit", "neuron"), columns, strict=True)))

    def _flags(self, trial: int, first: int, neurons: int) -> UInt8:
        """(ticks, neurons) which of some neurons fired."""
        behind = first + neurons
        flags = np.unpackbits(self.bits[trial, :, first >> 3 : (behind + 7) >> 3], axis=1, bitorder="little")
        return flags[:, first & 7 : (first & 7) + neurons]
