"""The reading room of the levels: each as a page of text that a neuroscientist can read and a diff can compare.

Every number has its unit, every matrix its pattern ("one-to-one 1.2", "all-to-all -2"), and what is too large to
read its range and a fingerprint. Every field is told, so that two texts differ wherever two levels do; what a field
mostly is (no delay, no cut) goes without saying. These pages are the .txt files
of an artifact and the goldens of the tests.
"""

from collections.abc import Iterable
from typing import assert_never

import numpy as np

from neurocmc.ir.loihi.chip import RESOURCES, AxonRoute, ChipProgram
from neurocmc.ir.loihi.network import (
    IntegerInput,
    IntegerNetwork,
    IntegerPopulation,
    IntegerProjection,
    RoundingLoss,
    StepRule,
)
from neurocmc.ir.phrases import arrow, counted, delayed, filtered, observed, page, readouts, second_order
from neurocmc.ir.rate import Classifier, RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.spiking import GainFit, SpikingNetwork, SpikingPopulation
from neurocmc.ir.summaries import (
    entry,
    matrix,
    milliseconds,
    number,
    percent,
    span,
    table,
    text_fingerprint,
    vector,
    words,
)
from neurocmc.ir.trace import Trace
from neurocmc.ir.truenorth.printer import print_cores
from neurocmc.ir.truenorth.program import CoreProgram

Level = RateCircuit | SpikingNetwork | IntegerNetwork | ChipProgram | CoreProgram

MAX_ROUTES = 64  # beyond it, the axons of a projection are summed over its pairs of cores
Facts = list[tuple[str, str | list[str]]]


def print_level(level: Level) -> str:
    """Any level as text."""
    match level:
        case RateCircuit():
            return print_rate(level)
        case SpikingNetwork():
            return print_spiking(level)
        case IntegerNetwork():
            return print_integer(level)
        case ChipProgram():
            return print_chip(level)
        case CoreProgram():
            return print_cores(level)
        case other:
            assert_never(other)


def print_rate(circuit: RateCircuit) -> str:
    """The rate circuit: what each unit computes, who drives it, and through which filter."""
    lines = [
        f"rate circuit {circuit.name}: {counted(circuit.units, 'unit')} in "
        f"{counted(len(circuit.populations), 'population')}, step {milliseconds(circuit.dt_s)}",
        f"from sha256 {circuit.origin_sha256 or 'unknown'}",
    ]
    if circuit.continuous:
        lines += ["trained with a finer solver: its step may be chosen anew"]
    lines += [f"on the host: {part}" for part in circuit.on_host]
    lines += [
        "drive u = sum of weight * filtered activity + weight * input; activity r = phi(gain (u + bias - offset))"
    ]
    for population in circuit.populations:
        lines += _rate_population(population)
    for projection in circuit.projections:
        lines += _rate_projection(projection)
    for given in circuit.inputs:
        head = f"input {given.name}: {counted(given.channels, 'channel')} -> {given.target}, {filtered(given.tau_s)}"
        head += second_order(given.order)
        lines += entry(head, [("weight", matrix(given.weight))])
    return page([*lines, *readouts(circuit.readouts), *_classifiers(circuit.classifiers)])


def _rate_population(population: RatePopulation) -> list[str]:
    limit = f"saturates at {number(population.saturation)}" if np.isfinite(population.saturation) else "unlimited"
    head = f"population {population.name}: {counted(population.size, 'unit')}, {population.transfer}, {limit}"
    facts: Facts = [
        ("gain", f"{vector(population.gain)} of activity per unit of drive"),
        ("offset", f"{vector(population.offset)} of drive"),
        ("bias", f"{vector(population.bias)} of drive"),
        *(
            [("cut off", f"outside {span(population.floor, population.top)}, counted from there")]
            if _is_cut(population)
            else []
        ),
        *([("before", f"{vector(population.initial)} of activity")] if population.initial.any() else []),
        ("observed", observed(Trace.at_rest(population.trace_tau_s, population.size, population.trace_order))),
        *(
            [("its spikes", f"through a filter of {milliseconds(population.observe_tau_s)}")]
            if population.observe_tau_s
            else []
        ),
    ]
    return entry(head, facts)


def _is_cut(population: RatePopulation) -> bool:
    return population.floor != 0.0 or bool(np.isfinite(population.top))


