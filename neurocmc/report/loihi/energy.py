"""Estimates energy of a placed program on a Loihi: synaptic operations, updates of compartments, messages."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import column_counts, entries
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.placing.ragged import joined
from neurocmc.report.bits import spike_totals
from neurocmc.report.energy import EnergyEstimate, energy_estimate, energy_term
from neurocmc.report.load import SpikeLoad, UnitSpikes
from neurocmc.report.loihi.messages import Connections, Messages, Ways, messages, ways
from neurocmc.targets import LoihiTarget

HOPS_UNKNOWN = "cores have no mesh coordinates, so hops between tiles are not counted"


def estimate_energy(
    program: ChipProgram, target: LoihiTarget, load: SpikeLoad, sent: Messages | None = None
) -> EnergyEstimate:
    """Returns the energy of a placed program under a load, from the target's own energies.

    `sent` are the load's messages (`messages_of`), where they have been counted already.

    Raises ValueError where the load is not that of the program's network.
    """
    network = program.network
    check_load(network, load)
    sent = messages_of(program, load) if sent is None else sent
    operations = Operations(
        synaptic=synaptic_ops_per_tick(network, load),
        updates=updates_per_tick(network, load),
        messages=sent.total,
        ways=ways(program, sent, target.limits),
        chips=program.chips,
    )
    return energy_of(operations, target, load, network.tick_s, assumptions_of(program, network.tick_s, target))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """How often a program does in a mean tick what costs energy."""

    synaptic: float
    updates: tuple[int, int]  # of compartments, active and inactive
    messages: float
    ways: Ways | None = None  # of these; None where cores have no places
    chips: int = 1  # in use


def energy_of(
    operations: Operations, target: LoihiTarget, load: SpikeLoad, tick_s: float, assumptions: tuple[str, ...]
) -> EnergyEstimate:
    """Returns what operations cost, from the target's own energies."""
    (active, inactive), along = operations.updates, operations.ways
    counts: tuple[tuple[str, str, float | None], ...] = (
        ("synaptic operations", "synaptic_op_pj", operations.synaptic),
        ("neuron updates, active", "neuron_update_active_pj", float(active)),
        ("neuron updates, inactive", "neuron_update_inactive_pj", float(inactive)),
        ("spike messages, within a tile", "spike_within_tile_pj", operations.messages),
        ("hops east or west", "hop_east_west_pj", None if along is None else along.east_west),
        ("hops north or south", "hop_north_south_pj", None if along is None else along.north_south),
    )
    if along is not None and target.limits.chips > 1:
        counts = (*counts, ("steps from chip to chip", "hop_between_chips_pj", along.between_chips))
    terms = tuple(energy_term(target, operation, field, count, HOPS_UNKNOWN) for operation, field, count in counts)
    known = [term for term in terms if term.count_per_tick is not None]
    # What a step from chip to chip costs beyond a hop has not been published: that is said, and the rest added up.
    needed = [term for term in known if term.operation != "steps from chip to chip" or term.per_tick_pj is not None]
    prices = [term.per_tick_pj for term in needed if term.per_tick_pj is not None]
    dynamic = sum(prices) if len(prices) == len(needed) else None
    chips = operations.chips
    return energy_estimate(target, load.source, load.ticks, tick_s, terms, dynamic, assumptions, chips=chips)


def synaptic_ops_per_tick(network: IntegerNetwork, load: SpikeLoad) -> float:
    """Returns spikes times the synapses each fans out to, in a mean tick; spikes from the host included."""
    total, rates, driven = 0.0, _rates(load.populations), _rates(load.inputs)
    for projection in network.projections:
        fan_out = column_counts(projection.mantissa) * network.population(projection.target).neurons
        total += float(fan_out @ rates[projection.source])
    for entry in network.inputs:
        total += float(driven[entry.name].sum()) * network.population(entry.target).neurons
    return total


