"""Small NIR graphs, written with the library `nir`, and what a network that was read from one consists of."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np

from neurocmc.frontends.nir.read import NirModel, read_nir

DT = 1e-4
RNG = np.random.default_rng(0)
Nodes = dict[str, Any]


def weights(*shape: int) -> np.ndarray[Any, Any]:
    """Weights in single precision, as frameworks write them."""
    return RNG.normal(size=shape).astype(np.float32)


def lif(size: Any, *, tau: float = 2e-3, r: float | None = None, **more: Any) -> nir.LIF:
    """Leaky neurons whose gain is 1 in a tick of DT; r as given else."""
    full = lambda value: np.full(size, value)  # noqa: E731
    given = tau / DT if r is None else r
    values = {"v_leak": full(0.0), "v_threshold": full(1.0)} | more
    return nir.LIF(tau=full(tau), r=full(given), **values)


def cuba(size: Any, *, tau_syn: float = 1e-3, tau_mem: float = 2e-3, **more: Any) -> nir.CubaLIF:
    """Neurons with a current, whose gains are 1 in a tick of DT."""
    full = lambda value: np.full(size, value)  # noqa: E731
    values = {
        "tau_syn": full(tau_syn),
        "tau_mem": full(tau_mem),
        "r": full(tau_mem / DT),
        "w_in": full(tau_syn / DT),
        "v_leak": full(0.0),
        "v_threshold": full(1.0),
    }
    return nir.CubaLIF(**(values | more))


def integrate_and_fire(size: Any, r: float = 1.0) -> nir.IF:
    """Neurons without leak."""
    return nir.IF(r=np.full(size, r), v_threshold=np.full(size, 1.0))


def affine(targets: int, sources: int) -> nir.Affine:
    """A dense layer with biases."""
    return nir.Affine(weight=weights(targets, sources), bias=weights(targets))


def entry(*shape: int) -> nir.Input:
    """An Input."""
    return nir.Input(np.array(shape))


def output(*shape: int) -> nir.Output:
    """An Output."""
    return nir.Output(np.array(shape))


def write(path: Path, nodes: Nodes, edges: list[tuple[str, str]] | None = None, *, keep_reset: bool = False,
          metadata: Mapping[str, Any] | None = None) -> Path:  # fmt: skip
    """Writes a graph, a chain where no edges are given; v_reset, which the library fills in, is taken out again."""
    names = list(nodes)
    chain = list(pairwise(names)) if edges is None else edges
    graph = nir.NIRGraph(nodes=nodes, edges=chain, type_check=False, metadata=dict(metadata or {}))
    nir.write(path, graph)
    if not keep_reset:
        with h5py.File(path, "r+") as file:
            drop: list[str] = []
            file.visit(lambda name: drop.append(name) if name.endswith("/v_reset") else None)
            for name in drop:
                del file[name]
    return path


def put(path: Path, name: str, value: Any) -> None:
    """Writes a field of a node anew; None takes it out."""
    with h5py.File(path, "r+") as file:
        place = f"node/nodes/{name}"
        if place in file:
            del file[place]
        if value is not None:
            file[place] = value


def read(path: Path, semantics: str = "snntorch-0", **more: Any) -> NirModel:
    """Reads with a reset to zero, where the framework lets one choose."""
    if semantics in ("snntorch-0", "snntorch-1", "nir"):
        more = {"reset": "zero"} | more
    if semantics in ("norse", "nir", "spyx"):
        more = {"dt_s": DT} | more
    return read_nir(path, semantics=semantics, **more)


def print_of(value: Any) -> Any:
    """Everything that a level consists of, to compare two of them; not the check sum of the file."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, tuple):
        return tuple(print_of(part) for part in value)
    if is_dataclass(value):
        return tuple((f.name, print_of(getattr(value, f.name))) for f in fields(value) if f.name != "origin_sha256")
    return value
