"""Defines what a family of chips must do for the compiler.

A family lowers a staged circuit (`Family.lower`) and reads it back from an artifact (`Family.load`). Either gives a
`Built`: the spiking network, the levels below it, and all that is done with them.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from neurocmc.common.errors import InputError, Problem
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.pipeline.chips.built import Built
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import Target, TargetSchema
from neurocmc.theory.certificate import Certificate

T = TypeVar("T", bound=Target)


class Family(ABC, Generic[T]):
    """A kind of chip, which says how a circuit becomes what it holds, and how that is read from an artifact."""

    schema: ClassVar[TargetSchema]
    rounds_neurons: ClassVar[bool] = True  # whether weights of single neurons become integers, of one synapse or two
    keeps_weights: ClassVar[str] = "the target computes in real numbers"  # why it does not

    @property
    def lowest(self) -> str:
        """The level without whose file in `ir/` an artifact is not whole."""
        return self.schema.lowest

    def refuse(self, staged: RateCircuit, target: T, options: CompileOptions) -> None:
        """Refuses a circuit of which counts alone say that no placement could hold it.

        Args:
            staged: The circuit with its tick and relays.
            target: The target.
            options: What the user chose: neurons per unit above all.

        Raises:
            InfeasibleError: With every limit that is passed.
        """

    @abstractmethod
    def lower(self, staging: Staging, target: T, options: CompileOptions, clock: Clock) -> tuple[Built, Certificate]:
        """Lowers a circuit to the chip.

        Args:
            staging: The staged circuit, and the ranges that it visits.
            target: The target.
            options: What the user chose.
            clock: Is told when each pass is done.

        Returns:
            The circuit on the chip, and what theory says of its up-states there.

        Raises:
            InfeasibleError: Where the target cannot hold the circuit or, without `allow_lost_states`, one of its
                up-states.
        """

    @abstractmethod
    def load(self, folder: Path, staged: RateCircuit, spiking: SpikingNetwork, target: T) -> Built:
        """Reads what `Built.save` wrote.

        Args:
            folder: The folder `ir/` of an artifact.
            staged: The rate circuit that was matched, from the artifact.
            spiking: The pools, from the artifact.
            target: The target.

        Returns:
            The circuit on the chip.

        Raises:
            InputError: Where the files are damaged.
        """

    def lower_neurons(self, staging: NeuronStaging, target: T, clock: Clock) -> NeuronBuilt:
        """Lowers a network that spikes already to the chip.

        Args:
            staging: The network, and the stimulus that its scales are chosen on.
            target: The target.
            clock: Is told when each pass is done.

        Returns:
            The network on the chip.

        Raises:
            InputError: Where the family has no such neurons.
            InfeasibleError: Where the target cannot hold the network.
        """
        raise InputError(_no_neurons(target))

    def lower_integers(self, network: Any, calibration: EventStimulus, target: T, clock: Clock) -> NeuronBuilt:
        """Lowers a network of single neurons that was brought in the chip's own integers.

        Args:
            network: The integers.
            calibration: The stimulus that registers are watched on.
            target: The target.
            clock: Is told when each pass is done.

        Returns:
            The network on the chip.

        Raises:
            InputError: Where the family has no such neurons.
            InfeasibleError: Where the target cannot hold the network.
        """
        raise InputError(_no_neurons(target))

    def load_neurons(
        self,
        folder: Path,
        given: NeuronNetwork | None,
        fitted: NeuronNetwork | None,
        notes: tuple[str, ...],
        target: T,
    ) -> NeuronBuilt:
        """Reads what `NeuronBuilt.save` wrote.

        Args:
            folder: The folder `ir/` of an artifact.
            given: The network as it was brought; None where it was brought in integers.
            fitted: The same with the chip's resets and latencies.
            notes: What was exchanged.
            target: The target.

        Returns:
            The network on the chip.

        Raises:
            InputError: Where the files are damaged.
        """
        raise InputError(_no_neurons(target))


def _no_neurons(target: Target) -> Problem:
    what = "it has no neurons for spiking networks"
    return Problem("network-unfit-for-target", f"target {target.name}", what, "use --target loihi1, loihi2 or brian2")