def synaptic_operations(network: IntegerNetwork, load: SpikeLoad) -> int:
    """Returns the same over all trials of a load, as a whole number."""
    reached = {population.name: np.zeros(population.units, dtype=np.int64) for population in network.populations}
    for projection in network.projections:
        fan_out = column_counts(projection.mantissa) * network.population(projection.target).neurons
        reached[projection.source] += fan_out
    total = sum(int(reached[name] @ spike_totals(load.of_population(name), load)) for name in reached)
    for entry in network.inputs:
        sent = int(spike_totals(load.of_input(entry.name), load).sum())
        total += sent * network.population(entry.target).neurons
    return total


def updates_per_tick(network: IntegerNetwork, load: SpikeLoad) -> tuple[int, int]:
    """Returns (active, inactive) compartments; active are those with a bias and those that anything reaches."""
    active, rates, driven = 0, _rates(load.populations), _rates(load.inputs)
    for population in network.populations:
        reached = np.zeros(population.units, dtype=np.bool_)
        for projection in network.into(population.name):
            row, column, _ = entries(projection.mantissa)
            reached[row[rates[projection.source][column] > 0]] = True
        for entry in network.inputs_into(population.name):
            reached |= driven[entry.name] > 0
        active += int(((population.bias_mantissa != 0) | reached[:, None]).sum())
    return active, network.neurons - active


def messages_of(program: ChipProgram, load: SpikeLoad) -> Messages:
    """Returns messages from core to core: one for every spike and out-axon that it takes.

    Where axons are shared that is one for every core that a unit reaches, otherwise one for each projection and core.
    """
    network, first = program.network, program.network.first_unit()
    ends = [
        Connections(source=column + first[projection.source], target=row + first[projection.target])
        for projection in network.projections
        for row, column, _ in [entries(projection.mantissa)]
    ]
    if program.shared_axons:
        source, target = (joined([getattr(part, end) for part in ends]) for end in ("source", "target"))
        ends = [Connections(source=source, target=target)]
    rates = _rates(load.populations)
    return messages(program, ends, np.concatenate([rates[p.name] for p in network.populations]))


def _rates(spikes: tuple[UnitSpikes, ...]) -> dict[str, Float]:
    """Spikes of each unit in a mean tick."""
    return {entry.name: np.array(entry.per_tick) for entry in spikes}


def check_load(network: IntegerNetwork, load: SpikeLoad) -> None:
    """Raises ValueError where the load's populations, inputs or numbers of units are not the network's."""
    wanted = [(p.name, p.units) for p in network.populations]
    wanted += [(entry.name, network.population(entry.target).units) for entry in network.inputs]
    given = [(entry.name, len(entry.per_tick)) for entry in (*load.populations, *load.inputs)]
    if given != wanted:
        raise ValueError(f"the load is of {given}, the network has {wanted}")


def assumptions_of(program: ChipProgram[Any], tick_s: float, target: LoihiTarget) -> tuple[str, ...]:
    """Returns what is counted, and how."""
    tick_ms, limits = tick_s * 1e3, target.limits
    whose = "" if program.shared_axons else "projection and each "
    way = f"delivered within a tile; {HOPS_UNKNOWN}"
    if program.places:
        way = "delivered within a tile, after its hops from tile to tile along a row and then a column"
    chips = "that of one whole chip" if program.chips == 1 else f"that of {program.chips:,} whole chips"
    beyond = ("A step from chip to chip is a hop; what it costs beyond that is not published.",)
    return (
        "Every compartment is updated in every tick; an update counts as active if the compartment has a bias, or if "
        "anything reaches it under this load, which is an upper bound.",
        f"A spike is one message for each {whose}core that it reaches, {way}.",
        "For spikes from the host, synaptic operations are counted, but not their way onto the chip.",
        f"Static power is {chips}, of which the program uses {program.cores} of "
        f"{program.chips * limits.cores_per_chip} cores, at one tick in {tick_ms:g} ms.",
        *(beyond if program.chips > 1 and target.energy.hop_between_chips_pj is None else ()),
    )
