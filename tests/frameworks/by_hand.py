"""Builds NeuronNetworks from the arrays of a NIR file, as each framework reads them: what `read_nir` is checked by.

Poles are rounded as the framework rounds them, so that float32 of what stands in the network is its number. Norse
has k = dt (1 / tau) in float32 and steps by it: the pole is 1 - k, from which k comes back exactly. snnTorch has the
pole in float32, and its exporter writes dt / (1 - pole). Gains of snnTorch are 1 where they are so to seven digits.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.ir.neurons.network import (
    HostReadout,
    NeuronNetwork,
    NeuronPopulation,
    NeuronProjection,
    SpikeInput,
    SpikeReadout,
)
from neurocmc.ir.neurons.semantics import Precision, Reset, Semantics

SNNTORCH_DT_S = 1e-4  # of its exporter


def nir_nodes(path: Path) -> dict[str, dict[str, Any]]:
    """Node name -> its parameters, "type" among them."""
    import h5py  # other tests than those of files build networks here as well

    with h5py.File(path) as file:
        return {
            name: {key: value[()] for key, value in node.items() if isinstance(value, h5py.Dataset)}
            for name, node in file["node/nodes"].items()
        }


def population(name: str, size: int, **fields: Any) -> NeuronPopulation:
    """A population without memory, leak or reset where nothing else is said; numbers count for all its neurons."""
    whole = {"pole_syn": 0.0, "pole_mem": 1.0, "gain_syn": 1.0, "gain_mem": 1.0, "threshold": 1.0, "floor": -np.inf}
    whole |= {key: fields.pop(key) for key in whole.keys() & fields.keys()}
    arrays: dict[str, Any] = {key: np.broadcast_to(value, size) for key, value in whole.items()}
    return NeuronPopulation(name=name, size=size, **arrays, **({"reset": "zero"} | fields))


def projection(source: str, target: str, weight: Any, bias: Any = None, **fields: Any) -> NeuronProjection:
    """All entries of a (targets, sources) matrix that are not 0, with one delay or a matrix of delays."""
    weight = np.atleast_2d(np.asarray(weight, dtype=np.float64))
    targets, sources = np.nonzero(weight)
    delays = np.broadcast_to(fields.pop("delay_ticks", 0), weight.shape)[targets, sources]
    return NeuronProjection(
        name=f"{source}->{target}",
        source=source,
        target=target,
        target_index=targets,
        source_index=sources,
        weight=weight[targets, sources],
        delay_ticks=delays,
        bias=np.zeros(len(weight)) if bias is None else bias,
        **fields,
    )


def network(
    semantics: Semantics,
    populations: tuple[NeuronPopulation, ...],
    projections: tuple[NeuronProjection, ...],
    channels: int,
    host: tuple[HostReadout, ...] = (),
) -> NeuronNetwork:
    """A network with one input and a readout of its last population."""
    return NeuronNetwork(
        name="net",
        semantics=semantics,
        populations=populations,
        projections=projections,
        inputs=(SpikeInput(name="input", channels=channels, shape=(channels,)),),
        readouts=(SpikeReadout(name="answer", population=populations[-1].name),),
        host_readouts=host,
        origin_sha256="0" * 64,
    )


def recurrent(
    nodes: dict[str, dict[str, Any]], semantics: Semantics, neurons: tuple[dict[str, Any], ...], bias_from_tick: int
) -> NeuronNetwork:
    """The drivers' form: 64 channels, a recurrent layer, an output; `neurons` are the fields of the two layers."""
    first, loop, second = nodes["fc1"], nodes["hidden.w_rec"], nodes["fc2"]
    size, classes = len(first["weight"]), len(second["weight"])
    return network(
        semantics,
        (population("hidden", size, **neurons[0]), population("output", classes, **neurons[1])),
        (
            projection("input", "hidden", first["weight"], first["bias"]),
            projection(
                "hidden", "hidden", loop["weight"], loop["bias"], delay_ticks=1, bias_from_tick=bias_from_tick
            ),
            projection("hidden", "output", second["weight"], second["bias"]),
        ),
        first["weight"].shape[1],
    )


