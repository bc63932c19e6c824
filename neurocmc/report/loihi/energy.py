"""Estimates energy of a placed program on a Loihi: synaptic operations, updates of compartments, messages."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.report.energy import EnergyEstimate, energy_estimate, energy_term
from neurocmc.report.load import SpikeLoad
from neurocmc.targets import LoihiTarget

HOPS_UNKNOWN = "cores have no mesh coordinates, so hops between tiles are not counted"


def estimate_energy(program: ChipProgram, target: LoihiTarget, load: SpikeLoad) -> EnergyEstimate:
    """Returns the energy of a placed program under a load, from the target's own energies.

    Raises ValueError where the load is not that of the program's network.
    """
    network = program.network
    check_load(network, load)
    operations = Operations(
        synaptic=synaptic_ops_per_tick(network, load),
        updates=updates_per_tick(network, load),
        messages=messages_per_tick(program, load),
    )
    return energy_of(operations, target, load, network.tick_s, assumptions_of(program, network.tick_s, target))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """How often a program does in a mean tick what costs energy."""

    synaptic: float
    updates: tuple[int, int]  # of compartments, active and inactive
    messages: float


def energy_of(
    operations: Operations, target: LoihiTarget, load: SpikeLoad, tick_s: float, assumptions: tuple[str, ...]
) -> EnergyEstimate:
    """Returns what operations cost, from the target's own energies."""
    active, inactive = operations.updates
    counts: tuple[tuple[str, str, float | None], ...] = (
        ("synaptic operations", "synaptic_op_pj", operations.synaptic),
        ("neuron updates, active", "neuron_update_active_pj", float(active)),
        ("neuron updates, inactive", "neuron_update_inactive_pj", float(inactive)),
        ("spike messages, within a tile", "spike_within_tile_pj", operations.messages),
        ("hops east or west", "hop_east_west_pj", None),
        ("hops north or south", "hop_north_south_pj", None),
    )
    terms = tuple(energy_term(target, operation, field, count, HOPS_UNKNOWN) for operation, field, count in counts)
    known = [term for term in terms if term.count_per_tick is not None]
    prices = [term.per_tick_pj for term in known if term.per_tick_pj is not None]
    dynamic = sum(prices) if len(prices) == len(known) else None
    return energy_estimate(target, load.source, load.ticks, tick_s, terms, dynamic, assumptions)


def synaptic_ops_per_tick(network: IntegerNetwork, load: SpikeLoad) -> float:
    """Returns spikes times the synapses each fans out to, in a mean tick; spikes from the host included."""
    total = 0.0
    for projection in network.projections:
        neurons = network.population(projection.target).neurons
        fan_out = np.count_nonzero(projection.mantissa, axis=0) * neurons  # (source units,)
        total += float(fan_out @ np.array(load.of_population(projection.source).per_tick))
    for entry in network.inputs:
        total += load.of_input(entry.name).total * network.population(entry.target).neurons
    return total


def updates_per_tick(network: IntegerNetwork, load: SpikeLoad) -> tuple[int, int]:
    """Returns (active, inactive) compartments; active are those with a bias and those that anything reaches."""
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
    """Returns messages from core to core: one for every spike and out-axon that it takes.

    Where axons are shared that is one for every core that a unit reaches, otherwise one for each projection and core.
    """
    network, cores = program.network, _cores_of_units(program)
    reached: dict[tuple[str, str, int], set[int]] = {}  # source, axons, unit -> cores
    for projection in network.projections:
        axons = "" if program.shared_axons else projection.name
        for unit in range(projection.mantissa.shape[1]):
            own = reached.setdefault((projection.source, axons, unit), set())
            for row in np.flatnonzero(projection.mantissa[:, unit]).tolist():
                own |= cores[projection.target, row]
    spikes = {population.name: load.of_population(population.name).per_tick for population in network.populations}
    return sum(spikes[source][unit] * len(found) for (source, _, unit), found in reached.items())


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


def assumptions_of(program: ChipProgram[Any], tick_s: float, target: LoihiTarget) -> tuple[str, ...]:
    """Returns what is counted, and how."""
    tick_ms = tick_s * 1e3
    whose = "" if program.shared_axons else "projection and each "
    return (
        "Every compartment is updated in every tick; an update counts as active if the compartment has a bias, or if "
        "anything reaches it under this load, which is an upper bound.",
        f"A spike is one message for each {whose}core that it reaches, delivered within a tile; {HOPS_UNKNOWN}.",
        "Spikes from the host are charged for their synaptic operations, not for their way onto the chip.",
        f"Static power is that of one whole chip, of which the program uses {program.cores} of "
        f"{target.limits.cores_per_chip} cores, at one tick in {tick_ms:g} ms.",
    )
