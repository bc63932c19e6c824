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


def list_bits(limits: LoihiLimits, most: int, *, delayed: bool, index_free: bool = False) -> Int:
    """Returns (most + 1,) bits of a list of one format, by its number of synapses."""
    each = synapse_bits(limits, delayed=delayed, index_free=index_free)
    groups = _groups(each, limits)
    return _least_bits(groups, most) if chooses_groups(limits) else _full_groups(groups, most)


def least_bits(synapses: Int, limits: LoihiLimits, *, delayed: bool) -> Int:
    """Returns the fewest bits of lists of so many synapses, however they are spread over cores and groups."""
    each = synapse_bits(limits, delayed=delayed, index_free=limits.index_free_synapses)
    return _least_bits(_groups(each, limits), int(synapses.max(initial=0)))[synapses]


def _groups(each: int, limits: LoihiLimits) -> tuple[int, ...]:
    """Bits of a group by its number of synapses, from none to a full one."""
    return (0, *(group_bits(size, each, limits) for size in range(1, limits.synapses_per_group + 1)))


def _full_groups(groups: tuple[int, ...], most: int) -> Int:
    full, rest = np.divmod(np.arange(most + 1), len(groups) - 1)
    return full * groups[-1] + np.array(groups, dtype=np.int64)[rest]


@lru_cache(maxsize=32)
def _least_bits(groups: tuple[int, ...], most: int) -> Int:
    """Of every number of synapses, the cheapest division into groups."""
    # A group that costs no more than a smaller one stands for it: a few sizes are left.
    kept = [size for size in range(1, len(groups)) if size + 1 == len(groups) or groups[size + 1] > groups[size]]
    best = min(kept, key=lambda size: groups[size] / size)
    # Of as many other groups as the best one has synapses, some could be best ones instead: their sizes add up to a
    # multiple of its size. So there are fewer, and beyond what they hold another best group is all that comes.
    head = min(best * kept[-1], most)
    table = np.zeros(most + 1, dtype=np.int64)
    for synapses in range(1, head + 1):
        table[synapses] = min(groups[size] + int(table[max(synapses - size, 0)]) for size in kept)
    for start in range(head + 1, most + 1, best):
        part = slice(start, min(start + best, most + 1))
        table[part] = table[start - best : part.stop - best] + groups[best]
    table.setflags(write=False)
    return table
