"""What a family of chips must do for the line, and what the line may ask of a circuit that it has built.

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
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.progress import Progress
from neurocmc.ir.gates import GATES, Gates
from neurocmc.ir.kept import Kept
from neurocmc.ir.rate import Classifier, RateCircuit, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibration
from neurocmc.passes.gain_match import GainMatch
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.budget import Budget
from neurocmc.report.losses import Losses
from neurocmc.report.pictures import Drawn
from neurocmc.sim.rate import seen_as, simulate_rate
from neurocmc.targets import Target, TargetSchema
from neurocmc.theory.certificate import Certificate, input_levels
from neurocmc.verification.edges import Edge, gain_edge, kept_edges, not_run
from neurocmc.verification.fidelity import Pair, fidelity_edges
from neurocmc.verification.seen import Seen

NO_FAULT = "none"  # the kind of fault that a chip without any has
T = TypeVar("T", bound=Target)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Staging:
    """A circuit as pools of neurons can be it, whatever their size, and the stimuli that gains are matched on."""

    staged: RateCircuit
    calibration: tuple[Stimulus, ...]
    ranges: Calibration

    def levels(self) -> dict[str, float]:
        """The largest value that each input takes in a tick: what winners are looked for at."""
        return input_levels(self.calibration, self.staged.dt_s)

    def gain_match(self, options: CompileOptions) -> GainMatch:
        """The pass that makes pools of it."""
        return GainMatch(calibration=self.ranges, neurons=options.pool, code=options.code, seed=options.seed)


@dataclass(frozen=True, kw_only=True, eq=False)
class Built(ABC):
    """A circuit as a chip holds it, in memory or from an artifact. No slots: what is derived is derived once."""

    gates: ClassVar[Gates] = GATES  # what its rates must keep
    level: ClassVar[str] = "emulator"  # what `run` runs, in the name of an edge
    lost_on: ClassVar[str] = "spiking ~ integer"  # the edge of poles and gains
    has_noise: ClassVar[bool] = False  # whether a run depends on its seed
    tool: ClassVar[str] = ""  # the maker's own tool that runs the program, as `--on` names it

    target: Target
    staged: RateCircuit
    spiking: SpikingNetwork

    @abstractmethod
    def run(self, stimulus: Stimulus, *, seed: int = 0, record_spikes: bool = False) -> Recording:
        """All trials on the lowest level; `seed` is that of a chip's noise. Raises InputError, InfeasibleError."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes the levels below the spiking network into `ir/` of an artifact, as numbers and as text."""

    @abstractmethod
    def emit(self, folder: Path, stimuli: Mapping[str, Stimulus]) -> None:
        """Writes the program into a new folder. Raises InputError where a stimulus does not fit it."""

    @abstractmethod
    def budget(self, stimulus: Stimulus, seen: Recording) -> Budget:
        """What it takes of the target; `seen` is what `run` recorded on the stimulus."""

    @property
    def levels(self) -> tuple[Any, ...]:
        """All levels from the staged circuit down, for exports."""
        return (self.staged, self.spiking)

    @cached_property
    def kept(self) -> Kept | None:
        """What its numbers kept of the staged circuit; None where nothing is rounded."""
        return None

    @cached_property
    def as_seen(self) -> RateCircuit:
        """The staged circuit, observed through the filters that the spikes of its pools are observed through."""
        return seen_as(self.staged, {p.name: p.trace for p in self.spiking.populations})

    @property
    def readouts(self) -> tuple[Readout | Classifier, ...]:
        """Those on the chip, then those on the host."""
        return (*self.spiking.readouts, *self.staged.classifiers)

    @property
    def edge_to_rate(self) -> str:
        """The name of the edge from the rate circuit to the lowest level."""
        return f"rate ~ {self.level}"

    def beside_rate(self, stimulus: Stimulus, recording: Recording) -> Pair:
        """A recording beside the staged circuit's own."""
        reference = simulate_rate(self.as_seen, stimulus)
        decided = reference if self.as_seen is self.staged else simulate_rate(self.staged, stimulus)
        return Pair(reference=reference, other=recording, labels=stimulus.labels, decided=decided)

    def pool_edges(self, brian2: Sequence[Recording] | None, seen: Seen) -> list[Edge]:
        """Gain fits, and the pools on Brian2, unless that was left out."""
        edges = [gain_edge(self.spiking, self.staged, self.kept)]
        if brian2 is not None:
            edges += fidelity_edges("rate ~ brian2", seen.pairs(brian2), self.readouts, network=self.spiking)
        return edges

    def edges(self, seen: Seen, brian2: Sequence[Recording] | None, seeds: range) -> "Walked":
        """What was lost on the way to the lowest level, and what that does on the stimuli."""
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
        """Poles and gains against those that were wanted; none where nothing is rounded."""
        if self.kept is None:
            return []
        return list(kept_edges(self.kept, self.lost_on, pole_limit=self.gates.pole, gain_limit=self.gates.gain))

    def emitted_edges(self, program: Path, stimulus: Stimulus, seed: int) -> list[Edge]:
        """The emitted program in the folder `program` against `run`, spike for spike, on one trial."""
        name = f"{self.level} ~ emitted"
        return [not_run(name, "spikes that differ", f"{self.target.name} has nothing that reads its programs back")]

    def run_program(self, program: Path, stimulus: Stimulus, request: "ProgramRun") -> Recording:
        """The emitted program on the maker's own tool, `tool`. Raises InputError where there is none."""
        what = f"nothing runs the programs of {self.target.name}"
        raise InputError(Problem("interpreter-unfit", "--on", what, f"use --on {self.level}"))

    def faulty_chips(self) -> "FaultyChips":
        """The circuit on chips with faults. Raises InputError where the family has no model of them."""
        what = f"faults are of Loihi's integer networks; {self.target.name} has none"
        raise InputError(
            Problem("robustness-needs-loihi", f"target {self.target.name}", what, "compile for loihi1 or loihi2")
        )

    def observed_through(self, own: Mapping[str, bool], tau_s: float) -> Self:
        """The same with spikes decoded through another filter in the populations that `own` marks."""
        return replace(self, spiking=decoded_through(self.spiking, own, tau_s))

    def losses(self) -> Losses | None:
        """What reports say was lost on this chip, and by which part; None where nothing is."""
        return None

    def pictures(self) -> tuple[Drawn, ...]:
        """Pictures of the levels, for the report, each drawn when it is asked for."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """Edges that are the same for every seed, and for each seed of the chip's noise those that are not."""

    fixed: list[Edge]
    drawn: list[list[Edge]]  # all with the same edges in the same order


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRun:
    """How a program is to be run on the maker's own tool."""

    record_spikes: bool
    time_limit_s: float
    progress: Progress | None


