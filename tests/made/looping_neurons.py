"""Makes small networks of neurons that loop back, as levels and as a NIR file, and spikes to drive them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.ir.neurons.stimulus import EventStimulus
from tests.frameworks.by_hand import network, population, projection

POLE = Semantics(name="hand", dt_s=1e-3, decay="linear", update="pole", precision="float64")
EULER = replace(POLE, update="euler")
CHANNELS, FIRST, SECOND = 6, 8, 5
TICKS = 60


def stimulus(seed: int = 0, trials: int = 4, ticks: int = TICKS) -> EventStimulus:
    spikes = np.random.default_rng(seed).random((trials, ticks, CHANNELS)) < 0.3
    return EventStimulus.of_dense("events", spikes.astype(np.uint8), np.arange(trials) % SECOND)


def weights(seed: int, targets: int, sources: int, mean: float = 0.2) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    drawn = generator.normal(mean, 0.6, (targets, sources))
    return drawn * (generator.random((targets, sources)) < 0.7)


def two_layers(semantics: Semantics = POLE, **fields: Any) -> NeuronNetwork:
    """An input, a layer with a loop over itself, a layer behind it, and a loop back over both."""
    generator = np.random.default_rng(7)
    common = {"pole_syn": 0.6, "pole_mem": 0.875, "gain_syn": 0.7, "gain_mem": 0.9} | fields
    first = population("first", FIRST, **(common | {"threshold": generator.uniform(0.5, 1.5, FIRST)}))
    bias = generator.normal(0, 0.2, SECOND)
    delays = generator.integers(1, 5, (FIRST, FIRST))
    return network(
        semantics,
        (first, population("second", SECOND, **common)),
        (
            projection("input", "first", weights(1, FIRST, CHANNELS, 0.5)),
            projection("first", "second", weights(2, SECOND, FIRST, 0.5), bias, bias_from_tick=4),
            projection("first", "first", weights(3, FIRST, FIRST, -0.1), delay_ticks=delays),
            projection("second", "first", weights(4, FIRST, SECOND, -0.1), delay_ticks=1),
            projection("input", "second", weights(5, SECOND, CHANNELS, 0.0), delay_ticks=3),
        ),
        CHANNELS,
    )


def random_neurons(seed: int) -> NeuronNetwork:
    """Three populations whose neurons differ in every number, with rules, loops, delays and biases as drawn."""
    r = np.random.default_rng(seed)
    rules = replace((POLE, EULER)[seed % 2], at_threshold=bool(r.integers(2)), output_late_ticks=int(r.integers(2)))
    layers: list[NeuronPopulation] = []
    for index, size in enumerate(r.integers(1, 8, 3).tolist()):
        reset = str(r.choice(["zero", "subtract", "subtract", "none"]))
        fields: dict[str, Any] = {
            "pole_syn": r.choice([0, 0.3, 0.9], size) * r.integers(2),
            "pole_mem": r.choice([0, 0.5, 0.95, 1], size),
            "gain_syn": r.choice([1, 0.5], size),
            "gain_mem": r.uniform(0.3, 1.2, size),
            "threshold": r.uniform(0.4, 1.5, size),
            "floor": r.choice([-np.inf, -0.3, 0.0, 0.1], size),
            "rest_kept": reset == "subtract" and bool(r.integers(2)),
            "reset_late": bool(r.integers(2)),
            "refractory_ticks": int(r.choice([1, 1, 2, 5])),
        }
        layers.append(population(f"p{index}", size, reset=reset, **fields))
    first = layers[0].size
    parts = [projection("input", "p0", r.normal(0.4, 0.8, (first, CHANNELS)), delay_ticks=r.integers(0, 4, CHANNELS))]
    for a, source in enumerate(layers):
        for b, target in enumerate(layers):
            shape = (target.size, source.size)
            weight = r.normal(0.2, 0.6, shape) * (r.random(shape) < 0.5)
            delays = r.integers(int(a >= b), 5, shape)
            bias = r.normal(0, 0.2, target.size) * r.integers(2)
            first_tick = int(r.integers(0, 6))
            ends = source.name, target.name
            parts.append(projection(*ends, weight, bias, delay_ticks=delays, bias_from_tick=first_tick))
    return network(rules, tuple(layers), tuple(parts), CHANNELS)


def recurrent_nir(path: Path) -> None:
    """A recurrent layer of CubaLIF neurons and a layer of LIF behind it, as snnTorch might write them."""
    import nir

    generator = np.random.default_rng(3)
    cuba: Any = nir.CubaLIF  # its fields may be left out, its annotations forget
    fields = {name: np.full(FIRST, value) for name, value in (("tau_mem", 1e-3), ("tau_syn", 5e-4), ("r", 10.0))}
    nodes: dict[str, Any] = {
        "input": nir.Input(input_type={"input": np.array([CHANNELS])}),
        "fc1": nir.Affine(weight=weights(1, FIRST, CHANNELS, 0.4), bias=generator.normal(0, 0.1, FIRST)),
        "lif1": cuba(
            **fields, v_leak=np.zeros(FIRST), v_threshold=np.ones(FIRST), w_in=np.full(FIRST, 5.0),
            v_reset=np.zeros(FIRST),
        ),
        "rec": nir.Linear(weight=weights(3, FIRST, FIRST, -0.1)),
        "fc2": nir.Linear(weight=weights(2, SECOND, FIRST, 0.4)),
        "lif2": nir.LIF(
            tau=np.full(SECOND, 1e-3), r=np.full(SECOND, 10.0), v_leak=np.zeros(SECOND),
            v_threshold=np.ones(SECOND), v_reset=np.zeros(SECOND),
        ),
        "output": nir.Output(output_type={"output": np.array([SECOND])}),
    }  # fmt: skip
    edges = [
        ("input", "fc1"), ("fc1", "lif1"), ("lif1", "rec"), ("rec", "lif1"), ("lif1", "fc2"), ("fc2", "lif2"),
        ("lif2", "output"),
    ]  # fmt: skip
    nir.write(str(path), nir.NIRGraph(nodes, edges))
