"""Formats a level as a page of text that a neuroscientist can read and a diff can compare.

Every number has its unit, every matrix its pattern ("one-to-one 1.2", "all-to-all -2"), and what is too large to
read its range and a fingerprint. Every field is told, so that two texts differ wherever two levels do; what a field
mostly is (no delay, no cut) goes without saying. Of a level of very many parts the first of each kind stand here.
These pages are the .txt files of an artifact and the goldens of the tests. Here are the levels that all families
share; `loihi` and `truenorth` have the others.
"""

from collections.abc import Iterable

import numpy as np

from neurocmc.ir.phrases import (
    MOST_PRINTED,
    arrow,
    counted,
    dealt_out,
    delayed,
    filtered,
    left_out,
    observed,
    own_values,
    page,
    readouts,
    second_order,
)
from neurocmc.ir.rate import Classifier, RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.segments import Segments
from neurocmc.ir.sensitivity import Sensitivity
from neurocmc.ir.spiking import GainFit, SpikingNetwork, SpikingPopulation
from neurocmc.ir.summaries import (
    entry,
    matrix,
    milliseconds,
    number,
    percent,
    span,
    vector,
    words,
)
from neurocmc.ir.trace import Trace

Facts = list[tuple[str, str | list[str]]]


def print_rate(circuit: RateCircuit, most: int = MOST_PRINTED) -> str:
    """Formats the rate circuit: what each unit computes, who drives it, and through which filter.

    Of each kind of parts `most` stand on the page.
    """
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
    for population in circuit.populations[:most]:
        lines += _rate_population(population)
    for projection in circuit.projections[:most]:
        lines += _rate_projection(projection)
    for given in circuit.inputs[:most]:
        head = f"input {given.name}: {counted(given.channels, 'channel')} -> {given.target}, {filtered(given.tau_s)}"
        head += second_order(given.order)
        lines += entry(head, [("weight", matrix(given.weight))])
    return page([*lines, *left_out(circuit, most), *readouts(circuit.readouts), *_classifiers(circuit.classifiers)])


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
        *_segments(population.segments),
        *([("before", f"{vector(population.initial)} of activity")] if population.initial.any() else []),
        ("observed", observed(Trace.at_rest(population.trace_tau_s, population.size, population.trace_order))),
        *(
            [("its spikes", f"through a filter of {milliseconds(population.observe_tau_s)}")]
            if population.observe_tau_s
            else []
        ),
    ]
    return entry(head, facts)


def _segments(held: Iterable[Segments]) -> Facts:
    """Of a population whose units are segments: of which units, from where, how wide."""
    facts: Facts = []
    for segments in held:
        facts += [
            ("segments", f"of {counted(segments.units, 'unit')}: {vector(segments.unit)}"),
            ("from", f"{vector(segments.low)} of activity"),
            ("width", f"{vector(segments.width)} of activity"),
        ]
    return facts


def _is_cut(population: RatePopulation) -> bool:
    return population.floor != 0.0 or bool(np.isfinite(population.top))


def _rate_projection(projection: RateProjection) -> list[str]:
    order = second_order(projection.order)
    gain = f", DC gain {number(projection.dc_gain)}" if projection.dc_gain != 1 else ""
    late = f", {counted(projection.delay_ticks, 'step')} late" if projection.delay_ticks else ""
    arrives = f"{filtered(projection.tau_s)}{order}{gain}{late}"
    head = f"{arrow(projection.name, projection.source, projection.target)}{arrives}"
    return entry(head, [("weight", matrix(projection.weight))])


def print_sensitivity(sensitivity: Sensitivity) -> str:
    """Formats a sensitivity: of each population its share of all, its range, its most sensitive unit and moment."""
    lines = [
        f"sensitivity of {sensitivity.circuit}: {sensitivity.what}, {counted(sensitivity.trials, 'trial')}",
        "shares are of what errors as large as the ranges of all units would cost",
    ]
    for population in sensitivity.populations:
        tick, unit = population.most
        facts: Facts = [
            ("decisions", percent(population.share(population.for_decisions))),
            ("activity", percent(population.share(population.for_activity))),
            ("visited", f"from {vector(population.low)} to {vector(population.high)}"),
            ("most", f"unit {unit} in tick {tick}"),
        ]
        lines += entry(f"population {population.name}: {counted(population.low.size, 'unit')}", facts)
    return page(lines)


def print_spiking(network: SpikingNetwork, most: int = MOST_PRINTED) -> str:
    """Formats the spiking network: pools, their biases, how well each follows its rate unit, and the synapses.

    Of each kind of parts `most` stand on the page.
    """
    lines = [
        f"spiking network {network.name}: {counted(network.neurons, 'neuron')} in "
        f"{counted(len(network.populations), 'population')}, tick {milliseconds(network.tick_s)}",
        "voltage, current and bias in thresholds; a neuron fires above 1 and restarts from 0",
    ]
    for population in network.populations[:most]:
        lines += _spiking_population(population, network.tick_s)
    for projection in network.projections[:most]:
        order = second_order(projection.order)
        head = f"{arrow(projection.name, projection.source, projection.target)}{filtered(projection.tau_s)}{order}"
        weight = matrix(projection.weight, "thresholds a spike")
        standing = f"{vector(projection.standing)} thresholds" if projection.standing.any() else ""
        before: Facts = [("before", standing)] if standing else []
        taps = [f"{number(tap.share)} of it {delayed(tap.delay_ticks)}" for tap in projection.taps]
        parts: Facts = [("in parts", taps)] if taps else []
        exact: Facts = [("exact", "its weights are not to be rounded")] if projection.exact else []
        lines += entry(
            head, [("weight", weight), *exact, ("delay", delayed(projection.delay_ticks)), *parts, *before]
        )
    for given in network.inputs[:most]:
        head = f"input {given.name}: {counted(given.weight.shape[1], 'channel')} -> {given.target}, "
        facts: Facts = [
            ("weight", matrix(given.weight, "thresholds per unit of input")),
            ("calibrated", f"up to {number(given.largest)} thresholds, jumps up to {number(given.largest_step)}"),
            *own_values(given.start),
        ]
        lines += entry(head + filtered(given.tau_s) + second_order(given.order), facts)
    return page([*lines, *left_out(network, most), *readouts(network.readouts)])


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
        *_segments(population.segments),
        *dealt_out(population.copies, clock=population.clock),
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
