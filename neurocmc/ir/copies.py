"""Defines the copies of a population: the pool of every unit dealt out into parts that may fire in turn.

In the interleaved threshold code a neuron may fire in every P-th tick only, its phase, and neurons whose thresholds
are neighbours have different ones. The neurons of one phase of a unit are a pool of their own, a *copy*: all copies
of a unit hear the same, and the unit's activity is their mean. The order of phases is bit-reversed, so that the
thresholds that are asked in a tick, and those of few ticks in a row, lie evenly over the range:

    neuron j of copy p  is neuron  j P + reversed(p)  of its unit, from its lowest threshold up

Copies of one unit stand side by side, by their phase.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """The phases that the pools of a population were dealt out into."""

    units: int  # of the whole population
    phases: int  # a power of two: copies of each unit

    @property
    def size(self) -> int:
        return self.units * self.phases

    @property
    def unit(self) -> Int:
        """(copies,) the unit that each is a copy of, rising."""
        return np.repeat(np.arange(self.units), self.phases)

    @property
    def phase(self) -> Int:
        """(copies,) the phase of each."""
        return np.tile(np.arange(self.phases), self.units)

    @property
    def reversed(self) -> Int:
        """(phases,) the place of each phase's first neuron among those of a unit: its bits in reverse."""
        order = np.zeros(1, dtype=np.int64)
        while order.size < self.phases:
            order = np.concatenate([2 * order, 2 * order + 1])
        return order

    def dealt(self, values: NDArray[Any]) -> NDArray[Any]:
        """Returns (copies, neurons of a copy) values of the (units, neurons) of whole units."""
        by_place = values.reshape(self.units, -1, self.phases)  # unit, neuron of a copy, place
        return by_place[:, :, self.reversed].transpose(0, 2, 1).reshape(self.size, -1)

    def gathered(self, values: NDArray[Any]) -> NDArray[Any]:
        """Returns (units, neurons) values of whole units of the (copies, neurons of a copy): undoes `dealt`."""
        by_phase = values.reshape(self.units, self.phases, -1)
        return by_phase[:, self.reversed].transpose(0, 2, 1).reshape(self.units, -1)

    def repeated(self, values: NDArray[Any], axis: int = 0) -> NDArray[Any]:
        """Returns values of units as those of copies: each copy has what its unit has."""
        return np.repeat(values, self.phases, axis=axis)

    def first(self, values: NDArray[Any]) -> NDArray[Any]:
        """Returns, along the first axis, what the first copy of each unit has."""
        return values[:: self.phases]

    @property
    def likeness(self) -> Int:
        """(copies,) the first copy of the unit that each is a copy of."""
        return self.unit * self.phases

    def whole(self, activity: NDArray[np.floating]) -> Float:
        """Returns (..., units) activity of units whose copies show (..., copies) `activity`."""
        return np.asarray(self.summed(activity), dtype=np.float64) / self.phases

    def summed(self, values: NDArray[Any]) -> NDArray[Any]:
        """Returns (..., units) sums over the copies of each unit."""
        return values.reshape(*values.shape[:-1], self.units, self.phases).sum(axis=-1)

    def neuron_of_unit(self, copy: Int, neuron: Int, neurons: int) -> Int:
        """Returns the place among all neurons of its unit of each `neuron` of a `copy`, which has `neurons`."""
        return neuron * self.phases + self.reversed[copy % self.phases]

    def problems(self, where: str, size: int) -> Iterable[Problem]:
        """Yields what keeps these from being the copies of a population of `size`."""
        if self.phases < 2 or self.phases & (self.phases - 1):
            cure = "give a power of two from 2 up"
            yield Problem("level-malformed", where, f"its units have {self.phases} copies each", cure)
        elif self.units < 1 or self.size != size:
            what = f"{self.phases} copies of {self.units} units for {size}"
            yield Problem("level-array-shape", where, what, "give as many copies of every unit")
