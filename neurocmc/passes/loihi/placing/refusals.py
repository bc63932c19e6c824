"""Says why no placement holds a network: what one neuron asks for, or how many cores all of them."""

from collections import Counter

import numpy as np

from neurocmc.common.errors import Problem
from neurocmc.ir.phrases import SMALLER
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.fibres import HOST, Held
from neurocmc.passes.loihi.placing.filling import Filling
from neurocmc.passes.loihi.placing.ragged import summed
from neurocmc.targets import LoihiLimits

WORDS = {
    "compartments": "compartments",
    "in_axons": "in-axons",
    "out_axons": "out-axons",
    "synapse_bits": "synapse memory",
    "compartment_profiles": "compartment profiles",
    "threshold_profiles": "threshold profiles",
    "synapse_formats": "synapse formats",
}


def too_much_for_a_core(demand: Demand, unit: int, out_axons_each: int, resource: str) -> Problem:
    """One neuron that asks for more than an empty core has."""
    limits, where = demand.limits, f"population {demand.name(unit)}"
    if resource == "out_axons":
        leaving = dict.fromkeys(
            name
            for fibre in np.flatnonzero(np.isin(demand.fibres.list, demand.out_of[unit])).tolist()
            for name in demand.fibres.projections(fibre)
        )
        return Problem(
            "fan-out-beyond-core",
            where,
            f"one neuron needs {out_axons_each:,} out-axons, limit {limits.out_axons_per_core:,} on one core: its "
            f"projections ({', '.join(leaving)}) reach that many cores",
            SMALLER,
        )
    if resource == "synapse_formats":
        arriving = dict.fromkeys(name for index in demand.into[unit] for name in demand.fibres.projections(index))
        return Problem(
            "synapse-formats-beyond-core",
            where,
            f"one neuron needs {len(demand.formats[unit])} synapse formats, limit {limits.synapse_formats_per_core} "
            f"on one core: {', '.join(arriving)} differ in weight exponent, sign mode or delay",
            "bring the weights of these projections closer together, or give them the same delay",
        )
    axons = Counter[str]()
    for index in demand.into[unit]:
        axons.update(dict.fromkeys(demand.fibres.projections(index), int(demand.fibres.axons[index])))
    worst = max(axons, key=lambda name: axons[name])
    bits = demand.layout(demand.reached({unit: 1})).all_bits
    return Problem(
        "fan-in-beyond-core",
        where,
        f"one neuron has a fan-in of {demand.axons_into[unit]:,} axons and {bits:,} synapse bits ({axons[worst]:,} "
        f"axons are from {worst}); one core holds {limits.in_axons_per_core:,} and "
        f"{limits.synapse_memory_bits_per_core:,}",
        SMALLER,
    )


def too_many_cores(demand: Demand, filling: Filling, chip: str) -> Problem:
    """More cores than the chip has: what fills them, and whose it is."""
    largest = max(demand.pools, key=lambda pools: pools.units * pools.neurons)
    resource, ended = next(iter(filling.ended_by.most_common(1)), ("", 0))
    full = f"; {ended:,} of them are out of {WORDS[resource]}" if resource else ""
    if resource in ("synapse_bits", "in_axons", "out_axons"):
        full += _most_of_it(demand, filling, resource)
    cure = {
        "compartment_profiles": "give more populations the same time constants",
        "threshold_profiles": "bring the gains of its populations closer together",
        "synapse_formats": "bring the weights of projections into one population closer together",
    }.get(resource, SMALLER)
    return Problem(
        "cores-beyond-chip",
        f"population {largest.name}",
        f"the circuit ({sum(demand.sizes):,} neurons, {largest.units * largest.neurons:,} of them here) needs "
        f"{len(filling.held_by_core):,} cores, limit {_limit(demand.limits)} on {chip}{full}",
        cure,
    )


def _limit(limits: LoihiLimits) -> str:
    """The cores that there are, and on how many chips."""
    if limits.chips == 1:
        return f"{limits.cores}"
    return f"{limits.cores:,} ({limits.chips:,} chips of {limits.cores_per_chip})"


def too_many_out_axons(demand: Demand, filling: Filling, beyond: list[int]) -> Problem:
    """Spikes that must reach so many cores that no division was found in which out-axons suffice."""
    cores = len(filling.held_by_core)
    largest = max(demand.pools, key=lambda pools: pools.units * pools.neurons)
    return Problem(
        "out-axons-beyond-core",
        f"population {largest.name}",
        f"in the best division found, {len(beyond):,} of {cores:,} cores need up to {beyond[0]:,} out-axons, limit "
        f"{demand.limits.out_axons_per_core:,}{_most_of_it(demand, filling, 'out_axons')}; on more cores, each "
        "neuron needs more of them",
        SMALLER,
    )


def _most_of_it(demand: Demand, filling: Filling, resource: str) -> str:
    if resource == "out_axons":
        share = _sent_by_projection(demand)
    else:
        share = sum((_by_projection(demand, held, resource) for held in filling.held_by_core), Counter[str]())
    ((worst, most),) = share.most_common(1)
    return f", most of it ({100 * most / share.total():.0f} %) for projection {worst}"


def _sent_by_projection(demand: Demand) -> Counter[str]:
    """Counts an out-axon of each neuron for each projection by which it sends."""
    fibres, sizes = demand.fibres, np.array(demand.sizes, dtype=np.int64)
    running = np.concatenate([[0], np.cumsum(sizes)])
    sends = np.flatnonzero(fibres.source != HOST)
    first = fibres.source[sends]
    share = Counter[str]()
    for name, amount in zip(
        *summed(fibres.name[sends], running[first + fibres.senders[sends]] - running[first]), strict=True
    ):
        share.update(dict.fromkeys(fibres.names[name], int(amount)))
    return share


def _by_projection(demand: Demand, held: Held, resource: str) -> Counter[str]:
    """Counts what each projection or input takes of a core: synapse bits or in-axons.

    What several projections share counts for each of them.
    """
    fibres, reached = demand.fibres, demand.reached(held)
    amounts = fibres.axons[reached.fibres]
    if resource == "synapse_bits":
        amounts = amounts * demand.bits[demand.delayed[reached.fibres], reached.neurons]
    share = Counter[str]()
    for name, amount in zip(*summed(fibres.name[reached.fibres], amounts), strict=True):
        share.update(dict.fromkeys(fibres.names[name], int(amount)))
    return share
