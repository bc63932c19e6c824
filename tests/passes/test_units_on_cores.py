"""Threshold units without memory on neurosynaptic cores: every spike is that of the network in real numbers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation, NeuronProjection, SpikeInput, SpikeReadout
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.truenorth.cores import OUTPUT
from neurocmc.passes.neurons.skew import Skew
from neurocmc.passes.truenorth.units_on_cores import UnitsOnCores
from neurocmc.sim.neurons import simulate_neurons
from neurocmc.sim.truenorth.neurons import simulate_core_neurons
from tests.made.refusals import refused
from tests.made.targets import truenorth

SIZES = {"a": 7, "b": 12, "c": 5}
CHANNELS = 6
WEIGHTS = (-7, -2, 3, 5)
SMALL = {"axons_per_core": 40, "neurons_per_core": 48}


def units(name: str, size: int, threshold: Any) -> NeuronPopulation:
    zeros, ones = np.zeros(size), np.ones(size)
    return NeuronPopulation(
        name=name,
        size=size,
        pole_syn=zeros,
        pole_mem=zeros,
        gain_syn=ones,
        gain_mem=2.0 * ones,
        threshold=np.broadcast_to(threshold, size),
        reset="zero",
        floor=np.full(size, -np.inf),
    )


def synapses(
    rng: np.random.Generator, source: str, target: str, ends: tuple[int, int], least: int
) -> NeuronProjection:
    targets, sources = np.nonzero(rng.random((ends[1], ends[0])) < 0.4)
    return NeuronProjection(
        name=f"{source}->{target}",
        source=source,
        target=target,
        target_index=targets.astype(np.int32),
        source_index=sources.astype(np.int32),
        weight=rng.choice(WEIGHTS, targets.size) / 2.0,  # gains of 2 make them whole
        delay_ticks=rng.integers(least, 6, targets.size).astype(np.int32),
        bias=np.zeros(ends[1]),
    )


def network(seed: int, *, at_threshold: bool = False) -> NeuronNetwork:
    """Three populations with loops, skips and delays of 0 to 5 ticks, driven by six channels."""
    rng = np.random.default_rng(seed)
    sizes = {"in": CHANNELS, **SIZES}
    pairs = [
        ("in", "a", 0),
        ("in", "c", 0),
        ("a", "b", 0),
        ("b", "c", 0),
        ("b", "a", 2),
        ("c", "c", 1),
        ("a", "c", 0),
    ]
    return NeuronNetwork(
        name="units",
        semantics=Semantics(
            name="nir",
            dt_s=1e-3,
            decay="exponential",
            update="pole",
            precision="float64",
            at_threshold=at_threshold,
        ),
        populations=tuple(units(name, size, rng.choice([1.0, 2.5, 4.0], size)) for name, size in SIZES.items()),
        projections=tuple(synapses(rng, u, v, (sizes[u], sizes[v]), least) for u, v, least in pairs),
        inputs=(SpikeInput(name="in", channels=CHANNELS, shape=(CHANNELS,)),),
        readouts=(SpikeReadout(name="out", population="b"),),
        host_readouts=(),
        origin_sha256="",
    )


def stimulus(seed: int) -> EventStimulus:
    spikes = np.random.default_rng(seed).random((5, 40, CHANNELS)) < 0.3
    return EventStimulus.of_dense("events", spikes.astype(np.uint8), entry="in")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["truenorth", "ranc"])
def test_every_spike_is_the_same_on_large_and_small_cores(seed: int, name: str) -> None:
    skewed = Skew(14).run(network(seed, at_threshold=seed % 2 == 1))
    wanted = simulate_neurons(skewed.network, stimulus(seed))
    assert wanted.total > 500
    for limits in ({}, SMALL):
        level = UnitsOnCores().run(skewed, truenorth(name, **limits))
        assert not level.problems()
        assert level.program.network.cores >= (4 if limits else 1)
        found = simulate_core_neurons(level, stimulus(seed))
        assert {
            key: spikes.differing(found.spikes[key]).total for key, spikes in wanted.spikes.items()
        } == dict.fromkeys(SIZES, 0)


def test_units_that_are_read_leave_on_the_bus_and_serve_others_too() -> None:
    level = UnitsOnCores().run(Skew(14).run(network(0)), truenorth())
    cores = level.program.network
    assert cores.outputs == np.count_nonzero(cores.target_core == OUTPUT) >= SIZES["b"]
    targets = cores.target_core[cores.target_core >= 0]
    places = np.stack([np.nonzero(cores.target_core >= 0)[0], targets, cores.target_axon[cores.target_core >= 0]])
    assert places.shape[1] > SIZES["b"]
    copies = {(group.core, group.start) for group in level.program.neuron_groups if group.role == "copy"}
    assert copies
    assert cores.deterministic


def changed(population: dict[str, Any] | None = None, projection: dict[str, Any] | None = None) -> NeuronNetwork:
    whole = network(0)
    populations = (replace(whole.populations[0], **(population or {})), *whole.populations[1:])
    projections = (replace(whole.projections[0], **(projection or {})), *whole.projections[1:])
    return replace(whole, populations=populations, projections=projections)


SIZE, SYNAPSES = SIZES["a"], network(0).projections[0].synapses
NINE = np.arange(SYNAPSES) % 9 / 2.0 + 0.5


@pytest.mark.parametrize(
    ("population", "projection", "limits", "expected"),
    [
        ({"pole_mem": np.full(SIZE, 0.5)}, {}, {}, ["network-unfit-for-target"]),
        ({"pole_syn": np.full(SIZE, 0.5)}, {}, {}, ["network-unfit-for-target"]),
        ({"refractory_ticks": 3}, {}, {}, ["network-unfit-for-target"]),
        ({"threshold": np.full(SIZE, 300.0)}, {}, {}, ["network-unfit-for-target"]),
        ({}, {"weight": np.full(SYNAPSES, 0.3)}, {}, ["network-unfit-for-target"]),
        ({}, {"weight": np.full(SYNAPSES, 200.0)}, {}, ["register-beyond-target"]),
        ({}, {"bias": np.ones(SIZE)}, {}, ["network-unfit-for-target"]),
        ({}, {"weight": NINE}, {"axon_types": 2}, ["weights-beyond-types"] * 3),
        ({}, {}, {"axons_per_core": 4}, ["fan-in-beyond-core"]),
        ({}, {}, {"neurons_per_core": 4}, ["fan-out-beyond-core"]),
        ({}, {}, {**SMALL, "grid_columns": 1, "grid_rows": 2}, ["cores-beyond-chip"]),
        ({}, {}, {"grid_columns": 1, "grid_rows": 1, "neurons_per_core": 8}, ["neurons-beyond-limit"]),
    ],
)
def test_what_no_core_holds_is_refused_by_name(
    population: dict[str, Any], projection: dict[str, Any], limits: dict[str, Any], expected: list[str]
) -> None:
    skewed = Skew(14).run(changed(population, projection))
    with refused(*expected) as found:
        UnitsOnCores().run(skewed, truenorth(**limits))
    assert found.told.cure
