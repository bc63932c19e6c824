"""Makes a network in real numbers of the integers of a chip's neurons: what was rounded stands in it as it came out.

Voltages are counted in thresholds. The time is that of the network before it was compiled: the ticks by which a layer
is later on the chip are taken off again. The bias of the voltage becomes one of the synapse, b (1 - a) with the pole
a of the current, which in this time it is equal to if current and voltage begin where `passes.neurons.starts` has
them. What is left out is how the chip rounds and saturates within a tick, and with it what its biases give back of
the roundings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.loihi.neurons import IntegerNeurons, NeuronPool
from neurocmc.ir.neurons.network import (
    NeuronNetwork,
    NeuronPopulation,
    NeuronProjection,
    SpikeInput,
)
from neurocmc.ir.neurons.semantics import Semantics

SNNTORCH = "snntorch-1"


def realised(network: IntegerNeurons, fitted: NeuronNetwork | None) -> NeuronNetwork:
    """Returns what the integers say, in real numbers.

    Args:
        network: The integers.
        fitted: What they were rounded from, which knows readouts and in which tick biases begin; None where there is
            nothing.

    Raises:
        InfeasibleError: For thresholds and latencies that no framework has.
    """
    raise_infeasible(_problems(network))
    populations = tuple(_population(network, name) for name in network.sizes())
    projections = _with_biases(network, _projections(network), fitted)
    inputs = tuple(SpikeInput(name=e.name, channels=e.channels, shape=(e.channels,)) for e in network.inputs)
    made = NeuronNetwork(
        name=network.name,
        semantics=_semantics(network),
        populations=populations,
        projections=projections,
        inputs=inputs,
        readouts=(),
        host_readouts=(),
        origin_sha256="",
    )
    if fitted is None:
        return made
    return replace(
        made,
        inputs=fitted.inputs,
        readouts=fitted.readouts,
        host_readouts=fitted.host_readouts,
        origin_sha256=fitted.origin_sha256,
    )


def _semantics(network: IntegerNeurons) -> Semantics:
    """Our own rules; those of snnTorch where it alone says a refractory time."""
    late = network.has_refractory
    return Semantics(
        name=SNNTORCH if late else "neurocmc",
        dt_s=network.tick_s,
        decay="linear",
        update="pole",
        precision="float32" if late else "float64",
    )


def _theta(network: IntegerNeurons, pool: NeuronPool) -> int:
    return network.rule.threshold_lsb(pool.threshold_mantissa)


def _pools(network: IntegerNeurons, name: str) -> list[NeuronPool]:
    return [pool for pool in network.populations if pool.population == name]


def _each(network: IntegerNeurons, name: str, values: Sequence[Float | float]) -> Float:
    """(size,) the values of the pools of a population, in its own order."""
    found = np.zeros(network.sizes()[name])
    for pool, value in zip(_pools(network, name), values, strict=True):
        found[pool.members] = value
    return found


def _problems(network: IntegerNeurons) -> Iterator[Problem]:
    for pool in network.populations:
        where = f"population {pool.population}"
        if not _theta(network, pool) > 0:
            yield Problem("nir-cannot-say", where, "a threshold is 0 LSB", "give thresholds above 0")
        if pool.decay_u + network.rule.decay_u_offset == 0 and pool.bias_mantissa.any():
            what = "it has a bias and a current that does not decay: in a framework it would grow without end"
            yield Problem("nir-cannot-say", where, what, "give its synapse a time constant")
    ticks = {pool.population: pool.refractory_ticks for pool in network.populations}
    for pool in network.populations:
        if pool.refractory_ticks != ticks[pool.population]:
            what = "its neurons have different refractory times"
            yield Problem("nir-cannot-say", f"population {pool.population}", what, "give them one")


def _population(network: IntegerNeurons, name: str) -> NeuronPopulation:
    pools, rule = _pools(network, name), network.rule
    size = network.sizes()[name]
    return NeuronPopulation(
        name=name,
        size=size,
        pole_syn=_each(network, name, [rule.pole(pool.decay_u) for pool in pools]),
        pole_mem=_each(network, name, [rule.keep_v(pool.decay_v) / rule.full_decay for pool in pools]),
        gain_syn=np.ones(size),
        gain_mem=np.ones(size),
        threshold=np.ones(size),
        reset="zero",
        refractory_ticks=pools[0].refractory_ticks,
        floor=np.full(size, -np.inf),
    )


def _projections(network: IntegerNeurons) -> tuple[NeuronProjection, ...]:
    """All synapses in thresholds; those that a weight is the sum of stand together."""
    population, member, theta, depth = (np.zeros(network.neurons, dtype=np.int64) for _ in range(4))
    names, places = list(network.sizes()), network.neuron_slices()
    for pool in network.populations:
        own = places[pool.name]
        population[own], member[own] = names.index(pool.population), pool.members
        theta[own], depth[own] = _theta(network, pool), pool.depth_ticks
    found: dict[tuple[str, str, str], list[Float]] = {}
    for part in network.synapses:
        lsb = np.ldexp(part.mantissa.astype(np.float64), part.exponent + network.rule.weight_shift)
        ticks = part.delay_ticks - depth[part.target]
        source = part.source.astype(np.int64)
        sources = np.full(part.synapses, -1)
        if not part.input:
            ticks = ticks + network.rule.spike_delay_ticks + depth[part.source]
            source, sources = member[part.source], population[part.source]
        places = (member[part.target], source, ticks)
        rows: Float = np.stack([*(row.astype(np.float64) for row in places), lsb / theta[part.target]])
        ends = np.stack([population[part.target], sources])
        for target, origin in np.unique(ends, axis=1).T.tolist():
            own = (ends[0] == target) & (ends[1] == origin)
            key = (part.whole, part.input or names[origin], names[target])
            found.setdefault(key, []).append(rows[:, own])
    several = len({whole for whole, _, _ in found}) < len(found)
    sizes = network.sizes()
    return tuple(
        _projection(f"{whole} {source}->{target}" if several else whole, source, target, rows, sizes[target])
        for (whole, source, target), rows in found.items()
    )


def _projection(name: str, source: str, target: str, parts: list[Float], size: int) -> NeuronProjection:
    rows = np.concatenate(parts, axis=1)
    places, whose = np.unique(rows[:3].astype(np.int64), axis=1, return_inverse=True)
    if places.size and int(places[2].min()) < 0:
        what = (
            f"a synapse acts {-int(places[2].min())} ticks before its spike, in the time of the network it came from"
        )
        raise_infeasible([Problem("nir-cannot-say", f"projection {name}", what, "give its population less depth")])
    return NeuronProjection(
        name=name,
        source=source,
        target=target,
        target_index=places[0].astype(np.int32),
        source_index=places[1].astype(np.int32),
        weight=np.bincount(whose.ravel(), weights=rows[3], minlength=places.shape[1]).astype(np.float64),
        delay_ticks=places[2].astype(np.int32),
        bias=np.zeros(size),
    )


def _with_biases(
    network: IntegerNeurons, projections: tuple[NeuronProjection, ...], fitted: NeuronNetwork | None
) -> tuple[NeuronProjection, ...]:
    """Gives each population its bias, by the tick in which it begins: one projection takes it, and one each later."""
    found = list(projections)
    for name in network.sizes():
        share = _each(network, name, [1 - network.rule.pole(pool.decay_u) for pool in _pools(network, name)])
        for tick, bias in _steady_biases(network, name, fitted).items():
            if not bias.any():
                continue
            place = _first(found, name, network)
            if tick:
                found.append(_bias_alone(found[place], bias * share, tick))
            else:
                found[place] = replace(found[place], bias=bias * share)
    return tuple(found)


def _steady_biases(network: IntegerNeurons, name: str, fitted: NeuronNetwork | None) -> dict[int, Float]:
    """Tick -> (size,) what is added to the voltage in every tick from then on, in thresholds.

    Registers hold more than that: what their shifts take off sums is given back in them. Here nothing is taken.
    """
    pools = _pools(network, name)
    if fitted is None:
        return {0: _each(network, name, [pool.bias_lsb / _theta(network, pool) for pool in pools])}
    population = fitted.population(name)
    gain = population.gain_syn * population.gain_mem / population.threshold / (1 - population.pole_syn)
    begins = fitted.biases(name, gain)
    if begins:
        total = sum(begins.values(), np.zeros(population.size))
        lsb = _each(network, name, [float(_theta(network, pool)) for pool in pools])
        step = _each(network, name, [2.0**pool.bias_exponent for pool in pools]) / lsb
        begins[min(begins)] = begins[min(begins)] + np.rint(total / step) * step - total
    return begins


def _bias_alone(beside: NeuronProjection, bias: Float, tick: int) -> NeuronProjection:
    """A projection without synapses, from the source of another one."""
    none = np.zeros(0, dtype=np.int32)
    return NeuronProjection(
        name=f"{beside.name} from tick {tick}",
        source=beside.source,
        target=beside.target,
        target_index=none,
        source_index=none,
        weight=none.astype(np.float64),
        delay_ticks=none,
        bias=bias,
        bias_from_tick=tick,
    )


def _first(projections: list[NeuronProjection], name: str, network: IntegerNeurons) -> int:
    """The projection that takes the bias: from an input or an earlier population, if there is one.

    Frameworks leave the bias of a loop out of the first tick.
    """
    inputs = {entry.name for entry in network.inputs}
    own = [k for k, projection in enumerate(projections) if projection.target == name]
    if not own:
        what = "it has a bias, and no synapse reaches it"
        raise_infeasible([Problem("nir-cannot-say", f"population {name}", what, "give it a synapse")])
    return min(own, key=lambda k: (projections[k].source == name, projections[k].source not in inputs, k))
