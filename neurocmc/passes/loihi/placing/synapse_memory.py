"""Computes what lists of synapses cost in Loihi's synapse memory: groups of one format with a header each.

A group holds 1 to `synapses_per_group` synapses and is rounded up to the memory's word. Where a target's file says
nothing of axons, all groups of a list but the last are full; otherwise they have the sizes that cost least.
"""

from functools import lru_cache

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.targets import LoihiLimits

SynapseFormat = tuple[int, str, bool]  # exponent, sign mode, whether delays are stored


def synapse_bits(limits: LoihiLimits, *, delayed: bool, index_free: bool = False) -> int:
    """Returns the bits of one synapse within its group: weight, delay, tag, and the index of its compartment.

    The index takes the smallest published width that names all compartments, or where none does, as many bits as
    that needs.
    """
    wanted_index = (limits.compartments_per_core - 1).bit_length()
    index = next((bits for bits in limits.synapse_index_bits_choices if bits >= wanted_index), wanted_index)
    weight = next(bits for bits in limits.synapse_weight_bits_choices if bits >= limits.weight_mantissa_bits)
    delay = limits.synapse_delay_bits if delayed else 0
    return weight + (0 if index_free else index) + limits.synapse_tag_bits + delay


def group_bits(synapses: int, bits_each: int, limits: LoihiLimits) -> int:
    """Returns the bits of one group: header and synapses, rounded up to whole words."""
    word = limits.synapse_group_alignment_bits
    return -(-(limits.synapse_group_header_bits + bits_each * synapses) // word) * word


def chooses_groups(limits: LoihiLimits) -> bool:
    """Whether groups have the sizes that cost least, instead of being filled one after the other."""
    return limits.shared_axons or limits.index_free_synapses


def list_bits(limits: LoihiLimits, *, delayed: bool, index_free: bool = False) -> Int:
    """Returns (compartments + 1,) bits of a list of one format, by its number of synapses."""
    each = synapse_bits(limits, delayed=delayed, index_free=index_free)
    sizes = limits.compartments_per_core
    groups = tuple(group_bits(size, each, limits) for size in range(limits.synapses_per_group + 1))
    return _least_bits(groups, sizes) if chooses_groups(limits) else _full_groups(groups, sizes)


def bits_per_synapse(limits: LoihiLimits, *, delayed: bool) -> float:
    """Returns the bits that a synapse takes in a group of the format and size that suit best."""
    sizes = np.arange(1, min(limits.synapses_per_group, limits.compartments_per_core) + 1)
    each = synapse_bits(limits, delayed=delayed, index_free=limits.index_free_synapses)
    return min(group_bits(int(size), each, limits) / int(size) for size in sizes)


def least_bits(synapses: Int, limits: LoihiLimits, *, delayed: bool) -> Int:
    """Returns the fewest bits of lists of so many synapses, however they are spread over cores and groups.

    Lists up to the size of a core are exact; a longer one takes as many bits as its synapses in the best groups.
    """
    each = synapse_bits(limits, delayed=delayed, index_free=limits.index_free_synapses)
    groups = tuple(group_bits(size, each, limits) for size in range(limits.synapses_per_group + 1))
    table = _least_bits(groups, limits.compartments_per_core)
    beyond = np.ceil(synapses * bits_per_synapse(limits, delayed=delayed) - 1e-6).astype(np.int64)
    return np.where(synapses < table.size, table[np.minimum(synapses, table.size - 1)], beyond)


def _full_groups(groups: tuple[int, ...], sizes: int) -> Int:
    full, rest = np.divmod(np.arange(sizes + 1), len(groups) - 1)
    begun = np.array(groups, dtype=np.int64) * (np.arange(len(groups)) > 0)
    return full * begun[-1] + begun[rest]


@lru_cache(maxsize=32)
def _least_bits(groups: tuple[int, ...], sizes: int) -> Int:
    """Of every number of synapses, the cheapest division into groups; `groups[k]` is what one of k costs."""
    # A group that costs no more than a smaller one stands for it: a few sizes are left.
    kept = [size for size in range(1, len(groups)) if size + 1 == len(groups) or groups[size + 1] > groups[size]]
    table = np.zeros(sizes + 1, dtype=np.int64)
    for synapses in range(1, sizes + 1):
        table[synapses] = min(groups[size] + int(table[max(synapses - size, 0)]) for size in kept)
    table.setflags(write=False)
    return table
