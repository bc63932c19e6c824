"""Writes a graph as an HDF5 file of NIR, laid out as nir.write does it; the same graph gives the same bytes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurocmc.backends.nir.graph import Graph, Value

VERSION = "1.0.8"  # of the format's own library, whose layout this is
_TEXT: Any = h5py.string_dtype()


def write_graph(graph: Graph, path: Path) -> None:
    """Writes a graph to a path that is free."""
    with h5py.File(path, "w") as file:
        file.create_dataset("version", data=VERSION, dtype=_TEXT, track_times=False)
        top = file.create_group("node")
        top.create_dataset("edges", data=graph.edges, dtype=_TEXT, track_times=False)
        _put_all(top, {"type": "NIRGraph"}, graph.metadata)
        nodes = top.create_group("nodes")
        for name, node in graph.nodes.items():
            _put_all(nodes.create_group(name), {"type": node.type, **node.fields}, node.metadata)


def _put_all(group: Any, fields: Mapping[str, Value], metadata: Mapping[str, Value]) -> None:
    for name, value in fields.items():
        _put(group, name, value)
    if metadata:
        beside = group.create_group("metadata")
        for name, value in metadata.items():
            _put(beside, name, value)


def _put(group: Any, name: str, value: Value) -> None:
    if isinstance(value, np.ndarray):
        group.create_dataset(name, data=value, compression="gzip", track_times=False)
    elif isinstance(value, str):
        group.create_dataset(name, data=value, dtype=_TEXT, track_times=False)
    else:
        group.create_dataset(name, data=value, track_times=False)
