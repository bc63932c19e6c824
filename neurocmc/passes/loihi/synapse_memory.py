"""Computes what one axon's list of synapses costs on the core that it reaches, in Loihi's synapse memory.

Synapses of an axon are stored in groups with a header each, every group rounded up to the memory's word. The cost
depends only on how many neurons of a core an axon reaches, which is why it can be counted per population.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.loihi.chip import AxonRoute
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.targets import LoihiLimits

Unit = tuple[str, int]  # population, index of the unit
Held = dict[Unit, int]  # neurons of each unit on one core
SynapseFormat = tuple[int, str, bool]  # exponent, sign mode, whether delays are stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Fibre:
    """Axons with the same targets: those of one source unit (or of the host) through one projection or input."""

    projection: str
    source: str  # population, or "" for the host
    source_unit: int  # -1 for the host
    target: str
    target_units: tuple[int, ...]
    axons: int
    format: SynapseFormat

    @property
    def delayed(self) -> bool:
        return self.format[2]


def fibres(network: IntegerNetwork) -> tuple[Fibre, ...]:
    """Returns all fibres of a network, in order of projections and units, then inputs and units."""
    found: list[Fibre] = []
    for projection in network.projections:
        neurons = network.population(projection.source).neurons
        for unit in range(projection.mantissa.shape[1]):
            targets = tuple(int(row) for row in np.flatnonzero(projection.mantissa[:, unit]))
            if targets:
                found.append(
                    Fibre(
                        projection=projection.name,
                        source=projection.source,
                        source_unit=unit,
                        target=projection.target,
                        target_units=targets,
                        axons=neurons,
                        format=(projection.exponent, projection.sign, projection.delay_ticks > 0),
                    )
                )
    for entry in network.inputs:
        found.extend(
            Fibre(
                projection=entry.name,
                source="",
                source_unit=-1,
                target=entry.target,
                target_units=(int(unit),),
                axons=entry.axon_mantissa.size,
                format=(entry.exponent, "mixed", False),
            )
            for unit in np.flatnonzero(np.abs(entry.lsb_per_input).sum(axis=1))
        )
    return tuple(found)


def synapse_bits(delayed: bool, limits: LoihiLimits) -> int:
    """Returns the bits of one synapse within its group: weight, delay, tag, and the index of its compartment.

    The index takes the smallest published width that names all compartments, or where none does, as many bits as
    that needs.
    """
    wanted_index = (limits.compartments_per_core - 1).bit_length()
    index = next((bits for bits in limits.synapse_index_bits_choices if bits >= wanted_index), wanted_index)
    weight = next(bits for bits in limits.synapse_weight_bits_choices if bits >= limits.weight_mantissa_bits)
    return weight + index + limits.synapse_tag_bits + (limits.synapse_delay_bits if delayed else 0)


def axon_bits(synapses: int, delayed: bool, limits: LoihiLimits) -> int:
    """Returns the bits of one axon's synapses on one core, in groups with a header, each padded to whole words."""
    each = synapse_bits(delayed, limits)
    full, rest = divmod(synapses, limits.synapses_per_group)
    word = limits.synapse_group_alignment_bits

    def group(size: int) -> int:
        return -(-(limits.synapse_group_header_bits + each * size) // word) * word

    return full * group(limits.synapses_per_group) + (group(rest) if rest else 0)


def axon_bits_table(limits: LoihiLimits) -> Int:
    """Returns (2, compartments + 1) `axon_bits` of every number of synapses, without and with delays."""
    full, rest = np.divmod(np.arange(limits.compartments_per_core + 1), limits.synapses_per_group)
    tables: list[Int] = []
    for delayed in (False, True):
        begun = np.array(
            [axon_bits(n, delayed, limits) for n in range(limits.synapses_per_group + 1)], dtype=np.int64
        )
        tables.append(full * begun[-1] + begun[rest])
    return np.array(tables)


def cores_of_units(held_by_core: Sequence[Held]) -> dict[Unit, list[tuple[int, int]]]:
    """Maps each unit to its (core, neurons there), cores rising."""
    found: dict[Unit, list[tuple[int, int]]] = {}
    for core, held in enumerate(held_by_core):
        for unit, neurons in held.items():
            if neurons:
                found.setdefault(unit, []).append((core, neurons))
    return found


def reached(fibre: Fibre, where: dict[Unit, list[tuple[int, int]]]) -> dict[int, int]:
    """Maps each core to the neurons there that one axon of the fibre reaches."""
    total: dict[int, int] = {}
    for unit in fibre.target_units:
        for core, neurons in where.get((fibre.target, unit), ()):
            total[core] = total.get(core, 0) + neurons
    return total


def routes(
    network_fibres: tuple[Fibre, ...], held_by_core: Sequence[Held], limits: LoihiLimits
) -> tuple[AxonRoute, ...]:
    """Returns an AxonRoute for each projection, source core and target core, summed over its fibres."""
    totals: dict[tuple[str, int, int], list[int]] = {}
    where, bits_of = cores_of_units(held_by_core), axon_bits_table(limits).tolist()
    for fibre in network_fibres:
        sources = where.get((fibre.source, fibre.source_unit), []) if fibre.source else [(-1, fibre.axons)]
        for target_core, synapses in reached(fibre, where).items():
            bits = bits_of[fibre.delayed][synapses]
            for source_core, axons in sources:
                entry = totals.setdefault((fibre.projection, source_core, target_core), [0, 0, 0])
                entry[0] += axons
                entry[1] += axons * synapses
                entry[2] += axons * bits
    return tuple(
        AxonRoute(
            projection=projection,
            source_core=source_core,
            target_core=target_core,
            axons=axons,
            synapses=synapses,
            synapse_bits=bits,
        )
        for (projection, source_core, target_core), (axons, synapses, bits) in sorted(totals.items())
    )
