"""Finds what a graph has that cannot be compiled: nodes without use, types that a framework does not take, resets."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from neurocmc.common.errors import Problem
from neurocmc.frontends.nir.graph import NirGraph, NirNode
from neurocmc.frontends.nir.nodes import RELAY, SPIKING
from neurocmc.frontends.nir.semantics import Preset
from neurocmc.frontends.nir.shapes import Shapes

_OTHER = "name the framework that trained it, or leave the node out"


def structure_problems(graph: NirGraph, preset: Preset) -> Iterator[Problem]:
    """Yields nodes that do not lie between an input and an output, and those that are not compiled."""
    inputs, outputs = graph.of_type("Input"), graph.of_type("Output")
    for kind, found in (("Input", inputs), ("Output", outputs)):
        if not found:
            yield Problem("nir-node-unused", "graph", f"has no {kind}", f"give it a node of type {kind}")
    yield from _ends(graph)
    if inputs:
        yield from _lost(graph, graph.edges, inputs, "is not reached from an Input")
    if outputs:
        yield from _lost(graph, [(b, a) for a, b in graph.edges], outputs, "reaches no Output")
    if preset.in_nirtorch and len(inputs) > 1:
        what = f"has {len(inputs)} Inputs: {', '.join(node.name for node in inputs)}; nirtorch feeds the first alone"
        yield Problem("nir-node-unsupported", "graph", what, "give it one Input")
    for node in graph.nodes.values():
        yield from _type_problems(node, preset)
    if not graph.of_type(*SPIKING):
        yield Problem("level-empty", "graph", "has no node that spikes", "give at least one LIF, CubaLIF or IF")


def quirk_problems(graph: NirGraph, shapes: Shapes, preset: Preset) -> Iterator[Problem]:
    """Yields what a framework computes otherwise than NIR says it."""
    for node in graph.of_type("SumPool2d"):
        if not preset.pads and any(node.whole("padding")):
            what = f"padding is {node.whole('padding')}; {preset.name} ignores it, or takes it as another one"
            yield Problem("nir-field-unsupported", node.where, what, "give 0, or --semantics nir")
    if preset.name != "spyx":
        return
    for node in graph.of_type("Conv2d"):
        for name in ("dilation", "groups"):
            if set(node.whole(name)) != {1}:
                what = f"{name} is {node.whole(name)}, Spyx ignores it"
                yield Problem("nir-field-unsupported", node.where, what, "give 1, or --semantics nir")
    for node in graph.of_type("Flatten"):
        shape = shapes.gets.get(node.name, ())
        if len(shape) > 1 and shape[0] > 1 and any(size > 1 for size in shape[1:]):
            what = f"joins {shape}; Spyx counts the channels last, NIR first, and does not say it"
            yield Problem("nir-node-unsupported", node.where, what, "reorder the weights behind it, and use nir")
    for node in graph.of_type("Linear", "Affine"):
        loops = set(graph.into(node.name)) & set(graph.outof(node.name))
        relays = [name for name in graph.into(node.name) if graph.nodes[name].type == RELAY]
        if loops and relays:
            what = f"gets the input of its layer ({', '.join(relays)}), which Spyx adds beside it"
            cure = f"put the edge from {relays[0]} to {min(loops)}"
            yield Problem("nir-node-unsupported", node.where, what, cure)


def reset_problems(nodes: Iterable[NirNode], preset: Preset) -> Iterator[Problem]:
    """Yields that nothing says how neurons reset."""
    neurons = [node for node in nodes if node.type != "Threshold"]
    if preset.reset is not None:
        return
    silent = [node for node in neurons if "v_reset" not in node.fields]
    said = [node for node in neurons if "v_reset" in node.fields]
    cure = "--reset zero or --reset subtract; trained in snnTorch 0.x: its reset_mechanism"
    if silent:
        what = f"it does not say how a neuron resets (no v_reset in {_listed(silent)})"
        yield Problem("reset-unsaid", "graph", what, cure)
    elif said and not preset.reads_v_reset:
        what = (
            f"it does not say how a neuron resets (snnTorch writes v_reset = 0 in {_listed(said)} whatever it does)"
        )
        yield Problem("reset-unsaid", "graph", what, "give --reset: the reset_mechanism of the training")


def _ends(graph: NirGraph) -> Iterator[Problem]:
    for node in graph.of_type("Input"):
        if into := graph.into(node.name):
            what = f"edges reach it, from {', '.join(into)}"
            yield Problem("nir-node-unsupported", node.where, what, "let them reach the node behind it")
    for node in graph.of_type("Output"):
        if outof := graph.outof(node.name):
            what = f"edges leave it, to {', '.join(outof)}"
            yield Problem("nir-node-unsupported", node.where, what, "let them leave the node before it")


def _lost(
    graph: NirGraph, edges: Iterable[tuple[str, str]], starts: Iterable[NirNode], what: str
) -> Iterator[Problem]:
    follows: dict[str, list[str]] = {}
    for source, target in edges:
        follows.setdefault(source, []).append(target)
    seen = {node.name for node in starts}
    queue = list(seen)
    while queue:
        for name in follows.get(queue.pop(), ()):
            if name not in seen:
                seen.add(name)
                queue.append(name)
    for node in graph.nodes.values():
        if node.name not in seen:
            yield Problem("nir-node-unused", node.where, what, "connect it, or leave it out")


def _type_problems(node: NirNode, preset: Preset) -> Iterator[Problem]:
    if node.type == "I":
        what = "is an integrator that does not spike, for which a chip has no neuron"
        yield Problem("nir-node-unsupported", node.where, what, "put an IF in its place")
    elif node.type in preset.refused:
        what = f"cannot be read as {preset.name}: {preset.refused[node.type]}"
        cure = "--semantics nir or sinabs" if node.type == "IF" else _OTHER
        yield Problem("nir-node-unsupported", node.where, what, cure)


def _listed(nodes: list[NirNode]) -> str:
    names = [node.name for node in nodes]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def facts_of(graph: NirGraph, shapes: Shapes) -> dict[str, object]:
    """Returns what a graph holds, for a person who looks at it."""
    types = [node.type for node in graph.nodes.values()]
    return {
        "version": graph.version,
        "nodes": {kind: types.count(kind) for kind in sorted(set(types))},
        "edges": len(graph.edges),
        "inputs": {node.name: list(shapes.gives.get(node.name, ())) for node in graph.of_type("Input")},
        "outputs": {node.name: list(shapes.gets.get(node.name, ())) for node in graph.of_type("Output")},
        "neurons": {node.name: int(np.prod(shapes.gets.get(node.name, ()))) for node in graph.of_type(*SPIKING)},
        "v_reset": {
            node.name: "absent" if "v_reset" not in node.fields else _range(node, "v_reset")
            for node in graph.of_type(*SPIKING)
            if node.type != "Threshold"
        },
        "metadata": _metadata(graph),
    }


def _range(node: NirNode, name: str) -> str:
    low, high = float(np.min(node.numbers(name))), float(np.max(node.numbers(name)))
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _metadata(graph: NirGraph) -> Mapping[str, object]:
    own: dict[str, object] = dict(graph.metadata)
    return own | {node.name: dict(node.metadata) for node in graph.nodes.values() if node.metadata}
