"""Chooses how large the numbers of each population are: as large as its registers allow, and no larger than serves.

A large scale loses least to rounding, and is the first to overflow. A current that overflows wraps around, which
ruins the run; a voltage saturates, which below the threshold only deepens inhibition. So the network is run in
integers on its calibration, at a scale that is small enough to see what every register is asked to hold; from that
the largest scales follow at which currents have room to double; and of these and some smaller ones the best is kept,
judged by the spikes of the same network in real numbers on the same calibration.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.loihi.neuron_losses import NeuronLosses
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.passes.loihi.give_back import give_back
from neurocmc.passes.loihi.quantise_neurons import QuantiseNeurons
from neurocmc.passes.neurons.skew import Skewed
from neurocmc.passes.neurons.starts import starts_of
from neurocmc.sim.loihi.neurons.emulator import NeuronRun, recording_of, run_neurons
from neurocmc.targets import LoihiTarget

PROBE_EXPONENT = -3  # of the run that finds out what registers are asked to hold
ROOM = 2.0  # by which a current may grow beyond calibration before it wraps
LEAST_ROOM = 1.9  # the same after rounding, without which a scale is not taken
OFFSETS = (5, 4, 3, 2, 1, 0, -1, -2, -3)  # bits above and below the scale at which calibration fits every register
GRACE = 0.0005  # share of all spikes that a scale within all registers may cost against one beyond
MOST_CELLS = 10_000_000  # neuron-ticks of calibration that one candidate is run on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScaledNeurons:
    """The integers that were chosen, what they lost, and what calibration asked of their registers."""

    network: IntegerNeurons
    losses: NeuronLosses
    seen: NeuronRun
    tried: tuple[tuple[int, float], ...]  # offset -> distance of its spikes from those in real numbers
    offset: int


@dataclass(frozen=True)
class ScaleNeurons:
    """Skewed network -> IntegerNeurons at the best scale."""

    name: ClassVar[str] = "scale-neurons"
    planes: int = 2

    def run(
        self, skewed: Skewed, calibration: EventStimulus, wanted: NeuronRecording, target: LoihiTarget
    ) -> ScaledNeurons:
        """Chooses by `wanted`, what the skewed network does on the calibration in real numbers.

        Raises InfeasibleError where at no scale all currents stay within their registers.
        """
        starts, part = starts_of(skewed.network, skewed.depth_ticks), calibration
        low, high = target.limits.weight_exponent_min, target.limits.weight_exponent_max
        probe = {name: max(PROBE_EXPONENT, low) for name in skewed.depth_ticks}
        network, _ = QuantiseNeurons(probe, self.planes).run(skewed, starts, target)
        fits = _fitting(network, run_neurons(network, part), probe)
        best: ScaledNeurons | None = None
        tried: list[tuple[int, float]] = []
        done: set[tuple[int, ...]] = set()
        for offset in OFFSETS:
            exponents = {name: fit.at(offset, low, high) for name, fit in fits.items()}
            if tuple(exponents.values()) in done:
                continue
            done.add(tuple(exponents.values()))
            network, losses = QuantiseNeurons(exponents, self.planes).run(skewed, starts, target)
            seen = run_neurons(network, part)
            ticks = part.batch * (part.ticks + network.deepest_ticks)
            if (given := give_back(network, seen, ticks, target.limits)) is not network:
                network, seen = given, run_neurons(given, part)
            if seen.wraps.any() or LEAST_ROOM * seen.largest_u.max() > network.rule.half_current:
                continue
            error = distance(wanted, recording_of(network, seen.spikes, part))
            tried.append((offset, error))
            if best is None or _is_better(tried[-1], best):
                best = ScaledNeurons(network=network, losses=losses, seen=seen, tried=(tried[-1],), offset=offset)
        if best is None:
            what = (
                "on the calibration spikes, currents come too close to the limits of their 24-bit registers "
                "at every scale that was tried"
            )
            cure = "bring the weights of its projections closer together, or train with smaller ones"
            raise InfeasibleError(Problem("scale-not-found", f"network {skewed.network.name}", what, cure))
        return ScaledNeurons(
            network=best.network, losses=best.losses, seen=best.seen, tried=tuple(tried), offset=best.offset
        )


def _is_better(tried: tuple[int, float], best: ScaledNeurons) -> bool:
    """Whether a scale is to be preferred: within registers rather than beyond them, unless that costs spikes."""
    offset, error = tried
    beyond = GRACE * (best.offset > 0 >= offset)
    return error < best.tried[0][1] + beyond


def part_of(calibration: EventStimulus, neurons: int) -> EventStimulus:
    """Returns as many trials of a calibration as are run in seconds, the first ones."""
    return calibration.part(MOST_CELLS, neurons)


def distance(wanted: NeuronRecording, other: NeuronRecording) -> float:
    """Returns the spikes by which the counts of all neurons and trials differ, as a share of all spikes."""
    apart, total = 0.0, 0.0
    for name in wanted.spikes:
        ours, theirs = wanted.counts(name), other.counts(name)
        apart += float(np.abs(ours - theirs).sum())
        total += float(ours.sum())
    return apart / max(total, 1.0)


@dataclass(frozen=True, slots=True)
class _Fit:
    """The largest exponents of a population at which what calibration asks of a register fits it."""

    voltage: int
    current: int  # with room to double

    def at(self, offset: int, low: int, high: int) -> int:
        """Returns the exponent so many bits above the one at which the voltage fits, as far as the current goes."""
        return int(np.clip(min(self.voltage + offset, self.current), low, high))


def _fitting(network: IntegerNeurons, seen: NeuronRun, probe: dict[str, int]) -> dict[str, _Fit]:
    rule = network.rule
    found: dict[str, _Fit] = {}
    for name, exponent in probe.items():
        own = network.rows(name)
        current = ROOM * float(seen.largest_u[own].max(initial=1)) / rule.half_current
        voltage = float(max(-seen.lowest_v[own].min(initial=0), seen.highest_v[own].max(initial=1)))
        shares = (voltage / rule.largest_voltage, current)
        found[name] = _Fit(*(exponent + math.floor(-math.log2(max(share, 1e-9))) for share in shares))
    return found