def _rate_projection(projection: RateProjection) -> list[str]:
    order = second_order(projection.order)
    gain = f", DC gain {number(projection.dc_gain)}" if projection.dc_gain != 1 else ""
    late = f", {counted(projection.delay_ticks, 'step')} late" if projection.delay_ticks else ""
    arrives = f"{filtered(projection.tau_s)}{order}{gain}{late}"
    head = f"{arrow(projection.name, projection.source, projection.target)}{arrives}"
    return entry(head, [("weight", matrix(projection.weight))])


def print_spiking(network: SpikingNetwork) -> str:
    """The spiking network: pools, their biases, how well each follows its rate unit, and the synapses."""
    lines = [
        f"spiking network {network.name}: {counted(network.neurons, 'neuron')} in "
        f"{counted(len(network.populations), 'population')}, tick {milliseconds(network.tick_s)}",
        "voltage, current and bias in thresholds; a neuron fires above 1 and restarts from 0",
    ]
    for population in network.populations:
        lines += _spiking_population(population, network.tick_s)
    for projection in network.projections:
        order = second_order(projection.order)
        head = f"{arrow(projection.name, projection.source, projection.target)}{filtered(projection.tau_s)}{order}"
        weight = matrix(projection.weight, "thresholds a spike")
        standing = f"{vector(projection.standing)} thresholds" if projection.standing.any() else ""
        before: Facts = [("before", standing)] if standing else []
        lines += entry(head, [("weight", weight), ("delay", delayed(projection.delay_ticks)), *before])
    for given in network.inputs:
        head = f"input {given.name}: {counted(given.weight.shape[1], 'channel')} -> {given.target}, "
        facts: Facts = [
            ("weight", matrix(given.weight, "thresholds per unit of input")),
            ("calibrated", f"up to {number(given.largest)} thresholds, jumps up to {number(given.largest_step)}"),
        ]
        lines += entry(head + filtered(given.tau_s) + second_order(given.order), facts)
    return page([*lines, *readouts(network.readouts)])


def _spiking_population(population: SpikingPopulation, tick_s: float) -> list[str]:
    memory = f"membrane {milliseconds(population.tau_mem_s)}" if population.tau_mem_s else "membrane without memory"
    pools = f"{counted(population.units, 'unit')} x {counted(population.neurons, 'neuron')}"
    head = f"population {population.name}: {pools}, {population.code} code, {memory}"
    grid = f"{population.lsb_per_threshold:,} LSB a threshold" if population.lsb_per_threshold else "real numbers"
    facts: Facts = [
        ("bias", f"{vector(population.bias)} thresholds"),
        ("start", f"{vector(population.v_initial)} thresholds"),
        ("current", f"{vector(population.current_per_drive)} thresholds per unit of drive"),
        (
            "activity",
            f"{number(population.activity_per_spike)} a spike; a neuron fires at "
            f"{number(population.hz_per_activity(tick_s))} Hz per unit of activity",
        ),
        ("observed", observed(population.trace)),
        ("grid", grid),
        ("fit", _fit(population.fit)),
    ]
    return entry(head, facts)


def _fit(fit: GainFit) -> list[str]:
    return [
        f"error rms {percent(fit.rms_error)}, max {percent(fit.max_error)} of the full pool; "
        f"slope {100 * fit.slope_error:+.6g} %",
        f"full at activity {number(fit.ceiling)}; calibration visits {span(*fit.visited)}, headroom "
        f"{percent(fit.headroom)}; valid over {span(*fit.valid_range)}",
        f"curve of {counted(len(fit.drive), 'point')}: drive {vector(fit.drive)}",
        f"wanted {vector(fit.wanted)}",
        f"measured {vector(fit.measured)}",
    ]


def print_integer(network: IntegerNetwork) -> str:
    """The integer network: every register, and beside it what it realises."""
    lines = [
        f"integer network {network.name}: {counted(network.neurons, 'neuron')} in "
        f"{counted(len(network.populations), 'population')}, tick {milliseconds(network.tick_s)}",
        *_rule(network.rule),
    ]
    for population in network.populations:
        lines += _integer_population(population, network.rule)
    for projection in network.projections:
        lines += _integer_projection(projection, network.rule)
    for given in network.inputs:
        lines += _integer_input(given)
    return page([*lines, *readouts(network.readouts)])


