"""Defines what a tick of a framework computes: the order of its steps, its decays, its reset, and its rounding.

A file of a spiking network (NIR) has time constants and thresholds. How long a tick is, in which order current,
voltage and spike follow, and whether a spike takes the voltage to 0 or takes a threshold off it, are the framework's,
and a network computes something else under the rules of another one. So they are named, and are part of the level.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from neurocmc.common.errors import Problem

Decay = Literal["linear", "exponential"]
Update = Literal["pole", "euler"]
Precision = Literal["float32", "float64"]
Reset = Literal["zero", "subtract", "none"]
RESETS: tuple[Reset, ...] = ("zero", "subtract", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Semantics:
    """The rules of one framework. A tick is current, voltage, spike, reset, in this order.

    With x the sum of what arrives in a tick, current i and voltage v become::

        pole    i <- pole_syn i + gain_syn x             v <- pole_mem v + gain_mem i
        euler   i <- i + (1 - pole_syn) (w x - i)        v <- v + (1 - pole_mem) (r i - v)

    which are the same but for rounding: w and r are the gains over (1 - pole). A neuron spikes where v lies above its
    threshold, or with `at_threshold` at it as well.
    """

    name: str  # "snntorch-1"
    dt_s: float  # model time of a tick, in s
    decay: Decay  # whether a time constant tau became 1 - dt / tau, or exp(-dt / tau)
    update: Update
    precision: Precision
    at_threshold: bool = False  # whether v at the threshold is a spike
    several_spikes: bool = False  # whether v at n thresholds is n spikes of one tick
    output_late_ticks: int = 0  # ticks after its spike at which the framework shows it

    def problems(self) -> Iterable[Problem]:
        """Yields numbers that no framework has."""
        if not 0 < self.dt_s < 1e3:
            cure = "give a time above 0 s (--dt)"
            yield Problem("time-not-positive", f"semantics {self.name}", f"a tick is {self.dt_s:g} s", cure)
        if not 0 <= self.output_late_ticks <= 1:
            what = f"its output is {self.output_late_ticks} ticks late"
            yield Problem("level-malformed", f"semantics {self.name}", what, "give 0 or 1")