def snntorch_network(path: Path, reset: Reset, precision: Precision = "float32") -> NeuronNetwork:
    """What snnTorch 1.0.0 runs: a reset comes a tick late, which for "zero" is a tick at 0."""
    nodes = nir_nodes(path)
    late: dict[str, Any] = {"reset": "subtract", "reset_late": True} if reset == "subtract" else {}
    fields = tuple(
        {
            "pole_syn": np.float32(1 - SNNTORCH_DT_S / nodes[name]["tau_syn"].astype(np.float64)),
            "pole_mem": np.float32(1 - SNNTORCH_DT_S / nodes[name]["tau_mem"].astype(np.float64)),
            "threshold": nodes[name]["v_threshold"],
            **(late or {"reset": "zero", "refractory_ticks": 2}),
        }
        for name in ("hidden.lif", "out")
    )
    semantics = Semantics(name="snntorch-1", dt_s=SNNTORCH_DT_S, decay="linear", update="pole", precision=precision)
    return recurrent(nodes, semantics, fields, 0)


def norse_network(path: Path, dt_s: float, precision: Precision = "float32", reset: Reset = "zero") -> NeuronNetwork:
    """What norse.torch.from_nir runs: Euler steps; the loop's bias is missing in tick 0."""
    nodes = nir_nodes(path)
    real = np.dtype(precision).type
    fields = []
    for name in ("hidden.lif", "out"):
        node = nodes[name]
        share_syn, share_mem = (
            (real(dt_s) * (1 / node[key].astype(np.float32).astype(real))).astype(np.float64)
            for key in ("tau_syn", "tau_mem")
        )
        fields.append(
            {
                "pole_syn": 1 - share_syn,
                "pole_mem": 1 - share_mem,
                "gain_syn": node["w_in"] * share_syn,
                "gain_mem": node["r"] * share_mem,
                "threshold": node["v_threshold"],
                "reset": reset,
            }
        )
    semantics = Semantics(name="norse", dt_s=dt_s, decay="linear", update="euler", precision=precision)
    return recurrent(nodes, semantics, tuple(fields), 1)


def sinabs_network(path: Path, precision: Precision = "float32") -> NeuronNetwork:
    """What sinabs.nir.from_nir runs of its driver's CNN: an IF has a floor at minus its threshold."""
    nodes = nir_nodes(path)
    layers = (("input", "conv1", "1"), ("conv1", "conv2", "4"), ("conv2", "output", "7"))
    weights = (
        _linear_map((1, 8, 8), _convolution(nodes["0"])),
        _linear_map((6, 8, 8), lambda x: _convolution(nodes["3"])(_sum_pool(x))),
        (nodes["6"]["weight"], nodes["6"]["bias"]),
    )
    populations, projections = [], []
    for (source, target, name), (weight, bias) in zip(layers, weights, strict=True):
        node = nodes[name]
        threshold = node["v_threshold"].ravel().astype(np.float64)
        more = {"pole_mem": np.exp(-1 / node["tau"].astype(precision))} if "tau" in node else {"floor": -threshold}
        populations.append(population(target, threshold.size, threshold=threshold, reset="subtract", **more))
        projections.append(projection(source, target, weight, bias))
    semantics = Semantics(
        name="sinabs",
        dt_s=1e-3,
        decay="exponential",
        update="pole",
        precision=precision,
        at_threshold=True,
        several_spikes=True,
    )
    return network(semantics, tuple(populations), tuple(projections), 64)


def _convolution(node: dict[str, Any]) -> Callable[[Any], Any]:
    """(channels, y, x) numbers through a Conv2d of stride 1."""
    import torch  # what these tests need anyway

    weight, bias = (torch.from_numpy(np.asarray(node[key], dtype=np.float64)) for key in ("weight", "bias"))
    padding = tuple(node["padding"].tolist())
    return lambda x: torch.nn.functional.conv2d(torch.from_numpy(x)[None], weight, bias, padding=padding)[0].numpy()


def _sum_pool(x: Any) -> Any:
    channels, height, width = x.shape
    return x.reshape(channels, height // 2, 2, width // 2, 2).sum((2, 4))


def _linear_map(shape: tuple[int, ...], function: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Weights and biases of an affine map, of its answers to nothing and to each source alone."""
    size = int(np.prod(shape))
    bias = function(np.zeros(shape)).ravel()
    units = np.eye(size).reshape(size, *shape)
    weight = np.stack([function(unit).ravel() - bias for unit in units], axis=1)
    return weight.astype(np.float32), bias
