"""Rounds a network of neurons to the chip's integers: weights in one plane or two, thresholds on a few levels.

A neuron's scale, LSB of its register per unit of its voltage, is free as long as its threshold and all that reaches
it have the same. So each neuron is scaled until its strongest synapse fills the mantissa; its threshold register then
takes one of a few levels (a core has few), and the scale is made exactly what that level says. A threshold is thus
never rounded: what is rounded are weights, poles and biases.

Where all weights and thresholds of a population are whole numbers that a mantissa holds, the scale is a power of two,
so that they stay what they are: threshold units that count are exact on the chip.

The exponent of a population says how large its numbers are. Large ones lose least to the chip's rounding, and are the
first to leave their registers: `passes.loihi.scale_neurons` chooses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.ir.loihi.network import StepRule
from neurocmc.ir.loihi.neuron_losses import NeuronLosses, PoolLoss, SynapseLoss
from neurocmc.ir.loihi.neurons import IntegerNeurons, NeuronInput, NeuronPool, NeuronSynapses, profiles_of, rows_of
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation
from neurocmc.passes.neurons.skew import Skewed
from neurocmc.passes.neurons.starts import Start
from neurocmc.targets import LoihiLimits, LoihiTarget, SignMode

LARGEST_WHOLE = 1 << 24  # weights beyond it are not asked whether they are whole
HALF_PLANES = 7  # bits by which the fine plane is finer: what is left of a coarse weight fits it


@dataclass(frozen=True)
class QuantiseNeurons:
    """Skewed network -> IntegerNeurons, and what each parameter lost on the way.

    Args:
        exponents: Population -> weight exponent of its strongest synapses.
        planes: Of how many synapses, 1 or 2, a weight is the sum.
    """

    name: ClassVar[str] = "quantise-neurons"
    exponents: Mapping[str, int]
    planes: int = 2

    def run(
        self, skewed: Skewed, starts: Mapping[str, Start], target: LoihiTarget
    ) -> tuple[IntegerNeurons, NeuronLosses]:
        """Returns the integers and the losses."""
        network, limits = skewed.network, target.limits
        rule = StepRule.of(limits)
        levels = max(2, limits.threshold_profiles_per_core // len(network.populations))
        pools: list[NeuronPool] = []
        scales: dict[str, Float] = {}
        lost: list[PoolLoss] = []
        for population in network.populations:
            start = starts[population.name]
            wanted = _wanted(network, population, start, self.exponents[population.name], limits)
            theta = _levels(_whole(network, population, wanted, limits), levels)
            scales[population.name] = rule.threshold_lsb(theta) / population.threshold
            depth = skewed.depth_ticks[population.name]
            pools += _pools(population, start, theta, depth, rule, limits, set(skewed.depth_ticks))
            lost.append(_pool_loss(population, start, scales[population.name], rule, limits))
        rows = rows_of(pools)
        synapses: list[NeuronSynapses] = []
        wlost: list[SynapseLoss] = []
        for projection in network.projections:
            scale = scales[projection.target] * _gain(network.population(projection.target))
            lsb = projection.weight * scale[projection.target_index]
            source_rows = rows.get(projection.source)
            wanted = lsb / (1 << limits.weight_shift)
            parts = _planes(wanted, limits) if self.planes > 1 else _by_sign(wanted, limits)
            rest = wanted
            for suffix, mantissa, exponent, sign in parts:
                rest = rest - np.ldexp(mantissa, exponent)
                own = np.flatnonzero(mantissa)
                if not own.size:
                    continue
                source = projection.source_index[own]
                synapses.append(
                    NeuronSynapses(
                        name=f"{projection.name}{suffix}",
                        whole=projection.name,
                        input="" if source_rows is not None else projection.source,
                        source=(source if source_rows is None else source_rows[source]).astype(np.int32),
                        target=rows[projection.target][projection.target_index[own]].astype(np.int32),
                        mantissa=mantissa[own].astype(np.int16),
                        delay_ticks=skewed.chip_delay(projection)[own].astype(np.int16),
                        exponent=exponent,
                        sign=sign,
                    )
                )
            wlost.append(SynapseLoss.of(projection.name, rest, wanted, self.planes))
        integers = IntegerNeurons(
            name=network.name,
            tick_s=network.semantics.dt_s,
            rule=rule,
            populations=tuple(pools),
            synapses=tuple(synapses),
            inputs=tuple(NeuronInput(name=entry.name, channels=entry.channels) for entry in network.inputs),
        )
        return integers, NeuronLosses(populations=tuple(lost), projections=tuple(wlost))


def largest_mantissa(limits: LoihiLimits) -> int:
    """Returns the largest mantissa of mixed sign, which is even."""
    return (1 << limits.weight_mantissa_bits) - 2


def _gain(population: NeuronPopulation) -> Float:
    """(size,) what a weight of 1 adds to the voltage in the tick in which it arrives.

    To have weights make up for what poles of 12 bits take in too much or too little over all ticks was tried: spikes
    come from what rises fast, and a tenth to a third more of them then differed.
    """
    return population.gain_syn * population.gain_mem


def _wanted(
    network: NeuronNetwork, population: NeuronPopulation, start: Start, exponent: int, limits: LoihiLimits
) -> Float:
    """(size,) threshold registers at which the strongest synapse of each neuron fills its mantissa."""
    strongest = np.zeros(population.size)
    gain = np.abs(_gain(population))
    for projection in network.into(population.name):
        own = np.abs(projection.weight) * gain[projection.target_index]
        np.maximum.at(strongest, projection.target_index, own)
    typical = float(np.median(strongest[strongest > 0])) if (strongest > 0).any() else float(population.threshold[0])
    strongest = np.where(strongest > 0, strongest, typical)
    scale = largest_mantissa(limits) * 2.0 ** (exponent + limits.weight_shift) / strongest
    bias = ((1 << limits.bias_mantissa_bits) - 1) << limits.bias_exponent_max
    register = (1 << (limits.voltage_bits - 1)) - 1
    ends = ((np.abs(start.bias), bias), (np.abs(start.current), register), (np.abs(start.voltage), register))
    for values, limit in ends:
        scale = np.minimum(scale, np.divide(limit, values, out=np.full(values.size, np.inf), where=values > 0))
    highest = min((1 << limits.threshold_mantissa_bits) - 1, register >> limits.threshold_shift)
    return np.clip(population.threshold * scale / 2.0**limits.threshold_shift, 1.0, highest)


def _whole(network: NeuronNetwork, population: NeuronPopulation, wanted: Float, limits: LoihiLimits) -> Float:
    """(size,) a power of two a unit of voltage, 1 at least, where all numbers are whole and small; else as wanted."""
    if not _is_whole(network, population, limits):
        return wanted
    return population.threshold * 2.0 ** np.maximum(0.0, np.floor(np.log2(wanted / population.threshold)))


def _is_whole(network: NeuronNetwork, population: NeuronPopulation, limits: LoihiLimits) -> bool:
    """Whether thresholds and weights are whole, and mantissas hold those of each projection as multiples of one."""
    if (population.threshold % 1).any() or population.threshold.max() >= 1 << limits.threshold_mantissa_bits:
        return False
    gain = _gain(population)
    for projection in network.into(population.name):
        weights = projection.weight * gain[projection.target_index]
        if projection.bias.any() or (weights % 1).any() or np.abs(weights).max(initial=0.0) > LARGEST_WHOLE:
            return False
        unit = max(1, int(np.gcd.reduce(weights.astype(np.int64))))
        if 2 * np.abs(weights).max(initial=0.0) > unit * largest_mantissa(limits):
            return False
    return True


def _levels(wanted: Float, most: int) -> Int:
    """(size,) each rounded down to one of a few levels, which lie as far apart as the wanted ones need."""
    whole = np.floor(wanted).astype(np.int64)
    if np.unique(whole).size <= most:
        return whole
    low, high = float(whole.min()), float(whole.max())
    levels = np.unique(np.floor(np.geomspace(low, high, most, endpoint=False)).astype(np.int64))
    return levels[np.searchsorted(levels, whole, side="right") - 1]


def _pools(
    population: NeuronPopulation,
    start: Start,
    theta: Int,
    depth: int,
    rule: StepRule,
    limits: LoihiLimits,
    taken: set[str],
) -> list[NeuronPool]:
    """The neurons of a population, those of the same decays and threshold side by side."""
    decay_u, decay_v = _decays(population, rule)
    scale = rule.threshold_lsb(theta) / population.threshold
    exponent = _bias_exponent(start.bias * scale, limits)
    bias = np.rint(np.ldexp(start.bias * scale, -exponent)).astype(np.int64)
    found: list[NeuronPool] = []
    for name, members, (u, v, threshold) in profiles_of(population.name, np.stack([decay_u, decay_v, theta]), taken):
        found.append(
            NeuronPool(
                name=name,
                population=population.name,
                units=members.size,
                members=members,
                decay_u=u,
                decay_v=v,
                threshold_mantissa=threshold,
                bias_mantissa=bias[members],
                bias_exponent=exponent,
                u_initial=np.rint(start.current * scale).astype(np.int64)[members],
                v_initial=np.rint(start.voltage * scale).astype(np.int64)[members],
                refractory_ticks=population.refractory_ticks,
                depth_ticks=depth,
                lsb_per_voltage=scale[members],
            )
        )
    return found


def _decays(population: NeuronPopulation, rule: StepRule) -> tuple[Int, Int]:
    """(size,) the registers nearest to the poles of current and voltage."""
    whole = rule.full_decay
    decay_u = np.rint(whole * (1 - population.pole_syn)).astype(np.int64) - rule.decay_u_offset
    decay_v = np.rint(whole * (1 - population.pole_mem)).astype(np.int64)
    return np.clip(decay_u, 0, whole - 1), np.clip(decay_v, 0, whole - 1)


def _bias_exponent(bias: Float, limits: LoihiLimits) -> int:
    """The smallest exponent whose mantissas hold all biases."""
    largest, limit = float(np.abs(bias).max(initial=0.0)), (1 << limits.bias_mantissa_bits) - 1
    highest = limits.bias_exponent_max
    return next((e for e in range(highest) if largest / 2**e <= limit), highest)


Part = tuple[str, Int, int, SignMode]  # what is added to the projection's name, mantissas, exponent, sign mode


def _by_sign(wanted: Float, limits: LoihiLimits) -> list[Part]:
    """One synapse a weight: those that excite and those that inhibit apart, which keeps the bit of the sign.

    Weights are given in units of mantissa 1, exponent 0, and so they are below.
    """
    if _sign(wanted) != "mixed":
        return [("", *_rounded(wanted, limits, limits.weight_exponent_min))]
    excite, inhibit = np.maximum(wanted, 0.0), np.minimum(wanted, 0.0)
    return [
        ("", *_rounded(excite, limits, limits.weight_exponent_min)),
        (" inhibitory", *_rounded(inhibit, limits, limits.weight_exponent_min)),
    ]


def _planes(wanted: Float, limits: LoihiLimits) -> list[Part]:
    """Two synapses a weight: a coarse one, and a finer one of what that leaves."""
    coarse = _rounded(wanted, limits, limits.weight_exponent_min)
    lowest = max(coarse[1] - HALF_PLANES, limits.weight_exponent_min)
    fine = _rounded(wanted - np.ldexp(coarse[0], coarse[1]), limits, lowest)
    return [("", *coarse), (" fine", *fine)]


def _rounded(wanted: Float, limits: LoihiLimits, lowest: int) -> tuple[Int, int, SignMode]:
    """Mantissas at the smallest exponent, `lowest` at least, that holds the largest weight."""
    sign = _sign(wanted)
    step = 2 if sign == "mixed" else 1
    high = (1 << limits.weight_mantissa_bits) - step
    largest = float(np.abs(wanted).max(initial=0.0))
    needed = int(np.ceil(np.log2(largest / high))) if largest else lowest
    exponent = int(np.clip(needed, lowest, limits.weight_exponent_max))
    mantissa = step * np.rint(np.ldexp(wanted, -exponent) / step)
    return np.clip(mantissa, -high, high).astype(np.int64), exponent, sign


def _sign(weights: Float) -> SignMode:
    if (weights >= 0).all():
        return "excitatory"
    return "inhibitory" if (weights <= 0).all() else "mixed"


def _pool_loss(
    population: NeuronPopulation, start: Start, scale: Float, rule: StepRule, limits: LoihiLimits
) -> PoolLoss:
    decay_u, decay_v = _decays(population, rule)
    bias = start.bias * scale
    exponent = _bias_exponent(bias, limits)
    rounded = np.ldexp(np.rint(np.ldexp(bias, -exponent)), exponent)
    return PoolLoss.of(
        population.name,
        pole_syn=(population.pole_syn, rule.keep_u(decay_u) / rule.full_decay),
        pole_mem=(population.pole_mem, rule.keep_v(decay_v) / rule.full_decay),
        bias=(bias, rounded),
        threshold=population.threshold * scale,
    )
