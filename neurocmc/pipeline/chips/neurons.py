"""Defines what a family of chips must do for networks of single neurons, and what may be asked of one it has built.

It is the contract of `pipeline.chips.family`, for what spikes already when it is brought: there are no gains to match
and no pools, so nothing of that contract but the shape is shared. A family that has no such neurons leaves
`Family.lower_neurons` as it is, which refuses by name.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from neurocmc.common.errors import InfeasibleError, InputError, Problem
from neurocmc.ir.neurons.network import NeuronNetwork, SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.pipeline.chips.faults import FaultyNeuronChips, no_faults
from neurocmc.report.budget import Budget
from neurocmc.report.losses import Losses
from neurocmc.report.pictures import Drawn
from neurocmc.targets import Planes, Target
from neurocmc.verification.edges import Edge

TWIN_TRIALS = 50  # at most, that a twin runs
TWIN_NEURON_TICKS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeuronStaging:
    """A network to be lowered, and the stimulus that scales are chosen on.

    Args:
        network: As it was brought.
        calibration: Spikes that say how large numbers become.
        planes: Of how many synapses, 1 or 2, a weight is the sum.
        seed: Of what a family draws.
    """

    network: NeuronNetwork
    calibration: EventStimulus
    planes: Planes
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuronBuilt(ABC):
    """A network as a chip holds it, in memory or from an artifact. Without slots: what is derived is derived once.

    Args:
        target: The target.
        given: The network as it was brought; None where it was brought in integers.
        fitted: The same with the reset and the latencies of the chip, in real numbers and its own time.
        notes: What was exchanged on the way, a line each.
    """

    level: ClassVar[str] = "emulator"
    tool: ClassVar[str] = ""  # the maker's own tool that runs the program, as `--on` names it

    target: Target
    given: NeuronNetwork | None
    fitted: NeuronNetwork | None
    notes: tuple[str, ...] = ()

    @property
    def levels(self) -> tuple[Any, ...]:
        """Levels below the fitted network that exports take."""
        return ()

    @property
    def cores_used(self) -> int:
        """Cores that it takes of the target; 0 of one that has none."""
        return 0

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of the network."""

    @property
    @abstractmethod
    def tick_s(self) -> float:
        """The model's time of a tick, in s."""

    @property
    @abstractmethod
    def inputs(self) -> tuple[SpikeInput, ...]:
        """The inputs and their channels."""

    @property
    @abstractmethod
    def sizes(self) -> Mapping[str, int]:
        """Population -> its neurons."""

    @abstractmethod
    def run(self, stimulus: EventStimulus) -> NeuronRecording:
        """Runs all trials of a stimulus on the lowest level.

        Args:
            stimulus: The stimulus, with spikes for each input.

        Returns:
            Every spike, in the time of the network as it was brought.

        Raises:
            InfeasibleError: Where it drives a register beyond its end.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes the levels below the fitted network into `ir/` of an artifact, as numbers and as text."""

    @abstractmethod
    def emit(self, folder: Path, stimuli: Mapping[str, EventStimulus], trials: int | None = None) -> None:
        """Writes the program into a new folder, with the first trials of each stimulus."""

    @abstractmethod
    def budget(self, stimulus: EventStimulus, seen: NeuronRecording) -> Budget:
        """Counts what the network takes of the target, and the energy of what `run` recorded."""

    def check(self, stimulus: EventStimulus) -> None:  # noqa: B027  (what can be sent anything refuses nothing)
        """Refuses a stimulus that the chip cannot be sent. Raises InputError."""

    def twin_edges(self, stimulus: EventStimulus) -> list[Edge]:
        """Compares `run` with an independent emulator, spike for spike."""
        return []

    def emitted_edges(self, program: Path, stimulus: EventStimulus) -> list[Edge]:
        """Compares the emitted program with `run`, spike for spike, on some trials."""
        return []

    def run_program(self, program: Path, stimulus: EventStimulus, time_limit_s: float) -> NeuronRecording:
        """Runs the emitted program on the maker's own tool. Raises InputError where there is none."""
        what = f"neurocmc cannot run the programs of {self.target.name}"
        raise InputError(Problem("interpreter-unfit", "--on", what, f"use --on {self.level}"))

    def faulty_chips(self) -> FaultyNeuronChips:
        """Returns the network on chips with faults.

        Returns:
            What draws a chip for each seed.

        Raises:
            InputError: Where the family has no model of faults.
        """
        raise InputError(no_faults(self.target.name))

    def realised(self) -> NeuronNetwork:
        """Returns the network in real numbers, with those that the chip has in place of those that were wanted.

        Raises InfeasibleError where they cannot be had in real numbers.
        """
        if self.fitted is None:
            what, cure = "it was brought in integers, and has no real numbers", "export what they were made of"
            raise InfeasibleError(Problem("nir-cannot-say", f"network {self.name}", what, cure))
        return self.fitted

    def verdicts(self) -> tuple[str, ...]:
        """Returns what is known of the registers, a line each."""
        return ()

    def losses(self) -> Losses | None:
        """Returns what reports say was lost on this chip."""
        return None

    def pictures(self) -> tuple[Drawn, ...]:
        """Returns pictures of this chip for the report."""
        return ()
