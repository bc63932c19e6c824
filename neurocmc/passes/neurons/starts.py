"""Says where current and voltage begin, so that a bias acts on the chip as it does in the framework.

A framework's bias arrives through the synapse: with the pole a of the current it rises to B = b / (1 - a). A chip
adds its bias to the voltage, at once and from its first tick on. Both are the same if the current starts at
-B / a^L for a population L ticks deep, and if the voltage starts where the ticks before the
framework's first one bring it to 0:

    current  u_T + B = B (1 - a^(T + 1 - L - s))                    for a bias that begins in tick s
    voltage  v_0 = -sum over T < L of m^-(T + 1) (u_T + B)          with the pole m of the voltage

A start from which a neuron would spike before the framework's first tick is lowered until it does not: a deep
neuron that a bias inhibits then begins somewhat too low, which its leak or its first spike makes good.

Without memory of the current (a = 0) the voltage alone makes up for what the bias adds before its time; without
memory of either, a bias above the threshold would have the neuron spike before its time, and is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation

LARGEST_START = 1e4  # thresholds; beyond it the start is no number of a register
QUIET = 0.95  # of a threshold, which the voltage stays below before the framework's first tick


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """Of one population, (size,) each, in units of its voltage."""

    bias: Float  # added to the voltage in every tick
    current: Float  # before the first tick, as what it adds to the voltage
    voltage: Float  # before the first tick
    lowered: Bool  # where the voltage is not what the bias asks


def start_of(network: NeuronNetwork, population: NeuronPopulation, depth_ticks: int) -> Start:
    """Returns the bias on the voltage and the start values of one population.

    Raises InfeasibleError where a bias of a deep population would need a start beyond every register.
    """
    a, m = population.pole_syn, population.pole_mem
    gain = population.gain_syn * population.gain_mem
    begins = network.biases(population.name, gain)
    steady = {first: bias / np.where(a < 1, 1 - a, np.nan) for first, bias in begins.items()}
    total = sum(steady.values(), np.zeros(population.size))
    raise_infeasible(_endless(population, begins))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        remembers = a > 0
        current = -sum(
            (np.where(remembers, b / a ** (depth_ticks + first), 0.0) for first, b in steady.items()),
            np.zeros(population.size),
        )
        voltage, hasty = np.zeros(population.size), np.zeros(population.size, dtype=np.bool_)
        added, highest = np.zeros(population.size), np.full(population.size, np.inf)
        for tick in range(depth_ticks + max(begins, default=0)):
            early = np.zeros(population.size)
            for first, rest in steady.items():
                behind = tick + 1 - depth_ticks - first
                if behind <= 0:  # the framework's bias has not begun
                    early = early + np.where(remembers, rest * (1 - a**behind), rest)
            hasty |= (m == 0) & (early > population.threshold)
            voltage = voltage - np.where((early != 0) & (m > 0), early / m ** (tick + 1), 0.0)
            added = m * added + early
            quiet = (QUIET * population.threshold - added) / m ** (tick + 1)
            highest = np.minimum(highest, np.where(m > 0, quiet, np.inf))
        lowered = voltage > highest
        voltage = np.minimum(voltage, highest)
    raise_infeasible(_beyond(population, np.where(hasty, np.inf, current), voltage, depth_ticks))
    return Start(bias=total, current=current, voltage=voltage, lowered=lowered)


def starts_of(network: NeuronNetwork, depth_ticks: Mapping[str, int]) -> dict[str, Start]:
    """Returns the starts of all populations."""
    return {p.name: start_of(network, p, depth_ticks[p.name]) for p in network.populations}


def start_notes(starts: Mapping[str, Start]) -> tuple[str, ...]:
    """Says of each population how many of its neurons were given a start below that of their bias."""
    return tuple(
        f"population {name}: {start.lowered.sum():,} of {start.lowered.size:,} neurons, which a bias inhibits, start "
        f"lower than it asks, at most at {QUIET:g} of the threshold, so that none spikes before the first tick"
        for name, start in starts.items()
        if start.lowered.any()
    )


def _endless(population: NeuronPopulation, begins: Mapping[int, Float]) -> list[Problem]:
    """A bias into a current that keeps all of itself grows without end."""
    wrong = sum((np.abs(bias) for bias in begins.values()), np.zeros(population.size)) * (population.pole_syn >= 1)
    if not wrong.any():
        return []
    what = f"neuron {int(np.argmax(wrong))} has a bias, and a current that does not decay"
    return [Problem("bias-endless", f"population {population.name}", what, "give its synapse a time constant")]


def _beyond(population: NeuronPopulation, current: Float, voltage: Float, depth_ticks: int) -> list[Problem]:
    largest = np.maximum(np.abs(current), np.abs(voltage)) / population.threshold
    wrong = ~(largest <= LARGEST_START)
    if not wrong.any():
        return []
    index = int(np.argmax(wrong))
    what = (
        f"the bias of neuron {index}, {depth_ticks} layers deep, needs a start of {largest[index]:g} thresholds, "
        f"limit {LARGEST_START:g}"
    )
    cure = "use slower filters in deep layers, or leave the bias out of them"
    return [Problem("bias-too-deep", f"population {population.name}", what, cure)]
