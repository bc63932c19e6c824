"""Formats a network of neurons as text: its rules, its populations, projections, inputs and readouts."""

import numpy as np

from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation, NeuronProjection
from neurocmc.ir.phrases import counted, page
from neurocmc.ir.summaries import entry, milliseconds, text_fingerprint, vector

Facts = list[tuple[str, str | list[str]]]


def print_neurons(network: NeuronNetwork) -> str:
    """Formats a network."""
    rules = network.semantics
    lines = [
        f"neurons {network.name}: {counted(network.neurons, 'neuron')}, {counted(network.synapses, 'synapse')}",
        f"semantics {rules.name}: tick {milliseconds(rules.dt_s)}, {rules.decay} decays, update {rules.update} in "
        f"{rules.precision}",
    ]
    lines += [
        text
        for text, told in (
            ("a voltage at the threshold is a spike", rules.at_threshold),
            ("a neuron can spike several times in a tick", rules.several_spikes),
            (f"the framework shows spikes {counted(rules.output_late_ticks, 'tick')} late", rules.output_late_ticks),
        )
        if told
    ]
    for given in network.inputs:
        shape = " x ".join(map(str, given.shape))
        lines.append(f"input {given.name}: {counted(given.channels, 'channel')} ({shape})")
    for population in network.populations:
        lines += _population(population)
    for projection in network.projections:
        lines += _projection(projection)
    lines += [f"readout {r.name}: the neuron of {r.population} with most spikes" for r in network.readouts]
    lines += [
        f"readout {r.name}: {counted(r.units, 'integrator')} on the host, driven by {r.population}, by {r.decide}"
        for r in network.host_readouts
    ]
    return page(lines)


def _population(population: NeuronPopulation) -> list[str]:
    late = ", in the next tick" if population.reset_late else ""
    kept = ", a rest above the threshold is kept" if population.rest_kept else ""
    facts: Facts = [
        ("pole of i", vector(population.pole_syn)),
        ("pole of v", vector(population.pole_mem)),
        ("gain of i", vector(population.gain_syn)),
        ("gain of v", vector(population.gain_mem)),
        ("threshold", vector(population.threshold)),
        ("reset", f"{population.reset}{late}{kept}"),
    ]
    if population.refractory_ticks > 1:
        facts.append(("refractory", counted(population.refractory_ticks, "tick")))
    if np.isfinite(population.floor).any():
        facts.append(("floor", vector(population.floor)))
    return entry(f"population {population.name}: {counted(population.size, 'neuron')}", facts)


def _projection(projection: NeuronProjection) -> list[str]:
    rows = (projection.target_index, projection.source_index, projection.weight, projection.delay_ticks)
    low, high = projection.weight.min(initial=0.0), projection.weight.max(initial=0.0)
    facts: Facts = [
        ("weight", f"{low:.6g}..{high:.6g}"),
        ("delay", f"{', '.join(map(str, projection.delays()))} ticks"),
        ("bias", f"{vector(projection.bias)}, from tick {projection.bias_from_tick}"),
        ("content", text_fingerprint(f"{row.tolist()}" for row in rows)),
    ]
    ends = f"{projection.source} -> {projection.target}"
    return entry(f"projection {projection.name}: {ends}, {counted(projection.synapses, 'synapse')}", facts)