class FaultyChips(Protocol):
    """A circuit on chips that are not as the compiler took them to be."""

    def check(self) -> None:
        """Raises InputError where it is too large to be run so."""
        ...

    def host(self, stimulus: Stimulus) -> Mapping[str, NDArray[Any]]:
        """What the host sends, which knows of no fault: input -> (batch, ticks, units)."""
        ...

    def draw(self, seed: int, kind: str, level: float) -> "FaultyChip":
        """The chip of that seed, with faults of one kind at one level; a kind that is "none" gives none."""
        ...


class FaultyChip(Protocol):
    """One chip with its faults."""

    def run(self, stimulus: Stimulus, trials: Sequence[int], host: Mapping[str, NDArray[Any]]) -> Recording:
        """All trials of a stimulus, numbered by `trials` for the draws of their noise."""
        ...


class Family(ABC, Generic[T]):
    """A kind of chip: how a circuit becomes what it holds, and how that is read from an artifact."""

    schema: ClassVar[TargetSchema]
    lowest: ClassVar[str]  # the level without whose file in `ir/` an artifact is not whole

    def refuse(self, staged: RateCircuit, target: T, options: CompileOptions) -> None:
        """Raises InfeasibleError where counts alone say that no placement could hold the circuit."""

    @abstractmethod
    def lower(self, staging: Staging, target: T, options: CompileOptions, clock: Clock) -> tuple[Built, Certificate]:
        """The circuit on the chip, and what theory says of its up-states there.

        Raises InfeasibleError where the target cannot hold it or, without `allow_lost_states`, one of its up-states.
        """

    @abstractmethod
    def load(self, folder: Path, staged: RateCircuit, spiking: SpikingNetwork, target: T) -> Built:
        """What `Built.save` wrote into `folder`. Raises InputError where that is damaged."""


N = TypeVar("N", bound=Any)  # a network of any level whose populations have traces


def decoded_through(network: N, own: Mapping[str, bool], tau_s: float) -> N:
    """A network whose spikes are decoded through another filter, in the populations that are observed as r itself."""
    populations = (
        replace(p, trace=replace(p.trace, tau_s=tau_s, order=1)) if own[p.name] else p for p in network.populations
    )
    return replace(network, populations=tuple(populations))
