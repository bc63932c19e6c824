"""Circuits and NIR files that exports to NIR are tested on."""

from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.backends.nir import write_graph
from neurocmc.backends.nir.graph import Graph
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork, IntegerPopulation, IntegerProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.trace import Trace
from tests.made.networks import LOIHI_RULE, NO_LOSS


def pools(**fields: Any) -> IntegerPopulation:
    """Two units of three neurons whose arithmetic is exact: thresholds and what a tick leaves are powers of two."""
    given: dict[str, Any] = {
        "name": "a",
        "units": 2,
        "neurons": 3,
        "decay_u": 2047,
        "decay_v": 0,
        "threshold_mantissa": 64,
        "bias_mantissa": np.array([[1024, 2048, 0], [512, -512, 3072]]),
        "bias_exponent": 0,
        "u_initial": np.array([4096, -8192]),
        "v_initial": np.array([[2048, 0, -1024], [4096, 1024, -512]]),
        "lsb_per_drive": np.ones(2),
        "activity_per_spike": 1.0,
        "trace": Trace.at_rest(0.02, 2),
        "wanted_pole": 0.5,
        "bias_loss": NO_LOSS,
    }
    return IntegerPopulation(**(given | fields))


def network_of(population: IntegerPopulation, delay_ticks: int = 0) -> IntegerNetwork:
    mantissa = np.array([[8, -16], [32, 4]])
    loop = IntegerProjection(
        name="a->a",
        source="a",
        target="a",
        mantissa=mantissa,
        exponent=0,
        sign="mixed",
        delay_ticks=delay_ticks,
        wanted_gain=np.ones((2, 2)),
        realised_gain=np.ones((2, 2)),
        loss=NO_LOSS,
    )
    drive = IntegerInput(
        name="drive",
        target="a",
        axon_mantissa=np.array([128, 64, 32, 16, 8, 4, 2, -128, -64, -32, -16, -8, -4, -2]),
        exponent=0,
        payload_bits=0,
        lsb_per_input=64 * np.eye(2),
        filtered=False,
    )
    return IntegerNetwork(
        name="pools",
        tick_s=1e-3,
        rule=LOIHI_RULE,
        populations=(population,),
        projections=(loop,),
        inputs=(drive,),
        readouts=(),
    )


def steps() -> Stimulus:
    values = np.array([[[0.0, 8.0], [30.0, -4.0], [2.0, 16.0]]])
    return Stimulus(
        name="steps", duration_s=0.03, edges_s=np.array([0.0, 0.01, 0.02]), values={"drive": values}, labels=[-1]
    )


def source_graph(path: Path, seed: int, *, loop: bool = True) -> Path:
    """A small network as snnTorch's exporter would write it."""
    rng, dt_s, sizes = np.random.default_rng(seed), 1e-4, (20, 30, 5)
    graph = Graph({})

    def layer(name: str, size: int) -> str:
        fields = {
            "tau_syn": rng.uniform(3 * dt_s, 8 * dt_s, size),
            "tau_mem": rng.uniform(5 * dt_s, 20 * dt_s, size),
            "r": rng.uniform(4, 9, size),
            "w_in": rng.uniform(2, 4, size),
            "v_leak": np.zeros(size),
            "v_threshold": rng.uniform(0.9, 1.1, size),
        }
        return graph.node(name, "CubaLIF", fields)

    def matrix(name: str, sources: int, targets: int, mean: float) -> str:
        return graph.weights(name, rng.normal(mean, 0.25, (targets, sources)), rng.normal(0, 0.05, targets))

    hidden = layer("hidden.lif", sizes[1])
    first, second = matrix("fc1", sizes[0], sizes[1], 0.05), matrix("fc2", sizes[1], sizes[2], 0.05)
    given, out = graph.ends("Input", "input", (sizes[0],)), graph.ends("Output", "output", (sizes[2],))
    graph.chain(given, first, hidden, second, layer("out", sizes[2]), out)
    if loop:
        graph.chain(hidden, matrix("rec", sizes[1], sizes[1], -0.02), hidden)
    write_graph(graph, path)
    return path
