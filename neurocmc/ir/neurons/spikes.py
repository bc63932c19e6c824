"""Defines lists of spikes by trial, tick and unit, one entry for each place in which something has spiked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int, set_frozen

FIELDS = ("trial", "tick", "unit", "count")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikeList:
    """Spikes of some units, in order of trial, tick, unit; each place stands once, with how many spikes it has."""

    trial: NDArray[np.int32]
    tick: NDArray[np.int32]
    unit: NDArray[np.int32]
    count: NDArray[np.int32]  # 1, but where a framework lets a neuron spike several times in a tick

    def __post_init__(self) -> None:
        length = np.size(self.tick)
        for field in FIELDS:
            set_frozen(self, field, np.int32, (length,))

    @classmethod
    def of(cls, trial: Any, tick: Any, unit: Any, count: Any = None) -> "SpikeList":
        """Returns places that are in order already, each with one spike, or with `count`."""
        each = np.ones(np.shape(tick), dtype=np.int32) if count is None else count
        return cls(trial=trial, tick=tick, unit=unit, count=each)

    @classmethod
    def in_order(cls, trial: Any, tick: Any, unit: Any) -> "SpikeList":
        """Returns places that all differ, put in order, each with one spike."""
        order = np.lexsort((unit, tick, trial))
        return cls.of(trial[order], tick[order], unit[order])

    @classmethod
    def of_events(cls, trial: Any, tick: Any, unit: Any) -> "SpikeList":
        """Returns events in order, those of one place together."""
        packing = _Packing.of([trial], [tick], [unit])
        places, count = np.unique(packing.packed(trial, tick, unit), return_counts=True)
        return cls.of(*packing.unpacked(places), count)

    @classmethod
    def of_dense(cls, counts: NDArray[Any]) -> "SpikeList":
        """Returns (trials, ticks, units) counts as a list."""
        trial, tick, unit = np.nonzero(counts)
        return cls.of(trial, tick, unit, counts[trial, tick, unit])

    @property
    def total(self) -> int:
        """All spikes."""
        return int(self.count.sum(dtype=np.int64))

    def dense(self, trials: int, ticks: int, units: int) -> NDArray[np.float32]:
        """Returns (trials, ticks, units) counts."""
        found = np.zeros((trials, ticks, units), dtype=np.float32)
        found[self.trial, self.tick, self.unit] = self.count
        return found

    def counts(self, trials: int, units: int) -> Int:
        """Returns (trials, units) spikes of each unit in each trial."""
        place = self.trial.astype(np.int64) * units + self.unit
        found = np.bincount(place, weights=self.count, minlength=trials * units)
        return np.rint(found).astype(np.int64).reshape(trials, units)

    def take(self, chosen: Int) -> "SpikeList":
        """Returns the spikes of some trials, numbered anew in the order given."""
        parts = [np.flatnonzero(self.trial == trial) for trial in chosen.tolist()]
        own = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
        trial = np.repeat(np.arange(len(parts)), [part.size for part in parts])
        return SpikeList.of(trial, self.tick[own], self.unit[own], self.count[own])

    def later(self, ticks: int, end: int | None = None) -> "SpikeList":
        """Returns the same so many ticks later; what then lies before tick 0, or at `end` or after, is left out."""
        tick = self.tick + ticks
        own = np.flatnonzero((tick >= 0) & (tick < (np.inf if end is None else end)))
        return SpikeList.of(self.trial[own], tick[own], self.unit[own], self.count[own])

    def differing(self, other: "SpikeList") -> "SpikeList":
        """Returns the places in which two lists differ, with the number of spikes by which they do."""
        both = (self, other)
        packing = _Packing.of(*([getattr(part, field) for part in both] for field in FIELDS[:3]))
        keys = np.concatenate([packing.packed(part.trial, part.tick, part.unit) for part in both])
        places, index = np.unique(keys, return_inverse=True)
        signed = np.concatenate([self.count, -other.count])
        apart = np.abs(np.bincount(index, weights=signed, minlength=places.size)).astype(np.int64)
        own = np.flatnonzero(apart)
        return SpikeList.of(*packing.unpacked(places[own]), apart[own])


@dataclass(frozen=True, slots=True)
class _Packing:
    """Places as single numbers, which sort as trial, tick, unit do."""

    ticks: int
    units: int

    @classmethod
    def of(cls, _trials: Any, ticks: Any, units: Any) -> "_Packing":
        """Returns one that holds all of these."""
        return cls(*(1 + max(int(np.max(part, initial=0)) for part in parts) for parts in (ticks, units)))

    def packed(self, trial: Any, tick: Any, unit: Any) -> Int:
        columns = (np.ravel(column).astype(np.int64) for column in (trial, tick, unit))
        trial, tick, unit = columns
        return (trial * self.ticks + tick) * self.units + unit

    def unpacked(self, keys: Int) -> tuple[Int, Int, Int]:
        rest, unit = np.divmod(keys, self.units)
        trial, tick = np.divmod(rest, self.ticks)
        return trial, tick, unit
