"""Reads the graph of a NIR file: its nodes with every field, its edges, and what is written beside them.

The keys of the file are read as they stand, not by the library `nir`, which fills an absent v_reset with 0, so that a
file that says nothing about the reset looks like one that says 0. Graphs within the graph are flattened: the node
`lif` of the graph `rnn` becomes `rnn.lif`, and the inner Inputs and Outputs become relays.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.names import nearest_name
from neurocmc.common.opening import NIR, read_bytes
from neurocmc.common.yaml_complaints import shown
from neurocmc.frontends.nir.hdf5 import Tree, read_tree
from neurocmc.frontends.nir.nodes import RELAY, TYPES, Field

Edge = tuple[str, str]
Value = "NDArray[Any] | str"
_BESIDE = ("type", "metadata")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NirNode:
    """A node with the fields that the file has of it; a field that the file leaves out is not there."""

    name: str
    type: str
    fields: Mapping[str, "NDArray[Any] | str"]
    metadata: Mapping[str, object]

    def numbers(self, name: str) -> NDArray[Any]:
        """Returns a field of numbers. Raises KeyError."""
        return np.asarray(self.fields[name])

    def whole(self, name: str) -> tuple[int, ...]:
        """Returns a field of whole numbers, flat. Raises KeyError."""
        return tuple(int(value) for value in np.ravel(self.numbers(name)))

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"node {self.name} ({self.type})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NirGraph:
    """A flat graph: nodes as edges reach them from the Inputs, breadth first, and edges in the order of the file."""

    name: str
    nodes: Mapping[str, NirNode]
    edges: tuple[Edge, ...]
    metadata: Mapping[str, object]
    version: str
    sha256: str

    def into(self, name: str) -> tuple[str, ...]:
        """Returns the nodes from which edges reach a node."""
        return tuple(source for source, target in self.edges if target == name)

    def outof(self, name: str) -> tuple[str, ...]:
        """Returns the nodes that edges of a node reach."""
        return tuple(target for source, target in self.edges if source == name)

    def of_type(self, *types: str) -> tuple[NirNode, ...]:
        """Returns the nodes of some types."""
        return tuple(node for node in self.nodes.values() if node.type in types)


def read_graph(path: Path, content: bytes | None = None) -> NirGraph:
    """Reads the graph of a NIR file, from `content` where it was read before.

    Raises:
        InputError: For a file that cannot be read, and with everything that is wrong with its nodes and edges.
    """
    content = read_bytes(path, NIR) if content is None else content
    tree = read_tree(content, str(path))
    found = _Collector()
    found.top(tree)
    raise_input_problems(problem.inside(path) for problem in found.problems)
    order = _walk(found.nodes, found.edges)
    return NirGraph(
        name=path.stem,
        nodes={name: found.nodes[name] for name in order},
        edges=tuple(found.edges),
        metadata=found.metadata,
        version=tree.text("version") or "",
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _walk(nodes: Mapping[str, NirNode], edges: Iterable[Edge]) -> tuple[str, ...]:
    """The nodes in the order in which edges reach them from the Inputs; those that are not reached come last."""
    follows: dict[str, list[str]] = {}
    for source, target in edges:
        follows.setdefault(source, []).append(target)
    queue = [name for name, node in nodes.items() if node.type == "Input"]
    seen = dict.fromkeys(queue)
    for name in queue:
        for target in follows.get(name, ()):
            if target not in seen:
                seen[target] = None
                queue.append(target)
    return tuple(dict.fromkeys([*seen, *nodes]))


@dataclass(slots=True)
class _Collector:
    """Gathers nodes and edges, with all that is wrong with them."""

    nodes: dict[str, NirNode] = field(default_factory=dict[str, NirNode])
    edges: list[Edge] = field(default_factory=list[Edge])
    metadata: dict[str, object] = field(default_factory=dict[str, object])
    problems: list[Problem] = field(default_factory=list[Problem])

    def wrong(self, name: str, where: str, what: str, cure: str) -> None:
        self.problems.append(Problem(name, where, what, cure))

    def top(self, tree: Tree) -> None:
        for name in sorted(tree.entries.keys() - {"version", "node"}):
            self.wrong("nir-field-unknown", "file", f"holds {name!r} beside its graph", "leave it out")
        if "version" in tree.entries and tree.text("version") is None:
            self.wrong("nir-field-wrong", "file", "its version is no text", "write it again, with nir.write")
        graph = tree.tree("node")
        if graph is None:
            self.wrong("nir-malformed", "file", "has no group 'node': it is no NIR graph", "write it with nir.write")
        elif graph.text("type") != "NIRGraph":
            what = f"is a single node of type {shown(graph.text('type'))}, a graph is needed"
            self.wrong("nir-malformed", "file", what, "put it between an Input and an Output in a NIRGraph")
        else:
            self.metadata = _facts(graph)
            self.graph(graph, "")

    def graph(self, graph: Tree, prefix: str) -> None:
        """Takes the nodes and edges of a graph, those of graphs within it with a prefix to their names."""
        where = f"graph {prefix.rstrip('.')}" if prefix else "graph"
        for name in sorted(graph.entries.keys() - {"nodes", "edges", *_BESIDE}):
            self.wrong("nir-field-unknown", where, f"has a field {name!r}, graphs have none such", "leave it out")
        nodes = graph.tree("nodes")
        if nodes is None or not nodes.entries:
            self.wrong("nir-field-missing", where, "has no nodes", "write it again, with nir.write")
            return
        edges = list(self.pairs(graph, where))
        ends: dict[str, tuple[list[str], list[str]]] = {}
        for name, entry in nodes.entries.items():
            if not isinstance(entry, Tree):
                self.wrong("nir-malformed", f"node {prefix}{name}", "is no group", "write it again, with nir.write")
            elif entry.text("type") == "NIRGraph":
                ends[name] = self.inner(entry, f"{prefix}{name}.")
            else:
                self.node(f"{prefix}{name}", entry, inner=bool(prefix))
        self.connect(edges, prefix, set(nodes.entries), ends, where)

    def inner(self, graph: Tree, prefix: str) -> tuple[list[str], list[str]]:
        """Takes a graph within the graph; returns its Inputs and its Outputs."""
        self.graph(graph, prefix)
        own = graph.tree("nodes")
        found: tuple[list[str], list[str]] = ([], [])
        for name, entry in (own.entries if own else {}).items():
            kind = entry.text("type") if isinstance(entry, Tree) else None
            if kind in ("Input", "Output"):
                # Spyx writes the node `lif` of the graph `rnn` as `rnn.lif` already.
                found[kind == "Output"].append(f"{prefix}{name}")
        for ends, kind in zip(found, ("Input", "Output"), strict=True):
            if len(ends) != 1:
                what = f"has {len(ends)} nodes of type {kind}"
                self.wrong("nir-node-unsupported", f"graph {prefix.rstrip('.')}", what, "give it one")
        return found

    def pairs(self, graph: Tree, where: str) -> Iterator[Edge]:
        edges = graph.entries.get("edges")
        if edges is None:
            self.wrong("nir-field-missing", where, "has no edges", "write it again, with nir.write")
            return
        if not isinstance(edges, np.ndarray) or (edges.size and edges.dtype != object) or edges.shape[1:] != (2,):
            self.wrong("nir-field-wrong", where, "its edges are not pairs of names", "write pairs of names")
            return
        for source, target in edges:
            yield str(source), str(target)

    def connect(
        self,
        edges: Iterable[Edge],
        prefix: str,
        names: set[str],
        ends: Mapping[str, tuple[list[str], list[str]]],
        where: str,
    ) -> None:
        """Takes the edges of a graph; one that reaches a graph within it reaches its Input, or leaves its Output."""
        seen: set[Edge] = set()
        for edge in edges:
            lacking = [name for name in dict.fromkeys(edge) if name not in names]
            for name in lacking:
                what = f"edge {edge[0]} -> {edge[1]}: there is no node {name}"
                self.wrong("nir-edge-unknown", where, what, nearest_name(name, names))
            if edge in seen:
                what = f"edge {edge[0]} -> {edge[1]} occurs twice"
                self.wrong("nir-edge-unknown", where, what, "write it once; to add it twice, double the weights")
            seen.add(edge)
            if not lacking:
                sources = ends[edge[0]][1] if edge[0] in ends else [f"{prefix}{edge[0]}"]
                targets = ends[edge[1]][0] if edge[1] in ends else [f"{prefix}{edge[1]}"]
                self.edges += [(source, target) for source in sources[:1] for target in targets[:1]]

    def node(self, name: str, tree: Tree, *, inner: bool) -> None:
        """Takes a node, with each of its fields."""
        kind = tree.text("type")
        where = f"node {name}" if kind is None else f"node {name} ({kind})"
        if name in self.nodes:
            self.wrong("name-twice", where, "another node has its name", "give it a name of its own")
        if kind is None:
            self.wrong("nir-field-missing", where, "has no type", "write it again, with nir.write")
            return
        if kind not in TYPES:
            cure = f"{nearest_name(kind, TYPES)} (types of NIR 1.0.8 are read)"
            self.wrong("nir-node-unknown", where, f"there is no type of node {kind!r}", cure)
            return
        known = {entry.name: entry for entry in TYPES[kind]}
        for key in tree.entries:
            if key not in known and key not in _BESIDE:
                cure = nearest_name(key, known)
                self.wrong("nir-field-unknown", where, f"has a field {key!r}, which its type does not have", cure)
        fields: dict[str, NDArray[Any] | str] = {}
        for key, entry in known.items():
            if key not in tree.entries:
                if entry.required:
                    self.wrong("nir-field-missing", where, f"lacks {key}: {entry.does}", f"give {key}")
                continue
            value = tree.entries[key]
            if fault := _fault(value, entry):
                self.wrong("nir-field-wrong", where, f"{key} {fault[0]}", fault[1])
            elif not isinstance(value, Tree):
                fields[key] = value
        relay = inner and kind in ("Input", "Output")
        self.nodes[name] = NirNode(name=name, type=RELAY if relay else kind, fields=fields, metadata=_facts(tree))


def _fault(value: object, entry: Field) -> tuple[str, str] | None:
    """What is wrong with the value of a field, and its cure."""
    if isinstance(value, str):
        if entry.kind == "padding" and value in ("same", "valid"):
            return None
        wanted = "numbers, 'same' or 'valid'" if entry.kind == "padding" else "numbers"
        return f"is the text {shown(value)}", f"give {wanted}"
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
        return "holds no numbers", "give numbers"
    if not value.size:
        return f"is empty, of shape {value.shape}", "give at least one number"
    if not np.isfinite(value).all():
        return "holds NaN or infinity", "repair the values"
    wide = value.astype(np.float64)  # half precision has no 2**31
    if entry.kind != "numbers" and not (np.equal(np.rint(wide), wide) & (np.abs(wide) < 2**31)).all():
        return "holds numbers that are not whole", "give whole numbers"
    return None


def _facts(tree: Tree) -> dict[str, object]:
    """What is written beside a node, which does not change what it computes."""
    beside = tree.tree("metadata")
    return {} if beside is None else {name: _plain(entry) for name, entry in sorted(beside.entries.items())}


def _plain(entry: object) -> object:
    if isinstance(entry, Tree):
        return {name: _plain(inner) for name, inner in sorted(entry.entries.items())}
    if isinstance(entry, np.ndarray):
        return entry.item() if entry.ndim == 0 else entry.tolist() if entry.size <= 64 else f"array {entry.shape}"
    return entry
