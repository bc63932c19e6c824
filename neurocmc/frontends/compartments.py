"""Reads compartments that were made by hand, in a chip's own integers, as a network that can be placed and emitted.

`CompartmentNetwork` is what the emulator of hand-made compartments steps: every register and synapse as given. Here
its compartments get populations, and channels of input spikes synapses to them; nothing is rounded.
"""

from collections.abc import Mapping

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.ir.loihi.neurons import IntegerNeurons, NeuronInput, NeuronPool, NeuronSynapses, profiles_of
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, SynapseGroup

PROFILE = ("decay_u", "decay_v", "threshold_mantissa", "bias_exponent", "refractory_ticks")


def integers_of(
    network: CompartmentNetwork,
    inputs: Mapping[str, tuple[int, tuple[SynapseGroup, ...]]],
    populations: Mapping[str, int],
    *,
    name: str,
    tick_s: float,
) -> IntegerNeurons:
    """Returns the integers of compartments, and of the input channels that reach them.

    Args:
        network: The compartments and the synapses between them.
        inputs: Input name -> its channels, and the groups of synapses whose sources count these.
        populations: Name -> compartments, in the order in which they stand.
        name: Of the network.
        tick_s: The model's time of a tick.

    Returns:
        The network; compartments of a population that share all registers but biases and starts stand side by side.

    Raises:
        InputError: Where populations do not add up to the compartments, a synapse has an end that is not there or
            stands twice, or a tick is no time.
    """
    total = sum(populations.values())
    faults: list[Problem] = []
    if total != network.compartments:
        what = f"they have {total:,} compartments in all, the network has {network.compartments:,}"
        faults.append(Problem("lengths-differ", "populations", what, "give every compartment a population"))
    for population, size in populations.items():
        if size < 1:
            what = f"it has {size} compartments"
            faults.append(Problem("level-empty", f"population {population}", what, "give at least one"))
    if not 0 < tick_s < 1e3:
        faults.append(Problem("time-not-positive", "tick_ms", f"a tick is {1e3 * tick_s:g} ms", "give 1 or so"))
    for index, group in enumerate(network.synapses):
        ends = np.stack([group.source, group.target, group.delay_ticks])
        if np.unique(ends, axis=1).shape[1] < group.source.size:
            what = "two of its synapses have the same source, target and delay"
            faults.append(Problem("level-malformed", f"synapses[{index}]", what, "add their mantissas up"))
    for entry, (channels, groups) in inputs.items():
        faults += _end_problems(entry, channels, groups, network.compartments)
    raise_input_problems(faults)
    pools, row = _pools(network, populations)
    synapses = [_synapses(f"synapses{index}", "", group, row, row) for index, group in enumerate(network.synapses)]
    for entry, (channels, groups) in inputs.items():
        same = np.arange(channels)
        synapses += [_synapses(f"{entry}{index}", entry, group, same, row) for index, group in enumerate(groups)]
    return IntegerNeurons(
        name=name,
        tick_s=tick_s,
        rule=network.rule,
        populations=tuple(pools),
        synapses=tuple(part for part in synapses if part.synapses),
        inputs=tuple(NeuronInput(name=entry, channels=channels) for entry, (channels, _) in inputs.items()),
    )


def _end_problems(entry: str, channels: int, groups: tuple[SynapseGroup, ...], compartments: int) -> list[Problem]:
    found: list[Problem] = []
    for end, limit in (("source", channels), ("target", compartments)):
        highest = max((int(getattr(group, end).max(initial=-1)) for group in groups), default=-1)
        if highest >= limit:
            what = f"a synapse has {end} {highest}, there are {limit:,}"
            found.append(Problem("index-beyond-range", f"input {entry}", what, f"count from 0 to {limit - 1:,}"))
    return found


def _pools(network: CompartmentNetwork, populations: Mapping[str, int]) -> tuple[list[NeuronPool], Int]:
    """The pools, and the place in their row of each compartment."""
    pools: list[NeuronPool] = []
    row = np.zeros(network.compartments, dtype=np.int64)
    first, placed = 0, 0
    for population, size in populations.items():
        own = slice(first, first + size)
        profiles = np.stack([getattr(network, field)[own] for field in PROFILE])
        for called, members, registers in profiles_of(population, profiles, populations):
            decay_u, decay_v, threshold, exponent, refractory = registers
            pools.append(
                NeuronPool(
                    name=called,
                    population=population,
                    units=members.size,
                    members=members,
                    decay_u=decay_u,
                    decay_v=decay_v,
                    threshold_mantissa=threshold,
                    bias_mantissa=network.bias_mantissa[own][members],
                    bias_exponent=exponent,
                    u_initial=network.u_initial[own][members],
                    v_initial=network.v_initial[own][members],
                    refractory_ticks=refractory,
                    depth_ticks=0,
                    lsb_per_voltage=np.ones(members.size),
                )
            )
            row[first + members] = placed + np.arange(members.size)
            placed += members.size
        first += size
    return pools, row


def _synapses(name: str, entry: str, group: SynapseGroup, sources: Int, targets: Int) -> NeuronSynapses:
    return NeuronSynapses(
        name=name,
        whole=name,
        input=entry,
        source=sources[group.source].astype(np.int32),
        target=targets[group.target].astype(np.int32),
        mantissa=group.mantissa.astype(np.int16),
        delay_ticks=group.delay_ticks.astype(np.int16),
        exponent=group.exponent,
        sign=group.sign,
    )
