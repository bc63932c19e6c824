"""Makes one recurrent population of all pools of a circuit, neuron by neuron, and the values that drive it.

    input -> synapses -> neurons -> output
                         neurons -> loop -> neurons

Everything stands in one CubaLIF, as a cycle of NIR has one delay: the tick that a spike takes to come back. Its
voltages are counted in thresholds, so a weight is its LSB over those of the threshold. A bias b of the voltage
becomes the bias b (1 - a) of the synapse with the pole a. It belongs to the network, not to what drives it, and so
stands in the graph: whoever drives that by numbers of their own has it as well.

What drives it are no spikes but real numbers. A channel for each unit that the host sends to carries what `encode`
gives, in mantissas, by the tick in which they arrive. Two more channels, which are 1 in tick 0 and in tick 1 and else
0, set where currents u and voltages v begin, each only where it is needed: with the pole m of the voltage the current
has to be a u + b + m v after tick 0, and m v has to be taken back in tick 1.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.backends.nir.filters import cuba_fields
from neurocmc.backends.nir.graph import Graph, Value, check_size, header
from neurocmc.common.arrays import Float, in_row
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.matrices import full
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.loihi.host import encode

STARTS = ("start of tick 0", "start of tick 1")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Row:
    """All neurons in a row, in thresholds."""

    threshold_lsb: Float
    pole_syn: Float
    pole_mem: Float
    bias: Float  # of the synapse
    starts: tuple[Float, Float]  # what arrives in tick 0 and in tick 1 so that it begins as on the chip


def pools_graph(network: IntegerNetwork) -> Graph:
    """Returns the graph of a circuit. Raises InfeasibleError for delays that one population cannot have."""
    raise_infeasible(_problems(network))
    check_size(f"network {network.name}", network.neurons, network.neurons)
    row = _row(network)
    reads = {"neurocmc_populations": _populations(network)}
    graph = Graph(header(network.tick_s, "zero", "neurocmc"))
    synapses, channels = _input_matrix(network, row)
    given = graph.ends("Input", "input", (synapses.shape[1],), {"neurocmc_channels": _text(channels)})
    into = graph.weights("synapses", synapses, row.bias)
    size = network.neurons
    own = graph.node(
        "neurons",
        "CubaLIF",
        {
            **cuba_fields(network.tick_s, row.pole_syn, row.pole_mem, np.ones(size), np.ones(size)),
            "v_threshold": np.ones(size),
            "v_reset": np.zeros(size),
        },
        reads,
    )
    loop = graph.weights("loop", _loop_matrix(network, row))
    out = graph.ends("Output", "output", (size,), reads)
    graph.chain(given, into, own, loop, own, out)
    return graph


def pool_currents(network: IntegerNetwork, stimulus: Stimulus) -> NDArray[np.float32]:
    """Returns (trials, ticks, channels) what drives the graph, whole numbers; the channels are those of its input.

    Raises InputError where the stimulus does not fit the network.
    """
    values = encode(network, stimulus)
    sent = [values[entry.name].astype(np.float32) for entry in network.inputs]
    shape = sent[0].shape[:2] if sent else (stimulus.batch, stimulus.ticks(network.tick_s))
    starts = np.zeros((*shape, len(STARTS)), dtype=np.float32)
    for tick in range(min(len(STARTS), shape[1])):
        starts[:, tick, tick] = 1
    kept = _starts_kept(_row(network))
    return np.concatenate([*sent, starts[..., kept]], axis=2)


def _problems(network: IntegerNetwork) -> Iterator[Problem]:
    for projection in network.projections:
        ticks = network.rule.spike_delay_ticks + projection.delay_ticks
        if ticks != 1:
            what = (
                f"its spikes arrive {ticks} ticks later; in NIR all neurons are in one loop with a delay of one tick"
            )
            cure = "remove its delay from the circuit, or use --to brian2"
            yield Problem("nir-cannot-say", f"projection {projection.name}", what, cure)
    if not network.inputs:
        what = "it has no input, and a NIR graph needs one"
        yield Problem("nir-cannot-say", f"network {network.name}", what, "give the circuit an input")


def _row(network: IntegerNetwork) -> _Row:
    populations, rule = network.populations, network.rule
    theta = network.each_neuron([rule.threshold_lsb(p.threshold_mantissa) for p in populations]).astype(np.float64)
    a = network.each_neuron([rule.keep_u(p.decay_u) for p in populations]) / rule.full_decay
    m = network.each_neuron([rule.keep_v(p.decay_v) for p in populations]) / rule.full_decay
    bias = in_row([p.bias_lsb for p in populations]) / theta
    u = in_row([np.repeat(p.u_initial, p.neurons) for p in populations]) / theta
    v = in_row([p.v_initial for p in populations]) / theta
    # The current is to be a u + bias + m v after tick 0, of which the bias of the synapse brings its share itself.
    return _Row(
        threshold_lsb=theta,
        pole_syn=a,
        pole_mem=m,
        bias=bias * (1 - a),
        starts=(a * (u + bias) + m * v, -a * m * v),
    )


def _starts_kept(row: _Row) -> list[int]:
    """Which of the channels that set a beginning are needed."""
    return [index for index, start in enumerate(row.starts) if start.any()]


def _input_matrix(network: IntegerNetwork, row: _Row) -> tuple[Float, list[dict[str, Value]]]:
    """(neurons, channels) weights, and what the channels are."""
    place, shift = network.neuron_slices(), network.rule.weight_shift
    columns: list[Float] = []
    channels: list[dict[str, Value]] = []
    for entry in network.inputs:
        target = network.population(entry.target)
        spread = np.repeat(np.eye(target.units), target.neurons, axis=0)
        block = np.zeros((network.neurons, target.units))
        block[place[target.name]] = np.ldexp(spread, entry.exponent + shift)
        first = sum(column.shape[1] for column in columns)
        channels.append({"name": entry.name, "population": target.name, "first": first, "units": target.units})
        columns.append(block / row.threshold_lsb[:, None])
    for index in _starts_kept(row):
        first = sum(column.shape[1] for column in columns)
        channels.append({"name": STARTS[index], "first": first, "units": 1})
        columns.append(row.starts[index][:, None])
    return np.concatenate(columns, axis=1), channels


def _loop_matrix(network: IntegerNetwork, row: _Row) -> Float:
    """(neurons, neurons) weights of all projections together: every neuron of a unit reaches all of another."""
    place, shift = network.neuron_slices(), network.rule.weight_shift
    total = np.zeros((network.neurons, network.neurons))
    for projection in network.projections:
        source, target = network.population(projection.source), network.population(projection.target)
        lsb = np.ldexp(full(projection.mantissa).astype(np.float64), projection.exponent + shift)
        spread = np.repeat(np.repeat(lsb, target.neurons, axis=0), source.neurons, axis=1)
        total[place[target.name], place[source.name]] += spread
    return total / row.threshold_lsb[:, None]


def _populations(network: IntegerNetwork) -> str:
    place = network.neuron_slices()
    return _text(
        [
            {"name": p.name, "first": place[p.name].start, "units": p.units, "neurons": p.neurons}
            for p in network.populations
        ]
    )


def _text(rows: list[dict[str, Value]]) -> str:
    return json.dumps(rows)
