"""Counts, limit by limit, how many cores any placement needs: nothing that the rules allow is below."""

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.loihi.chip import LowerBound
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.synapse_memory import least_bits


def lower_bounds(demand: Demand) -> tuple[LowerBound, ...]:
    """Returns a bound for each resource of a core, compartments first.

    Each lets the neurons of a unit stand on any cores, and looks at one resource alone:

    - compartments and profiles: all there are, over those of a core;
    - in-axons: every list reaches one core at least;
    - out-axons: the targets of a list stand on as many cores as their compartments fill at least, and every neuron
      that sends needs an axon to each;
    - synapse memory: every list in the cheapest groups, wherever it is divided.
    """
    limits = demand.limits
    wanted = {
        "compartments": (sum(demand.sizes), limits.compartments_per_core),
        "in_axons": (int(demand.lists.axons.sum()), limits.in_axons_per_core),
        "out_axons": (_out_axons(demand), limits.out_axons_per_core),
        "synapse_bits": (_bits(demand), limits.synapse_memory_bits_per_core),
        "compartment_profiles": (
            len({pools.profile for pools in demand.pools}),
            limits.compartment_profiles_per_core,
        ),
        "threshold_profiles": (len({pools.threshold for pools in demand.pools}), limits.threshold_profiles_per_core),
        "synapse_formats": (len(demand.fibres.formats), limits.synapse_formats_per_core),
    }
    return tuple(
        LowerBound(resource=resource, cores=max(-(-amount // limit), 1))
        for resource, (amount, limit) in wanted.items()
    )


def _out_axons(demand: Demand) -> int:
    """Out-axons of all neurons, if the targets of each list stood as close together as compartments allow."""
    room, sizes = demand.limits.compartments_per_core, np.array(demand.sizes, dtype=np.int64)
    reached = -(-demand.targets.sums(sizes) // room)
    # Neurons that share their out-axons need one where they stand, and they may all stand on one core.
    senders = -(-sizes // room) if demand.limits.shared_out_axons else sizes
    return int(senders @ demand.out_of.sums(reached))


def _bits(demand: Demand) -> int:
    """Bits of all lists; each of a list's formats fills groups of its own."""
    return int(least_synapse_bits(demand).sum())


def least_synapse_bits(demand: Demand) -> Int:
    """Returns (fibres,) the fewest bits that the synapses of each fibre take, wherever their targets stand."""
    sizes = np.array(demand.sizes, dtype=np.int64)
    synapses = demand.fibres.targets.sums(sizes)
    each = np.zeros(synapses.size, dtype=np.int64)
    for delayed in (0, 1):
        own = demand.delayed == delayed
        each[own] = least_bits(synapses[own], demand.limits, delayed=bool(delayed))
    return each * demand.lists.axons[demand.lists.of_fibre]


def cores_needed(demand: Demand) -> int:
    """Returns the largest of all bounds."""
    return max(bound.cores for bound in lower_bounds(demand))
