"""Keeps every spike of a run as a bit, and makes trains of them once all trials are over.

A bit for each trial, tick and neuron is less than the 16 bytes of a train's entry as soon as one neuron in 128 fires
in a tick, and it stands in the order in which it came. Trains are filled tick by tick at places that the numbers of
spikes give, so that nothing is sorted and no more is held than the bits, the trains and those numbers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.jit import jit
from neurocmc.ir.recording import SpikeTrain

UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


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
        _set(self.bits, trial, tick, neuron)

    def train(self, first: int, units: int, neurons: int) -> SpikeTrain:
        """Returns the spikes of `units` pools of `neurons` each, of which the first neuron of all is `first`."""
        batch, ticks, _ = self.bits.shape
        found = np.zeros((ticks, batch), dtype=np.int64)
        for trial in range(batch):
            _count(self.bits[trial], first, units * neurons, found[:, trial])
        starts = np.cumsum(found).reshape(found.shape) - found
        tick, trials, unit, neuron = (np.empty(int(found.sum()), dtype=np.int32) for _ in range(4))
        columns = (tick, trials, unit, neuron)
        for trial in range(batch):
            _fill(self.bits[trial], first, units, neurons, trial, self.first_tick, starts[:, trial], columns)
        for column in columns:
            column.setflags(write=False)
        return SpikeTrain(tick=tick, trial=trials, unit=unit, neuron=neuron)


@jit(nogil=True)
def _set(bits: UInt8, trial: Int32, tick: Int32, neuron: Int32) -> None:
    """Sets the bit of each spike."""
    for k in range(trial.size):
        bits[trial[k], tick[k], neuron[k] >> 3] |= np.uint8(1 << (neuron[k] & 7))


@jit(nogil=True)
def _count(bits: UInt8, first: int, neurons: int, found: Int64) -> None:
    """Counts the spikes of some neurons in each tick."""
    for tick in range(bits.shape[0]):
        for n in range(first, first + neurons):
            found[tick] += (bits[tick, n >> 3] >> (n & 7)) & 1


@jit(nogil=True)
def _fill(
    bits: UInt8,
    first: int,
    units: int,
    neurons: int,
    trial: int,
    first_tick: int,
    place: Int64,
    columns: tuple[Int32, Int32, Int32, Int32],
) -> None:
    """Puts the spikes of one trial into a train, those of a tick from its `place` on."""
    for tick in range(bits.shape[0]):
        at = place[tick]
        for unit in range(units):
            for neuron in range(neurons):
                n = first + unit * neurons + neuron
                if (bits[tick, n >> 3] >> (n & 7)) & 1:
                    columns[0][at], columns[1][at] = first_tick + tick, trial
                    columns[2][at], columns[3][at] = unit, neuron
                    at += 1
