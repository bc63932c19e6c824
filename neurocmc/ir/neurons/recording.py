"""Defines what an interpreter saw of a network of neurons: every spike, and the host's readouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import frozen_array
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.plotting import drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NeuronRecording:
    """Spikes by trial, tick and neuron, in the network's own time: latencies of a chip are taken off.

    Args:
        level: "float", "fitted", "emulator", "compartments", "brian2", "lava".
        stimulus: The name of the stimulus.
        batch: Trials.
        ticks: Of every trial.
        sizes: Population -> its neurons.
        spikes: Population -> its spikes.
        host: Host readout -> (trials, ticks, units) value in each tick.
    """

    level: str
    stimulus: str
    batch: int
    ticks: int
    sizes: Mapping[str, int]
    spikes: Mapping[str, SpikeList]
    host: Mapping[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        host = {name: frozen_array(value, np.float64, (None, None, None), name) for name, value in self.host.items()}
        object.__setattr__(self, "host", MappingProxyType(host))
        for field in ("sizes", "spikes"):
            object.__setattr__(self, field, MappingProxyType(dict(getattr(self, field))))

    def __repr__(self) -> str:
        """One line, whatever its size."""
        parts = ", ".join(f"{name} ({entry.total:,} spikes)" for name, entry in self.spikes.items())
        return f"<NeuronRecording of {self.stimulus} on {self.level}: {self.batch:,} x {self.ticks:,} ticks; {parts}>"

    def counts(self, population: str) -> NDArray[np.int64]:
        """Returns (trials, neurons) spikes of each neuron of a population in each trial."""
        return self.spikes[population].counts(self.batch, self.sizes[population])

    @property
    def total(self) -> int:
        """All spikes of all populations."""
        return sum(entry.total for entry in self.spikes.values())

    def plot(self, trial: int = 0, populations: Sequence[str] | None = None) -> "Figure":
        """Draws one trial: the spikes of each population, a row a neuron, and the values of the host's readouts.

        Args:
            trial: Which trial, from 0.
            populations: The names of those to draw, in that order. None draws all.

        Returns:
            A figure of matplotlib, which shows itself as the last value of a notebook's cell.

        Raises:
            InputError: For a trial or a population that the recording does not have.

        Example:
            >>> figure = neurocmc.simulate("build/digits", on="emulator").plot(populations=["out"])
        """
        return drawn(self, trial, populations)
