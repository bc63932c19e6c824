"""Formats the levels of the Loihi family: every register, and every core with its neurons and axons."""

from typing import Any

import numpy as np

from neurocmc.ir.loihi.chip import RESOURCES, AxonRoute, ChipProgram, CorePlace, SynapseLists
from neurocmc.ir.loihi.network import (
    IntegerInput,
    IntegerNetwork,
    IntegerPopulation,
    IntegerProjection,
    RoundingLoss,
    StepRule,
)
from neurocmc.ir.phrases import (
    MOST_PRINTED,
    arrow,
    counted,
    dealt_out,
    delayed,
    left_out,
    observed,
    own_values,
    page,
    readouts,
    second_order,
)
from neurocmc.ir.summaries import (
    entry,
    fingerprint,
    matrix,
    milliseconds,
    number,
    percent,
    table,
    text_fingerprint,
    vector,
)

MAX_SPELT = 1 << 14  # routes; beyond it, a fingerprint is of their numbers
MAX_ROUTES = 64  # rows; beyond it, the axons of a projection or population are summed
Facts = list[tuple[str, str | list[str]]]


def print_integer(network: IntegerNetwork, most: int = MOST_PRINTED) -> str:
    """Formats the integer network: every register, and beside it what it realises; `most` parts of each kind."""
    lines = [
        f"integer network {network.name}: {counted(network.neurons, 'neuron')} in "
        f"{counted(len(network.populations), 'population')}, tick {milliseconds(network.tick_s)}",
        *_rule(network.rule),
    ]
    for population in network.populations[:most]:
        lines += _integer_population(population, network.rule)
    for projection in network.projections[:most]:
        lines += _integer_projection(projection, network.rule)
    for given in network.inputs[:most]:
        lines += _integer_input(given)
    return page([*lines, *left_out(network, most), *readouts(network.readouts)])


def _rule(rule: StepRule) -> list[str]:
    return [
        f"a tick: {', '.join(rule.order)}; a spike arrives {counted(rule.spike_delay_ticks, 'tick')} later",
        f"weights mantissa << (exponent + {rule.weight_shift}), thresholds << {rule.threshold_shift}; u wraps at "
        f"{rule.current_bits} bits, v saturates at {rule.voltage_bits}",
        f"a tick keeps (2^{rule.decay_bits} - decay) / 2^{rule.decay_bits}, the decay of u {rule.decay_u_offset} "
        "above its register",
    ]


def _integer_population(population: IntegerPopulation, rule: StepRule) -> list[str]:
    keep_u, keep_v = rule.pole(population.decay_u), rule.keep_v(population.decay_v) / rule.full_decay
    threshold = rule.threshold_lsb(population.threshold_mantissa)
    head = (
        f"population {population.name}: {counted(population.units, 'unit')} x {counted(population.neurons, 'neuron')}"
    )
    loss = population.bias_loss
    facts: Facts = [
        ("decay_u", f"{population.decay_u}: keeps {number(keep_u)} a tick, wanted {number(population.wanted_pole)}"),
        ("decay_v", f"{population.decay_v}: keeps {number(keep_v)} a tick"),
        ("threshold", f"{population.threshold_mantissa} << {rule.threshold_shift} = {threshold:,} LSB"),
        ("bias", f"{vector(population.bias_mantissa)}, << {population.bias_exponent} LSB"),
        ("bias loss", f"{_lost(loss)} of the largest bias{f', {loss.clipped} clipped' if loss.clipped else ''}"),
        ("start", f"{vector(population.v_initial)} LSB"),
        *([("start of u", f"{vector(population.u_initial)} LSB")] if population.u_initial.any() else []),
        ("current", f"{vector(population.lsb_per_drive)} LSB per unit of drive"),
        ("activity", f"{number(population.activity_per_spike)} a spike"),
        ("observed", observed(population.trace)),
        *dealt_out(population.copies, clock=population.clock),
    ]
    return entry(head, facts)


def _lost(loss: RoundingLoss) -> str:
    return f"largest {percent(loss.largest)}, rms {percent(loss.rms)}"


def _integer_projection(projection: IntegerProjection, rule: StepRule) -> list[str]:
    head = f"{arrow(projection.name, projection.source, projection.target)}{projection.sign}"
    loss = projection.loss
    shift = projection.exponent + rule.weight_shift
    facts: Facts = [
        ("mantissa", matrix(projection.mantissa)),
        ("exponent", f"{projection.exponent}: a mantissa of 1 is {number(2.0**shift)} LSB"),
        ("delay", delayed(projection.delay_ticks)),
        ("gain", matrix(projection.realised_gain, "of drive per unit of activity")),
        ("wanted", matrix(projection.wanted_gain)),
        ("loss", f"{_lost(loss)} of the largest weight, {loss.clipped} clipped"),
        *([("part of", projection.refines)] if projection.refines else []),
    ]
    return entry(head, facts)


def _integer_input(given: IntegerInput) -> list[str]:
    kind = "filtered" if given.filtered else "unfiltered (the host sends the innovation)"
    head = f"input {given.name}: {counted(given.lsb_per_input.shape[1], 'channel')} -> {given.target}, {kind}"
    count = given.axon_mantissa.size
    payload = f", payload of {given.payload_bits} bits" if given.payload_bits else ""
    axons = f"{count} a unit, mantissas {vector(given.axon_mantissa)}{payload}"
    facts: Facts = [
        ("axons", axons),
        ("exponent", str(given.exponent)),
        ("weight", matrix(given.lsb_per_input, "LSB per unit of input")),
        *_host_filter(given),
        *own_values(given.start),
    ]
    return entry(head, facts)


