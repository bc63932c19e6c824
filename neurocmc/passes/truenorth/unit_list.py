"""Reads threshold units without memory out of a network of neurons: whole weights, whole thresholds, delays.

A unit that forgets within a tick spikes where the sum of what arrives lies above its threshold, or where
`at_threshold` is set at it as well. With whole weights that is a sum of at least `fires_at`, a whole number. A neuron
of a core that integrates, leaks minus that number, fires from 0 on, resets to 0 and does not fall below 0 is such a
unit, exactly: nothing of a tick is left for the next. What is no such unit is refused by name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation
from neurocmc.passes.neurons.skew import Skewed
from neurocmc.targets import TrueNorthLimits

_ELSEWHERE = "use --target loihi1, loihi2 or brian2"
_WHOLE = "use whole numbers, such as weights times a power of two, or another target"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitList:
    """Units in one row, population by population, and behind them the channels of the inputs.

    Args:
        network: That they come from.
        skewed: With its latencies.
        first: Population or input -> the place of its first unit or channel.
        units: How many are no channels.
        fires_at: (units,) the least sum that is a spike.
        source: (synapses,) a unit or a channel.
        target: (synapses,) a unit.
        delay: (synapses,) ticks from the spike to what it does.
        weight: (synapses,) whole.
        on_bus: (units,) whether their spikes leave the chip.
    """

    network: NeuronNetwork
    skewed: Skewed
    first: dict[str, int]
    units: int
    fires_at: Int
    source: Int
    target: Int
    delay: Int
    weight: Int
    on_bus: Bool

    def owner(self, unit: int) -> str:
        """Returns which neuron or channel stands there, for messages."""
        name = max((name for name in self.first if self.first[name] <= unit), key=lambda name: self.first[name])
        return f"neuron {unit - self.first[name]} of {name}"


def unit_list(skewed: Skewed, limits: TrueNorthLimits) -> UnitList:
    """Returns the units of a network. Raises InfeasibleError naming all that are none without memory."""
    network = skewed.network
    raise_infeasible(_problems(network, limits))
    sizes = {each.name: each.size for each in network.populations} | {e.name: e.channels for e in network.inputs}
    first = dict(zip(sizes, accumulate(sizes.values(), initial=0), strict=False))
    columns: list[Int] = [np.zeros((4, 0), dtype=np.int64)]
    for projection in network.projections:
        gain = _gain(network.population(projection.target))
        own = np.stack(
            [
                first[projection.source] + projection.source_index,
                first[projection.target] + projection.target_index,
                skewed.chip_delay(projection) + (projection.source in skewed.depth_ticks),
                np.rint(projection.weight * gain[projection.target_index]),
            ]
        )
        columns.append(own.astype(np.int64))
    source, target, delay, weight = _summed(np.concatenate(columns, axis=1))
    read = {entry.population for entry in (*network.readouts, *network.host_readouts)}
    on_bus = np.concatenate([np.full(each.size, each.name in read) for each in network.populations])
    listened = np.zeros(on_bus.size, dtype=np.bool_)
    listened[source[source < on_bus.size]] = True
    return UnitList(
        network=network,
        skewed=skewed,
        first=first,
        units=network.neurons,
        fires_at=np.concatenate([_fires_at(network, each) for each in network.populations]),
        source=source,
        target=target,
        delay=delay,
        weight=weight,
        on_bus=on_bus | ~listened,
    )


def _gain(population: NeuronPopulation) -> Float:
    return population.gain_syn * population.gain_mem


def _fires_at(network: NeuronNetwork, population: NeuronPopulation) -> Int:
    """(size,) the least whole sum that is a spike."""
    at = network.semantics.at_threshold
    least = np.ceil(population.threshold) if at else np.floor(population.threshold) + 1
    return least.astype(np.int64)


def _summed(synapses: Int) -> Int:
    """(4, synapses) source, target, delay and weight, those of the same ends and delay added up; zeros left out."""
    order = np.lexsort((synapses[0], synapses[2], synapses[1]))
    synapses = synapses[:, order]
    new = np.ones(order.size, dtype=np.bool_)
    new[1:] = (synapses[:3, 1:] != synapses[:3, :-1]).any(axis=0)
    found = synapses[:, new]
    if order.size:
        found[3] = np.add.reduceat(synapses[3], np.flatnonzero(new))
    return found[:, found[3] != 0]


def _problems(network: NeuronNetwork, limits: TrueNorthLimits) -> Iterator[Problem]:
    room = limits.cores * limits.neurons_per_core
    if network.neurons > room:
        what = f"{network.neurons:,} neurons, limit {room:,}"
        yield Problem("neurons-beyond-limit", f"network {network.name}", what, "use a smaller network")
        return
    if network.semantics.several_spikes:
        what = "its neurons can spike several times per tick; a neuron on a core can spike once"
        yield Problem("network-unfit-for-target", f"network {network.name}", what, _ELSEWHERE)
    fit = not network.semantics.several_spikes
    for population in network.populations:
        if what := "; ".join(_faults(network, population, limits)):
            fit = False
            yield Problem("network-unfit-for-target", f"population {population.name}", what, _ELSEWHERE)
    if fit:
        yield from _projection_problems(network, limits)


def _projection_problems(network: NeuronNetwork, limits: TrueNorthLimits) -> Iterator[Problem]:
    low, high = -(1 << (limits.weight_bits - 1)), (1 << (limits.weight_bits - 1)) - 1
    for projection in network.projections:
        where = f"projection {projection.name}"
        weights = projection.weight * _gain(network.population(projection.target))[projection.target_index]
        if projection.bias.any():
            yield Problem("network-unfit-for-target", where, "it has biases", _ELSEWHERE)
        if (weights != np.rint(weights)).any():
            odd = weights[weights != np.rint(weights)][0]
            yield Problem("network-unfit-for-target", where, f"a weight is {odd:g}, and no whole number", _WHOLE)
        elif weights.size and not low <= weights.min() <= weights.max() <= high:
            beyond = weights.min() if weights.min() < low else weights.max()
            what = f"a weight is {beyond:g}, its register holds {low:,} to {high:,}"
            yield Problem("register-beyond-target", where, what, "use smaller weights and thresholds")


def _faults(network: NeuronNetwork, population: NeuronPopulation, limits: TrueNorthLimits) -> Iterator[str]:
    """What makes neurons of a population something else than threshold units without memory."""
    for field, part in (("pole_syn", "current"), ("pole_mem", "voltage")):
        poles: Float = getattr(population, field)
        if poles.any():
            yield (
                f"its {part} has a pole of {poles.max():g}, and a neuron on a core keeps nothing of it until "
                "the next tick"
            )
    if population.refractory_ticks > 1 or population.reset_late or population.rest_kept:
        yield "it keeps a trace of its own spike in the next tick"
    if (population.floor > 0).any():
        yield "its voltage has a floor above 0"
    most = min((1 << (limits.leak_bits - 1)), (1 << (limits.potential_bits - 1)) - 1)
    if (highest := int(_fires_at(network, population).max())) > most:
        yield f"it spikes from a sum of {highest:,} on, which its leak takes off: limit {most:,}"
