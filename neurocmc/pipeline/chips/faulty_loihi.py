"""Runs a circuit on Loihi chips with faults, for `pipeline.robustness`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.matrices import count
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.faults import (
    NO_FAULT,
    DrawnNeurons,
    FaultyChips,
    FaultyNeuronChips,
    check_expanded,
    meanings,
)
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.loihi.neurons.faulty import draw_faulty, run_faulty
from neurocmc.sim.loihi.perturbed.perturb import STREAM, Perturbation, PerturbedNetwork, perturb
from neurocmc.sim.loihi.perturbed.run import simulate_perturbed


@dataclass(frozen=True, slots=True)
class FaultyLoihi(FaultyChips):
    """An integer network, from which each seed draws a faulty chip."""

    network: IntegerNetwork

    @property
    def kinds(self) -> Mapping[str, str]:
        """The fields of `Perturbation`."""
        return meanings(*STREAM)

    def check(self) -> None:
        """Raises InputError where the network, expanded to single neurons, is too large."""
        pairs = ((p.source, p.target, count(p.mantissa)) for p in self.network.projections)
        check_expanded(self.network.name, {p.name: p.neurons for p in self.network.populations}, pairs)

    def host(self, stimulus: Stimulus) -> Mapping[str, NDArray[Any]]:
        """Encodes the values of the input axons."""
        return encode(self.network, stimulus)

    def draw(self, seed: int, kind: str, level: float) -> "FaultyLoihiChip":
        """Draws a chip whose faults are of one kind: a field of `Perturbation`."""
        return FaultyLoihiChip(perturb(self.network, perturbation_of(seed, kind, level)))


@dataclass(frozen=True, slots=True)
class FaultyLoihiChip:
    """A faulty chip of the Loihi family, expanded to single compartments."""

    perturbed: PerturbedNetwork

    def run(self, stimulus: Stimulus, trials: Int, host: Mapping[str, NDArray[Any]]) -> Recording:
        """Runs the trials compartment by compartment."""
        own = {name: values[trials] for name, values in host.items()}
        return simulate_perturbed(self.perturbed, stimulus.take(trials), trials.tolist(), own)


def perturbation_of(seed: int, kind: str, level: float) -> Perturbation:
    """Returns the faults of one kind at one level, or none."""
    none = Perturbation(seed=seed)
    return none if kind == NO_FAULT else replace(none, **{kind: level})


@dataclass(frozen=True, slots=True)
class FaultyLoihiNeurons(FaultyNeuronChips):
    """A network of single neurons in integers; `shown` puts the host's readouts and the framework's time to a run."""

    network: IntegerNeurons
    shown: Callable[[NeuronRecording], NeuronRecording]

    @property
    def kinds(self) -> Mapping[str, str]:
        """The fields of `Perturbation`."""
        return meanings(*STREAM)

    def draw(self, seed: int, kind: str, level: float) -> DrawnNeurons:
        """Draws a chip whose neurons and synapses are not as they were compiled."""
        chip = draw_faulty(self.network, perturbation_of(seed, kind, level))
        return lambda stimulus, trials: self.shown(run_faulty(chip, stimulus, trials))
