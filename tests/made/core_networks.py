"""Random networks of cores: any that the level allows, and such as RANC has neurons for."""

from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.random import Generator

from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, CoreNetwork, packed
from neurocmc.ir.truenorth.program import AxonGroup, CoreProgram, NeuronGroup
from neurocmc.sim.truenorth import CoreInputSpikes

seeds = st.integers(0, 2**32 - 1)


def blank(cores: int = 1, axons: int = 4, neurons: int = 4, types: int = 4, **given: Any) -> CoreNetwork:
    """Cores in a row whose neurons do nothing, but for the arrays that are given."""
    shape = (cores, neurons)
    plain: dict[str, Any] = {
        "name": "made",
        "neurons": neurons,
        "coordinates": np.stack([np.arange(cores), np.zeros(cores)], axis=1).astype(np.int32),
        "axon_type": np.zeros((cores, axons), dtype=np.uint8),
        "crossbar": np.zeros((cores, axons, -(-neurons // 8)), dtype=np.uint8),
        "weight": np.zeros((*shape, types), dtype=np.int16),
        "stochastic_weight": np.zeros((*shape, types), dtype=np.bool_),
        **{name: np.zeros(shape, dtype=np.bool_) for name in ("stochastic_leak", "leak_reversal", "floor_saturates")},
        "leak": np.zeros(shape, dtype=np.int16),
        "threshold": np.ones(shape, dtype=np.int32),
        **{name: np.zeros(shape, dtype=np.int32) for name in ("noise_mask", "floor", "reset_potential", "potential")},
        "reset_mode": np.zeros(shape, dtype=np.uint8),
        "target_core": np.full(shape, NOWHERE, dtype=np.int32),
        "target_axon": np.zeros(shape, dtype=np.int32),
        "delay": np.ones(shape, dtype=np.uint8),
        "outputs": 0,
    }
    return CoreNetwork(**(plain | given))


def with_one(network: CoreNetwork, place: tuple[int, ...], **changed: Any) -> CoreNetwork:
    """The network with one entry of some arrays changed."""
    arrays = {field.name: getattr(network, field.name) for field in fields(network)}
    for name, value in changed.items():
        arrays[name] = arrays[name].copy()
        arrays[name][place] = value
    return CoreNetwork(**arrays)


def connected_to(network: CoreNetwork, core: int, axon: int, neuron: int) -> CoreNetwork:
    """The network with one more connection."""
    bits = np.stack([network.connected(index) for index in range(network.cores)])
    bits[core, axon, neuron] = True
    return CoreNetwork(
        **{field.name: getattr(network, field.name) for field in fields(network)} | {"crossbar": packed(bits)}
    )


def any_network(seed: int) -> CoreNetwork:
    """Whatever the level allows, stochastic features and registers at their ends included; some of it in runs."""
    rng = np.random.default_rng(seed)
    cores, axons, neurons, types = (int(rng.integers(1, most)) for most in (5, 40, 40, 6))
    shape, outputs = (cores, neurons), int(rng.integers(0, 4))

    def some(low: int, high: int, *size: int) -> Any:
        values = rng.integers(low, high, size)
        return np.where(rng.random(size) < 0.5, values, values.flat[0])  # half of them alike, so that runs arise

    goes = rng.choice([NOWHERE, *([OUTPUT] if outputs else []), *range(cores)], size=shape)
    stepped = (np.arange(neurons) * rng.integers(-3, 4) + rng.integers(0, axons)) % axons
    axon = np.where(rng.random(shape) < 0.7, stepped, rng.integers(0, axons, shape))
    axon = np.where(goes == OUTPUT, axon % max(outputs, 1), axon)
    axon = np.where((goes == NOWHERE) & (rng.random(shape) < 0.3), some(-(2**31), 2**31, *shape), axon)
    return blank(
        cores,
        axons,
        neurons,
        types,
        name=f"net {seed} \u00e4",
        coordinates=np.stack([rng.permutation(cores), some(-5, 64, cores)], axis=1),
        axon_type=some(0, types, cores, axons),
        crossbar=some(0, 256, cores, axons, -(-neurons // 8)),
        weight=some(-(2**15), 2**15, *shape, types),
        stochastic_weight=rng.random((*shape, types)) < 0.3,
        leak=some(-(2**15), 2**15, *shape),
        stochastic_leak=rng.random(shape) < 0.3,
        leak_reversal=rng.random(shape) < 0.3,
        threshold=some(0, 2**31, *shape),
        noise_mask=some(0, 2**31, *shape),
        floor=some(0, 2**31, *shape),
        floor_saturates=rng.random(shape) < 0.3,
        reset_potential=some(-(2**31), 2**31, *shape),
        reset_mode=some(0, 3, *shape),
        potential=some(-(2**31), 2**31, *shape),
        target_core=goes,
        target_axon=axon,
        delay=some(1, 256, *shape),
        outputs=outputs,
        potential_bits=int(rng.integers(2, 31)),
    )


def ranc_network(seed: int) -> CoreNetwork:
    """Deterministic cores, each neuron one of those that RANC has an equal for, busy enough to spike."""
    rng = np.random.default_rng(seed)
    cores, axons, neurons = (int(rng.integers(1, most)) for most in (4, 12, 12))
    types, outputs = int(rng.integers(1, 5)), int(rng.integers(0, 5))
    shape = (cores, neurons)
    mode = rng.integers(0, 3, shape)
    floor = rng.choice([0, 1, 5, 40, 256], size=shape)
    reset = rng.choice([0, 1, -3, 7, 255, -255], size=shape)
    threshold = rng.choice([0, 1, 2, 5, 30, 255], size=shape)
    saturates = (mode == 0) & (rng.random(shape) < 0.3)
    reset = np.where(saturates, np.minimum(floor, 255), reset)
    goes = rng.choice([NOWHERE, *([OUTPUT] if outputs else []), *range(cores)], size=shape)
    axon = np.where(goes == OUTPUT, rng.integers(0, max(outputs, 1), shape), rng.integers(0, axons, shape))
    places = rng.permutation(16)[:cores]
    return blank(
        cores,
        axons,
        neurons,
        types,
        coordinates=np.stack([places % 4, places // 4], axis=1),
        axon_type=rng.integers(0, types, (cores, axons)),
        crossbar=packed(rng.random((cores, axons, neurons)) < 0.5),
        weight=rng.choice([-256, -60, -7, -2, -1, 0, 1, 2, 3, 9, 80, 255], size=(*shape, types)),
        leak=rng.choice([0, 1, -1, 3, -4, 255, -256], size=shape, p=[0.5, 0.15, 0.15, 0.08, 0.08, 0.02, 0.02]),
        threshold=threshold,
        floor=np.where(saturates, np.minimum(floor, 255), floor),
        floor_saturates=saturates,
        reset_potential=reset,
        reset_mode=mode,
        potential=np.where(mode == 2, rng.integers(-1, 1, shape), rng.choice([0, 0, 4, -9, 255, -256], size=shape)),
        target_core=goes,
        target_axon=axon,
        delay=rng.integers(1, 16, shape),
        outputs=outputs,
    )


def busy_input(network: CoreNetwork, ticks: int, seed: int, share: float = 0.2) -> CoreInputSpikes:
    """Spikes on a share of all axons in every tick."""
    rng = np.random.default_rng(seed)
    tick, core, axon = np.nonzero(rng.random((ticks, network.cores, network.axons)) < share)
    return CoreInputSpikes(trial=np.zeros(len(tick), dtype=np.int64), tick=tick, core=core, axon=axon)


def grouped(network: CoreNetwork, seed: int) -> CoreProgram:
    """The network with some of its neurons and axons in corelets of two levels."""
    rng = np.random.default_rng(seed)
    outputs: list[NeuronGroup] = []
    inputs: list[AxonGroup] = []
    for core in range(network.cores):
        for start, stop in _cuts(rng, network.neurons):
            path = f"part {rng.integers(0, 3)}/{core}" if rng.random() < 0.8 else f"alone {core}"
            role: Any = rng.choice(["filter", "pool", "copy", "bias", "sum", "splitter"])
            outputs.append(NeuronGroup(corelet=path, role=str(role), core=core, start=start, stop=stop))  # type: ignore[arg-type]
        for start, stop in _cuts(rng, network.axons):
            role = rng.choice(["feedback", "bias", "input", "projection", "splitter"])
            path, source = f"part {rng.integers(0, 3)}/{core}", f"source {rng.integers(0, 3)}"
            inputs.append(
                AxonGroup(corelet=path, role=str(role), source=source, core=core, start=start, stop=stop)  # type: ignore[arg-type]
            )
    return program_of(network, tuple(outputs), tuple(inputs))


def program_of(
    network: CoreNetwork, outputs: tuple[NeuronGroup, ...] = (), inputs: tuple[AxonGroup, ...] = ()
) -> CoreProgram:
    """The network as a program that knows nothing beyond its cores and groups."""
    return CoreProgram(
        network=network,
        target="truenorth",
        tick_s=1e-3,
        populations=(),
        projections=(),
        inputs=(),
        readouts=(),
        neuron_groups=outputs,
        axon_groups=inputs,
    )


def _cuts(rng: Generator, length: int) -> list[tuple[int, int]]:
    ends = np.unique(rng.integers(0, length + 1, 4)).tolist()
    return list(pairwise(ends))


def same(one: CoreNetwork, other: CoreNetwork) -> None:
    """Assert that two networks are equal, array for array, types of numbers included."""
    for field in fields(CoreNetwork):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, field.name
        assert np.array_equal(left, right), field.name
