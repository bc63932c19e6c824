"""Builds graphs of NIR: nodes by name, edges in the order in which they are made, and what is written beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.names import free_name

Value = NDArray[np.float64] | NDArray[np.int64] | str | float
MOST_WEIGHTS = 1 << 25  # of a matrix, which NIR has only as a whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """A node: its type, its fields, and what is written beside it for a reader."""

    type: str
    fields: Mapping[str, Value]
    metadata: Mapping[str, Value]


@dataclass(slots=True)
class Graph:
    """A graph that grows by nodes and edges."""

    metadata: Mapping[str, Value]
    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    edges: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def node(
        self, name: str, kind: str, fields: Mapping[str, Value], metadata: Mapping[str, Value] | None = None
    ) -> str:
        """Adds a node, and returns its name, which is another one where that is taken."""
        name = free_name(name, self.nodes)
        self.nodes[name] = Node(type=kind, fields=fields, metadata=metadata or {})
        return name

    def chain(self, *names: str) -> None:
        """Adds an edge from each of some nodes to the next."""
        self.edges += pairwise(names)

    def ends(self, kind: str, name: str, shape: tuple[int, ...], metadata: Mapping[str, Value] | None = None) -> str:
        """Adds an Input or an Output, and returns its name."""
        return self.node(name, kind, {"shape": np.array(shape, dtype=np.int64)}, metadata)

    def weights(self, name: str, matrix: Float, bias: Float | None = None) -> str:
        """Adds an Affine, or a Linear where there is no bias, and returns its name."""
        if bias is None or not bias.any():
            return self.node(name, "Linear", {"weight": matrix})
        return self.node(name, "Affine", {"weight": matrix, "bias": bias})


def check_size(where: str, targets: int, sources: int) -> None:
    """Refuses a matrix that no file should hold as a whole. Raises InfeasibleError."""
    if targets * sources > MOST_WEIGHTS:
        what = f"NIR stores only full matrices:  {targets:,} x {sources:,} weights, limit {MOST_WEIGHTS:,}"
        cure = "use fewer neurons per unit (--neurons), or a smaller network"
        raise_infeasible([Problem("nir-cannot-say", where, what, cure)])


def header(dt_s: float, reset: str, semantics: str) -> dict[str, Value]:
    """Returns what is written beside a graph: how to read it, for neurocmc and for a person."""
    return {
        "dt": dt_s,
        "integrator": "euler",
        "neurocmc_dt_s": dt_s,
        "neurocmc_reset": reset,
        "neurocmc_semantics": semantics,
        "reset": reset,
        "spike": "v > threshold",
    }
