"""Energy: what a tick and a presentation cost, as counts of operations times their published energies.

Where a target publishes no energy of an operation the count stands without a price, and no total is given: an
estimate that leaves out an unknown share would look like one that does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.report.loihi.spike_load import SpikeLoad
from neurocmc.targets import LoihiTarget, TrueNorthTarget

PJ_PER_MW_S = 1e9

HOPS_UNKNOWN = "cores have no mesh coordinates (they are filled in sequence), so hops between tiles are not counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyTerm:
    """One kind of operation: how many in a mean tick, and what they cost."""

    operation: str
    count_per_tick: float | None  # None where it is not known
    per_operation_pj: float | None  # None where nothing is published
    per_tick_pj: float | None
    citation: str
    unverified: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyEstimate:
    """Dynamic energy by operation and static energy by time; a total is None where a price of it is not published."""

    load_source: str
    tick_s: float
    ticks_per_presentation: int
    terms: tuple[EnergyTerm, ...]
    dynamic_per_tick_pj: float | None
    dynamic_per_presentation_pj: float | None
    static_mw_per_chip: float | None
    static_per_tick_pj: float | None
    static_per_presentation_pj: float | None
    static_citation: str
    static_unverified: bool
    static_note: str
    assumptions: tuple[str, ...]
    caveat: str
    apart: tuple[EnergyTerm, ...] = ()  # other published figures of the same operations: not to be added up


def estimate_energy(program: ChipProgram, target: LoihiTarget, load: SpikeLoad) -> EnergyEstimate:
    """Energy of a placed program under a load, from the target's own energies.

    Raises ValueError where the load is not that of the program's network.
    """
    network = program.network
    check_load(network, load)
    active, inactive = updates_per_tick(network, load)
    counts: tuple[tuple[str, str, float | None], ...] = (
        ("synaptic operations", "synaptic_op_pj", synaptic_ops_per_tick(network, load)),
        ("neuron updates, active", "neuron_update_active_pj", float(active)),
        ("neuron updates, inactive", "neuron_update_inactive_pj", float(inactive)),
        ("spike messages, within a tile", "spike_within_tile_pj", messages_per_tick(program, load)),
        ("hops east or west", "hop_east_west_pj", None),
        ("hops north or south", "hop_north_south_pj", None),
    )
    terms = tuple(energy_term(target, operation, field, count) for operation, field, count in counts)
    known = [term for term in terms if term.count_per_tick is not None]
    prices = [term.per_tick_pj for term in known if term.per_tick_pj is not None]
    dynamic = sum(prices) if len(prices) == len(known) else None
    return energy_estimate(
        target, load.source, load.ticks, network.tick_s, terms, dynamic, _assumptions(program, target)
    )


def energy_estimate(
    target: LoihiTarget | TrueNorthTarget,
    source: str,
    ticks: int,
    tick_s: float,
    terms: tuple[EnergyTerm, ...],
    dynamic_per_tick_pj: float | None,
    assumptions: tuple[str, ...],
    apart: tuple[EnergyTerm, ...] = (),
) -> EnergyEstimate:
    """The estimate of a presentation of `ticks`, from what a mean tick costs, with the target's static power."""
    static_mw = target.energy.static_mw_per_chip
    static = None if static_mw is None else static_mw * tick_s * PJ_PER_MW_S
    citation, unverified, note = energy_source(target, "static_mw_per_chip")
    return EnergyEstimate(
        load_source=source,
        tick_s=tick_s,
        ticks_per_presentation=ticks,
        terms=terms,
        dynamic_per_tick_pj=dynamic_per_tick_pj,
        dynamic_per_presentation_pj=None if dynamic_per_tick_pj is None else dynamic_per_tick_pj * ticks,
        static_mw_per_chip=static_mw,
        static_per_tick_pj=static,
        static_per_presentation_pj=None if static is None else static * ticks,
        static_citation=citation,
        static_unverified=unverified,
        static_note=note,
        assumptions=assumptions,
        caveat=target.energy_caveat,
        apart=apart,
    )


def citations(energy: EnergyEstimate) -> tuple[str, ...]:
    """Every source that an estimate rests on, once."""
    cited = [*(term.citation for term in (*energy.terms, *energy.apart)), energy.static_citation]
    return tuple(dict.fromkeys(citation for citation in cited if citation))


