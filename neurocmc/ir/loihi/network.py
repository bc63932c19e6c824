"""Defines IntegerNetwork: the spiking network in the registers of a Loihi-like chip, every number an integer.

The meaning of a tick is part of the level (`StepRule`), not folklore. For Loihi's fixed-point current-based LIF,
with all arithmetic on signed integers and |x| * k >> 12 rounding toward zero::

    a  = (sum of mantissas of arriving spikes, each exponent group shifted by its exponent) << weight_shift
    u <- u (4096 - (decay_u + 1)) / 4096 + a          wraps at current_bits
    v <- v (4096 - decay_v) / 4096 + u + bias         saturates at voltage_bits
    spike and v <- 0 where v > threshold_mantissa << threshold_shift

Spikes of tick t arrive at t + spike_delay_ticks + delay_ticks of their projection.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.common.matrices import (
    FloatMatrix,
    IntMatrix,
    largest,
    mapped,
    same,
    set_frozen_matrix,
    span_of,
    total,
    values,
)
from neurocmc.ir.codec import SELDOM
from neurocmc.ir.copies import Copies
from neurocmc.ir.host_start import StartRows, start_problems
from neurocmc.ir.populations import HasPools, HasWires
from neurocmc.ir.rate import Readout
from neurocmc.ir.trace import Trace
from neurocmc.targets import LoihiLimits, SignMode

Register = TypeVar("Register", int, NDArray[np.int64])


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """The arithmetic of one tick on the target."""

    order: tuple[str, ...]
    spike_delay_ticks: int
    weight_shift: int
    threshold_shift: int
    decay_bits: int
    decay_u_offset: int
    current_bits: int
    voltage_bits: int

    @classmethod
    def of(cls, limits: LoihiLimits) -> "StepRule":
        """Returns the rule of a target."""
        return cls(
            order=limits.step_order,
            spike_delay_ticks=limits.spike_delay_ticks,
            weight_shift=limits.weight_shift,
            threshold_shift=limits.threshold_shift,
            decay_bits=limits.decay_bits,
            decay_u_offset=limits.decay_u_offset,
            current_bits=limits.current_bits,
            voltage_bits=limits.voltage_bits,
        )

    @property
    def full_decay(self) -> int:
        """The decay that leaves nothing, and what a register keeps where nothing decays."""
        return 1 << self.decay_bits

    @property
    def half_current(self) -> int:
        """The magnitude beyond which a current wraps."""
        return 1 << (self.current_bits - 1)

    @property
    def largest_voltage(self) -> int:
        """The magnitude at which a voltage saturates."""
        return (1 << (self.voltage_bits - 1)) - 1

    def lost_u(self, decay_u: Register) -> Register:
        """Returns what a tick takes of a current, in units of 1 / `full_decay`: the chip adds to the register."""
        return decay_u + self.decay_u_offset

    def keep_u(self, decay_u: Register) -> Register:
        """Returns what a tick leaves of a current, in units of 1 / `full_decay`."""
        return self.full_decay - self.lost_u(decay_u)

    def keep_v(self, decay_v: Register) -> Register:
        """Returns what a tick leaves of a voltage, in units of 1 / `full_decay`."""
        return self.full_decay - decay_v

    def arriving(self, decay_u: int) -> float:
        """Returns the share of a steady current that one tick brings in: 1 less the pole of the filter."""
        return self.lost_u(decay_u) / self.full_decay

    def pole(self, decay_u: int) -> float:
        """Returns the share of a current that one tick leaves."""
        return self.keep_u(decay_u) / self.full_decay

    def remembered_ticks(self, decay_u: int) -> float:
        """Returns how many ticks of a steady sum stand in the current; of the slowest decay for none."""
        return self.full_decay / max(self.lost_u(decay_u), 1)

    def threshold_lsb(self, mantissa: Register) -> Register:
        """Returns the thresholds in LSB of the voltage."""
        return mantissa << self.threshold_shift


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundingLoss:
    """What a parameter lost on the way to the grid, relative to its largest entry; entries that were clipped."""

    largest: float
    rms: float
    clipped: int

    @classmethod
    def of(cls, lost: FloatMatrix, wanted: FloatMatrix, clipped: int) -> "RoundingLoss":
        """Returns the loss of a parameter of which `wanted` was wanted."""
        scale = largest(wanted) or 1.0
        return cls(
            largest=largest(lost) / scale,
            rms=float(np.sqrt(np.square(values(lost)).sum() / np.prod(lost.shape))) / scale,
            clipped=clipped,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntegerPopulation:
    """Pools of compartments; the neurons of a unit share their current u and differ in bias and start voltage."""

    name: str
    units: int
    neurons: int
    decay_u: int
    decay_v: int
    threshold_mantissa: int
    bias_mantissa: NDArray[np.int64]  # (units, neurons)
    bias_exponent: int
    u_initial: NDArray[np.int64]  # (units,) LSB of the current before the first tick, which decays it
    v_initial: NDArray[np.int64]  # (units, neurons) LSB
    lsb_per_drive: Float  # (units,) LSB of u per unit of the rate circuit's drive
    activity_per_spike: float
    trace: Trace  # what its spikes are observed through
    wanted_pole: float  # exp(-tick/tau) of the synaptic filter
    bias_loss: RoundingLoss
    copies: tuple[Copies, ...] = dataclasses.field(default=(), metadata=SELDOM)  # that its units are, if they are
    clock: bool = dataclasses.field(default=False, metadata=SELDOM)  # a ring that lets other pools fire in turn

    def __post_init__(self) -> None:
        set_frozen(self, "bias_mantissa", np.int64, (self.units, self.neurons))
        set_frozen(self, "u_initial", np.int64, (self.units,))
        set_frozen(self, "v_initial", np.int64, (self.units, self.neurons))
        set_frozen(self, "lsb_per_drive", np.float64, (self.units,))

    @property
    def bias_lsb(self) -> NDArray[np.int64]:
        """(units, neurons) what is added to v in every tick."""
        mantissa, exponent = self.bias_mantissa, self.bias_exponent
        return mantissa << exponent if exponent >= 0 else mantissa >> -exponent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntegerProjection:
    """Weights as mantissas with one exponent; every neuron of a source unit reaches every neuron of a target unit."""

    name: str
    source: str
    target: str
    mantissa: IntMatrix  # (target units, source units)
    exponent: int
    sign: SignMode
    delay_ticks: int
    wanted_gain: FloatMatrix  # (target units, source units) drive per unit of activity in the rate circuit
    realised_gain: FloatMatrix  # the same, from the integers
    loss: RoundingLoss
    refines: str = dataclasses.field(
        default="", metadata=SELDOM
    )  # the projection that it is a part of: a finer one of its weights, or one that arrives later

    def __post_init__(self) -> None:
        set_frozen_matrix(self, "mantissa", np.int64, (None, None))
        set_frozen_matrix(self, "wanted_gain", np.float64, self.mantissa.shape)
        set_frozen_matrix(self, "realised_gain", np.float64, self.mantissa.shape)

    @property
    def whole(self) -> str:
        """The name of the projection whose weights these are, or are a part of."""
        return self.refines or self.name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntegerInput:
    """A drive as spikes from the host.

    Where spikes carry no payload, each target unit has `axon_mantissa` input axons, and a value is the sum of the
    mantissas of those that fire; where they do, one axon a unit carries the value as its payload. For an unfiltered
    input (`filtered` false) the host sends the innovation of the compartment's own filter, so that u holds the
    drive without lag.
    """

    name: str
    target: str
    axon_mantissa: NDArray[np.int64]  # (axons a unit,)
    exponent: int
    payload_bits: int
    lsb_per_input: FloatMatrix  # (target units, channels) LSB of u per unit of input
    filtered: bool
    host_pole: float = dataclasses.field(
        default=0.0, metadata=SELDOM
    )  # of the filter that the host applies itself; 0: none
    host_order: Literal[1, 2] = dataclasses.field(default=1, metadata=SELDOM)  # of that filter
    start: StartRows = dataclasses.field(
        default=(), metadata=SELDOM
    )  # of the host itself, by tick, instead of a stimulus's

    def __post_init__(self) -> None:
        set_frozen(self, "axon_mantissa", np.int64, (None,))
        set_frozen_matrix(self, "lsb_per_input", np.float64, (None, None))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class IntegerNetwork(HasPools[IntegerPopulation], HasWires[IntegerPopulation, IntegerProjection, IntegerInput]):
    """A whole network in integers; what the emulator runs and what a chip is given."""

    name: str
    tick_s: float
    rule: StepRule
    populations: tuple[IntegerPopulation, ...]
    projections: tuple[IntegerProjection, ...]
    inputs: tuple[IntegerInput, ...]
    readouts: tuple[Readout, ...]

    def realised_gains(self) -> dict[str, FloatMatrix]:
        """Returns the gain of every projection, all of its parts together."""
        found: dict[str, list[FloatMatrix]] = {}
        for part in self.projections:
            found.setdefault(part.whole, []).append(part.realised_gain)
        return {name: total(parts) for name, parts in found.items()}

    @property
    def has_clocks(self) -> bool:
        """Whether any population lets others fire in turn."""
        return self.once("has clocks", lambda: any(population.clock for population in self.populations))

    def is_gate(self, projection: IntegerProjection) -> bool:
        """Whether a projection lets the copies of units fire in turn: it comes from a clock, and not to one."""
        return self.population(projection.source).clock and not self.population(projection.target).clock

    def gate_lsb(self, name: str) -> int:
        """Returns what a clock adds to the current of a pool of a population in its tick; 0 where none does.

        In the next tick it is taken away again, without a rest (`passes.interleave`).
        """
        parts = [
            mapped(p.mantissa, lambda mantissa, shift=p.exponent + self.rule.weight_shift: np.ldexp(mantissa, shift))
            for p in (self.into(name) if self.has_clocks else ())
            if self.is_gate(p)
        ]
        return int(span_of(total(parts))[1]) if parts else 0

    def sending_the_same(self, name: str) -> int:
        """Returns how many units side by side send the same: all copies of a unit, if their weights are the same."""
        for copies in self.population(name).copies:
            sent = (p.mantissa for p in self.projections if p.source == name)
            if all(same(columns[:, copies.likeness], columns) for columns in sent):
                return copies.phases
        return 1

    def sent_the_same(self, entry: IntegerInput) -> int:
        """Returns how many units side by side the host sends the same: all copies of a unit, if they are alike."""
        for copies in self.population(entry.target).copies:
            if same(entry.lsb_per_input[copies.likeness], entry.lsb_per_input):
                return copies.phases
        return 1

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults of the network at once."""
        return tuple(_problems(self))


