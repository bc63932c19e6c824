"""Composes all linear nodes between two spiking ones into one sparse matrix, with biases and delays.

What reaches a node in a tick is a sum of terms, each a matrix times the spikes of a source so many ticks ago, and of
biases, each from some tick on. A linear node maps such a sum to another one, and edges that meet add theirs, so one
walk in the order of the graph composes everything.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import Problem
from neurocmc.frontends.nir.graph import Edge, NirGraph
from neurocmc.frontends.nir.nodes import LINEAR
from neurocmc.frontends.nir.operators import Operator, operator_of
from neurocmc.frontends.nir.shapes import Shapes

Place = tuple[str, int]  # a source, and ticks


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """What reaches a node in a tick.

    Args:
        size: How many numbers.
        terms: (source, ticks) -> matrix on the source's spikes so many ticks ago; None is the identity.
        biases: (source that comes with it, tick) -> what is added from that tick on.
    """

    size: int
    terms: Mapping[Place, "sparse.csr_matrix | None"] = field(default_factory=dict[Place, "sparse.csr_matrix | None"])
    biases: Mapping[Place, Float] = field(default_factory=dict[Place, Float])

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of its terms, each once."""
        return tuple(dict.fromkeys(source for source, _ in self.terms))

    def later(self, ticks: int) -> "Signal":
        """Returns the same so many ticks later."""
        if not ticks:
            return self
        terms = {(source, own + ticks): matrix for (source, own), matrix in self.terms.items()}
        return Signal(self.size, terms, {(owner, own + ticks): bias for (owner, own), bias in self.biases.items()})


def summed(size: int, signals: Iterable[Signal]) -> Signal:
    """Returns the sum of signals: terms of one source and delay become one matrix."""
    terms: dict[Place, sparse.csr_matrix | None] = {}
    biases: dict[Place, Float] = {}
    for signal in signals:
        for place, matrix in signal.terms.items():
            if place in terms:
                terms[place] = sparse.csr_matrix(_whole(terms[place], size) + _whole(matrix, size))
            else:
                terms[place] = matrix
        for place, bias in signal.biases.items():
            biases[place] = biases[place] + bias if place in biases else bias
    return Signal(size, terms, biases)


def applied(operator: Operator, signal: Signal, size: int) -> Signal:
    """Returns what a linear node makes of a signal."""
    if operator.delay_ticks is not None:
        return _delayed(operator.delay_ticks, signal)
    terms, biases = dict(signal.terms), dict(signal.biases)
    if (matrix := operator.matrix) is not None:
        terms = {place: _product(matrix, own) for place, own in terms.items()}
        biases = {place: np.asarray(matrix @ own).ravel() for place, own in biases.items()}
    if operator.bias is not None and signal.sources:
        place = (signal.sources[0], 0)
        biases[place] = biases[place] + operator.bias if place in biases else operator.bias
    return Signal(size, terms, biases)


def compose(
    graph: NirGraph, shapes: Shapes, delays: Mapping[str, Int], edge_ticks: Callable[[Edge], int]
) -> tuple[dict[str, Signal], tuple[Problem, ...]]:
    """Returns the signal that reaches each node that is not linear, with the loops that no spike delays.

    Args:
        graph: The graph.
        shapes: Of its nodes.
        delays: Delay node -> its whole ticks.
        edge_ticks: How many ticks an edge takes.
    """
    into = {name: graph.into(name) for name in graph.nodes}
    linear = {name for name, node in graph.nodes.items() if node.type in LINEAR}
    order, problems = _order(linear, into)
    given: dict[str, Signal] = {}
    reached: dict[str, Signal] = {}
    for name in graph.nodes:
        if name not in linear:
            given[name] = Signal(shapes.size(name), {(name, 0): None})
    if problems:
        return {}, problems
    for name in (*order, *(name for name in graph.nodes if name not in linear)):
        size = int(np.prod(shapes.gets[name]))
        arriving = [given[source].later(edge_ticks((source, name))) for source in into[name] if source in given]
        signal = summed(size, arriving)
        if name in linear:
            operator = operator_of(graph.nodes[name], shapes.gets[name], delays.get(name))
            given[name] = applied(operator, signal, shapes.size(name))
        else:
            reached[name] = signal
    return reached, ()


def _order(linear: set[str], into: Mapping[str, tuple[str, ...]]) -> tuple[list[str], tuple[Problem, ...]]:
    """The linear nodes, each after those that reach it; and the loops among them."""
    order: list[str] = []
    left = {name: {source for source in into[name] if source in linear} for name in into if name in linear}
    while ready := [name for name, sources in left.items() if not sources]:
        order += ready
        for name in ready:
            del left[name]
        done = set(ready)
        left = {name: sources - done for name, sources in left.items()}
    if not left:
        return order, ()
    what = f"{', '.join(left)} are in or behind a loop without a spiking node"
    return order, (Problem("nir-loop", "graph", what, "put a spiking node into the loop"),)


def _delayed(ticks: Int, signal: Signal) -> Signal:
    """Rows of equal delay stay one matrix."""
    terms: dict[Place, sparse.csr_matrix | None] = {}
    biases: dict[Place, Float] = {}
    each = np.unique(ticks).tolist()
    if len(each) == 1:
        return signal.later(int(each[0]))
    for delay in each:
        own = sparse.csr_matrix(sparse.diags((ticks == delay).astype(np.float64)))
        own.eliminate_zeros()
        for (source, before), matrix in signal.terms.items():
            terms[source, before + delay] = _add(terms.get((source, before + delay)), _product(own, matrix))
        for (owner, before), bias in signal.biases.items():
            place = (owner, before + delay)
            biases[place] = biases.get(place, np.zeros(signal.size)) + np.where(ticks == delay, bias, 0.0)
    return Signal(signal.size, terms, biases)


def _add(left: "sparse.csr_matrix | None", right: sparse.csr_matrix) -> sparse.csr_matrix:
    return right if left is None else sparse.csr_matrix(left + right)


def _product(matrix: sparse.csr_matrix, before: "sparse.csr_matrix | None") -> sparse.csr_matrix:
    return matrix if before is None else sparse.csr_matrix(matrix @ before)


def _whole(matrix: "sparse.csr_matrix | None", size: int) -> sparse.csr_matrix:
    return sparse.csr_matrix(sparse.identity(size)) if matrix is None else matrix
