"""Runs circuits and networks of neurons in real numbers with faults, for `pipeline.robustness`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurocmc.common.arrays import Int
from neurocmc.common.matrices import count
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.faults import (
    NO_FAULT,
    DrawnNeurons,
    FaultyChips,
    FaultyNeuronChips,
    check_expanded,
    meanings,
)
from neurocmc.sim.faulty_neurons import KINDS as NEURON_KINDS
from neurocmc.sim.faulty_neurons import draw_neurons, simulate_faulty_neurons
from neurocmc.sim.faulty_pools import KINDS, FaultyPools, draw_pools, simulate_faulty_pools


@dataclass(frozen=True, slots=True)
class FaultyIdeal(FaultyChips):
    """Pools of LIF neurons, of which each seed draws others that are not as they should be."""

    network: SpikingNetwork

    @property
    def kinds(self) -> Mapping[str, str]:
        """All that the pools have."""
        return meanings(*KINDS)

    def check(self) -> None:
        """Raises InputError where the network has too many synapses of single cells."""
        pairs = ((p.source, p.target, count(p.weight)) for p in self.network.projections)
        check_expanded(self.network.name, {p.name: p.neurons for p in self.network.populations}, pairs)

    def draw(self, seed: int, kind: str, level: float) -> "FaultyIdealPools":
        """Draws pools; without a fault all cells live."""
        kind, level = ("dead", 0.0) if kind == NO_FAULT else (kind, level)
        return FaultyIdealPools(draw_pools(self.network, kind, level, seed))


@dataclass(frozen=True, slots=True)
class FaultyIdealPools:
    """Pools whose faults are drawn."""

    faulty: FaultyPools

    def run(self, stimulus: Stimulus, trials: Int, host: Any) -> Recording:
        """Runs the trials cell by cell; drives are sent as they are."""
        return simulate_faulty_pools(self.faulty, stimulus, trials.tolist())


@dataclass(frozen=True, slots=True)
class FaultyIdealNeurons(FaultyNeuronChips):
    """A network of single neurons in real numbers."""

    network: NeuronNetwork

    @property
    def kinds(self) -> Mapping[str, str]:
        """All that such neurons have."""
        return meanings(*NEURON_KINDS)

    def draw(self, seed: int, kind: str, level: float) -> DrawnNeurons:
        """Draws a network whose neurons and synapses are not as they should be."""
        kind, level = ("dead", 0.0) if kind == NO_FAULT else (kind, level)
        faulty = draw_neurons(self.network, kind, level, seed)
        return lambda stimulus, trials: simulate_faulty_neurons(faulty, stimulus, trials)