RULE_BOUNDS = {
    "spike_delay_ticks": (1, 32),
    "weight_shift": (0, 32),
    "threshold_shift": (0, 32),
    "decay_bits": (1, 32),
    "decay_u_offset": (0, 32),
    "current_bits": (2, 32),
    "voltage_bits": (2, 32),
}  # beyond them are widths that no 32-bit chip has; with them, nothing else can be checked


def rule_problems(rule: StepRule, bounds: Mapping[str, tuple[int, int]] = RULE_BOUNDS) -> Iterable[Problem]:
    """Yields fields of a rule that lie outside their bounds, least and largest."""
    for field, (low, high) in bounds.items():
        if not low <= getattr(rule, field) <= high:
            yield Problem(
                "rule-out-of-range",
                "rule",
                f"{field} is {getattr(rule, field)}",
                f"give a value between {low} and {high}",
            )


def _problems(network: IntegerNetwork) -> Iterable[Problem]:
    if faults := tuple(rule_problems(network.rule)):
        yield from faults
        return
    if not network.tick_s > 0:
        yield Problem("time-not-positive", "network", f"tick is {network.tick_s} s", "give a tick above 0 s")
    units = {population.name: population.units for population in network.populations}
    for population in network.populations:
        yield from _population_problems(population, network.rule)
    for projection in network.projections:
        yield from _projection_problems(projection, units)
    for entry in network.inputs:
        if entry.lsb_per_input.shape[0] != units.get(entry.target):
            cure = f"give a row for each of the {units.get(entry.target, 0)} units of {entry.target}"
            yield Problem(
                "level-array-shape", f"input {entry.name}", f"gains have shape {entry.lsb_per_input.shape}", cure
            )
        if not 0 <= entry.host_pole < 1:
            what = f"the host's filter keeps {entry.host_pole} of its value per tick"
            yield Problem("register-beyond-range", f"input {entry.name}", what, "give 0 or more, and less than 1")
        yield from start_problems(f"input {entry.name}", entry.start, entry.lsb_per_input.shape[1])


