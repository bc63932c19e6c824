"""Chooses the two scales of a pool, threshold and current per unit of drive, within the registers that bound them."""

from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Bool, Float
from neurocmc.ir.rate import RatePopulation
from neurocmc.passes.pool_codes import RATE_MEMORY_TICKS
from neurocmc.passes.weight_grid import decay_register, largest_gate
from neurocmc.sim.neuron import IdealNeuron, LoihiNeuron, Neuron
from neurocmc.sim.rate import Visited
from neurocmc.targets import Code, LoihiLimits, Target

LEAST_REACH = 0.1  # of the span of its transfer, that the neurons of a pool are taken to reach over at least
CURRENT_MARGIN = 1.5  # room in the current register beyond what calibration needs, where nothing more is asked for


def largest_drive(population: RatePopulation, visited: Visited) -> float:
    """Returns the largest normalised drive, gain u, that calibration brings to the current of any unit, or more."""
    return max(abs(visited.drive[0]), abs(visited.drive[1])) + float(np.abs(population.undriven).max())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """The registers of a target, and the two free scales: current per drive, and threshold, both in LSB.

    An ideal target is one whose biases reach to 1 in steps of 0, so that one arithmetic serves both.
    """

    where: str
    code: Code
    keep_v: float  # share of the voltage kept per tick
    bias_limit: float
    bias_step: int
    current_limit: float  # LSB per unit of drive at which the largest drive of calibration fills the register
    highest_threshold: float
    threshold_step: float
    registers: LoihiLimits | None  # None: biases, thresholds and currents are real numbers

    @classmethod
    def of(
        cls,
        target: Target,
        population: RatePopulation,
        visited: Visited,
        code: Code,
        margin: float = CURRENT_MARGIN,
        slack: float = 0.0,
    ) -> "Scales":
        """Returns the scales of a population whose current register keeps `margin` times what calibration needs.

        `slack` is the share of the bias registers that is left to what moves thresholds later.
        """
        memory = RATE_MEMORY_TICKS if code == "rate" else 0.0
        largest = largest_drive(population, visited)
        if (registers := target.registers) is None:
            return cls(
                where=population.name,
                code=code,
                keep_v=float(np.exp(-1.0 / memory)) if memory else 0.0,
                bias_limit=1.0,
                bias_step=0,
                current_limit=np.inf,
                highest_threshold=1.0,
                threshold_step=0.0,
                registers=None,
            )
        decay_v = decay_register(memory, 1.0, registers, 0)
        step = 1 << registers.bias_exponent_max
        unit = 1 << registers.threshold_shift
        return cls(
            where=population.name,
            code=code,
            keep_v=1.0 - decay_v / (1 << registers.decay_bits),
            bias_limit=float(((1 << registers.bias_mantissa_bits) - 1) * step) * (1.0 - slack),
            bias_step=step,
            current_limit=(1 << (registers.current_bits - 1)) / (margin * largest) if largest > 0 else np.inf,
            highest_threshold=float(((1 << registers.threshold_mantissa_bits) - 1) * unit),
            threshold_step=float(unit),
            registers=registers,
        )

    def within_gate(self, reach: float) -> "Scales":
        """Returns the scales at which a drive that reaches so far beyond the first threshold stays below a gate."""
        gate = 0 if self.registers is None else largest_gate(self.registers)
        if not gate or reach <= 0:
            return self
        return replace(self, current_limit=min(self.current_limit, gate / reach))

    @property
    def rheobase(self) -> float:
        """The current, in thresholds, that just keeps the voltage at threshold."""
        return 1.0 - self.keep_v

    def tau_mem_s(self, tick_s: float) -> float:
        return tick_s / -float(np.log(self.keep_v)) if self.keep_v > 0 else 0.0

    def neuron(self, threshold: float) -> Neuron:
        """Returns the target's neuron, to be measured."""
        if self.registers is None:
            return IdealNeuron(keep=self.keep_v)
        full = 1 << self.registers.decay_bits
        return LoihiNeuron(
            decay_v=round((1.0 - self.keep_v) * full),
            decay_bits=self.registers.decay_bits,
            threshold_lsb=int(threshold),
            bias_step_lsb=self.bias_step,
            voltage_limit_lsb=(1 << (self.registers.voltage_bits - 1)) - 1,
        )

    def largest(self, recruited: Float, span: float, rate_scale: float) -> tuple[float, float]:
        """Returns the largest (current, threshold) at which all biases and the visited currents fit.

        `span` is how far the drive moves from where the transfer leaves zero to where it is full.
        """
        low, high = float(recruited.min()), float(recruited.max())
        if self.code == "rate":
            per_threshold = np.abs(self.rheobase - rate_scale * recruited).max()
            threshold = min(self.highest_threshold, self.bias_limit / float(per_threshold))
            return self._rate_pair(min(threshold, self.current_limit / rate_scale), rate_scale)
        # Thresholds are rounded down to their grid, of which the rounding of a bias takes up half a step of its own.
        slack = max(self.threshold_step - 0.5 * self.bias_step, 0.0)
        # One neuron alone, of one unit, has no reach of its own: then a tenth of its transfer stands for it.
        room = [2.0 * (self.bias_limit - slack) / max(high - low, LEAST_REACH * span), self.current_limit]
        if high > 0 and self.registers is not None:
            room.append((self.bias_limit + self.highest_threshold - slack) / high)
        if low < 0:
            room.append(0.75 * self.bias_limit / -low)  # leaves a threshold of at least a quarter of the bias range
        current = min(room)
        return current, self._threshold_for(current * recruited)

    def shrunk(self, factor: Float, recruited: Float, current: Float, threshold: float) -> tuple[Float, float]:
        """Returns the same pair with the current (units, 1) reduced by a factor each; in the rate code by one.

        The threshold centres the biases anew if all of them then fit, and else stays.
        """
        if self.code == "rate":
            reduced, threshold = self._rate_pair(threshold * float(factor.min()), float(current.max()) / threshold)
            return np.full_like(current, reduced), threshold
        reduced = current * factor
        centred = self._threshold_for(reduced * recruited)
        return reduced, centred if self.holds(reduced * recruited, centred).all() else threshold

    def holds(self, placed: Float, threshold: float) -> Bool:
        """Returns (units,) whether the biases of neurons that are recruited at `placed` [LSB] fit their register."""
        reach = np.abs(threshold - placed).max(axis=1)
        return reach <= self.bias_limit - 0.5 * self.bias_step

    def bias(self, recruited: Float, current: Float, threshold: float) -> Float:
        """Returns the biases, in thresholds, that recruit each neuron where the ladder wants it."""
        return self.rheobase_of_code() - current / threshold * recruited

    def rheobase_of_code(self) -> float:
        """Returns the rheobase, or 1 in the threshold code, where current and bias must pass the threshold."""
        return self.rheobase if self.code == "rate" else 1.0

    def _rate_pair(self, threshold: float, rate_scale: float) -> tuple[float, float]:
        threshold = self._on_grid(threshold)
        return rate_scale * threshold, threshold

    def _threshold_for(self, placed: Float) -> float:
        """The threshold that centres the biases of neurons recruited at `placed` [LSB] in their register."""
        low, high = float(placed.min()), float(placed.max())
        centred = min(max(0.5 * (low + high), 0.25 * self.bias_limit), low + self.bias_limit)
        # The thresholds of real numbers have no register.
        return self._on_grid(centred if self.registers is None else min(centred, self.highest_threshold))

    def _on_grid(self, threshold: float) -> float:
        if not self.threshold_step:
            return threshold
        return max(np.floor(threshold / self.threshold_step), 1.0) * self.threshold_step
