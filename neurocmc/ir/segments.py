"""Defines the segments of a population: its units cut into pieces of their range, each a pool of its own.

A pool counts in equal steps. Where a circuit is sensitive to a unit at some activities more than at others, its range
is cut into segments, each counted by as many neurons as any other: narrow segments have fine steps. Segment k of a
unit shows

    r_k = min(max(r - low_k, 0), width_k) / width_k          r = base + sum_k width_k r_k   within the range

so that nothing is approximated: the unit is the sum of its segments. A unit may have more of them than another; the
segments of one unit stand side by side, from its lowest up, without a gap.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.common.matrices import FloatMatrix, Sparse, is_sparse, mapped, with_values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """The pieces of range that the units of a population were cut into."""

    units: int  # of the whole population
    unit: Int  # (segments,) the unit that each is a piece of, rising
    low: Float  # (segments,) activity at which it is empty
    width: Float  # (segments,) activity from empty to full

    def __post_init__(self) -> None:
        set_frozen(self, "unit", np.int64, (None,))
        set_frozen(self, "low", np.float64, (len(self.unit),))
        set_frozen(self, "width", np.float64, (len(self.unit),))

    @property
    def size(self) -> int:
        return len(self.unit)

    @property
    def lowest(self) -> Int:
        """(units,) the lowest segment of each unit."""
        return np.searchsorted(self.unit, np.arange(self.units))

    @property
    def base(self) -> Float:
        """(units,) activity of each unit while all its segments are empty."""
        return self.low[self.lowest]

    @property
    def top(self) -> Float:
        """(units,) activity of each unit while all its segments are full."""
        return self.base + np.bincount(self.unit, weights=self.width, minlength=self.units)

    def shares(self, activity: Float) -> Float:
        """Returns (..., segments) how full each segment is, 0 to 1, at the (..., segments) activity of its unit."""
        return np.minimum(np.maximum(activity - self.low, 0.0), self.width) / self.width

    def split(self, activity: Float) -> Float:
        """Returns (segments,) shares that sum up to (units,) activity, also where that is beyond the range."""
        shares = self.shares(activity[self.unit])
        beyond = activity - self.whole(shares[None])[0]
        last = np.searchsorted(self.unit, np.arange(self.units), side="right") - 1
        shares[last] += beyond / self.width[last]
        return shares

    def whole(self, shares: NDArray[np.floating]) -> Float:
        """Returns (..., units) activity of units whose segments show (..., segments) `shares`."""
        return self.base + self.summed(shares * self.width)

    def summed(self, values: NDArray[Any]) -> NDArray[Any]:
        """Returns (..., units) sums over the segments of each unit."""
        return np.add.reduceat(values, self.lowest, axis=-1)

    def summed_up_to(self, weight: FloatMatrix) -> FloatMatrix:
        """Returns (rows, segments) sums over the segments of each unit up to each: what they do once they are full.

        Of a sparse matrix, in which a unit has all its segments in a row or none.
        """
        if is_sparse(weight):
            first = self._first_held(weight)
            sums = np.cumsum(weight.data)
            return with_values(weight, sums - np.where(first > 0, sums[first - 1], 0.0))
        first = np.searchsorted(self.unit, self.unit)
        sums = np.cumsum(weight, axis=-1)
        return sums - np.where(first > 0, sums[..., first - 1], 0.0)

    def carried(self, weight: FloatMatrix) -> FloatMatrix:
        """Returns (rows, segments) whole numbers, whose sums over each unit's segments so far are rounded ones."""
        rounded = mapped(self.summed_up_to(weight), np.rint)
        if is_sparse(rounded):
            before = np.concatenate([np.zeros(1), rounded.data[:-1]])
            follows = np.arange(rounded.nnz) > self._first_held(rounded)
            return with_values(rounded, rounded.data - np.where(follows, before, 0.0))
        before = np.concatenate([np.zeros((len(rounded), 1)), rounded[:, :-1]], axis=1)
        return rounded - np.where(self.index_in_unit() > 0, before, 0.0)

    def _first_held(self, weight: Sparse) -> Int:
        """(entries,) the place of the first entry of the same row and unit."""
        row = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
        unit = self.unit[weight.indices]
        new = np.ones(weight.nnz, dtype=np.bool_)
        new[1:] = (np.diff(row) != 0) | (np.diff(unit) != 0)
        return np.maximum.accumulate(np.where(new, np.arange(weight.nnz), 0))

    def index_in_unit(self) -> Int:
        """Returns (segments,) how many segments of its unit lie below each."""
        return np.arange(self.size) - np.searchsorted(self.unit, self.unit)

    def neuron_of_unit(self, segment: Int, neuron: Int, neurons: int) -> Int:
        """Returns the place among all neurons of its unit of each `neuron` of a `segment`, which has `neurons`."""
        return neuron + neurons * self.index_in_unit()[segment]

    def problems(self, where: str, size: int) -> Iterable[Problem]:
        """Yields what keeps these from being the segments of a population of `size`."""
        cure = "number the units from 0, rising, each with a segment at least, and give a low and a width above 0"
        if self.size != size:
            yield Problem("level-array-shape", where, f"{self.size} segments for {size} units", cure)
        elif self.units < 1 or not np.array_equal(np.unique(self.unit), np.arange(self.units)):
            yield Problem("level-malformed", where, "not every unit has a segment", cure)
        elif (np.diff(self.unit) < 0).any():
            yield Problem("level-malformed", where, "its segments are not in order of units", cure)
        elif not (np.isfinite(self.low).all() and np.isfinite(self.width).all() and (self.width > 0).all()):
            yield Problem("level-malformed", where, "a segment is empty, or not finite", cure)
        else:
            follows = self.unit[1:] == self.unit[:-1]
            ends = (self.low + self.width)[:-1]
            if not np.allclose(self.low[1:][follows], ends[follows], rtol=1e-9, atol=1e-12):
                yield Problem("level-malformed", where, "between two segments of a unit is a gap", cure)
