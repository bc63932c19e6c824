"""Defines SpikingNetwork: the rate circuit as pools of leaky integrate-and-fire neurons, still in real numbers.

Each unit of a population is a pool of `neurons` cells that share one synaptic current and differ in their bias. Per
tick, with voltage and current in units of the threshold::

    I <- I exp(-tick/tau_syn) + sum_j w_ij (spikes of pool j, one tick ago) + w_in drive
    v <- v exp(-tick/tau_mem) + I + bias;      spike and v <- 0 where v > 1

An unfiltered input adds to the current of this tick alone; a filtered one acts through its filter from the next tick
on, as a spike does. `tau_mem_s` 0 is a neuron without memory: it fires
in every tick in which I + bias > 1 (the threshold code).

A spike may arrive in parts: the `taps` of a projection are shares of its weight, each so many ticks later than the
projection says. Pools of the feedback code have a projection to themselves, whose shares have either sign. Pools of
the interleaved code are `copies` of units, which a *clock* lets fire in turn: a ring of neurons, one a phase, that
stands for no unit of the circuit.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.common.matrices import FloatMatrix, set_frozen_matrix, values
from neurocmc.ir.codec import SELDOM
from neurocmc.ir.copies import Copies
from neurocmc.ir.host_start import StartRows, start_problems
from neurocmc.ir.populations import HasPools, HasWires
from neurocmc.ir.rate import Readout
from neurocmc.ir.segments import Segments
from neurocmc.ir.trace import Trace
from neurocmc.targets import Code


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GainFit:
    """How well a pool's measured transfer follows the wanted phi, over the range the circuit visits.

    The curve was measured on the target's own neuron, biases as placed on its grid. Activities are in the units of
    the rate circuit; errors are fractions of `ceiling`, the activity at which the pool is full.
    """

    drive: Float  # (points,) z = gain (u + bias - offset)
    wanted: Float  # (points,) phi(z)
    measured: Float  # (points,) decoded activity of the pool
    ceiling: float
    visited: tuple[float, float]  # lowest and highest activity seen in calibration
    rms_error: float
    max_error: float
    slope_error: float  # relative error of the slope of a straight line through the curve in the visited range
    valid_range: tuple[float, float]  # activities between which the error stays within max(1/neurons, 2 %)

    def __post_init__(self) -> None:
        set_frozen(self, "drive", np.float64, (None,))
        set_frozen(self, "wanted", np.float64, (len(self.drive),))
        set_frozen(self, "measured", np.float64, (len(self.drive),))

    @property
    def headroom(self) -> float:
        """Fraction of the pool's range left above the highest activity visited."""
        return 1.0 - self.visited[1] / self.ceiling


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikingPopulation:
    """`units` pools of `neurons` LIF cells; voltages, currents and biases in thresholds."""

    name: str
    units: int
    neurons: int
    code: Code
    tau_mem_s: float
    bias: Float  # (units, neurons) thresholds per tick
    v_initial: Float  # (units, neurons) thresholds
    current_per_drive: Float  # (units,) thresholds per unit of the rate circuit's drive u
    activity_per_spike: float  # activity of the unit while one of its neurons fires in every tick
    trace: Trace  # what its spikes are observed through
    fit: GainFit
    lsb_per_threshold: int = 0  # the integer grid the biases stand on; 0 where the target computes in real numbers
    segments: tuple[Segments, ...] = dataclasses.field(default=(), metadata=SELDOM)  # that its units are, if they are
    copies: tuple[Copies, ...] = dataclasses.field(default=(), metadata=SELDOM)  # the same
    clock: bool = dataclasses.field(default=False, metadata=SELDOM)  # it lets others fire, and stands for no unit

    def __post_init__(self) -> None:
        set_frozen(self, "bias", np.float64, (self.units, self.neurons))
        set_frozen(self, "v_initial", np.float64, (self.units, self.neurons))
        set_frozen(self, "current_per_drive", np.float64, (self.units,))

    @property
    def parts(self) -> tuple[Segments | Copies, ...]:
        """What its units are of the circuit's units, where they are not these: none, or one."""
        return (*self.segments, *self.copies)

    @property
    def phases(self) -> int:
        """How many ticks its neurons take turns over; 1 where each may fire in every tick."""
        return next((copies.phases for copies in self.copies), 1)

    @property
    def neurons_of_unit(self) -> int:
        """Neurons of a unit, all its copies together."""
        return self.neurons * self.phases

    @property
    def full(self) -> float:
        """Activity of a pool whose neurons fire as often as they may."""
        return self.activity_per_spike * self.neurons / self.phases

    def hz_per_activity(self, tick_s: float) -> float:
        """Returns the mean firing rate of one neuron, in Hz, per unit of activity (the decoder)."""
        return 1.0 / (self.activity_per_spike * self.neurons * tick_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A share of every weight of a projection, and how much later it arrives."""

    delay_ticks: int  # beyond the projection's own delay
    share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikingProjection:
    """One exponential synapse per pair of connected units, shared by the neurons of the target pool."""

    name: str
    source: str
    target: str
    weight: FloatMatrix  # (target units, source units) thresholds per presynaptic spike
    tau_s: float
    order: Literal[1, 2]
    delay_ticks: int  # beyond the one tick that every spike takes
    standing: Float  # (target units,) current in the first tick, left by the source's activity before it [thresholds]
    taps: tuple[Tap, ...] = dataclasses.field(
        default=(), metadata=SELDOM
    )  # by rising delay, their shares adding up to 1; none: all of a weight arrives at once
    exact: bool = dataclasses.field(
        default=False, metadata=SELDOM
    )  # its weights are whole numbers of the target's grid already, which must hold them without rounding

    def __post_init__(self) -> None:
        set_frozen_matrix(self, "weight", np.float64, (None, None))
        set_frozen(self, "standing", np.float64, (self.weight.shape[0],))

    @property
    def arrivals(self) -> tuple[Tap, ...]:
        """The shares of a weight, with all that they are late."""
        parts = self.taps or (Tap(delay_ticks=0, share=1.0),)
        return tuple(dataclasses.replace(tap, delay_ticks=self.delay_ticks + tap.delay_ticks) for tap in parts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikingInput:
    """A drive from the host; `tau_s` 0 adds to the current unfiltered."""

    name: str
    target: str
    weight: FloatMatrix  # (target units, channels) thresholds per unit of input
    tau_s: float
    order: Literal[1, 2]  # of its filter
    largest: float  # largest absolute value of the weighted drive seen in calibration [thresholds]
    largest_step: float  # largest jump of it from one tick to the next [thresholds]
    start: StartRows = dataclasses.field(
        default=(), metadata=SELDOM
    )  # of the host itself, by tick, instead of a stimulus's

    def __post_init__(self) -> None:
        set_frozen_matrix(self, "weight", np.float64, (None, None))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SpikingNetwork(HasPools[SpikingPopulation], HasWires[SpikingPopulation, SpikingProjection, SpikingInput]):
    """Pools of LIF neurons, projections, inputs; gain-matched to the rate circuit it came from."""

    name: str
    tick_s: float
    populations: tuple[SpikingPopulation, ...]
    projections: tuple[SpikingProjection, ...]
    inputs: tuple[SpikingInput, ...]
    readouts: tuple[Readout, ...]

    @property
    def pools(self) -> tuple[SpikingPopulation, ...]:
        """The populations that stand for units of the circuit: all but clocks."""
        return tuple(population for population in self.populations if not population.clock)

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults of the network at once."""
        return tuple(_problems(self))


def _problems(network: SpikingNetwork) -> Iterable[Problem]:
    units = {population.name: population.units for population in network.populations}
    if not network.tick_s > 0:
        yield Problem("time-not-positive", "network", f"tick is {network.tick_s} s", "give a tick above 0 s")
    for population in network.populations:
        yield from _population_problems(population)
    for projection in network.projections:
        where = f"projection {projection.name}"
        shape = (units.get(projection.target), units.get(projection.source))
        if projection.weight.shape != shape:
            what = f"weight has shape {projection.weight.shape}, its populations {shape}"
            yield Problem(
                "level-array-shape",
                where,
                what,
                "give a row for each target unit, in it a weight for each source unit",
            )
        if not (np.isfinite(values(projection.weight)).all() and np.isfinite(projection.standing).all()):
            yield Problem(
                "value-not-finite", where, "a weight is not finite", "check weights and gains of the rate circuit"
            )
        if not projection.tau_s >= 0 or projection.delay_ticks < 0:
            yield Problem(
                "tau-out-of-range",
                where,
                f"tau {projection.tau_s} s, delay {projection.delay_ticks} ticks",
                "both from 0 up",
            )
        yield from _tap_problems(where, projection.taps)
    for entry in network.inputs:
        if entry.weight.shape[0] != units.get(entry.target):
            what = f"weight has shape {entry.weight.shape} for target {entry.target}"
            cure = f"give a row for each of its {units.get(entry.target, 0)} units"
            yield Problem("level-array-shape", f"input {entry.name}", what, cure)
        if not entry.tau_s >= 0:
            yield Problem(
                "tau-out-of-range", f"input {entry.name}", f"tau is {entry.tau_s} s", "use 0 for an unfiltered input"
            )
        yield from start_problems(f"input {entry.name}", entry.start, entry.weight.shape[1])


def _tap_problems(where: str, taps: tuple[Tap, ...]) -> Iterable[Problem]:
    late = [tap.delay_ticks for tap in taps]
    total = sum(tap.share for tap in taps)
    if late != sorted(set(late)) or (late and late[0] < 0):
        yield Problem("level-malformed", where, f"its taps are {late} ticks late", "let delays rise from 0 or more")
    if taps and not abs(total - 1.0) < 1e-6:
        yield Problem("level-malformed", where, f"the shares of its taps add up to {total:g}", "let them add up to 1")


def _population_problems(population: SpikingPopulation) -> Iterable[Problem]:
    where = f"population {population.name}"
    if population.neurons < 1:
        yield Problem(
            "neurons-out-of-range", where, f"{population.neurons} neurons per unit", "use --neurons 1 or more"
        )
    for field in ("bias", "v_initial", "current_per_drive"):
        if not np.isfinite(getattr(population, field)).all():
            yield Problem("value-not-finite", where, f"{field} is not finite", "check the transfer's range")
    if not population.activity_per_spike > 0:
        yield Problem(
            "pool-out-of-range", where, f"activity per spike is {population.activity_per_spike}", "it must be above 0"
        )
    if not population.tau_mem_s >= 0:
        yield Problem(
            "tau-out-of-range", where, f"tau of the membrane is {population.tau_mem_s} s", "use 0 or a positive time"
        )
    yield from population.trace.problems(where, population.units)
    for parts in population.parts:
        yield from parts.problems(where, population.units)
    if not population.fit.ceiling > 0:
        yield Problem(
            "pool-out-of-range", where, f"the pool is full at activity {population.fit.ceiling}", "it must be above 0"
        )
    elif population.fit.headroom < 0:
        highest, ceiling = population.fit.visited[1], population.fit.ceiling
        yield Problem(
            "calibration-beyond-pool",
            where,
            f"calibration reaches activity {highest:.4g}, the pool is full at {ceiling:.4g}",
            "calibrate on stimuli that cover the range",
        )