def _host_filter(given: IntegerInput) -> Facts:
    if not given.host_pole and given.host_order == 1:
        return []
    return [("host filter", f"keeps {number(given.host_pole)} a tick{second_order(given.host_order)}")]


def print_chip(program: ChipProgram) -> str:
    """Formats the chip program: use of every core, where the neurons are, and the axons between cores."""
    return placed_page(program, program.network.name, print_integer(program.network))


def placed_page(program: ChipProgram[Any], name: str, printed: str) -> str:
    """Formats the program of any network, which is called `name` and is printed as `printed`."""
    network = program.network
    lines = [
        f"chip program {name} on {program.target}: {counted(network.neurons, 'neuron')} on "
        f"{counted(program.cores, 'core')}; no placement needs fewer than {program.cores_lower_bound}",
        _bounds(program),
        "the neurons of a unit send to one in-axon of a core"
        if program.shared_axons
        else "every neuron has in-axons of its own, one for each projection and core",
        f"the integer network as it is printed: {text_fingerprint([printed])}",
        "",
        "use of each core (synapse memory in bits)",
    ]
    head = ["core", *(resource.replace("_", " ") for resource in RESOURCES)]
    cores = [[str(core), *(f"{used:,}" for used in row)] for core, row in enumerate(program.use.tolist())]
    whole = [["sum", *(f"{used:,}" for used in program.use.sum(axis=0).tolist())]] if program.cores > 1 else []
    lines += table([head, *cores, *whole])
    lines += ["", "place of each neuron (neuron n of unit i counts as i * neurons + n; ranges without their end)"]
    lines += table(
        [
            ["core", "population", "neurons", "slots"],
            *(
                [str(s.core), s.population, f"[{s.start}, {s.stop})", f"[{s.slot}, {s.slot + s.neurons})"]
                for s in program.segments
            ),
        ],
        left=2,
    )
    return page([*lines, *_places(program.places), "", *_lists(program.lists), "", *_routes(program.routes)])


def _places(places: tuple[CorePlace, ...]) -> list[str]:
    """The chip and tile of each core, where it has one."""
    if not places:
        return []
    rows = [[str(core), f"{place.chip}", f"{place.x}", f"{place.y}"] for core, place in enumerate(places)]
    return ["", "place of each core", *table([["core", "chip", "column", "row"], *rows])]


def _bounds(program: ChipProgram[Any]) -> str:
    found = [f"{bound.resource.replace('_', ' ')} {bound.cores}" for bound in program.lower_bounds]
    return f"cores that each resource needs at least: {', '.join(found) or 'not counted'}"


def _lists(lists: tuple[SynapseLists, ...]) -> list[str]:
    """In-axons and the synapses behind them; many are summed over cores."""
    columns = ["axons", "without indices", "synapses", "synapse bits"]
    amounts = [[entry.axons, entry.index_free, entry.synapses, entry.synapse_bits] for entry in lists]
    whose = [_spikes_of(entry.source, entry.projections) for entry in lists]
    if len(lists) <= MAX_ROUTES:
        rows = [
            [spikes, f"core {entry.core}", *(f"{amount:,}" for amount in row)]
            for spikes, entry, row in zip(whose, lists, amounts, strict=True)
        ]
        return ["in-axons", *table([["spikes of", "to", *columns], *rows], left=2)]
    head = f"in-axons, summed over cores (one by one: {text_fingerprint(f'{entry}' for entry in lists)})"
    return [head, *table([["spikes of", "cores", *columns], *_summed(whose, amounts)], left=1)]


def _routes(routes: tuple[AxonRoute, ...]) -> list[str]:
    """Out-axons between cores; many are summed over pairs of cores."""
    whose = [_spikes_of(route.source, route.projections) for route in routes]
    if len(routes) <= MAX_ROUTES:
        rows = [
            [spikes, f"core {route.source_core}", f"core {route.target_core}", f"{route.axons:,}"]
            for spikes, route in zip(whose, routes, strict=True)
        ]
        return ["out-axons", *table([["spikes of", "from", "to", "axons"], *rows], left=3)]
    head = f"out-axons, summed over pairs of cores (one by one: {_one_by_one(routes)})"
    return [head, *table([["spikes of", "pairs", "axons"], *_summed(whose, [[r.axons] for r in routes])], left=1)]


def _one_by_one(routes: tuple[AxonRoute, ...]) -> str:
    """A fingerprint of all routes; of very many by their numbers, beside the names of what they carry."""
    if len(routes) <= MAX_SPELT:
        return text_fingerprint(f"{route}" for route in routes)
    numbers = np.array([(route.source_core, route.target_core, route.axons) for route in routes], dtype=np.int64)
    names = dict.fromkeys((route.source, route.projections) for route in routes)
    return text_fingerprint([fingerprint(numbers), *(f"{name}" for name in names)])


def _spikes_of(source: str, projections: tuple[str, ...]) -> str:
    """Whose spikes axons carry: a population's, by some of its projections, or the host's for an input."""
    return f"{source or 'host'} ({', '.join(projections)})"


def _summed(names: list[str], amounts: list[list[int]]) -> list[list[str]]:
    """A row for each name: how many rows it had, and the sums of their amounts."""
    sums: dict[str, list[int]] = {}
    for name, row in zip(names, amounts, strict=True):
        total = sums.setdefault(name, [0] * (1 + len(row)))
        for k, amount in enumerate((1, *row)):
            total[k] += amount
    return [[name, *(f"{amount:,}" for amount in total)] for name, total in sums.items()]
