"""Defines what a family of chips must do for the compiler, and what may be asked of a circuit that it has built.

A family lowers a staged circuit (`Family.lower`) and reads it back from an artifact (`Family.load`). Either gives a
`Built`: the spiking network, the levels below it, and all that is done with them. What stands here with a body is
what most chips share; a chip without more than spikes and weights need only say how its program is run, saved,
emitted and counted. `docs/adding-a-family.md` builds one from nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar

from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.progress import Progress
from neurocmc.ir.gates import GATES, Gates
from neurocmc.ir.kept import Kept
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.rate import Classifier, RateCircuit, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.sensitivity import Sensitivity
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibration
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.budget import Budget
from neurocmc.report.losses import Losses
from neurocmc.report.pictures import Drawn
from neurocmc.sim.rate import seen_as, simulate_rate
from neurocmc.sim.whole import of_whole_units
from neurocmc.targets import Target, TargetSchema
from neurocmc.theory.certificate import Certificate, input_levels
from neurocmc.verification.edges import Edge, gain_edge, kept_edges, not_run
from neurocmc.verification.fidelity import Pair, fidelity_edges
from neurocmc.verification.seen import Seen

if TYPE_CHECKING:
    from neurocmc.passes.gain_match import GainMatch

NO_FAULT = "none"  # the kind of fault that a chip without any has
T = TypeVar("T", bound=Target)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Staging:
    """A circuit as pools of neurons can be it, whatever their size, and the stimuli that gains are matched on.

    Args:
        staged: The circuit with the chosen tick, relays and offsets.
        calibration: The stimuli that gains are matched on.
        ranges: The activities and drives that the circuit visits under them.
        sensitivity: Of the circuit under them, where it was measured.
    """

    staged: RateCircuit
    calibration: tuple[Stimulus, ...]
    ranges: Calibration
    sensitivity: Sensitivity | None = None

    def levels(self) -> dict[str, float]:
        """Returns the largest value that each input takes in a tick: what winners are looked for at.

        Returns:
            Input name -> value, in units of the input.
        """
        return input_levels(self.calibration, self.staged.dt_s)

    def gain_match(self, options: CompileOptions) -> "GainMatch":
        """Returns the pass that makes pools of the circuit.

        Args:
            options: What the user chose: neurons per unit, code and seed.

        Returns:
            The pass, to be run on `staged`.
        """
        # Here and not above: the pass brings numba along, which who only runs a circuit need not wait for.
        from neurocmc.passes.gain_match import GainMatch

        return GainMatch(
            calibration=self.ranges,
            neurons=options.pool,
            code=options.coded,
            kernel=options.kernel,
            seed=options.seed,
        )

    def dealt(self, pools: SpikingNetwork, target: Target, options: CompileOptions) -> SpikingNetwork:
        """Deals pools of the interleaved code out into copies that fire in turn.

        Args:
            pools: What `gain_match` made of `staged`.
            target: The target.
            options: What the user chose: code and phases.

        Returns:
            The copies and their clock; of other codes the pools themselves.

        Raises:
            InfeasibleError: Where phases do not share the neurons of a unit, or no gate fits the registers.
        """
        if options.code != "interleaved":
            return pools
        from neurocmc.passes.interleave import Interleave  # as above

        return Interleave(calibration=self.ranges, phases=options.phases).run(pools, self.staged, target)


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

    def edges(self, seen: Seen, brian2: Sequence[Recording] | None, seeds: range) -> "Walked":
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
        return [not_run(name, "spikes that differ", f"{self.target.name} has nothing that reads its programs back")]

    def run_program(self, program: Path, stimulus: Stimulus, request: "ProgramRun") -> Recording:
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
        what = f"nothing runs the programs of {self.target.name}"
        raise InputError(Problem("interpreter-unfit", "--on", what, f"use --on {self.level}"))

    def faulty_chips(self) -> "FaultyChips":
        """Returns the circuit on chips with faults.

        Returns:
            What draws a chip for each seed.

        Raises:
            InputError: Where the family has no model of faults.
        """
        what = f"faults are of Loihi's integer networks; {self.target.name} has none"
        raise InputError(
            Problem("robustness-needs-loihi", f"target {self.target.name}", what, "compile for loihi1 or loihi2")
        )

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


class FaultyChips(Protocol):
    """A circuit on chips that are not as the compiler took them to be."""

    def check(self) -> None:
        """Refuses a circuit that is too large to be run so.

        Raises:
            InputError: With its size and the limit.
        """
        ...

    def host(self, stimulus: Stimulus) -> Mapping[str, NDArray[Any]]:
        """Encodes what the host sends, which knows of no fault.

        Args:
            stimulus: The stimulus.

        Returns:
            Input -> (batch, ticks, units) values.
        """
        ...

    def draw(self, seed: int, kind: str, level: float) -> "FaultyChip":
        """Draws a chip with faults of one kind at one level.

        Args:
            seed: Of the faults.
            kind: Of the faults; "none" gives none.
            level: Their size or share, 0 to 1.

        Returns:
            The chip of that seed.
        """
        ...


class FaultyChip(Protocol):
    """A chip whose faults are drawn."""

    def run(self, stimulus: Stimulus, trials: Sequence[int], host: Mapping[str, NDArray[Any]]) -> Recording:
        """Runs all trials of a stimulus.

        Args:
            stimulus: The trials.
            trials: The number of each, for the draws of its noise.
            host: What the host sends on these trials, as `FaultyChips.host` gives it.

        Returns:
            The activity of every population, (batch, ticks, units) in units of the staged circuit.
        """
        ...


class Family(ABC, Generic[T]):
    """A kind of chip, which says how a circuit becomes what it holds, and how that is read from an artifact."""

    schema: ClassVar[TargetSchema]
    rounds_neurons: ClassVar[bool] = True  # whether weights of single neurons become integers, of one synapse or two

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
    what = "it has no neurons for networks that spike already"
    return Problem("network-unfit-for-target", f"target {target.name}", what, "use --target loihi1, loihi2 or brian2")


N = TypeVar("N", bound=Any)  # a network of any level whose populations have traces


def decoded_through(network: N, own: Mapping[str, bool], tau_s: float) -> N:
    """Returns a network whose spikes are decoded through another filter in the populations that `own` marks."""
    populations = (
        replace(p, trace=replace(p.trace, tau_s=tau_s, order=1)) if own.get(p.name, False) else p
        for p in network.populations
    )
    return replace(network, populations=tuple(populations))
