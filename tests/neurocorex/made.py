"""Makes small networks whose neurons NeuroCoreX has: they add up what arrives, or forget it within a tick."""

from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation, NeuronProjection, SpikeInput, SpikeReadout
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.pipeline.chips.neurocorex_neurons import NeuroCoreXNeurons, lower_to_neurocorex
from neurocmc.pipeline.chips.neurons import NeuronStaging
from neurocmc.pipeline.clock import Clock
from neurocmc.targets import load_target


def population(name: str, threshold: Any, pole: float, **fields: Any) -> NeuronPopulation:
    size = len(threshold)
    given = {"pole_syn": np.zeros(size), "floor": np.full(size, -np.inf), "reset": "zero"} | fields
    return NeuronPopulation(
        name=name,
        size=size,
        pole_mem=np.full(size, pole),
        gain_syn=np.ones(size),
        gain_mem=np.ones(size),
        threshold=np.asarray(threshold, dtype=float),
        **given,
    )


def projection(source: str, target: str, weight: Any, delay: Any, bias: Any = None) -> NeuronProjection:
    targets, sources = np.nonzero(weight)
    return NeuronProjection(
        name=f"{source}->{target}",
        source=source,
        target=target,
        target_index=targets,
        source_index=sources,
        weight=weight[targets, sources],
        delay_ticks=np.broadcast_to(delay, weight.shape)[targets, sources],
        bias=np.zeros(len(weight)) if bias is None else bias,
    )


def network(
    populations: tuple[NeuronPopulation, ...], projections: tuple[NeuronProjection, ...], channels: int, **fields: Any
) -> NeuronNetwork:
    rules = {"dt_s": 1e-3, "decay": "linear", "update": "pole", "precision": "float64"} | fields
    return NeuronNetwork(
        name="small",
        semantics=Semantics(name="test", **rules),
        populations=populations,
        projections=projections,
        inputs=(SpikeInput(name="in", channels=channels, shape=(channels,)),),
        readouts=(SpikeReadout(name="answer", population=populations[-1].name),),
        host_readouts=(),
        origin_sha256="0" * 64,
    )


def random_network(seed: int, pole: float, **fields: Any) -> NeuronNetwork:
    """20 neurons with synapses among themselves, 1 and 2 ticks long, and 5 that hear them."""
    draws = np.random.default_rng(seed)
    first = draws.integers(-2, 6, (20, 12)).astype(float)
    among = draws.integers(-2, 3, (20, 20)) * (draws.random((20, 20)) < 0.3).astype(float)
    if pole:
        np.fill_diagonal(among, 0.0)
    last = draws.integers(-1, 3, (5, 20)).astype(float)
    return network(
        (population("hidden", draws.integers(6, 14, 20), pole), population("out", np.full(5, 3.5), pole)),
        (
            projection("in", "hidden", first, draws.integers(0, 2, (20, 12))),
            projection("hidden", "hidden", among, draws.integers(1, 3, (20, 20))),
            projection("hidden", "out", last, 0),
        ),
        12,
        **fields,
    )


def random_spikes(seed: int, *, trials: int = 3, ticks: int = 60, channels: int = 12) -> EventStimulus:
    drawn = np.random.default_rng(seed).random((trials, ticks, channels)) < 0.12
    return EventStimulus.of_dense("spikes", drawn, entry="in")


def lowered(given: NeuronNetwork, stimulus: EventStimulus) -> NeuroCoreXNeurons:
    target: Any = load_target("neurocorex")
    return lower_to_neurocorex(NeuronStaging(network=given, calibration=stimulus, planes=1), target, Clock(None))


def emitted(built: NeuroCoreXNeurons, stimulus: EventStimulus, folder: Path) -> Path:
    folder.mkdir()
    built.emit(folder, {stimulus.name: stimulus})
    return folder
