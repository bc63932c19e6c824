"""Defines what an interpreter saw of a network of neurons: every spike, and the host's readouts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import frozen_array
from neurocmc.ir.neurons.spikes import SpikeList


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