def _population_problems(population: IntegerPopulation, rule: StepRule) -> Iterable[Problem]:
    where = f"population {population.name}"
    for field in ("decay_u", "decay_v"):
        value = getattr(population, field)
        if not 0 <= value < rule.full_decay:
            cure = f"give 0 to {rule.full_decay - 1}"
            yield Problem(
                "register-beyond-range",
                where,
                f"{field} is {value}, its register holds 0 to {rule.full_decay - 1}",
                cure,
            )
    theta = rule.threshold_lsb(population.threshold_mantissa)
    if not 0 < theta <= rule.largest_voltage:
        what = f"threshold {theta} is outside the {rule.voltage_bits}-bit voltage"
        highest = rule.largest_voltage >> rule.threshold_shift
        yield Problem("register-beyond-range", where, what, f"give a mantissa of 1 to {highest}")
    highest = int(np.abs(population.u_initial).max(initial=0))
    if not highest < rule.half_current:
        what = f"start current {highest} is outside the {rule.current_bits}-bit current"
        yield Problem("register-beyond-range", where, what, f"stay below {rule.half_current:,}")
    for part in (population.trace, *population.copies):
        yield from part.problems(where, population.units)


def _projection_problems(projection: IntegerProjection, units: dict[str, int]) -> Iterable[Problem]:
    where = f"projection {projection.name}"
    shape = (units.get(projection.target), units.get(projection.source))
    if projection.mantissa.shape != shape:
        what = f"mantissas have shape {projection.mantissa.shape}, its populations {shape}"
        yield Problem(
            "level-array-shape", where, what, "give a row for each target unit, in it a mantissa for each source unit"
        )
    lowest, highest = (int(end) for end in span_of(projection.mantissa))
    if (projection.sign == "excitatory" and lowest < 0) or (projection.sign == "inhibitory" and highest > 0):
        what = f"mantissas {lowest}..{highest} in {projection.sign} sign mode"
        yield Problem("mantissa-sign", where, what, "use sign mode mixed, or split the projection by sign")
    if projection.sign == "mixed" and (values(projection.mantissa) % 2).any():
        what = "an odd mantissa in mixed sign mode, where the last bit holds the sign"
        yield Problem("mantissa-odd", where, what, "round mantissas to even ones")
    if projection.delay_ticks < 0:
        yield Problem("delay-negative", where, f"delay of {projection.delay_ticks} ticks", "give 0 or more")
