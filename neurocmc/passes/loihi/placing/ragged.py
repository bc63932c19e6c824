"""Holds rows of different lengths in two arrays, so that a million of them are gathered and turned around at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Int, row_starts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ragged:
    """Rows of whole numbers: row k is `flat[start[k]:start[k + 1]]`."""

    start: Int  # (rows + 1,)
    flat: Int

    @classmethod
    def of_rows(cls, row: Int, value: Int, rows: int) -> "Ragged":
        """Returns the values of each row, rising and each once; `row` says whose each one is."""
        reach = int(value.max(initial=-1)) + 1
        keys = unique(row * reach + value)
        counts = np.bincount(keys // reach if reach else keys, minlength=rows)
        return cls(start=row_starts(counts), flat=keys % reach if reach else keys)

    def __len__(self) -> int:
        return self.start.size - 1

    def __getitem__(self, row: int) -> Int:
        return self.flat[self.start[row] : self.start[row + 1]]

    def __iter__(self) -> Iterator[Int]:
        return (self[row] for row in range(len(self)))

    @property
    def counts(self) -> Int:
        """(rows,) how long each is."""
        return np.diff(self.start)

    @property
    def rows(self) -> Int:
        """(values,) the row in which each value stands."""
        return np.repeat(np.arange(len(self)), self.counts)

    def sums(self, amounts: Int) -> Int:
        """Returns (rows,) the sum of the amounts of each row's values."""
        running = np.concatenate([[0], np.cumsum(amounts[self.flat])]).astype(np.int64)
        return running[self.start[1:]] - running[self.start[:-1]]

    def gathered(self, rows: Int) -> tuple[Int, Int]:
        """Returns the values of some rows, one row after the other, and for each of them the place of its row."""
        counts = self.counts[rows]
        place = np.repeat(np.arange(rows.size), counts)
        within = np.arange(place.size) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.flat[self.start[rows][place] + within], place

    def turned(self, rows: int) -> "Ragged":
        """Returns for each of `rows` values the rows in which it stands, rising."""
        order = np.argsort(self.flat, kind="stable")
        return Ragged(start=row_starts(np.bincount(self.flat, minlength=rows)), flat=self.rows[order])


def unique(keys: Int) -> Int:
    """Returns each key once, rising: by sorting, which is quicker than numpy's hashing of many."""
    ordered = np.sort(keys)
    return ordered[first_of_runs(ordered)]


def first_of_runs(ordered: Int) -> Bool:
    """Returns where a value differs from the one before it."""
    first = np.ones(ordered.size, dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return first


def summed(keys: Int, *amounts: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Returns each key once, rising, and for each of `amounts` the sum of what stands beside the key."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first = np.flatnonzero(first_of_runs(ordered))
    if not first.size:
        return (ordered, *(amount[:0] for amount in amounts))
    return (ordered[first], *(np.add.reduceat(amount[order], first) for amount in amounts))


def by_first_seen(keys: Int) -> tuple[Int, Int]:
    """Returns a number for each key, counted as they come, and where each number is seen first."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[inverse.ravel()], np.sort(first)


def joined(parts: Sequence[NDArray[Any]]) -> Int:
    """Returns arrays one after the other; of none, none."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])