def synaptic_ops_per_tick(network: IntegerNetwork, load: SpikeLoad) -> float:
    """Spikes times the synapses each fans out to, in a mean tick; spikes from the host included."""
    total = 0.0
    for projection in network.projections:
        neurons = network.population(projection.target).neurons
        fan_out = np.count_nonzero(projection.mantissa, axis=0) * neurons  # (source units,)
        total += float(fan_out @ np.array(load.of_population(projection.source).per_tick))
    for entry in network.inputs:
        total += load.of_input(entry.name).total * network.population(entry.target).neurons
    return total


def updates_per_tick(network: IntegerNetwork, load: SpikeLoad) -> tuple[int, int]:
    """(active, inactive) compartments; active are those with a bias and those that anything reaches."""
    active = 0
    for population in network.populations:
        reached = np.zeros(population.units, dtype=np.bool_)
        for projection in network.projections:
            if projection.target == population.name:
                fires = np.array(load.of_population(projection.source).per_tick) > 0
                reached |= (projection.mantissa[:, fires] != 0).any(axis=1)
        for entry in network.inputs:
            if entry.target == population.name:
                reached |= np.array(load.of_input(entry.name).per_tick) > 0
        active += int(((population.bias_mantissa != 0) | reached[:, None]).sum())
    return active, network.neurons - active


def messages_per_tick(program: ChipProgram, load: SpikeLoad) -> float:
    """Messages from core to core: one for every spike, projection and core that the projection reaches."""
    network, cores = program.network, _cores_of_units(program)
    total = 0.0
    for projection in network.projections:
        for unit, spikes in enumerate(load.of_population(projection.source).per_tick):
            rows = np.flatnonzero(projection.mantissa[:, unit])
            reached = {core for row in rows for core in cores[projection.target, int(row)]}
            total += spikes * len(reached)
    return total


def check_load(network: IntegerNetwork, load: SpikeLoad) -> None:
    """Raises ValueError where the load's populations, inputs or numbers of units are not the network's."""
    wanted = [(p.name, p.units) for p in network.populations]
    wanted += [(entry.name, network.population(entry.target).units) for entry in network.inputs]
    given = [(entry.name, len(entry.per_tick)) for entry in (*load.populations, *load.inputs)]
    if given != wanted:
        raise ValueError(f"the load is of {given}, the network has {wanted}")


def _cores_of_units(program: ChipProgram) -> dict[tuple[str, int], set[int]]:
    cores: dict[tuple[str, int], set[int]] = {}
    for segment in program.segments:
        neurons = program.network.population(segment.population).neurons
        for unit in range(segment.start // neurons, (segment.stop - 1) // neurons + 1):
            cores.setdefault((segment.population, unit), set()).add(segment.core)
    return cores


def energy_term(
    target: LoihiTarget | TrueNorthTarget,
    operation: str,
    field: str,
    count: float | None,
    missing: str = HOPS_UNKNOWN,
) -> EnergyTerm:
    """`count` operations at the price in a field of the target's energies; `missing` says why a count is None."""
    price: float | None = getattr(target.energy, field)
    citation, unverified, note = energy_source(target, field)
    notes: Iterable[str] = (note, missing if count is None else "")
    return EnergyTerm(
        operation=operation,
        count_per_tick=count,
        per_operation_pj=price,
        per_tick_pj=None if count is None or price is None else count * price,
        citation=citation,
        unverified=unverified,
        note="; ".join(part.rstrip(".") for part in notes if part),
    )


class EnergySource(NamedTuple):
    """Where a price comes from."""

    citation: str
    unverified: bool
    note: str


def energy_source(target: LoihiTarget | TrueNorthTarget, field: str) -> EnergySource:
    """The source of one of a target's energies; where it has none, that it was not published."""
    if field not in target.provenance:
        return EnergySource("", unverified=False, note=f"not published for {target.title}")
    entry = target.provenance[field]
    return EnergySource(entry.citation, entry.unverified, entry.note)


def _assumptions(program: ChipProgram, target: LoihiTarget) -> tuple[str, ...]:
    tick_ms = program.network.tick_s * 1e3
    return (
        "Every compartment is updated in every tick; an update counts as active if the compartment has a bias, or if "
        "anything reaches it under this load, which is an upper bound.",
        "A spike is one message for each projection and each core that it reaches, delivered within a tile; "
        f"{HOPS_UNKNOWN}.",
        "Spikes from the host are charged for their synaptic operations, not for their way onto the chip.",
        f"Static power is that of one whole chip, of which the program uses {program.cores} of "
        f"{target.limits.cores_per_chip} cores, at one tick in {tick_ms:g} ms.",
    )
