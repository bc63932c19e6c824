"""Writes a recurrent network of a NIR file as lava-dl's netx takes it, as a user would by hand.

netx reads lava-dl's own HDF5 and no NIR. Its layer `dense_rec` is what lava-dl's recurrent block exports: it holds
the loop, but one scale for its weights, and no tick at 0 after a spike. Written in two ways:

- plain: lava-dl's own scale, and a bias where netx has one, which is at the voltage. What a synapse would filter is
  as large there as the filter leaves of it, from the first tick on.
- careful: for each layer the scale that uses all 8 bits, and biases as weights: of a channel that spikes in every
  tick, and of a neuron that repeats it to the next layer. Nothing else of the network is lost then than netx cannot
  say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.frameworks.by_hand import nir_nodes

STEPS = 4096  # of a decay
OWN_SCALE = 64  # of lava-dl: a weight of 1
LARGEST = 254  # of the even mantissas, -256 to 254, of weights of both signs
REPEATER_THRESHOLD = 100  # of the neuron that repeats the channel of biases, by a weight of LARGEST


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """A layer in real numbers, its gains multiplied in; a row is a neuron."""

    weight: Any
    loop: Any  # or None
    bias: Any
    share_syn: Any  # of the current that a tick takes
    share_mem: Any
    threshold: Any


def layers_of(graph: Path, dt_s: float) -> Iterator[Layer]:
    """The two layers of the drivers' recurrent networks."""
    nodes = nir_nodes(graph)
    loop = nodes["hidden.w_rec"]
    for name, dense, fed_back in (("hidden.lif", "fc1", True), ("out", "fc2", False)):
        node, affine = nodes[name], nodes[dense]
        share_syn, share_mem = (dt_s / node[key].astype(np.float64) for key in ("tau_syn", "tau_mem"))
        gain = node["w_in"] * share_syn * node["r"] * share_mem
        yield Layer(
            weight=gain[:, None] * affine["weight"],
            loop=gain[:, None] * loop["weight"] if fed_back else None,
            bias=gain * (affine["bias"] + (loop["bias"] if fed_back else 0)),
            share_syn=share_syn,
            share_mem=share_mem,
            threshold=node["v_threshold"].astype(np.float64),
        )


def write_netx(path: Path, layers: tuple[Layer, ...], trials: int, *, careful: bool) -> None:
    """Write a network of so many equal parts side by side, one a trial. A careful one has a channel more for each."""
    import h5py

    with h5py.File(path, "w") as file:
        channels = layers[0].weight.shape[1] + careful
        first = file.create_group("layer/0")
        first["type"], first["shape"] = np.bytes_("input"), np.array([trials * channels])
        for index, layer in enumerate(layers, start=1):
            integers = _careful(layer, index < len(layers)) if careful else _plain(layer)
            group = file.create_group(f"layer/{index}")
            group["type"] = np.bytes_("dense" if layer.loop is None else "dense_rec")
            group["shape"] = np.array([trials * len(integers["weight"])])
            for key, value in integers.items():
                if value.ndim == 2:
                    group[key] = np.kron(np.eye(trials, dtype=np.int32), value)
                else:
                    group[key] = np.tile(value, trials)
            group["neuron/type"], group["neuron/refDelay"] = np.bytes_("CUBA"), 1


def _plain(layer: Layer) -> dict[str, Any]:
    integers = {"weight": _even(OWN_SCALE * layer.weight), **_neurons(layer, OWN_SCALE)}
    integers["bias"] = _rounded(OWN_SCALE * layer.bias / layer.share_syn)
    return integers if layer.loop is None else integers | {"weight_rec": _even(OWN_SCALE * layer.loop)}


def _careful(layer: Layer, repeats: bool) -> dict[str, Any]:
    """The last column of the weights is the biases'; the last neuron of a layer that `repeats` passes them on."""
    parts = [part for part in (layer.weight, layer.loop, layer.bias) if part is not None]
    scale = LARGEST / max(float(np.abs(part).max()) for part in parts)
    integers = {"weight": _even(scale * np.column_stack([layer.weight, layer.bias])), **_neurons(layer, scale)}
    if layer.loop is not None:
        integers["weight_rec"] = _even(scale * layer.loop)
    if repeats:
        row = np.zeros((1, integers["weight"].shape[1]), dtype=np.int32)
        row[0, -1] = LARGEST
        integers["weight"] = np.vstack([integers["weight"], row])
        integers["weight_rec"] = np.pad(integers["weight_rec"], ((0, 1), (0, 1)))
        last = {"neuron/iDecay": STEPS, "neuron/vDecay": 0, "neuron/vThMant": REPEATER_THRESHOLD}
        integers |= {key: np.append(integers[key], value) for key, value in last.items()}
    return integers


def _neurons(layer: Layer, scale: float) -> dict[str, Any]:
    return {
        "neuron/iDecay": _rounded(STEPS * layer.share_syn),
        "neuron/vDecay": _rounded(STEPS * layer.share_mem),
        "neuron/vThMant": _rounded(scale * layer.threshold),
    }


def _even(values: Any) -> Any:
    return np.clip(2 * np.rint(values / 2), -256, LARGEST).astype(np.int32)


def _rounded(values: Any) -> Any:
    return np.rint(values).astype(np.int32)
