"""Infers what shape each node of a graph gets and gives, along the edges, and names every mismatch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np

from neurocmc.common.errors import Problem
from neurocmc.frontends.nir.graph import NirGraph, NirNode
from neurocmc.frontends.nir.nodes import INTEGRATORS, RELAY, SPIKING, TYPES
from neurocmc.frontends.nir.windows import Shape, ShapeError, windows_of

MOST_UNITS = 1 << 24
_NEURONS = (*SPIKING, *INTEGRATORS, "I")


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """The shape that each node gets and the one that it gives, without batch and time."""

    gets: Mapping[str, Shape]
    gives: Mapping[str, Shape]
    notes: tuple[str, ...]

    def size(self, name: str) -> int:
        """Returns how many numbers a node gives in a tick."""
        return prod(self.gives[name])


def shapes_of(graph: NirGraph) -> tuple[Shapes, tuple[Problem, ...]]:
    """Returns the shapes of all nodes, with what is wrong with them."""
    found = _Inference(graph)
    found.run()
    return Shapes(found.gets, found.gives, tuple(found.notes)), tuple(found.problems)


@dataclass(slots=True)
class _Inference:
    """Gives shapes to nodes until no more can be told."""

    graph: NirGraph
    gets: dict[str, Shape] = field(default_factory=dict[str, Shape])
    gives: dict[str, Shape] = field(default_factory=dict[str, Shape])
    notes: list[str] = field(default_factory=list[str])
    problems: list[Problem] = field(default_factory=list[Problem])

    def run(self) -> None:
        into = {name: self.graph.into(name) for name in self.graph.nodes}
        open_nodes = dict(self.graph.nodes)
        for node in self.graph.nodes.values():
            if (shape := self.own(node)) is not None:
                self.put(node, shape, open_nodes)
        moved = True
        while moved:
            moved = False
            for name, node in tuple(open_nodes.items()):
                arriving = next((self.gives[source] for source in into[name] if source in self.gives), None)
                if arriving is not None:
                    self.put(node, arriving, open_nodes)
                    moved = True
        for node in open_nodes.values():
            if into[node.name]:
                self.wrong(node, "its shape is not known", "begin the graph with an Input that has a shape")
        self.check_edges()

    def own(self, node: NirNode) -> Shape | None:
        """The shape that a node gets, where its own numbers say it."""
        if node.type == "Input" or node.type == RELAY:
            return self.declared(node, "shape")
        if node.type in ("Linear", "Affine"):
            return node.numbers("weight").shape[-1:]
        if node.type in ("Scale", "Delay") or node.type in _NEURONS:
            shapes = [node.numbers(entry.name).shape for entry in TYPES[node.type] if entry.name in node.fields]
            return next((shape for shape in shapes if prod(shape) > 1), None)
        return None

    def declared(self, node: NirNode, name: str) -> Shape | None:
        shape = node.whole(name)
        if min(shape) < 1 or prod(shape) > MOST_UNITS:
            self.wrong(node, f"its {name} is {shape}", f"give numbers from 1, together at most {MOST_UNITS:,}")
            return None
        return shape

    def put(self, node: NirNode, shape: Shape, open_nodes: dict[str, NirNode]) -> None:
        """Settles a node that gets `shape`."""
        open_nodes.pop(node.name, None)
        try:
            given = _given(node, shape)
        except ShapeError as fault:
            self.wrong(node, fault.what, fault.cure)
            return
        self.gets[node.name] = shape
        self.gives[node.name] = given

    def check_edges(self) -> None:
        for source, target in self.graph.edges:
            if source not in self.gives or target not in self.gets:
                continue
            given, wanted = self.gives[source], self.gets[target]
            if given != wanted:
                node = self.graph.nodes[target]
                self.wrong(node, f"gets {given} from {source}, needs {wanted}", _cure(given, wanted))
        for node in self.graph.of_type("Output"):
            shape, declared = self.gets.get(node.name), self.declared(node, "shape")
            if shape is None or declared is None or shape == declared:
                continue
            if prod(shape) != prod(declared):
                self.wrong(node, f"gets {shape}, its shape is {declared}", "give it the shape that it gets")
            else:
                self.notes.append(f"{node.name}: its shape {declared} is taken as the {shape} that it gets")

    def wrong(self, node: NirNode, what: str, cure: str) -> None:
        self.problems.append(Problem("nir-shape", node.where, what, cure))


def _given(node: NirNode, shape: Shape) -> Shape:
    """The shape that a node gives for one that it gets. Raises ShapeError."""
    if node.type in ("Linear", "Affine"):
        return _dense(node, shape)
    if node.type in ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d"):
        out = windows_of(node, shape).out
        for fault in _convolution_faults(node, shape):
            raise fault
        return out
    if node.type == "Flatten":
        return _flattened(node, shape)
    if node.type in ("Scale", "Delay") or node.type in _NEURONS:
        for entry in TYPES[node.type]:
            own = np.shape(node.fields.get(entry.name, 0.0))
            if prod(own) != 1 and own != shape:
                raise ShapeError(
                    f"{entry.name} has shape {own}, the node has {shape}", f"give {shape}, or one number"
                )
    return shape


def _dense(node: NirNode, shape: Shape) -> Shape:
    weight = node.numbers("weight").shape
    if len(weight) != 2:
        raise ShapeError(f"its weight has shape {weight}", "give (targets, sources)")
    if shape != weight[1:]:
        raise ShapeError(f"gets shape {shape}, its weight {weight} needs {weight[1:]}", "flatten what comes before")
    if node.type == "Affine" and node.numbers("bias").shape != weight[:1]:
        what = f"its bias has shape {node.numbers('bias').shape}, its weight {weight}"
        raise ShapeError(what, f"give {weight[:1]}")
    return weight[:1]


def _convolution_faults(node: NirNode, shape: Shape) -> Iterator[ShapeError]:
    if "bias" in node.fields and node.numbers("bias").shape != node.numbers("weight").shape[:1]:
        what = f"its bias has shape {node.numbers('bias').shape}"
        yield ShapeError(what, f"give {node.numbers('weight').shape[:1]}")
    if "input_shape" in node.fields and node.whole("input_shape") != shape[1:]:
        what = f"its input_shape is {node.whole('input_shape')}, it gets {shape[1:]}"
        yield ShapeError(what, "give the shape that it gets, or leave input_shape out")


def _flattened(node: NirNode, shape: Shape) -> Shape:
    start, end = node.whole("start_dim")[0], node.whole("end_dim")[0]
    if "input_type" in node.fields and node.whole("input_type") != shape:
        what = f"its input_type is {node.whole('input_type')}, it gets {shape}"
        raise ShapeError(what, "give the shape that it gets, or leave input_type out")
    first, last = (k + len(shape) if k < 0 else k for k in (start, end))
    if not 0 <= first <= last < len(shape):
        what = f"joins dimensions {start} to {end} of {shape}"
        raise ShapeError(what, f"count from 0 to {len(shape) - 1}, without the batch")
    return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])


def _cure(given: Shape, wanted: Shape) -> str:
    return "put a Flatten between them" if prod(given) == prod(wanted) else "give the shape that it needs"
