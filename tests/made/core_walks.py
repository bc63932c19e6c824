"""Reads a core network as a chip would: crossbars, types, weights and targets, without the plans behind them."""

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.truenorth.cores import CoreNetwork
from neurocmc.ir.truenorth.program import CoreProgram

Place = tuple[int, int]  # core, axon or neuron


def corelets_of_neurons(program: CoreProgram) -> dict[Place, tuple[str, str]]:
    """Maps each neuron to its corelet, that of a splitter's or sum's owner too, and its role."""
    return {
        (group.core, neuron): (group.corelet, group.role)
        for group in program.neuron_groups
        for neuron in range(group.start, group.stop)
    }


def drivers(network: CoreNetwork) -> dict[Place, list[Place]]:
    """Maps each axon to the neurons that send their spikes there."""
    found: dict[Place, list[Place]] = {}
    for core, neuron in np.argwhere(network.target_core >= 0).tolist():
        place = int(network.target_core[core, neuron]), int(network.target_axon[core, neuron])
        found.setdefault(place, []).append((core, neuron))
    return found


def heard_weights(network: CoreNetwork, core: int, neuron: int) -> dict[int, int]:
    """Maps each axon that a neuron hears to what a spike there adds to its potential."""
    axons = np.flatnonzero(network.connected(core)[:, neuron])
    weights: NDArray[np.int64] = network.weight[core, neuron, network.axon_type[core, axons]].astype(np.int64)
    return dict(zip(axons.tolist(), weights.tolist(), strict=True))


def walked_gains(program: CoreProgram) -> dict[tuple[str, str], float]:
    """Gain of each source unit onto each target unit, drive per unit of activity, where no sum stands between."""
    network, owner, sent = program.network, corelets_of_neurons(program), drivers(program.network)
    full = {p.name: p.neurons * p.activity_per_spike for p in program.populations}
    back = {
        (group.core, axon): group.corelet
        for group in program.axon_groups
        if group.role == "feedback"
        for axon in range(group.start, group.stop)
    }
    gains: dict[tuple[str, str], float] = {}
    for population in program.populations:
        for unit in range(population.units):
            target = f"{population.name}/{unit}"
            core, neuron = int(population.core[unit]), int(population.first[unit])
            once = 1.0 / (1.0 - population.realised_pole[unit]) / population.lsb_per_drive[unit]
            for axon, weight in heard_weights(network, core, neuron).items():
                for driver in sent.get((core, axon), []):
                    corelet, role = owner[driver]
                    if role == "bias" or back.get((core, axon)) == target:
                        continue  # its own leak
                    source = corelet.removesuffix("/splitter")
                    gains[target, source] = (
                        gains.get((target, source), 0.0) + weight * once / full[source.partition("/")[0]]
                    )
    return gains
