"""Makes Outputs into readouts: the spikes of a population, or leaky integrators on the host that its spikes drive."""

from collections.abc import Iterator, Mapping

import numpy as np
from scipy import sparse

from neurocmc.common.errors import Problem
from neurocmc.common.names import free_name
from neurocmc.frontends.nir.compose import Signal
from neurocmc.frontends.nir.graph import NirGraph, NirNode
from neurocmc.frontends.nir.neurons import Filters, NodeReader
from neurocmc.frontends.nir.nodes import INTEGRATORS, SPIKING
from neurocmc.frontends.nir.shapes import Shapes
from neurocmc.ir.neurons.network import Decide, HostReadout, SpikeReadout
from neurocmc.ir.stimulus import as_name


def integrator_problems(graph: NirGraph, signals: Mapping[str, Signal]) -> Iterator[Problem]:
    """Yields leaky integrators whose values go elsewhere than to an Output, or to one Threshold, as they are."""
    for node in graph.of_type(*INTEGRATORS):
        reached = [name for name, signal in signals.items() if node.name in signal.sources]
        types = {graph.nodes[name].type for name in reached}
        sound = types == {"Output"} or (types == {"Threshold"} and len(reached) == 1)
        plain = all(dict(signals[name].terms) == {(node.name, 0): None} for name in reached)
        plain = plain and not any(signals[name].biases for name in reached)
        if not sound or not plain:
            others = [name for name in reached if graph.nodes[name].type not in ("Output", "Threshold")]
            what = f"its values go to {', '.join(others or reached)}"
            if sound:
                what = f"its values are changed, or others added, on their way to {', '.join(reached)}"
            cure = "connect them directly to an Output, or to one Threshold; chips send only spikes"
            yield Problem("nir-node-unsupported", node.where, what, cure)


def readouts_of(
    graph: NirGraph, signals: Mapping[str, Signal], shapes: Shapes, reader: NodeReader, decide: Decide
) -> tuple[list[SpikeReadout], list[HostReadout]]:
    """Returns the readouts of all Outputs; what is wrong with them goes to `reader`."""
    spikes: list[SpikeReadout] = []
    hosts: list[HostReadout] = []
    taken: set[str] = set()
    for node in graph.of_type("Output"):
        name = free_name(as_name(node.name), taken)
        taken.add(name)
        signal = signals[node.name]
        source = graph.nodes[signal.sources[0]]
        if len(signal.sources) == 1 and source.type in SPIKING and _as_it_is(signal, source.name):
            spikes.append(SpikeReadout(name=name, population=source.name))
            continue
        none, one = np.zeros(signal.size), np.ones(signal.size)
        filters = Filters(pole_syn=none, pole_mem=none, gain_syn=one, gain_mem=one)
        if source.type in INTEGRATORS:
            signal = signals[source.name]
            filters = reader.filters(source, signal.size)
            if np.any(source.numbers("v_leak")):
                leak = np.broadcast_to(np.ravel(source.numbers("v_leak")), (signal.size,)).astype(np.float64)
                reader.refuse(source, "v_leak", leak, "integrators on the host rest at 0", "give 0, and add a bias")
        if (fault := _fault(graph, signal)) is not None:
            reader.problems.append(Problem("nir-node-unsupported", node.where, *fault))
        else:
            hosts.append(_host(name, graph.nodes[signal.sources[0]], signal, filters, shapes, decide))
    return spikes, hosts


def _as_it_is(signal: Signal, source: str) -> bool:
    return dict(signal.terms) == {(source, 0): None} and not signal.biases


def _fault(graph: NirGraph, signal: Signal) -> tuple[str, str] | None:
    """Why a readout on the host cannot be driven by this, and the cure."""
    one = "let the spikes of one population drive it"
    if len(signal.sources) != 1:
        return f"is driven by {', '.join(signal.sources)}", one
    if graph.nodes[signal.sources[0]].type not in SPIKING:
        return f"is driven by {signal.sources[0]}, which is not a spiking population", one
    if any(ticks for _, ticks in (*signal.terms, *signal.biases)):
        return "is driven with a delay", "leave the delay out: it shifts the answer, and nothing else"
    return None


def _host(
    name: str, source: NirNode, signal: Signal, filters: Filters, shapes: Shapes, decide: Decide
) -> HostReadout:
    matrix = signal.terms[source.name, 0]
    whole = sparse.identity(shapes.size(source.name)) if matrix is None else matrix
    return HostReadout(
        name=name,
        population=source.name,
        weight=np.asarray(sparse.csr_matrix(whole).toarray()),
        bias=signal.biases.get((source.name, 0), np.zeros(signal.size)),
        pole_syn=filters.pole_syn,
        pole_mem=filters.pole_mem,
        gain_syn=filters.gain_syn,
        gain_mem=filters.gain_mem,
        decide=decide,
    )
