"""Defines CoreProgram: a network of pools on neurosynaptic cores, and what each group of axons and neurons is for.

The cores alone (`CoreNetwork`) are what a chip is given. Beside them stands what the compiler knows: which neurons
are the pool of which unit, so that spikes can be decoded; where the host sends the drive of an input; which gain
every connection was given and which it has; how many ticks later than in the rate circuit its spikes arrive. Groups
bear the name of their corelet, a path such as `excite/3`, whose parts are the hierarchy of corelets.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.common.matrices import FloatMatrix, IntMatrix, set_frozen_matrix, values
from neurocmc.ir.populations import HasPopulations
from neurocmc.ir.rate import Readout
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.trace import Trace
from neurocmc.ir.truenorth.cores import CoreNetwork

# filter: its spikes are a unit's own leak; pool: a unit's activity; copy: the same, for another core; bias: fires in
# every tick; sum: a partial sum of a fan-in tree; splitter: sends an arriving spike on to several cores.
NeuronRole = Literal["filter", "pool", "copy", "bias", "sum", "splitter"]
AxonRole = Literal["feedback", "bias", "input", "projection", "splitter"]
_FINITE = "give finite numbers only: compile the circuit again"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronGroup:
    """Neurons [start, stop) of one core with one task in one corelet."""

    corelet: str
    role: NeuronRole
    core: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AxonGroup:
    """Axons [start, stop) of one core that carry one signal into a corelet: `source` is a corelet or an input."""

    corelet: str
    role: AxonRole
    source: str
    core: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorePopulation:
    """The pools of one population: `neurons` of each unit, from `first` on, count its activity."""

    name: str
    units: int
    neurons: int
    core: NDArray[np.int64]  # (units,)
    first: NDArray[np.int64]  # (units,)
    activity_per_spike: float
    trace: Trace  # what its spikes are observed through
    lsb_per_drive: Float  # (units,) LSB of V per unit of the rate circuit's drive
    wanted_pole: Float  # (units,) of the synaptic filter, shortened for latency; any where nothing is filtered
    realised_pole: Float  # (units,) as feedback weight and spacing hold it
    gain_residual: Float  # (units,) worst error of a gain of the unit over its largest wanted gain
    given_back: Float  # (units,) constant drive, in the circuit's units, that makes up for rounding of its gains
    before: NDArray[np.int64]  # (units,) spikes that stand for the tick before the chip's first, if there is one

    def __post_init__(self) -> None:
        for field in ("core", "first", "before"):
            set_frozen(self, field, np.int64, (self.units,))
        for field in ("lsb_per_drive", "wanted_pole", "realised_pole", "gain_residual", "given_back"):
            set_frozen(self, field, np.float64, (self.units,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreProjection:
    """One projection as the cores hold it; all arrays are (target units, source units)."""

    name: str
    source: str
    target: str
    wanted_gain: FloatMatrix  # drive per unit of activity in the rate circuit
    realised_gain: FloatMatrix  # the same, from weights, axons and filters
    axons: IntMatrix  # neurons of the source's pool that reach the target; 0 without connection
    latency_ticks: IntMatrix  # beyond the one tick that every spike takes

    def __post_init__(self) -> None:
        set_frozen_matrix(self, "wanted_gain", np.float64, (None, None))
        set_frozen_matrix(self, "realised_gain", np.float64, self.wanted_gain.shape)
        set_frozen_matrix(self, "axons", np.int64, self.wanted_gain.shape)
        set_frozen_matrix(self, "latency_ticks", np.int64, self.wanted_gain.shape)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreInput:
    """A drive as spikes from the host: each target unit has axons of its own, of either sign.

    The host sends what V still lacks, rounded to what the axons of a tick can carry; the rest goes with later ticks.
    """

    name: str
    target: str
    core: NDArray[np.int64]  # (units,)
    axon: NDArray[np.int64]  # (units, axons)
    weight: NDArray[np.int64]  # (units, axons) LSB of V per spike
    lsb_per_input: FloatMatrix  # (units, channels) LSB of V per unit of input
    keep: Float  # (units,) pole of the filter that V has
    filter_pole: float  # of the filter the drive is to pass; 0 where V is to hold the drive without lag
    lift: Float  # (units,) LSB that the host adds in the chip's first tick

    def __post_init__(self) -> None:
        units = len(self.core)
        set_frozen(self, "core", np.int64, (units,))
        set_frozen(self, "axon", np.int64, (units, None))
        set_frozen(self, "weight", np.int64, self.axon.shape)
        set_frozen_matrix(self, "lsb_per_input", np.float64, (units, None))
        set_frozen(self, "keep", np.float64, (units,))
        set_frozen(self, "lift", np.float64, (units,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CoreProgram(HasPopulations[CorePopulation]):
    """A network of cores, and what its parts are for."""

    network: CoreNetwork
    target: str
    tick_s: float
    populations: tuple[CorePopulation, ...]
    projections: tuple[CoreProjection, ...]
    inputs: tuple[CoreInput, ...]
    readouts: tuple[Readout, ...]
    neuron_groups: tuple[NeuronGroup, ...]
    axon_groups: tuple[AxonGroup, ...]
    first_tick: int = 0  # of a trial in which the chip begins: 1 where the first is the same in all trials

    def ticks(self, stimulus: Stimulus) -> int:
        """Returns how many ticks the chip runs in a trial."""
        return stimulus.ticks(self.tick_s) - self.first_tick

    @property
    def name(self) -> str:
        return self.network.name

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults: those of the network, groups that overlap, pools outside their core."""
        return (*self.network.problems(), *_problems(self))