def _rule(rule: StepRule) -> list[str]:
    return [
        f"a tick: {', '.join(rule.order)}; a spike arrives {counted(rule.spike_delay_ticks, 'tick')} later",
        f"weights mantissa << (exponent + {rule.weight_shift}), thresholds << {rule.threshold_shift}; u wraps at "
        f"{rule.current_bits} bits, v saturates at {rule.voltage_bits}",
        f"a tick keeps (2^{rule.decay_bits} - decay) / 2^{rule.decay_bits}, the decay of u {rule.decay_u_offset} "
        "above its register",
    ]


def _integer_population(population: IntegerPopulation, rule: StepRule) -> list[str]:
    full = 1 << rule.decay_bits
    keep_u = (full - population.decay_u - rule.decay_u_offset) / full
    threshold = population.threshold_mantissa << rule.threshold_shift
    head = (
        f"population {population.name}: {counted(population.units, 'unit')} x {counted(population.neurons, 'neuron')}"
    )
    loss = population.bias_loss
    facts: Facts = [
        ("decay_u", f"{population.decay_u}: keeps {number(keep_u)} a tick, wanted {number(population.wanted_pole)}"),
        ("decay_v", f"{population.decay_v}: keeps {number((full - population.decay_v) / full)} a tick"),
        ("threshold", f"{population.threshold_mantissa} << {rule.threshold_shift} = {threshold:,} LSB"),
        ("bias", f"{vector(population.bias_mantissa)}, << {population.bias_exponent} LSB"),
        ("bias loss", f"{_lost(loss)} of the largest bias{f', {loss.clipped} clipped' if loss.clipped else ''}"),
        ("start", f"{vector(population.v_initial)} LSB"),
        *([("start of u", f"{vector(population.u_initial)} LSB")] if population.u_initial.any() else []),
        ("current", f"{vector(population.lsb_per_drive)} LSB per unit of drive"),
        ("activity", f"{number(population.activity_per_spike)} a spike"),
        ("observed", observed(population.trace)),
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
    ]
    return entry(head, facts)


def print_chip(program: ChipProgram) -> str:
    """The chip program: use of every core, where the neurons are, and the axons between cores."""
    network = program.network
    lines = [
        f"chip program {network.name} on {program.target}: {counted(network.neurons, 'neuron')} on "
        f"{counted(program.cores, 'core')}; no placement needs fewer than {program.cores_lower_bound}",
        f"the integer network as it is printed: {text_fingerprint([print_integer(network)])}",
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
    return page([*lines, "", *_routes(program.routes)])


def _routes(routes: tuple[AxonRoute, ...]) -> list[str]:
    columns = ["axons", "synapses", "synapse bits"]
    if len(routes) <= MAX_ROUTES:
        rows = [
            [
                r.projection,
                "host" if r.source_core < 0 else f"core {r.source_core}",
                f"core {r.target_core}",
                f"{r.axons:,}",
                f"{r.synapses:,}",
                f"{r.synapse_bits:,}",
            ]
            for r in routes
        ]
        return ["axons", *table([["projection", "from", "to", *columns], *rows], left=3)]
    sums: dict[str, list[int]] = {}
    for route in routes:
        total = sums.setdefault(route.projection, [0, 0, 0, 0])
        for k, amount in enumerate((1, route.axons, route.synapses, route.synapse_bits)):
            total[k] += amount
    rows = [[name, *(f"{amount:,}" for amount in total)] for name, total in sums.items()]
    each = text_fingerprint(f"{r}" for r in routes)
    head = f"axons, summed over pairs of cores (one by one: {each})"
    return [head, *table([["projection", "pairs", *columns], *rows], left=1)]


def _classifiers(classifiers: Iterable[Classifier]) -> list[str]:
    lines: list[str] = []
    for classifier in classifiers:
        widths = " -> ".join(str(layer.weight.shape[1]) for layer in classifier.layers)
        head = (
            f"readout {classifier.name}: classifier on the host, {widths} -> {classifier.layers[-1].bias.size}, "
            f"of the mean activity over the last {milliseconds(classifier.window_s)}"
        )
        facts: Facts = [("features", words(classifier.populations))]
        for k, layer in enumerate(classifier.layers):
            rectified = ", rectified" if layer.rectify else ""
            facts += [(f"layer {k}", matrix(layer.weight)), ("bias", f"{vector(layer.bias)}{rectified}")]
        facts += [("labels", words(classifier.labels))] if classifier.labels else []
        lines += entry(head, facts)
    return lines
