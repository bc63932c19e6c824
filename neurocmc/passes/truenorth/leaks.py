"""Makes a current decay on a core that has no synaptic state.

All neurons of a unit receive the same spikes through the same weights and never reset, so all hold the same potential
V. Some of them, the filter, have their thresholds a `spacing` apart and send their spikes back to all neurons of the
unit with weight -w: their count is V / spacing in whole numbers, so V loses w / spacing of itself a tick. Threshold
noise blurs each step over 2^M, at best the whole spacing: only one filter neuron is then undecided at a time, and the
count is V / spacing exactly in the mean, so that E[V] decays by w / 2^M a tick. One neuron of this kind is the leaky
filter of the literature (Cassidy et al. 2013, IJCNN); `neurons` of them reach as many times further and are as many
times quieter. Where noise is narrower than the spacing, a count is off by an eighth of a neuron at most for a noise
of half the spacing, and by a half without any.

V stands for a current of either sign: where the current is 0, `rest` filter neurons fire, none of them undecided, and
a constant drive of rest * w a tick, by the leak registers and by neurons that always fire, holds V there.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.targets import TrueNorthLimits

FILTER_NEURONS = 32
LARGEST_CONSTANT = 1200  # LSB a tick: what the leak register and a handful of always firing neurons can give
POLE_ERROR = 0.05  # of 1 - keep, at most
CLOSE_POLE = 0.02  # what verification asks for: with noise, a pole beyond it is taken only where there is no other
FAR_COST = 10.0
UNBLURRED_COST = 4.0  # of missing filter neurons where no noise makes up for coarse steps
POLE_COST, NARROW_COST = 20.0, 0.3  # of an error of the pole, and of noise narrower than the spacing


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A filter: `neurons` thresholds `spacing` apart, feedback -`weight`; at rest `rest` of them fire."""

    neurons: int
    spacing: int
    weight: int
    rest: float  # a whole number from 0 to `neurons`, but in a joined ladder
    noise_bits: int  # M: each threshold is raised by a random number below 2^M

    @property
    def keep(self) -> float:
        """The pole: share of the current kept a tick."""
        return 1.0 - self.weight / self.spacing

    @property
    def has_floor(self) -> bool:
        """Whether V at rest is below all steps: a floor must hold it."""
        return self.rest < 0

    @property
    def has_ceiling(self) -> bool:
        """Whether V at rest is above all steps: the constant drive must end where the last filter neuron fires."""
        return self.rest > self.neurons

    @property
    def constant(self) -> int:
        """The drive a tick that holds V at rest."""
        return round(self.rest * self.weight)

    @property
    def rest_potential(self) -> int:
        """V where the current is 0: with a whole `rest` no filter neuron is undecided there."""
        return math.ceil(self.rest * self.spacing) - (1 if self.rest else 0)

    @property
    def noise_mask(self) -> int:
        return (1 << self.noise_bits) - 1

    def thresholds(self) -> list[int]:
        """Returns the thresholds without noise; with it, filter neuron k fires half the time at k + 1/2 steps."""
        first = (self.spacing - (1 << self.noise_bits) + 1) // 2
        return [k * self.spacing + first for k in range(self.neurons)]

    def largest_scale(self, low: float, high: float) -> float:
        """Returns the LSB a threshold at which the currents [low, high] just fit between first and last neuron."""
        above = (self.neurons - self.rest) * self.spacing / high if high > 0 else math.inf
        below = self.rest_potential / -low if low < 0 else math.inf
        return min(above, below)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakCosts:
    """What a leak is chosen by, beside its pole and noise."""

    bias: float  # of a constant drive beyond the leak register, which takes neurons, axons and a type
    coarse: float  # over the spacing: a register of few LSB rounds weights and ladders
    powers: bool  # whether spacings that noise fills are tried beside those nearest to the pole


COSTS = LeakCosts(bias=0.4, coarse=1.0, powers=False)
# Where an axon type of the host's is there anyway, and what calibration visits fills the register.
LIFTED_COSTS = LeakCosts(bias=0.02, coarse=16.0, powers=True)


