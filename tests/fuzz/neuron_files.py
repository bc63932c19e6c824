"""Small sound networks of spiking neurons as the trees of NIR files, and the options under which each is read."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import h5py
import numpy as np

DT = 1e-4
CHANNELS = 4
Tree = dict[str, Any]  # of groups and leaves: arrays, numbers and texts


@dataclass(frozen=True)
class Sound:
    """A network, and what is said on the command line when it is read."""

    tree: Tree
    options: tuple[tuple[str, ...], ...]  # one of these


def content_of(tree: Mapping[str, Any]) -> bytes:
    """The HDF5 file of a tree, whose bytes depend on the tree alone."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file, tree)
    return stream.getvalue()


def fill(group: h5py.Group, tree: Mapping[str, Any]) -> None:
    """Write a tree into a group; what is callable is called with the group and its name."""
    for name, entry in tree.items():
        if isinstance(entry, Mapping):
            fill(group.create_group(name), entry)
        elif callable(entry):
            entry(group, name)
        else:
            group[name] = entry


def graph(nodes: Tree, edges: list[tuple[str, str]]) -> Tree:
    """A graph, of which a file holds one."""
    return {"type": "NIRGraph", "nodes": nodes, "edges": np.array(edges, dtype=object)}


def chain(nodes: Tree) -> Tree:
    """The file of nodes one behind the other."""
    return file_of(nodes, list(pairwise(nodes)))


def file_of(nodes: Tree, edges: list[tuple[str, str]]) -> Tree:
    """The file of a graph."""
    return {"version": "1.0.8", "node": graph(nodes, edges)}


def _ends(kind: str, *shape: int) -> Tree:
    return {"type": kind, "shape": np.array(shape)}


def _weights(seed: int, *shape: int, mean: float = 0.4) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 0.6, shape).round(3).astype(np.float32)


def _linear(seed: int, targets: int, sources: int, mean: float = 0.4, *, bias: bool = False) -> Tree:
    more = {"bias": _weights(seed + 50, targets, mean=0.0) / 4} if bias else {}
    return {"type": "Affine" if bias else "Linear", "weight": _weights(seed, targets, sources, mean=mean), **more}


def _neurons(kind: str, *shape: int, **values: float) -> Tree:
    return {"type": kind} | {name: np.full(shape, value, dtype=np.float32) for name, value in values.items()}


def _lif(*shape: int, r: float = 10.0) -> Tree:
    return _neurons("LIF", *shape, tau=1e-3, r=r, v_leak=0.0, v_threshold=1.0)


def _cuba(*shape: int) -> Tree:
    return _neurons(
        "CubaLIF", *shape, tau_syn=5e-4, tau_mem=1e-3, r=10.0, w_in=5.0, v_leak=0.0, v_threshold=1.0, v_reset=0.0
    )


def _layers(r: float = 10.0) -> Tree:
    return chain(
        {
            "input": _ends("Input", CHANNELS),
            "fc1": _linear(1, 5, CHANNELS, bias=True),
            "lif1": _lif(5, r=r),
            "fc2": _linear(2, 3, 5),
            "lif2": _lif(3, r=r),
            "output": _ends("Output", 3),
        }
    )


def _loop() -> Tree:
    nodes = {
        "input": _ends("Input", CHANNELS),
        "fc1": _linear(3, 4, CHANNELS, bias=True),
        "cuba": _cuba(4),
        "fc2": _linear(4, 3, 4, bias=True),
        "li": _neurons("LI", 3, tau=2e-3, r=20.0, v_leak=0.0),
        "output": _ends("Output", 3),
    }
    back = {"rec": _linear(5, 4, 4, -0.1)}
    return file_of(nodes | back, [*pairwise(nodes), ("cuba", "rec"), ("rec", "cuba")])


def _picture() -> Tree:
    pairs = lambda *numbers: np.array(numbers)  # noqa: E731
    return chain(
        {
            "input": _ends("Input", 1, 2, 2),
            "conv": {
                "type": "Conv2d",
                "input_shape": pairs(2, 2),
                "weight": _weights(6, 2, 1, 3, 3),
                "stride": pairs(1, 1),
                "padding": pairs(1, 1),
                "dilation": pairs(1, 1),
                "groups": 1,
                "bias": np.zeros(2, dtype=np.float32),
            },
            "spikes": _neurons("IF", 2, 2, 2, r=1.0, v_threshold=1.0),
            "pool": {"type": "SumPool2d", "kernel_size": pairs(2, 2), "stride": pairs(2, 2), "padding": pairs(0, 0)},
            "flat": {"type": "Flatten", "input_type": pairs(2, 1, 1), "start_dim": 0, "end_dim": -1},
            "fc": _linear(7, 3, 2),
            "out": _neurons("IF", 3, r=1.0, v_threshold=1.0),
            "output": _ends("Output", 3),
        }
    )


def _late() -> Tree:
    return chain(
        {
            "input": _ends("Input", CHANNELS),
            "fc1": _linear(8, 3, CHANNELS),
            "delay": {"type": "Delay", "delay": np.array([0.0, 2e-4, 5e-4])},
            "lif1": _lif(3) | {"v_reset": np.zeros(3)},
            "scale": {"type": "Scale", "scale": np.array([1.0, 0.5, 2.0])},
            "fc2": _linear(9, 2, 3, bias=True),
            "lif2": _cuba(2),
            "output": _ends("Output", 2),
        },
    )


def _within() -> Tree:
    inner = graph(
        {"input": _ends("Input", 4), "lif": _lif(4), "rec": _linear(11, 4, 4, -0.1), "output": _ends("Output", 4)},
        [("input", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "output")],
    )
    return chain(
        {
            "input": _ends("Input", CHANNELS),
            "fc": _linear(10, 4, CHANNELS, bias=True),
            "rnn": inner,
            "output": _ends("Output", 4),
        }
    )


def _rules(*names: str, dt: bool, reset: bool) -> tuple[tuple[str, ...], ...]:
    """Options for each name, with the resets where one chooses them."""
    more = ("--dt", str(DT)) if dt else ()
    resets = (("--reset", "zero"), ("--reset", "subtract")) if reset else ((),)
    return tuple(("--semantics", name, *more, *given) for name in names for given in resets)


_OF_SNNTORCH = _rules("snntorch-1", "snntorch-0", dt=False, reset=True)
_OF_NIR = _rules("nir", dt=True, reset=True)
SOUND: Mapping[str, Sound] = {
    "layers": Sound(_layers(), _OF_SNNTORCH + _OF_NIR),
    "rates": Sound(_layers(r=1.0), _rules("norse", dt=True, reset=True)),
    "loop": Sound(_loop(), _OF_SNNTORCH + _OF_NIR),
    "picture": Sound(_picture(), _rules("sinabs", dt=False, reset=False) + _OF_NIR),
    "late": Sound(_late(), _OF_NIR),
    "within": Sound(_within(), _OF_SNNTORCH + _rules("spyx", dt=True, reset=False)),
}
