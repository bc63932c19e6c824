"""Steps the neurons of a population: their filters, which of them spike, and what a spike leaves of the voltage."""

from collections.abc import Sequence

import numpy as np

from neurocmc.ir.neurons.network import NeuronPopulation
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.sim.neurons.filters import Filters, Real


class Membranes:
    """The neurons of a population in all trials of a block; arrays are (batch, neurons)."""

    def __init__(self, population: NeuronPopulation, semantics: Semantics, batch: int) -> None:
        self._population = population
        self._semantics = semantics
        self._filters = Filters(population, semantics, batch)
        dtype = self._filters.v.dtype
        self._threshold = population.threshold.astype(dtype)
        bounded = np.isfinite(population.floor)
        self._floor = np.where(bounded, population.floor, 0).astype(dtype) if bounded.any() else None
        self._bounded = bounded
        self._last = np.zeros((batch, population.size), dtype=dtype)  # spikes of the last tick
        self._held = np.zeros((batch, population.size), dtype=np.int32)  # ticks for which v stays at 0

    @property
    def voltage(self) -> Real:
        """(batch, neurons) voltage after the last tick, the spikes' reset done."""
        return self._filters.v

    def step(self, arriving: Sequence[Real]) -> Real:
        """Goes on by a tick, and returns how often each neuron spikes in it."""
        above = self._fired() if self._population.rest_kept else None  # a rest that was above the threshold still
        self._filters.step(arriving)
        if self._population.reset_late:
            self._reset(self._last)
        if above is not None:
            self._filters.v = self._filters.v - above * self._threshold
        if self._population.refractory_ticks > 1:
            self._filters.v = np.where(self._held > 0, self._filters.v.dtype.type(0), self._filters.v)
        spikes = self._fired()
        if above is not None:
            self._filters.v = self._filters.v - (spikes - above) * self._threshold
        elif not self._population.reset_late:
            self._reset(spikes)
        self._hold(spikes)
        self._lift()
        self._last = spikes
        return spikes

    def _fired(self) -> Real:
        v = self._filters.v
        if self._semantics.several_spikes:
            return np.where(v > 0, np.trunc(v / self._threshold), v.dtype.type(0))
        above = v >= self._threshold if self._semantics.at_threshold else v > self._threshold
        return above.astype(v.dtype)

    def _reset(self, spikes: Real) -> None:
        if self._population.reset == "zero":
            self._filters.v = self._filters.v * (spikes == 0)
        elif self._population.reset == "subtract":
            self._filters.v = self._filters.v - spikes * self._threshold

    def _hold(self, spikes: Real) -> None:
        ticks = self._population.refractory_ticks
        if ticks > 1:
            self._held = np.where(spikes > 0, ticks - 1, np.maximum(self._held - 1, 0))

    def _lift(self) -> None:
        """Keeps voltages from falling below their floor, with the rounding of relu(v - floor) + floor (sinabs)."""
        if self._floor is not None:
            v = self._filters.v
            lifted = np.maximum(v - self._floor, v.dtype.type(0)) + self._floor
            self._filters.v = np.where(self._bounded, lifted, v)