def leak_range(limits: TrueNorthLimits) -> tuple[int, int]:
    """Returns the least and the largest number that a leak register holds."""
    half = 1 << (limits.leak_bits - 1)
    return -half, half - 1


def choose_leak(
    corelet: str, keep: float, span: tuple[float, float], neurons: int, limits: TrueNorthLimits, costs: LeakCosts
) -> Leak:
    """Returns the leak that comes closest to the wanted pole and noise, of those that fit the registers.

    Raises InfeasibleError where the time constant is beyond them. `span` is the lowest and highest current.
    """
    if keep >= 1.0:  # so slow that a tick of it is lost in rounding
        raise InfeasibleError(_beyond(corelet, keep))
    fitting = list(_fitting(keep, span, neurons, limits, costs.powers))
    if not fitting:
        raise InfeasibleError(_beyond(corelet, keep))
    return min(fitting, key=lambda leak: _cost(leak, keep, neurons, limits, costs))


def _fitting(
    keep: float, span: tuple[float, float], neurons: int, limits: TrueNorthLimits, powers: bool
) -> Iterator[Leak]:
    """Leaks whose pole is near enough, the smallest weight first."""
    low, high = span
    share = -low / (high - low)
    for weight in range(1, 1 << (limits.weight_bits - 1)):
        nearest = max(round(weight / (1.0 - keep)), 1)
        count = min(neurons, ((1 << limits.threshold_bits) - 1) * 7 // (8 * nearest))
        within = low <= 0.0 <= high  # else no drive ever leads to a current of 0, where the ladder need not reach
        rest = min(max(round(share * count), 1), count - 1) if within else int(share * count)
        if count < 2 or rest * weight > LARGEST_CONSTANT or rest * weight < leak_range(limits)[0]:
            return
        power = 1 << round(math.log2(nearest))  # that noise fills
        for spacing in dict.fromkeys((nearest, power) if powers and limits.stochastic else (nearest,)):
            bits = min(limits.noise_mask_bits, int(math.log2(spacing))) if limits.stochastic else 0
            if abs(weight / spacing / (1.0 - keep) - 1.0) <= POLE_ERROR:
                yield Leak(neurons=count, spacing=spacing, weight=weight, rest=rest, noise_bits=bits)


def _cost(leak: Leak, keep: float, neurons: int, limits: TrueNorthLimits, costs: LeakCosts) -> float:
    """A narrow noise costs accuracy; so does a short register."""
    error = abs((1.0 - leak.keep) / (1.0 - keep) - 1.0)
    cost = POLE_COST * error + (
        NARROW_COST * math.log2(leak.spacing / (1 << leak.noise_bits)) if limits.stochastic else 0.0
    )
    cost += costs.bias if leak.constant > leak_range(limits)[1] else 0.0
    cost += FAR_COST if error > CLOSE_POLE and limits.stochastic else 0.0
    cost += costs.coarse / leak.spacing
    return cost + (neurons - leak.neurons) / neurons * (1.0 if limits.stochastic else UNBLURRED_COST)


def _beyond(corelet: str, keep: float) -> Problem:
    return Problem(
        "filter-not-realisable",
        f"unit {corelet}",
        f"its filter keeps {keep:.6g} of the current a tick, which no feedback weight and spacing of thresholds hold "
        f"within {100 * POLE_ERROR:g} %",
        "use a longer tick (--tick-ms), or a shorter time constant",
    )


def sum_leak(levels: int, limits: TrueNorthLimits) -> Leak:
    """Returns the leak of a partial sum, which keeps nothing but the rounding of its count for the next tick."""
    largest = (1 << (limits.weight_bits - 1)) - 1
    spacing = min(largest, ((1 << limits.threshold_bits) - 1) // levels)
    return Leak(neurons=levels, spacing=spacing, weight=spacing, rest=0, noise_bits=0)
