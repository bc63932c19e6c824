"""Measures one neuron of each kind of target: the transfer curve that gain matching must meet.

A curve is not assumed from a formula but counted, over `TICKS` ticks (fewer where it has no memory, and every tick
is like the last) at constant current in the very arithmetic of the target, so that a staircase (the interval between
spikes is a whole number of ticks), a truncation or a saturation is in the curve. A spike leaves the voltage at 0,
where it began: all intervals are as the first, so that no neuron is stepped beyond its first spike. Currents, biases
and voltages are in thresholds.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.jit import jit
from neurocmc.sim.arithmetic import toward_zero

TICKS, SETTLE_TICKS = 1200, 200
MEMORYLESS = 0.01  # share of its voltage below which a neuron forgets within a tick
MEMORYLESS_TICKS, MEMORYLESS_SETTLE_TICKS = 40, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class IdealNeuron:
    """LIF in real numbers with reset to zero: v <- keep v + I + bias, a spike where v > 1."""

    keep: float  # exp(-tick/tau_mem)

    def place_bias(self, bias: Float) -> Float:
        """Returns the biases as the target can hold them: here, unchanged."""
        return bias

    def rate(self, current: Float) -> Float:
        """Measures (points,) spikes per tick at each constant current (bias included)."""
        return _ideal_rate(np.ascontiguousarray(current, dtype=np.float64), self.keep, *_ticks(self.keep))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoihiNeuron:
    """A Loihi compartment: decay_v in its register, voltage in LSB, biases on the mantissa-exponent grid."""

    decay_v: int
    decay_bits: int
    threshold_lsb: int
    bias_step_lsb: int
    voltage_limit_lsb: int

    def place_bias(self, bias: Float) -> Float:
        """Returns the biases rounded to the grid of the bias registers, in thresholds."""
        return np.rint(bias * self.threshold_lsb / self.bias_step_lsb) * self.bias_step_lsb / self.threshold_lsb

    def rate(self, current: Float) -> Float:
        """Measures (points,) spikes per tick at each constant current (bias included)."""
        lsb = np.rint(current * self.threshold_lsb).astype(np.int64)
        keep = (1 << self.decay_bits) - self.decay_v
        ticks, settle = _ticks(keep / (1 << self.decay_bits))
        return _loihi_rate(lsb, keep, self.decay_bits, self.threshold_lsb, self.voltage_limit_lsb, ticks, settle)


Neuron = IdealNeuron | LoihiNeuron


def _ticks(keep: float) -> tuple[int, int]:
    """Ticks to step a neuron, and how many of them it settles."""
    return (MEMORYLESS_TICKS, MEMORYLESS_SETTLE_TICKS) if keep < MEMORYLESS else (TICKS, SETTLE_TICKS)


@jit()
def _ideal_rate(current: Float, keep: float, ticks: int, settle: int) -> Float:
    rate = np.zeros(current.size)
    for point in range(current.size):
        voltage = 0.0
        for tick in range(1, ticks + 1):
            before, voltage = voltage, voltage * keep + current[point]
            if voltage > 1.0:
                rate[point] = _regular(tick, ticks, settle)
            if voltage > 1.0 or voltage == before:
                break
    return rate


@jit()
def _loihi_rate(current: Int, keep: int, shift: int, theta: int, limit: int, ticks: int, settle: int) -> Float:
    rate = np.zeros(current.size)
    for point in range(current.size):
        voltage = 0
        for tick in range(1, ticks + 1):
            before, voltage = voltage, toward_zero(voltage, keep, shift) + current[point]
            voltage = min(max(voltage, -limit), limit)
            if voltage > theta:
                rate[point] = _regular(tick, ticks, settle)
            if voltage > theta or voltage == before:
                break
    return rate


@jit(inline="always")
def _regular(interval: int, ticks: int, settle: int) -> float:
    """Spikes per tick, after those of the ticks that settle, of a neuron that fires at every `interval`-th tick."""
    return (ticks // interval - settle // interval) / (ticks - settle)
