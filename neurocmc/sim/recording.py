"""Makes the Recording of a run from the spikes of its pools, the same way at every level at which there are spikes.

Units and neurons stand in one row each: population by population, unit by unit, neuron by neuron.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.trace import Trace
from neurocmc.sim.rasters import Raster


class DecodedPopulation(Protocol):
    """A population of any level, as decoding needs it."""

    @property
    def name(self) -> str: ...
    @property
    def units(self) -> int: ...
    @property
    def neurons(self) -> int: ...  # of a unit
    @property
    def activity_per_spike(self) -> float: ...
    @property
    def trace(self) -> Trace: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spikes:
    """Every spike of a run, in any order; all arrays have shape (spikes,)."""

    tick: NDArray[np.int32]
    trial: NDArray[np.int32]
    neuron: NDArray[np.int32]  # in the row of all neurons

    @classmethod
    def joined(cls, parts: Sequence["Spikes"]) -> "Spikes":
        """Returns the spikes of all parts together."""
        none = np.zeros(0, dtype=np.int32)
        return cls(
            tick=np.concatenate([none, *(part.tick for part in parts)]),
            trial=np.concatenate([none, *(part.trial for part in parts)]),
            neuron=np.concatenate([none, *(part.neuron for part in parts)]),
        )


def recording(
    populations: Sequence[DecodedPopulation],
    counts: NDArray[np.integer],
    spikes: Spikes | Raster | None = None,
    *,
    level: str,
    stimulus: str,
    tick_s: float,
) -> Recording:
    """Decodes the activity of every population from `counts` (batch, ticks, units), the spikes of each pool.

    `spikes` are kept where they are given.
    """
    from neurocmc.sim.decode import decode_counts  # here and not above: it brings numba along

    trains: dict[str, SpikeTrain] = {}
    if isinstance(spikes, Spikes):
        trains = _spike_trains(populations, spikes)
    elif spikes is not None:
        neurons = 0
        for population in populations:
            trains[population.name] = spikes.train(neurons, population.units, population.neurons)
            neurons += population.units * population.neurons

    by_population: dict[str, NDArray[np.integer]] = {}
    first = 0
    for population in populations:
        by_population[population.name] = counts[:, :, first : first + population.units]
        first += population.units
    return Recording(
        level=level,
        stimulus=stimulus,
        tick_s=tick_s,
        activity={
            p.name: decode_counts(by_population[p.name], p.activity_per_spike, p.trace, tick_s) for p in populations
        },
        spikes=trains,
        spike_counts={name: count.sum(axis=1, dtype=np.int64) for name, count in by_population.items()},
    )


def counted(populations: Sequence[DecodedPopulation], spikes: Spikes, batch: int, ticks: int) -> NDArray[np.int32]:
    """Counts the spikes of each pool in each tick, (batch, ticks, units)."""
    pools = [population.neurons for population in populations for _ in range(population.units)]
    unit = np.repeat(np.arange(len(pools)), pools)[spikes.neuron]
    counts = np.zeros((batch, ticks, len(pools)), dtype=np.int32)
    np.add.at(counts, (spikes.trial, spikes.tick, unit), 1)
    return counts


def _spike_trains(populations: Sequence[DecodedPopulation], spikes: Spikes) -> dict[str, SpikeTrain]:
    """The spikes by population, in order of tick, trial, unit, neuron."""
    trials, neurons = int(spikes.trial.max(initial=0)) + 1, int(spikes.neuron.max(initial=0)) + 1
    place = (spikes.tick.astype(np.int64) * trials + spikes.trial) * neurons + spikes.neuron
    order = np.argsort(place, kind="stable")  # one key: quicker than three, most of all where runs stand in order
    tick, trial, neuron = spikes.tick[order], spikes.trial[order], spikes.neuron[order]
    trains: dict[str, SpikeTrain] = {}
    first = 0
    for population in populations:
        behind = first + population.units * population.neurons
        own = (neuron >= first) & (neuron < behind)
        unit, member = np.divmod(neuron[own] - first, population.neurons)
        trains[population.name] = SpikeTrain(tick=tick[own], trial=trial[own], unit=unit, neuron=member)
        first = behind
    return trains
