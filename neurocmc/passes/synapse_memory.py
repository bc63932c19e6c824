"""Synapse memory of Loihi: what one axon's list of synapses costs on the core it reaches.

Synapses of an axon are stored in groups with a header each, every group rounded up to the memory's word. The cost
depends only on how many neurons of a core an axon reaches, which is why it can be counted per population.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurocmc.ir.chip import AxonRoute
from neurocmc.ir.integer import IntegerNetwork
from neurocmc.targets import LoihiLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Fibre:
    """Axons with the same targets: those of one source unit (or of the host) through one projection or input."""

    projection: str
    source: str  # population, or "" for the host
    source_unit: int  # -1 for the host
    target: str
    target_units: tuple[int, ...]
    axons: int
    delayed: bool


def fibres(network: IntegerNetwork) -> tuple[Fibre, ...]:
    """All fibres of a network, in order of projections and units, then inputs and units."""
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
                        delayed=projection.delay_ticks > 0,
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
                delayed=False,
            )
            for unit in np.flatnonzero(np.abs(entry.lsb_per_input).sum(axis=1))
        )
    return tuple(found)


def axon_bits(synapses: int, delayed: bool, limits: LoihiLimits) -> int:
    """Bits of one axon's synapses on one core; every synapse holds the index of its compartment.

    The index takes the smallest published width that names all compartments, or where none does, as many bits as
    that needs.
    """
    wanted_index = (limits.compartments_per_core - 1).bit_length()
    index = next((bits for bits in limits.synapse_index_bits_choices if bits >= wanted_index), wanted_index)
    weight = next(bits for bits in limits.synapse_weight_bits_choices if bits >= limits.weight_mantissa_bits)
    each = weight + index + limits.synapse_tag_bits + (limits.synapse_delay_bits if delayed else 0)
    full, rest = divmod(synapses, limits.synapses_per_group)
    groups = [limits.synapses_per_group] * full + ([rest] if rest else [])
    word = limits.synapse_group_alignment_bits
    return sum(-(-(limits.synapse_group_header_bits + each * n) // word) * word for n in groups)


@dataclass(frozen=True, slots=True)
class CoreLoad:
    """What all fibres cost on one core that holds some neurons of some units."""

    in_axons: int
    synapses: int
    bits: int


def core_load(
    network_fibres: tuple[Fibre, ...], held: Mapping[tuple[str, int], int], limits: LoihiLimits
) -> CoreLoad:
    """Load of a core; `held` is (population, unit) -> neurons of that unit on the core."""
    in_axons, synapses, bits = 0, 0, 0
    for fibre in network_fibres:
        reached = sum(held.get((fibre.target, unit), 0) for unit in fibre.target_units)
        if reached:
            in_axons += fibre.axons
            synapses += fibre.axons * reached
            bits += fibre.axons * axon_bits(reached, fibre.delayed, limits)
    return CoreLoad(in_axons, synapses, bits)


def routes(
    network_fibres: tuple[Fibre, ...],
    held_by_core: list[dict[tuple[str, int], int]],
    limits: LoihiLimits,
) -> tuple[AxonRoute, ...]:
    """One AxonRoute for each projection, source core and target core, summed over its fibres."""
    totals: dict[tuple[str, int, int], list[int]] = {}
    for fibre in network_fibres:
        for target_core, held in enumerate(held_by_core):
            reached = sum(held.get((fibre.target, unit), 0) for unit in fibre.target_units)
            if not reached:
                continue
            bits = axon_bits(reached, fibre.delayed, limits)
            for source_core, axons in _axons_by_source_core(fibre, held_by_core):
                entry = totals.setdefault((fibre.projection, source_core, target_core), [0, 0, 0])
                entry[0] += axons
                entry[1] += axons * reached
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


def _axons_by_source_core(fibre: Fibre, held_by_core: list[dict[tuple[str, int], int]]) -> list[tuple[int, int]]:
    if not fibre.source:
        return [(-1, fibre.axons)]
    unit = (fibre.source, fibre.source_unit)
    return [(core, held[unit]) for core, held in enumerate(held_by_core) if held.get(unit)]
