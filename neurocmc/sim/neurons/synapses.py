"""Sums what arrives at a population in a tick: spikes of now and of earlier ticks through matrices of weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocmc.ir.neurons.network import NeuronNetwork, NeuronProjection
from neurocmc.sim.neurons.filters import Real

DENSE = 0.3  # of all pairs, from which on a matrix is multiplied as a whole


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The spikes of a population or an input in the last ticks, a ring of (length, batch, units), at first silent."""

    ring: Real

    @classmethod
    def of(cls, length: int, batch: int, units: int, dtype: np.dtype[Any]) -> "History":
        """Makes a silent history of so many ticks, the running one with them."""
        return cls(np.zeros((length, batch, units), dtype=dtype))

    def write(self, tick: int, spikes: Real) -> None:
        """Takes the spikes of a tick, in place of the oldest."""
        self.ring[tick % len(self.ring)] = spikes

    def read(self, tick: int, delay_ticks: int) -> Real:
        """Returns (batch, units) spikes of so many ticks before `tick`, for which the ring has to be long enough."""
        return self.ring[(tick - delay_ticks) % len(self.ring)]


@dataclass(frozen=True, slots=True, eq=False)
class Synapses:
    """The synapses of a projection, a matrix for each delay."""

    source: str
    matrices: tuple[tuple[int, "NDArray[Any] | sparse.csr_matrix"], ...]
    bias: Real | None  # None: 0
    bias_from_tick: int

    @classmethod
    def of(cls, projection: NeuronProjection, sources: int, dtype: np.dtype[Any]) -> "Synapses":
        """Lays the weights of a projection out."""
        matrices: list[tuple[int, NDArray[Any] | sparse.csr_matrix]] = []
        for delay in projection.delays():
            matrix = projection.matrix(sources, delay)
            whole = matrix.nnz >= DENSE * projection.bias.size * sources
            weights: Any = matrix.toarray() if whole else matrix
            matrices.append((delay, weights.astype(dtype)))
        bias = projection.bias.astype(dtype) if projection.bias.any() else None
        return cls(projection.source, tuple(matrices), bias, projection.bias_from_tick)

    def arriving(self, histories: Mapping[str, History], tick: int) -> Real | None:
        """Returns (batch, neurons) what arrives in a tick, the bias added last; None where nothing can."""
        total: Real | None = None
        for delay, matrix in self.matrices:
            part = weighted(histories[self.source].read(tick, delay), matrix)
            total = part if total is None else total + part
        if self.bias is None or tick < self.bias_from_tick:
            return total
        batch = histories[self.source].ring.shape[1]
        return np.broadcast_to(self.bias, (batch, self.bias.size)) if total is None else total + self.bias


def weighted(spikes: Real, matrix: "NDArray[Any] | sparse.csr_matrix") -> Real:
    """Returns (batch, targets) sums of (batch, sources) spikes through (targets, sources) weights."""
    if isinstance(matrix, np.ndarray):
        return spikes @ matrix.T
    return np.asarray(matrix @ spikes.T).T


def synapses_into(network: NeuronNetwork, name: str, dtype: np.dtype[Any]) -> tuple[Synapses, ...]:
    """Returns the synapses into a population, those from inputs and earlier populations first, then loops."""
    order = {population.name: index for index, population in enumerate(network.populations)}
    forward = {entry.name for entry in network.inputs} | {other for other in order if order[other] < order[name]}
    ordered = sorted(network.into(name), key=lambda projection: projection.source not in forward)
    return tuple(Synapses.of(each, network.size_of(each.source), dtype) for each in ordered)


def history_lengths(network: NeuronNetwork) -> dict[str, int]:
    """Returns for each population and input how many ticks of its spikes are needed, the running one with them."""
    names: Iterable[str] = (entry.name for entry in (*network.inputs, *network.populations))
    lengths = dict.fromkeys(names, 1)
    for projection in network.projections:
        longest = int(projection.delay_ticks.max(initial=0))
        lengths[projection.source] = max(lengths[projection.source], longest + 1)
    return lengths