def _problems(program: CoreProgram) -> Iterable[Problem]:
    if not program.tick_s > 0:
        yield Problem("time-not-positive", "program", f"tick is {program.tick_s} s", "give a tick above 0 s")
    network = program.network
    used = {
        "neuron": (program.neuron_groups, np.zeros((network.cores, network.neurons), dtype=np.int64)),
        "axon": (program.axon_groups, np.zeros((network.cores, network.axons), dtype=np.int64)),
    }
    for part, (groups, count) in used.items():
        for group in groups:
            if not (0 <= group.core < network.cores and 0 <= group.start < group.stop <= count.shape[1]):
                where = f"{part} group {group.corelet}, {group.role}"
                what = f"core {group.core}, {part}s {group.start} to {group.stop} do not exist"
                yield Problem("group-beyond-core", where, what, _within(network.cores, f"{part}s", count.shape[1]))
            else:
                count[group.core, group.start : group.stop] += 1
        if (count > 1).any():
            core, index = (int(i) for i in np.argwhere(count > 1)[0])
            yield Problem(
                "placement-inconsistent",
                f"core {core}, {part} {index}",
                "two groups claim it",
                "give each its own range",
            )
    yield from _unfit(program)


def _unfit(program: CoreProgram) -> Iterable[Problem]:
    """Pools and input axons that are not there, sizes that contradict each other, numbers that are none."""
    network = program.network
    units = {population.name: population.units for population in program.populations}
    for population in program.populations:
        where = f"population {population.name}"
        last = population.first + population.neurons
        on_core = (population.core >= 0) & (population.core < network.cores)
        if not (on_core & (population.first >= 0) & (population.neurons >= 1) & (last <= network.neurons)).all():
            yield Problem(
                "group-beyond-core",
                where,
                "a pool lies outside its core",
                _within(network.cores, "neurons", network.neurons),
            )
        numbers = (
            population.activity_per_spike,
            population.trace.tau_s,
            population.lsb_per_drive,
            population.wanted_pole,
            population.realised_pole,
            population.gain_residual,
            population.given_back,
        )
        if not all(np.isfinite(value).all() for value in numbers):
            yield Problem("value-not-finite", where, "a number is not finite", _FINITE)
        yield from population.trace.problems(where, population.units)
    for projection in program.projections:
        where, shape = f"projection {projection.name}", projection.wanted_gain.shape
        if shape != (units.get(projection.target), units.get(projection.source)):
            what = f"gains of shape {shape} do not fit {projection.target} and {projection.source}"
            yield Problem(
                "level-array-shape", where, what, "give a row for each target unit, in it a gain for each source unit"
            )
        gains = (projection.wanted_gain, projection.realised_gain)
        if not all(np.isfinite(values(gain)).all() for gain in gains):
            yield Problem("value-not-finite", where, "a gain is not finite", _FINITE)
    for entry in program.inputs:
        where = f"input {entry.name}"
        if len(entry.core) != units.get(entry.target):
            yield Problem(
                "level-array-shape",
                where,
                f"{len(entry.core)} units do not fit {entry.target}",
                "give one for each unit of it",
            )
        on_core = ((entry.core >= 0) & (entry.core < network.cores)).all()
        if not on_core or ((entry.axon < 0) | (entry.axon >= network.axons)).any():
            yield Problem(
                "group-beyond-core",
                where,
                "an axon lies outside its core",
                _within(network.cores, "axons", network.axons),
            )
        if not all(np.isfinite(value).all() for value in (values(entry.lsb_per_input), entry.keep, entry.lift)):
            yield Problem("value-not-finite", where, "a number is not finite", _FINITE)


def _within(cores: int, parts: str, count: int) -> str:
    return f"there are {cores} cores of {count} {parts}, counted from 0"
