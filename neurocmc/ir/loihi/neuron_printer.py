"""Formats networks of single neurons in integers as text: every register by pool, every list of synapses."""

from typing import Any

import numpy as np

from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.neurons import IntegerNeurons, NeuronPool, NeuronSynapses
from neurocmc.ir.loihi.printer import placed_page
from neurocmc.ir.phrases import counted, page
from neurocmc.ir.summaries import entry, milliseconds, number, text_fingerprint, vector

Facts = list[tuple[str, str | list[str]]]


def print_neuron_integers(network: IntegerNeurons) -> str:
    """Formats the integers."""
    rule = network.rule
    lines = [
        f"integer neurons {network.name}: {counted(network.neurons, 'neuron')} in "
        f"{counted(len(network.populations), 'pool')}, {counted(network.synapse_count, 'synapse')}, "
        f"tick {milliseconds(network.tick_s)}",
        f"a tick: {', '.join(rule.order)}; a spike arrives {counted(rule.spike_delay_ticks, 'tick')} later",
    ]
    for entered in network.inputs:
        lines += [f"input {entered.name}: {counted(entered.channels, 'channel')}"]
    for pool in network.populations:
        lines += _pool(pool, network)
    for part in network.synapses:
        lines += _synapses(part)
    return page(lines)


def print_placed(program: ChipProgram[IntegerNeurons], printed: str) -> str:
    """Formats the program: use of every core, where the neurons are, and the axons between cores."""
    return placed_page(program, program.network.name, printed)


def _pool(pool: NeuronPool, network: IntegerNeurons) -> list[str]:
    rule = network.rule
    facts: Facts = [
        ("decay_u", f"{pool.decay_u}: keeps {number(rule.pole(pool.decay_u))} a tick"),
        ("decay_v", f"{pool.decay_v}: keeps {number(rule.keep_v(pool.decay_v) / rule.full_decay)} a tick"),
        ("threshold", f"{pool.threshold_mantissa} << {rule.threshold_shift} LSB"),
        ("scale", f"{vector(pool.lsb_per_voltage)} LSB per unit of voltage"),
        ("bias", f"{vector(pool.bias_mantissa)}, << {pool.bias_exponent} LSB"),
        ("start of u", f"{vector(pool.u_initial)} LSB"),
        ("start of v", f"{vector(pool.v_initial)} LSB"),
        ("refractory", counted(pool.refractory_ticks, "tick")),
        ("depth", f"{counted(pool.depth_ticks, 'tick')} later than in the network it came from"),
        ("members", vector(pool.members)),
    ]
    return entry(f"pool {pool.name} of {pool.population}: {counted(pool.units, 'neuron')}", facts)


def _synapses(part: NeuronSynapses) -> list[str]:
    delays = np.unique(part.delay_ticks).tolist()
    rows: list[Any] = [part.source.tolist(), part.target.tolist(), part.mantissa.tolist(), part.delay_ticks.tolist()]
    facts: Facts = [
        ("exponent", str(part.exponent)),
        ("mantissa", f"{part.mantissa.min(initial=0)}..{part.mantissa.max(initial=0)}"),
        ("delay", f"{', '.join(map(str, delays))} ticks"),
        ("content", text_fingerprint(f"{row}" for row in rows)),
    ]
    whose = f"input {part.input}" if part.input else "neurons"
    fine = f", a finer part of {part.whole}" if part.name != part.whole else ""
    return entry(f"synapses {part.name} from {whose}: {counted(part.synapses, 'synapse')}, {part.sign}{fine}", facts)
