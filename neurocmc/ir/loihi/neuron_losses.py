"""Holds what the chip's grid took from a network of neurons, and what its registers were asked to hold."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import Problem
from neurocmc.ir.loihi.neurons import IntegerNeurons

LARGEST_BOUND = 1 << 40  # of a current that nothing stops: far beyond its register


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLoss:
    """Of one population: the largest error of each parameter."""

    name: str
    pole_syn: float  # of the share that a tick leaves
    pole_mem: float
    bias: float  # in thresholds

    @classmethod
    def of(
        cls,
        name: str,
        *,
        pole_syn: tuple[Float, Float],
        pole_mem: tuple[Float, Float],
        bias: tuple[Float, Float],
        threshold: Float,
    ) -> "PoolLoss":
        """Returns the losses of pairs of what was wanted and what came of it."""
        return cls(
            name=name,
            pole_syn=float(np.abs(pole_syn[0] - pole_syn[1]).max(initial=0.0)),
            pole_mem=float(np.abs(pole_mem[0] - pole_mem[1]).max(initial=0.0)),
            bias=float((np.abs(bias[0] - bias[1]) / threshold).max(initial=0.0)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SynapseLoss:
    """Of one projection, relative to its largest weight."""

    name: str
    largest: float
    rms: float
    planes: int

    @classmethod
    def of(cls, name: str, lost: Float, wanted: Float, planes: int) -> "SynapseLoss":
        """Returns the loss of weights of which `wanted` was wanted."""
        scale = float(np.abs(wanted).max(initial=0.0)) or 1.0
        return cls(
            name=name,
            largest=float(np.abs(lost).max(initial=0.0)) / scale,
            rms=float(np.sqrt(np.mean(np.square(lost)))) / scale if lost.size else 0.0,
            planes=planes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronLosses:
    """All losses of a network."""

    populations: tuple[PoolLoss, ...]
    projections: tuple[SynapseLoss, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationRegisters:
    """What calibration asked of the registers of one population, in LSB, and the bound of its current."""

    name: str
    largest_current: int
    bound_of_current: int  # with every source firing in every tick
    lowest_voltage: int
    highest_voltage: int
    saturated_below: int  # neuron-ticks
    saturated_above: int
    neuron_ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedScale:
    """A scale that was tried, in bits against the one at which calibration fits, and the spikes it got wrong."""

    offset: int
    apart: float  # share of all spikes


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledFacts:
    """How a network of neurons was scaled, what that lost, and what its registers were asked to hold."""

    calibration: str
    offset: int
    tried: tuple[TriedScale, ...]
    registers: tuple[PopulationRegisters, ...]
    losses: NeuronLosses

    @classmethod
    def of(
        cls,
        network: IntegerNeurons,
        losses: NeuronLosses,
        *,
        calibration: str,
        neuron_ticks: int,
        registers: tuple[Int, Int, Int, Int, Int],
        tried: tuple[tuple[int, float], ...],
        offset: int,
    ) -> "ScaledFacts":
        """Returns the facts; `registers` are largest u, lowest and highest v, and ticks saturated below and above."""
        current, lowest, highest, below, above = registers
        bound = current_bounds(network)
        found: list[PopulationRegisters] = []
        for name, size in network.sizes().items():
            own = network.rows(name)
            found.append(
                PopulationRegisters(
                    name=name,
                    largest_current=int(current[own].max()),
                    bound_of_current=int(min(bound[own].max(), LARGEST_BOUND)),
                    lowest_voltage=int(lowest[own].min()),
                    highest_voltage=int(highest[own].max()),
                    saturated_below=int(below[own].sum()),
                    saturated_above=int(above[own].sum()),
                    neuron_ticks=neuron_ticks * size,
                )
            )
        return cls(
            calibration=calibration,
            offset=offset,
            tried=tuple(TriedScale(offset=bits, apart=apart) for bits, apart in tried),
            registers=tuple(found),
            losses=losses,
        )

    def problems(self) -> tuple[Problem, ...]:
        """Returns no fault: these are findings, which nothing runs on."""
        return ()


def current_bounds(network: IntegerNeurons) -> Float:
    """Returns (neurons,) what no current exceeds: all that excite it, or inhibit it, spiking in every tick."""
    rule, size = network.rule, network.neurons
    up, down = np.zeros(size), np.zeros(size)
    for part in network.synapses:
        lsb = np.ldexp(part.mantissa.astype(np.float64), part.exponent + rule.weight_shift)
        np.add.at(up, part.target, np.maximum(lsb, 0.0))
        np.add.at(down, part.target, np.maximum(-lsb, 0.0) + (1 << rule.weight_shift) * (part.exponent < 0))
    lost = rule.lost_u(network.each_unit([pool.decay_u for pool in network.populations])) / rule.full_decay
    start = np.concatenate([np.abs(pool.u_initial) for pool in network.populations]).astype(np.float64)
    return np.maximum(np.maximum(up, down) / lost, start)
