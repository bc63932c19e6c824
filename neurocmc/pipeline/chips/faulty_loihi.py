"""Runs a circuit on Loihi chips with faults, for `pipeline.robustness`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.matrices import count
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.faults import NO_FAULT
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.loihi.perturbed.perturb import Perturbation, PerturbedNetwork, perturb
from neurocmc.sim.loihi.perturbed.run import simulate_perturbed

MAX_SYNAPSES = 20_000_000  # of an expanded network


@dataclass(frozen=True, slots=True)
class FaultyLoihi:
    """An integer network, from which each seed draws a faulty chip."""

    network: IntegerNetwork

    def check(self) -> None:
        """Raises InputError where the network, expanded to single neurons, is too large."""
        size = {population.name: population.neurons for population in self.network.populations}
        synapses = sum(count(p.mantissa) * size[p.source] * size[p.target] for p in self.network.projections)
        if synapses > MAX_SYNAPSES:
            what = f"expanded to single neurons it has {synapses:,} synapses, limit {MAX_SYNAPSES:,}"
            cure = "compile with fewer neurons a unit (--neurons)"
            raise InputError(Problem("network-too-large", f"network {self.network.name}", what, cure))

    def host(self, stimulus: Stimulus) -> Mapping[str, NDArray[Any]]:
        """Encodes the values of the input axons."""
        return encode(self.network, stimulus)

    def draw(self, seed: int, kind: str, level: float) -> "FaultyLoihiChip":
        """Draws a chip whose faults are of one kind: a field of `Perturbation`."""
        none = Perturbation(seed=seed)
        return FaultyLoihiChip(perturb(self.network, none if kind == NO_FAULT else replace(none, **{kind: level})))


@dataclass(frozen=True, slots=True)
class FaultyLoihiChip:
    """A faulty chip of the Loihi family, expanded to single compartments."""

    perturbed: PerturbedNetwork

    def run(self, stimulus: Stimulus, trials: Sequence[int], host: Mapping[str, NDArray[Any]]) -> Recording:
        """Runs the trials compartment by compartment."""
        return simulate_perturbed(self.perturbed, stimulus, trials, host)
