"""Defines what a family makes of a circuit: the pools, the levels below, and all that is done with them.

What stands here with a body is what most chips share; a chip without more than spikes and weights need only say how
its program is run, saved, emitted and counted.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.progress import Progress
from neurocmc.ir.gates import GATES, Gates
from neurocmc.ir.kept import Kept
from neurocmc.ir.rate import Classifier, RateCircuit, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.sensitivity import Sensitivity
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.faults import FaultyChips, no_faults
from neurocmc.report.budget import Budget
from neurocmc.report.losses import Losses
from neurocmc.report.pictures import Drawn
from neurocmc.sim.mesh import SpikeMesh, Times
from neurocmc.sim.rate import seen_as, simulate_rate
from neurocmc.sim.whole import of_whole_units
from neurocmc.targets import Target
from neurocmc.verification.edges import Edge, gain_edge, kept_edges, not_run
from neurocmc.verification.fidelity import Pair, fidelity_edges
from neurocmc.verification.seen import Seen

if TYPE_CHECKING:  # a compiled loop is behind it, which who runs rates need not wait for
    from neurocmc.sim.passing import Passed

N = TypeVar("N", bound=Any)  # a network of any level whose populations have traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """Edges that are the same for every seed, and for each seed of the chip's noise those that are not."""

    fixed: list[Edge]
    drawn: list[list[Edge]]  # all with the same edges in the same order


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRun:
    """Says how a program is to be run on the maker's own tool."""

    record_spikes: bool
    time_limit_s: float
    progress: Progress | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Built(ABC):
    """A circuit as a chip holds it, in memory or from an artifact. Without slots: what is derived is derived once.

    Args:
        target: The target.
        staged: The rate circuit, with the tick, relays and offsets of the chip.
        spiking: The pools.
        divided: The same circuit with its units cut into segments, where pools are of these.
        sensitivity: Of the staged circuit, where it was measured.
    """

    gates: ClassVar[Gates] = GATES  # what its rates must keep
    level: ClassVar[str] = "emulator"  # what `run` runs, in the name of an edge
    lost_on: ClassVar[str] = "spiking ~ integer"  # the edge of poles and gains
    has_noise: ClassVar[bool] = False  # whether a run depends on its seed
    tool: ClassVar[str] = ""  # the maker's own tool that runs the program, as `--on` names it

    target: Target
    staged: RateCircuit
    spiking: SpikingNetwork
    divided: RateCircuit | None = None
    sensitivity: Sensitivity | None = None

    @property
    def matched(self) -> RateCircuit:
        """The circuit whose units are its pools: the staged one, or that of segments which it was cut into."""
        return self.staged if self.divided is None else self.divided

    @abstractmethod
    def run(self, stimulus: Stimulus, *, seed: int = 0, record_spikes: bool = False) -> Recording:
        """Runs all trials of a stimulus on the lowest level.

        Args:
            stimulus: The stimulus, with a value for each input.
            seed: Of the chip's noise, where it has any.
            record_spikes: Whether every spike of the pools is recorded.

        Returns:
            The activity of every pool, (batch, ticks, units) in units of the matched circuit, and its spikes.

        Raises:
            InputError: Where the stimulus does not fit.
            InfeasibleError: Where it drives a register beyond its end.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes the levels below the spiking network into `ir/` of an artifact, as numbers and as text.

        Args:
            folder: The folder `ir/`, which exists.
        """

    def page(self, names: Sequence[str]) -> str:
        """Returns the lowest level as text: all of it, or that of some populations.

        Args:
            names: Populations, or patterns of names; none are all of them.

        Raises:
            InputError: For a name that no population has, and on a chip that prints no such page.
        """
        what = f"{self.target.name} has no text page of its lowest level"
        raise InputError(Problem("option-not-for-this", "chip", what, "show the level `spiking`"))

    @abstractmethod
    def emit(self, folder: Path, stimuli: Mapping[str, Stimulus]) -> None:
        """Writes the program into a new folder.

        Args:
            folder: The folder of the program.
            stimuli: By name, those that the program can be run on.

        Raises:
            InputError: Where a stimulus does not fit the program.
        """

    @abstractmethod
    def budget(self, stimulus: Stimulus, seen: Recording) -> Budget:
        """Counts what the circuit takes of the target.

        Args:
            stimulus: The stimulus that load and energy are measured on.
            seen: What `run` recorded on it.

        Returns:
            Every resource of every core, and in all.
        """

    def check(self, stimulus: Stimulus) -> None:  # noqa: B027  (a chip that can be sent anything refuses nothing)
        """Refuses a stimulus that asks more of an input than it can carry, in any trial. Raises InputError.

        `emit` sees the first trials of each stimulus alone; what `run` would refuse later is better refused now.
        """

    @property
    def levels(self) -> tuple[Any, ...]:
        """All levels from the staged circuit down, for exports."""
        return (self.staged, *(() if self.divided is None else (self.divided,)), self.spiking)

    @cached_property
    def kept(self) -> Kept | None:
        """What its numbers kept of the staged circuit, in the circuit's units; None where nothing is rounded."""
        return None

    @cached_property
    def as_seen(self) -> RateCircuit:
        """The staged circuit, observed through the filters that the spikes of its pools are observed through."""
        starts = {p.name: p.initial for p in self.staged.populations}
        traces = {p.name: p.trace for p in self.spiking.pools}
        cut = {p.name for p in self.spiking.pools if p.parts}
        return seen_as(
            self.staged, {n: replace(trace, start=starts[n]) if n in cut else trace for n, trace in traces.items()}
        )

    @property
    def cores_used(self) -> int:
        """Cores that it takes of the target; 0 of one that has none."""
        return 0

    @property
    def readouts(self) -> tuple[Readout | Classifier, ...]:
        """The readouts on the chip, then those on the host."""
        return (*self.staged.readouts, *self.staged.classifiers)

    @property
    def edge_to_rate(self) -> str:
        """The name of the edge from the rate circuit to the lowest level."""
        return f"rate ~ {self.level}"

    def beside_rate(self, stimulus: Stimulus, recording: Recording) -> Pair:
        """Puts a recording beside the staged circuit's own on the same stimulus.

        Args:
            stimulus: The stimulus.
            recording: What another level did on it, by pools.

        Returns:
            Both recordings, of whole units, with the labels of the stimulus.
        """
        reference = simulate_rate(self.as_seen, stimulus)
        decided = reference if self.as_seen is self.staged else simulate_rate(self.staged, stimulus)
        whole = self.of_whole_units(recording)
        return Pair(reference=reference, other=whole, labels=stimulus.labels, decided=decided)

    def of_whole_units(self, recording: Recording) -> Recording:
        """Puts the segments or copies of units together in what was recorded of pools.

        Args:
            recording: What `run` gave, or another level on which pools are the units.

        Returns:
            The same in terms of the units of the staged circuit.
        """
        return of_whole_units(recording, self.spiking)

    def pool_edges(self, brian2: Sequence[Recording] | None, seen: Seen) -> list[Edge]:
        """Judges how well gains fit, and what the pools do on Brian2, unless that was left out.

        Args:
            brian2: Brian2's recording of each stimulus of `seen`, or None.
            seen: The stimuli, and what the rate circuit does on them.

        Returns:
            The edge of gain fits, and those from the rate circuit to Brian2.
        """
        edges = [gain_edge(self.spiking, self.matched, self.kept)]
        if brian2 is not None:
            edges += fidelity_edges("rate ~ brian2", seen.pairs(brian2), self.readouts, network=self.spiking)
        return edges

    def edges(self, seen: Seen, brian2: Sequence[Recording] | None, seeds: range) -> Walked:
        """Judges what was lost on the way to the lowest level, and what that does on the stimuli.

        Args:
            seen: The stimuli, and what the rate circuit does on them.
            brian2: Brian2's recording of each, or None.
            seeds: Of the chip's noise; a chip without noise runs the first alone.

        Returns:
            The edges that are the same for every seed, and those of each seed.
        """
        drawn: list[list[Edge]] = []
        for seed in seeds if self.has_noise else seeds[:1]:
            ran = [self.run(stimulus, seed=seed) for stimulus in seen.stimuli]
            own: list[Edge] = []
            if brian2 is not None:
                own += fidelity_edges(f"brian2 ~ {self.level}", seen.pairs(ran, brian2), self.readouts)
            pairs = seen.pairs(ran)
            own += fidelity_edges(self.edge_to_rate, pairs, self.readouts, gates=self.gates, network=self.spiking)
            drawn.append(own)
        return Walked(fixed=self.lost_edges(), drawn=drawn)

    def lost_edges(self) -> list[Edge]:
        """Judges poles and gains against those that were wanted.

        Returns:
            An edge for each; none where nothing is rounded.
        """
        if self.kept is None:
            return []
        full = {pool.name: pool.full for pool in self.spiking.pools}
        limits = {"pole_limit": self.gates.pole, "gain_limit": self.gates.gain}
        segments = {pool.name: pool.segments[0] for pool in self.spiking.pools if pool.segments}
        return list(kept_edges(self.kept, self.lost_on, full=full, segments=segments, **limits))

    def emitted_edges(self, program: Path, stimulus: Stimulus, seed: int) -> list[Edge]:
        """Compares the emitted program with `run`, spike for spike, on one trial.

        Args:
            program: The folder of the program.
            stimulus: One trial.
            seed: Of the chip's noise.

        Returns:
            The edges; for a family that reads no program back, one that says so.
        """
        name = f"{self.level} ~ emitted"
        return [not_run(name, "spikes that differ", f"{self.target.name} has no reader for its programs")]

    def run_program(self, program: Path, stimulus: Stimulus, request: ProgramRun) -> Recording:
        """Runs the emitted program on the maker's own tool, `tool`.

        Args:
            program: The folder of the program.
            stimulus: The stimulus.
            request: What is recorded, how long it may take, and who is told of its progress.

        Returns:
            The activity of every population, (batch, ticks, units) in units of the rate circuit.

        Raises:
            InputError: Where there is no such tool, or it fails or is not done in time.
        """
        what = f"neurocmc cannot run the programs of {self.target.name}"
        raise InputError(Problem("interpreter-unfit", "--on", what, f"use --on {self.level}"))

    def faulty_chips(self) -> FaultyChips:
        """Returns the circuit on chips with faults.

        Returns:
            What draws a chip for each seed.

        Raises:
            InputError: Where the family has no model of faults.
        """
        raise InputError(no_faults(self.target.name))

    def spike_mesh(self) -> SpikeMesh:
        """Returns the mesh that its spikes go along, with the places of its cores and the times of a way.

        Returns:
            The mesh; `pass_spikes` runs the circuit on it, or on the same with its cores elsewhere.

        Raises:
            InputError: For a target without a mesh, and for one whose file states no time of a hop.
        """
        Times.of(self.target)
        what = "it does not state where its cores are"
        raise InputError(Problem("latency-needs-mesh", f"target {self.target.name}", what, "leave --latency out"))

    def pass_spikes(self, stimulus: Stimulus, mesh: SpikeMesh, tick_ps: int = 0, *, seed: int = 0) -> "Passed":
        """Runs all trials of a stimulus with its spikes on their way along a mesh.

        Args:
            stimulus: The stimulus, with a value for each input.
            mesh: The mesh, as `spike_mesh` gave it or with its cores elsewhere.
            tick_ps: How long every tick lasts, in ps; a message that is not there at its end acts a tick later. 0:
                until the last message is there, as where a barrier ends it, so that all is as in `run`.
            seed: Of the chip's noise, where it has any.

        Returns:
            The activity of every pool as `run` has it, and the traffic of its messages.

        Raises:
            InputError: As `spike_mesh`, and where the stimulus does not fit.
        """
        self.spike_mesh()
        raise NotImplementedError  # a family that says where its cores stand runs them as well

    def observed_through(self, own: Mapping[str, bool], tau_s: float) -> Self:
        """Returns the same with spikes decoded through another filter.

        Args:
            own: Population -> whether its spikes are decoded through the new filter.
            tau_s: Time constant of the filter in s, of first order.

        Returns:
            A new circuit; this one is unchanged.
        """
        return replace(self, spiking=decoded_through(self.spiking, own, tau_s))

    def losses(self) -> Losses | None:
        """Returns what reports say was lost on this chip, and by which part.

        Returns:
            The losses; None where nothing is lost.
        """
        return None

    def pictures(self) -> tuple[Drawn, ...]:
        """Returns the pictures of the levels for the report, each drawn when it is asked for.

        Returns:
            The pictures; none unless a family has some.
        """
        return ()


def decoded_through(network: N, own: Mapping[str, bool], tau_s: float) -> N:
    """Returns a network whose spikes are decoded through another filter in the populations that `own` marks."""
    populations = (
        replace(p, trace=replace(p.trace, tau_s=tau_s, order=1)) if own.get(p.name, False) else p
        for p in network.populations
    )
    return replace(network, populations=tuple(populations))
