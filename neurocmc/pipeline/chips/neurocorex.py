"""Compiles for NeuroCoreX, an FPGA with 90 neurons that add up what arrives, every one with every other."""

from pathlib import Path

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.pipeline.chips.built import Built
from neurocmc.pipeline.chips.family import Family
from neurocmc.pipeline.chips.neurocorex_neurons import load_from_neurocorex, lower_to_neurocorex
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets.kinds import BUILT_IN
from neurocmc.targets.neurocorex import NeuroCoreXTarget
from neurocmc.theory.certificate import Certificate


class NeuroCoreXFamily(Family[NeuroCoreXTarget]):
    """The family of the NeuroCoreX board."""

    schema = BUILT_IN["neurocorex"]
    rounds_neurons = False  # a weight is one number of 8 bits

    def lower(
        self, staging: Staging, target: NeuroCoreXTarget, options: CompileOptions, clock: Clock
    ) -> tuple[Built, Certificate]:
        """Refuses: see docs/neurocorex.md."""
        raise_infeasible(_no_rates(staging.staged, target))
        raise AssertionError

    def load(self, folder: Path, staged: RateCircuit, spiking: SpikingNetwork, target: NeuroCoreXTarget) -> Built:
        """Refuses."""
        raise_infeasible(_no_rates(staged, target))
        raise AssertionError

    def lower_neurons(self, staging: NeuronStaging, target: NeuroCoreXTarget, clock: Clock) -> NeuronBuilt:
        """Makes delays neurons, gives places, rounds."""
        return lower_to_neurocorex(staging, target, clock)

    def load_neurons(
        self,
        folder: Path,
        given: NeuronNetwork | None,
        fitted: NeuronNetwork | None,
        notes: tuple[str, ...],
        target: NeuroCoreXTarget,
    ) -> NeuronBuilt:
        """Reads the program of a board."""
        return load_from_neurocorex(folder, given, fitted, notes, target)


def _no_rates(circuit: RateCircuit, target: NeuroCoreXTarget) -> list[Problem]:
    what = f"{target.name} has no filter behind a synapse, and adds up what arrives"
    return [Problem("kernel-order-unfit", f"circuit {circuit.name}", what, "use --target loihi1 or truenorth")]
